"""Async cut-off: a run is outdated when a value it has received is replaced by a different one, not before."""

import asyncio
from typing import Any

import pytest

from halflife import HasData, Loading, Store, atom, derived, loadable, unwrap
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class Parity:
    """An async atom with the parity of a number; the test ends each of its runs."""

    def __init__(self) -> None:
        self.number = atom(0)
        self.gates: list[asyncio.Event] = []
        self.atom = derived(self._read, name="parity")

    async def _read(self, get: Any) -> int:
        number = get(self.number)
        self.gates.append(asyncio.Event())
        await self.gates[-1].wait()
        return number % 2

    async def let(self) -> None:
        self.gates[-1].set()
        await quiet()


class TestEqualValues:
    async def test_an_input_that_settles_to_an_equal_value_runs_no_dependent(self) -> None:
        parity, runs = Parity(), []

        @derived
        async def described(get):
            runs.append(1)
            return ("even", "odd")[await get(parity.atom)]

        async with Store() as store:
            seen: list[Any] = []
            with store.subscribe(described, lambda value: seen.append(value.result())):
                await quiet()
                await parity.let()
                assert (runs, seen) == ([1], ["even"])
                store.set(parity.number, 2)
                await quiet()
                await parity.let()
                assert (runs, seen) == ([1], ["even"])
                store.set(parity.number, 3)
                await quiet()
                await parity.let()
                assert (runs, seen) == ([1, 1], ["even", "odd"])

    async def test_awaiting_a_dependent_waits_for_the_pending_input(self) -> None:
        parity = Parity()

        @derived
        async def described(get):
            return ("even", "odd")[await get(parity.atom)]

        async with Store() as store:
            with store.subscribe(described, ignore):
                await quiet()
                await parity.let()
                store.set(parity.number, 2)
                waiter = asyncio.ensure_future(store.value(described))
                await quiet()
                assert not waiter.done()
                assert store.get(described).state == "loading"
                await parity.let()
                assert await waiter == "even"

    async def test_loadables_along_a_chain_load_and_come_back_together(self) -> None:
        parity, runs = Parity(), []

        def link(below: Any) -> Any:
            @derived
            async def above(get):
                runs.append(1)
                return await get(below) + 10

            return above

        chain = [parity.atom]
        for _ in range(5):
            chain.append(link(chain[-1]))
        async with Store() as store:
            with store.subscribe(chain[-1], ignore):
                await quiet()
                await parity.let()
                assert [store.get(loadable(one)) for one in chain] == [HasData(n * 10) for n in range(6)]
                store.set(parity.number, 2)
                assert [store.get(loadable(one)) for one in chain] == [Loading(n * 10) for n in range(6)]
                keeping = [loadable(one, keep_previous=True) for one in chain]
                assert [store.get(one) for one in keeping] == [HasData(n * 10, refreshing=True) for n in range(6)]
                await quiet()
                await parity.let()
                assert [store.get(one) for one in keeping] == [HasData(n * 10) for n in range(6)]
                assert len(runs) == 5

    async def test_an_unobserved_chain_is_cut_off_as_well(self) -> None:
        parity, runs = Parity(), []

        @derived
        async def described(get):
            runs.append(1)
            return await get(parity.atom)

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(described))
            await quiet()
            await parity.let()
            await waiter
            store.set(parity.number, 2)
            await quiet()
            assert len(parity.gates) == 1
            waiter = asyncio.ensure_future(store.value(described))
            await quiet()
            assert len(parity.gates) == 2
            await parity.let()
            assert await waiter == 0
            assert runs == [1]
            store.set(parity.number, 3)
            waiter = asyncio.ensure_future(store.value(described))
            await quiet()
            await parity.let()
            assert await waiter == 1
            assert runs == [1, 1]
            assert store._invariant() is None

    async def test_a_sync_reader_depends_on_the_settled_value(self) -> None:
        parity, runs = Parity(), []

        @derived
        def shown(get):
            runs.append(1)
            return get(unwrap(parity.atom, -1, keep_previous=True))

        @derived
        def passed_on(get):
            runs.append(2)
            return get(parity.atom)

        told: list[int] = []
        async with Store() as store:
            with store.subscribe(shown, told.append), store.subscribe(passed_on, ignore):
                await quiet()
                await parity.let()
                assert (store.get(shown), await store.get(passed_on)) == (0, 0)
                runs.clear()
                store.set(parity.number, 2)
                await quiet()
                assert store.get(shown) == 0
                assert store.get(passed_on).state == "loading"
                await parity.let()
                assert (runs, await store.get(passed_on)) == ([], 0)
                store.set(parity.number, 3)
                await quiet()
                assert runs == []
                await parity.let()
                assert (sorted(runs), await store.get(passed_on), told) == ([1, 2], 1, [0, 1])
                assert store._invariant() is None


