"""Runs: each is one execution of an async read, started when needed, superseded when an input changes."""

import asyncio
from typing import Any

import pytest

from halflife import Store, atom, derived
from halflife.testing import ManualClock, events

pytestmark = pytest.mark.asyncio


class Server:
    """A server whose answers the test triggers, and that remembers its requests."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.cancelled: list[Any] = []
        self.answers: dict[Any, asyncio.Future[Any]] = {}

    async def fetch(self, key: Any) -> Any:
        self.asked.append(key)
        answer = self.answers[key] = asyncio.get_running_loop().create_future()
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled.append(key)
            raise

    async def answer(self, key: Any, data: Any) -> None:
        self.answers[key].set_result(data)
        await quiet()


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class TestStarting:
    async def test_a_read_starts_one_run_however_often_it_is_read(self) -> None:
        server = Server()
        user = derived(lambda get: server.fetch(1), name="user")
        by_definition = derived(server_read(server, atom(2)))
        async with Store() as store:
            for _ in range(3):
                store.get(user)
                store.get(by_definition)
            await quiet()
            assert sorted(server.asked) == [1, 2]

    async def test_a_thousand_waiters_share_one_run(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            waiters = [asyncio.ensure_future(store.value(user)) for _ in range(1000)]
            await quiet()
            await server.answer(1, "one")
            assert set(await asyncio.gather(*waiters)) == {"one"}
            assert server.asked == [1]

    async def test_a_settled_value_is_read_again_without_a_run(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            store.get(user)
            await quiet()
            await server.answer(1, "one")
            assert [await store.get(user) for _ in range(3)] == ["one"] * 3
            assert server.asked == [1]

    async def test_the_first_step_of_a_run_is_not_taken_inside_the_read(self) -> None:
        began: list[int] = []

        @derived
        async def user(get):
            began.append(1)
            return 1

        async with Store() as store:
            value = store.get(user)
            assert began == []
            assert await value == 1
            assert began == [1]

    async def test_observing_starts_a_run_and_settling_calls_the_subscriber_with_the_settled_value(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        seen: list[Any] = []
        async with Store() as store:
            with store.subscribe(user, lambda value: seen.append((value.state, value.done, value.result()))):
                await quiet()
                assert (server.asked, seen) == ([1], [])
                await server.answer(1, "one")
                assert seen == [("hasData", True, "one")]
                store.set(user_id, 2)
                await quiet()
                assert len(seen) == 1
                await server.answer(2, "two")
            assert seen[1:] == [("hasData", True, "two")]

    async def test_independent_runs_are_under_way_at_the_same_time(self) -> None:
        server = Server()
        users = [derived(server_read(server, atom(key))) for key in range(5)]
        together = derived(lambda get: [get(user) for user in users])
        async with Store() as store:
            store.get(together)
            await quiet()
            assert sorted(server.asked) == [0, 1, 2, 3, 4]


def server_read(server: Server, key: Any) -> Any:
    async def read(get):
        return await server.fetch(get(key))

    return read


class TestSuperseding:
    async def test_an_input_that_changes_cancels_the_task_and_starts_a_new_run(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                store.set(user_id, 2)
                await quiet()
                assert (server.asked, server.cancelled) == ([1, 2], [1])
                await server.answer(2, "two")
                assert await store.get(user) == "two"

    async def test_the_task_is_cancelled_once_even_if_it_takes_its_time_to_end(self) -> None:
        user_id, ending = atom(1), asyncio.Event()
        cancelled: list[int] = []

        @derived
        async def user(get):
            key = get(user_id)
            if key == 1:
                try:
                    await asyncio.get_running_loop().create_future()
                except asyncio.CancelledError:
                    cancelled.append(asyncio.current_task().cancelling())
                    await ending.wait()
                    cancelled.append(asyncio.current_task().cancelling())
                    raise
            return key

        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                for key in (2, 3, 4):
                    store.set(user_id, key)
                    await quiet()
                ending.set()
                await quiet()
                assert await store.get(user) == 4
        assert cancelled == [1, 1]

    async def test_a_set_to_an_equal_value_restarts_nothing(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                store.set(user_id, 1)
                await quiet()
                assert (server.asked, server.cancelled) == ([1], [])

    @pytest.mark.parametrize("read_inside", [False, True])
    async def test_a_set_back_before_the_flush_restarts_nothing(self, read_inside: bool) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                with store.batch():
                    store.set(user_id, 2)
                    if read_inside:
                        store.get(user)
                    store.set(user_id, 1)
                await quiet()
                assert (server.asked, server.cancelled) == ([1], [])
                await server.answer(1, "one")
                assert await store.get(user) == "one"

    async def test_several_sets_in_one_batch_restart_once(self) -> None:
        server, left, right = Server(), atom(1), atom(1)

        @derived
        async def pair(get):
            return await server.fetch((get(left), get(right)))

        async with Store() as store:
            with store.subscribe(pair, ignore):
                await quiet()
                with store.batch():
                    store.set(left, 2)
                    store.set(right, 2)
                    store.set(left, 3)
                    assert server.cancelled == []
                await quiet()
                assert (server.asked, server.cancelled) == ([(1, 1), (3, 2)], [(1, 1)])

    async def test_runs_start_and_are_cancelled_only_when_the_outermost_batch_commits(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            log = events(store)
            with store.subscribe(user, ignore):
                await quiet()
                with store.batch():
                    with store.batch():
                        store.set(user_id, 2)
                        assert store.get(user).state == "loading"
                    assert log.details("run", user) == [1]
                    assert log.of("superseded", user) == []
                assert log.details("run", user) == [1, 2]
                assert log.details("superseded", user) == [1]

    async def test_a_batch_that_fails_restarts_nothing(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        seen: list[Any] = []
        async with Store() as store:
            with store.subscribe(user, lambda value: seen.append(value.result())):
                await quiet()
                with pytest.raises(KeyError), store.batch():
                    store.set(user_id, 2)
                    store.get(user)
                    raise KeyError
                await quiet()
                assert (server.asked, server.cancelled, seen) == ([1], [], [])
                assert store._invariant() is None
                await server.answer(1, "one")
                assert await store.get(user) == "one"
                assert seen == ["one"]

    async def test_a_read_inside_a_batch_that_fails_starts_no_run_after_it(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            store.get(user)
            await quiet()
            await server.answer(1, "one")
            with pytest.raises(KeyError), store.batch():
                store.set(user_id, 2)
                assert store.get(user).state == "loading"
                raise KeyError
            await quiet()
            assert server.asked == [1]
            assert store.get(user).result() == "one"

    async def test_sets_on_an_unobserved_atom_start_no_run_until_the_next_read(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            store.get(user)
            await quiet()
            await server.answer(1, "one")
            for key in range(2, 12):
                store.set(user_id, key)
                await quiet()
            assert server.asked == [1]
            waiter = asyncio.ensure_future(store.value(user))
            await quiet()
            assert server.asked == [1, 11]
            await server.answer(11, "eleven")
            assert await waiter == "eleven"

    async def test_sets_while_an_unobserved_run_is_under_way_stop_it_and_start_nothing(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            value = store.get(user)
            await quiet()
            for key in range(2, 12):
                store.set(user_id, key)
                await quiet()
            assert (server.asked, server.cancelled) == ([1], [1])
            assert store._invariant() is None
            assert value.state == "superseded"
            store.get(user)
            await quiet()
            assert server.asked == [1, 11]

    async def test_an_atom_with_waiters_restarts_for_them(self) -> None:
        server, user_id = Server(), atom(1)
        user = derived(server_read(server, user_id))
        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(user))
            await quiet()
            store.set(user_id, 2)
            await quiet()
            assert server.asked == [1, 2]
            await server.answer(2, "two")
            assert await waiter == "two"
            store.set(user_id, 3)
            await quiet()
            assert server.asked == [1, 2]

    async def test_an_atom_pending_for_ever_settles_when_an_input_changes(self) -> None:
        user_id = atom(0)

        @derived
        async def user(get):
            key = get(user_id)
            if key == 0:
                await asyncio.get_running_loop().create_future()
            return key

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(user))
            await quiet()
            assert not waiter.done()
            store.set(user_id, 1)
            assert await waiter == 1
