"""Loops and threads: a store has one home thread, and one live event loop at a time."""

import asyncio
import contextvars
import threading
from typing import Any, ClassVar

import pytest

from counted_users import Users, ignore, in_store, in_thread, quiet
from halflife import (
    HasData,
    NoEventLoopError,
    Store,
    StoreClosedError,
    WrongThreadError,
    atom,
    derived,
    effect,
    loadable,
    unwrap,
)


class TestWithoutALoop:
    @pytest.mark.parametrize(
        "read",
        [
            lambda store, a: store.get(a),
            lambda store, a: store.get(loadable(a)),
            lambda store, a: store.get(unwrap(a, "fallback")),
            lambda store, a: store.get(derived(lambda get: get(a))),
            lambda store, a: store.get(derived(lambda get: get(loadable(a)))),
            lambda store, a: store.subscribe(a, ignore),
            lambda store, a: store.subscribe(loadable(a), ignore),
            lambda store, a: store.refresh(a),
        ],
    )
    def test_a_read_that_would_start_a_run_says_what_to_do_and_leaves_nothing_loading(self, read: Any) -> None:
        users = Users()
        with Store() as store:
            for _ in range(2):
                with pytest.raises(NoEventLoopError, match=r"user.*event loop.*asyncio\.run"):
                    read(store, users.atom)
            assert all(node.state != "loading" for node in store.graph().nodes)
            assert asyncio.run(in_store(store, users.atom)) == 10
            assert users.runs == [1]

    def test_a_failed_subscribe_leaves_no_subscription(self) -> None:
        users = Users()
        seen: list[Any] = []
        with Store() as store:
            with pytest.raises(NoEventLoopError):
                store.subscribe(users.atom, seen.append)
            assert asyncio.run(in_store(store, users.atom)) == 10
        assert seen == []

    def test_settled_values_need_no_loop(self) -> None:
        users = Users()
        store = Store()
        asyncio.run(in_store(store, users.atom))
        assert store.get(users.atom).result() == 10
        assert store.get(loadable(users.atom)) == HasData(10)
        assert store.get(unwrap(users.atom)) == 10
        with store.subscribe(users.atom, ignore):
            assert store.get(users.atom).done
        store.dispose()

    def test_a_set_that_outdates_an_observed_atom_leaves_it_pending_and_stale(self) -> None:
        users = Users()
        store = Store()
        seen: list[int] = []

        async def first() -> None:
            store.subscribe(users.atom, lambda value: seen.append(value.result()))
            await store.settled()

        asyncio.run(first())
        store.set(users.key, 2)
        assert (store.get(users.key), users.runs) == (2, [1])
        with pytest.raises(NoEventLoopError, match="user"):
            store.get(users.atom)
        assert asyncio.run(in_store(store, users.atom)) == 20
        assert (users.runs, seen) == ([1, 2], [10, 20])
        store.dispose()

    def test_a_set_that_outdates_an_unobserved_atom_is_just_a_set(self) -> None:
        users = Users()
        with Store() as store:
            asyncio.run(in_store(store, users.atom))
            store.set(users.key, 2)
            assert users.runs == [1]

    def test_post_and_until_say_so_too(self) -> None:
        number = atom(1)
        with Store() as store:
            with pytest.raises(NoEventLoopError, match="post"):
                store.post(number, 2)
            store.get(number)
            with pytest.raises(NoEventLoopError, match="post"):
                store.post(number, 2)

    def test_a_sync_store_needs_no_loop_at_all(self) -> None:
        number = atom(1)
        doubled = derived(lambda get: get(number) * 2)
        seen: list[int] = []
        with Store() as store, store.subscribe(doubled, seen.append):
            store.set(number, 2)
        assert seen == [4]


