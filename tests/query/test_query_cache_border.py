"""A query cache holds Python values: code of users that runs in the middle of a call, memory, and the clock."""

import datetime
import gc
import math
import sys
import weakref

import pytest

from halflife import QueryCache
from halflife.testing import ManualClock


class Day(datetime.date):
    """A key of a class of the user's: it compares and hashes by its functions, if it has some."""

    compare = None
    hashing = None

    def __eq__(self, other):
        return self.compare(other) if self.compare is not None else NotImplemented

    def __hash__(self):
        return self.hashing() if self.hashing is not None else 7


def day():
    return Day(2020, 1, 1)


class Watched:
    """Data that calls a function when it is destroyed."""

    def __init__(self, at_end):
        self.at_end = at_end

    def __del__(self):
        self.at_end()


def fail(*_):
    raise ZeroDivisionError


# --- keys of the user's classes


@pytest.mark.parametrize("part", ["compare", "hashing"])
def test_a_key_that_cannot_be_looked_up_changes_nothing(part) -> None:
    cache = QueryCache(clock=ManualClock())
    cache.set(day(), "there")
    cache.set("a", "other")
    wrong = day()
    setattr(wrong, part, fail)
    for call in (cache.get, cache.entry, cache.invalidate, cache.__contains__, lambda key: cache.set(key, 1)):
        with pytest.raises(ZeroDivisionError):
            call(wrong)
    assert len(cache) == 2
    assert cache.get("a") == "other"


def test_a_key_that_fails_later_is_evicted_all_the_same() -> None:
    cache = QueryCache(max_size=1, clock=ManualClock())
    key = day()
    cache.set(key, "there")
    key.compare = key.hashing = fail
    cache.set("a", 1)
    assert cache.get("a") == 1
    assert len(cache) == 1


CHANGES = {
    "sets another": lambda cache, key: cache.set("other", 1),
    "sets many others": lambda cache, key: [cache.set(("other", number), 1) for number in range(100)],
    "forgets all": lambda cache, key: cache.invalidate_all(),
    "forgets all and sets": lambda cache, key: (cache.invalidate_all(), cache.set("other", 1)),
    "reads": lambda cache, key: (cache.get("other"), len(cache)),
    "collects": lambda cache, key: gc.collect(),
}


