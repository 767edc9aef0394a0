"""A *prefetch* fetches data before it is needed: when the pointer rests on something, or for a route."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, final

from halflife._drivers.deferred_coroutine import DeferredCall
from halflife._drivers.waiting import wait_for_end
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.keys import QueryKey
from halflife.query.tickets import Work


@final
class Hover:
    """Prefetches the data of a key when the pointer has rested for a while. Made by `QueryClient.hover`."""

    __slots__ = ("_cache", "_delay", "_entry", "_key", "_start", "_stop")

    def __init__(self, cache: EntryCache, key: QueryKey, delay: float, start: Callable[[], Entry | None]) -> None:
        self._cache = cache
        self._key = key
        self._delay = delay
        self._start = start
        self._stop: Callable[[], None] | None = None
        # The entry whose fetch this prefetch has started.
        self._entry: Entry | None = None

    def enter(self) -> None:
        """The pointer is there: fetch after the delay, unless it leaves before.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        if self._stop is None:
            self._cache.ready()
            self._stop = self._cache.after(self._delay, self._fire)

    def leave(self) -> None:
        """The pointer has left: cancel the timer, or the fetch unless somebody else wants the data."""
        stop, self._stop = self._stop, None
        entry, self._entry = self._entry, None
        if stop is not None:
            stop()
        if entry is not None and not entry.observers and entry.in_flight.tickets.is_empty:
            entry.in_flight.cancel()

    def _fire(self) -> None:
        self._stop = None
        self._entry = self._start()

    def __repr__(self) -> str:
        return f"<Hover over {self._key!r}>"


def run_loader(store: Any, load: Callable[[], Coroutine[Any, Any, Any]], path: str) -> Work[bool]:
    """Run the loader of a route as a task of the store; awaiting it gives True, or raises its error."""
    task = store._driver.start_task(DeferredCall(load), f"halflife loader of {path}")

    async def ended() -> bool:
        await _end_of(task, store)
        task.result()
        return True

    return Work(ended)


class _End:
    def __init__(self, task: Any, store: Any) -> None:
        self._task = task
        self._store = store

    def __await__(self) -> Any:
        if not self._task.done():
            yield from wait_for_end(self._task, self._store._driver.circles)


def _end_of(task: Any, store: Any) -> _End:
    return _End(task, store)
