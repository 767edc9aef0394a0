"""Resources: their state and last data, and the actions that change them."""

import pytest

from fetch_server import FetchServer, echo, quiet
from halflife import Loading, Store, action, atom, loadable, resource

pytestmark = pytest.mark.asyncio


class TestState:
    async def test_it_goes_from_pending_to_ready_to_refreshing_to_ready(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        states: list[str] = []
        async with Store() as store:
            with store.subscribe(user.state, states.append):
                assert store.get(user.state) == "pending"
                await quiet()
                await server.answer(1, "one")
                store.set(user.refetch)
                await quiet()
                assert store.get(user.latest) == "one"
                await server.answer(1, "uno")
        assert states == ["ready", "refreshing", "ready"]

    async def test_it_is_errored_after_an_error_and_latest_stays(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        states: list[str] = []
        async with Store(on_error=lambda *error: None) as store:
            with store.subscribe(user.state, states.append), store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.set(user.refetch)
                await quiet()
                await server.answer(1, OSError("down"))
                assert store.get(user.latest) == "one"
        assert states == ["ready", "refreshing", "errored"]

    async def test_with_initial_data_it_is_refreshing_from_the_start(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch, initial="nobody")
        async with Store() as store:
            with store.subscribe(user.state, lambda value: None):
                await quiet()
                assert store.get(user.state) == "refreshing"
                assert store.get(user.latest) == "nobody"
                assert server.infos[0].previous == "nobody"
                await server.answer(1, "one")
                assert (store.get(user.state), store.get(user.latest)) == ("ready", "one")

    async def test_with_initial_data_and_nothing_to_fetch_it_is_ready(self) -> None:
        user = resource(atom(None), echo, initial="nobody")
        async with Store() as store:
            assert await store.get(user) == "nobody"
            assert (store.get(user.state), store.get(user.latest)) == ("ready", "nobody")

    async def test_a_resource_whose_async_source_is_none_is_unresolved(self) -> None:
        async def nothing(get):
            return None

        user = resource(nothing, echo)
        async with Store() as store:
            assert await store.get(user) is None
            assert store.get(user.state) == "unresolved"

    async def test_latest_notifies_once_for_each_data(self) -> None:
        server, user_id = FetchServer(), atom(1)
        user = resource(user_id, server.fetch)
        seen: list[object] = []
        async with Store() as store:
            with store.subscribe(user.latest, seen.append):
                await quiet()
                await server.answer(1, "one")
                store.set(user_id, 2)
                await quiet()
                assert store.get(user.latest) == "one"
                await server.answer(2, "two")
        assert seen == ["one", "two"]

    async def test_its_loadable_is_that_of_an_async_atom(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            assert store.get(loadable(user)) is Loading()
            await quiet()
            await server.answer(1, "one")
            assert store.get(loadable(user)).data == "one"  # type: ignore[union-attr]


class TestMutate:
    async def test_a_value_is_put_in_place_of_the_data_at_once(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        seen: list[object] = []
        async with Store() as store:
            with store.subscribe(user.latest, seen.append), store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                assert store.set(user.mutate, "mine") == "mine"
                assert (store.get(user.latest), store.get(user.state)) == ("mine", "ready")
                assert await store.get(user) == "mine"
                await quiet()
                assert (store.get(user.latest), store.get(user.state)) == ("mine", "ready")
        assert seen == ["one", "mine"]
        assert server.asked == [1]

    async def test_a_function_is_given_the_latest_data(self) -> None:
        user = resource(atom(1), echo)
        async with Store() as store:
            await store.get(user)
            store.set(user.mutate, lambda latest: latest + "!")
            store.set(user.mutate, lambda latest: latest + "?")
            assert await store.get(user) == "data of 1!?"

    async def test_without_data_a_function_is_given_none(self) -> None:
        user = resource(atom(None), echo)
        async with Store() as store:
            store.set(user.mutate, lambda latest: [latest])
            assert await store.get(user) == [None]
            assert store.get(user.state) == "ready"

    async def test_mutate_cancels_a_fetch_under_way(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                store.set(user.mutate, "mine")
                await quiet()
                assert server.cancelled == [1]
                assert await store.get(user) == "mine"

    async def test_the_value_stays_until_a_new_source_value_fetches(self) -> None:
        server, user_id = FetchServer(), atom(1)
        user = resource(user_id, server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.set(user.mutate, "mine")
                await quiet()
                store.set(user_id, 2)
                await quiet()
                assert (store.get(user.latest), store.get(user.state)) == ("mine", "refreshing")
                await server.answer(2, "two")
                assert await store.get(user) == "two"
        assert server.asked == [1, 2]

    async def test_the_value_stays_until_a_refetch_and_is_its_previous_data(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.set(user.mutate, "mine")
                await quiet()
                store.set(user.refetch)
                await quiet()
                assert server.infos[-1].previous == "mine"
                await server.answer(1, "uno")
                assert await store.get(user) == "uno"

    async def test_a_source_change_after_mutate_in_one_batch_wins(self) -> None:
        server, user_id = FetchServer(), atom(1)
        user = resource(user_id, server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                with store.batch():
                    store.set(user.mutate, "mine")
                    store.set(user_id, 2)
                await quiet()
                assert server.asked == [1, 2]
                await server.answer(2, "two")
                assert store.get(user.latest) == "two"

    async def test_a_failed_batch_rolls_mutate_back(self) -> None:
        user = resource(atom(1), echo)

        @action
        def fail(get, set):
            set(user.mutate, "mine")
            assert get(user.latest) == "mine"
            raise ZeroDivisionError

        async with Store() as store:
            await store.get(user)
            with pytest.raises(ZeroDivisionError):
                store.set(fail)
            assert store.get(user.latest) == "data of 1"
            assert await store.get(user) == "data of 1"

    async def test_an_error_in_the_function_changes_nothing(self) -> None:
        user = resource(atom(1), echo)
        async with Store() as store:
            await store.get(user)
            with pytest.raises(ZeroDivisionError):
                store.set(user.mutate, lambda latest: 1 / 0)
            assert await store.get(user) == "data of 1"

    async def test_mutate_affects_one_store_only(self) -> None:
        user = resource(atom(1), echo)
        async with Store() as one, Store() as other:
            one.set(user.mutate, "mine")
            assert await one.get(user) == "mine"
            assert await other.get(user) == "data of 1"


class TestRefetch:
    async def test_refetch_returns_an_awaitable(self) -> None:
        answers = iter(["one", "two"])

        async def fetch(value: int) -> str:
            return next(answers)

        user = resource(atom(1), fetch)
        async with Store() as store:
            assert await store.get(user) == "one"
            assert await store.set(user.refetch) == "two"
            assert await store.get(user) == "two"

    async def test_refetch_without_a_source_value_fetches_nothing(self) -> None:
        server = FetchServer()
        user = resource(atom(None), server.fetch)
        async with Store() as store:
            assert await store.set(user.refetch) is None
        assert server.asked == []

    async def test_several_refetches_in_one_batch_fetch_once(self) -> None:
        server = FetchServer()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                with store.batch():
                    store.set(user.refetch)
                    store.set(user.refetch)
                await quiet()
        assert server.asked == [1, 1]