class TestOneLoopAfterTheOther:
    def test_a_second_asyncio_run_takes_the_place_of_the_first(self) -> None:
        users = Users()
        store = Store()
        for key in (1, 2, 3):
            store.set(users.key, key)
            assert asyncio.run(in_store(store, users.atom)) == key * 10
        assert users.runs == [1, 2, 3]
        store.close()

    def test_a_run_that_was_under_way_when_its_loop_ended_starts_again_in_the_next(self) -> None:
        started: list[int] = []

        @derived
        async def user(get):
            started.append(1)
            if len(started) == 1:
                await asyncio.get_running_loop().create_future()
            return len(started)

        async def first(store: Store) -> None:
            store.get(user)
            await quiet()

        for close in ("asyncio.run", "by hand"):
            started.clear()
            with Store() as store:
                if close == "asyncio.run":
                    asyncio.run(first(store))
                else:
                    loop = asyncio.new_event_loop()
                    loop.run_until_complete(first(store))
                    loop.close()
                assert asyncio.run(in_store(store, user)) == 2

    def test_an_old_async_value_can_be_awaited_in_the_next_loop(self) -> None:
        users = Users()
        store = Store()

        async def first() -> Any:
            return store.get(users.atom)

        value = asyncio.run(first())

        async def second() -> Any:
            return await value

        assert asyncio.run(second()) == 10
        store.dispose()

    def test_a_subscriber_of_the_first_loop_is_called_in_the_second(self) -> None:
        users = Users()
        store = Store()
        seen: list[int] = []

        async def first() -> None:
            store.subscribe(users.atom, lambda value: seen.append(value.result()))
            await store.settled()

        async def second() -> None:
            store.set(users.key, 2)
            await store.settled()

        asyncio.run(first())
        asyncio.run(second())
        assert seen == [10, 20]
        store.dispose()

    def test_another_live_loop_raises(self) -> None:
        users, other = Users(), Users()
        store = Store()
        first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
        try:
            assert first.run_until_complete(in_store(store, users.atom)) == 10
            with pytest.raises(NoEventLoopError, match="another event loop"):
                second.run_until_complete(in_store(store, other.atom))
            assert second.run_until_complete(in_store(store, users.atom)) == 10
            first.run_until_complete(in_store(store, other.atom))
            first.close()
            store.set(other.key, 2)
            assert second.run_until_complete(in_store(store, other.atom)) == 20
        finally:
            first.close()
            second.close()
        store.dispose()

    def test_a_loop_that_was_closed_does_not_keep_the_store_from_closing(self) -> None:
        users = Users()
        store = Store()
        loop = asyncio.new_event_loop()

        async def first() -> None:
            store.subscribe(users.atom, ignore)

        loop.run_until_complete(first())
        loop.close()
        store.dispose()
        with pytest.raises(StoreClosedError):
            store.get(users.key)

    def test_settled_in_the_second_loop_does_not_wait_for_runs_of_the_first(self) -> None:
        never = derived(_never)
        store = Store()
        loop = asyncio.new_event_loop()

        async def first() -> None:
            store.get(never)
            await quiet()

        async def second() -> None:
            async with asyncio.timeout(5):
                await store.settled()

        loop.run_until_complete(first())
        loop.close()
        asyncio.run(second())
        store.dispose()


async def _never(get: Any) -> None:
    await asyncio.get_running_loop().create_future()


class TestOtherThreads:
    CALLS: ClassVar = {
        "get": lambda store, a: store.get(a),
        "set": lambda store, a: store.set(a, 2),
        "update": lambda store, a: store.update(a, lambda value: value),
        "subscribe": lambda store, a: store.subscribe(a, ignore),
        "refresh": lambda store, a: store.refresh(derived(lambda get: get(a))),
        "observe": lambda store, a: store.observe(effect(lambda get, set: None)),
        "batch": lambda store, a: store.batch().__enter__(),
        "value": lambda store, a: asyncio.run(store.value(a)),
        "graph": lambda store, a: store.graph(),
        "dehydrate": lambda store, a: store.dehydrate([a]),
    }

    @pytest.mark.parametrize("call", CALLS)
    def test_any_call_from_another_thread_raises_and_names_post(self, call: str) -> None:
        number = atom(1, name=f"number of {call}")
        with Store() as store:
            assert store.get(number) == 1
            with pytest.raises(WrongThreadError, match="post"):
                in_thread(lambda: self.CALLS[call](store, number))
            assert store.get(number) == 1

    def test_a_store_belongs_to_the_thread_that_uses_it_first(self) -> None:
        number = atom(1)
        store = Store()
        assert in_thread(lambda: store.get(number)) == 1
        with pytest.raises(WrongThreadError):
            store.get(number)

    def test_an_async_value_and_a_getter_raise_as_well(self) -> None:
        users = Users()
        getters: list[Any] = []
        keeping = derived(lambda get: getters.append(get))
        store = Store()
        asyncio.run(in_store(store, users.atom))
        store.get(keeping)
        value = store.get(users.atom)
        with pytest.raises(WrongThreadError):
            in_thread(lambda: getters[0](users.key))

        async def await_it() -> Any:
            return await value

        with pytest.raises(WrongThreadError):
            in_thread(lambda: asyncio.run(await_it()))
        assert in_thread(value.result) == 10
        assert "10" in in_thread(lambda: repr(value))
        store.dispose()

    def test_each_thread_may_have_a_store_of_its_own(self) -> None:
        users = Users()

        def work() -> int:
            with Store() as store:
                store.set(users.key, 5)
                return asyncio.run(in_store(store, users.atom))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert users.runs == [5] * 4


@pytest.mark.asyncio
async def test_another_task_that_enters_while_a_batch_is_open_raises() -> None:
    number = atom(1)
    raised: list[BaseException] = []

    async def intrude(store: Store) -> None:
        try:
            store.get(number)
        except RuntimeError as error:
            raised.append(error)

    async with Store() as store:
        task = asyncio.ensure_future(intrude(store))
        with store.batch():
            store.set(number, 2)
            await asyncio.sleep(0)
        await task
        assert store.get(number) == 2
    assert "batch" in str(raised[0])


@pytest.mark.asyncio
async def test_a_batch_may_be_entered_through_a_copied_context_of_the_same_task() -> None:
    number = atom(1)
    async with Store() as store:
        with store.batch():
            contextvars.copy_context().run(store.set, number, 2)
        assert store.get(number) == 2
