"""One of many: an atom, subscription or task that ends among many others does not affect them, in any order.

`cpp/tests/graph/growth_test.cpp` and `make bench` measure the cost.
"""

import asyncio
import gc
import random
import weakref
from typing import Any

import pytest

from halflife import Store, action, atom, derived, effect
from halflife._errors import CycleError

MANY = 100


def in_some_order(many: list[Any], order: str) -> list[Any]:
    """The items first to last, last to first, or shuffled (always in the same way)."""
    ordered = list(many)
    if order == "last first":
        ordered.reverse()
    elif order == "mixed":
        random.Random(7).shuffle(ordered)
    return ordered


def fail() -> None:
    raise ZeroDivisionError


ORDERS = pytest.mark.parametrize("order", ["first first", "last first", "mixed"])


@ORDERS
def test_subscriptions_end_in_any_order_and_the_others_are_called_in_order(order: str) -> None:
    one = atom(0)
    told: list[int] = []
    with Store() as store:

        def subscribe(index: int) -> Any:
            return store.subscribe(one, lambda _: told.append(index))

        subscriptions = [subscribe(index) for index in range(MANY)]
        left = list(range(MANY))
        for turn, index in enumerate(in_some_order(range(MANY), order)):
            subscriptions[index]()
            left.remove(index)
            told.clear()
            store.set(one, turn + 1)
            assert told == left
        assert store._invariant() is None


def test_many_subscriptions_and_effects_may_end_in_a_callback() -> None:
    one = atom(0)
    told: list[object] = []
    with Store() as store:
        ending: list[Any] = []

        def end_all(_: int) -> None:
            for each in ending:
                each()
            ending.clear()

        def look(get: Any, set: Any) -> None:
            get(one)

        store.subscribe(one, end_all)
        ending += [store.subscribe(one, told.append) for _ in range(MANY)]
        ending += [store.observe(effect(look)) for _ in range(MANY)]
        last = store.subscribe(one, told.append)
        store.set(one, 1)
        assert told == [1]
        assert store._invariant() is None
        last()


@ORDERS
@pytest.mark.parametrize("fails", [False, True])
def test_atoms_set_and_dropped_in_nested_batches_leave_the_others_as_they_should_be(order: str, fails: bool) -> None:
    with Store() as store:
        kept = [atom(0) for _ in range(MANY)]
        dropped = [atom(0) for _ in range(MANY)]
        for one in (*kept, *dropped):
            store.get(one)
        before = len(store._snapshot())

        def change(value: int) -> None:
            for one, other in zip(kept, dropped, strict=False):
                store.set(one, value)
                store.set(other, value)

        try:
            with store.batch():
                change(1)
                with pytest.raises(ZeroDivisionError), store.batch():
                    change(2)
                    doomed = in_some_order(dropped, order)
                    dropped.clear()
                    while len(doomed) > MANY // 10:
                        doomed.pop(0)
                        assert store._invariant() is None
                    dropped += doomed
                    change(3)
                    fail()
                assert [store.get(one) for one in kept] == [1] * MANY
                assert [store.get(one) for one in dropped] == [1] * len(dropped)
                if fails:
                    fail()
        except ZeroDivisionError:
            assert fails
        wanted = 0 if fails else 1
        assert [store.get(one) for one in kept] == [wanted] * MANY
        assert [store.get(one) for one in dropped] == [wanted] * len(dropped)
        doomed.clear()
        assert store._invariant() is None
        assert len(store._snapshot()) <= before - MANY // 2


