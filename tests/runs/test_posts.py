"""Posting: setting an atom from any thread."""

import asyncio
import concurrent.futures
import threading

import pytest

from counted_users import Users, ignore, quiet
from halflife import (
    Store,
    StoreClosedError,
    action,
    atom,
)


@pytest.mark.asyncio
class TestPost:
    async def test_post_sets_on_the_stores_loop_and_returns_a_future(self) -> None:
        number = atom(1)
        threads: list[int] = []
        async with Store() as store:
            with store.subscribe(number, lambda value: threads.append(threading.get_ident())):
                future = await asyncio.to_thread(store.post, number, 5)
                assert isinstance(future, concurrent.futures.Future)
                assert await asyncio.wrap_future(future) is None
                assert store.get(number) == 5
        assert threads == [threading.get_ident()]

    async def test_the_future_has_the_result_or_error_of_set(self) -> None:
        @action
        def twice(get, set, value):
            return value * 2

        @action
        def fails(get, set):
            raise KeyError("no")

        async with Store() as store:
            assert await asyncio.wrap_future(store.post(twice, 4)) == 8
            with pytest.raises(KeyError, match="no"):
                await asyncio.wrap_future(store.post(fails))

    async def test_eight_threads_may_hammer_it(self) -> None:
        total, rounds = atom(0), 250

        @action
        def add(get, set, amount):
            set(total, get(total) + amount)

        seen: list[int] = []
        async with Store() as store:
            with store.subscribe(total, seen.append):

                def hammer() -> None:
                    for future in [store.post(add, 1) for _ in range(rounds)]:
                        future.result(timeout=60)

                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    loop = asyncio.get_running_loop()
                    await asyncio.gather(*(loop.run_in_executor(pool, hammer) for _ in range(8)))
                assert store.get(total) == 8 * rounds
        assert seen == list(range(1, 8 * rounds + 1))

    async def test_posts_of_one_thread_arrive_in_order(self) -> None:
        number = atom(-1)
        seen: list[int] = []
        async with Store() as store:
            with store.subscribe(number, seen.append):

                def work() -> None:
                    futures = [store.post(number, value) for value in range(100)]
                    futures[-1].result(timeout=60)

                await asyncio.to_thread(work)
        assert seen == list(range(100))

    async def test_a_post_cancelled_in_time_sets_nothing(self) -> None:
        number = atom(1)
        async with Store() as store:
            store.get(number)
            future = store.post(number, 2)
            assert future.cancel()
            await quiet()
            assert store.get(number) == 1

    async def test_after_closing_post_raises_and_pending_posts_fail(self) -> None:
        number = atom(1)
        store = Store()
        store.get(number)
        future = store.post(number, 2)
        await store.close()
        with pytest.raises(StoreClosedError):
            await asyncio.wrap_future(future)
        with pytest.raises(StoreClosedError):
            store.post(number, 3)

    async def test_it_takes_an_atom_and_restarts_what_depends_on_it(self) -> None:
        users = Users()
        async with Store() as store:
            with pytest.raises(TypeError, match="post"):
                store.post("user", 1)
            with store.subscribe(users.atom, ignore):
                await store.settled()
                await asyncio.to_thread(lambda: store.post(users.key, 2).result(timeout=60))
                assert await store.value(users.atom) == 20
