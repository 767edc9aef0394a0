"""The *scope locks* of a store serialize the effects of sagas that name the same scope, in the order of their start.

A saga that is started inside an effect of its own scope would wait for that effect, which may wait for the saga.
So each task knows the effects inside which it was started. Effects of several scopes that wait for each other are
found by the search for circles, which asks `behind` for the tasks that wait for a lock.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from halflife._support.reprs import abbreviated


class Turn:
    """The time in which the effect of one saga runs, as an async context manager. It holds the lock of the scope."""

    __slots__ = ("is_running", "lock")

    def __init__(self, lock: asyncio.Lock | None) -> None:
        #: The lock of the scope; None without a scope.
        self.lock = lock
        self.is_running = False

    async def __aenter__(self) -> None:
        if self.lock is not None:
            await self.lock.acquire()
            _held[asyncio.current_task()] = self.lock
        self.is_running = True
        _inside.set((*running_turns(), self))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.is_running = False
        if self.lock is not None:
            _held.pop(asyncio.current_task(), None)
            self.lock.release()


#: The locks that tasks hold.
_held: WeakKeyDictionary[Any, asyncio.Lock] = WeakKeyDictionary()


def behind(task: asyncio.Task[Any]) -> list[asyncio.Future[Any]]:
    """The futures that wait for the lock that the task holds."""
    waiters: Any = getattr(_held.get(task), "_waiters", None)  # asyncio has no public way to ask.
    return list(waiters or ())


#: The effects inside which the current task was started.
_inside: ContextVar[tuple[Turn, ...]] = ContextVar("halflife.scopes", default=())


def running_turns() -> tuple[Turn, ...]:
    """The turns of the running effects inside which the current task was started."""
    return tuple(turn for turn in _inside.get() if turn.is_running)


def carry_over(context: Context) -> None:
    """Make tasks that run in the context count as started inside the same effects as the current task."""
    inside = running_turns()
    if inside:
        context.run(_inside.set, inside)


class ScopeLocks:
    """The locks of the scopes of one store."""

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        # By loop as well: a loop that was closed may have left a lock that nobody will release.
        self._locks: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock] = WeakValueDictionary()

    def turn(self, scope: str | None) -> Turn:
        """A turn in a scope, which keeps the lock of the scope alive; without a scope it begins at once.

        Raises:
            RuntimeError: this is inside of an effect of the same scope.
        """
        if scope is None:
            return Turn(None)
        # Kept in a variable, because the dictionary holds the lock weakly.
        lock = self._locks.setdefault((asyncio.get_running_loop(), scope), asyncio.Lock())
        if any(turn.lock is lock for turn in running_turns()):
            raise RuntimeError(
                f"a saga of the scope {abbreviated(scope)} was started inside of an effect of the same scope, for"
                " which it would have to wait; start it when that effect has ended, or give it another scope or none"
            )
        return Turn(lock)
