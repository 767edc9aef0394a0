"""*Waiting* for the newest value of an async atom, for the end of a task, for a call, or for the next change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from halflife._core import AsyncValue, Atom
from halflife._drivers.protocol import Driver, Waits


def current_task() -> asyncio.Task[Any] | None:
    """The running task, or None."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def same_task(task: asyncio.Task[Any] | None) -> bool:
    """Whether this task is the running one."""
    return task is None or task is current_task()


def wait(value: AsyncValue[Any]) -> Generator[Any, None, Any]:
    """Wait until the value's atom is settled, by whichever run, and return its value.

    Each waiter has its own future: cancelling a waiter must not affect the others or the run.
    """
    store: Any = value.store
    driver: Driver = store._driver
    driver.ready(value.atom)
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    value._add_waiter(future)
    newest: Any = None
    circles, is_read = driver.circles, value._is_read
    try:
        while True:
            newest = value._poll()
            if newest is not value:
                return newest
            if is_read:
                if circles.waits:
                    circles.look_soon()
            else:
                circles.note(future, value.atom)
            yield from future
            if not is_read:
                circles.forget(future)
            if future.done():
                newest = value._poll()
                if newest is not value:
                    return newest
                future = loop.create_future()
                value._rearm(future)
    finally:
        if not is_read:
            circles.forget(future)
        value._remove_waiter(future)
        # The store keeps an error that is raised here; its traceback holds this frame, which would hold the atom.
        newest = None
        del value, store, driver, circles, loop, future


def wait_for_end(task: asyncio.Task[Any], circles: Waits) -> Generator[Any, None, None]:
    """Wait until a task of the store has ended. Cancelling the wait does not cancel the task."""
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(_: object) -> None:
        if not waiter.done():
            waiter.set_result(None)

    task.add_done_callback(wake)
    circles.note(waiter, task)
    try:
        yield from waiter
    finally:
        circles.forget(waiter)
        task.remove_done_callback(wake)


async def wait_for_call(register: Callable[[Callable[[], object]], object]) -> None:
    """Wait until the callback that `register` gets is called, from any thread."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    def called() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(wake)

    register(called)
    await future


class Watcher:
    """Waits for the next change; changes between two waits count as one."""

    __slots__ = ("_changed", "_future", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] | None = None
        self._changed = False

    def wake(self, *_: object) -> None:
        """Called when something has changed."""
        self._changed = True
        if self._future is not None and not self._future.done() and not self._loop.is_closed():
            self._future.set_result(None)

    async def wait(self, circles: Waits, pending: Atom[Any] | None) -> None:
        """Wait until something has changed since the last wait.

        Args:
            circles: the circles of the store.
            pending: the atom that must settle before there is a change; None if any atom may change.
        """
        if not self._changed:
            future = self._future = self._loop.create_future()
            if pending is not None:
                circles.note(future, pending, watches=True)
            try:
                await future
            finally:
                self._future = None
                circles.forget(future)
        self._changed = False


class Watchers:
    """The watchers of a store."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    @contextmanager
    def watcher(self) -> Generator[Watcher, None, None]:
        """A watcher that is also woken when the store is closed."""
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def wake(self) -> None:
        """Wake all."""
        for watcher in self._watchers:
            watcher.wake()
