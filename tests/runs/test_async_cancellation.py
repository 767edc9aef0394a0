"""Cancellation of runs: by the store, from outside, by the run itself, and never by one of many waiters."""

import asyncio
from typing import Any

import pytest

from halflife import HasData, HasError, Loading, RunCancelledError, Store, atom, derived, loadable
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio

STEPS = 5


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class Fetch:
    """A read of one input that waits for the test; remembers its tasks, and which were cancelled."""

    def __init__(self, key: Any) -> None:
        self.key = key
        self.tasks: list[asyncio.Task[Any]] = []
        self.cancelled: list[Any] = []
        self.gate = asyncio.Event()

    async def __call__(self, get: Any) -> Any:
        key = get(self.key)
        self.tasks.append(asyncio.current_task())
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(key)
            raise
        return key


async def steps(get: Any) -> int:
    for _ in range(STEPS):
        await asyncio.sleep(0)
    return 7


class TestFromOutside:
    async def test_waiters_get_run_cancelled_error_with_the_cancellation_as_its_cause(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch, name="user")
        async with Store() as store:
            waiters = [asyncio.ensure_future(store.value(user)) for _ in range(3)]
            await quiet()
            fetch.tasks[0].cancel("by a stranger")
            errors = await asyncio.gather(*waiters, return_exceptions=True)
        assert [type(error) for error in errors] == [RunCancelledError] * 3
        assert "user" in str(errors[0])
        assert isinstance(errors[0].__cause__, asyncio.CancelledError)

    async def test_a_run_cancelled_from_outside_starts_again_only_at_the_next_explicit_read(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch)
        seen: list[Any] = []
        errors: list[BaseException] = []
        async with Store() as store:
            with store.subscribe(user, seen.append, errors.append):
                await quiet()
                fetch.tasks[0].cancel()
                await quiet()
                assert len(fetch.tasks) == 1
                assert [type(error) for error in errors] == [RunCancelledError]
                fetch.gate.set()
                assert await store.get(user) == 1
                assert len(fetch.tasks) == 2
            assert [value.result() for value in seen] == [1]

    async def test_another_atom_that_is_set_does_not_start_it_again(self) -> None:
        fetch, other = Fetch(atom(1)), atom(1)
        user = derived(fetch)
        async with Store(on_error=ignore) as store:
            with store.subscribe(user, ignore):
                await quiet()
                fetch.tasks[0].cancel()
                await quiet()
                store.set(other, 2)
                await store.value(derived(lambda get: get(other)))
                await quiet()
                assert len(fetch.tasks) == 1

    async def test_its_loadable_shows_the_error_and_recovers(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch)
        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(loadable(user), shown.append):
                await quiet()
                fetch.tasks[0].cancel()
                await quiet()
                assert [type(value) for value in shown] == [HasError]
                assert isinstance(shown[0].error, RunCancelledError)
                shown.clear()
                fetch.gate.set()
                assert await store.value(user) == 1
                assert shown[-1] == HasData(1)

    async def test_a_run_that_raises_cancelled_error_itself_is_no_different(self) -> None:
        fails = [True]

        @derived
        async def user(get):
            if fails[0]:
                raise asyncio.CancelledError("of my own")
            return 1

        async with Store() as store:
            with pytest.raises(RunCancelledError, match="user"):
                await store.get(user)
            fails[0] = False
            assert await store.get(user) == 1

    async def test_a_run_that_awaits_something_that_was_cancelled_is_no_different(self) -> None:
        futures: list[asyncio.Future[int]] = []

        @derived
        async def user(get):
            futures.append(asyncio.get_running_loop().create_future())
            return await futures[-1]

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(user))
            await quiet()
            futures[0].cancel()
            with pytest.raises(RunCancelledError):
                await waiter
            again = asyncio.ensure_future(store.value(user))
            await quiet()
            futures[1].set_result(1)
            assert await again == 1

    async def test_a_dependent_gets_the_error_and_both_start_again_when_it_is_read(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch)

        @derived
        async def posts(get):
            return [await get(user)]

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(posts))
            await quiet()
            fetch.tasks[0].cancel()
            with pytest.raises(RunCancelledError):
                await waiter
            assert len(fetch.tasks) == 1
            fetch.gate.set()
            assert await store.value(posts) == [1]

    @pytest.mark.parametrize("turns", range(STEPS + 3))
    async def test_at_every_await_point_waiters_hear_of_it_or_have_the_value(self, turns: int) -> None:
        tasks: list[asyncio.Task[Any]] = []
        user = derived(steps)
        async with Store() as store:
            before = asyncio.all_tasks()
            value = store.get(user)
            tasks = [task for task in asyncio.all_tasks() - before if task.get_name() == "halflife run"]
            waiter = asyncio.ensure_future(_value(value))
            for _ in range(turns):
                await asyncio.sleep(0)
            ended = tasks[0].done()
            tasks[0].cancel()
            if ended:
                assert await waiter == 7
            else:
                with pytest.raises(RunCancelledError):
                    await waiter
            assert await store.get(user) == 7


async def _value(value: Any) -> Any:
    return await value


