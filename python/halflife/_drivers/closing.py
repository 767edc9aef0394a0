"""*Closing* a store cancels its tasks at once; callers may wait until the tasks have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from typing import Any, Final

from halflife._support.copies import refuse_copies

#: The message with which the tasks of a closed store are cancelled.
CLOSED: Final = "the store was closed"


class Closing:
    """The result of `Store.close`. Awaiting it waits until the store's tasks have ended; you need not await it.

    It can be awaited any number of times. It does not wait for the task that closed the store, for the task that
    awaits it, or for tasks of another event loop.
    """

    __slots__ = ("_tasks",)

    __reduce_ex__ = refuse_copies

    def __init__(self, tasks: Sequence[asyncio.Task[Any]] = ()) -> None:
        self._tasks = tasks

    def __await__(self) -> Generator[Any, None, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        loop, current = asyncio.get_running_loop(), asyncio.current_task()
        ending = [task for task in self._tasks if task is not current and task.get_loop() is loop and not task.done()]
        if ending:
            await asyncio.wait(ending)

    def __repr__(self) -> str:
        ending = sum(not task.done() for task in self._tasks)
        return f"<Closing of a store, {ending} {'task' if ending == 1 else 'tasks'} still to end>"
