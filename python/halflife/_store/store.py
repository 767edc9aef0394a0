"""A *store* holds the state of atoms. Most programs have one store; a test makes its own."""

from __future__ import annotations

import concurrent.futures
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from halflife._core import Atom, Batch, StoreBase, Subscription
from halflife._drivers.asyncio_driver import AsyncioDriver
from halflife._drivers.clock import LoopClock
from halflife._drivers.closing import Closing
from halflife._drivers.ticks import is_running
from halflife._events import Event
from halflife._optimistic.layered_atom import LayeredAtom, check_layered
from halflife._optimistic.layers import Layers
from halflife._optimistic.saga import Saga, SagaHandle
from halflife._optimistic.saga_plan import SagaPlan
from halflife._store import changes, events, hydration
from halflife._store.graph import Graph, counts_of
from halflife._store.options import check_options
from halflife._store.overrides import override
from halflife._support import reprs
from halflife._support.checks import check_atom
from halflife._support.signatures import Role, check_function
from halflife._types import Clock

T = TypeVar("T")
R = TypeVar("R")


class Store(StoreBase):
    """Holds values, runs and subscriptions of any number of atoms; one atom can live in many stores.

    A store belongs to a thread as soon as it is made while an event loop runs there, entered (`with`, `async with`)
    or used; `post` and `call` reach it from others. It belongs to the event loop on which its first run starts,
    until that is closed.

    Args:
        clock: The clock of the store's timers (seconds as float); by default the event loop's clock.
        name: Shown in its repr.
        storage: The storage of persistent atoms of this store.
        mount_grace: Seconds for which an atom stays mounted after it has lost its last observer.
        on_error: Called with every error that has no caller, such as that of a subscribed atom or of a task, and
            with each error of a subscriber, an effect or a mount hook. By default the former are one log record at
            ERROR of the logger "halflife" each, and the latter an ExceptionGroup raised from `set`.
        overrides: A dict from atoms to what replaces them in this store: another value, or an atom to follow. The own
            reads of these atoms never run. A source that was given a value can be set; setting an atom that follows
            another sets the other; an action follows an action.

    Example:
        >>> from halflife import Store, atom, derived
        >>> count = atom(1)
        >>> double = derived(lambda get: get(count) * 2)
        >>> with Store() as store:
        ...     store.set(count, 21)
        ...     store.get(double)
        42
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        name: str | None = None,
        storage: Any = None,
        mount_grace: float = 0.0,
        on_error: Callable[[BaseException], object] | None = None,
        overrides: Mapping[Atom[Any], Any] | None = None,
    ) -> None:
        check_options(clock, name, mount_grace, on_error)
        super().__init__()
        self.clock: Clock = LoopClock() if clock is None else clock
        self.name = name
        self.storage = storage
        self._hydrated: hydration.Hydrated | None = None
        self._driver = AsyncioDriver(self, self.clock, on_error, mount_grace)
        self._closing = Closing()
        self._initialize(self._driver, mount_grace > 0, on_error is not None)
        self._following = override(self, overrides) if overrides is not None else {}
        if is_running():
            self._enter()

    # --- reading

    async def value(self, a: Atom[T]) -> T:
        """The settled value of any atom, sync or async.

        Raises:
            Exception: The atom's own error.
        """
        waiting = changes.value(self, a)
        del self, a  # The traceback of an error that the store keeps holds this frame.
        return await waiting  # type: ignore[no-any-return]

    def changes(self, a: Atom[T]) -> AsyncGenerator[T, None]:
        """The current settled value, then every new one, for `async for`; a slow consumer gets only the newest value.

        Raises:
            Exception: The atom's own error, when it gets one.
        """
        check_atom(a, "Store.changes()", "a")
        return changes.changes(self, a)

    async def until(self, a: Atom[T], predicate: Callable[[T], object], timeout: float | None = None) -> T:
        """The first settled value that satisfies the predicate.

        Args:
            a: Any atom.
            predicate: Called with the current value and each new value.
            timeout: Seconds on the store's clock; None waits for ever.

        Raises:
            TimeoutError: No value satisfied it in time.
            Exception: The atom's own error, when it gets one.
        """
        check_atom(a, "Store.until()", "a")
        waiting = changes.until(self, a, predicate, timeout)
        del self, a, predicate  # As in value().
        return await waiting  # type: ignore[no-any-return]

    # --- writing

    def batch(self) -> Batch:
        """A with block of sets that are committed together at its end; if the block raises, all are rolled back.

        Example:
            >>> from halflife import Store, atom
            >>> left, right = atom(1), atom(2)
            >>> with Store() as store, store.batch():
            ...     store.set(left, 10)
            ...     store.set(right, 20)
        """
        return Batch(self)

    def post(self, a: Atom[Any], *args: Any) -> concurrent.futures.Future[Any]:
        """Set an atom from any thread: `set(a, *args)` is called on the store's loop.

        Returns:
            A future of the result or the error of `set`; its `result()` raises in the store's own thread.

        Raises:
            NoEventLoopError: The store has no running loop yet.
            StoreClosedError: The store is closed.
        """
        if not isinstance(a, Atom) or a.kind == "effect":  # type: ignore[redundant-expr]
            raise TypeError(f"Store.post() sets an atom or an action, not {reprs.abbreviated(a)}")
        return self._driver.calls.submit("post", self.set, a, *args)

    def call(self, fn: Callable[..., Any], *args: Any) -> concurrent.futures.Future[Any]:
        """Call a function on the store's loop, from any thread: a read, several sets, anything that needs the store.

        Args:
            fn: Any function; a coroutine function runs as a task of the store.
            args: Its arguments.

        Returns:
            A future of the function's result or error; its `result()` raises in the store's own thread. Cancelling
            the future of an async function cancels its task.

        Raises:
            TypeError: `fn` cannot be called.
            NoEventLoopError: The store has no running loop yet.
            StoreClosedError: The store is closed.

        Example:
            >>> total = store.call(lambda: store.get(price) * store.get(count)).result()
            >>> user = store.call(store.value, current_user).result()
        """
        check_function(fn, Role("call", "fn", "the arguments given to call", len(args), len(args), "async"))
        return self._driver.calls.submit("call", fn, *args)

    # --- optimistic edits

    def layers(self, a: LayeredAtom[T]) -> Layers[T]:
        """The layers of an atom in this store: edits that are visible and not confirmed yet.

        Args:
            a: A draft atom, an editable or a lens.

        Raises:
            TypeError: The atom has no layers.

        Example:
            >>> from halflife import Store, draft_atom
            >>> todos = draft_atom({"a": "buy milk"})
            >>> with Store() as store:
            ...     layer = store.layers(todos).apply(lambda draft: draft.update(b="call Ada"))
            ...     _ = layer.rollback()
            ...     store.get(todos)
            {'a': 'buy milk'}
        """
        return Layers._at(check_layered(self._instead(a), "Store.layers()", "a", given=a)._resolved(self)._target(self))

    def saga(self, a: LayeredAtom[T], *, scope: str | None = None) -> Saga[T, None, None]:
        """Build a saga step by step: an edit that is visible at once, an effect that tells the server, a final edit.

        Args:
            a: A draft atom, an editable or a lens.
            scope: Effects of one scope run one after another, in the order of their start.

        Raises:
            TypeError: The atom has no layers.

        Example:
            >>> handle = (
            ...     store.saga(todos)
            ...     .update(lambda draft: draft["a"].update(done=True))
            ...     .effect(save)  # async save(next_value, context) -> result
            ...     .run()
            ... )
            >>> result = await handle
        """
        self.layers(a)
        return Saga(self, a, SagaPlan(scope=scope))

    @overload
    def mutate(self, a: LayeredAtom[T], update: Callable[[T], Any]) -> SagaHandle[None]: ...
    @overload
    def mutate(
        self,
        a: LayeredAtom[T],
        update: Callable[[T], Any] | None,
        effect: Callable[..., Awaitable[R]],
        post_effect: Callable[[T, R], object] | None = None,
        *,
        scope: str | None = None,
    ) -> SagaHandle[R]: ...
    def mutate(
        self,
        a: LayeredAtom[T],
        update: Callable[[T], Any] | None,
        effect: Callable[..., Awaitable[R]] | None = None,
        post_effect: Callable[[T, R], object] | None = None,
        *,
        scope: str | None = None,
    ) -> SagaHandle[Any]:
        """Apply an edit at once and tell the server; if that fails, only this edit is rolled back.

        Args:
            a: A draft atom, an editable or a lens.
            update: Edits the draft; its return value is the context. None edits nothing.
            effect: ``async effect(next_value, context)``, or with the value alone. It begins when the outermost
                batch is committed. Without an effect the edit is confirmed at once.
            post_effect: ``post_effect(draft, result)`` edits again after the effect has succeeded, at the position of
                the update (a temporary id becomes the server's). If it raises, the edit stays, and the handle raises.
            scope: Effects of one scope run one after another, in order; each gets the visible value at its start.

        Returns:
            A handle: await it for the effect's result or error; `cancel()` rolls the edit back. If the handle is
            dropped, an error goes to `on_error`.

        Raises:
            TypeError: The atom has no layers, or a step is of the wrong type.
            NoEventLoopError: There is an effect, and no event loop is running; nothing is changed then.
            RuntimeError: This is inside of an effect of the same scope; nothing is changed then.
            Exception: The error of `update`; nothing is changed then.

        Example:
            >>> async def save(next_value, context):
            ...     return await api.put("/todos", next_value)
            >>> await store.mutate(todos, lambda draft: draft["a"].update(done=True), save)
        """
        return SagaPlan(update, effect, post_effect, scope).start(self, a)

    # --- settling and closing

    async def settled(self) -> None:
        """Wait until no run or action is under way; a stream that has yielded does not count. CycleError inside one."""
        self._enter()
        await self._driver.settled()

    def close(self) -> Closing:
        """Close the store at once: cancel runs, actions and timers, call cleanups, and release all state.

        The task that calls it is not cancelled. Closing again does nothing. Closing needs no event loop.

        Returns:
            An awaitable that ends when the store's tasks have ended; you need not await it.

        Raises:
            WriteDuringReadError: A read of this store is under way.
        """
        if not self.closed:
            self._dispose()  # First, because this raises in another thread and during a read.
            self._closing = self._driver.close()
        return self._closing

    #: The same as `close`: `dispose` for code without an event loop, `aclose` for `contextlib.aclosing`.
    dispose = close
    aclose = close

    def __enter__(self) -> Self:
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # --- hydration

    def dehydrate(self, atoms: Iterable[Atom[Any]]) -> dict[str, Any]:
        """A JSON-able snapshot of the settled values of atoms, under their explicit names.

        Pending atoms are left out; the values must be JSON-able.

        Raises:
            ValueError: An atom has no explicit name, or two have the same.
        """
        return hydration.dehydrate(self, atoms)

    def hydrate(self, data: Mapping[str, Any]) -> None:
        """Restore values from `dehydrate`: each is kept by name until its atom is read for the first time.

        Raises:
            ValueError: The data is not from `dehydrate`; nothing is changed.
        """
        hydrated = hydration.Hydrated(data)
        hydrated.note_inputs(self)
        if self._hydrated is None:
            self._hydrated = hydrated
            self._set_hydrating(True)  # noqa: FBT003 - native, positional only
        else:
            self._hydrated.update(hydrated)

    def _hydrate_atom(self, a: Atom[Any]) -> None:
        """Called by the native module when a named atom gets its state."""
        if self._hydrated is not None:
            self._hydrated.show(self, a)

    # --- inspection

    def graph(self) -> Graph:
        """The atoms and their dependencies at this moment, with values, states and counts."""
        return Graph(self._snapshot())

    def history(self, limit: int | None = None) -> list[Event]:
        """The last events, oldest first. The first call turns the history on.

        Args:
            limit: The number of events to keep from now on (1000 by default).
        """
        return events.history(self, limit)

    def on_event(self, callback: Callable[[Event], object]) -> Subscription:
        """Call a function with each event as it happens: for tracing and metrics, with or without a history.

        The function may do anything to the store; the events of that come after the present one, and must come to an
        end. An error of the function is reported, and disturbs nobody.

        Args:
            callback: Called with the `Event`.

        Returns:
            A subscription; calling it ends it.

        Raises:
            TypeError: `callback` cannot be called with an event.
            StoreClosedError, WrongThreadError: The store is closed, or belongs to another thread.

        Example:
            >>> from halflife import Store, atom
            >>> count = atom(1)
            >>> with Store() as store, store.on_event(lambda event: print(event.kind, event.detail)):
            ...     store.set(count, 2)
            set 2
        """
        return events.on_event(self, callback)

    def _instead(self, a: Atom[Any]) -> Atom[Any]:
        """The atom that this one follows in the store, or the atom itself."""
        return self._following.get(a, a)

    def _report(self, error: BaseException, a: Atom[Any] | None = None) -> None:
        self._driver.report(error, a)

    def __repr__(self) -> str:
        return reprs.store_repr(self.name, counts_of(self), closed=self.closed)

    def _repr_html_(self) -> str:
        return reprs.store_html(self.name, counts_of(self), closed=self.closed)
