"""A *focus* finds a part of a value. Focuses one after another make a recipe for the part into one for the whole.

Layers hold such recipes for as long as they are pending, so a focus knows its lens and its root only weakly.
"""

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeAlias
from weakref import ref

from halflife._core import Atom, check_root, current, is_draft, last_read, original, path_of, produce, trace
from halflife._errors import LensError, RecipeError
from halflife._support.checks import called_name

Recipe: TypeAlias = Callable[[Any], object]


class Focus(Protocol):
    """Finds a part of a value. What messages call it is its `str`."""

    def part_of(self, value: Any) -> Any:
        """The part of a value, or a draft of the part of a draft; raises LensError."""


class FoundBy:
    """The focus of a lens: a function."""

    __slots__ = ("_find", "_lens", "_root")

    def __init__(self, find: Callable[[Any], Any], root: Atom[Any]) -> None:
        self._find = find
        self._root = ref(root)
        self._lens: ref[Atom[Any]] | None = None

    def belongs_to(self, lens: Atom[Any]) -> None:
        """Said once, by who made both."""
        self._lens = ref(lens)

    def __str__(self) -> str:
        lens = self._lens() if self._lens is not None else None
        return lens.name if lens is not None else f"a lens of {self._root_name()}"

    def _root_name(self) -> str:
        root = self._root()
        return root.name if root is not None else "an atom"

    def part_of(self, value: Any) -> Any:
        """The part of a value, or a draft of the part of a draft."""
        try:
            return self._find(value)
        except RecursionError:
            raise  # The graph evaluates what is nested too deep for the stack in another order.
        except Exception as error:
            raise LensError(
                f"{self} does not find its part of {self._root_name()}: {type(error).__name__}: {error}"
            ) from error


class _Found:
    """A part of a draft, and where it is."""

    __slots__ = ("_focus", "_slot", "_whole", "part")

    def __init__(self, focuses: Sequence[Focus], whole: Any) -> None:
        self._whole = part = whole
        self._slot: tuple[Any, Any] | None = None
        self._focus = focuses[-1] if focuses else None
        for focus in focuses:
            if is_draft(whole):
                trace(whole)
            part = focus.part_of(part)
        if is_draft(whole):
            self._slot = last_read(whole)
        self.part = part
        if not self.is_whole and not self._is_in_slot() and not (is_draft(part) and path_of(part)):
            raise LensError(
                f"{self._focus} cannot be edited: what its focus returns is no part of the value but was computed or"
                " copied from it, as a slice is, or stands in a set or a tuple; read the part from where it is, as in"
                " value['items'][0]"
            )

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the draft."""
        return self.part is self._whole

    def _is_in_slot(self) -> bool:
        if self._slot is None or isinstance(self._slot[0], AbstractSet) or path_of(self._slot[0]) is None:
            return False
        return _is(_at(*self._slot), self.part)

    def put(self, value: Any) -> None:
        """Put something in the place of the part."""
        if self._is_in_slot():
            assert self._slot is not None
            container, key = self._slot
        else:
            path = path_of(self.part)
            assert path
            container, key = self._whole, path[-1]
            for one in path[:-1]:
                container = _at(container, one)
        if isinstance(container, (MutableMapping, MutableSequence)):
            container[key] = value
        elif isinstance(container, tuple):
            raise LensError(f"{self._focus} is in a tuple, where nothing can be put; set the tuple instead")
        else:
            setattr(container, key, value)


def part_in(focuses: Sequence[Focus], value: Any) -> Any:
    """The part of a value that is not to be edited."""
    for focus in focuses:
        value = focus.part_of(value)
    return value


def path_in(focuses: Sequence[Focus], value: Any) -> tuple[Any, ...] | None:
    """The path of the part in the value, None if it is not there."""
    found: list[tuple[Any, ...] | None] = [None]

    def look(draft: Any) -> None:
        part = _Found(focuses, draft)
        if part.is_whole:
            found[0] = ()
        elif part._is_in_slot() and part._slot is not None and (above := path_of(part._slot[0])) is not None:
            found[0] = (*above, part._slot[1])
        elif is_draft(part.part):
            found[0] = path_of(part.part)

    try:
        produce(value, look)
    except LensError:
        return None
    return found[0]


def putting(focuses: Sequence[Focus], value: Any) -> Recipe:
    """A recipe for the whole that puts a value in the place of the part."""

    def put(draft: Any) -> Any:
        found = _Found(focuses, draft)
        if found.is_whole:
            return value
        found.put(value)
        return None

    return put


def editing(focuses: Sequence[Focus], recipe: Recipe) -> Recipe:
    """A recipe for the whole that edits the part; the return value of `recipe` counts as in `produce`."""

    def edit(draft: Any) -> Any:
        found = _Found(focuses, draft)
        part = found.part
        check_root(part)
        result = recipe(part)
        if result is None or result is part:
            return None
        if found.is_whole:
            return result
        if is_draft(part) and current(part) is not original(part):
            raise RecipeError(
                f"a recipe for {focuses[-1]} both edits its draft and returns another value; do one of the two"
            )
        found.put(result)
        return None

    edit.__name__ = called_name(recipe, "recipe")
    return edit


def layering(focuses: Sequence[Focus], recipe: Recipe) -> Recipe:
    """A recipe for the whole that edits the part; what `recipe` returns is the context of a layer."""

    def edit(draft: Any) -> Any:
        part = _Found(focuses, draft).part
        check_root(part)
        return recipe(part)

    edit.__name__ = called_name(recipe, "recipe")
    return edit


def _at(container: Any, key: Any) -> Any:
    return container[key] if isinstance(container, (Mapping, Sequence)) else getattr(container, key)


def _is(one: Any, other: Any) -> bool:
    """Whether they are one object. A tuple of drafts is made at each read."""
    if one is other:
        return True
    if type(one) is not tuple or type(other) is not tuple or len(one) != len(other):
        return False
    return any(map(is_draft, one)) and all(a is b for a, b in zip(one, other, strict=True))
