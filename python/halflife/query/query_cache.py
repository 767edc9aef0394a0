"""A *query cache* keeps data by key for a time, and the most recently used ones only. It belongs to no client."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar, final

from halflife._support.checks import check_count, check_seconds
from halflife._support.reprs import abbreviated
from halflife.query.keys import query_key

T = TypeVar("T")

_PLAIN = frozenset({str, int})


@final
class CachedEntry(Generic[T]):
    """The data of one key in a `QueryCache`, and its times in seconds on the cache's clock."""

    __slots__ = ("_now", "data", "expires_at", "stale_at", "timestamp")

    def __init__(self, data: T, timestamp: float, expires_at: float, stale_at: float, now: Callable[[], float]) -> None:
        #: What was set.
        self.data = data
        #: The moment at which it was set.
        self.timestamp = timestamp
        #: The moment from which on the cache does not give it any more.
        self.expires_at = expires_at
        #: The moment from which on it is stale.
        self.stale_at = stale_at
        self._now = now

    def is_expired(self) -> bool:
        """Whether it is older than the cache's `ttl`."""
        return self._now() >= self.expires_at

    def is_stale(self) -> bool:
        """Whether it is older than the cache's `stale_time`."""
        return self._now() >= self.stale_at

    def __repr__(self) -> str:
        state = "expired" if self.is_expired() else "stale" if self.is_stale() else "fresh"
        return f"<CachedEntry of {abbreviated(self.data, 60)}, {state}>"


@final
class QueryCache(Generic[T]):
    """Data by key, for a time, at most `max_size` of them: the least recently used are forgotten first.

    Keys are those of queries: any nesting of tuple, list, dict, str, int, float, bool, None, Enum, date and UUID, in
    which `1`, `True`, `1.0` and `"1"` differ; a key that is no sequence is a sequence of one.

    Args:
        max_size: The most keys.
        ttl: Seconds after which data expires: it is then as if absent. `math.inf` for never.
        stale_time: Seconds after which data is stale: it is still given. `math.inf` for never.
        clock: Gives the time; by default the machine's monotonic clock.

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

    __slots__ = ("_entries", "_now", "max_size", "stale_time", "ttl")

    def __init__(self, max_size: int = 1000, ttl: float = 300.0, stale_time: float = 60.0, clock: Any = None) -> None:
        #: The most keys.
        self.max_size = check_count(max_size, "QueryCache", "max_size")
        #: Seconds after which data expires.
        self.ttl = check_seconds(ttl, "QueryCache", "ttl", infinite=True)
        #: Seconds after which data is stale.
        self.stale_time = check_seconds(stale_time, "QueryCache", "stale_time", infinite=True)
        if clock is not None and (isinstance(clock, type) or not callable(getattr(clock, "now", None))):
            raise TypeError(f"QueryCache: clock must have a method now(), got {abbreviated(clock, 60)}")
        self._now: Callable[[], float] = time.monotonic if clock is None else clock.now
        # In the order of use. A key of plain strs and ints is a tuple of them, or the only one; no other key equals it.
        self._entries: OrderedDict[Any, CachedEntry[T]] = OrderedDict()

    def get(self, key: Any) -> T | None:
        """The data of a key, which is used by that; None if it is absent or expired."""
        entry = self._found(key if type(key) in _PLAIN else _plain_key(key, "get"))
        return None if entry is None else entry.data

    def entry(self, key: Any) -> CachedEntry[T] | None:
        """The entry of a key, with its times; None if it is absent or expired."""
        return self._found(key if type(key) in _PLAIN else _plain_key(key, "entry"))

    def set(self, key: Any, data: T) -> None:
        """Keep data for a key, fresh from now on; the least recently used key goes if there are too many."""
        plain = key if type(key) in _PLAIN else _plain_key(key, "set")
        now = self._now()
        entries = self._entries
        entries[plain] = CachedEntry(data, now, now + self.ttl, now + self.stale_time, self._now)
        entries.move_to_end(plain)
        if len(entries) > self.max_size:
            entries.popitem(last=False)

    def invalidate(self, key: Any) -> None:
        """Forget a key."""
        self._entries.pop(_plain_key(key, "invalidate"), None)

    def invalidate_all(self) -> None:
        """Forget all keys."""
        self._entries.clear()

    def __contains__(self, key: object) -> bool:
        """Whether there is data that has not expired; that is no use of the key."""
        entry = self._entries.get(_plain_key(key, "in"))
        return entry is not None and not entry.is_expired()

    def __len__(self) -> int:
        self._forget_expired()
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<QueryCache of {len(self)}>"

    def _found(self, plain: Any) -> CachedEntry[T] | None:
        entry = self._entries.get(plain)
        if entry is None:
            return None
        if self._now() >= entry.expires_at:
            del self._entries[plain]
            return None
        self._entries.move_to_end(plain)
        return entry

    def _forget_expired(self) -> None:
        now = self._now()
        for plain in [plain for plain, entry in self._entries.items() if now >= entry.expires_at]:
            del self._entries[plain]


def _plain_key(key: Any, method: str) -> Any:
    if type(key) in _PLAIN:
        return key
    if type(key) is tuple or type(key) is list:
        for part in key:
            if type(part) not in _PLAIN:
                break
        else:
            return key[0] if len(key) == 1 else tuple(key)
    parts = query_key(key, f"QueryCache.{method}").parts
    if len(parts) == 1 and parts[0][0] in _PLAIN:
        return parts[0][1]
    return parts
