"""Awaiting: an AsyncValue describes one run; awaiting it gives the newest value, to any number of tasks."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from halflife import (
    AsyncValue,
    NotSettledError,
    Store,
    StoreClosedError,
    atom,
    derived,
    loadable,
    unwrap,
)
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class Echo:
    """An async atom that returns its key, or raises it, once the test opens its gate."""

    def __init__(self, key: Any = 1) -> None:
        self.key = atom(key)
        self.gate = asyncio.Event()
        self.runs: list[Any] = []
        self.atom = derived(self._read, name="echo")

    async def _read(self, get: Any) -> Any:
        key = get(self.key)
        self.runs.append(key)
        await self.gate.wait()
        if isinstance(key, Exception):
            raise key
        return key


class TestOneValue:
    async def test_an_async_value_can_be_awaited_any_number_of_times_from_any_number_of_tasks(self) -> None:
        echo = Echo()
        async with Store() as store:
            value = store.get(echo.atom)

            async def twice() -> tuple[Any, Any]:
                return await value, await value

            tasks = [asyncio.ensure_future(twice()) for _ in range(10)]
            await quiet()
            echo.gate.set()
            assert await asyncio.gather(*tasks) == [(1, 1)] * 10
            assert await value == await value == 1
            assert echo.runs == [1]

    async def test_it_works_with_gather_wait_for_ensure_future_and_timeout(self) -> None:
        echo = Echo()
        echo.gate.set()
        async with Store() as store:
            value = store.get(echo.atom)
            assert await asyncio.gather(value, value) == [1, 1]
            assert await asyncio.wait_for(value, 1) == 1
            assert await asyncio.ensure_future(value) == 1
            async with asyncio.timeout(1):
                assert await value == 1

    async def test_its_state_goes_from_loading_to_has_data(self) -> None:
        echo = Echo()
        async with Store() as store:
            value = store.get(echo.atom)
            assert isinstance(value, AsyncValue)
            assert (value.state, value.done) == ("loading", False)
            with pytest.raises(NotSettledError, match="echo"):
                value.result()
            echo.gate.set()
            assert await value == 1
            assert (value.state, value.done, value.result()) == ("hasData", True, 1)

    async def test_its_state_goes_from_loading_to_has_error_and_the_traceback_does_not_grow(self) -> None:
        error = KeyError("no such user")
        echo = Echo(error)
        async with Store() as store:
            value = store.get(echo.atom)
            echo.gate.set()
            lengths = []
            for _ in range(4):
                with pytest.raises(KeyError, match="no such user") as caught:
                    await value
                assert caught.value is error
                lengths.append(len(caught.traceback))
            assert lengths[0] >= lengths[1] == lengths[2] == lengths[3]
            assert (value.state, value.done) == ("hasError", True)
            with pytest.raises(KeyError):
                value.result()

    async def test_state_done_and_result_are_those_of_its_own_run(self) -> None:
        echo = Echo()
        echo.gate.set()
        async with Store() as store:
            old = store.get(echo.atom)
            await old
            store.set(echo.key, 2)
            new = store.get(echo.atom)
            assert await new == 2
            assert (old.state, old.done, old.result()) == ("hasData", True, 1)
            assert (new.state, new.result()) == ("hasData", 2)

    async def test_an_async_value_whose_run_was_superseded_says_so_and_has_no_result(self) -> None:
        echo = Echo()
        async with Store() as store:
            with store.subscribe(echo.atom, ignore):
                old = store.get(echo.atom)
                await quiet()
                store.set(echo.key, 2)
                assert (old.state, old.done) == ("superseded", False)
                assert store.get(echo.atom).state == "loading"
                echo.gate.set()
                await quiet()
                assert (old.state, old.done) == ("superseded", False)
                with pytest.raises(NotSettledError):
                    old.result()
                assert await old == 2

    async def test_reading_again_while_nothing_changed_gives_the_same_object(self) -> None:
        echo = Echo()
        async with Store() as store:
            value = store.get(echo.atom)
            assert store.get(echo.atom) is value
            echo.gate.set()
            await value
            assert store.get(echo.atom) is value

    async def test_values_that_look_special_to_generators_are_handed_through(self) -> None:
        for special in (None, (), (1, 2), StopIteration(3), KeyError("kept"), [1], lambda: 1):
            async with Store() as store:
                give = derived(_giving(special))
                assert await store.get(give) is special
                assert await store.get(give) is special
                assert list(_drained(store.get(give))) == [special]
                assert await store.value(give) is special


def _giving(value: Any) -> Any:
    async def read(get):
        return value

    return read


def _drained(value: Any) -> Any:
    """Await by `yield from`, the old protocol."""
    yield (yield from value.__await__())


class TestFollowing:
    async def test_waiters_of_a_superseded_run_get_the_newest_value(self) -> None:
        echo = Echo()
        async with Store() as store:
            value = store.get(echo.atom)
            waiters = [asyncio.ensure_future(_awaiting(value)) for _ in range(3)]
            await quiet()
            for key in (2, 3, 4):
                store.set(echo.key, key)
                await quiet()
            echo.gate.set()
            assert await asyncio.gather(*waiters) == [4, 4, 4]

    async def test_awaiting_an_old_async_value_later_gives_the_newest_value(self) -> None:
        echo = Echo()
        echo.gate.set()
        async with Store() as store:
            old = store.get(echo.atom)
            assert await old == 1
            store.set(echo.key, 2)
            assert await old == 2
            store.set(echo.key, 3)
            assert await old == 3

    async def test_a_waiter_whose_run_fails_gets_the_error_but_follows_when_the_input_changed_first(self) -> None:
        echo = Echo(ValueError("old"))
        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(echo.atom))
            await quiet()
            store.set(echo.key, 2)
            echo.gate.set()
            assert await waiter == 2

    async def test_an_atom_that_turns_plain_gives_its_waiters_the_plain_value(self) -> None:
        source = atom(0)
        pending = asyncio.get_running_loop().create_future()
        async with Store() as store:
            store.set(source, pending)
            value = store.get(source)
            waiter = asyncio.ensure_future(_awaiting(value))
            await quiet()
            store.set(source, 5)
            assert await waiter == 5
            assert await value == 5
            pending.cancel()

    async def test_a_value_set_between_settling_and_waking_is_what_the_waiter_gets(self) -> None:
        echo = Echo()
        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(echo.atom))
            await quiet()
            subscription = store.subscribe(echo.atom, lambda value: store.set(echo.key, 2))
            echo.gate.set()
            assert await waiter == 2
            subscription()


async def _awaiting(value: Any) -> Any:
    return await value


class TestSettled:
    async def test_awaiting_a_settled_one_does_not_yield_to_the_loop(self) -> None:
        echo = Echo()
        echo.gate.set()
        async with Store() as store:
            await store.get(echo.atom)
            turns = []
            asyncio.get_running_loop().call_soon(turns.append, 1)
            for _ in range(100):
                assert await store.get(echo.atom) == 1
                assert await store.value(echo.atom) == 1
            assert turns == []

    async def test_awaiting_an_outdated_one_yields_to_the_loop(self) -> None:
        echo = Echo()
        echo.gate.set()
        async with Store() as store:
            await store.get(echo.atom)
            store.set(echo.key, 2)
            turns = []
            asyncio.get_running_loop().call_soon(turns.append, 1)
            assert await store.get(echo.atom) == 2
            assert turns == [1]

    async def test_a_chain_of_settled_values_settles_its_next_dependent_in_one_step(self) -> None:
        steps: list[int] = []

        def link(below: Any) -> Any:
            @derived
            async def above(get):
                return await get(below) + 1

            return above

        first = derived(_giving(0))
        async with Store() as store:
            chain = [first]
            for _ in range(50):
                chain.append(link(chain[-1]))
                assert await store.get(chain[-1]) == len(chain) - 1

            async def count() -> None:
                while len(steps) < 1000:
                    steps.append(1)
                    await asyncio.sleep(0)

            counter = asyncio.ensure_future(count())
            assert await store.get(link(chain[-1])) == 51
            counter.cancel()
            assert len(steps) <= 3


class TestValue:
    async def test_it_is_the_settled_value_of_any_atom(self) -> None:
        echo, number = Echo("async"), atom(3)
        echo.gate.set()
        async with Store() as store:
            assert await store.value(number) == 3
            assert await store.value(derived(lambda get: get(number) * 2)) == 6
            assert await store.value(echo.atom) == "async"
            assert await store.value(derived(lambda get: get(echo.atom))) == "async"
            assert await store.value(unwrap(echo.atom, None)) == "async"
            assert (await store.value(loadable(echo.atom))).data == "async"

    async def test_it_raises_the_error_of_a_sync_and_of_an_async_atom(self) -> None:
        echo = Echo(KeyError("async"))
        echo.gate.set()

        @derived
        def broken(get):
            raise KeyError("sync")

        async with Store() as store:
            with pytest.raises(KeyError, match="async"):
                await store.value(echo.atom)
            with pytest.raises(KeyError, match="sync"):
                await store.value(broken)


class TestTheEnd:
    async def test_waiters_of_a_closed_store_get_an_error(self) -> None:
        echo = Echo()
        store = Store()
        waiter = asyncio.ensure_future(store.value(echo.atom))
        await quiet()
        await store.close()
        with pytest.raises(StoreClosedError):
            await waiter

    async def test_a_settled_one_outlives_its_store(self) -> None:
        echo = Echo()
        echo.gate.set()
        async with Store() as store:
            value = store.get(echo.atom)
            await value
        assert (value.state, value.result(), await value) == ("hasData", 1, 1)
        assert "hasData" in repr(value)

    async def test_a_pending_one_of_a_closed_store_raises_when_awaited(self) -> None:
        async with Store() as store:
            value = store.get(Echo().atom)
        with pytest.raises(StoreClosedError):
            await value
        with pytest.raises(NotSettledError):
            value.result()
        assert repr(value)

    async def test_it_holds_its_atom_and_lets_it_go(self) -> None:
        async with Store() as store:
            echo = Echo()
            echo.gate.set()
            known = weakref.ref(echo.atom)
            value = store.get(echo.atom)
            del echo
            gc.collect()
            assert known() is not None
            assert await value == 1
            del value
            await quiet()
            gc.collect()
            assert known() is None
