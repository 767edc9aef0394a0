"""Atoms of each kind leave no memory, however they ended and were observed."""

import asyncio
import gc
import time
import weakref

import pytest

from halflife import Store, atom
from halflife.testing import ManualClock
from lifetime_kinds import COURSES, ENDINGS, KINDS, LOOKS, applies, play

ROUNDS = 2
#: Seconds to wait for worker threads.
PATIENCE = 5


async def at_rest(store: Store) -> int:
    """The number of nodes when nothing is under way."""
    await store.settled()
    # A function in a worker thread holds its arguments until it ends, even if nobody waits for it.
    end = time.monotonic() + PATIENCE
    while True:
        for _ in range(5):
            await asyncio.sleep(0)
        gc.collect()
        nodes = len(store.graph().nodes)
        if nodes == 0 or time.monotonic() > end:
            return nodes


@pytest.fixture(autouse=True)
def collects_fast():
    """Freeze older objects, so that each collection is fast."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS)
async def test_the_number_of_nodes_returns_to_its_old_value(kind: str) -> None:
    left = {}
    for look in LOOKS:
        if not applies(kind, look):
            continue
        clock = ManualClock()
        async with Store(on_error=lambda error: None, clock=clock) as store:
            for ending in ENDINGS:
                for way in COURSES:
                    for _ in range(ROUNDS):
                        async with asyncio.timeout(20):
                            await play(store, kind, ending, look, way)
            clock.advance(10)
            left[look] = await at_rest(store)
    assert {look: nodes for look, nodes in left.items() if nodes} == {}


@pytest.mark.asyncio
@pytest.mark.parametrize("closed", [False, True])
async def test_values_saved_by_an_open_batch_are_freed_with_the_store(closed: bool) -> None:
    class Shown:
        pass

    async def use() -> weakref.ref[Shown]:
        store, shown = Store(), Shown()
        source = atom(shown)
        store.get(source)
        answer = asyncio.get_running_loop().create_future()
        store.set(source, answer)
        answer.set_result(shown)
        await store.value(source)
        store.batch().__enter__()
        store.set(source, 5)
        if closed:
            store.close()
        return weakref.ref(shown)

    gone = await use()
    await asyncio.sleep(0)
    gc.collect()
    assert gone() is None