@pytest.mark.parametrize("at", ["compare", "hashing"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_key_may_change_the_cache_while_it_is_looked_up(change, at) -> None:
    for call in ("get", "entry", "invalidate", "__contains__", "set"):
        cache = QueryCache(max_size=50, clock=ManualClock())
        for _ in range(3):
            cache.set(day(), "there")
        left = [1, 1, 1]

        def act(*_, cache=cache, left=left):
            if left:
                left.pop()
                change(cache, None)
            return 7 if at == "hashing" else False

        key = day()
        setattr(key, at, act)
        getattr(cache, call)(*([key, "data"] if call == "set" else [key]))
        assert len(left) < 3
        if call == "set":
            left.clear()
            key.compare = None
            assert cache.get(key) == "data"
        cache.set("end", 1)
        assert cache.get("end") == 1
        assert 1 <= len(cache) <= 50


def test_a_key_that_sets_itself_while_it_is_looked_up_is_there_once() -> None:
    cache = QueryCache(clock=ManualClock())
    cache.set(day(), "there")
    key, inner = day(), []

    def compare(other):
        if not inner:
            inner.append(True)
            cache.set(key, "inner")
        return key is other

    key.compare = compare
    cache.set(key, "outer")
    assert cache.get(key) == "outer"
    cache.invalidate(key)
    assert cache.get(key) is None
    assert len(cache) == 1


def test_a_comparison_that_changes_the_cache_for_ever_is_an_error() -> None:
    cache, numbers = QueryCache(clock=ManualClock()), iter(range(10**6))
    cache.set(day(), "there")
    key = day()
    key.compare = lambda other: cache.set(next(numbers), 1)
    with pytest.raises(RuntimeError, match="must change nothing"):
        cache.get(key)
    assert cache.get(0) == 1


# --- data that uses the cache when it is destroyed


ENDINGS = {
    "replaced": lambda cache: cache.set("watched", 1),
    "evicted": lambda cache: [cache.set(number, 1) for number in range(3)],
    "forgotten": lambda cache: cache.invalidate("watched"),
    "all forgotten": lambda cache: cache.invalidate_all(),
    "expired and read": lambda cache: (cache._clock._clock.advance(11), cache.get("watched")),
    "expired and asked for": lambda cache: (cache._clock._clock.advance(11), cache.entry("watched")),
    "expired and counted": lambda cache: (cache._clock._clock.advance(11), len(cache)),
    "made anew": lambda cache: cache.__init__(3),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_data_may_use_the_cache_when_it_is_destroyed(change, ending) -> None:
    cache, calls = QueryCache(max_size=3, ttl=10.0, clock=ManualClock()), []

    def at_end():
        calls.append(len(cache))
        change(cache, None)
        assert cache.get("watched") in (None, 1)

    cache.set("watched", Watched(at_end))
    ending(cache)
    assert len(calls) == 1
    cache.set("end", 2)
    assert cache.get("end") == 2
    assert len(cache) <= 3


# --- memory


class Holder:
    """Something that holds a reference and can be watched."""

    held = None


def test_cycles_of_keys_data_clocks_and_caches_are_collected() -> None:
    class HeldClock(ManualClock):
        held = None

    alive = []
    for through in ("key", "data", "clock"):
        clock, holder, key = HeldClock(), Holder(), day()
        cache = QueryCache(clock=clock)
        cache.set("watched", holder)
        alive.append(weakref.ref(holder))
        if through == "key":
            key.held = cache
            cache.set(key, 1)
        elif through == "data":
            holder.held = cache
        else:
            clock.held = cache
    cache = holder = key = clock = None
    gc.collect()
    assert [one() for one in alive] == [None, None, None]


def test_data_with_a_finalizer_in_a_cycle_may_use_its_cache() -> None:
    seen = []
    cache = QueryCache()
    cache.set("watched", Watched(lambda cache=cache: (seen.append(cache.get("other")), cache.set("late", 1))))
    cache.set("other", 5)
    cache = None
    gc.collect()
    assert seen == [5]


def test_references_are_neither_lost_nor_kept() -> None:
    key, data = ("user", "a long key"), Holder()
    nested = ("user", ("a", 1.5))

    def use():
        clock = ManualClock()
        cache = QueryCache(max_size=2, ttl=10.0, clock=clock)
        for _ in range(50):
            for one in (key, list(key), nested, 1.5, True, (1.5, True), (key[1],)):
                cache.set(one, data)
                assert cache.get(one) is data
                assert cache.entry(one).data is data
                cache.set(one, data)
                assert one in cache
            cache.invalidate(True)
            with pytest.raises(TypeError):
                cache.set((key, object()), data)
        clock.advance(20)
        assert cache.get(key) is None
        assert len(cache) == 0
        cache.set(key, data)

    use()
    watched = (key, key[0], key[1], nested, nested[1], data, float, True, None)
    before = [sys.getrefcount(one) for one in watched[:6]]
    for _ in range(5):
        use()
    gc.collect()
    assert [sys.getrefcount(one) for one in watched[:6]] == before


# --- the clock


class SetClock:
    """A clock that is set by hand, back too."""

    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


def test_a_clock_that_goes_back_lengthens_no_life() -> None:
    clock = SetClock(1000.0)
    cache = QueryCache(ttl=10.0, stale_time=5.0, clock=clock)
    cache.set("a", 1)
    clock.at = 1003.0
    assert cache.get("a") == 1
    clock.at = 500.0
    entry = cache.entry("a")
    assert (entry.is_stale(), entry.is_expired()) == (False, False)
    assert (entry.timestamp, entry.stale_at, entry.expires_at) == (497.0, 502.0, 507.0)
    clock.at = 502.0
    assert entry.is_stale()
    assert cache.get("a") == 1
    cache.set("b", 2)
    clock.at = 507.0
    assert entry.is_expired()
    assert cache.get("a") is None
    assert cache.get("b") == 2
    assert len(cache) == 1
    clock.at = 512.0
    assert len(cache) == 0


@pytest.mark.parametrize("wrong", [math.nan, "1", None, True])
def test_a_clock_that_gives_no_seconds_is_named_and_changes_nothing(wrong) -> None:
    clock = SetClock(1.0)
    cache = QueryCache(clock=clock)
    cache.set("a", 1)
    clock.at = wrong
    for call in (cache.get, cache.entry, cache.invalidate, cache.__contains__, lambda key: cache.set(key, 2)):
        with pytest.raises(TypeError, match=r"QueryCache: now\(\) of the clock must give seconds"):
            call("a")
    clock.at = 1.0
    assert cache.get("a") == 1


def test_a_clock_that_fails_or_uses_the_cache_does_no_harm() -> None:
    class Using:
        acting = None

        def now(self):
            if self.acting is not None:
                acting, self.acting = self.acting, None
                acting()
            return 1.0

    clock = Using()
    cache = QueryCache(max_size=2, clock=clock)
    cache.set("a", 1)
    clock.acting = fail
    with pytest.raises(ZeroDivisionError):
        cache.get("a")
    clock.acting = cache.invalidate_all
    assert cache.get("a") is None
    clock.acting = lambda: [cache.set(number, number) for number in range(5)]
    cache.set("a", 2)
    assert cache.get("a") == 2
    assert len(cache) == 2


# --- how it is called


def test_arguments_may_be_named() -> None:
    cache = QueryCache()
    cache.set(key="a", data=1)
    assert cache.get(key="a") == 1
    cache.invalidate(key="a")
    assert cache.get("a") is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda cache: cache.get(), "get\\(\\) needs the argument 'key'"),
        (lambda cache: cache.get("a", "b"), "get\\(\\) takes at most 1"),
        (lambda cache: cache.get("a", key="b"), "two values"),
        (lambda cache: cache.get(name="b"), "no argument 'name'"),
        (lambda cache: cache.set("a"), "set\\(\\) needs the argument 'data'"),
        (lambda cache: cache.set(data="a"), "set\\(\\) needs the argument 'key'"),
        (lambda cache: cache.invalidate(), "invalidate\\(\\) needs the argument 'key'"),
    ],
)
def test_missing_and_unknown_arguments_are_named(call, message) -> None:
    with pytest.raises(TypeError, match=message):
        call(QueryCache())


def test_a_cache_that_was_not_initialized_says_so() -> None:
    with pytest.raises(RuntimeError, match="__init__ was not called"):
        QueryCache.__new__(QueryCache).get("a")


def test_named_tuples_and_other_sequences_are_like_tuples() -> None:
    class Rows(list):
        pass

    class Point(tuple):
        __slots__ = ()

    cache = QueryCache()
    cache.set(("a", 1), "data")
    assert cache.get(Point(("a", 1))) == "data"
    assert cache.get(Rows(["a", 1])) == "data"


def test_limits_cannot_be_changed_afterwards() -> None:
    cache = QueryCache(5, 10.0, 2.0)
    assert (cache.max_size, cache.ttl, cache.stale_time) == (5, 10.0, 2.0)
    for name in ("max_size", "ttl", "stale_time"):
        with pytest.raises(AttributeError):
            setattr(cache, name, 1)
    assert QueryCache(10**30, 10**400, 10**400).get("a") is None
