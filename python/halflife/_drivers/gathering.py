"""*Gathering* runs awaitables together, as tasks, and gives their results in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def all_of(bodies: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all, in order.

    Raises:
        Exception: The first error, as soon as there is one; the others are cancelled then.
    """
    tasks = [asyncio.ensure_future(body) for body in bodies]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