@ORDERS
def test_atoms_that_read_themselves_are_dropped_in_any_order(order: str) -> None:
    with Store() as store:
        switch = atom(0)

        def make() -> Any:
            known: list[Any] = []
            known.append(derived(lambda get: get(known[0]) if get(switch) == 0 else get(switch)))
            with pytest.raises(CycleError):
                store.get(known[0])
            return known

        circles = [make() for _ in range(MANY)]
        for index, circle in enumerate(in_some_order(circles, order)):
            if index % 3:
                circle.clear()
                gc.collect()
                assert store._invariant() is None
        store.set(switch, 5)
        assert [store.get(circle[0]) for circle in circles if circle] == [5] * (MANY // 3 + 1)


@ORDERS
@pytest.mark.asyncio
async def test_tasks_that_wait_are_cancelled_in_any_order_and_the_others_get_the_value(order: str) -> None:
    ready = asyncio.Event()

    @derived
    async def slow(get):
        await ready.wait()
        return 5

    async with Store() as store:
        tasks = [asyncio.ensure_future(store.value(slow)) for _ in range(MANY)]
        await asyncio.sleep(0)
        for index, task in enumerate(in_some_order(tasks, order)):
            if index % 4:
                task.cancel()
        await asyncio.sleep(0)
        ready.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sorted(str(result) for result in results if result == 5) == ["5"] * (MANY // 4)
        assert store._invariant() is None


@pytest.mark.asyncio
async def test_async_atoms_refreshed_and_dropped_in_a_batch_leave_the_others_to_run() -> None:
    runs: list[int] = []

    def make(index: int) -> Any:
        @derived
        async def one(get):
            runs.append(index)
            return index

        return one

    async with Store() as store:
        atoms = {index: make(index) for index in range(MANY)}
        for one in atoms.values():
            await store.value(one)
        runs.clear()
        gc.collect()
        with store.batch():
            for one in atoms.values():
                store.refresh(one)
            del one
            for index in range(MANY):
                if index % 3:
                    del atoms[index]
        await store.settled()
        assert sorted(set(runs)) == sorted(atoms)
        assert store._invariant() is None


@pytest.mark.asyncio
async def test_a_run_and_a_late_getter_that_read_many_atoms_depend_on_each_of_them_once() -> None:
    atoms = [atom(index) for index in range(MANY)]
    getters: list[Any] = []

    @derived
    async def total(get):
        await asyncio.sleep(0)
        return sum(get(one) for one in (*atoms, *reversed(atoms))) // 2

    @derived
    def keeps(get):
        getters.append(get)
        return get(atoms[0])

    async with Store() as store:
        told: list[int] = []
        store.subscribe(keeps, told.append)
        subscription = store.subscribe(total, lambda value: told.append(value.result()))
        assert await store.value(total) == sum(range(MANY))
        for one in (*atoms, *atoms):
            getters[0](one)
        inputs = {row[0]: row[7] for row in store._snapshot()}
        assert inputs[total] == atoms
        assert inputs[keeps] == atoms
        store.set(atoms[-1], 0)
        assert await store.value(total) == sum(range(MANY - 1))
        assert len(getters) == 2
        assert store._invariant() is None
        subscription()


def test_an_atom_that_is_used_in_some_of_many_stores_is_freed_and_known_in_each() -> None:
    stores = [Store() for _ in range(MANY)]
    used = stores[:: MANY // 4]
    atoms = {"one": atom(0)}
    for turn in range(3):
        for index, store in enumerate(used):
            store.set(atoms["one"], index + turn)
        assert [store.get(atoms["one"]) for store in used] == [index + turn for index in range(len(used))]
    atoms["doubled"] = derived(lambda get: get(atoms["one"]) * 2)
    assert not atoms["doubled"].is_observed
    for store in used:
        assert store.get(atoms["doubled"]) == store.get(atoms["one"]) * 2
    subscription = used[1].subscribe(atoms["doubled"], lambda _: None)
    used[3].get(atoms["doubled"])
    assert atoms["doubled"].is_observed
    used[3].close()
    assert atoms["doubled"].is_observed
    subscription()
    assert not atoms["doubled"].is_observed
    del subscription
    gone = weakref.ref(atoms.pop("doubled"))
    gc.collect()
    assert gone() is None
    assert [len(store._snapshot()) for store in used[:3]] == [1, 1, 1]
    atoms.clear()
    gc.collect()
    assert [len(store._snapshot()) for store in used[:3]] == [0, 0, 0]


def test_a_read_starts_due_runs_of_its_inputs_although_an_earlier_read_started_none() -> None:
    """The store caches that no run is due below an atom; a run that becomes due below must clear this."""
    runs: list[str] = []
    switch = atom(0)

    def make(name: str) -> Any:
        @derived
        async def fetched(get):
            runs.append(name)
            if get(switch) == 1:
                raise asyncio.CancelledError
            return get(switch)

        return fetched

    async def main(observed: bool) -> None:
        store = Store()
        fetched, others = make("fetched"), [make("other") for _ in range(5)]

        async def chain(get: Any) -> Any:
            return await get(fetched)

        above = derived(chain)
        store.set(switch, 0)
        subscriptions = [store.subscribe(above, lambda _: None, on_error=lambda _: None)] if observed else []
        assert await store.value(above) == 0
        store.set(switch, 1)
        for one in (*others, above):
            store.get(one)
        await store.settled()
        runs.clear()
        store.get(atom(1))
        assert runs == []
        store.get(above)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert "fetched" in runs
        assert "other" not in runs
        for subscription in subscriptions:
            subscription()
        await store.close()

    for observed in (False, True):
        asyncio.run(main(observed))


def test_batches_nested_very_deep_commit_once() -> None:
    with Store() as store:
        one = atom(0)
        told: list[int] = []
        store.subscribe(one, told.append)

        @action
        def deeper(get, set, depth):
            set(one, depth)
            if depth:
                set(deeper, depth - 1)

        store.set(one, -1)
        told.clear()
        store.set(deeper, 100)
        assert told == [0]
        assert store._invariant() is None
