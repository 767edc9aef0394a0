"""A *lens path* is the focuses that lead from the value of a root to a part of it.

It turns a recipe for the part into one for the value of the root.
"""

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from halflife._core import check_not_edited, check_root, is_draft, last_read, path_of, produce, trace
from halflife._errors import LensError
from halflife._optimistic.focus import Focus
from halflife._support.checks import called_name

Recipe: TypeAlias = Callable[[Any], object]


class LensPath:
    """Focuses, applied one after another."""

    __slots__ = ("_focuses",)

    def __init__(self, focuses: Sequence[Focus]) -> None:
        self._focuses = focuses

    def part_of(self, value: Any) -> Any:
        """The part of a value of the root."""
        for focus in self._focuses:
            value = focus.part_of(value)
        return value

    def keys_to_part(self, value: Any) -> tuple[Any, ...] | None:
        """The keys that lead from a value of the root to the part; None if the part is not in the value."""
        found: list[tuple[Any, ...] | None] = [None]

        def look(draft: Any) -> None:
            found[0] = _FoundPart(self._focuses, draft).keys()

        try:
            produce(value, look)
        except LensError:
            return None
        return found[0]

    def setter(self, value: Any) -> Recipe:
        """A recipe for the root that replaces the part."""

        def put(draft: Any) -> Any:
            found = _FoundPart(self._focuses, draft)
            if found.is_root:
                return value
            found.replace(value)
            return None

        return put

    def updater(self, recipe: Recipe) -> Recipe:
        """A recipe for the root that edits the part; the return value of `recipe` counts as in `produce`."""

        def edit(draft: Any) -> Any:
            found = _FoundPart(self._focuses, draft)
            part = found.part
            check_root(part)
            result = recipe(part)
            if result is None or result is part:
                return None
            if found.is_root:
                return result
            check_not_edited(part, self._focuses[-1], result)
            found.replace(result)
            return None

        edit.__name__ = called_name(recipe, "recipe")
        return edit

    def layer_recipe(self, recipe: Recipe) -> Recipe:
        """A recipe for the root that edits the part; the return value of `recipe` is the context of a layer."""

        def edit(draft: Any) -> Any:
            part = _FoundPart(self._focuses, draft).part
            check_root(part)
            return recipe(part)

        edit.__name__ = called_name(recipe, "recipe")
        return edit


class _FoundPart:
    """A part of a draft, and the container and key by which it can be replaced."""

    __slots__ = ("_focus", "_last_read", "_root", "part")

    def __init__(self, focuses: Sequence[Focus], root: Any) -> None:
        self._root = part = root
        # The container and the key that the last focus read last; None if they are not recorded.
        self._last_read: tuple[Any, Any] | None = None
        self._focus = focuses[-1] if focuses else None
        for focus in focuses:
            if is_draft(root):
                trace(root)
            part = focus.part_of(part)
        if is_draft(root):
            self._last_read = last_read(root)
        self.part = part
        if not self.is_root and not self._was_read_last() and not (is_draft(part) and path_of(part)):
            raise LensError(
                f"{self._focus} cannot be edited: its focus returns a value that was computed or copied from the root's"
                " value, such as a slice, or is in a set or a tuple; read the part from its container, as in"
                " value['items'][0]"
            )

    @property
    def is_root(self) -> bool:
        """Whether the part is the draft itself."""
        return self.part is self._root

    def _was_read_last(self) -> bool:
        """Whether the part is the last object that the last focus read, and the path of its container is known."""
        if self._last_read is None:
            return False
        container, key = self._last_read
        if isinstance(container, AbstractSet) or path_of(container) is None:
            return False
        return _is(_at(container, key), self.part)

    def keys(self) -> tuple[Any, ...] | None:
        """The keys that lead from the root to the part; None if they are not known."""
        if self.is_root:
            return ()
        if self._last_read is not None and self._was_read_last():
            container, key = self._last_read
            above = path_of(container)
            if above is not None:
                return (*above, key)
        return path_of(self.part) if is_draft(self.part) else None

    def replace(self, value: Any) -> None:
        """Write a value where the part is."""
        if self._was_read_last():
            assert self._last_read is not None
            container, key = self._last_read
        else:
            path = path_of(self.part)
            assert path
            container, key = self._root, path[-1]
            for one in path[:-1]:
                container = _at(container, one)
        if isinstance(container, (MutableMapping, MutableSequence)):
            container[key] = value
        elif isinstance(container, tuple):
            raise LensError(f"{self._focus} is in a tuple, which cannot be changed; set the tuple instead")
        else:
            setattr(container, key, value)


def _at(container: Any, key: Any) -> Any:
    return container[key] if isinstance(container, (Mapping, Sequence)) else getattr(container, key)


def _is(one: Any, other: Any) -> bool:
    """Whether two parts are the same object; a tuple that contains drafts is made anew at each read."""
    if one is other:
        return True
    if type(one) is not tuple or type(other) is not tuple or len(one) != len(other):
        return False
    return any(map(is_draft, one)) and all(a is b for a, b in zip(one, other, strict=True))