class TestByTheStore:
    @pytest.mark.parametrize("turns", range(STEPS + 4))
    async def test_superseding_at_every_await_point_gives_the_newest_value(self, turns: int) -> None:
        user_id = atom(1)

        @derived
        async def user(get):
            key = get(user_id)
            await steps(get)
            return key

        async with Store() as store:
            with store.subscribe(user, ignore):
                waiter = asyncio.ensure_future(store.value(user))
                for _ in range(turns):
                    await asyncio.sleep(0)
                store.set(user_id, 2)
                assert await waiter in ((1, 2) if turns > STEPS else (2,))
                assert await store.value(user) == 2

    @pytest.mark.parametrize("turns", range(STEPS + 3))
    async def test_closing_at_every_await_point_ends_the_task(self, turns: int) -> None:
        user = derived(steps)
        before = asyncio.all_tasks()
        store = Store()
        store.get(user)
        for _ in range(turns):
            await asyncio.sleep(0)
        await store.close()
        assert asyncio.all_tasks() == before

    async def test_a_superseded_run_never_becomes_an_error_and_is_never_cached(self) -> None:
        key = atom(1)
        fetch = Fetch(key)
        user = derived(fetch)
        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(loadable(user), shown.append):
                await quiet()
                store.set(key, 2)
                await quiet()
                store.set(key, 1)
                await quiet()
                assert len(fetch.tasks) == 3
                fetch.gate.set()
                await quiet()
                assert store.get(loadable(user)) == HasData(1)
            assert all(not isinstance(value, HasError) for value in shown)

    async def test_a_run_stopped_while_nobody_looks_starts_again_on_return(self) -> None:
        key = atom(1)
        fetch = Fetch(key)
        user = derived(fetch)
        async with Store() as store:
            store.get(user)
            await quiet()
            store.set(key, 2)
            await quiet()
            assert fetch.cancelled == [1]
            store.set(key, 1)
            await quiet()
            assert len(fetch.tasks) == 1
            fetch.gate.set()
            assert await store.get(user) == 1
            assert len(fetch.tasks) == 2

    async def test_a_run_that_swallows_its_cancellation_is_not_shown(self) -> None:
        key = atom(1)

        @derived
        async def user(get):
            value = get(key)
            if value == 1:
                try:
                    await asyncio.get_running_loop().create_future()
                except asyncio.CancelledError:
                    return "swallowed"
            return value

        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                store.set(key, 2)
                await quiet()
                assert await store.get(user) == 2

    async def test_cancel_signal_only_signals_and_lets_the_run_end_unseen(self) -> None:
        key, gate = atom(1), asyncio.Event()
        ended: list[Any] = []

        @derived(cancel="signal")
        async def user(get, signal):
            value = get(key)
            if value == 1:
                await gate.wait()
            ended.append((value, signal.aborted))
            return value

        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                store.set(key, 2)
                await quiet()
                assert ended == [(2, False)]
                gate.set()
                await quiet()
                assert ended == [(2, False), (1, True)]
                assert await store.get(user) == 2


class TestWaiters:
    async def test_cancelling_one_waiter_cancels_neither_the_run_nor_the_others(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch)
        async with Store() as store:
            first, second = (asyncio.ensure_future(store.value(user)) for _ in range(2))
            await quiet()
            first.cancel()
            await quiet()
            assert first.cancelled()
            fetch.gate.set()
            assert await second == 1
            assert fetch.cancelled == []

    async def test_cancelling_every_waiter_lets_the_run_end(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch)
        async with Store() as store:
            waiters = [asyncio.ensure_future(store.value(user)) for _ in range(3)]
            await quiet()
            for waiter in waiters:
                waiter.cancel()
            await quiet()
            fetch.gate.set()
            await quiet()
            assert store.get(user).result() == 1
            assert (len(fetch.tasks), fetch.cancelled) == (1, [])

    async def test_a_waiter_that_times_out_does_not_cancel_the_run(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch)
        async with Store() as store:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await store.get(user)
            fetch.gate.set()
            assert await store.get(user) == 1
            assert fetch.cancelled == []


class TestOnUnmount:
    async def test_never_is_the_default_and_the_result_is_kept(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch)
        async with Store() as store:
            store.subscribe(user, ignore)()
            await quiet()
            fetch.gate.set()
            await quiet()
            assert (store.get(user).result(), fetch.cancelled) == (1, [])

    async def test_grace_cancels_the_run_when_the_last_subscriber_leaves(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch, cancel_on_unmount="grace")
        async with Store() as store:
            first, second = store.subscribe(user, ignore), store.subscribe(loadable(user), ignore)
            await quiet()
            first()
            await quiet()
            assert fetch.cancelled == []
            second()
            assert store._invariant() is None
            await quiet()
            assert fetch.cancelled == [1]
            assert isinstance(store.get(loadable(user)), Loading)
            await quiet()
            assert len(fetch.tasks) == 2
            fetch.gate.set()
            assert await store.get(user) == 1
            assert len(fetch.tasks) == 2

    async def test_grace_waits_for_the_grace_period_of_the_store(self) -> None:
        clock, fetch = ManualClock(), Fetch(atom(1))
        user = derived(fetch, cancel_on_unmount="grace")
        async with Store(clock=clock, mount_grace=5.0) as store:
            store.subscribe(user, ignore)()
            await clock.advance(4.0)
            assert fetch.cancelled == []
            await clock.advance(1.0)
            assert fetch.cancelled == [1]

    async def test_a_waiter_keeps_the_run_alive(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch, cancel_on_unmount="grace")
        async with Store() as store:
            subscription = store.subscribe(user, ignore)
            waiter = asyncio.ensure_future(store.value(user))
            await quiet()
            subscription()
            await quiet()
            assert fetch.cancelled == []
            fetch.gate.set()
            assert await waiter == 1

    async def test_cancelling_the_last_waiter_ends_a_run_as_losing_the_last_subscriber_does(self) -> None:
        fetch = Fetch(atom(1))
        user = derived(fetch, cancel_on_unmount="grace")
        async with Store() as store:
            waiters = [asyncio.ensure_future(store.value(user)) for _ in range(2)]
            await quiet()
            waiters[0].cancel()
            await quiet()
            assert fetch.cancelled == []
            waiters[1].cancel()
            await quiet()
            assert fetch.cancelled == [1]
            assert store._invariant() is None
