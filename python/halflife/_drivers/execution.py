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
