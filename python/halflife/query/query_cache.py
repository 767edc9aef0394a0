"""A *query cache* keeps data by key for a time, and the most recently used ones only. It belongs to no client."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, final

from halflife._core import QueryCacheBase
from halflife._support.checks import check_count, check_seconds
from halflife._support.reprs import abbreviated
from halflife.query.cache_clock import CacheClock
from halflife.query.keys import query_key

T = TypeVar("T")

#: More never fit into memory.
_MOST_KEYS = 2**31


@final
class CachedEntry(Generic[T]):
    """The data of one key in a `QueryCache`, and its times in seconds on the cache's clock."""

    __slots__ = ("_clock", "_expires_at", "_stale_at", "_timestamp", "data")

    def __init__(
        self, data: T, timestamp: float, expires_at: float, stale_at: float, clock: CacheClock | None = None
    ) -> None:
        #: What was set.
        self.data = data
        # On the steady time of the clock.
        self._timestamp = timestamp
        self._expires_at = expires_at
        self._stale_at = stale_at
        self._clock = clock if clock is not None else CacheClock(None)

    @property
    def timestamp(self) -> float:
        """The moment at which it was set."""
        return self._clock.on_clock(self._timestamp)

    @property
    def expires_at(self) -> float:
        """The moment from which on the cache does not give it any more."""
        return self._clock.on_clock(self._expires_at)

    @property
    def stale_at(self) -> float:
        """The moment from which on it is stale."""
        return self._clock.on_clock(self._stale_at)

    def is_expired(self) -> bool:
        """Whether it is older than the cache's `ttl`."""
        return self._clock.now() >= self._expires_at

    def is_stale(self) -> bool:
        """Whether it is older than the cache's `stale_time`."""
        return self._clock.now() >= self._stale_at

    def __repr__(self) -> str:
        state = "expired" if self.is_expired() else "stale" if self.is_stale() else "fresh"
        return f"<CachedEntry of {abbreviated(self.data, 60)}, {state}>"


@final
class QueryCache(QueryCacheBase[T]):
    """Data by key, for a time, at most `max_size` of them: the least recently used are forgotten first.

    Keys are those of queries: any nesting of tuple, list, dict, str, int, float, bool, None, Enum, date and UUID, in
    which `1`, `True`, `1.0` and `"1"` differ; a key that is no sequence is a sequence of one.

    Args:
        max_size: The most keys.
        ttl: Seconds after which data expires: it is then as if absent. `math.inf` for never.
        stale_time: Seconds after which data is stale: it is still given. `math.inf` for never.
        clock: Gives the time by its method `now()`; by default the machine's monotonic clock. If it is set back, ages
            stand still for that moment.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or out of range; in the methods, a part of the key is
            of another type.

    Example:
        >>> cache = QueryCache(max_size=1000, ttl=300.0, stale_time=60.0)
        >>> cache.set(("user", 1), {"name": "Ada"})
        >>> cache.get(("user", 1))
        {'name': 'Ada'}
        >>> cache.entry(("user", 1)).is_stale()
        False
    """

    __slots__ = ("_clock",)

    def __init__(self, max_size: int = 1000, ttl: float = 300.0, stale_time: float = 60.0, clock: Any = None) -> None:
        max_size = min(check_count(max_size, "QueryCache", "max_size"), _MOST_KEYS)
        ttl = check_seconds(ttl, "QueryCache", "ttl", infinite=True)
        stale_time = check_seconds(stale_time, "QueryCache", "stale_time", infinite=True)
        if clock is not None and (isinstance(clock, type) or not callable(getattr(clock, "now", None))):
            raise TypeError(f"QueryCache: clock must have a method now(), got {abbreviated(clock, 60)}")
        self._clock = CacheClock(clock)
        super().__init__(max_size, ttl, stale_time, self._clock.now, _nested_form)

    def entry(self, key: Any) -> CachedEntry[T] | None:
        """The entry of a key, with its times, which is used by that; None if it is absent or expired."""
        found = self._times(key)
        return None if found is None else CachedEntry(*found, self._clock)

    def __repr__(self) -> str:
        return f"<QueryCache of {len(self)}>"


def _nested_form(key: Any, method: str) -> object:
    return query_key(key, f"QueryCache.{method}").parts
