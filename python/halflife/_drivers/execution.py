"""*Execution* of one run: calls the read, and tells the graph how it ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import suppress
from types import CoroutineType
from typing import Any

from halflife._core import AsyncValue, Run, leave_frames
from halflife._drivers.origins import ROUNDS, Origin
from halflife._drivers.protocol import StoreLike, Waits
from halflife._errors import FlushLoopError, RunCancelledError


async def execute(run: Run, on_yield: Callable[[], None], origin: Origin) -> None:
    """Run to the end; the whole of it, its first step too, is in the caller's task."""
    try:
        value = await _result(run, on_yield)
        while isinstance(value, AsyncValue):  # handed on instead of awaited
            value = await value
    except asyncio.CancelledError as error:
        if not run.superseded:
            origin.end()
            _end_signal(run)
            run.halt(cancelled_from_outside(run, error))
        raise
    except GeneratorExit:  # collected in the middle: nobody is there to be told
        raise
    except Exception as error:
        _leave_frames(error)
        origin.end()
        _end_signal(run)
        run.reject(error)
    except BaseException as error:
        if not run.superseded:
            origin.end()
            _end_signal(run)
            run.halt(cancelled_from_outside(run, error))
        raise
    else:
        origin.end()
        if run.known_signal is not None:
            _end_signal(run)
        run.resolve(value)


def _end_signal(run: Run) -> None:
    signal = run.known_signal
    if signal is not None and not run.superseded:
        signal._end(run.atom)


def _give_up(run: Run) -> None:
    """Fail instead of being superseded once more. It is an error until one of the inputs is set by somebody else."""
    store: Any = run.store
    own, *others = store._chain(run.atom)
    for place in own[-1]:
        with suppress(Exception):
            run.get(others[place - 1][0])
    run.reject(
        FlushLoopError(
            f"{run.atom.name} sets one of its own inputs, or refreshes itself, in each run: {ROUNDS} runs in a row"
            " were superseded by that; set in an action or a subscriber, or read what is set with store.get"
        )
    )


