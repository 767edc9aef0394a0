"""Source atoms set to awaitables: they suspend until the awaitable resolves, and may switch back and forth."""

import asyncio
from typing import Any

import pytest

from halflife import AsyncValue, HasData, HasError, Loading, NoEventLoopError, Store, atom, derived, loadable
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def ignore(value: object) -> None:
    """A subscriber that only observes."""


@pytest.mark.asyncio
class TestInitialValues:
    async def test_a_future_as_initial_value_suspends_the_atom_until_it_resolves(self) -> None:
        pending = future()
        source = atom(pending)
        async with Store() as store:
            value = store.get(source)
            assert isinstance(value, AsyncValue)
            assert value.state == "loading"
            pending.set_result(5)
            assert await value == 5

    async def test_one_future_serves_two_stores(self) -> None:
        pending = future()
        source = atom(pending)
        async with Store() as left, Store() as right:
            waiters = [asyncio.ensure_future(store.value(source)) for store in (left, right)]
            await quiet()
            left.set(source, 1)
            assert await waiters[0] == 1
            pending.set_result(5)
            assert await waiters[1] == 5

    async def test_a_task_as_initial_value_works_and_is_not_cancelled_by_the_store(self) -> None:
        pending = future()

        async def work() -> Any:
            return await pending

        task = asyncio.ensure_future(work())
        source = atom(task)
        async with Store() as store:
            store.get(source)
            await quiet()
            store.set(source, 1)
            await quiet()
            assert not task.cancelled()
        await quiet()
        pending.set_result(5)
        assert await task == 5

    async def test_a_bare_coroutine_as_initial_value_is_refused_and_the_error_names_lazy(self) -> None:
        async def work() -> int:
            return 1

        coroutine = work()
        with pytest.raises(TypeError, match="lazy"):
            atom(coroutine)
        coroutine.close()

    async def test_a_future_that_has_already_failed_is_the_atoms_error(self) -> None:
        failed = future()
        failed.set_exception(KeyError("gone"))
        source = atom(failed)
        async with Store() as store:
            with pytest.raises(KeyError, match="gone"):
                await store.get(source)
            state = store.get(loadable(source))
            assert isinstance(state, HasError)


@pytest.mark.asyncio
class TestSettingAwaitables:
    async def test_a_coroutine_a_future_and_a_task_can_be_set(self) -> None:
        source = atom(0)

        async def work(value: int) -> int:
            return value

        done = future()
        done.set_result(2)
        async with Store() as store:
            store.set(source, work(1))
            assert await store.get(source) == 1
            store.set(source, done)
            assert await store.get(source) == 2
            store.set(source, asyncio.ensure_future(work(3)))
            assert await store.get(source) == 3

    async def test_a_resolved_source_still_reads_as_an_async_value(self) -> None:
        source, pending = atom(0), future()
        async with Store() as store:
            assert store.get(source) == 0
            store.set(source, pending)
            pending.set_result(5)
            assert await store.get(source) == 5
            value = store.get(source)
            assert (type(value), value.state, value.result()) == (AsyncValue, "hasData", 5)
            store.set(source, 6)
            assert store.get(source) == 6

    async def test_a_plain_value_takes_the_place_of_a_pending_awaitable_whose_result_is_dropped(self) -> None:
        source, pending = atom(0), future()
        seen: list[Any] = []
        async with Store() as store:
            with store.subscribe(source, seen.append):
                store.set(source, pending)
                await quiet()
                store.set(source, 1)
                pending.set_result(5)
                await quiet()
                assert store.get(source) == 1
        assert seen == [1]

    async def test_the_newest_of_several_awaitables_wins_in_whatever_order_they_resolve(self) -> None:
        source, first, second = atom(0), future(), future()
        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(source, lambda value: shown.append(value.result())):
                store.set(source, first)
                await quiet()
                store.set(source, second)
                await quiet()
                second.set_result(2)
                await quiet()
                first.set_result(1)
                await quiet()
                assert await store.get(source) == 2
        assert shown == [2]

    async def test_setting_the_same_awaitable_again_does_nothing(self) -> None:
        source, pending = atom(0), future()
        async with Store() as store:
            store.set(source, pending)
            value = store.get(source)
            store.set(source, pending)
            assert store.get(source) is value
            pending.set_result(1)
            assert await value == 1
            store.set(source, pending)
            assert store.get(source) is value

    async def test_dependents_wait_for_the_awaitable_and_see_its_value(self) -> None:
        source, pending = atom(1), future()
        runs: list[Any] = []

        @derived
        async def doubled(get):
            value = get(source)
            value = await value if isinstance(value, AsyncValue) else value
            runs.append(value)
            return value * 2

        async with Store() as store:
            with store.subscribe(doubled, ignore):
                assert await store.get(doubled) == 2
                store.set(source, pending)
                await quiet()
                assert store.get(doubled).state == "loading"
                pending.set_result(5)
                assert await store.get(doubled) == 10
                assert runs == [1, 5]

    async def test_a_source_that_resolves_to_an_equal_value_runs_no_dependent(self) -> None:
        source, pending = atom(1), future()
        runs: list[Any] = []

        @derived
        async def doubled(get):
            value = get(source)
            runs.append(value)
            return (await value if isinstance(value, AsyncValue) else value) * 2

        async with Store() as store:
            first = future()
            first.set_result(1)
            store.set(source, first)
            with store.subscribe(doubled, ignore):
                assert await store.get(doubled) == 2
                store.set(source, pending)
                await quiet()
                pending.set_result(1)
                assert await store.get(doubled) == 2
                assert len(runs) == 1

    async def test_its_loadable_loads_with_the_last_data(self) -> None:
        source, pending = atom(1), future()
        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(loadable(source), shown.append):
                assert store.get(loadable(source)) == HasData(1)
                store.set(source, pending)
                assert store.get(loadable(source)) == Loading(1)
                await quiet()
                pending.set_result(2)
                await quiet()
                assert store.get(loadable(source)) == HasData(2)
                store.set(source, future())
                store.set(source, 3)
                await quiet()
            assert shown == [Loading(1), HasData(2), HasData(3)]
            assert store._invariant() is None

    async def test_an_awaitable_that_fails_is_the_atoms_error_and_the_next_set_clears_it(self) -> None:
        source, pending = atom(1), future()
        errors: list[BaseException] = []
        async with Store(on_error=errors.append) as store:
            with store.subscribe(source, ignore):
                store.set(source, pending)
                pending.set_exception(KeyError("gone"))
                with pytest.raises(KeyError):
                    await store.get(source)
                assert [type(error) for error in errors] == [KeyError]
                store.set(source, 2)
                assert store.get(source) == 2

    async def test_a_batch_that_fails_takes_a_set_awaitable_back(self) -> None:
        source, pending = atom(1), future()
        shown: list[Any] = []
        async with Store() as store:
            store.subscribe(loadable(source), shown.append)
            with pytest.raises(KeyError), store.batch():
                store.set(source, pending)
                assert isinstance(store.get(source), AsyncValue)
                assert store.get(loadable(source)) == Loading(1)
                raise KeyError
            assert store.get(source) == 1
            pending.set_result(2)
            await quiet()
            assert (store.get(source), store.get(loadable(source)), shown) == (1, HasData(1), [])
            assert store._invariant() is None

    async def test_a_batch_that_fails_gives_a_pending_awaitable_back(self) -> None:
        source, pending = atom(1), future()
        async with Store() as store:
            store.set(source, pending)
            with pytest.raises(KeyError), store.batch():
                store.set(source, 5)
                raise KeyError
            assert store._invariant() is None
            assert store.get(source).state == "loading"
            pending.set_result(2)
            assert await store.get(source) == 2
            assert store._invariant() is None

    async def test_update_of_an_async_source_is_refused(self) -> None:
        source, pending = atom(1), future()
        async with Store() as store:
            store.set(source, pending)
            with pytest.raises(TypeError, match="async"):
                store.update(source, lambda value: value)
            pending.set_result(1)


