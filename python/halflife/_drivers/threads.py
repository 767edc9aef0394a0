"""The *worker threads* run blocking functions for async code: a bounded pool, shared by all stores.

A thread cannot be stopped from outside. So a run that is superseded stops waiting for its function, and the result is
dropped; a function that is still in the queue is never called.
"""

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from halflife._support.reprs import abbreviated

T = TypeVar("T")

#: The most blocking functions that run at the same time; further ones wait for a thread.
MAX_THREADS = 32


class _Pool:
    """The threads, made when the first function needs one."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None

    def executor(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="halflife-fetch")
        return self._executor

    def forget(self) -> None:
        """Called in a forked child, which has the pool but none of its threads: functions would never be called."""
        self._executor = None


_pool = _Pool()


async def run_in_thread(function: Callable[..., T], *args: Any) -> T:
    """Call `function` in a worker thread, with a copy of the caller's context, and wait for its result.

    Raises:
        RuntimeError: `function` raised StopIteration, which no awaitable can raise.
    """
    context = contextvars.copy_context()
    return await asyncio.wrap_future(_pool.executor().submit(context.run, _call, function, *args))


def _call(function: Callable[..., T], *args: Any) -> T:
    try:
        return function(*args)
    except StopIteration as error:
        # A future cannot hold a StopIteration, and its waiters would wait for ever.
        raise RuntimeError(f"{abbreviated(function)} raised StopIteration") from error


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
