"""Actions: named writes; an async action runs as a task of the store."""

import asyncio
import gc
import logging
from typing import Any

import pytest

from halflife import NoEventLoopError, Store, StoreClosedError, action, atom, derived
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class TestSync:
    def test_set_passes_arguments_and_returns_the_actions_result(self) -> None:
        total = atom(0)

        @action
        def add(get, set, *amounts):
            set(total, get(total) + sum(amounts))
            return len(amounts)

        with Store() as store:
            assert store.set(add, 1, 2, 3) == 3
            assert store.get(total) == 6
            assert store.set(add) == 0

    def test_it_is_one_batch(self) -> None:
        left, right = atom(0), atom(0)
        seen: list[int] = []

        @action
        def both(get, set):
            set(left, 1)
            set(right, 1)

        with Store() as store, store.subscribe(derived(lambda get: get(left) + get(right)), seen.append):
            store.set(both)
        assert seen == [2]

    def test_get_sees_the_actions_own_sets(self) -> None:
        number = atom(1)
        doubled = derived(lambda get: get(number) * 2)

        @action
        def grow(get, set):
            set(number, 10)
            return get(doubled)

        with Store() as store:
            assert store.set(grow) == 20

    def test_an_action_that_raises_rolls_its_sets_back(self) -> None:
        number = atom(1)
        seen: list[int] = []

        @action
        def fails(get, set):
            set(number, 2)
            raise KeyError("no")

        with Store() as store, store.subscribe(number, seen.append):
            with pytest.raises(KeyError, match="no"):
                store.set(fails)
            assert (store.get(number), seen) == (1, [])

    def test_it_may_call_other_actions(self) -> None:
        number = atom(1)

        @action
        def double(get, set):
            set(number, get(number) * 2)

        @action
        def quadruple(get, set):
            set(double)
            set(double)

        with Store() as store:
            store.set(quadruple)
            assert store.get(number) == 4

    def test_it_cannot_be_read_or_subscribed(self) -> None:
        @action
        def work(get, set):
            """Do nothing."""

        with Store() as store:
            with pytest.raises(TypeError, match="work"):
                store.get(work)
            with pytest.raises(TypeError, match="work"):
                store.subscribe(work, ignore)

    def test_without_a_loop_an_async_one_says_what_to_do_and_does_nothing(self) -> None:
        done: list[int] = []

        @action
        async def work(get, set):
            done.append(1)

        with Store() as store, pytest.raises(NoEventLoopError, match=r"asyncio\.run"):
            store.set(work)
        assert done == []


