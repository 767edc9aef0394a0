"""Changes and until: watching settled values from async code."""

import asyncio
from typing import Any

import pytest

from halflife import Store, StoreClosedError, atom, derived, loadable
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


class Watch:
    """Collects the values of `changes`, in a task of its own."""

    def __init__(self, store: Store, a: Any, *, slow: asyncio.Event | None = None) -> None:
        self.seen: list[Any] = []
        self.slow = slow
        self.task = asyncio.ensure_future(self._watch(store, a))

    async def _watch(self, store: Store, a: Any) -> None:
        async for value in store.changes(a):
            self.seen.append(value)
            if self.slow is not None:
                await self.slow.wait()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class TestChanges:
    async def test_it_gives_the_current_value_and_then_every_new_one(self) -> None:
        number = atom(1)
        async with Store() as store:
            watch = Watch(store, number)
            await quiet()
            for value in (2, 3, 4):
                store.set(number, value)
                await quiet()
            assert watch.seen == [1, 2, 3, 4]
            await watch.stop()

    async def test_a_slow_consumer_skips_to_the_newest(self) -> None:
        number, slow = atom(1), asyncio.Event()
        async with Store() as store:
            watch = Watch(store, number, slow=slow)
            await quiet()
            for value in (2, 3, 4):
                store.set(number, value)
                await quiet()
            slow.set()
            await quiet()
            assert watch.seen == [1, 4]
            await watch.stop()

    async def test_sets_in_one_stretch_are_one_change(self) -> None:
        number = atom(1)
        async with Store() as store:
            watch = Watch(store, number)
            await quiet()
            for value in (2, 3, 4):
                store.set(number, value)
            await quiet()
            assert watch.seen == [1, 4]
            await watch.stop()

    async def test_an_equal_value_is_no_change(self) -> None:
        number = atom(1000)
        rounded = derived(lambda get: float(get(number) // 1000))
        async with Store() as store:
            watch = Watch(store, rounded)
            await quiet()
            store.set(number, 1500)
            await quiet()
            store.set(number, 2500)
            await quiet()
            assert watch.seen == [1.0, 2.0]
            await watch.stop()

    async def test_of_an_async_atom_it_gives_data_and_never_an_async_value(self) -> None:
        key = atom(1)

        @derived
        async def user(get):
            value = get(key)
            await asyncio.sleep(0)
            return value * 10

        async with Store() as store:
            watch = Watch(store, user)
            await quiet()
            for value in (2, 3):
                store.set(key, value)
                await quiet()
            assert watch.seen == [10, 20, 30]
            await watch.stop()

    async def test_an_async_atom_that_settles_to_an_equal_value_is_no_change(self) -> None:
        key = atom(1)

        @derived
        async def parity(get):
            value = get(key)
            await asyncio.sleep(0)
            return float(value % 2)

        async with Store() as store:
            watch = Watch(store, parity)
            await quiet()
            store.set(key, 3)
            await quiet()
            store.set(key, 4)
            await quiet()
            assert watch.seen == [1.0, 0.0]
            await watch.stop()

    async def test_an_async_atom_that_refreshes_while_a_change_waits_gives_the_change_first(self) -> None:
        key, gates = atom(0), [asyncio.Event() for _ in range(3)]

        @derived
        async def user(get):
            value = get(key)
            await gates[value].wait()
            return value * 10

        async with Store() as store:
            watch = Watch(store, user)
            await quiet()
            gates[0].set()
            await quiet()
            store.set(key, 1)
            await quiet()
            gates[1].set()
            await quiet()
            store.set(key, 2)
            await quiet()
            gates[2].set()
            await quiet()
            assert watch.seen == [0, 10, 20]
            await watch.stop()

    async def test_it_raises_the_atoms_error(self) -> None:
        number = atom(1)
        inverse = derived(lambda get: 1 // get(number))
        async with Store() as store:
            watch = Watch(store, inverse)
            await quiet()
            store.set(number, 0)
            with pytest.raises(ZeroDivisionError):
                await watch.task
            assert watch.seen == [1]

    async def test_it_observes_the_atom_only_while_it_is_consumed(self) -> None:
        mounted: list[str] = []

        def on_mount(set: Any) -> Any:
            mounted.append("mounted")
            return lambda: mounted.append("unmounted")

        number = atom(1, on_mount=on_mount)
        async with Store() as store:
            changes = store.changes(number)
            assert mounted == []
            assert await anext(changes) == 1
            assert mounted == ["mounted"]
            await changes.aclose()
            assert mounted == ["mounted", "unmounted"]

    async def test_of_a_loadable_it_gives_the_states(self) -> None:
        key = atom(1)

        @derived
        async def user(get):
            return get(key)

        async with Store() as store:
            watch = Watch(store, loadable(user))
            await quiet()
            assert [state.state for state in watch.seen] == ["loading", "hasData"]
            await watch.stop()

    async def test_two_consumers_are_independent(self) -> None:
        number, slow = atom(1), asyncio.Event()
        async with Store() as store:
            fast, other = Watch(store, number), Watch(store, number, slow=slow)
            await quiet()
            for value in (2, 3):
                store.set(number, value)
                await quiet()
            assert (fast.seen, other.seen) == ([1, 2, 3], [1])
            await fast.stop()
            slow.set()
            await quiet()
            assert other.seen == [1, 3]
            await other.stop()

    async def test_closing_the_store_ends_it(self) -> None:
        store = Store()
        watch = Watch(store, atom(1))
        await quiet()
        await store.close()
        await quiet()
        assert watch.task.done()
        with pytest.raises(StoreClosedError):
            await watch.task

    async def test_only_an_atom_can_be_watched(self) -> None:
        async with Store() as store:
            with pytest.raises(TypeError, match="changes"):
                store.changes(1)


class TestUntil:
    async def test_it_gives_the_first_settled_value_that_satisfies_the_predicate(self) -> None:
        number = atom(1)
        async with Store() as store:
            assert await store.until(number, lambda value: value == 1) == 1
            waiter = asyncio.ensure_future(store.until(number, lambda value: value > 2))
            await quiet()
            for value in (2, 3):
                assert not waiter.done()
                store.set(number, value)
                await quiet()
            assert await waiter == 3

    async def test_of_an_async_atom_it_waits_for_the_data(self) -> None:
        key = atom(1)

        @derived
        async def user(get):
            value = get(key)
            await asyncio.sleep(0)
            return value * 10

        async with Store() as store:
            assert await store.until(user, lambda value: value == 10) == 10
            waiter = asyncio.ensure_future(store.until(user, lambda value: value == 30))
            for value in (2, 3):
                store.set(key, value)
                await quiet()
            assert await waiter == 30

    async def test_it_times_out_on_the_stores_clock(self) -> None:
        clock = ManualClock()
        number = atom(1, name="number")
        async with Store(clock=clock) as store:
            waiter = asyncio.ensure_future(store.until(number, lambda value: value == 2, timeout=5.0))
            await clock.advance(4.9)
            assert not waiter.done()
            await clock.advance(0.2)
            with pytest.raises(TimeoutError, match="number"):
                await waiter
            assert clock.pending == 0

    async def test_a_value_in_time_ends_the_timer(self) -> None:
        clock, number = ManualClock(), atom(1)
        async with Store(clock=clock) as store:
            waiter = asyncio.ensure_future(store.until(number, lambda value: value == 2, timeout=5.0))
            await quiet()
            store.set(number, 2)
            assert await waiter == 2
            assert clock.pending == 0

    async def test_until_raises_errors_of_the_atom_and_of_the_predicate(self) -> None:
        number = atom(1)
        inverse = derived(lambda get: 1 // get(number))
        async with Store() as store:
            waiter = asyncio.ensure_future(store.until(inverse, lambda value: value > 1))
            await quiet()
            store.set(number, 0)
            with pytest.raises(ZeroDivisionError):
                await waiter

            def wrong(value: int) -> bool:
                raise KeyError(value)

            with pytest.raises(KeyError):
                await store.until(number, wrong)

    async def test_cancelling_it_stops_observing(self) -> None:
        mounted: list[int] = []

        def on_mount(set: Any) -> Any:
            mounted.append(1)
            return lambda: mounted.append(-1)

        number = atom(1, on_mount=on_mount)
        async with Store() as store:
            waiter = asyncio.ensure_future(store.until(number, lambda value: False))
            await quiet()
            waiter.cancel()
            await quiet()
            assert mounted == [1, -1]

    async def test_a_predicate_that_is_no_function_is_refused(self) -> None:
        async with Store() as store:
            with pytest.raises(TypeError, match="predicate"):
                await store.until(atom(1), 5)

    async def test_closing_the_store_ends_it(self) -> None:
        store = Store()
        waiter = asyncio.ensure_future(store.until(atom(1), lambda value: False))
        await quiet()
        await store.close()
        await quiet()
        assert waiter.done()
        with pytest.raises(StoreClosedError):
            await waiter


async def test_changes_in_another_store_are_not_seen() -> None:
    number = atom(1)
    async with Store() as left, Store() as right:
        watch = Watch(left, number)
        await quiet()
        right.set(number, 2)
        await quiet()
        assert watch.seen == [1]
        await watch.stop()
