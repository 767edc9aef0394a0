"""A *lens* is an atom for a part of a layered atom's value: reading gives the part, and a recipe edits it."""

from collections.abc import Callable
from typing import Any, TypeVar, final

from halflife import _core
from halflife._core import AsyncValue, Atom
from halflife._optimistic.focus import LensFocus
from halflife._optimistic.focused_atom import FocusedAtom
from halflife._optimistic.layered_atom import LayeredAtom, check_layered
from halflife._support.checks import called_name, check_callable
from halflife._support.internal_atoms import describe, weak_self
from halflife._support.later_slice import LaterSlice
from halflife._support.memoize import remember
from halflife._types import Getter, Setter

T = TypeVar("T")
S = TypeVar("S")

#: The most lenses of lenses that a name lists.
_SHOWN = 16


@final
class Lens(FocusedAtom[S]):
    """A part of a layered atom's value. Made by `lens`."""

    __slots__ = ("_looking", "_root")

    _looking: "_Looking"

    def _focus(self, get: Callable[[Atom[Any]], Any]) -> LensFocus:  # noqa: ARG002 - the same everywhere
        return self._looking.focus


def lens(root: LayeredAtom[T], focus: Callable[[T], S], *, name: str | None = None) -> Lens[S]:
    """An editable atom for the part ``focus(value)`` of the value of `root`.

    Reading the lens gives the part; the lens changes only when the part does. `store.set` replaces the part in the
    root's value, and `store.update` runs a recipe on a draft of the part. Both edit the root, whose new value shares
    all other parts with the old one. A lens of a lens works too. The same arguments give the same atom.

    Args:
        root: a draft atom, an editable, or another lens.
        focus: ``focus(value)`` finds the part by reading; called with drafts as well.
        name: shown in errors and graphs.

    Raises:
        TypeError: an argument is of the wrong type.
        LensError: on a read or a write, the part is not there; or, on a write, `focus` returns no part of the value
            but a copy or a computed value, such as a slice. The root stays as it is.

    Example:
        >>> todos = draft_atom({"items": {"a": {"done": False}}})
        >>> first = lens(todos, lambda value: value["items"]["a"])
        >>> store.update(first, lambda draft: draft.update(done=True))
        >>> store.get(todos)
        {'items': {'a': {'done': True}}}
    """
    check_layered(root, "lens", "root")
    check_callable(focus, "lens", "focus", "the value")

    def make() -> Lens[S]:
        looking = _Looking(root, focus, is_named=name is not None)
        made: Lens[S] = _core.make(
            Lens, "derived", looking.reader(), looking.write, recipes=True, name=name, views=root
        )
        made._root = root
        made._looking = looking
        looking.focus.belongs_to(made)
        looking.itself = weak_self(made)
        return made

    return make() if name is not None else remember(root, ("lens", focus), make)


class _Looking:
    """The read and the write of a lens."""

    itself: Callable[[], Lens[Any]]

    def __init__(self, root: LayeredAtom[Any], find: Callable[[Any], Any], *, is_named: bool) -> None:
        self.root = root
        self.focus = LensFocus(find, root)
        self.part = called_name(find, "lens")
        self.is_named = is_named

    def reader(self) -> Callable[[Getter], Any]:
        """The read of the atom."""
        root, part_of = self.root, self.focus.part_of

        def read(get: Getter) -> Any:
            value = get(root)
            return LaterSlice(value, part_of) if isinstance(value, AsyncValue) else part_of(value)

        describe(read, self.part, self.name, prefers_assigned_name=self.part == "lens")
        return read

    def name(self) -> str:
        """The name of the root, and the function names of the lenses from the root to this one."""
        parts, atom = [self.part], self.root
        while isinstance(atom, Lens) and not atom._looking.is_named:
            parts.append(atom._looking.part)
            atom = atom._root
        if len(parts) > _SHOWN:
            parts = [*parts[: _SHOWN // 2], "…", *parts[-_SHOWN // 2 :]]
        return ".".join([atom.name, *reversed(parts)])

    def write(self, get: Getter, set: Setter, value: Any, is_recipe: bool = False) -> Any:  # noqa: FBT001, FBT002 - native
        return self.itself()._write(get, set, value, is_recipe=is_recipe)
