"""What TanStack Query's own tests ask of its core, where no other test of ours does: docs/queries-and-tanstack.md."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from halflife import Retry, RunCancelledError, atom, derived
from query_world import World

pytestmark = pytest.mark.asyncio

NO_RETRY = Retry(max_retries=0)
KEY = ("user", 1)


def status_of(result: Any) -> tuple[Any, ...]:
    return result.status, result.fetch_status, result.data


class TestWhoIsTold:
    async def test_a_plain_fetcher_is_loading_first(self) -> None:
        world = World()
        user = world.client.query(KEY, lambda key: "at once")
        seen = world.watch(user)
        assert status_of(world.store.get(user)) == ("loading", "fetching", None)
        await world.pass_time()
        assert status_of(seen[-1]) == ("success", "idle", "at once")

    async def test_the_others_are_told_if_one_unsubscribes_during_the_update(self) -> None:
        world = World()
        user = world.query(enabled=False)
        first = world.store.subscribe(user, lambda _: first.unsubscribe())
        second = world.watch(user)
        world.client.set_data(KEY, "data")
        world.client.set_data(KEY, "more")
        assert [one.data for one in second] == ["data", "more"]

    async def test_a_second_invalidation_tells_nobody(self) -> None:
        world = World()
        world.client.set_data(KEY, "data")
        user = world.client.query(KEY)
        seen = world.watch(user)
        world.client.invalidate(KEY)
        assert [one.is_stale for one in seen] == [True]
        world.client.invalidate(KEY)
        assert len(seen) == 1

    async def test_an_observer_that_comes_back_to_fresh_data_fetches_nothing(self) -> None:
        world = World()
        user = world.query()
        with world.store.subscribe(user, lambda _: None):
            await world.pass_time(1)
        seen = world.watch(user)
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"
        assert (seen, len(world.server.calls)) == ([], 1)

    async def test_fetches_are_counted(self) -> None:
        world = World()
        counts = world.watch(world.client.is_fetching)
        for number in (1, 2):
            world.watch(world.query(("user", number)))
        assert world.store.get(world.client.is_fetching) == 2
        await world.pass_time(1)
        assert world.store.get(world.client.is_fetching) == 0
        assert counts[-1] == 0


class TestWhoeverLeaves:
    async def test_a_fetch_goes_on_when_its_observer_leaves(self) -> None:
        world = World()
        user = world.query()
        with world.store.subscribe(user, lambda _: None):
            await world.pass_time(0.5)
        await world.pass_time(0.5)
        assert world.server.outcomes == ["answered"]
        assert world.client.get_data(KEY) == "data of 1"

    async def test_its_awaiters_get_the_answer_when_its_observer_leaves(self) -> None:
        world = World()
        user = world.query()
        with world.store.subscribe(user, lambda _: None):
            task = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch))
            await world.pass_time(0.5)
        await world.pass_time(0.5)
        assert task.result() == "data of 1"

    async def test_a_prefetch_goes_on_when_an_observer_that_fetches_nothing_leaves(self) -> None:
        world = World()
        world.client.prefetch(KEY, world.server.fetch)
        await world.pass_time(0.5)
        with world.store.subscribe(world.query(enabled=False), lambda _: None):
            pass
        await world.pass_time(0.5)
        assert world.client.get_data(KEY) == "data of 1"

    async def test_retries_go_on_when_the_observer_leaves(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        user = world.query(retry=Retry(max_retries=2, initial_delay=1, factor=1))
        with world.store.subscribe(user, lambda _: None):
            await world.pass_time(1)
        await world.pass_time(20)
        assert len(world.server.calls) == 3

    async def test_a_paused_fetch_goes_on_when_the_network_is_back(self) -> None:
        world = World()
        world.store.set(world.client.online, False)
        user = world.query()
        with world.store.subscribe(user, lambda _: None):
            assert world.store.get(user).is_paused
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert world.client.get_data(KEY) == "data of 1"

    async def test_two_invalidations_and_a_new_observer_end_with_the_newest_data(self) -> None:
        world = World()
        user = world.query()
        with world.store.subscribe(user, lambda _: None):
            await world.pass_time(1)
            world.server.data[KEY] = "new"
            world.client.invalidate(KEY)
            await world.pass_time(0.1)
            world.client.invalidate(KEY)
            await world.pass_time(0.1)
        other = world.query()
        world.watch(other)
        await world.pass_time(1)
        assert status_of(world.store.get(other)) == ("success", "idle", "new")
        assert world.server.outcomes == ["answered", "cancelled", "answered"]


class TestCancelled:
    async def test_a_retry_is_cancelled_too(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        task = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(1.5)
        world.client.cancel(KEY)
        await world.pass_time(60)
        with pytest.raises(RunCancelledError):
            task.result()
        assert len(world.server.calls) == 1

    @pytest.mark.parametrize("has_failed", [False, True])
    async def test_cancelling_what_has_ended_changes_nothing(self, has_failed: bool) -> None:
        world = World()
        if has_failed:
            world.server.errors[KEY] = ValueError("no")
        user = world.query(retry=NO_RETRY)
        seen = world.watch(user)
        await world.pass_time(1)
        count, before = len(seen), world.store.get(user)
        world.client.cancel(KEY)
        await world.pass_time(1)
        assert world.store.get(user) is before
        assert len(seen) == count


class TestFailed:
    async def test_a_new_observer_of_a_failed_query_asks_again(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        user = world.query(retry=NO_RETRY)
        with world.store.subscribe(user, lambda _: None):
            await world.pass_time(1)
        del world.server.errors[KEY]
        world.watch(world.query())
        await world.pass_time(1)
        assert world.client.get_data(KEY) == "data of 1"

    async def test_a_retry_that_was_paused_answers_all_who_await_it(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        retry = Retry(max_retries=3, initial_delay=1)
        tasks = [asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch, retry=retry)) for _ in range(2)]
        await world.pass_time(1)
        world.store.set(world.client.online, False)
        await world.pass_time(1)
        assert not any(task.done() for task in tasks)
        del world.server.errors[KEY]
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert [task.result() for task in tasks] == ["data of 1"] * 2
        assert len(world.server.calls) == 2

    async def test_a_retry_does_not_wait_for_the_focus(self) -> None:
        world = World()
        world.store.set(world.client.focused, False)
        world.server.errors[KEY] = ValueError("no")
        world.watch(world.query(retry=Retry(max_retries=1, initial_delay=1)))
        await world.pass_time(3)
        assert len(world.server.calls) == 2

    async def test_fetch_retries_as_queries_do(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        task = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(1)
        del world.server.errors[KEY]
        await world.pass_time(2)
        assert task.result() == "data of 1"


class TestForgotten:
    async def test_without_a_ttl_data_goes_with_its_observer(self) -> None:
        world = World()
        user = world.query(ttl=0)
        with world.store.subscribe(user, lambda _: None):
            await world.pass_time(1)
            assert world.client.get_data(KEY) == "data of 1"
        await world.pass_time()
        assert world.client.get_data(KEY) is None
        world.watch(user)
        await world.pass_time(1)
        assert len(world.server.calls) == 2

    async def test_data_is_not_forgotten_while_it_is_fetched_again(self) -> None:
        world = World()
        user = world.query(ttl=10)
        world.server.delay = 20
        with world.store.subscribe(user, lambda _: None):
            await world.pass_time(20)
            user.refetch()
        await world.pass_time(15)
        assert world.client.get_data(KEY) == "data of 1"
        await world.pass_time(5)
        await world.pass_time(10)
        assert world.client.get_data(KEY) is None

    async def test_a_key_that_was_never_fetched_is_forgotten_too(self) -> None:
        world = World()
        with world.store.subscribe(world.query(enabled=False, ttl=10), lambda _: None):
            assert "1 keys" in repr(world.client)
        await world.pass_time(10)
        assert "0 keys" in repr(world.client)

    async def test_an_endless_ttl(self) -> None:
        world = World()
        task = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch, ttl=float("inf")))
        await world.pass_time(1_000_000)
        assert task.result() == world.client.get_data(KEY) == "data of 1"


class TestWhatIsFetchedAgain:
    async def test_focus_fetches_always_or_never_if_told_so(self) -> None:
        world = World()
        for number, focus in enumerate((True, False, "always")):
            world.watch(world.query(("user", number), refetch_on_focus=focus))
        await world.pass_time(1)
        world.server.calls.clear()
        world.store.set(world.client.focused, False)
        world.store.set(world.client.focused, True)
        await world.pass_time(1)
        assert world.server.asked == [("user", 2)]

    async def test_focus_leaves_static_data_after_an_error(self) -> None:
        world = World()
        user = world.query(stale_time="static", retry=NO_RETRY)
        world.watch(user)
        await world.pass_time(1)
        world.server.errors[KEY] = ValueError("no")
        user.refetch()
        await world.pass_time(1)
        assert world.store.get(user).is_error
        world.store.set(world.client.focused, False)
        world.store.set(world.client.focused, True)
        await world.pass_time(1)
        assert len(world.server.calls) == 2

    @pytest.mark.parametrize("off", ["enabled", "function", "no fetcher"])
    async def test_an_invalidation_fetches_nothing_that_is_disabled(self, off: str) -> None:
        world = World()
        world.client.set_data(KEY, "data")
        enabled: Any = {"enabled": False, "function": lambda get: False}.get(off, True)
        user = world.client.query(KEY, None if off == "no fetcher" else world.server.fetch, enabled=enabled)
        world.watch(user)
        world.client.invalidate(refetch="all")
        await world.pass_time(1)
        assert world.server.calls == []
        assert world.store.get(user).is_stale

    async def test_one_enabled_observer_is_enough(self) -> None:
        world = World()
        world.client.set_data(KEY, "data")
        world.watch(world.query(enabled=False))
        world.watch(world.query())
        world.client.invalidate(KEY)
        await world.pass_time(1)
        assert len(world.server.calls) == 1

    async def test_enabled_is_asked_at_each_invalidation(self) -> None:
        world = World()
        is_on = atom(False)
        world.client.set_data(KEY, "data")
        world.watch(world.query(enabled=lambda get: get(is_on)))
        counts = []
        for value in (False, True, False):
            world.store.set(is_on, value)
            world.client.invalidate(KEY)
            await world.pass_time(1)
            counts.append(len(world.server.calls))
        assert counts == [0, 1, 1]

    async def test_an_invalidation_while_offline_ends_at_once(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        world.store.set(world.client.online, False)
        await world.client.invalidate()
        assert world.store.get(user).is_paused
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert len(world.server.calls) == 2
        assert not world.store.get(user).is_stale

    async def test_a_reset_by_state_fetches_what_it_has_reset(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        users = [world.query(("user", number), retry=NO_RETRY) for number in (1, 2)]
        for user in users:
            world.watch(user)
        await world.pass_time(1)
        del world.server.errors[KEY]
        world.server.calls.clear()
        world.client.reset(where=lambda info: info.status == "error")
        assert status_of(world.store.get(users[0])) == ("loading", "fetching", None)
        await world.pass_time(1)
        assert world.server.asked == [KEY]
        assert [world.store.get(user).data for user in users] == ["data of 1", "data of 2"]

    async def test_a_reset_tells_observers_and_fetches_what_they_show(self) -> None:
        world = World()
        user = world.query()
        seen = world.watch(user)
        await world.pass_time(1)
        seen.clear()
        world.client.reset(KEY)
        await world.pass_time(1)
        assert [status_of(one) for one in seen] == [
            ("loading", "fetching", None),
            ("success", "idle", "data of 1"),
        ]

    async def test_a_reset_does_not_bring_the_initial_data_back(self) -> None:
        world = World()
        user = world.query(initial="initial")
        world.watch(user)
        assert world.store.get(user).data == "initial"
        world.client.reset(KEY)
        assert status_of(world.store.get(user)) == ("loading", "fetching", None)
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"


class TestSelections:
    async def test_the_error_of_a_selection_stays_with_its_key(self) -> None:
        world = World()
        number = atom(1)

        def select(data: str) -> str:
            if data == "data of 1":
                raise ValueError("no")
            return data.upper()

        user = world.query(lambda get: ("user", get(number)), select=select)
        world.watch(user)
        await world.pass_time(1)
        assert world.store.get(user).is_error
        world.store.set(number, 2)
        assert (world.store.get(user).status, world.store.get(user).error) == ("loading", None)
        await world.pass_time(1)
        assert (world.store.get(user).data, world.store.get(user).error) == ("DATA OF 2", None)

    async def test_a_selection_of_a_placeholder_that_fails_is_no_placeholder(self) -> None:
        world = World()

        def select(data: str) -> str:
            if data == "placeholder":
                raise ValueError("no")
            return data.upper()

        user = world.query(placeholder="placeholder", select=select)
        world.watch(user)
        result = world.store.get(user)
        assert (result.is_error, result.is_placeholder, result.data) == (True, False, None)
        await world.pass_time(1)
        assert (world.store.get(user).is_error, world.store.get(user).data) == (False, "DATA OF 1")

    async def test_a_selection_that_fails_leaves_the_one_before(self) -> None:
        world = World()

        def select(data: str) -> str:
            if data == "broken":
                raise ValueError("no")
            return data.upper()

        user = world.query(select=select)
        world.watch(user)
        await world.pass_time(1)
        world.server.data[KEY] = "broken"
        user.refetch()
        await world.pass_time(1)
        result = world.store.get(user)
        assert (result.status, result.data, str(result.error)) == ("error", "DATA OF 1", "no")
        world.client.reset(KEY)
        await world.pass_time(1)
        assert (world.store.get(user).status, world.store.get(user).data) == ("error", None)

    async def test_a_reset_clears_the_error_of_a_selection(self) -> None:
        world = World()
        world.server.data[KEY] = "broken"

        def select(data: str) -> str:
            if data == "broken":
                raise ValueError("no")
            return data.upper()

        user = world.query(select=select)
        world.watch(user)
        await world.pass_time(1)
        assert world.store.get(user).is_error
        del world.server.data[KEY]
        world.client.reset(KEY)
        assert status_of(world.store.get(user)) == ("loading", "fetching", None)
        await world.pass_time(1)
        assert status_of(world.store.get(user)) == ("success", "idle", "DATA OF 1")

    async def test_the_previous_data_is_the_fetched_data_and_not_the_selection(self) -> None:
        world = World()
        number, previous = atom(1), []

        def placeholder(before: Any) -> Any:
            previous.append(before)
            return before

        user = world.query(lambda get: ("user", get(number)), select=str.upper, placeholder=placeholder)
        world.watch(user)
        await world.pass_time(1)
        world.store.set(number, 2)
        assert previous[-1] == "data of 1"
        assert (world.store.get(user).data, world.store.get(user).is_placeholder) == ("DATA OF 1", True)


class TestSeveralQueries:
    async def test_they_are_read_together_in_any_order_and_twice(self) -> None:
        world = World()
        users = [world.query(("user", number)) for number in (1, 2, 3)]
        order = atom([0, 1])
        shown = derived(lambda get: [get(users[index]).data for index in get(order)])
        seen = world.watch(shown)
        await world.pass_time(1)
        world.store.set(order, [1, 0, 1])
        world.store.set(order, [2])
        await world.pass_time(1)
        world.store.set(order, [0])
        assert seen[-4:] == [["data of 2", "data of 1", "data of 2"], [None], ["data of 3"], ["data of 1"]]
        assert world.server.asked == [("user", 1), ("user", 2), ("user", 3)]

    async def test_nothing_is_told_if_nothing_has_changed(self) -> None:
        world = World()
        users = [world.query(("user", number)) for number in (1, 2)]
        seen = world.watch(derived(lambda get: [get(user.data) for user in users]))
        await world.pass_time(1)
        seen.clear()
        for user in users:
            user.refetch()
        await world.pass_time(1)
        assert seen == []

    async def test_a_removed_one_is_shown_as_absent(self) -> None:
        world = World()
        users = [world.query(("user", number)) for number in (1, 2)]
        shown = derived(lambda get: [get(user).data for user in users])
        world.watch(shown)
        await world.pass_time(1)
        world.client.remove(("user", 2))
        assert world.store.get(shown) == ["data of 1", None]


class TestMutations:
    async def test_running_mutations_are_counted(self) -> None:
        world = World()

        async def save(seconds: float) -> float:
            await world.clock.sleep(seconds)
            return seconds

        mutation = world.client.mutation(save)
        counts = world.watch(world.client.is_mutating)
        for seconds in (1, 2):
            mutation(seconds)
        await world.pass_time(1)
        await world.pass_time(1)
        assert world.store.get(world.client.is_mutating) == 0
        assert counts[-3:] == [2, 1, 0]


class TestStreams:
    async def test_an_invalidation_starts_a_stream_anew(self) -> None:
        world = World()
        starts = []

        async def stream(key: Any) -> Any:
            starts.append(key)
            for number in range(3):
                await world.clock.sleep(1)
                yield number

        log = world.client.query("log", stream)
        world.watch(log)
        await world.pass_time(2)
        assert world.store.get(log).data == [0, 1]
        world.client.invalidate("log")
        await world.pass_time(1)
        assert (world.store.get(log).data, world.store.get(log).is_fetching) == ([0], True)
        await world.pass_time(2)
        assert (world.store.get(log).data, world.store.get(log).is_fetching) == ([0, 1, 2], False)
        assert len(starts) == 2

    async def test_a_stream_goes_on_when_its_observer_leaves(self) -> None:
        world = World()

        async def stream(key: Any) -> Any:
            for number in range(3):
                await world.clock.sleep(1)
                yield number

        with world.store.subscribe(world.client.query("log", stream), lambda _: None):
            await world.pass_time(1)
        await world.pass_time(2)
        assert world.client.get_data("log") == [0, 1, 2]

    async def test_a_stream_after_an_error_without_data_is_loading(self) -> None:
        world = World()
        fails = [True]

        async def stream(key: Any) -> Any:
            await world.clock.sleep(1)
            if fails:
                fails.pop()
                raise ValueError("no")
            yield 0

        log = world.client.query("log", stream, retry=NO_RETRY)
        world.watch(log)
        await world.pass_time(1)
        assert world.store.get(log).status == "error"
        log.refetch()
        assert status_of(world.store.get(log)) == ("loading", "fetching", None)
        await world.pass_time(1)
        assert status_of(world.store.get(log)) == ("success", "idle", [0])


class TestDefaults:
    async def test_defaults_of_a_longer_key_do_not_count(self) -> None:
        world = World()
        world.client.set_defaults(("user", 1), stale_time=1)
        world.client.set_defaults("user", world.server.fetch, stale_time=1000)
        for key in (("user", 1, "name"), ("user",), ("user", 11)):
            world.client.set_data(key, "data")
        await world.pass_time(2)
        results = [world.store.get(world.client.query(key)) for key in (("user", 1, "name"), ("user",), ("user", 11))]
        assert [result.is_stale for result in results] == [True, False, False]

    async def test_setting_defaults_fetches_nothing(self) -> None:
        world = World()
        world.client.set_defaults("user", world.server.fetch)
        await world.pass_time(1)
        assert world.server.calls == []
        world.watch(world.client.query(KEY))
        await world.pass_time(1)
        assert world.server.asked == [KEY]

    async def test_data_set_by_hand_makes_the_key(self) -> None:
        world = World()
        world.client.set_data(KEY, lambda before: (before, "new"))
        assert world.client.get_data(KEY) == (None, "new")
        assert world.client.get_data(("user",)) is None
