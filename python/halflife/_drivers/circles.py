"""A *circle* of waits: a run, an action or a saga waits for its own end, directly or through others.

The graph finds cycles of reads. `Circles` finds cycles closed by other waits: `store.value` in a run, the handle of
an action, `settled`. Only a wait inside a run, action, saga or call of the store can close a circle, so only such
waits are recorded. They are searched once, after all tasks have taken their steps of the loop tick. The search goes
from the task that waits to the tasks that wait for it, which asyncio holds as callbacks of the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeAlias
from weakref import ref

from halflife._core import Atom, Run
from halflife._drivers.batched_coroutine import BatchedCoroutine
from halflife._drivers.holds import Holds
from halflife._drivers.origins import Origin, current_origin
from halflife._drivers.protocol import StoreLike
from halflife._drivers.run_coroutine import RunCoroutine
from halflife._drivers.scope_locks import behind
from halflife._drivers.watched_coroutine import WatchedCoroutine
from halflife._errors import CycleError

#: Searches of up to this many steps are free.
_FREE_STEPS: Final = 200
#: After a longer search, each loop tick pays for this many of its steps before there is another search.
_STEPS_A_TICK: Final = 8


class SearchedDriver(Protocol):
    """What the search needs of a driver."""

    circles: Circles
    _store: ref[StoreLike]
    _holds: Holds
    _runs: dict[asyncio.Task[None], Run]
    _actions: set[asyncio.Task[Any]]
    #: The futures by which `settled` waits.
    _progress: set[asyncio.Future[None]]

    #: Whether `settled` waits for the task.
    def is_busy(self, task: asyncio.Task[Any]) -> bool: ...

    #: Start a run that was held.
    def _start_now(self, run: Run) -> None: ...


class _Spot(NamedTuple):
    """An atom in one store."""

    driver: SearchedDriver
    atom: Atom[Any]


_Party: TypeAlias = _Spot | asyncio.Future[Any]
#: The target of a wait: an atom, a task of the store, or None for all tasks of the store.
_Target: TypeAlias = _Spot | asyncio.Task[Any] | None


class _Wait(NamedTuple):
    task: asyncio.Task[Any]
    target: _Target
    origin: Origin


class Circles:
    """The recorded waits of one store."""

    __slots__ = ("_debt", "_is_due", "_watchers", "driver", "waits")

    def __init__(self, driver: SearchedDriver) -> None:
        self.driver = driver
        self.waits: dict[asyncio.Future[Any], _Wait] = {}
        # By atom, the tasks that wait for it without being among the waiters of its node.
        self._watchers: dict[Atom[Any], set[asyncio.Future[Any]]] = {}
        self._is_due = False
        # The steps of the last search that loop ticks since then have not paid for.
        self._debt = 0

    def note(
        self, future: asyncio.Future[Any], target: Atom[Any] | asyncio.Task[Any] | None, *, watches: bool = False
    ) -> None:
        """The current task is about to wait for the future; `forget` follows.

        Args:
            future: gets a CycleError if the wait could never end.
            target: an atom, a task of the store, or None for all tasks of the store.
            watches: the wait is not among the waiters of the atom's node.
        """
        origin = current_origin()
        if origin is None or origin.ended:
            return
        task = asyncio.current_task()
        if task is not None:
            origin.waits += 1
            spot = _Spot(self.driver, target) if isinstance(target, Atom) else target
            self.waits[future] = _Wait(task, spot, origin)
            if watches and isinstance(target, Atom):
                self._watchers.setdefault(target, set()).add(future)
            self.look_soon()

    def forget(self, future: asyncio.Future[Any]) -> None:
        """The wait is over."""
        wait = self.waits.pop(future, None)
        if wait is None:
            return
        wait.origin.waits -= 1
        if self._watchers and isinstance(wait.target, _Spot) and wait.target.atom in self._watchers:
            watchers = self._watchers[wait.target.atom]
            watchers.discard(future)
            if not watchers:
                del self._watchers[wait.target.atom]

    def look_soon(self) -> None:
        """Search after this loop tick, because another wait has begun and may have closed a circle."""
        if self.waits and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        # A chain of waits that grows in each tick must not be searched from end to end in each tick.
        if self._debt > 0 and self.waits:
            self._debt -= _STEPS_A_TICK
            asyncio.get_running_loop().call_soon(self._look)
            return
        self._is_due = False
        if not self._is_any_closed():
            return
        for future, wait in list(self.waits.items()):
            if future.done():
                continue
            path = self._path(wait)
            if path and not _release_held(path):
                future.set_exception(_error(wait, path))
                future.exception()  # The waiter may be cancelled: asyncio must not log the error then.

    def _is_any_closed(self) -> bool:
        """Whether there is a circle: a depth-first search from all recorded waits, which visits each party once."""
        left: set[_Party] = set()  # Visited, and on no circle.
        within: set[_Party] = set()  # On the path to the party that is being visited.
        steps = 0
        for wait in list(self.waits.values()):
            way: list[tuple[_Party, Iterator[_Party]]] = []
            following: _Party | None = wait.task
            while True:
                if following is not None and following not in left:
                    if following in within:
                        self._debt = 0
                        return True
                    within.add(following)
                    way.append((following, self._waiting_for(following)))
                if not way:
                    break
                steps += 1
                one, others = way[-1]
                following = next(others, None)
                if following is None:
                    way.pop()
                    within.discard(one)
                    left.add(one)
        self._debt = steps - _FREE_STEPS
        return False

    def _path(self, wait: _Wait) -> list[_Party]:
        """The path from the target to the task that waits for it, each party waiting for the next; empty if none."""
        before: dict[_Party, _Party | None] = {wait.task: None}
        work: list[_Party] = [wait.task]
        while work:
            one: _Party | None = work.pop()
            assert one is not None
            if self._is_target(one, wait.target):
                path = []
                while one is not None:
                    path.append(one)
                    one = before[one]
                return path
            for other in self._waiting_for(one):
                if other not in before:
                    before[other] = one
                    work.append(other)
        return []

    def _is_target(self, one: _Party, target: _Target) -> bool:
        if target is None:
            return isinstance(one, asyncio.Task) and self.driver.is_busy(one)
        return one == target

    def _waiting_for(self, one: _Party) -> Iterator[_Party]:
        if isinstance(one, _Spot):
            yield from list(one.driver.circles._watchers.get(one.atom, ()))
        elif one.done():
            return
        else:
            callbacks: Any = getattr(one, "_callbacks", None)  # asyncio has no public way to ask.
            for callback, _ in callbacks or ():
                yield from _woken_by(callback)
        yield from _behind(one)


def _woken_by(callback: Any) -> Iterator[asyncio.Future[Any]]:
    """The tasks and futures that go on when this callback of a future is called."""
    arguments: tuple[Any, ...] = ()
    if isinstance(callback, partial):
        callback, arguments = callback.func, callback.args
    owner = getattr(callback, "__self__", None)
    if asyncio.isfuture(owner):
        yield owner  # The callback wakes a task.
    # The closure of a user's callback says nothing about waits.
    if (getattr(callback, "__module__", None) or "").partition(".")[0] not in ("asyncio", "halflife"):
        return
    cells = getattr(callback, "__closure__", None) or ()
    parts = (getattr(owner, "_parent_task", None), getattr(owner, "_done", None))  # Of a TaskGroup, of as_completed.
    for known in (*parts, *arguments, *(_content(cell) for cell in cells)):
        if asyncio.isfuture(known):
            yield known
        elif isinstance(known, asyncio.Queue):
            yield from getattr(known, "_getters", ())


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # The cell is empty.
        return None


def _driver_of(task: asyncio.Task[Any]) -> SearchedDriver | None:
    """The driver of a task; None if it is not a task of a store."""
    body = task.get_coro()
    circles = body.circles if isinstance(body, (RunCoroutine, BatchedCoroutine, WatchedCoroutine)) else None
    return circles.driver if isinstance(circles, Circles) else None


def _behind(one: _Party) -> list[_Party]:
    """The parties that wait for this one without a callback in asyncio."""
    if isinstance(one, _Spot):
        store = one.driver._store()
        if store is None or store.closed:
            return []
        futures, atoms = store._waiting_for(one.atom)
        return [*futures, *(_Spot(one.driver, atom) for atom in atoms)]
    driver = _driver_of(one) if isinstance(one, asyncio.Task) else None
    if driver is None or not isinstance(one, asyncio.Task):
        return []
    found: list[_Party] = [*behind(one), *(_Spot(driver, atom) for atom in driver._holds.behind(one))]
    run = driver._runs.get(one)
    if run is not None and not run.superseded:
        found.append(_Spot(driver, run.atom))
    return [*found, *driver._progress] if driver.is_busy(one) else found


def _release_held(path: list[_Party]) -> bool:
    """Start held runs whose saga waits for them; False if there are none."""
    has_released = False
    for one in path:
        if isinstance(one, _Spot) and (run := one.driver._holds.release(one.atom)) is not None:
            one.driver._start_now(run)
            has_released = True
    return has_released


def _name_of(one: _Party) -> str | None:
    if isinstance(one, _Spot):
        return one.atom.name
    driver = _driver_of(one) if isinstance(one, asyncio.Task) else None
    if driver is None or not isinstance(one, asyncio.Task):
        return None
    run = driver._runs.get(one)
    if run is not None:
        return run.atom.name
    return one.get_name().removeprefix("halflife ") if one in driver._actions else None


def _error(wait: _Wait, path: list[_Party]) -> CycleError:
    names: list[str] = []
    for one in path:
        name = _name_of(one)
        if name is not None and names[-1:] != [name]:
            names.append(name)
    if wait.target is None:
        chain = f" ({' → '.join(names)})" if len(names) > 1 else ""
        return CycleError(
            f"settled() was awaited inside of {names[0]}, for whose end it waits{chain}; await it from outside"
        )
    if len(names) == 1 or names[-1] != names[0]:
        names.append(names[0])
    return CycleError(
        f"this would wait for ever, because each of these waits for the next: {' → '.join(names)}; do not"
        " await one of them inside of another"
    )
