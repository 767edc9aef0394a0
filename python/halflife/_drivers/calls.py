"""A *call* is a function that another thread has a store's event loop call, and the future of its result."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from halflife._drivers.deferred_coroutine import DeferredCall
from halflife._drivers.home import Home
from halflife._errors import NoEventLoopError, StoreClosedError, WrongThreadError
from halflife._support.copies import refuse_copies
from halflife._support.signatures import is_async

T = TypeVar("T")


class CallFuture(concurrent.futures.Future[T]):
    """The result of a call. The store's own thread cannot wait for it, because the call runs in that thread."""

    __reduce_ex__ = refuse_copies

    def __init__(self, home: Home, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._home = home
        #: The home of the store, where the call runs.
        self.loop = loop

    def result(self, timeout: float | None = None) -> T:
        """The result of the call; raises its error.

        Raises:
            WrongThreadError: The call has not ended, and runs in the current thread.
        """
        self._check()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error of the call, or None; raises as `result` does if it has not ended."""
        self._check()
        return super().exception(timeout)

    def _check(self) -> None:
        if not self.done() and self._home.is_here():
            raise WrongThreadError(
                "the store's own thread cannot wait for the result of post() or call(): the call runs in this"
                " thread, after the current callback; `await asyncio.wrap_future(future)` instead"
            )


class Calls:
    """The calls of one store."""

    def __init__(self, home: Home, start_task: Callable[[Coroutine[Any, Any, Any], str], asyncio.Task[Any]]) -> None:
        self._home = home
        self._start_task = start_task
        self._closed = False
        # The calls that have not begun. Their loop may be closed before they begin.
        self._waiting: set[CallFuture[Any]] = set()

    def submit(self, asked: str, function: Callable[..., T], *args: Any) -> CallFuture[T]:
        """Have a function called on the store's loop; an async function runs there as a task of the store.

        Raises:
            NoEventLoopError: The store has no loop that is running.
            StoreClosedError: The store is closed.
        """
        if self._closed:
            raise StoreClosedError(f"{asked}() was called after the store was closed")
        loop = self._home.loop()
        if loop is not None and loop.is_running():
            future: CallFuture[T] = CallFuture(self._home, loop)
            self._waiting.add(future)
            with suppress(RuntimeError):  # The loop was closed just now.
                loop.call_soon_threadsafe(self._begin, future, function, args)
                return future
            self._waiting.discard(future)
        raise NoEventLoopError(f"{asked}() needs the store's event loop to be running; enter or use the store there")

    def _begin(self, future: CallFuture[Any], function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if future not in self._waiting:  # The store was closed.
            return
        self._waiting.discard(future)
        if is_async(function):
            # The future is not marked as running, so that it can be cancelled, which cancels the task.
            if not future.cancelled():
                self._run(future, DeferredCall(partial(function, *args)))
            return
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = function(*args)
        except BaseException as error:
            future.set_exception(error)
            if isinstance(error, (KeyboardInterrupt, SystemExit)):  # The program is to end.
                raise
            return
        if isinstance(result, Coroutine):  # Of an `async def`, or of a call that acts at once, such as a fetch.
            self._run(future, result)
        else:
            future.set_result(result)

    def _run(self, future: CallFuture[Any], body: Coroutine[Any, Any, Any]) -> None:
        try:
            task = self._start_task(body, "halflife call")
        except Exception as error:
            body.close()
            future.set_exception(error)
            return
        loop = task.get_loop()

        def cancel(ended: concurrent.futures.Future[Any]) -> None:
            if ended.cancelled() and not task.done():
                with suppress(RuntimeError):  # The loop was closed, which has ended the task.
                    loop.call_soon_threadsafe(task.cancel)

        future.add_done_callback(cancel)
        task.add_done_callback(partial(_finish, future))

    def close(self) -> None:
        """Called when the store was closed: calls that have not begun fail."""
        self._closed = True
        for future in list(self._waiting):
            self._fail(future, StoreClosedError("the store was closed before the call could begin"))

    def drop_lost(self) -> None:
        """Fail the calls whose loop was closed before they began."""
        for future in list(self._waiting):
            if future.loop.is_closed():
                self._fail(future, NoEventLoopError("the store's event loop was closed before the call could begin"))

    def _fail(self, future: CallFuture[Any], error: Exception) -> None:
        self._waiting.discard(future)
        with suppress(concurrent.futures.InvalidStateError):  # The future was cancelled.
            future.set_exception(error)


def _finish(future: CallFuture[Any], task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        if future.cancel():
            future.set_running_or_notify_cancel()
        elif not future.done():
            future.set_exception(concurrent.futures.CancelledError())
        return
    error = task.exception()
    if not future.running() and not future.set_running_or_notify_cancel():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())
