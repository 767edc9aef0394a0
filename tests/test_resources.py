"""Resources: fetching for a source value, with state, last value, and ways to fetch again or put a value in."""

import asyncio
import contextvars
import functools
import gc
import json
import threading
import weakref
from typing import Any

import pytest

from halflife import Loading, Store, StoreClosedError, action, atom, derived, loadable, resource
from halflife._drivers.threads import MAX_THREADS
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


class Server:
    """Answers fetches when it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.infos: list[Any] = []
        self.cancelled: list[Any] = []
        self.answers: dict[Any, asyncio.Future[Any]] = {}

    async def fetch(self, value: Any, info: Any) -> Any:
        self.asked.append(value)
        self.infos.append(info)
        answer = self.answers[value] = asyncio.get_running_loop().create_future()
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled.append(value)
            raise

    async def answer(self, value: Any, data: Any) -> None:
        if isinstance(data, Exception):
            self.answers[value].set_exception(data)
        else:
            self.answers[value].set_result(data)
        await quiet()


async def quiet() -> None:
    await ManualClock().advance(0)


async def echo(value: Any, info: Any) -> Any:
    return f"data of {value}"


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
        server, user_id = Server(), atom(1)
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
        server, number = Server(), atom(2)
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
        server = Server()
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

    async def test_a_source_that_comes_later_starts_the_first_fetch(self) -> None:
        server, user_id = Server(), atom(None)
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

    async def test_a_source_that_goes_cancels_the_fetch_and_keeps_the_last_data(self) -> None:
        server, user_id = Server(), atom(1)
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
        server, user_id = Server(), atom(1)
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
        server = Server()
        user = resource(lambda get: 1 / 0, server.fetch)
        async with Store() as store:
            with pytest.raises(ZeroDivisionError):
                await store.get(user)
            assert store.get(user.state) == "errored"
        assert server.asked == []

    async def test_each_store_fetches_for_itself(self) -> None:
        server = Server()
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
        users, posts = Server(), Server()
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
        users, posts = Server(), Server()
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
        users, posts = Server(), Server()
        user = resource(atom(1), users.fetch)
        posts_of_user = resource(lambda get: get(user), posts.fetch)
        async with Store() as store:
            waiting = store.get(posts_of_user)
            await quiet()
            await users.answer(1, "Ada")
            await posts.answer("Ada", "posts")
            assert await waiting == "posts"

    async def test_those_that_depend_on_one_config_start_together_when_it_is_there(self) -> None:
        configs, data = Server(), Server()
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
        server = Server()
        async with Store() as store:
            store.get(resource(atom(1), server.fetch))
            await quiet()
            info = server.infos[0]
            assert (info.refetching, info.previous, info.signal.aborted) == (False, None, False)

    async def test_a_refetch_says_so_and_brings_what_was_passed_and_the_previous_data(self) -> None:
        server = Server()
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
        server = Server()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                await server.answer(1, "one")
                store.refresh(user)
                await quiet()
        assert [info.refetching for info in server.infos] == [False, True]

    async def test_a_new_source_value_is_no_refetch_but_has_previous_data(self) -> None:
        server, user_id = Server(), atom(1)
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


class TestState:
    async def test_it_goes_from_pending_to_ready_to_refreshing_to_ready(self) -> None:
        server = Server()
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
        server = Server()
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
        server = Server()
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

    async def test_an_unresolved_one_with_an_async_source_says_so(self) -> None:
        async def nothing(get):
            return None

        user = resource(nothing, echo)
        async with Store() as store:
            assert await store.get(user) is None
            assert store.get(user.state) == "unresolved"

    async def test_latest_notifies_once_for_each_data(self) -> None:
        server, user_id = Server(), atom(1)
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
        server = Server()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            assert store.get(loadable(user)) is Loading()
            await quiet()
            await server.answer(1, "one")
            assert store.get(loadable(user)).data == "one"  # type: ignore[union-attr]


class TestMutate:
    async def test_a_value_is_put_in_place_of_the_data_at_once(self) -> None:
        server = Server()
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

    async def test_it_gives_up_a_fetch_under_way(self) -> None:
        server = Server()
        user = resource(atom(1), server.fetch)
        async with Store() as store:
            with store.subscribe(user, lambda value: None):
                await quiet()
                store.set(user.mutate, "mine")
                await quiet()
                assert server.cancelled == [1]
                assert await store.get(user) == "mine"

    async def test_the_value_stays_until_a_new_source_value_fetches(self) -> None:
        server, user_id = Server(), atom(1)
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
        server = Server()
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

    async def test_a_source_that_changes_after_it_in_one_batch_wins(self) -> None:
        server, user_id = Server(), atom(1)
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

    async def test_a_failed_batch_takes_it_back(self) -> None:
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

    async def test_it_mutates_one_store_only(self) -> None:
        user = resource(atom(1), echo)
        async with Store() as one, Store() as other:
            one.set(user.mutate, "mine")
            assert await one.get(user) == "mine"
            assert await other.get(user) == "data of 1"


class TestRefetch:
    async def test_it_returns_what_can_be_awaited(self) -> None:
        answers = iter(["one", "two"])

        async def fetch(value: int) -> str:
            return next(answers)

        user = resource(atom(1), fetch)
        async with Store() as store:
            assert await store.get(user) == "one"
            assert await store.set(user.refetch) == "two"
            assert await store.get(user) == "two"

    async def test_with_nothing_to_fetch_it_fetches_nothing(self) -> None:
        server = Server()
        user = resource(atom(None), server.fetch)
        async with Store() as store:
            assert await store.set(user.refetch) is None
        assert server.asked == []

    async def test_several_in_one_batch_fetch_once(self) -> None:
        server = Server()
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


class TestThread:
    async def test_a_blocking_fetcher_runs_in_a_worker_thread(self) -> None:
        def fetch(value: int, info: Any) -> tuple[int, bool]:
            return value, threading.current_thread() is threading.main_thread()

        async with Store() as store:
            assert await store.get(resource(atom(1), fetch, thread=True)) == (1, False)

    async def test_superseded_its_signal_is_set_and_its_late_result_dropped(self) -> None:
        started, release, ended = threading.Event(), threading.Event(), threading.Event()
        infos: list[Any] = []

        def fetch(value: int, info: Any) -> str:
            infos.append(info)
            if value == 1:
                started.set()
                assert release.wait(30)
                ended.set()
            return f"data of {value}"

        user_id = atom(1)
        user = resource(user_id, fetch, thread=True)
        seen: list[object] = []
        async with Store() as store:
            with store.subscribe(user, lambda value: seen.append(value.result())):
                await asyncio.to_thread(started.wait, 30)
                store.set(user_id, 2)
                assert await store.get(user) == "data of 2"
                assert infos[0].signal.aborted
                assert not infos[1].signal.aborted
                release.set()
                await asyncio.to_thread(ended.wait, 30)
                await quiet()
                assert await store.get(user) == "data of 2"
        assert seen == ["data of 2"]

    async def test_an_error_in_the_thread_is_the_resources_error(self) -> None:
        def fetch(value: int) -> int:
            raise OSError("no such file")

        async with Store() as store:
            with pytest.raises(OSError, match="no such file"):
                await store.get(resource(atom(1), fetch, thread=True))

    async def test_a_stop_iteration_in_the_thread_does_not_hang(self) -> None:
        def fetch(value: int) -> int:
            raise StopIteration

        async with Store() as store:
            with pytest.raises(RuntimeError, match="raised StopIteration"):
                await store.get(resource(atom(1), fetch, thread=True))

    async def test_context_variables_are_seen_in_the_thread(self) -> None:
        user = contextvars.ContextVar("user", default="nobody")
        user.set("Ada")
        async with Store() as store:
            assert await store.get(resource(atom(1), lambda value: user.get(), thread=True)) == "Ada"

    async def test_many_fetchers_share_a_bounded_number_of_threads(self) -> None:
        names: set[str] = set()

        def fetch(value: int) -> None:
            names.add(threading.current_thread().name)

        async with Store() as store:
            await asyncio.gather(*(store.get(resource(atom(n), fetch, thread=True)) for n in range(200)))
        assert 1 <= len(names) <= MAX_THREADS


class TestMemoryAndNames:
    async def test_it_is_freed_with_its_atoms(self) -> None:
        async with Store() as store:
            user = resource(atom(1), echo)
            with store.subscribe(user.state, lambda value: None):
                await store.get(user)
                store.set(user.mutate, "mine")
                await quiet()
            gone = [weakref.ref(user), weakref.ref(user.state), weakref.ref(user.latest)]
            del user
            await quiet()
            gc.collect()
            assert [reference() for reference in gone] == [None, None, None]

    async def test_its_state_alone_keeps_it_working(self) -> None:
        state = resource(atom(1), echo).state
        gc.collect()
        async with Store() as store:
            with store.subscribe(state, lambda value: None):
                await store.settled()
                assert store.get(state) == "ready"

    async def test_it_is_named_after_its_fetcher(self) -> None:
        assert resource(atom(1), echo).name == "echo"
        assert resource(atom(1), echo, name="user").state.name == "user.state"


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


async def test_a_resource_inside_another_derived_atom_is_awaited() -> None:
    user = resource(atom(1), echo)

    @derived
    async def shouted(get):
        return (await get(user)).upper()

    async with Store() as store:
        assert await store.get(shouted) == "DATA OF 1"


async def test_a_hydrated_resource_shows_its_data_without_fetching_until_its_source_changes() -> None:
    server, user_id = Server(), atom(1, name="hydrated user id")
    user = resource(user_id, server.fetch, name="hydrated user")
    async with Store() as one, Store() as other:
        one.get(user)
        await quiet()
        await server.answer(1, "one")
        other.hydrate(json.loads(json.dumps(one.dehydrate([user_id, user]))))
        with other.subscribe(user, lambda value: None):
            await quiet()
            assert await other.get(user) == "one"
            assert (other.get(user.state), other.get(user.latest)) == ("ready", "one")
            assert server.asked == [1]
            other.set(user_id, 2)
            await quiet()
            assert server.asked == [1, 2]
            other.set(user.mutate, "mine")
            assert await other.get(user) == "mine"
