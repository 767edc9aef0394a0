"""What is wrong in a call of the client is a clear error that names the argument, and changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from halflife import QueryClient, QueryDefaults, Store, query_options
from halflife.testing import ManualClock


async def fetch(key: Any) -> Any:
    return key


def generator(key: Any) -> Any:
    yield key


ODD = object()
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
ITSELF: list[Any] = []
ITSELF.append(ITSELF)

#: What a call is given, by its name: the error, and the words that its message has.
CALLS: dict[str, tuple[Callable[[QueryClient], Any], type[Exception], str]] = {
    "a key with an object in it": (lambda client: client.query(("a", ODD), fetch), TypeError, "query: key.*object"),
    "a key with bytes in it": (lambda client: client.fetch(("a", b"b"), fetch), TypeError, "fetch: key.*bytes"),
    "a key with a set in it": (lambda client: client.set_data({1, 2}, 1), TypeError, "set_data: key.*set"),
    "a key that is too deep": (lambda client: client.get_data(DEEP), ValueError, "get_data: key.*deep"),
    "a key that contains itself": (lambda client: client.get_data(ITSELF), ValueError, "get_data: key"),
    "a key that turns a query off": (lambda client: client.fetch(None, fetch), TypeError, "fetch: key"),
    "a fetcher that is no function": (lambda client: client.query("a", 5), TypeError, "query: fetcher"),
    "a fetcher that is a generator": (lambda client: client.query("a", generator), TypeError, "fetcher.*generator"),
    "a fetcher without parameters": (lambda client: client.fetch("a", lambda: 1), TypeError, "fetch: fetcher"),
    "no fetcher": (lambda client: client.fetch("a"), TypeError, r"fetch: there is no fetcher for \('a',\)"),
    "an async fetcher for a thread": (lambda client: client.query("a", fetch, thread=True), TypeError, "thread"),
    "an unknown option": (lambda client: client.query("a", fetch, stale=5), TypeError, "no option 'stale'"),
    "the size as an option": (lambda client: client.query("a", fetch, cache_size=5), TypeError, "cache_size"),
    "a negative stale_time": (lambda client: client.query("a", fetch, stale_time=-1), ValueError, "stale_time"),
    "a stale_time that is no number": (
        lambda client: client.query("a", fetch, stale_time=math.nan),
        ValueError,
        "stale",
    ),
    "another word for a stale_time": (lambda client: client.query("a", fetch, stale_time="long"), ValueError, "static"),
    "a ttl of a str": (lambda client: client.query("a", fetch, ttl="5"), TypeError, "ttl"),
    "an interval of zero": (lambda client: client.query("a", fetch, interval=0), ValueError, "interval"),
    "an interval function of nothing": (
        lambda client: client.query("a", fetch, interval=lambda: 1),
        TypeError,
        "interval",
    ),
    "a retry of a str": (lambda client: client.query("a", fetch, retry="often"), TypeError, "retry"),
    "a breaker of a bool": (lambda client: client.query("a", fetch, breaker=True), TypeError, "breaker"),
    "an unknown network mode": (
        lambda client: client.query("a", fetch, network_mode="off"),
        ValueError,
        "network_mode",
    ),
    "an unknown refetch mode": (
        lambda client: client.query("a", fetch, refetch_mode="add"),
        ValueError,
        "refetch_mode",
    ),
    "enabled as a str": (lambda client: client.query("a", fetch, enabled="yes"), TypeError, "enabled"),
    "a select without parameters": (lambda client: client.query("a", fetch, select=lambda: 1), TypeError, "select"),
    "sharing as None": (
        lambda client: client.query("a", fetch, structural_sharing=None),
        TypeError,
        "structural_sharing",
    ),
    "tags of an object": (lambda client: client.query("a", fetch, tags=[ODD]), TypeError, "tags"),
    "focus of another word": (lambda client: client.query("a", fetch, refetch_on_focus="often"), ValueError, "focus"),
    "a time of initial that is no time": (
        lambda c: c.query("a", fetch, initial_updated_at="now"),
        TypeError,
        "initial",
    ),
    "allow_stale as a str": (lambda client: client.fetch("a", fetch, allow_stale="yes"), TypeError, "allow_stale"),
    "fetch_all of triples": (lambda client: client.fetch_all([("a", fetch, 1)]), TypeError, "fetch_all: request 0"),
    "a negative hover delay": (lambda client: client.hover("a", fetch, delay=-1), ValueError, "hover: delay"),
    "a route that is no path": (lambda client: client.prefetch_route(5), TypeError, "prefetch_route: path"),
    "refetch of another word": (lambda client: client.invalidate(refetch="some"), ValueError, "invalidate: refetch"),
    "exact without a key": (lambda client: client.remove(exact=True), TypeError, "exact"),
    "exact as a str": (lambda client: client.reset("a", exact="yes"), TypeError, "exact"),
    "where of nothing": (lambda client: client.cancel(where=lambda: True), TypeError, "cancel: where"),
    "a filter that is a function": (lambda client: client.invalidate(lambda info: True), TypeError, "where="),
    "a tag of an object": (lambda client: client.invalidate(tag=ODD), TypeError, "tag"),
    "a recipe that is no function": (lambda client: client.edit("a", 5), TypeError, "recipe"),
    "defaults of an object prefix": (lambda client: client.set_defaults(ODD), TypeError, "set_defaults: prefix"),
    "defaults with an unknown option": (lambda client: client.set_defaults("a", stale=5), TypeError, "stale"),
    "online as a str": (lambda client: client.store.set(client.online, "no"), TypeError, "online"),
    "options of an object key": (lambda client: query_options((ODD,), fetch), TypeError, "query_options: key"),
    "a client of no store": (lambda client: QueryClient(5), TypeError, "QueryClient: store"),  # type: ignore[arg-type]
    "a client of other defaults": (lambda client: QueryClient(defaults=5), TypeError, "defaults"),  # type: ignore[arg-type]
    "no fetch at once": (lambda client: QueryClient(max_concurrent=0), ValueError, "max_concurrent"),
    "no entry in the cache": (lambda client: QueryDefaults(cache_size=0), ValueError, "QueryDefaults: cache_size"),
    "a negative ttl of all": (lambda client: QueryDefaults(ttl=-1), ValueError, "QueryDefaults: ttl"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_says_what_is_wrong_and_changes_nothing(name: str) -> None:
    call, kind, words = CALLS[name]
    with Store(clock=ManualClock()) as store:
        client = QueryClient(store)
        client.set_data(("kept", 1), {"n": 1})
        with pytest.raises(kind, match=words):
            call(client)
        assert client.get_data(("kept", 1)) == {"n": 1}
        assert store.get(client.query(("kept", 1))).status == "success"
