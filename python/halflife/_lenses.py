"""A *lens* is a part of a layered atom's value, as an atom: reading gives the part, and a recipe edits it."""

from collections.abc import Callable, MutableMapping, MutableSequence
from typing import TYPE_CHECKING, Any, TypeVar, cast, final
from weakref import ref

from halflife import _core, _debugging
from halflife._checks import called_name, check_callable
from halflife._core import AsyncValue, Atom
from halflife._errors import LensError, RecipeError
from halflife._inner import describe
from halflife._layer_sites import Recipe, Site, check_recipe
from halflife._layered import How, LayeredAtom, check_settled
from halflife._memos import remember
from halflife._native_layers import LayerLog, current, is_draft, last_read, original, path_of, produce
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
        here = self._looking.path_in(check_settled(get(cast(Atom[Any], self._root)), self._root.name))
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
        looking.reference = ref(made)
        return made

    return make() if name is not None else remember(root, ("lens", focus), make)


class _Looking:
    """What a lens does when it is read or written."""

    #: The lens. Layers made through it may outlive it, and hold only this.
    reference: "ref[Lens[Any]]"

    def __init__(self, root: LayeredAtom[Any], focus: Callable[[Any], Any]) -> None:
        self.root = root
        self.focus = focus

    def name(self) -> str:
        """What messages call the lens."""
        alive = self.reference()
        return alive.name if alive is not None else f"a lens of {self.root.name}"

    def reader(self) -> Callable[[Getter], Any]:
        """The read of the atom."""

        def read(get: Getter) -> Any:
            value = get(self.root)
            return LaterSlice(value, self.part_of) if isinstance(value, AsyncValue) else self.part_of(value)

        part = called_name(self.focus, "lens")
        describe(read, part, lambda: f"{self.root.name}.{part}")
        return read

    def part_of(self, value: Any) -> Any:
        """The part of a value, or a draft of the part of a draft."""
        try:
            return self.focus(value)
        except LensError:
            raise
        except Exception as error:
            raise LensError(
                f"{self.name()} does not find its part of {self.root.name}: {type(error).__name__}: {error}"
            ) from error

    def write(self, get: Getter, set: Setter, value: Any, how: How = None) -> Any:
        store = set.store
        if how is None:
            steps = SagaSteps.of_tuple(value)
            if steps is not None:
                alive = self.reference()
                assert alive is not None  # Whoever sets the atom holds it.
                return steps.start(store, alive)
            store.update(self.root, self.putting(value))
            return None
        check_recipe(value, "update", "recipe")
        recipe = _debugging.checked(value) if _debugging.ENABLED else value
        store.update(self.root, self.editing(recipe))
        return None

    def putting(self, value: Any) -> Recipe[Any]:
        """A recipe for the root that puts a value in the place of the part."""

        def put(draft: Any) -> Any:
            part = self.part_of(draft)
            if part is draft:
                return value
            self.placed(draft, part)(value)
            return None

        return put

    def editing(self, recipe: Recipe[Any]) -> Recipe[Any]:
        """A recipe for the root that edits the part; the return value of `recipe` counts as in `produce`."""

        def edit(draft: Any) -> Any:
            part = self.part_of(draft)
            put = self.placed(draft, part)
            result = recipe(part)
            if result is None or result is part:
                return None
            if part is draft:
                return result
            if is_draft(part) and current(part) is not original(part):
                raise RecipeError(
                    f"a recipe of {self.name()} both edits its draft and returns another value; do one of the two"
                )
            put(result)
            return None

        edit.__name__ = called_name(recipe, "recipe")
        return edit

    def layering(self, recipe: Recipe[Any]) -> Recipe[Any]:
        """A recipe for the root that edits the part; what `recipe` returns is the context of a layer."""

        def edit(draft: Any) -> Any:
            return recipe(self.part_of(draft))

        edit.__name__ = called_name(recipe, "recipe")
        return edit

    def path_in(self, value: Any) -> tuple[Any, ...] | None:
        """The path of the part in the value of the root, None if it is not there."""
        found: list[tuple[Any, ...] | None] = [None]

        def look(draft: Any) -> None:
            part = self.part_of(draft)
            slot = last_read(draft)
            if part is draft:
                found[0] = ()
            elif slot is not None:
                found[0] = (*path_of(slot[0]), slot[1])

        try:
            produce(value, look)
        except LensError:
            return None
        return found[0]

    def placed(self, draft: Any, part: Any) -> Callable[[Any], None]:
        """Puts something in the place of the part: asked as soon as the focus has read it."""
        slot = last_read(draft) if part is not draft else None

        def put(value: Any) -> None:
            if slot is None or _found_at(*slot) is not part:
                raise LensError(
                    f"nothing can be put in the place of {self.name()}: its focus must end with reading the part from"
                    " where it is, as in value['items'][0]; edit the part in place instead"
                )
            _put(*slot, value)

        return put


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
        return check_settled(self._store.get(self._lens), self._lens.name)

    def base(self) -> Any:
        return self._lens._looking.part_of(self._root.base())

    def log(self) -> LayerLog | None:
        return self._root.log()

    def operate(self, operation: Callable[[LayerLog], R], *, confirms: bool) -> R:
        return self._root.operate(operation, confirms=confirms)

    def whole(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:
        looking = self._lens._looking
        checked = _debugging.checked(recipe) if _debugging.ENABLED else recipe
        return self._root.whole(looking.editing(checked) if returns else looking.layering(checked), returns=returns)

    def set(self, value: Any) -> None:
        put = self._root.whole(self._lens._looking.putting(value), returns=True)
        self._root.operate(lambda log: log.update(put), confirms=True)

    def set_base(self, value: Any) -> None:
        put = self._root.whole(self._lens._looking.putting(value), returns=True)
        self._root.operate(lambda log: log.edit_base(put), confirms=True)


def _found_at(container: Any, key: Any) -> Any:
    return container[key] if isinstance(container, (MutableMapping, MutableSequence)) else getattr(container, key)


def _put(container: Any, key: Any, value: Any) -> None:
    if isinstance(container, (MutableMapping, MutableSequence)):
        container[key] = value
    else:
        setattr(container, key, value)
