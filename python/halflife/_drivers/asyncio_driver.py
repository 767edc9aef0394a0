"""The *asyncio driver* of a store starts its runs as tasks, cancels them, and wakes the tasks that wait for them."""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from halflife._core import Atom, Run
from halflife._drivers.action_handle import ActionHandle
from halflife._drivers.batched_coroutine import BatchedCoroutine
from halflife._drivers.calls import Calls
from halflife._drivers.circles import Circles
from halflife._drivers.clock import Clock
from halflife._drivers.closing import CLOSED, Closing
from halflife._drivers.deferred_flush import MAX_DEFERRED_TICKS, flush_deferred
from halflife._drivers.event_listeners import EventListeners
from halflife._drivers.execution import cancelled_from_outside
from halflife._drivers.grace import Grace
from halflife._drivers.held_events import HeldEvents
from halflife._drivers.holds import Holds, atoms_below
from halflife._drivers.home import Home
from halflife._drivers.origins import Origin, RunOrigin, current_origin, new_origin, set_origin
from halflife._drivers.protocol import RunningSaga, StoreLike
from halflife._drivers.reports import report
from halflife._drivers.run_coroutine import RunCoroutine
from halflife._drivers.scope_locks import ScopeLocks, carry_over
from halflife._drivers.waiting import Watchers, current_task
from halflife._drivers.watched_coroutine import WatchedCoroutine
from halflife._drivers.weak_methods import WeakMethods
from halflife._errors import NoEventLoopError, StoreClosedError, WrongThreadError
from halflife._events import Event


