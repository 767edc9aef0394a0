"""A *scope* names effects of sagas that run one after another, in the order in which the sagas were started.

A saga that is started inside of an effect of its own scope would wait for that effect, which may wait for the saga.
Effects of several scopes can wait for each other as well. So tasks know in which effects they were started, and
effects know which sagas they wait for: a wait that would close a circle raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, ref

from halflife._repr import abbreviated

if TYPE_CHECKING:
    from halflife._core import Atom


class Scope:
    """Whose turn it is in one scope of one store, on one loop."""

    __slots__ = ("__weakref__", "holder", "lock", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = asyncio.Lock()
        #: The effect that runs now.
        self.holder: Turn | None = None


class Turn:
    """The turn of one saga's effect, in its scope if it has one: an async context manager that lasts as long."""

    __slots__ = ("_atom", "_awaits", "is_running", "scope")

    def __init__(self, atom: Atom[Any], scope: Scope | None) -> None:
        self.scope = scope
        self.is_running = False
        self._atom = ref(atom)  # tasks that the effect has started keep the turn
        #: The turns of the sagas whose handles are awaited inside of this effect.
        self._awaits: list[Turn] = []

    async def __aenter__(self) -> None:
        if self.scope is not None:
            await self.scope.lock.acquire()
            self.scope.holder = self
        self.is_running = True
        _inside.set((*_running(), self))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.is_running = False
        if self.scope is not None:
            self.scope.holder = None
            self.scope.lock.release()

    @contextmanager
    def awaited(self) -> Generator[None]:
        """While the current task waits for the end of this saga.

        Raises:
            RuntimeError: the wait would never end, because this saga waits for the effect in which the task runs.
        """
        running = _running()
        waiting = running[-1] if running else None
        if waiting is None:
            yield
            return
        if self._waits_for(waiting):
            raise RuntimeError(
                f"{waiting} awaits {self}, which waits for it in turn, so that neither would ever end; do not await the"
                " handle inside of the effect, or give the sagas one order of scopes"
            )
        waiting._awaits.append(self)
        try:
            yield
        finally:
            waiting._awaits.remove(self)

    def _waits_for(self, other: Turn) -> bool:
        """Whether it waits for another turn to end, directly or through others."""
        met: set[Turn] = set()
        left = [self]
        while left:
            turn = left.pop()
            if turn is other:
                return True
            if turn in met:
                continue
            met.add(turn)
            if turn.is_running:
                left += turn._awaits
            elif turn.scope is not None and turn.scope.holder is not None:
                left.append(turn.scope.holder)
        return False

    def __str__(self) -> str:
        scope = f" in the scope {abbreviated(self.scope.name)}" if self.scope is not None else ""
        atom = self._atom()
        return f"a saga of {atom.name if atom is not None else 'an atom'}{scope}"


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

    def turn(self, atom: Atom[Any], scope: str | None) -> Turn:
        """A turn in a scope, which is kept by those who wait in it; without a scope it begins at once.

        Args:
            atom: what the saga edits; messages name it.
            scope: the name of the scope.

        Raises:
            RuntimeError: this is inside of an effect of the same scope.
        """
        if scope is None:
            return Turn(atom, None)
        # Kept in a variable: the dictionary holds it weakly.
        known = self._scopes.setdefault((asyncio.get_running_loop(), scope), Scope(scope))
        if any(turn.scope is known for turn in _running()):
            raise RuntimeError(
                f"a saga of the scope {abbreviated(scope)} was started inside of an effect of the same scope, for"
                " which it would have to wait; start it when that effect has ended, or give it another scope or none"
            )
        return Turn(atom, known)
