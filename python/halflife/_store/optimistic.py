"""*Optimistic* updates of an atom, in the form of a hook; and the same for values outside of any store."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, final

from halflife._core import Atom
from halflife._optimistic.layered_atom import LayeredAtom, check_layered
from halflife._optimistic.layers import Layer, Layers
from halflife._optimistic.pending import pending_count
from halflife._optimistic.saga_handle import SagaHandle
from halflife._optimistic.saga_plan import SagaPlan
from halflife._store.default_store import default_store
from halflife._store.store import Store
from halflife._support.checks import check_callable
from halflife._support.copies import refuse_copies
from halflife._support.reprs import abbreviated

T = TypeVar("T")
R = TypeVar("R")


@final
class Optimistic(Generic[T]):
    """Optimistic updates of one atom in one store. Made by `optimistic`.

    Attributes:
        pending: an atom of the number of pending updates.
    """

    __slots__ = ("_atom", "_store", "pending")

    __reduce_ex__ = refuse_copies

    pending: Atom[int]

    def __init__(self, atom: LayeredAtom[T], store: Store | None) -> None:
        self._atom = atom
        self._store = store
        self.pending = pending_count(atom)

    def _in_store(self) -> Store:
        return self._store if self._store is not None else default_store()

    def update(self, recipe: Callable[[T], object], server_call: Callable[[], Awaitable[R]]) -> SagaHandle[R]:
        """Apply an edit at once, and call the server.

        Args:
            recipe: edits the draft, or returns the new value, as in `produce`.
            server_call: ``async server_call()``. Its result replaces the whole value as the recipe made it; None
                confirms the edit as it is. If the call raises, the edit is rolled back.

        Returns:
            A handle to await or to drop; see `Store.mutate`.

        Raises:
            NoEventLoopError: no event loop is running; nothing is changed then.
        """
        check_callable(server_call, "update", "server_call", "", may_be="async")
        plan = SagaPlan(recipe, lambda _: server_call(), returns=True, confirm=_confirm)
        return plan.start(self._in_store(), self._atom)

    def rollback_all(self) -> None:
        """Roll back all pending edits."""
        self._in_store().layers(self._atom).rollback_all()

    def __repr__(self) -> str:
        return f"<optimistic updates of {self._atom.name}>"


def optimistic(atom: LayeredAtom[T], store: Store | None = None) -> Optimistic[T]:
    """Optimistic updates of an atom: an edit with its server call, the number of pending edits, a rollback of all.

    Args:
        atom: a draft atom, an editable or a lens.
        store: the store; the default store if it is not given.

    Raises:
        TypeError: `atom` has no layers.

    Example:
        >>> likes = draft_atom({"count": 7})
        >>> edits = optimistic(likes, store)
        >>> async def like():
        ...     return await server.like()
        >>> await edits.update(lambda draft: draft.update(count=draft["count"] + 1), like)
        >>> store.get(edits.pending)
        0
    """
    check_layered(atom, "optimistic")
    if store is not None and not isinstance(store, Store):
        raise TypeError(f"optimistic: store must be a Store, got {abbreviated(store)}")
    return Optimistic(atom, store)


def _confirm(layer: Layer[Any], result: Any) -> None:
    if result is None:
        layer.commit()
    else:
        layer._layers._commit(layer, lambda _: result, returns=True)


@final
class OptimisticHandle:
    """One edit of an `OptimisticUpdater`, to be confirmed or rolled back."""

    __slots__ = ("_layer",)

    __reduce_ex__ = refuse_copies

    def __init__(self, layer: Layer[Any]) -> None:
        self._layer = layer

    def commit(self) -> bool:
        """Confirm the edit; False if it was already confirmed or rolled back."""
        return self._layer.commit()

    def rollback(self) -> bool:
        """Roll back the edit, and nothing else; False if it was already confirmed or rolled back."""
        return self._layer.rollback()

    def __repr__(self) -> str:
        return f"<OptimisticHandle {self._layer.status}>"


@final
class OptimisticUpdater(Generic[T]):
    """A value with optimistic edits, outside of any store.

    Args:
        data: the confirmed value; it is never changed.

    Example:
        >>> from halflife import OptimisticUpdater
        >>> updater = OptimisticUpdater({"likes": 7})
        >>> handle = updater.apply(lambda draft: draft.update(likes=8))
        >>> updater.value
        {'likes': 8}
        >>> handle.rollback()
        True
        >>> updater.value
        {'likes': 7}
    """

    __slots__ = ("_layers",)

    __reduce_ex__ = refuse_copies

    def __init__(self, data: T) -> None:
        self._layers: Layers[T] = Layers(data)

    @property
    def value(self) -> T:
        """The visible value: the data with all edits that were not rolled back."""
        return self._layers.visible

    def apply(self, updater: Callable[[T], object]) -> OptimisticHandle:
        """Apply an edit: the function edits the draft, or returns the new value, as in `produce`.

        Raises:
            Exception: The error of the function; nothing is changed then.
        """
        return OptimisticHandle(self._layers._apply(updater, returns=True))

    def rollback_all(self) -> None:
        """Roll back all edits that were not confirmed."""
        self._layers.rollback_all()

    def __repr__(self) -> str:
        return f"<OptimisticUpdater: {self._layers.pending} pending over {abbreviated(self._layers.base, 40)}>"
