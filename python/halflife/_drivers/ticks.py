"""A *tick* is one pass of the event loop through the callbacks that are ready. Test clocks count ticks."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias


class Handle(Protocol):
    """A scheduled callback that can be cancelled."""

    def cancel(self) -> None:
        """Do not call it."""


def is_running() -> bool:
    """Whether an event loop is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def current_loop() -> object | None:
    """The event loop that is running in this thread, to be compared by identity; None if there is none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def one_tick() -> None:
    """Let every callback that is ready run once."""
    await asyncio.sleep(0)


def in_next_tick(callback: Callable[[], object]) -> Handle:
    """Call `callback` in the next tick."""
    return asyncio.get_running_loop().call_soon(callback)


def ready_count() -> int | None:
    """How many callbacks are ready to run, besides the one that is running; None if the loop does not tell.

    asyncio has no public way to ask whether a loop has anything to do. Its own loops have the ready callbacks in
    `_ready`. Other loops (uvloop) have no such attribute, and a caller has to count ticks instead.
    """
    ready = getattr(asyncio.get_running_loop(), "_ready", None)
    return sum(not handle.cancelled() for handle in ready) if ready is not None else None


#: What one coroutine awaits until `end_wait`. A plain future, because thousands may wait for one answer.
Wait: TypeAlias = asyncio.Future[None]


def start_wait() -> Wait:
    """Something to be awaited until `end_wait`."""
    return asyncio.Future(loop=asyncio.get_running_loop())


def end_wait(wait: Wait) -> None:
    """Let the coroutine go on in the next tick; harmless when it has ended."""
    if not wait.done() and not wait.get_loop().is_closed():
        wait.set_result(None)


class Waiter:
    """Lets one coroutine wait until it is woken."""

    __slots__ = ("_wait",)

    def __init__(self) -> None:
        self._wait = start_wait()

    def wake(self) -> None:
        """Let the coroutine go on in the next tick; harmless when the coroutine has ended."""
        end_wait(self._wait)

    async def wait(self) -> None:
        """Wait until woken."""
        await self._wait


def report(error: BaseException) -> None:
    """Hand an error that has no caller to the loop's exception handler."""
    context: dict[str, Any] = {"message": "a timer of a ManualClock failed", "exception": error}
    asyncio.get_running_loop().call_exception_handler(context)
