"""The work of each row of `queries.py`, in each library: so many times, and the CPU nanoseconds that each took."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from waits import Measured, Stopwatch, right

ANSWER = 42
WAITERS = 1000


async def answer(*_: Any) -> int:
    """What is fetched."""
    return ANSWER


async def alone(measure: Measured, count: int) -> float:
    return await asyncio.wait_for(measure(count), timeout=120)


async def repeated(count: int, call: Callable[[], Awaitable[Any]]) -> float:
    """Await a call so many times."""
    right(await call(), ANSWER)
    with Stopwatch() as watch:
        for _ in range(count):
            await call()
    return watch.taken / count


# --- a fresh answer of the cache


async def fresh_by_hand(count: int) -> float:
    cache: dict[tuple[str, int], int] = {}

    async def cached(key: tuple[str, int]) -> int:
        found = cache.get(key)
        if found is None:
            found = cache[key] = await answer(key)
        return found

    return await repeated(count, lambda: cached(("user", 1)))


async def fresh_in_halflife(count: int) -> float:
    from halflife import QueryClient, Store

    async with Store() as store:
        client = QueryClient(store)
        return await repeated(count, lambda: client.fetch(("user", 1), answer))


async def fresh_in_async_lru(count: int) -> float:
    from async_lru import alru_cache

    @alru_cache(maxsize=1000, ttl=300)
    async def cached(kind: str, number: int) -> int:
        return await answer()

    return await repeated(count, lambda: cached("user", 1))


async def fresh_in_aiocache(count: int) -> float:
    from aiocache import cached as cached_by

    @cached_by(ttl=300)
    async def cached(kind: str, number: int) -> int:
        return await answer()

    return await repeated(count, lambda: cached("user", 1))


async def fresh_in_cashews(count: int) -> float:
    from cashews import Cache

    cache = Cache()
    cache.setup("mem://?size=1000")

    @cache(ttl=300, key="{kind}:{number}")
    async def cached(kind: str, number: int) -> int:
        return await answer()

    try:
        return await repeated(count, lambda: cached("user", 1))
    finally:
        await cache.close()


# --- reading an observed query


async def read_by_hand(count: int) -> float:
    results = {("user", 1): ANSWER}

    def read(key: tuple[str, int]) -> int:
        return results[key]

    with Stopwatch() as watch:
        for _ in range(count):
            read(("user", 1))
    return watch.taken / count


async def read_in_halflife(count: int) -> float:
    from halflife import QueryClient, Store

    async with Store() as store:
        user = QueryClient(store).query(("user", 1), answer)
        with store.subscribe(user, lambda _: None):
            await store.settled()
            get = store.get
            with Stopwatch() as watch:
                for _ in range(count):
                    get(user)
            right(get(user).data, ANSWER)
    return watch.taken / count


# --- fetching anew


async def cold_by_hand(count: int) -> float:
    loop = asyncio.get_running_loop()
    under_way: dict[tuple[str, int], asyncio.Task[int]] = {}

    async def fetch(key: tuple[str, int]) -> int:
        task = under_way.get(key)
        if task is None:
            task = under_way[key] = loop.create_task(answer(key))
            task.add_done_callback(lambda _: under_way.pop(key))
        return await asyncio.shield(task)

    return await repeated(count, lambda: fetch(("user", 1)))


async def cold_in_halflife(count: int) -> float:
    from halflife import CircuitBreaker, QueryClient, Retry, Store, query_options

    async with Store() as store:
        client = QueryClient(store)
        user = query_options(("user", 1), answer, stale_time=0, retry=Retry(), breaker=CircuitBreaker())
        return await repeated(count, lambda: client.fetch(user))


async def cold_in_async_lru(count: int) -> float:
    from async_lru import alru_cache

    @alru_cache(maxsize=1000, ttl=300)
    async def cached(kind: str, number: int) -> int:
        return await answer()

    def anew() -> Awaitable[int]:
        cached.cache_invalidate("user", 1)
        return cached("user", 1)

    return await repeated(count, anew)


# --- many waiters


async def waiters_by_hand(rounds: int) -> float:
    loop = asyncio.get_running_loop()

    def waiter(reply: asyncio.Future[int]) -> Callable[[], Awaitable[int]]:
        async def wait() -> int:
            return await reply

        return wait

    with Stopwatch() as watch:
        for _ in range(rounds):
            reply: asyncio.Future[int] = loop.create_future()
            await together(waiter(reply), reply)
    return watch.taken / rounds / WAITERS


async def together(wait: Callable[[], Awaitable[int]], reply: asyncio.Future[int]) -> None:
    """A task for each waiter; then the answer comes."""

    async def one() -> int:
        return await wait()

    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(one()) for _ in range(WAITERS)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # a fetch may be a task of its own, which starts one pass later
    reply.set_result(ANSWER)
    right(await asyncio.gather(*tasks), [ANSWER] * WAITERS)


async def waiters_in_halflife(rounds: int) -> float:
    from halflife import QueryClient, Store

    reply: asyncio.Future[int]
    fetches = 0

    async def fetch(key: Any) -> int:
        nonlocal fetches
        fetches += 1
        return await reply

    async with Store() as store:
        client = QueryClient(store)
        with Stopwatch() as watch:
            for number in range(rounds):
                reply = asyncio.get_running_loop().create_future()
                await together(lambda number=number: client.fetch(("user", number), fetch), reply)
    right(fetches, rounds)
    return watch.taken / rounds / WAITERS


async def waiters_in_async_lru(rounds: int) -> float:
    from async_lru import alru_cache

    reply: asyncio.Future[int]
    fetches = 0

    @alru_cache(maxsize=1000)
    async def fetch(kind: str, number: int) -> int:
        nonlocal fetches
        fetches += 1
        return await reply

    with Stopwatch() as watch:
        for number in range(rounds):
            reply = asyncio.get_running_loop().create_future()
            await together(lambda number=number: fetch("user", number), reply)
    right(fetches, rounds)
    return watch.taken / rounds / WAITERS


# --- policies on success


async def policies_by_hand(count: int) -> float:
    failures, opened_at, retries = 0, 0.0, 3

    async def call() -> int:
        nonlocal failures, opened_at
        for attempt in range(retries + 1):
            if failures >= 5 and asyncio.get_running_loop().time() < opened_at + 60:
                raise ConnectionError("open")
            try:
                result = await answer()
            except Exception:
                failures += 1
                opened_at = asyncio.get_running_loop().time()
                if attempt == retries:
                    raise
                await asyncio.sleep(2**attempt)
            else:
                failures = 0
                return result
        raise AssertionError

    return await repeated(count, call)


async def policies_in_halflife(count: int) -> float:
    from halflife import CircuitBreaker, Retry

    return await repeated(count, Retry()(CircuitBreaker()(answer)))


async def policies_in_tenacity(count: int) -> float:
    from tenacity import retry, stop_after_attempt, wait_exponential

    return await repeated(count, retry(stop=stop_after_attempt(4), wait=wait_exponential())(answer))


async def policies_in_stamina(count: int) -> float:
    from stamina import retry

    return await repeated(count, retry(on=Exception, attempts=4)(answer))


# --- the least recently used

KEYS = 100_000
KEPT = 1_000


def wanted(count: int) -> list[tuple[str, int]]:
    """Keys as users ask for them: some often, most seldom."""
    draw = random.Random(11)  # noqa: S311 - the same keys each time
    return [("user", min(KEYS - 1, int(draw.paretovariate(0.5)))) for _ in range(count)]


def read_all(keys: list[tuple[str, int]], get: Callable[[Any], Any], put: Callable[[Any, Any], object]) -> float:
    misses = 0
    with Stopwatch() as watch:
        for key in keys:
            if get(key) is None:
                put(key, key)
                misses += 1
    right(0 < misses < len(keys), True)
    return watch.taken / len(keys)


async def lru_by_hand(count: int) -> float:
    cache: OrderedDict[Any, Any] = OrderedDict()

    def get(key: Any) -> Any:
        found = cache.get(key)
        if found is not None:
            cache.move_to_end(key)
        return found

    def put(key: Any, value: Any) -> None:
        cache[key] = value
        if len(cache) > KEPT:
            cache.popitem(last=False)

    return read_all(wanted(count), get, put)


async def lru_in_halflife(count: int) -> float:
    from halflife import QueryCache

    cache: QueryCache[Any] = QueryCache(max_size=KEPT)
    return read_all(wanted(count), cache.get, cache.set)


async def lru_in_cachetools(count: int) -> float:
    from cachetools import LRUCache

    cache: Any = LRUCache(KEPT)
    return read_all(wanted(count), cache.get, cache.__setitem__)


async def lru_in_cashews(count: int) -> float:
    """Its memory backend forgets by age of use too, but every call is awaited."""
    from cashews import Cache

    cache = Cache()
    cache.setup(f"mem://?size={KEPT}&check_interval=0")
    keys = [f"{kind}:{number}" for kind, number in wanted(count)]
    with Stopwatch() as watch:
        for key in keys:
            if await cache.get(key) is None:
                await cache.set(key, key, expire=300)
    await cache.close()
    return watch.taken / len(keys)


WORK: dict[str, dict[str, tuple[Measured, int]]] = {
    "query_fresh": {
        "floor": (fresh_by_hand, 20_000),
        "halflife": (fresh_in_halflife, 5_000),
        "async_lru": (fresh_in_async_lru, 20_000),
        "aiocache": (fresh_in_aiocache, 2_000),
        "cashews": (fresh_in_cashews, 2_000),
    },
    "query_read": {"floor": (read_by_hand, 50_000), "halflife": (read_in_halflife, 50_000)},
    "query_cold": {
        "floor": (cold_by_hand, 2_000),
        "halflife": (cold_in_halflife, 1_000),
        "async_lru": (cold_in_async_lru, 2_000),
    },
    "query_waiters": {
        "floor": (waiters_by_hand, 5),
        "halflife": (waiters_in_halflife, 5),
        "async_lru": (waiters_in_async_lru, 5),
    },
    "query_policies": {
        "floor": (policies_by_hand, 20_000),
        "halflife": (policies_in_halflife, 10_000),
        "tenacity": (policies_in_tenacity, 1_000),
        "stamina": (policies_in_stamina, 1_000),
    },
    "query_lru": {
        "floor": (lru_by_hand, 1_000_000),
        "halflife": (lru_in_halflife, 1_000_000),
        "cachetools": (lru_in_cachetools, 1_000_000),
        "cashews": (lru_in_cashews, 20_000),
    },
}
"""For each row and library: the work, and how often one repeat does it."""