class AsyncioDriver:
    """Holds every task of its store strongly, so that asyncio does not lose one, and the store weakly."""

    def __init__(
        self, store: StoreLike, clock: Clock, on_error: Callable[[BaseException], object] | None, mount_grace: float
    ) -> None:
        self._store = weakref.ref(store)
        self._clock = clock
        self._on_error = on_error
        self._context = contextvars.copy_context()
        self.home = Home(self._shown_store)
        self.calls = Calls(self.home, self._start_call)
        self._runs: dict[asyncio.Task[None], Run] = {}
        self._yielded: set[asyncio.Task[None]] = set()
        self._actions: set[asyncio.Task[Any]] = set()
        self._others: set[asyncio.Task[Any]] = set()
        self._progress: set[asyncio.Future[None]] = set()
        self._grace = Grace(self._store, clock, mount_grace)
        self._watchers = Watchers()
        self.watcher = self._watchers.watcher
        self.started_runs = 0
        self.scope_locks = ScopeLocks()
        self._holds = Holds()
        self.circles = Circles(self)
        # By atom, the number of its last runs in a row that superseded themselves; None if there are none.
        self._rounds: WeakKeyDictionary[Atom[Any], int] | None = None
        self.log: deque[Event] | None = None
        self.on_loop = WeakMethods()
        self.on_close = WeakMethods()
        self.listeners = EventListeners()
        self.held_events: HeldEvents | None = None

    # --- the loop

    def is_ready(self, atom: Atom[Any] | None = None) -> bool:
        """Whether a run could start now."""
        try:
            return self.ready(atom)
        except NoEventLoopError:
            return False

    def ready(self, atom: Atom[Any] | None = None) -> bool:
        """Return True; raise NoEventLoopError if no run could start now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            what = f"reading {atom.name} would start an async run" if atom is not None else "this starts a task"
            raise NoEventLoopError(
                f"{what}, which needs a running event loop: call it from async code,"
                " for instance within asyncio.run(main())"
            ) from None
        if not self.home.is_loop(loop):
            self._move_to(loop)
        return True

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        self.home.take(loop)
        self.calls.drop_lost()
        lost = [run for task, run in self._runs.items() if task.get_loop().is_closed()]
        self._runs = {task: run for task, run in self._runs.items() if not task.get_loop().is_closed()}
        self._actions = {task for task in self._actions if not task.get_loop().is_closed()}
        self._others = {task for task in self._others if not task.get_loop().is_closed()}
        for run in lost + self._holds.clear():
            run.abandon()
        self.soon(self._holds.end_lost)  # Later, because it rolls edits back, and this may be a read.
        self.on_loop.each(self.call_soon)

    def bind(self) -> None:
        """Called by the native module: the store belongs to this thread from now on."""
        self.home.claim_thread()

    def note_loop(self) -> None:
        """Called by the native module: the store was made, entered or used while a loop is running."""
        self.home.note_loop()
        self.calls.drop_lost()
        self.on_loop.each(self.call_soon)

    def refuse_thread(self) -> WrongThreadError | None:
        """Called by the native module: the error of a call from this thread; None if the thread is the store's."""
        return None if self.home.is_here() else self.home.wrong_thread()

    def _shown_store(self) -> str:
        store = self._store()
        return "the store" if store is None or store.name is None else f"the store {store.name!r}"

    def _new_task(
        self, loop: asyncio.AbstractEventLoop, body: Coroutine[Any, Any, Any], name: str, origin: Origin
    ) -> asyncio.Task[Any]:
        context = self._context.copy()
        carry_over(context)
        context.run(set_origin, origin)
        # Without the loop's task factory: an eager factory would run the first step in the middle of a flush.
        task: asyncio.Task[Any] = asyncio.Task(body, loop=loop, name=name, context=context)
        # asyncio logs an error when a task is garbage collected before it ended. A task of a store is collected only
        # together with its store, or after its loop was closed; nothing can wait for the task then.
        try:  # noqa: SIM105 - suppress() costs a twentieth of a run
            setattr(task, "_log_destroy_pending", False)  # noqa: B010 - not in the type's stub
        except AttributeError:
            pass
        return task

    # --- runs

    def start(self, run: Run) -> None:
        """Start a run as a task, or later if the run is held."""
        if not self._holds.keeps(run):
            self._start_now(run)

    def _start_now(self, run: Run) -> None:
        loop = self.home.loop()
        if loop is None:
            run.abandon()
            return

        if run.awaitable is not None:
            run.asked()  # The read that returned the awaitable has made the request.
        origin = new_origin(RunOrigin)
        if self._rounds is not None:
            origin.rounds = self._rounds.pop(run.atom, 0)
        body = RunCoroutine(run, self.rest, origin, self.circles)
        task = self._new_task(loop, body, "halflife run", origin)
        run.task = task
        self.started_runs += 1
        self._runs[task] = run
        task.add_done_callback(self._run_ended)

    def _run_ended(self, task: asyncio.Task[None]) -> None:
        run = self._runs.pop(task, None)
        self._yielded.discard(task)
        if run is not None:
            run.task = None
            if task.cancelled():
                if not run.superseded:  # Cancelled before its first step.
                    run.halt(cancelled_from_outside(run, None))
            elif (error := task.exception()) is not None and not run.superseded:
                run.halt(cancelled_from_outside(run, error))
        self._made_progress()

    def cancel(self, run: Run, reason: str = "superseded") -> None:
        """Called once when a run was superseded: abort its signal, and cancel its task."""
        self._holds.drop(run)
        signal = run.known_signal
        errors = signal._abort(reason) if signal is not None else []
        task, run.task = run.task, None
        if (current := current_origin()) is not None and task is not None:
            self._note_round(run, task, current)
        closing = reason == CLOSED and task is current_task()  # The task that closes the store goes on.
        if task is not None and not (closing or run.atom.signal_only or task.done() or task.get_loop().is_closed()):
            task.cancel(reason)
        for error in errors:
            self.report(error, run.atom)

    def _note_round(self, run: Run, task: asyncio.Task[None], current: Origin) -> None:
        body = task.get_coro()
        if isinstance(body, RunCoroutine) and current.is_inside(body.origin):
            if self._rounds is None:
                self._rounds = WeakKeyDictionary()
            self._rounds[run.atom] = body.origin.rounds + 1

    def hold(self, atoms: list[Atom[Any]], fetched: Atom[Any]) -> None:
        """Let runs of these atoms wait while a saga is running that edits data computed from them, as `fetched` is."""
        store = self._store()
        assert store is not None
        if not self._holds.edits(fetched):
            edited = self._holds.edited(partial(atoms_below, store))
            atoms = [atom for atom in atoms if atom in edited]
        self._holds.hold(atoms)

    def saga_begins(self, saga: RunningSaga, fetched: Atom[Any] | None) -> None:
        """Called when a saga starts. `fetched`: the async atom whose data it edits, if there is one."""
        self._holds.saga_begins(saga, fetched)

    def saga_ends(self, saga: RunningSaga) -> None:
        """Called when a saga has ended: start the runs that waited for it."""
        store = self._store()
        if store is None or store.closed:
            return
        for run in self._holds.saga_ends(saga, partial(atoms_below, store)):
            if not run.superseded:
                self._start_now(run)

    def after_tick(self) -> bool:
        """Send the deferred notifications after the callbacks that are ready now; False without a loop."""
        return self.call_soon(partial(flush_deferred, self, self.started_runs, MAX_DEFERRED_TICKS))

    def flush_soon(self) -> None:
        """Mount in the next loop tick the atoms that became observed by a read outside of a step of a run."""
        self.soon(lambda store: store._flush(deferred=False))

    # --- actions and other tasks

    def start_action(self, body: Coroutine[Any, Any, Any], atom: Atom[Any]) -> ActionHandle:
        """Start an async action as a task of the store; each stretch between its awaits is a batch."""
        store = self._store()
        try:
            self.ready(atom)
        except NoEventLoopError:
            body.close()
            raise
        assert store is not None

        def report(error: BaseException) -> None:
            self.report(error, atom)

        origin = new_origin()
        batched = BatchedCoroutine(store, body, report, origin, self.circles)
        return ActionHandle(self._start_action(batched, f"halflife action {atom.name}", origin), report, self.circles)

    def start_task(self, body: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a coroutine as a task that `settled` waits for and that closing cancels; call `ready` before."""
        origin = new_origin()
        return self._start_action(WatchedCoroutine(body, origin, self.circles), name, origin)

    def _start_action(self, body: Coroutine[Any, Any, Any], name: str, origin: Origin) -> asyncio.Task[Any]:
        loop = self.home.loop()
        assert loop is not None
        task = self._new_task(loop, body, name, origin)
        self._actions.add(task)
        task.add_done_callback(self._action_ended)
        return task

    def _start_call(self, body: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        store = self._store()
        if store is None or store.closed:
            raise StoreClosedError("the store is closed")
        self.ready()
        return self.start_task(body, name)

    def _action_ended(self, task: asyncio.Task[Any]) -> None:
        self._actions.discard(task)
        if not task.cancelled():
            task.exception()  # The handle reports the error. This keeps asyncio from logging it as well.
        self._made_progress()

    def spawn(
        self, body: Coroutine[Any, Any, Any], *, name: str, on_error_atom: Atom[Any] | None = None
    ) -> asyncio.Task[Any]:
        """Run a coroutine as a task of the store; its errors are reported, and closing cancels it."""
        try:
            self.ready(on_error_atom)
        except NoEventLoopError:
            body.close()
            raise
        loop = self.home.loop()
        assert loop is not None
        task = self._new_task(loop, body, name, new_origin())
        self._others.add(task)

        def ended(task: asyncio.Task[Any]) -> None:
            self._others.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                self.report(error, on_error_atom)

        task.add_done_callback(ended)
        return task

    # --- settled and close

    def _made_progress(self) -> None:
        for future in self._progress:
            if not future.done():
                future.set_result(None)

    def is_busy(self, task: asyncio.Task[Any]) -> bool:
        """Whether `settled` waits for the task."""
        run = self._runs.get(task)
        if run is None:
            return task in self._actions
        return task not in self._yielded and not run.superseded

    async def settled(self) -> None:
        """Wait until no run and no action of the store is under way."""
        loop = asyncio.get_running_loop()
        if self.home.has_lost_loop():
            self._move_to(loop)  # The tasks of that loop will never end.
        while self._actions or any(map(self.is_busy, self._runs)):
            future = loop.create_future()
            self._progress.add(future)
            self.circles.note(future, None)
            try:
                await future
            finally:
                self._progress.discard(future)
                self.circles.forget(future)

    def close(self) -> Closing:
        """Cancel all tasks of the store but the one that calls this."""
        self.on_close.each(lambda method: method())
        self.calls.close()
        self.home.leave()
        self._grace.close()
        self._holds.end_lost()
        self.listeners.clear()
        self._watchers.wake()  # They read again, and get a StoreClosedError.
        current = current_task()
        ending = []
        for task in [*self._runs, *self._actions, *self._others]:
            if task is current or task.done() or task.get_loop().is_closed():
                continue
            if not task.cancelling():
                task.cancel(CLOSED)
            ending.append(task)
        return Closing(ending)

    def linger(self, atom: Atom[Any]) -> bool:
        """Unmount the atom after the grace period; False if no timer can be set."""
        return self._grace.linger(atom)

    # --- events and reports

    def note(self, kind: Any, atom: Atom[Any], detail: object) -> None:
        """Append an event to the log, and tell the listeners."""
        if self.log is not None or self.listeners:
            self.listeners.note(Event(kind, atom, self._clock.now(), detail), self.log, self.report)

    def end_listeners(self) -> None:
        """Called by the native module: the callbacks of `on_event` cause events without end."""
        self.listeners.end(self.report)

    def report(self, error: BaseException, atom: Atom[Any] | None = None) -> None:
        """Report an error that has no caller: to the store's `on_error`, or by one log record."""
        report(error, atom, self._on_error)

    def soon(self, call: Callable[[StoreLike], object]) -> bool:
        """Call a function with the store in the next loop tick; False, and no call, without a loop."""

        def call_now() -> None:
            store = self._store()
            if store is not None and not store.closed:
                call(store)

        return self.call_soon(call_now)

    def rest(self) -> None:
        """Called in a run that has yielded, or only waits for its inputs to change: `settled` does not wait for it."""
        task = current_task()
        if task in self._runs:
            self._yielded.add(task)
            self._made_progress()

    def call_soon(self, call: Callable[[], object]) -> bool:
        """Call a function in the next loop tick; False, and no call, without a loop."""
        loop = self.home.loop()
        if loop is None or not loop.is_running():
            return False
        loop.call_soon(call)
        return True

    def report_soon(self, errors: list[BaseException], atom: Atom[Any], layers: Sequence[int | None] = ()) -> None:
        """Report errors of layers that were found to be conflicted during a read, after the read."""

        def report_all() -> None:
            for number in filter(None, layers):
                self.note("conflicted", atom, number)
            for error in errors:
                self.report(error, atom)

        if not self.call_soon(report_all):
            report_all()
