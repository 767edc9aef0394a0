"""A *lens* is a part of a layered atom's value, as an atom: reading gives the part, and a recipe edits it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast, final

from halflife import _core
from halflife._checks import called_name, check_callable
from halflife._core import AsyncValue, Atom, LayerLog
from halflife._focuses import Focus
from halflife._inner import describe
from halflife._layer_sites import Known, Recipe, Site, check_recipe
from halflife._layered import How, LayeredAtom, check_settled
from halflife._memos import remember
from halflife._repr import abbreviated
from halflife._saga_steps import SagaSteps
from halflife._selects import LaterSlice
from halflife._types import Getter, Setter

if TYPE_CHECKING:
    from halflife._store import Store

T = TypeVar("T")
S = TypeVar("S")
R = TypeVar("R")


@final
class Lens(LayeredAtom[S]):
    """A part of a layered atom's value. Made by `lens`."""

    __slots__ = ("_looking", "_root")

    _looking: "_Looking"
    _root: LayeredAtom[Any]

    def _site(self, store: "Store") -> "LensSite":
        return LensSite(self._root._site(store), store, self)

    def _log(self, get: Getter) -> LayerLog | None:
        return self._root._log(get)

    def _path(self, get: Getter) -> tuple[Any, ...] | None:
        above = self._root._path(get)
        if above is None:
            return None
        here = self._looking.focus.path_in(check_settled(get(cast(Atom[Any], self._root)), self._root))
        return None if here is None else (*above, *here)


def lens(root: LayeredAtom[T], focus: Callable[[T], S], *, name: str | None = None) -> Lens[S]:
    """The part ``focus(value)`` of the value of `root`, as an atom that can be edited.

    Reading it gives the part; it changes only when the part does. `store.set` replaces the part in the root's
    value, and `store.update` runs a recipe on a draft of it: the root is edited, and shares all the rest. A lens
    of a lens works too. The same arguments give the same atom.

    Args:
        root: a draft atom, an editable, or another lens.
        focus: ``focus(value)`` finds the part by reading; called with drafts as well.
        name: shown in errors and graphs.

    Raises:
        TypeError: an argument is of the wrong type.
        LensError: when read or written, the part is not there; the root stays as it is.

    Example:
        >>> todos = draft_atom({"items": {"a": {"done": False}}})
        >>> first = lens(todos, lambda value: value["items"]["a"])
        >>> store.update(first, lambda draft: draft.update(done=True))
        >>> store.get(todos)
        {'items': {'a': {'done': True}}}
    """
    if not isinstance(root, LayeredAtom):
        raise TypeError(f"lens: root must be a draft atom, an editable or a lens, got {abbreviated(root)}")
    check_callable(focus, "lens", "focus")

    def make() -> Lens[S]:
        looking = _Looking(root, focus)
        made: Lens[S] = _core.make(Lens, "derived", looking.reader(), looking.write, recipes=True, name=name)
        made._root = root
        made._looking = looking
        looking.focus.belongs_to(made)
        return made

    return make() if name is not None else remember(root, ("lens", focus), make)


class _Looking:
    """What a lens does when it is read or written."""

    def __init__(self, root: LayeredAtom[Any], find: Callable[[Any], Any]) -> None:
        self.root = root
        self.focus = Focus(find, root)
        self.find = find

    def reader(self) -> Callable[[Getter], Any]:
        """The read of the atom."""
        root, part_of = self.root, self.focus.part_of

        def read(get: Getter) -> Any:
            value = get(root)
            return LaterSlice(value, part_of) if isinstance(value, AsyncValue) else part_of(value)

        part = called_name(self.find, "lens")
        describe(read, part, lambda: f"{root.name}.{part}")
        return read

    def write(self, get: Getter, set: Setter, value: Any, how: How = None) -> Any:  # noqa: ARG002 - writes have it
        store = set.store
        if how is None:
            steps = SagaSteps.of_tuple(value)
            if steps is not None:
                return steps.start(store, cast(Lens[Any], self.focus.lens()))
            store.update(self.root, self.focus.putting(value))
            return None
        check_recipe(value, "update", "recipe")
        store.update(self.root, self.focus.editing(value))
        return None


class LensSite:
    """The layers of what a lens looks into, as seen through the lens."""

    __slots__ = ("_lens", "_root", "_store")

    def __init__(self, root: Site, store: "Store", lens: Lens[Any]) -> None:
        self._root = root
        self._store = store
        self._lens = lens

    def name(self) -> str:
        return self._lens.name

    def visible(self) -> Any:
        return check_settled(self._store.get(self._lens), self._lens)

    def base(self) -> Any:
        return self._lens._looking.focus.part_of(self._root.base())

    def part(self, whole: Any) -> Any:
        return self._lens._looking.focus.part_of(self._root.part(whole))

    def log(self) -> LayerLog | None:
        return self._root.log()

    def known(self) -> Known | None:
        return self._root.known()

    def operate(self, operation: Callable[[LayerLog], R], *, confirms: bool) -> R:
        return self._root.operate(operation, confirms=confirms)

    def whole(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:
        focus = self._lens._looking.focus
        return self._root.whole(focus.editing(recipe) if returns else focus.layering(recipe), returns=returns)

    def quiet(self) -> "LensSite":
        return LensSite(self._root.quiet(), self._store, self._lens)

    def set(self, value: Any) -> None:
        put = self._root.whole(self._lens._looking.focus.putting(value), returns=True)
        self._root.operate(lambda log: log.update(put), confirms=True)

    def set_base(self, value: Any) -> None:
        put = self._root.whole(self._lens._looking.focus.putting(value), returns=True)
        self._root.operate(lambda log: log.edit_base(put), confirms=True)
