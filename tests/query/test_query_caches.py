"""A cache of data by key: ages, the order of use, and typed keys."""

import asyncio
import itertools
import math

import pytest

from halflife import QueryCache
from halflife.testing import ManualClock


def test_data_is_fresh_then_stale_then_absent() -> None:
    clock = ManualClock(100.0)
    cache = QueryCache(max_size=10, ttl=10.0, stale_time=4.0, clock=clock)
    cache.set(("user", 1), "Ada")
    entry = cache.entry(("user", 1))
    assert (entry.data, entry.timestamp, entry.expires_at, entry.stale_at) == ("Ada", 100.0, 110.0, 104.0)
    assert (entry.is_stale(), entry.is_expired()) == (False, False)
    clock.advance(4)
    assert (entry.is_stale(), entry.is_expired()) == (True, False)
    assert cache.get(("user", 1)) == "Ada"
    clock.advance(5.9)
    assert ("user", 1) in cache
    assert len(cache) == 1
    clock.advance(0.1)
    assert entry.is_expired()
    assert ("user", 1) not in cache
    assert len(cache) == 0
    assert cache.get(("user", 1)) is None
    assert cache.entry(("user", 1)) is None


def test_setting_again_starts_a_new_age() -> None:
    clock = ManualClock()
    cache = QueryCache(ttl=10.0, clock=clock)
    cache.set("a", 1)
    clock.advance(9)
    cache.set("a", 2)
    clock.advance(9)
    assert cache.get("a") == 2


def test_the_least_recently_used_goes_first() -> None:
    for order in itertools.permutations("abc"):
        cache = QueryCache(max_size=3, clock=ManualClock())
        for key in "abc":
            cache.set(key, key)
        for key in order:
            assert cache.get(key) == key
        assert order[0] in cache  # is no use
        cache.set("d", "d")
        assert [key for key in "abcd" if key in cache] == [key for key in "abcd" if key != order[0]]


KEYS = [1, True, 1.0, "1", None, (), [[]], ("a",) * 2, ("a", 1), ("a", True), {"a": 1}, {"a": True}, [("a",)], math.nan]


def test_keys_of_different_types_differ() -> None:
    cache = QueryCache(clock=ManualClock())
    for number, key in enumerate(KEYS):
        cache.set(key, number)
    assert [cache.get(key) for key in KEYS] == list(range(len(KEYS)))
    for key in KEYS:
        cache.invalidate(key)
        assert key not in cache
    assert len(cache) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", ("a",)),
        ("a", ["a"]),
        (5, [5]),
        (("a", 1), ["a", 1]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (math.nan, float("nan")),
    ],
)
def test_keys_that_are_the_same(one, other) -> None:
    cache = QueryCache(clock=ManualClock())
    cache.set(one, "data")
    assert cache.get(other) == "data"
    cache.invalidate(other)
    assert cache.get(one) is None


def test_all_can_be_forgotten() -> None:
    cache = QueryCache(clock=ManualClock())
    cache.set("a", 1)
    cache.invalidate_all()
    assert cache.get("a") is None
    assert repr(cache) == "<QueryCache of 0>"


def test_data_without_limits_of_time_stays() -> None:
    clock = ManualClock()
    cache = QueryCache(ttl=math.inf, stale_time=math.inf, clock=clock)
    cache.set("a", None)
    clock.advance(1e9)
    assert not cache.entry("a").is_stale()


def test_without_a_clock_it_is_timed_with_or_without_a_loop() -> None:
    cache = QueryCache()
    cache.set("a", 1)
    assert cache.get("a") == 1

    async def main():
        return cache.get("a")

    assert asyncio.run(main()) == 1


@pytest.mark.parametrize("wrong", [object(), {1, 2}, ("a", object()), {"a": {1}}, b"a", 1j])
def test_a_key_of_another_type_is_refused_by_each_method(wrong) -> None:
    cache = QueryCache()
    for call in (cache.get, cache.entry, cache.invalidate, cache.__contains__, lambda key: cache.set(key, 1)):
        with pytest.raises(TypeError, match=r"QueryCache\.\w+: key has a part of type"):
            call(wrong)
    assert len(cache) == 0


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"max_size": 0}, ValueError),
        ({"max_size": 1.0}, TypeError),
        ({"max_size": None}, TypeError),
        ({"ttl": -1}, ValueError),
        ({"ttl": math.nan}, ValueError),
        ({"ttl": "1"}, TypeError),
        ({"stale_time": -1}, ValueError),
        ({"stale_time": None}, TypeError),
        ({"clock": 5}, TypeError),
        ({"clock": ManualClock}, TypeError),
    ],
)
def test_a_wrong_argument_is_named(wrong, error) -> None:
    with pytest.raises(error, match=f"QueryCache: {next(iter(wrong))} must"):
        QueryCache(**wrong)
