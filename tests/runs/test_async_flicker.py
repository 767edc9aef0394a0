"""No flicker: a run that ends within the loop tick in which it started causes no Loading notification."""

import asyncio
from typing import Any

import pytest

from halflife import HasData, Loading, Store, atom, derived, loadable
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


class Filter:
    """The case of jotai: the data is loaded, and an async atom filters it by a word."""

    def __init__(self) -> None:
        self.word = atom("a")
        self.loads = 0

        @derived
        async def items(get):
            self.loads += 1
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return ["ab", "ac", "bc"]

        @derived
        async def found(get):
            word = get(self.word)
            return [item for item in await get(items) if word in item]

        self.items, self.found = items, found


async def test_a_filter_over_loaded_data_shows_no_loading() -> None:
    case = Filter()
    shown: list[Any] = []
    async with Store() as store:
        with store.subscribe(loadable(case.found), shown.append):
            await quiet()
            shown.clear()
            store.set(case.word, "c")
            await quiet()
            store.set(case.word, "b")
            await quiet()
    assert shown == [HasData(["ac", "bc"]), HasData(["ab", "bc"])]
    assert case.loads == 1


async def test_a_chain_of_them_shows_no_loading_either() -> None:
    case = Filter()

    @derived
    async def count(get):
        return len(await get(case.found))

    @derived
    async def text(get):
        return f"{await get(count)} found"

    shown: list[Any] = []
    async with Store() as store:
        with store.subscribe(loadable(text), shown.append):
            await quiet()
            shown.clear()
            store.set(case.word, "zz")
            await quiet()
    assert shown == [HasData("0 found")]


async def test_a_run_that_settles_to_an_equal_value_notifies_nobody() -> None:
    number = atom(0)

    @derived
    async def parity(get):
        return get(number) % 2

    shown: list[Any] = []
    async with Store() as store:
        with store.subscribe(loadable(parity), shown.append):
            await quiet()
            shown.clear()
            store.set(number, 2)
            await quiet()
    assert shown == []


async def test_a_run_that_takes_longer_shows_loading_once_the_pass_is_over() -> None:
    number, gate = atom(0), asyncio.Event()

    @derived
    async def slow(get):
        value = get(number)
        await gate.wait()
        return value

    shown: list[Any] = []
    async with Store() as store:
        with store.subscribe(loadable(slow), shown.append):
            await quiet()
            gate.set()
            await quiet()
            gate.clear()
            shown.clear()
            store.set(number, 1)
            assert shown == []
            await quiet()
            assert shown == [Loading(0)]
            store.set(number, 2)
            await quiet()
            assert shown == [Loading(0)]
            gate.set()
            await quiet()
    assert shown == [Loading(0), HasData(2)]


async def test_the_first_run_shows_no_loading_if_it_ends_at_once() -> None:
    @derived
    async def quick(get):
        return 1

    shown: list[Any] = []
    async with Store() as store:
        with store.subscribe(loadable(quick), shown.append):
            await quiet()
    assert shown == [HasData(1)]


async def test_reading_tells_the_truth_meanwhile() -> None:
    number = atom(0)

    @derived
    async def quick(get):
        return get(number)

    async with Store() as store:
        with store.subscribe(loadable(quick), lambda value: None):
            await quiet()
            store.set(number, 1)
            assert store.get(loadable(quick)) == Loading(0)
            await quiet()
            assert store.get(loadable(quick)) == HasData(1)


async def test_sync_dependents_of_the_loadable_do_not_flicker_either() -> None:
    number = atom(0)

    @derived
    async def quick(get):
        return get(number)

    state = derived(lambda get: get(loadable(quick)).state)
    shown: list[Any] = []
    async with Store() as store:
        with store.subscribe(state, shown.append):
            await quiet()
            shown.clear()
            for value in range(1, 5):
                store.set(number, value)
                await quiet()
    assert shown == []


async def test_other_subscribers_are_told_at_once_while_a_loadable_waits_for_the_pass_to_end() -> None:
    number = atom(0)

    @derived
    async def quick(get):
        return get(number)

    order: list[Any] = []
    async with Store() as store:
        with store.subscribe(loadable(quick), order.append), store.subscribe(number, order.append):
            await quiet()
            order.clear()
            store.set(number, 1)
            assert order == [1]
            await quiet()
    assert order == [1, HasData(1)]
