"""*Users*: an async atom that counts its runs, and helpers for tests of loops and threads."""

import asyncio
import concurrent.futures
from collections.abc import Callable
from typing import Any

from halflife import Store, atom, derived
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class Users:
    """An async atom, with the keys of its runs."""

    def __init__(self) -> None:
        self.key = atom(1)
        self.runs: list[int] = []
        self.atom = derived(self._read, name="user")

    async def _read(self, get: Any) -> int:
        key = get(self.key)
        self.runs.append(key)
        await asyncio.sleep(0)
        return key * 10


async def in_store(store: Store, a: Any) -> Any:
    return await store.value(a)


def in_thread(function: Callable[[], Any]) -> Any:
    """Call a function in another thread, and wait for it."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()
