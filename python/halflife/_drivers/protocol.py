"""The *protocols* of a store and its driver: the methods that each calls of the other, and that lower rooms call.

A store imports its driver, layers and atoms. They use the store by `StoreLike` only, so that imports point one way.
"""

from __future__ import annotations

from asyncio import Future, Task
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from halflife._core import Atom, Batch, Run
from halflife._drivers.held_events import HeldEvents
from halflife._drivers.scope_locks import ScopeLocks
from halflife._drivers.weak_methods import WeakMethods
from halflife._errors import WrongThreadError

__all__ = ["Driver", "RunningSaga", "StoreLike", "Task", "Waits"]


class StoreLike(Protocol):
    """What the driver, layers and the makers of atoms need of a store."""

    @property
    def name(self) -> str | None: ...
    @property
    def closed(self) -> bool: ...

    def get(self, a: Atom[Any], /) -> Any: ...
    def set(self, a: Any, /, *args: Any) -> Any: ...
    def update(self, a: Any, fn: Callable[[Any], Any], /) -> Any: ...
    def refresh(self, a: Atom[Any], /) -> Any: ...
    def batch(self) -> Batch: ...

    #: The `Layers` of an atom; that class is defined in a higher room.
    def layers(self, a: Any, /) -> Any: ...

    @property
    def _driver(self) -> Driver: ...

    #: The number of the batch around the innermost one, which may still be rolled back; 0 if there is none.
    @property
    def _outer_batch(self) -> int: ...

    #: The atom that this one follows in the store, or the atom itself.
    def _instead(self, a: Atom[Any], /) -> Atom[Any]: ...

    #: Report an error that has no caller.
    def _report(self, error: BaseException, a: Atom[Any] | None = None, /) -> None: ...

    #: The present moment, to be compared with the moments at which runs made their requests.
    def _moment(self) -> int: ...

    #: An async atom and the atoms that its value is computed from, one row each.
    def _chain(
        self, a: Atom[Any], /
    ) -> list[tuple[Atom[Any] | None, int | None, int | None, bool, bool, list[int]]]: ...

    #: The futures and the atoms that wait for an atom.
    def _waiting_for(self, a: Atom[Any], /) -> tuple[list[Any], list[Atom[Any]]]: ...

    #: End the grace period of an atom.
    def _expire(self, a: Atom[Any], /) -> None: ...

    #: Mount atoms and notify subscribers; with `deferred`, send the deferred notifications too.
    def _flush(self, *, deferred: bool) -> None: ...


class Driver(Protocol):
    """Starts and cancels the runs of one store on an event loop."""

    # --- called by the native module

    #: Make this thread the store's.
    def bind(self) -> None: ...

    #: Called when the store was made, entered or used while a loop is running.
    def note_loop(self) -> None: ...

    #: The error of a call from this thread, None if the thread is the store's.
    def refuse_thread(self) -> WrongThreadError | None: ...

    #: Return True; raise NoEventLoopError if no run could start now.
    def ready(self, atom: Atom[Any] | None = None) -> bool: ...

    #: Whether a run could start now.
    def is_ready(self, atom: Atom[Any] | None = None) -> bool: ...

    #: Start a run as a task.
    def start(self, run: Run) -> None: ...

    #: Called when a run was superseded: abort its signal and cancel its task.
    def cancel(self, run: Run, reason: str = ...) -> None: ...

    #: Start an async action as a task; returns its handle.
    def start_action(self, body: Coroutine[Any, Any, Any], atom: Atom[Any]) -> Any: ...

    #: Send the deferred notifications after the callbacks that are ready now; False without a loop.
    def after_tick(self) -> bool: ...

    #: Mount in the next loop tick the atoms that a read has made observed.
    def flush_soon(self) -> None: ...

    #: Unmount an atom after the grace period; False if no timer can be set.
    def linger(self, atom: Atom[Any]) -> bool: ...

    #: Log an event.
    def note(self, kind: Any, atom: Atom[Any], detail: object) -> None: ...

    #: Where events of layers are held at present.
    held_events: HeldEvents | None

    #: End the callbacks of `on_event`, which cause events without end.
    def end_listeners(self) -> None: ...

    #: Report an error that has no caller.
    def report(self, error: BaseException, atom: Atom[Any] | None = None) -> None: ...

    # --- called by layers, sagas and waiting tasks

    @property
    def scope_locks(self) -> ScopeLocks: ...
    @property
    def circles(self) -> Waits: ...

    #: Run a coroutine as a task that `settled` waits for and that closing cancels.
    def start_task(self, body: Coroutine[Any, Any, Any], name: str) -> Task[Any]: ...

    #: Called when a saga starts. `fetched`: the async atom whose data it edits, if there is one.
    def saga_begins(self, saga: RunningSaga, fetched: Atom[Any] | None) -> None: ...

    #: Called when a saga has ended: start the runs that waited for it.
    def saga_ends(self, saga: RunningSaga) -> None: ...

    #: Let runs of these atoms wait until no saga is running that edits data computed from them.
    def hold(self, atoms: list[Atom[Any]], fetched: Atom[Any]) -> None: ...

    #: Call a function with the store in the next loop tick; False, and no call, without a loop.
    def soon(self, call: Callable[[StoreLike], object]) -> bool: ...

    #: Called in a run that waits for nothing but a change of its inputs: `settled` does not wait for the run.
    def rest(self) -> None: ...

    #: Called in the next loop tick whenever another event loop runs the store, and when the store is closed.
    @property
    def on_loop(self) -> WeakMethods: ...
    @property
    def on_close(self) -> WeakMethods: ...

    #: Report errors of layers that were found to be conflicted during a read, after the read.
    def report_soon(self, errors: list[BaseException], atom: Atom[Any], layers: Sequence[int | None] = ()) -> None: ...


class RunningSaga(Protocol):
    """What the driver needs of a running saga."""

    #: The task that runs its effect.
    @property
    def task(self) -> Task[Any] | None: ...

    #: Called when the loop of the task was closed, so that the task cannot end.
    def lost(self) -> None: ...


class Waits(Protocol):
    """The waits of a store, which are searched for circles; used by waiting tasks."""

    #: The current waits.
    @property
    def waits(self) -> Mapping[Future[Any], object]: ...

    #: Called when the current task is about to wait for the future; `forget` follows.
    def note(self, future: Future[Any], target: Atom[Any] | Task[Any] | None, *, watches: bool = False) -> None: ...

    #: Called when the wait is over.
    def forget(self, future: Future[Any]) -> None: ...

    #: Search after this loop tick, because another wait has begun.
    def look_soon(self) -> None: ...
