"""An *editable* is the data of an async atom with local edits over it, which stay when it is fetched again."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, final

from halflife import _core
from halflife._core import Atom, HasData, HasError, LayerLog, LayerState, Loading
from halflife._drivers.held_events import note_layer
from halflife._drivers.protocol import StoreLike
from halflife._optimistic import debugging
from halflife._optimistic.atom_layers import AtomLayers
from halflife._optimistic.confirmations import answered_before, answers, ask_again, ask_all_again
from halflife._optimistic.layer_operation import LayerOperation
from halflife._optimistic.layer_target import Recipe, check_recipe
from halflife._optimistic.layered_atom import LayeredAtom, check_settled
from halflife._optimistic.saga_plan import SagaPlan
from halflife._optimistic.store_layers import StoreLayers
from halflife._optimistic.store_target import StoreTarget
from halflife._support.checks import check_atom
from halflife._support.internal_atoms import describe, weak_self
from halflife._support.memoize import remember
from halflife._types import AsyncAtom, Getter, Setter

T = TypeVar("T")
R = TypeVar("R")


@final
class Editable(LayeredAtom[T]):
    """The data of an async atom with pending edits over it. Made by `editable`."""

    __slots__ = ("_editing",)

    _editing: "_Editing[T]"

    def _target(self, store: StoreLike) -> StoreTarget:
        return StoreTarget(store, self, self._editing.layers)

    def _fetched(self) -> Atom[Any]:
        return self._editing.fetched

    def _log(self, get: Getter) -> LayerLog | None:
        get(cast(Atom[T], self))  # Rebases the layers on newly fetched data.
        return self._editing.layers.log(get)


def editable(async_atom: AsyncAtom[T], *, name: str | None = None) -> Editable[T]:
    """An editable atom of the data of an async atom.

    Until the first data its value is an `AsyncValue` to await. From then on it is a plain value: the data that was
    fetched last, with the local edits over it. The atom does not go back to loading when the data is fetched again.

    An edit by `store.update(e, recipe)` or `store.set(e, value)` is *pending*: it stays over newly fetched data
    until ``store.layers(e).commit_all()`` or ``rollback_all()``, or until a mutation (`Store.mutate`) has ended.
    An answer to a request made before an edit was confirmed may lack that edit, so the answer is dropped and the data
    is fetched again. The same arguments give the same atom.

    Args:
        async_atom: any atom whose value arrives later, such as a resource.
        name: shown in errors and graphs.

    Raises:
        TypeError: `async_atom` is not an atom; or, on an edit, there is no data yet.

    Example:
        >>> profile = editable(resource(user_id, fetch_profile))
        >>> await store.value(profile)
        {'name': 'Ada', 'city': 'London'}
        >>> store.update(profile, lambda draft: draft.update(city="Turin"))
        >>> store.layers(profile).pending
        1
    """
    check_atom(async_atom, "editable", "async_atom")

    def make() -> Editable[T]:
        editing: _Editing[T] = _Editing(async_atom)
        made: Editable[T] = _core.make(
            Editable, "derived", editing.reader(), editing.write, recipes=True, name=name, views=async_atom
        )
        made._editing = editing
        editing.itself = weak_self(made)
        return made

    return make() if name is not None else remember(async_atom, "editable", make)


class _Editing(Generic[T]):
    """The read and the write of an editable."""

    itself: Callable[[], Editable[T]]

    def __init__(self, fetched: Atom[T]) -> None:
        self.fetched = fetched
        self.look = answers(fetched)
        self.layers = AtomLayers(always=False)

    def reader(self) -> Callable[[Getter], Any]:
        """The read of the atom."""

        def read(get: Getter) -> Any:
            revision = get(self.layers.revision)
            answer: Any = get(self.look)
            if not _has_data(answer):
                return get(self.fetched)
            layers = revision.restored()
            if layers is None:
                return _data_of(answer)
            if answer is not layers.answer and self.accepts(get, layers, answer):
                layers.log.set_base(answer.data)
                layers.answer = answer  # After the base: an interrupt in between must not lose the answer.
                revision.rebased()
                if layers.conflicts:
                    store, conflicts = cast(Any, get).store, layers.take_conflicts()
                    numbers = [layers.ids.number_of(state) for state, _ in conflicts]
                    # Later, because an `on_error` may write, and this is a read.
                    store._driver.report_soon([error for _, error in conflicts], self.itself(), numbers)
            return layers.log.visible

        describe(read, "editable", "editable({})".format, self.fetched, prefers_assigned_name=True)
        return read

    def accepts(self, get: Getter, layers: StoreLayers, answer: Any) -> bool:
        """Whether an answer may become the base: no request for it was made before the last confirmation."""
        since, fetched = layers.confirmed_at, self.fetched
        is_data = isinstance(answer, HasData)
        if since is None:
            return is_data
        driver = cast(Any, get).store._driver
        if not is_data:
            driver.soon(lambda store: ask_again(store, fetched, since))
            return False
        late = answered_before(cast(Any, get).store, fetched, since)
        if not late:
            layers.confirmed_at = None
            return True
        for atom in late:
            get(answers(atom))  # Read again when these atoms are answered: an equal answer does not change `fetched`.
        driver.soon(lambda store: ask_all_again(store, fetched, since))
        return False

    def write(self, get: Getter, set: Setter, value: Any, is_recipe: bool = False) -> Any:  # noqa: FBT001, FBT002 - native
        if is_recipe:
            self.update(get, set, value)
            return None
        if type(value) is LayerOperation:
            return self.change(get, set, value.apply, confirms=value.confirms)
        plan = SagaPlan.of_tuple(value)
        if plan is not None:
            return plan.start(set.store, self.itself())
        self.edit(get, set, lambda log: log.replace(value, pending=True))
        return None

    def update(self, get: Getter, set: Setter, recipe: Recipe[T]) -> None:
        check_recipe(recipe, "update", "recipe")
        if debugging.ENABLED:
            recipe = debugging.checked(recipe)
        self.edit(get, set, lambda log: log.apply(recipe, returns=True))

    def edit(self, get: Getter, set: Setter, operation: Callable[[LayerLog], LayerState]) -> None:
        """Apply a layer that has no handle. It has an id, for the events."""
        state = self.change(get, set, operation)
        layers = self.layers.in_store(get)
        if layers is not None:
            note_layer(set.store._driver, "applied", self.itself(), layers.ids.assign(state))

    def change(self, get: Getter, set: Setter, operation: Callable[[LayerLog], R], *, confirms: bool = False) -> R:
        """Apply an operation to the layers. The read of the atom depends on them."""
        atom = self.itself()
        check_settled(get(cast(Atom[T], atom)), atom)  # Rebases the layers on newly fetched data.

        def base() -> tuple[T, object]:
            answer = get(self.look)
            return _data_of(answer), answer

        result, layers = self.layers.operate(get, set, atom, base, operation)
        if confirms:
            layers.confirmed_at = set.store._moment()
            ask_again(set.store, self.fetched, layers.confirmed_at)
        answer = get(self.look)
        if layers.log.length == 0 and _has_data(answer) and layers.log.base is _data_of(answer):
            self.layers.close(set, layers)
        return result


def _has_data(answer: Any) -> bool:
    return isinstance(answer, HasData) or (isinstance(answer, (Loading, HasError)) and answer.has_previous)


def _data_of(answer: Any) -> Any:
    return answer.data if isinstance(answer, HasData) else answer.previous
