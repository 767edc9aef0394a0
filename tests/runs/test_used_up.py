"""A coroutine that a plain read returned can be awaited only once, so the next run calls the read again."""

import asyncio
from collections.abc import Callable
from itertools import permutations

import pytest

from halflife import Store, atom, derived, loadable


class World:
    """An observed plain read whose run is in flight, and is cancelled when the last observer leaves."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.count, self.other = atom(0), atom(0)
        self.gate = asyncio.Event()
        self.fetched: list[int] = []
        base = derived(lambda get: get(self.count))
        self.read = derived(lambda get: self.fetch(get(base)), cancel_on_unmount="grace")
        low = derived(lambda get: get(self.other))
        store.subscribe(low, lambda value: None)
        self.subscription = store.subscribe(loadable(self.read), lambda value: None)

    async def fetch(self, value: int) -> int:
        self.fetched.append(value)
        await self.gate.wait()
        return value


STEPS: dict[str, Callable[[World], object]] = {
    "leave": lambda world: world.subscription(),
    "set another": lambda world: world.store.set(world.other, 1),
    "get": lambda world: world.store.get(world.read),
    "observe": lambda world: world.store.subscribe(loadable(world.read), lambda value: None),
    "set and set back": lambda world: (world.store.set(world.count, 1), world.store.set(world.count, 0)),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("undone", [False, True])
async def test_no_coroutine_is_awaited_twice(undone: bool) -> None:
    for length in range(1, len(STEPS) + 1):
        for steps in permutations(STEPS, length):
            errors: list[BaseException] = []
            async with Store(on_error=errors.append) as store:
                world = World(store)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert world.fetched == [0]
                batch = store.batch()
                batch.__enter__()
                for step in steps:
                    STEPS[step](world)
                batch.__exit__(LookupError if undone else None, None, None)
                await asyncio.sleep(0)
                world.gate.set()
                assert (await store.value(world.read), errors) == (0, []), steps
                assert set(world.fetched) == {0}, steps