@pytest.mark.asyncio
class TestPlainReadsThatReturnAwaitables:
    async def test_a_plain_read_may_return_an_awaitable_and_later_a_plain_value(self) -> None:
        number, pending = atom(0), future()
        switching = derived(lambda get: get(number) or pending)
        async with Store() as store:
            assert store.get(switching).state == "loading"
            store.set(number, 5)
            assert store.get(switching) == 5
            store.set(number, 0)
            pending.set_result(7)
            assert await store.get(switching) == 7

    async def test_a_plain_read_may_return_the_async_value_of_another_atom(self) -> None:
        number = atom(1)

        @derived
        async def user(get):
            return get(number) * 10

        passed_on = derived(lambda get: get(user))
        async with Store() as store:
            assert await store.get(passed_on) == 10
            store.set(number, 2)
            assert await store.get(passed_on) == 20
            with store.subscribe(passed_on, ignore):
                store.set(number, 3)
                assert await store.get(passed_on) == 30

    async def test_an_atom_that_turns_plain_wakes_waiters_of_its_old_input(self) -> None:
        source, waits = atom(future()), atom(True)
        switching = derived(lambda get: get(source) if get(waits) else 5)
        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(switching))
            await quiet()
            store.set(waits, False)
            assert await waiter == 5
            store.set(source, 1)
            await store.settled()

    async def test_a_run_that_read_a_plain_value_restarts_when_the_input_becomes_an_awaitable(self) -> None:
        source, pending = atom(0), future()
        passed_on = derived(lambda get: get(source))

        @derived
        async def above(get):
            value = get(passed_on)
            return value if isinstance(value, int) else await value

        async with Store() as store:
            assert await store.get(above) == 0
            store.set(source, pending)
            assert store.get(loadable(above)) == Loading(0)
            pending.set_result(2)
            assert await store.get(above) == 2
            assert store.get(passed_on).result() == 2


def test_without_a_loop_an_awaitable_cannot_be_set_and_nothing_is_changed() -> None:
    async def work() -> int:
        return 1

    source = atom(1)
    coroutine = work()
    with Store() as store:
        with pytest.raises(NoEventLoopError):
            store.set(source, coroutine)
        assert store.get(source) == 1
    coroutine.close()
