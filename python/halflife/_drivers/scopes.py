"""A *scope* names effects of sagas that run one after another, in the order in which the sagas were started.

A saga that is started inside of an effect of its own scope would wait for that effect, which may wait for the saga.
So tasks know in which effects they were started. Effects of several scopes that wait for each other are found by the
search for circles, to which `behind` tells who waits for a turn.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from halflife._support.reprs import abbreviated


class Scope:
    """Whose turn it is in one scope of one store, on one loop."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()


class Turn:
    """The turn of one saga's effect, in its scope if it has one: an async context manager that lasts as long."""

    __slots__ = ("is_running", "scope")

    def __init__(self, scope: Scope | None) -> None:
        self.scope = scope
        self.is_running = False

    async def __aenter__(self) -> None:
        if self.scope is not None:
            await self.scope.lock.acquire()
            _holders[asyncio.current_task()] = self.scope
        self.is_running = True
        _inside.set((*_running(), self))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.is_running = False
        if self.scope is not None:
            _holders.pop(asyncio.current_task(), None)
            self.scope.lock.release()


#: The tasks whose turn it is.
_holders: WeakKeyDictionary[Any, Scope] = WeakKeyDictionary()


def behind(task: asyncio.Task[Any]) -> list[asyncio.Future[Any]]:
    """Those who wait for the turn of this task to end."""
    scope = _holders.get(task)
    waiters: Any = getattr(scope.lock, "_waiters", None) if scope is not None else None  # nothing public tells
    return list(waiters or ())


#: The effects inside of which the current task was started.
_inside: ContextVar[tuple[Turn, ...]] = ContextVar("halflife.scopes", default=())


def _running() -> tuple[Turn, ...]:
    return tuple(turn for turn in _inside.get() if turn.is_running)


def carry_over(context: Context) -> None:
    """Tasks that run in the context are started inside of the same effects as the current one."""
    inside = _running()
    if inside:
        context.run(_inside.set, inside)


class Scopes:
    """The scopes of one store."""

    __slots__ = ("_scopes",)

    def __init__(self) -> None:
        # By loop as well: one that was closed may have left a lock behind that nobody will release.
        self._scopes: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], Scope] = WeakValueDictionary()

    def turn(self, scope: str | None) -> Turn:
        """A turn in a scope, which is kept by those who wait in it; without a scope it begins at once.

        Raises:
            RuntimeError: this is inside of an effect of the same scope.
        """
        if scope is None:
            return Turn(None)
        # Kept in a variable: the dictionary holds it weakly.
        known = self._scopes.setdefault((asyncio.get_running_loop(), scope), Scope())
        if any(turn.scope is known for turn in _running()):
            raise RuntimeError(
                f"a saga of the scope {abbreviated(scope)} was started inside of an effect of the same scope, for"
                " which it would have to wait; start it when that effect has ended, or give it another scope or none"
            )
        return Turn(known)
