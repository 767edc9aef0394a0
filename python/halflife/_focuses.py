"""A *focus* finds a part of a value, and makes recipes for the part into recipes for the whole.

Layers hold such recipes for as long as they are pending, so a focus knows its lens and its root only weakly.
"""

from collections.abc import Callable, MutableMapping, MutableSequence
from typing import Any, TypeAlias
from weakref import ref

from halflife._checks import called_name
from halflife._core import Atom, current, is_draft, last_read, original, path_of, produce, trace
from halflife._errors import LensError, RecipeError

Recipe: TypeAlias = Callable[[Any], object]


class Focus:
    """The function of a lens, and what messages call it."""

    __slots__ = ("_find", "_lens", "_root")

    def __init__(self, find: Callable[[Any], Any], root: Atom[Any]) -> None:
        self._find = find
        self._root = ref(root)
        self._lens: ref[Atom[Any]] | None = None

    def belongs_to(self, lens: Atom[Any]) -> None:
        """Said once, by who made both."""
        self._lens = ref(lens)

    def lens(self) -> Atom[Any] | None:
        """The lens, while anybody holds it."""
        return self._lens() if self._lens is not None else None

    def __str__(self) -> str:
        lens = self.lens()
        return lens.name if lens is not None else f"a lens of {self._root_name()}"

    def _root_name(self) -> str:
        root = self._root()
        return root.name if root is not None else "an atom"

    def part_of(self, value: Any) -> Any:
        """The part of a value, or a draft of the part of a draft."""
        try:
            return self._find(value)
        except Exception as error:
            raise LensError(
                f"{self} does not find its part of {self._root_name()}: {type(error).__name__}: {error}"
            ) from error

    def putting(self, value: Any) -> Recipe:
        """A recipe for the whole that puts a value in the place of the part."""

        def put(draft: Any) -> Any:
            part, slot = self._found(draft)
            if part is draft:
                return value
            self._put(slot, value)
            return None

        return put

    def editing(self, recipe: Recipe) -> Recipe:
        """A recipe for the whole that edits the part; the return value of `recipe` counts as in `produce`."""

        def edit(draft: Any) -> Any:
            part, slot = self._found(draft)
            result = recipe(part)
            if result is None or result is part:
                return None
            if part is draft:
                return result
            if is_draft(part) and current(part) is not original(part):
                raise RecipeError(
                    f"a recipe for {self} both edits its draft and returns another value; do one of the two"
                )
            self._put(slot, result)
            return None

        edit.__name__ = called_name(recipe, "recipe")
        return edit

    def layering(self, recipe: Recipe) -> Recipe:
        """A recipe for the whole that edits the part; what `recipe` returns is the context of a layer."""

        def edit(draft: Any) -> Any:
            return recipe(self.part_of(draft))

        edit.__name__ = called_name(recipe, "recipe")
        return edit

    def path_in(self, value: Any) -> tuple[Any, ...] | None:
        """The path of the part in the value, None if it is not there."""
        found: list[tuple[Any, ...] | None] = [None]

        def look(draft: Any) -> None:
            part, slot = self._found(draft)
            if part is draft:
                found[0] = ()
            elif slot is not None and (above := path_of(slot[0])) is not None:
                found[0] = (*above, slot[1])

        try:
            produce(value, look)
        except LensError:
            return None
        return found[0]

    def _found(self, draft: Any) -> tuple[Any, tuple[Any, Any] | None]:
        """The part of a draft, and the container and key at which it is, if it is just somewhere in it."""
        if not is_draft(draft):
            return self.part_of(draft), None
        trace(draft)
        part = self.part_of(draft)
        slot = last_read(draft)
        if slot is not None and _found_at(*slot) is part:
            return part, slot
        path = path_of(part) if is_draft(part) else None
        if not path:
            return part, None
        container = draft
        for key in path[:-1]:
            container = _found_at(container, key)
        return part, (container, path[-1])

    def _put(self, slot: tuple[Any, Any] | None, value: Any) -> None:
        """Put something in the place of the part."""
        if slot is None:
            raise LensError(
                f"nothing can be put in the place of {self}: its focus must end with reading the part from where it"
                " is, as in value['items'][0]; edit the part in place instead"
            )
        container, key = slot
        if isinstance(container, (MutableMapping, MutableSequence)):
            container[key] = value
        else:
            setattr(container, key, value)


def _found_at(container: Any, key: Any) -> Any:
    return container[key] if isinstance(container, (MutableMapping, MutableSequence)) else getattr(container, key)
