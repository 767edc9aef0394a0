"""The *slots* of a client bound how many fetches run at once; more wait, those observed at that moment first."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol, final

from halflife._drivers.ticks import Waiter


class Waiting(Protocol):
    """A fetch that needs a slot."""

    #: Whether somebody observes its data now.
    @property
    def is_observed(self) -> bool: ...


@final
class Slots:
    """The free slots, and the fetches that wait for one."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, limit: int | None) -> None:
        #: None: as many as there are fetches.
        self._free = limit
        self._waiting: dict[Waiter, Waiting] = {}

    @asynccontextmanager
    async def slot(self, fetch: Waiting) -> AsyncGenerator[None, None]:
        """Hold a slot; waits until one is free."""
        if self._free is None:
            yield
            return
        if self._free > 0 and not self._waiting:
            self._free -= 1
        else:
            await self._wait(fetch)
        try:
            yield
        finally:
            self._release()

    async def _wait(self, fetch: Waiting) -> None:
        waiter = Waiter()
        self._waiting[waiter] = fetch
        try:
            await waiter.wait()
        except BaseException:
            if self._waiting.pop(waiter, None) is None:
                self._release()  # The slot was given to this fetch, which has no use for it.
            raise

    def _release(self) -> None:
        assert self._free is not None
        if not self._waiting:
            self._free += 1
            return
        chosen = next((waiter for waiter, fetch in self._waiting.items() if fetch.is_observed), None)
        waiter = chosen if chosen is not None else next(iter(self._waiting))
        del self._waiting[waiter]
        waiter.wake()
