"""*Execution* of one run: calls the read, and tells the graph how it ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from typing import Any

from halflife._core import AsyncValue, Run, leave_frames
from halflife._drivers.origins import Origin
from halflife._errors import RunCancelledError


async def execute(run: Run, on_yield: Callable[[], None], origin: Origin) -> None:
    """Run to the end. All steps run in the caller's task, the first one too."""
    try:
        value = await _result(run, on_yield)
        while isinstance(value, AsyncValue):  # The read returned an async value without awaiting it.
            value = await value
    except asyncio.CancelledError as error:
        if not run.superseded:
            origin.end()
            _end_signal(run)
            run.halt(cancelled_from_outside(run, error))
        raise
    except GeneratorExit:  # The coroutine was collected or closed: there is nothing to report to.
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


def _leave_frames(error: BaseException) -> None:
    """Drop our frames from the traceback of an error that the store keeps, and the locals of the user's frames."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code in _OWN_CODE:
        traceback = traceback.tb_next
    error.__traceback__ = traceback
    leave_frames(error)


def cancelled_from_outside(run: Run, cause: BaseException | None) -> RunCancelledError:
    """The error of a run that was cancelled, but not by its store."""
    error = RunCancelledError(
        f"the run of {run.atom.name} was cancelled, but not by its store; it starts again when the atom is read again"
    )
    error.__cause__ = cause
    return error


async def _result(run: Run, on_yield: Callable[[], None]) -> Any:
    atom = run.atom
    awaitable = run.awaitable
    if awaitable is not None:
        # The user made the future and may use it elsewhere: superseding the run must not cancel it.
        return await (asyncio.shield(awaitable) if asyncio.isfuture(awaitable) else awaitable)
    read: Any = atom.read
    arguments = (run.get, run.signal) if atom.wants_signal else (run.get,)
    if not atom.is_stream:
        return await read(*arguments)
    return await _last_of(read(*arguments), run, on_yield)


async def _last_of(stream: AsyncGenerator[Any, None], run: Run, on_yield: Callable[[], None]) -> Any:
    # The stream is closed here in any case, so the loop must not close it when a store is garbage collected.
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
