"""Waits: what halflife's async atoms cost beside the bare asyncio they stand on.

The floor of each row is the same work with plain coroutines, tasks and futures, on the same
loop and in turn with halflife. Time is CPU time of the thread, the garbage collector is off.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from typing import Self

from rows import Row
from timing import Timing

Measured = Callable[[int], Awaitable[float]]
"""Does its work so many times and returns the CPU nanoseconds each took."""


class Stopwatch:
    """CPU time between entering and leaving, with the garbage collector off."""

    def __enter__(self) -> Self:
        gc.collect()
        gc.disable()
        self.start = time.thread_time_ns()
        return self

    def __exit__(self, *error: object) -> None:
        self.taken = time.thread_time_ns() - self.start
        gc.enable()


async def bare_await(count: int) -> float:
    async def answer() -> int:
        return 42

    with Stopwatch() as watch:
        for _ in range(count):
            await answer()
    return watch.taken / count


async def await_settled(count: int) -> float:
    from halflife import Store, derived

    runs = 0

    @derived
    async def answer(get):  # type: ignore[no-untyped-def]
        nonlocal runs
        runs += 1
        return 42

    async with Store() as store:
        await store.get(answer)
        with Stopwatch() as watch:
            for _ in range(count):
                await store.get(answer)
        right(await store.get(answer), 42)
        right(runs, 1)
    return watch.taken / count


async def bare_task(count: int) -> float:
    async def answer() -> int:
        return 42

    loop = asyncio.get_running_loop()
    with Stopwatch() as watch:
        for _ in range(count):
            await loop.create_task(answer())
    return watch.taken / count


async def run(count: int) -> float:
    from halflife import Store, derived

    runs = 0

    @derived
    async def answer(get):  # type: ignore[no-untyped-def]
        nonlocal runs
        runs += 1
        return runs

    async with Store() as store:
        await store.get(answer)
        with Stopwatch() as watch:
            for _ in range(count):
                await store.refresh(answer)
        right(await store.get(answer), count + 1)
    return watch.taken / count


WAITERS = 1000


async def bare_waiters(rounds: int) -> float:
    loop = asyncio.get_running_loop()

    async def wait(future: asyncio.Future[int]) -> int:
        return await future

    with Stopwatch() as watch:
        for number in range(rounds):
            future: asyncio.Future[int] = loop.create_future()
            tasks = [loop.create_task(wait(future)) for _ in range(WAITERS)]
            await asyncio.sleep(0)
            future.set_result(number)
            answers = await asyncio.gather(*tasks)
    right(answers, [number] * WAITERS)
    return watch.taken / rounds / WAITERS


async def waiters(rounds: int) -> float:
    from halflife import Store, atom, derived

    loop = asyncio.get_running_loop()
    reply: asyncio.Future[int] = loop.create_future()
    fetches = 0
    key = atom(-1)

    @derived
    async def fetch(get):  # type: ignore[no-untyped-def]
        nonlocal fetches
        get(key)
        fetches += 1
        return await reply

    async with Store() as store:

        async def wait() -> int:
            answer: int = await store.get(fetch)
            return answer

        with Stopwatch() as watch:
            for number in range(rounds):
                reply = loop.create_future()
                store.set(key, number)
                tasks = [loop.create_task(wait()) for _ in range(WAITERS)]
                await asyncio.sleep(0)
                await asyncio.sleep(0)  # the run is a task of its own: it starts one pass later
                reply.set_result(number)
                answers = await asyncio.gather(*tasks)
        right(answers, [number] * WAITERS)
        right(fetches, rounds)
    return watch.taken / rounds / WAITERS


def right(found: object, wanted: object) -> None:
    """Raises ValueError when a figure was got by doing something else than it should."""
    if found != wanted:
        raise ValueError(f"{str(found)[:60]} instead of {str(wanted)[:60]}")


PAIRS: dict[str, tuple[Measured, Measured, int]] = {
    "await_settled": (bare_await, await_settled, 50_000),
    "run": (bare_task, run, 2_000),
    "waiters": (bare_waiters, waiters, 5),
}
"""For each row: the bare form, halflife's, and how often one repeat does it."""


def measure(row: Row, names: list[str], *, repeats: int = 7) -> dict[str, Timing]:
    """Times one row: the floor and halflife in turn, on one loop."""
    bare, ours, count = PAIRS[row.key]
    work = {name: measured for name, measured in (("floor", bare), ("halflife", ours)) if name in names}
    timings = {name: Timing() for name in work}
    with asyncio.Runner() as runner:
        for _ in range(repeats):
            for name, measured in work.items():
                if not timings[name].fault:
                    try:
                        timings[name].times.append(runner.run(alone(measured, count)))
                    except Exception as error:  # the other rows are still worth having
                        timings[name].fault = f"{type(error).__name__}: {error}"
    return timings


async def alone(measured: Measured, count: int) -> float:
    return await asyncio.wait_for(measured(count), timeout=60)