@pytest.mark.asyncio
class TestAsync:
    async def test_an_async_action_starts_when_set_and_awaiting_gives_its_result(self) -> None:
        name = atom("")
        gate = asyncio.Event()

        @action
        async def rename(get, set, new):
            await gate.wait()
            set(name, new)
            return new.upper()

        async with Store() as store:
            handle = store.set(rename, "ada")
            await quiet()
            assert not handle.done()
            gate.set()
            assert await handle == "ADA"
            assert store.get(name) == "ada"
            assert await handle == "ADA"

    async def test_it_runs_whether_or_not_anybody_awaits_it(self) -> None:
        name = atom("")

        @action
        async def rename(get, set, new):
            await asyncio.sleep(0)
            set(name, new)

        async with Store() as store:
            store.set(rename, "ada")
            gc.collect()
            await store.settled()
            assert store.get(name) == "ada"

    async def test_each_stretch_between_two_awaits_is_a_batch(self) -> None:
        left, right = atom(0), atom(0)
        seen: list[tuple[int, int]] = []

        @action
        async def work(get, set):
            set(left, 1)
            set(right, 1)
            await asyncio.sleep(0)
            set(left, 2)
            set(right, 2)

        async with Store() as store:
            with store.subscribe(derived(lambda get: (get(left), get(right))), seen.append):
                await store.set(work)
        assert seen == [(1, 1), (2, 2)]

    async def test_an_async_action_that_fails_undoes_only_the_stretch_in_which_it_failed(self) -> None:
        left, right = atom(0), atom(0)

        @action
        async def work(get, set):
            set(left, 1)
            await asyncio.sleep(0)
            set(right, 1)
            raise KeyError("no")

        async with Store() as store:
            with pytest.raises(KeyError, match="no"):
                await store.set(work)
            assert (store.get(left), store.get(right)) == (1, 0)

    async def test_get_awaits_async_atoms_and_sees_the_actions_own_sets(self) -> None:
        key = atom(1)

        @derived
        async def user(get):
            value = get(key)
            await asyncio.sleep(0)
            return value * 10

        @action
        async def work(get, set):
            before = await get(user)
            set(key, 2)
            return before, await get(user)

        async with Store() as store:
            assert await store.set(work) == (10, 20)

    async def test_awaiting_a_settled_atom_in_it_does_not_end_the_stretch(self) -> None:
        left, right = atom(0), atom(0)
        seen: list[tuple[int, int]] = []

        @derived
        async def user(get):
            return 5

        @action
        async def work(get, set):
            set(left, await get(user))
            set(right, await get(user))

        async with Store() as store:
            await store.get(user)
            with store.subscribe(derived(lambda get: (get(left), get(right))), seen.append):
                await store.set(work)
        assert seen == [(5, 5)]

    async def test_an_error_nobody_awaits_goes_to_on_error(self) -> None:
        @action
        async def fails(get, set):
            raise KeyError("no")

        errors: list[BaseException] = []
        async with Store(on_error=errors.append) as store:
            store.set(fails)
            await store.settled()
            gc.collect()
            await quiet()
        assert [type(error) for error in errors] == [KeyError]

    async def test_an_error_nobody_awaits_is_one_log_record_without_on_error(self, caplog: Any) -> None:
        @action
        async def fails(get, set):
            await asyncio.sleep(0)
            raise KeyError("no")

        with caplog.at_level(logging.ERROR):
            async with Store() as store:
                store.set(fails)
                await store.settled()
                gc.collect()
                await quiet()
        assert [(record.name, record.levelname) for record in caplog.records] == [("halflife", "ERROR")]
        assert "fails" in caplog.records[0].getMessage()

    async def test_an_error_somebody_awaits_goes_nowhere_else(self) -> None:
        @action
        async def fails(get, set):
            await asyncio.sleep(0)
            raise KeyError("no")

        errors: list[BaseException] = []
        async with Store(on_error=errors.append) as store:
            with pytest.raises(KeyError):
                await store.set(fails)
            handle = store.set(fails)
            results = await asyncio.gather(handle, return_exceptions=True)
            assert isinstance(results[0], KeyError)
            del handle, results
            gc.collect()
            await quiet()
        assert errors == []

    async def test_an_error_of_a_subscriber_does_not_end_the_action(self) -> None:
        number = atom(0)

        @action
        async def work(get, set):
            set(number, 1)
            await asyncio.sleep(0)
            set(number, 2)
            return "done"

        def fail(value: int) -> None:
            raise ValueError(value)

        errors: list[BaseException] = []
        async with Store(on_error=errors.append) as store:
            with store.subscribe(number, fail):
                assert await store.set(work) == "done"
        assert [str(error) for error in errors] == ["1", "2"]

    async def test_another_task_may_use_the_store_while_it_awaits(self) -> None:
        number, gate = atom(0), asyncio.Event()

        @action
        async def work(get, set):
            set(number, 1)
            await gate.wait()
            return get(number)

        async with Store() as store:
            handle = store.set(work)
            await quiet()
            store.set(number, 5)
            gate.set()
            assert await handle == 5

    async def test_two_of_them_interleave_at_their_awaits(self) -> None:
        number = atom(0)

        @action
        async def count(get, set):
            for _ in range(10):
                set(number, get(number) + 1)
                await asyncio.sleep(0)

        async with Store() as store:
            await asyncio.gather(store.set(count), store.set(count))
            assert store.get(number) == 20

    async def test_an_async_action_may_await_another(self) -> None:
        number = atom(0)

        @action
        async def inner(get, set, value):
            await asyncio.sleep(0)
            set(number, value)
            return value * 2

        @action
        async def outer(get, set):
            return await set(inner, 4)

        async with Store() as store:
            assert await store.set(outer) == 8
            assert store.get(number) == 4

    async def test_it_may_be_cancelled_and_closing_the_store_cancels_it(self) -> None:
        cancelled: list[int] = []

        @action
        async def work(get, set):
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                cancelled.append(1)
                raise

        store = Store()
        handle = store.set(work)
        await quiet()
        assert handle.cancel()
        await quiet()
        assert (handle.cancelled(), cancelled) == (True, [1])
        store.set(work)
        await quiet()
        await store.close()
        assert cancelled == [1, 1]

    async def test_an_action_that_goes_on_after_the_store_was_closed_gets_an_error(self) -> None:
        number = atom(0)
        raised: list[BaseException] = []

        @action
        async def stubborn(get, set):
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                try:
                    set(number, 1)
                except StoreClosedError as error:
                    raised.append(error)
                raise

        store = Store()
        store.set(stubborn)
        await quiet()
        await store.close()
        assert [type(error) for error in raised] == [StoreClosedError]

    async def test_a_writable_derived_atom_may_have_an_async_setter(self) -> None:
        number = atom(1)

        @derived
        def doubled(get):
            return get(number) * 2

        @doubled.setter
        async def doubled(get, set, value):
            await asyncio.sleep(0)
            set(number, value // 2)
            return "saved"

        async with Store() as store:
            assert await store.set(doubled, 10) == "saved"
            assert store.get(doubled) == 10

    async def test_a_plain_function_that_returns_a_coroutine_counts_as_async(self) -> None:
        async def save(value: int) -> int:
            return value

        @action
        def work(get, set, value):
            return save(value)

        async with Store() as store:
            assert await store.set(work, 3) == 3
