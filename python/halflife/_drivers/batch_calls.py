"""A *batch call* is one call of a function for the keys that many callers have asked for in one pass of the loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeAlias

from halflife._errors import RunCancelledError

#: Fetches keys: for each, in order, its data and None, or its error.
Fetch: TypeAlias = Callable[[list[Any]], Awaitable[list[tuple[Any, Exception | None]]]]


class BatchCall:
    """The keys of one batch, the future of each, and the task that fetches them.

    The task starts after the callbacks that are ready now. It is cancelled when every caller was cancelled.
    """

    __slots__ = ("_futures", "_keys", "_loop", "_most", "_waiting", "is_open", "task")

    def __init__(self, fetch: Fetch, most: int, closed: Callable[[BatchCall], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._keys: dict[Hashable, Any] = {}
        self._futures: dict[Hashable, asyncio.Future[Any]] = {}
        # By key, the number of callers that wait.
        self._waiting: dict[Hashable, int] = {}
        #: Whether keys can be added.
        self.is_open = True
        #: The task; None until it starts.
        self.task: asyncio.Task[None] | None = None
        context = contextvars.copy_context()

        def start() -> None:
            self.is_open = False
            closed(self)
            if self._waiting:
                self.task = self._loop.create_task(self._run(fetch), name="halflife batch", context=context)

        self._loop.call_soon(start)

    def is_open_here(self) -> bool:
        """Whether callers in this loop can take part."""
        return self.is_open and self._loop is asyncio.get_running_loop()

    def has(self, typed: Hashable) -> bool:
        """Whether a caller of this key takes part."""
        return typed in self._futures

    def has_room(self) -> bool:
        """Whether another key can be added."""
        return len(self._futures) < self._most

    def is_lost(self) -> bool:
        """Whether its loop was closed before it could start."""
        return self._loop.is_closed()

    async def wait(self, typed: Hashable, key: Any) -> Any:
        """Add a key, and wait for its data."""
        future = self._futures.get(typed)
        if future is None:
            future = self._futures[typed] = self._loop.create_future()
            self._keys[typed] = key
        self._waiting[typed] = self._waiting.get(typed, 0) + 1
        try:
            # A caller that is cancelled must not cancel the others' future.
            return await asyncio.shield(future)
        finally:
            self._left(typed)

    def _left(self, typed: Hashable) -> None:
        """A caller waits no longer."""
        self._waiting[typed] -= 1
        if self._waiting[typed]:
            return
        del self._waiting[typed]
        if self.is_open:  # Nobody wants the key any more.
            del self._keys[typed], self._futures[typed]
        elif not self._waiting and self.task is not None and not self.task.done():
            self.task.cancel()

    async def _run(self, fetch: Fetch) -> None:
        try:
            answers = await fetch(list(self._keys.values()))
        except asyncio.CancelledError:
            # All callers were cancelled, or somebody else has cancelled this task, which is no cancellation of them.
            self._fail(RunCancelledError("a batched fetch was cancelled, but not by its callers"))
            raise
        except Exception as error:
            self._fail(error)
            return
        except BaseException as error:
            self._fail(error)
            raise
        for future, (data, failure) in zip(self._futures.values(), answers, strict=True):
            if failure is None:
                future.set_result(data)
            else:
                future.set_exception(failure)
                future.exception()

    def _fail(self, error: BaseException) -> None:
        for future in self._futures.values():
            future.set_exception(error)
            future.exception()  # All callers may be gone; asyncio would log that.