def _leave_frames(error: BaseException) -> None:
    """Let an error that the store keeps hold nothing of the run: neither our frames nor the locals of the user's."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code in _OWN_CODE:
        traceback = traceback.tb_next
    error.__traceback__ = traceback
    leave_frames(error)


def cancelled_from_outside(run: Run, cause: BaseException | None) -> RunCancelledError:
    """The error of those who wait for a run that somebody else ended."""
    error = RunCancelledError(
        f"the run of {run.atom.name} was cancelled by somebody else than its store;"
        " it starts again when the atom is read again"
    )
    error.__cause__ = cause
    return error


async def _result(run: Run, on_yield: Callable[[], None]) -> Any:
    atom = run.atom
    awaitable = run.awaitable
    if awaitable is not None:
        # A future belongs to whoever made it: superseding the run must not cancel it.
        return await (asyncio.shield(awaitable) if asyncio.isfuture(awaitable) else awaitable)
    read: Any = atom.read
    arguments = (run.get, run.signal) if atom.wants_signal else (run.get,)
    if not atom.is_stream:
        return await read(*arguments)
    return await _last_of(read(*arguments), run, on_yield)


async def _last_of(stream: AsyncGenerator[Any, None], run: Run, on_yield: Callable[[], None]) -> Any:
    # It is closed here, whatever happens. The loop must not try to, when a store is collected in the middle.
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        following = anext(stream)
    finally:
        sys.set_asyncgen_hooks(*hooks)
    last: list[Any] = []
    try:
        while True:
            try:
                value = await following
            except StopAsyncIteration:
                break
            last[:] = [value]
            if not run.publish(value):
                break
            on_yield()
            following = anext(stream)
    finally:
        await stream.aclose()
    if not last:
        raise RuntimeError(f"the stream of {run.atom.name} ended without a value")
    return last[0]


_OWN_CODE = frozenset(function.__code__ for function in (execute, _result, _last_of))


class RunSteps(Coroutine[Any, Any, None]):
    """What the task of a run steps through: `execute`, made at the first step.

    A native coroutine that is dropped before its first step complains that it was never awaited, and a run
    that is superseded at once, or whose loop is closed, is dropped just so.
    """

    __slots__ = ("_body", "_on_yield", "_run", "circles", "origin")

    def __init__(self, run: Run, on_yield: Callable[[], None], origin: Origin, circles: Waits) -> None:
        self._run = run
        self._on_yield = on_yield
        self.origin = origin
        self.circles = circles
        self._body: Coroutine[Any, Any, None] | None = None

    def send(self, value: Any) -> Any:
        """Go on to the next await."""
        body = self._body
        if body is None:
            if not self._run.enter():
                self._close_unused()
                raise StopIteration
            self._run.asked()
            if self.origin.rounds >= ROUNDS:
                _give_up(self._run)
                raise StopIteration
            body = self._body = execute(self._run, self._on_yield, self.origin)
        try:
            return body.send(value)
        finally:
            self._run.step_ended()
            if self.origin.waits:
                self.circles.look_soon()  # the run may wait for a child task that waits for the run

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:  # noqa: ARG002 - a coroutine's throw
        """Go on with an error."""
        if self._body is not None:
            try:
                return self._body.throw(error)
            finally:
                self._run.step_ended()
        self._close_unused()
        raise error

    def close(self) -> None:
        """End at once."""
        if self._body is not None:
            self._body.close()
        else:
            self._close_unused()

    def __await__(self) -> Generator[Any, Any, None]:
        return execute(self._run, self._on_yield, self.origin).__await__()

    def _close_unused(self) -> None:
        # A coroutine that an atom was set to is ours to await, or to close.
        if isinstance(self._run.awaitable, CoroutineType):
            self._run.awaitable.close()


class WatchedSteps(Coroutine[Any, Any, Any]):
    """A coroutine that works on behalf of an origin of its own: an action, a saga or a call."""

    __slots__ = ("_body", "_origin", "circles")

    #: What asyncio's debug mode calls the coroutine.
    __name__ = "task of a store"

    def __init__(self, body: Coroutine[Any, Any, Any], origin: Origin, circles: Waits) -> None:
        self._body = body
        self._origin = origin
        self.circles = circles

    def send(self, value: Any) -> Any:
        """Go on to the next await."""
        return self._step(self._body.send, value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:  # noqa: ARG002 - a coroutine's throw
        """Go on with an error."""
        return self._step(self._body.throw, error)

    def close(self) -> None:
        """End at once."""
        self._body.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._body.__await__()

    def _step(self, go: Callable[[Any], Any], sent: Any) -> Any:
        try:
            yielded = go(sent)
        except BaseException:
            self._origin.end()
            raise
        if self.circles.waits:
            self.circles.look_soon()  # it may wait for its turn, or for a child task that waits for it
        return yielded


class InBatches(Generator[Any, Any, Any], Coroutine[Any, Any, Any]):
    """A coroutine that runs another so that each stretch between two awaits is one batch of the store."""

    __slots__ = ("_body", "_origin", "_report", "_store", "circles")

    def __init__(
        self,
        store: StoreLike,
        body: Coroutine[Any, Any, Any],
        report: Callable[[BaseException], None],
        origin: Origin,
        circles: Waits,
    ) -> None:
        self._store = store
        self._body = body
        self._report = report
        self._origin = origin
        self.circles = circles

    def send(self, value: Any) -> Any:
        """Go on to the next await."""
        return self._step(self._body.send, value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:  # noqa: ARG002 - a coroutine's throw
        """Go on with an error."""
        return self._step(self._body.throw, error)

    def close(self) -> None:
        """End at once."""
        self._body.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def _step(self, go: Callable[[Any], Any], sent: Any) -> Any:
        if self._store.closed:  # what is cancelled because of that still ends in its own way
            return go(sent)
        yielded = returned = None
        has_ended = False
        try:
            with self._store.batch():
                try:
                    yielded = go(sent)
                except StopIteration as stop:
                    returned = stop
                has_ended = True
        except Exception as error:
            if not has_ended:
                raise
            # What subscribers raise is nothing the action could handle: it is past the set by now.
            self._report(error)
        if returned is not None:
            self._origin.end()
            raise returned
        if self._origin.waits:
            self.circles.look_soon()
        return yielded
