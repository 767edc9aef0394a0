"""A *scope* names effects of sagas that run one after another, in the order in which the sagas were started.

A saga that is started inside of an effect of its own scope would wait for that effect, which may wait for the saga.
So tasks know in which effects they were started.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar
from types import TracebackType
from weakref import WeakValueDictionary

from halflife._repr import abbreviated


class Turn:
    """The turn of one effect in its scope, as an async context manager that lasts as long as the effect."""

    __slots__ = ("_lock", "is_running")

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self.is_running = False

    def is_of(self, lock: asyncio.Lock) -> bool:
        """Whether an effect that needs the lock would wait for this one."""
        return self.is_running and self._lock is lock

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        self.is_running = True
        _inside.set((*_inside.get(), self))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.is_running = False
        self._lock.release()


#: The effects inside of which the current task was started.
_inside: ContextVar[tuple[Turn, ...]] = ContextVar("halflife.scopes", default=())


def carry_over(context: Context) -> None:
    """Tasks that run in the context are started inside of the same effects as the current one."""
    inside = _inside.get()
    if inside:
        context.run(_inside.set, inside)


class Scopes:
    """Whose turn it is in each scope of one store."""

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        # By loop as well: one that was closed may have left a lock behind that nobody will release.
        self._locks: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock] = WeakValueDictionary()

    def turn(self, scope: str) -> Turn:
        """A turn in a scope; its lock is kept by those who wait for it.

        Raises:
            RuntimeError: this is inside of an effect of the same scope.
        """
        lock = self._locks.setdefault((asyncio.get_running_loop(), scope), asyncio.Lock())
        if any(turn.is_of(lock) for turn in _inside.get()):
            raise RuntimeError(
                f"a saga of the scope {abbreviated(scope)} was started inside of an effect of the same scope, for"
                " which it would have to wait; start it when that effect has ended, or give it another scope or none"
            )
        return Turn(lock)