class TestReceiving:
    async def test_a_run_that_still_awaits_an_input_follows_it_to_its_newest_value(self) -> None:
        parity, runs = Parity(), []

        @derived
        async def described(get):
            runs.append(1)
            return await get(parity.atom)

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(described))
            await quiet()
            store.set(parity.number, 1)
            await quiet()
            assert len(parity.gates) == 2
            await parity.let()
            assert await waiter == 1
            assert runs == [1]

    async def test_a_run_that_received_an_input_is_kept_while_it_is_pending_and_superseded_if_the_value_differs(
        self,
    ) -> None:
        parity, gate = Parity(), asyncio.Event()
        received, cancelled = [], []

        @derived
        async def described(get):
            value = await get(parity.atom)
            received.append(value)
            try:
                await gate.wait()
            except asyncio.CancelledError:
                cancelled.append(value)
                raise
            return value

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(described))
            await quiet()
            await parity.let()
            assert received == [0]
            store.set(parity.number, 2)
            await quiet()
            await parity.let()
            assert (received, cancelled) == ([0], [])
            store.set(parity.number, 3)
            await quiet()
            assert cancelled == []
            await parity.let()
            assert (received, cancelled) == ([0, 1], [0])
            gate.set()
            assert await waiter == 1

    @pytest.mark.parametrize("number", [2, 3])
    async def test_a_run_that_ends_while_a_received_input_is_pending_is_shown_only_if_the_input_stays_equal(
        self, number: int
    ) -> None:
        parity, gate = Parity(), asyncio.Event()
        runs = []

        @derived
        async def described(get):
            value = await get(parity.atom)
            runs.append(value)
            await gate.wait()
            return value

        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(described, lambda value: shown.append(value.result())):
                await quiet()
                await parity.let()
                store.set(parity.number, number)
                await quiet()
                gate.set()
                await quiet()
                assert (shown, store.get(described).state) == ([], "loading")
                assert store._invariant() is None
                await parity.let()
                assert shown == [number % 2]
                assert runs == ([0] if number == 2 else [0, 1])

    async def test_gather_inside_a_run_receives(self) -> None:
        left, right, gate = Parity(), Parity(), asyncio.Event()
        received = []

        @derived
        async def both(get):
            received.append(tuple(await asyncio.gather(get(left.atom), get(right.atom))))
            await gate.wait()
            return received[-1]

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(both))
            await quiet()
            await left.let()
            store.set(left.number, 1)  # gather's inner task has already received this input
            await quiet()
            await right.let()
            await left.let()
            assert received[-1] == (1, 0)
            gate.set()
            assert await waiter == (1, 0)

    async def test_handing_on_an_async_value_receives_it(self) -> None:
        parity = Parity()

        @derived
        async def same(get):
            return get(parity.atom)

        async with Store() as store:
            with store.subscribe(same, ignore):
                await quiet()
                await parity.let()
                assert await store.get(same) == 0
                store.set(parity.number, 1)
                await quiet()
                await parity.let()
                assert await store.get(same) == 1

    async def test_an_input_that_was_asked_for_and_never_awaited_does_not_restart_the_run(self) -> None:
        parity, runs = Parity(), []

        @derived
        async def careless(get):
            runs.append(1)
            get(parity.atom)
            return 5

        async with Store() as store:
            with store.subscribe(careless, ignore):
                assert await store.get(careless) == 5
                await parity.let()
                store.set(parity.number, 1)
                await quiet()
                await parity.let()
                assert (runs, await store.get(careless)) == ([1], 5)

    async def test_result_of_an_input_that_is_settled_receives_it(self) -> None:
        parity = Parity()

        @derived
        async def same(get):
            value = get(parity.atom)
            return value.result() if value.done else await value

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(parity.atom))
            await quiet()
            await parity.let()
            await waiter
            with store.subscribe(same, ignore):
                assert await store.get(same) == 0
                store.set(parity.number, 1)
                await quiet()
                await parity.let()
                assert await store.get(same) == 1


class TestTornReads:
    async def test_a_run_never_sees_two_values_of_one_input(self) -> None:
        number = atom(0)
        pairs: list[tuple[int, int]] = []

        @derived(cancel="signal")
        async def torn(get):
            before = get(number)
            for _ in range(3):
                await asyncio.sleep(0)
            pairs.append((before, get(number)))
            return pairs[-1]

        async with Store() as store:
            with store.subscribe(torn, ignore):
                for value in range(1, 30):
                    store.set(number, value)
                    for _ in range(value % 6):
                        await asyncio.sleep(0)
                await store.settled()
                assert await store.get(torn) == (29, 29)
        assert all(before == after for before, after in pairs)

    async def test_a_run_never_sees_two_inputs_from_different_moments(self) -> None:
        number = atom(0)
        sums: list[int] = []

        @derived
        async def up(get):
            value = get(number)
            await asyncio.sleep(0)
            return value

        down = derived(lambda get: -get(number))

        @derived
        async def zero(get):
            sums.append(await get(up) + get(down))
            return sums[-1]

        async with Store() as store:
            shown: list[int] = []
            with store.subscribe(zero, lambda value: shown.append(value.result())):
                for value in range(1, 40):
                    store.set(number, value)
                    for _ in range(value % 7):
                        await asyncio.sleep(0)
                await store.settled()
                assert await store.get(zero) == 0
            assert set(shown) == set(sums) == {0}

    async def test_a_result_of_an_old_input_is_dropped_and_the_next_read_runs_again(self) -> None:
        parity = Parity()
        received: list[int] = []
        gate = asyncio.Event()

        @derived
        async def hundreds(get):
            received.append(await get(parity.atom))
            await gate.wait()
            return 100 * received[-1]

        async with Store() as store:
            store.get(hundreds)
            await quiet()
            await parity.let()
            store.set(parity.number, 1)
            store.get(parity.atom)
            await quiet()
            gate.set()
            await quiet()  # the run has ended while its input is pending again
            await parity.let()
            assert received == [0]
            assert store._invariant() is None
            assert store.get(loadable(hundreds)) == Loading()
            await store.settled()
            assert received == [0, 1]
            assert store.get(loadable(hundreds)) == HasData(100)
