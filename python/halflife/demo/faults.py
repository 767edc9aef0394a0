"""The faults of the demo's server: latency, failures, held answers.

All of it is repeatable. Whether a request fails by chance depends on the seed, its address
and how often that address was asked for, and on nothing else, so that requests which run at
the same time cannot change each other's luck.

The key of a request is its path, such as `/config`, or for other methods than GET its method and path,
such as `DELETE /airports/ORD`.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable


class Faults:
    """Decides for each request how long it takes and whether it fails.

    `latency` is in seconds, `failure_rate` a share from 0 to 1.
    """

    def __init__(self, latency: float, failure_rate: float, seed: int) -> None:
        self.latency = latency
        self.failure_rate = failure_rate
        self.seed = seed
        self.received: Counter[str] = Counter()
        self.in_progress = 0
        self._asked: Counter[str] = Counter()
        self._told_to_fail: Counter[str] = Counter()
        self._held: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()

    def fail_next(self, path: str, times: int) -> None:
        """Makes the next `times` requests for `path` fail."""
        self._told_to_fail[path] += times

    def set_failure_rate(self, failure_rate: float) -> None:
        """Changes the share of requests that fail by chance, from now on. Raises `ValueError` if it is no share."""
        if not 0.0 <= failure_rate <= 1.0:
            raise ValueError(f"the failure rate must be from 0 to 1, got {failure_rate}")
        self.failure_rate = failure_rate

    def hold(self, path: str) -> None:
        """Answers no request for `path` until `release(path)`."""
        self._held.setdefault(path, asyncio.Event())

    def release(self, path: str) -> None:
        """Lets the answers for `path` go; does nothing when they are not held."""
        event = self._held.pop(path, None)
        if event is not None:
            event.set()

    def enter(self, path: str) -> None:
        """A request for `path` was received."""
        self.received[path] += 1
        self.in_progress += 1
        self._tell()

    def leave(self) -> None:
        """A request has ended."""
        self.in_progress -= 1
        self._tell()

    async def delay(self, path: str) -> None:
        """Takes the time a request for `path` has to take."""
        event = self._held.get(path)
        if event is not None:
            await event.wait()
        await asyncio.sleep(self.latency)

    def failure(self, path: str, address: str) -> str | None:
        """Why the request for `path` fails, or None; `address` is the path with its query."""
        self._asked[address] += 1
        if self._told_to_fail[path]:
            self._told_to_fail[path] -= 1
            return "told to fail"
        luck = random.Random(f"{self.seed} {address} {self._asked[address]}").random()
        return "bad luck" if luck < self.failure_rate else None

    async def wait_received(self, path: str, count: int) -> None:
        """Waits until `count` requests for `path` have been received."""
        await self._wait(lambda: self.received[path] >= count)

    async def wait_quiet(self, timeout: float) -> None:
        """Waits until no request is in progress, at most `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._wait(lambda: self.in_progress == 0)
        except TimeoutError:
            return  # The caller sees the entries that are still pending.

    async def _wait(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._changed.wait()

    def _tell(self) -> None:
        """Wakes the tasks that wait for a count.

        Each change has an event of its own: waking needs no lock, and so works in the middle
        of a cancellation.
        """
        self._changed.set()
        self._changed = asyncio.Event()
