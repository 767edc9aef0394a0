"""Resources: fetching for a source value, alone and together, and the arguments of the fetcher."""

import functools
from typing import Any

import pytest

from fetch_server import FetchServer, echo, quiet
from halflife import Store, StoreClosedError, atom, resource
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


class TestFetching:
    async def test_it_fetches_for_the_value_of_its_source(self) -> None:
        async with Store() as store:
            assert await store.get(resource(atom(7), echo)) == "data of 7"

    async def test_its_source_may_be_a_read_function(self) -> None:
        user_id = atom(7)
        async with Store() as store:
            assert await store.get(resource(lambda get: get(user_id) + 1, echo)) == "data of 8"

    async def test_its_source_may_be_an_async_read_function(self) -> None:
        async def read(get):
            return 9

        async with Store() as store:
            assert await store.get(resource(read, echo)) == "data of 9"

    async def test_a_new_source_value_fetches_again_and_the_old_fetch_is_cancelled(self) -> None:
        server, user_id = FetchServer(), atom(1)
        user = resource(user_id, server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                store.set(user_id, 2)
                await quiet()
                assert (server.asked, server.cancelled) == ([1, 2], [1])
                assert server.infos[0].signal.aborted
                await server.answer(2, "two")
                assert await store.get(user) == "two"

    async def test_a_source_that_changes_to_the_same_value_fetches_nothing(self) -> None:
        server, number = FetchServer(), atom(2)
        user = resource(lambda get: get(number) // 2, server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.set(number, 3)
                await quiet()
        assert server.asked == [1]

    @pytest.mark.parametrize("off", [None, False])
    async def test_none_and_false_mean_do_not_fetch(self, off: object) -> None:
        server = FetchServer()
        user = resource(atom(off), server.fetch)
        async with Store() as store:
            assert await store.get(user) is None
            assert store.get(user.state) == "unresolved"
            assert store.get(user.latest) is None
        assert server.asked == []

    @pytest.mark.parametrize("on", [0, "", 0.0, (), True])
    async def test_other_false_values_do_fetch(self, on: object) -> None:
        async with Store() as store:
            assert await store.get(resource(atom(on), echo)) == f"data of {on}"

    async def test_a_source_value_that_arrives_later_starts_the_first_fetch(self) -> None:
        server, user_id = FetchServer(), atom(None)
        user = resource(user_id, server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                assert server.asked == []
                store.set(user_id, 1)
                await quiet()
                await server.answer(1, "one")
                assert await store.get(user) == "one"
        assert server.infos[0].refetching is False

    async def test_a_source_set_to_none_cancels_the_fetch_and_keeps_the_last_data(self) -> None:
        server, user_id = FetchServer(), atom(1)
        user = resource(user_id, server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.set(user_id, 2)
                await quiet()
                store.set(user_id, None)
                await quiet()
                assert server.cancelled == [2]
                assert await store.get(user) == "one"
                assert store.get(user.state) == "ready"

    async def test_a_plain_fetcher_may_return_the_data_itself(self) -> None:
        async with Store() as store:
            assert await store.get(resource(atom(2), lambda value, info: value * 10)) == 20

    async def test_a_fetcher_of_any_number_of_arguments_is_given_the_info_too(self) -> None:
        async def fetch(*args: Any) -> int:
            return len(args)

        async with Store() as store:
            assert await store.get(resource(atom(2), fetch)) == 2
            assert await store.get(resource(atom(2), functools.partial(fetch, "first"))) == 3

    async def test_a_fetcher_may_take_the_source_value_only(self) -> None:
        async def fetch(value: int, retries: int = 3) -> int:
            return value * retries

        async with Store() as store:
            assert await store.get(resource(atom(2), fetch)) == 6
            assert await store.get(resource(atom("7"), int)) == 7

    async def test_an_error_of_the_fetcher_is_its_error_and_the_next_fetch_may_heal_it(self) -> None:
        server, user_id = FetchServer(), atom(1)
        user = resource(user_id, server.fetch)
        async with Store(on_error=lambda *error: None) as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, OSError("down"))
                with pytest.raises(OSError, match="down"):
                    await store.get(user)
                assert store.get(user.state) == "errored"
                store.set(user_id, 2)
                await quiet()
                await server.answer(2, "two")
                assert store.get(user.state) == "ready"
                assert await store.get(user) == "two"

    async def test_an_error_of_the_source_is_its_error_and_nothing_is_fetched(self) -> None:
        server = FetchServer()
        user = resource(lambda get: 1 / 0, server.fetch)
        async with Store() as store:
            with pytest.raises(ZeroDivisionError):
                await store.get(user)
            assert store.get(user.state) == "errored"
        assert server.asked == []

    async def test_each_store_fetches_for_itself(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        async with Store() as one, Store() as other:
            one.get(user)
            await quiet()
            await server.answer(1, "one")
            assert one.get(user.latest) == "one"
            assert other.get(user.state) == "pending"
            await quiet()
        assert server.asked == [1, 1]


class TestSeveral:
    async def test_independent_resources_fetch_in_parallel(self) -> None:
        clock = ManualClock()

        async def fetch(seconds: float, info: Any) -> float:
            await clock.sleep(seconds)
            return seconds

        all_of_them = [resource(atom(seconds), fetch) for seconds in (1.0, 2.0, 3.0)]
        async with Store(clock=clock) as store:
            values = [store.get(one) for one in all_of_them]
            await clock.advance(3)
            assert [value.result() for value in values] == [1.0, 2.0, 3.0]

    async def test_a_dependent_resource_starts_when_its_source_has_data(self) -> None:
        users, posts = FetchServer(), FetchServer()
        user = resource(atom(1), users.fetch)
        posts_of_user = resource(user, posts.fetch)
        async with Store() as store:
            waiting = store.get(posts_of_user)
            await quiet()
            assert (users.asked, posts.asked) == ([1], [])
            await users.answer(1, "Ada")
            assert posts.asked == ["Ada"]
            await posts.answer("Ada", ["first post"])
            assert await waiting == ["first post"]

    async def test_a_dependent_resource_does_not_fetch_while_its_source_says_none(self) -> None:
        users, posts = FetchServer(), FetchServer()
        user = resource(atom(1), users.fetch)
        posts_of_user = resource(lambda get: get(user.latest) and get(user.latest)["id"], posts.fetch)
        async with Store() as store:
            with store.subscribe(posts_of_user, lambda value: None):
                await quiet()
                assert (users.asked, posts.asked) == ([1], [])
                assert store.get(posts_of_user.state) == "unresolved"
                await users.answer(1, {"id": 5})
                assert posts.asked == [5]

    async def test_a_plain_source_function_may_return_what_it_got_of_an_async_atom(self) -> None:
        users, posts = FetchServer(), FetchServer()
        user = resource(atom(1), users.fetch)
        posts_of_user = resource(lambda get: get(user), posts.fetch)
        async with Store() as store:
            waiting = store.get(posts_of_user)
            await quiet()
            await users.answer(1, "Ada")
            await posts.answer("Ada", "posts")
            assert await waiting == "posts"

    async def test_resources_that_depend_on_one_config_start_together_once_it_is_loaded(self) -> None:
        configs, data = FetchServer(), FetchServer()
        config = resource(atom("config"), configs.fetch)
        parts = [
            resource(lambda get, part=part: get(config.latest) and get(config.latest)[part], data.fetch)
            for part in ("a", "b", "c")
        ]
        async with Store() as store:
            subscriptions = [store.subscribe(part, lambda value: None) for part in parts]
            await quiet()
            assert (configs.asked, data.asked) == (["config"], [])
            await configs.answer("config", {"a": "/a", "b": "/b", "c": "/c"})
            assert data.asked == ["/a", "/b", "/c"]
            for subscription in subscriptions:
                subscription.unsubscribe()


class TestInfo:
    async def test_a_first_fetch_is_no_refetch_and_has_no_previous_data(self) -> None:
        server = FetchServer()
        async with Store() as store:
            store.get(resource(atom(1), server.fetch))
            await quiet()
            info = server.infos[0]
            assert (info.refetching, info.previous, info.signal.aborted) == (False, None, False)

    async def test_a_refetch_gives_the_fetcher_its_argument_and_the_previous_data(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.set(user.refetch)
                await quiet()
                await server.answer(1, "uno")
                store.set(user.refetch, "by hand")
                await quiet()
        assert [(info.refetching, info.previous) for info in server.infos] == [
            (False, None),
            (True, "one"),
            ("by hand", "uno"),
        ]

    async def test_a_refresh_of_the_store_is_a_refetch(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.refresh(user)
                await quiet()
        assert [info.refetching for info in server.infos] == [False, True]

    async def test_a_new_source_value_is_no_refetch_but_has_previous_data(self) -> None:
        server, user_id = FetchServer(), atom(1)
        user = resource(user_id, server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                for value in (2, None, 2):
                    store.set(user_id, value)
                    await quiet()
        assert [(info.refetching, info.previous) for info in server.infos] == [
            (False, None),
            (False, "one"),
            (False, "one"),
        ]


class TestBadInput:
    @pytest.mark.parametrize("wrong", [None, 1, "fetch", atom(1)])
    async def test_a_fetcher_that_is_no_function_is_refused(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="resource: fetcher must be callable"):
            resource(atom(1), wrong)

    @pytest.mark.parametrize("wrong", [None, 1, "source"])
    async def test_a_source_that_is_neither_atom_nor_function_is_refused(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="resource: source must be callable"):
            resource(wrong, echo)

    async def test_an_async_fetcher_in_a_thread_is_refused_also_within_a_partial(self) -> None:
        with pytest.raises(TypeError, match="thread=True is for a plain fetcher"):
            resource(atom(1), functools.partial(echo, info=None), thread=True)

    async def test_its_actions_raise_when_the_store_is_closed(self) -> None:
        user = resource(atom(1), echo)
        store = Store()
        await store.get(user)
        await store.close()
        for action_of_it in (user.mutate, user.refetch):
            with pytest.raises(StoreClosedError):
                store.set(action_of_it, 1)

    async def test_an_async_fetcher_in_a_thread_is_refused(self) -> None:
        with pytest.raises(TypeError, match="thread=True is for a plain fetcher"):
            resource(atom(1), echo, thread=True)

    @pytest.mark.parametrize("wrong", [None, 1, "yes"])
    async def test_a_thread_that_is_neither_true_nor_false_is_refused(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="resource: thread must be True or False"):
            resource(atom(1), echo, thread=wrong)
