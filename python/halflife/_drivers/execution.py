"""*Execution* of one run: calls the read, and tells the graph how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import TYPE_CHECKING, Any

from halflife._core import AsyncValue
from halflife._errors import RunCancelledError

if TYPE_CHECKING:
    from halflife._core import Run
    from halflife._store import Store


async def execute(run: Run, on_yield: Callable[[], None]) -> None:
    """Run to the end; the whole of it, its first step too, is in the caller's task."""
    try:
        value = await _result(run, on_yield)
        while isinstance(value, AsyncValue):  # handed on instead of awaited
            value = await value
    except asyncio.CancelledError as error:
        if not run.superseded:
            run.halt(cancelled_from_outside(run, error))
        raise
    except Exception as error:  # noqa: BLE001 - it becomes the atom's value
        run.reject(error)
    except BaseException as error:
        if not run.superseded:
            run.halt(cancelled_from_outside(run, error))
        raise
    else:
        run.resolve(value)


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
    stream = read(*arguments)
    last: list[Any] = []
    try:
        async for value in stream:
            last[:] = [value]
            if not run.publish(value):
                break
            on_yield()
    finally:
        await stream.aclose()
    if not last:
        raise RuntimeError(f"the stream of {atom.name} ended without a value")
    return last[0]


@coroutine
def in_batches(
    store: Store, body: Coroutine[Any, Any, Any], report: Callable[[BaseException], None]
) -> Generator[Any, Any, Any]:
    """Run a coroutine so that each stretch between two awaits is one batch of the store."""
    value: Any = None
    error: BaseException | None = None
    while True:
        if not store.closed:  # what is cancelled because of that still ends in its own way
            store._begin_batch()  # noqa: SLF001 - the batch of this stretch
        try:
            yielded = body.send(value) if error is None else body.throw(error)
        except StopIteration as stop:
            _commit(store, report)
            return stop.value
        except BaseException:
            store._abort_batch()  # noqa: SLF001
            raise
        _commit(store, report)
        try:
            value, error = (yield yielded), None
        except BaseException as thrown:  # noqa: BLE001 - it is the coroutine's to handle
            value, error = None, thrown


def _commit(store: Store, report: Callable[[BaseException], None]) -> None:
    # What subscribers raise is nothing the action could handle: it is past the set by now.
    try:
        store._commit_batch()  # noqa: SLF001
    except Exception as error:  # noqa: BLE001
        report(error)
