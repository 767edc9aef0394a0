"""A *store* holds the state of atoms. Most programs have one; a test makes one of its own."""

from __future__ import annotations

import concurrent.futures
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from halflife._core import Atom, Batch, StoreBase
from halflife._drivers.asyncio_driver import AsyncioDriver
from halflife._drivers.clock import LoopClock
from halflife._drivers.closing import Closing
from halflife._drivers.ticks import is_running
from halflife._errors import StoreClosedError
from halflife._events import Event
from halflife._optimistic.layered_atom import LayeredAtom, check_layered
from halflife._optimistic.layers import Layers
from halflife._optimistic.saga import Saga, SagaHandle
from halflife._optimistic.saga_plan import SagaPlan
from halflife._store import changes, hydration
from halflife._store.graph import Graph
from halflife._store.options import DEFAULT_HISTORY, check_options
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
        clock: What the store tells time by (seconds as float); by default the event loop's clock.
        name: For people; shown in its repr.
        storage: Where persistent atoms of this store are kept.
        mount_grace: Seconds for which an atom stays mounted after its last observer has left.
        on_error: Called with every error that has no caller, such as that of a subscribed atom or of a task, and
            with each error that a subscriber, an effect or a mount hook raises. By default the former are one log
            record at ERROR of the logger "halflife" each, and the latter an ExceptionGroup raised from `set`.
        overrides: What atoms have in this store instead of their own value: another value, or an atom to follow.
            Their own reads never run. Sources given a value can be set; what is set on an atom that follows
            another goes to the other; an action follows an action.

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
        del self, a  # an error that is kept keeps this frame
        return await waiting  # type: ignore[no-any-return]

    def changes(self, a: Atom[T]) -> AsyncGenerator[T, None]:
        """The current settled value, then every new one, for `async for`; a slow consumer skips to the newest.

        Raises:
            Exception: The atom's own error, when it becomes one.
        """
        check_atom(a, "Store.changes()", "a")
        return changes.changes(self, a)

    async def until(self, a: Atom[T], predicate: Callable[[T], object], timeout: float | None = None) -> T:
        """The first settled value that satisfies the predicate.

        Args:
            a: Any atom.
            predicate: Asked of the current and of each new value.
            timeout: Seconds on the store's clock; None waits for ever.

        Raises:
            TimeoutError: No value satisfied it in time.
            Exception: The atom's own error, when it becomes one.
        """
        check_atom(a, "Store.until()", "a")
        waiting = changes.until(self, a, predicate, timeout)
        del self, a, predicate  # as in value()
        return await waiting  # type: ignore[no-any-return]

    # --- writing

    def batch(self) -> Batch:
        """A with block of sets that take effect together at its end; if it raises, none does.

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
            A future with what `set` returned, or its error; its `result()` raises in the store's own thread.

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
            args: What it is called with.

        Returns:
            A future with what it returned, or its error; its `result()` raises in the store's own thread. Cancelling
            the future of an async one cancels its task.

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
        """The layers of an atom in this store: edits that are shown and not confirmed yet.

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
        return Layers._at(check_layered(self._instead(a), "Store.layers()", "a", given=a)._target(self))

    def saga(self, a: LayeredAtom[T], *, scope: str | None = None) -> Saga[T, None, None]:
        """An edit that is shown now, an effect that tells the server, and an edit when it has answered, step by step.

        Args:
            a: A draft atom, an editable or a lens.
            scope: Effects of one scope run one after another, in the order in which they were started.

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
        """Show an edit now and tell the server; if that fails, the edit, and nothing else, is taken back.

        Args:
            a: A draft atom, an editable or a lens.
            update: Edits the draft; what it returns is the context. None: there is nothing to show.
            effect: ``async effect(next_value, context)``, or with the value alone. It begins when the outermost
                batch is committed. Without one the edit is confirmed at once.
            post_effect: ``post_effect(draft, result)`` edits again when the effect has succeeded, in the place of the
                update (a temporary id becomes the server's). If it raises, the edit stays; the handle has the error.
            scope: Effects of one scope run one after another, in order; each gets what is shown when it starts.

        Returns:
            A handle: await it for the effect's result or its error; `cancel()` takes the edit back. It may be
            dropped; then an error goes to `on_error`.

        Raises:
            TypeError: The atom has no layers, or a step is not what it must be.
            NoEventLoopError: There is an effect, and no event loop is running; nothing is changed then.
            RuntimeError: This is inside of an effect of the same scope; nothing is changed then.
            Exception: What `update` raised; nothing is changed then.

        Example:
            >>> async def save(next_value, context):
            ...     return await api.put("/todos", next_value)
            >>> await store.mutate(todos, lambda draft: draft["a"].update(done=True), save)
        """
        return SagaPlan(update, effect, post_effect, scope).start(self, a)

    # --- the end

    async def settled(self) -> None:
        """Wait until no run or action is under way (a stream that has yielded does not count); CycleError in one."""
        self._enter()
        await self._driver.settled()

    def close(self) -> Closing:
        """Close the store at once: runs, actions and timers are cancelled, cleanups called, state given back.

        The task that calls it is not cancelled. May be repeated, and needs no event loop.

        Returns:
            An awaitable that ends when the store's tasks have ended; it may be dropped.

        Raises:
            WriteDuringReadError: A read of this store is under way.
        """
        if not self.closed:
            self._dispose()  # first: it refuses another thread, and a read
            self._closing = self._driver.close()
        return self._closing

    #: The same as `close`; the first for code without an event loop, the second for `contextlib.aclosing`.
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

    # --- taking along

    def dehydrate(self, atoms: Iterable[Atom[Any]]) -> dict[str, Any]:
        """A JSON-able snapshot of the settled values of atoms, under their explicit names.

        Pending ones are left out; values must be JSON-able themselves.

        Raises:
            ValueError: An atom has no explicit name, or two have the same.
        """
        return hydration.dehydrate(self, atoms)

    def hydrate(self, data: Mapping[str, Any]) -> None:
        """Show values that `dehydrate` gave: each is kept by name until its atom is read for the first time.

        Raises:
            ValueError: The data is not what `dehydrate` gives; nothing is changed.
        """
        hydrated = hydration.Hydrated(data)
        hydrated.note_inputs(self)
        if self._hydrated is None:
            self._hydrated = hydrated
            self._set_hydrating(True)  # noqa: FBT003 - native, positional only
        else:
            self._hydrated.update(hydrated)

    def _hydrate_atom(self, a: Atom[Any]) -> None:
        """Called by the native side when a named atom gets its state."""
        if self._hydrated is not None:
            self._hydrated.show(self, a)

    # --- looking in

    def graph(self) -> Graph:
        """What depends on what at this moment, with values, states and counts."""
        return Graph(self._snapshot())

    def history(self, limit: int | None = None) -> list[Event]:
        """The last events, oldest first. Off until the first call, which turns it on.

        Args:
            limit: How many events to keep from now on (1000 unless told).
        """
        given: object = limit
        if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 1):
            raise ValueError(f"limit must be a positive int, not {reprs.abbreviated(limit)}")
        self._write_log()
        log = self._driver.log
        if log is None or (limit is not None and limit != log.maxlen):
            self._driver.log = deque(log or (), maxlen=limit or DEFAULT_HISTORY)
            self._set_log(self._driver.log)
        return list(self._driver.log or ())

    def _instead(self, a: Atom[Any]) -> Atom[Any]:
        """The atom that this one follows here, or itself."""
        return self._following.get(a, a)

    def _report(self, error: BaseException, a: Atom[Any] | None = None) -> None:
        self._driver.report(error, a)

    def _counts(self) -> tuple[int, int, int] | None:
        """Atoms, observed ones and pending ones; None if another thread might change them meanwhile."""
        home = self._driver.home
        if home.is_nowhere():
            return 0, 0, 0
        if not home.is_here():
            return None
        with suppress(StoreClosedError, RuntimeError):  # another task may have a batch open
            rows = self._snapshot()
            return len(rows), sum(row[4] for row in rows), sum(row[2] == "loading" for row in rows)
        return None

    def __repr__(self) -> str:
        return reprs.store_repr(self.name, self._counts(), closed=self.closed)

    def _repr_html_(self) -> str:
        return reprs.store_html(self.name, self._counts(), closed=self.closed)
