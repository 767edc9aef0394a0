"""`client.fetch` and its kin: shared fetches, cancellation, superseded fetches, limits, streams, threads."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from halflife import CircuitBreaker, CircuitOpenError, Retry, RunCancelledError, derived
from query_world import World

pytestmark = pytest.mark.asyncio

NO_RETRY = Retry(max_retries=0)
KEY = ("user", 1)


def started(*bodies: Any) -> list[asyncio.Future[Any]]:
    return [asyncio.ensure_future(body) for body in bodies]


class TestSharing:
    async def test_a_thousand_awaiters_of_one_key_cause_one_fetch(self) -> None:
        world = World()
        tasks = started(*(world.client.fetch(KEY, world.server.fetch) for _ in range(1000)))
        await world.pass_time(1)
        assert [task.result() for task in tasks] == ["data of 1"] * 1000
        assert len(world.server.calls) == 1

    async def test_cancelling_all_but_one_does_not_cancel_the_fetch(self) -> None:
        world = World()
        tasks = started(*(world.client.fetch(KEY, world.server.fetch) for _ in range(1000)))
        await world.pass_time()
        for task in tasks[:777] + tasks[778:]:
            task.cancel()
        await world.pass_time(1)
        assert tasks[777].result() == "data of 1"
        assert world.server.outcomes == ["answered"]

    async def test_cancelling_all_cancels_the_fetch(self) -> None:
        world = World()
        tasks = started(*(world.client.fetch(KEY, world.server.fetch) for _ in range(1000)))
        await world.pass_time()
        for task in tasks:
            task.cancel()
        await world.pass_time(1)
        assert world.server.outcomes == ["cancelled"]
        assert world.server.calls[0].ctx.signal.aborted

    async def test_cancelling_before_the_first_step_counts_too(self) -> None:
        world = World()
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        task.cancel()
        await world.pass_time(1)
        assert "answered" not in world.server.outcomes

    async def test_the_last_awaiter_does_not_cancel_a_fetch_that_is_observed(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time()
        task.cancel()
        await world.pass_time(1)
        assert world.server.outcomes == ["answered"]

    async def test_the_last_awaiter_does_not_cancel_a_prefetch(self) -> None:
        world = World()
        world.client.prefetch(KEY, world.server.fetch)
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time()
        task.cancel()
        await world.pass_time(1)
        assert world.server.outcomes == ["answered"]

    async def test_a_call_acts_at_once_and_may_be_dropped(self) -> None:
        world = World()
        world.client.fetch(KEY, world.server.fetch)
        await world.pass_time(1)
        assert world.client.get_data(KEY) == "data of 1"

    async def test_a_cancelled_fetch_can_be_asked_again(self) -> None:
        world = World()
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time()
        task.cancel()
        await world.pass_time()
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(1)
        assert task.result() == "data of 1"

    async def test_all_awaiters_get_the_error(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        tasks = started(*(world.client.fetch(KEY, world.server.fetch, retry=NO_RETRY) for _ in range(3)))
        await world.pass_time(1)
        for task in tasks:
            with pytest.raises(ValueError, match="no"):
                task.result()
        assert len(world.server.calls) == 1

    async def test_a_timeout_of_one_awaiter(self) -> None:
        world = World()
        other = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(world.client.fetch(KEY, world.server.fetch), 0)
        await world.pass_time(1)
        assert other.result() == "data of 1"

    async def test_without_dedupe_each_call_gets_its_own_answer(self) -> None:
        world = World()
        answers = [(3.0, "slow"), (1.0, "quick")]

        async def fetch(key: Any) -> Any:
            delay, answer = answers.pop(0)
            await world.clock.sleep(delay)
            return answer

        slow, quick = started(*(world.client.fetch(KEY, fetch, dedupe=False) for _ in range(2)))
        await world.pass_time(1)
        assert quick.result() == "quick"
        assert world.client.get_data(KEY) == "quick"
        await world.pass_time(2)
        assert slow.result() == "slow"
        assert world.client.get_data(KEY) == "quick"

    async def test_inside_an_async_atom(self) -> None:
        world = World()

        @derived
        async def name(get):
            return f"<{await world.client.fetch(KEY, world.server.fetch)}>"

        (task,) = started(world.store.value(name))
        await world.pass_time(1)
        assert task.result() == "<data of 1>"


class TestCached:
    async def test_fresh_data_is_answered_from_the_cache(self) -> None:
        world = World()
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(1)
        assert await world.client.fetch(KEY, world.server.fetch) == task.result()
        assert len(world.server.calls) == 1

    async def test_stale_data_is_fetched_again(self) -> None:
        world = World()
        world.client.set_data(KEY, "old")
        await world.pass_time(60)
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(1)
        assert task.result() == "data of 1"

    async def test_ensure_answers_whatever_the_age(self) -> None:
        world = World()
        world.client.set_data(KEY, "old")
        await world.pass_time(60)
        assert await world.client.ensure(KEY, world.server.fetch) == "old"
        await world.pass_time(1)
        assert world.server.calls == []
        (task,) = started(world.client.ensure(("user", 2), world.server.fetch))
        await world.pass_time(1)
        assert task.result() == "data of 2"

    async def test_allow_stale_answers_at_once_and_refetches_behind(self) -> None:
        world = World()
        world.client.set_data(KEY, "old")
        await world.pass_time(60)
        assert await world.client.fetch(KEY, world.server.fetch, allow_stale=True) == "old"
        await world.pass_time(1)
        assert world.client.get_data(KEY) == "data of 1"

    async def test_expired_data_is_as_if_absent(self) -> None:
        world = World()
        world.client.set_data(KEY, "old")
        await world.pass_time(300)
        (task,) = started(world.client.fetch(KEY, world.server.fetch, allow_stale=True))
        await world.pass_time(1)
        assert task.result() == "data of 1"

    async def test_fetch_all_takes_the_time_of_the_slowest(self) -> None:
        world = World()

        async def fetch(key: Any) -> Any:
            await world.clock.sleep(key[1])
            return key[1]

        (task,) = started(world.client.fetch_all([(("n", 3), fetch), (("n", 1), fetch), (("n", 2), fetch)]))
        await world.pass_time(2.9)
        assert not task.done()
        await world.pass_time(0.1)
        assert task.result() == [3, 1, 2]

    async def test_a_waterfall_takes_the_sum(self) -> None:
        world = World()

        async def waterfall() -> float:
            begun = world.clock.now()
            for number in (1, 2, 3):
                await world.client.fetch(("user", number), world.server.fetch)
            return world.clock.now() - begun

        (task,) = started(waterfall())
        await world.pass_time(5)
        assert task.result() == 3.0

    async def test_the_first_error_of_fetch_all_cancels_nothing_that_others_wait_for(self) -> None:
        world = World()
        slow = started(world.client.fetch(("user", 2), world.server.fetch))[0]

        async def fail(key: Any) -> Any:
            raise ValueError("no")

        (task,) = started(
            world.client.fetch_all(
                [(("user", 2), world.server.fetch), (("bad", 1), fail), (("user", 3), world.server.fetch)]
            )
        )
        world.client.set_defaults("bad", retry=NO_RETRY)
        await world.pass_time(0.5)
        await world.pass_time(10)
        with pytest.raises(Exception, match="no"):
            task.result()
        assert slow.result() == "data of 2"


class TestOutdatedAnswers:
    async def test_data_set_by_hand_during_a_fetch_stays(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(0.5)
        world.client.set_data(KEY, "by hand")
        assert world.store.get(user).is_fetching
        assert world.store.get(user).status == "success"
        await world.pass_time(0.5)
        assert task.result() == "by hand"
        assert world.store.get(user).data == "by hand"
        assert not world.store.get(user).is_fetching
        await world.pass_time(5)
        assert len(world.server.calls) == 1

    async def test_an_invalidation_during_the_first_fetch_fetches_again(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(0.5)
        world.server.data[KEY] = "new"
        world.client.invalidate(KEY)
        await world.pass_time(1)
        assert world.store.get(user).data == "new"
        assert world.server.outcomes == ["cancelled", "answered"]
        assert not world.store.get(user).is_stale

    async def test_an_invalidation_without_refetch_during_a_fetch_leaves_the_answer_stale(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(0.5)
        world.client.invalidate(KEY, refetch="none")
        await world.pass_time(0.5)
        assert world.store.get(user).data == "data of 1"
        assert world.store.get(user).is_stale

    async def test_awaiters_of_a_superseded_fetch_follow_to_the_newest(self) -> None:
        world = World()
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(0.5)
        world.server.data[KEY] = "new"
        world.client.invalidate(KEY)
        await world.pass_time(0.5)
        assert not task.done()
        await world.pass_time(0.5)
        assert task.result() == "new"

    async def test_a_fetcher_that_swallows_its_cancellation_changes_nothing(self) -> None:
        world = World()
        answers = []

        async def stubborn(key: Any) -> Any:
            number = len(answers)
            answers.append(number)
            try:
                await world.clock.sleep(1)
            except asyncio.CancelledError:
                await world.clock.sleep(5)
            return number

        user = world.client.query(KEY, stubborn)
        world.watch(user)
        await world.pass_time(0.5)
        world.client.invalidate(KEY)
        await world.pass_time(1)
        assert world.store.get(user).data == 1
        await world.pass_time(10)
        assert world.store.get(user).data == 1

    @pytest.mark.parametrize("how", ["reset", "remove", "clear"])
    async def test_reset_remove_and_clear_cancel_the_fetch(self, how: str) -> None:
        world = World()
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(0.5)
        getattr(world.client, how)()
        await world.pass_time(1)
        with pytest.raises(RunCancelledError):
            task.result()
        assert world.server.outcomes == ["cancelled"]
        assert world.client.get_data(KEY) is None

    async def test_awaiters_follow_to_the_refetch_after_a_reset(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(0.5)
        world.client.reset(KEY)
        assert world.store.get(user).status == "loading"
        await world.pass_time(1)
        assert task.result() == "data of 1"
        assert world.server.outcomes == ["cancelled", "answered"]

    async def test_a_confirmed_edit_during_a_fetch_is_not_taken_away(self) -> None:
        world = World()
        world.server.data[KEY] = {"n": 1}
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        user.refetch()
        await world.pass_time(0.5)
        world.store.update(user.data, lambda draft: draft.update(n=2))
        world.server.data[KEY] = {"n": 2}
        await world.pass_time(0.5)
        assert world.store.get(user.data) == {"n": 2}
        await world.pass_time(1)
        assert world.server.outcomes == ["answered", "cancelled", "answered"]
        assert world.store.get(user.data) == {"n": 2}

    async def test_a_confirmation_without_a_fetch_fetches_nothing(self) -> None:
        world = World()
        world.server.data[KEY] = {"n": 1}
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        world.store.update(user.data, lambda draft: draft.update(n=2))
        await world.pass_time(5)
        assert len(world.server.calls) == 1

    async def test_a_push_during_a_refetch_asks_again(self) -> None:
        world = World()
        world.server.data[KEY] = {"n": 1}
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        user.refetch()
        await world.pass_time(0.5)
        world.store.layers(user.data).edit_base(lambda draft: draft.update(n=2))
        await world.pass_time(0.5)
        assert world.store.get(user.data) == {"n": 2}
        world.server.data[KEY] = {"n": 2, "more": True}
        await world.pass_time(1)
        assert world.store.get(user.data) == {"n": 2, "more": True}
        assert world.server.outcomes == ["answered"] * 3


class TestCancel:
    async def test_cancelling_a_first_fetch(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        (task,) = started(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(0.5)
        world.client.cancel(KEY)
        await world.pass_time()
        with pytest.raises(RunCancelledError):
            task.result()
        assert world.store.get(user).fetch_status == "idle"
        assert world.store.get(user).error is None
        assert world.errors == []

    async def test_cancelling_a_refetch_leaves_the_data_and_is_no_error(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        user.refetch()
        await world.pass_time(0.5)
        world.client.cancel()
        assert (world.store.get(user).status, world.store.get(user).fetch_status) == ("success", "idle")
        world.client.cancel()
        user.refetch()
        await world.pass_time(1)
        assert world.server.outcomes == ["answered", "cancelled", "answered"]

    async def test_cancelling_a_stream_restores_the_data_before_it(self) -> None:
        world = World()

        async def stream(key: Any) -> Any:
            for piece in range(3):
                await world.clock.sleep(1)
                yield piece

        user = world.client.query(KEY, stream)
        world.client.set_data(KEY, ["old"])
        world.watch(user)
        user.refetch()
        await world.pass_time(2)
        assert world.store.get(user.data) == [0, 1]
        world.client.cancel(KEY)
        assert world.store.get(user.data) == ["old"]
        await world.pass_time(5)
        assert world.store.get(user.data) == ["old"]


class TestLimits:
    async def test_only_so_many_fetches_run_at_once(self) -> None:
        world = World(max_concurrent=2)
        tasks = started(*(world.client.fetch(("user", number), world.server.fetch) for number in range(5)))
        counts = []
        for _ in range(3):
            await world.pass_time()
            counts.append(len(world.server.calls))
            await world.pass_time(1)
        assert counts == [2, 4, 5]
        assert all(task.done() for task in tasks)

    async def test_those_observed_at_that_moment_come_first(self) -> None:
        world = World(max_concurrent=1)
        tasks = started(*(world.client.fetch(("user", number), world.server.fetch) for number in range(3)))
        await world.pass_time()
        world.watch(world.query(("user", 2)))
        await world.pass_time(3)
        assert [key[1] for key in world.server.asked] == [0, 2, 1]
        assert all(task.done() for task in tasks)

    async def test_a_cancelled_fetch_gives_its_place_back(self) -> None:
        world = World(max_concurrent=1)
        tasks = started(*(world.client.fetch(("user", number), world.server.fetch) for number in range(3)))
        await world.pass_time()
        tasks[0].cancel()
        tasks[1].cancel()
        await world.pass_time(1)
        assert tasks[2].result() == "data of 2"

    async def test_the_cache_size(self) -> None:
        from halflife import QueryDefaults

        world = World(defaults=QueryDefaults(cache_size=3))
        for number in range(5):
            world.client.set_data(("n", number), number)
            await world.pass_time()
        assert [world.client.get_data(("n", number)) for number in range(5)] == [None, None, 2, 3, 4]

    async def test_observed_fetched_and_edited_entries_are_never_evicted(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        from halflife import QueryDefaults

        world = World(defaults=QueryDefaults(cache_size=1))
        world.watch(world.query(("user", 1)))
        world.client.set_data(("edited", 1), [1])
        world.client.edit(("edited", 1), lambda draft: draft.append(2))
        world.client.fetch(("user", 2), world.server.fetch)
        await world.pass_time(0.5)
        for number in range(3):
            world.client.set_data(("n", number), number)
            await world.pass_time()
        await world.pass_time(0.5)
        assert world.client.get_data(("user", 1)) == "data of 1"
        assert world.client.get_data(("edited", 1)) == [1, 2]
        assert world.server.outcomes == ["answered", "answered"]
        assert len([record for record in caplog.records if "cache_size" in record.message]) == 1


class TestBreaker:
    async def test_an_open_breaker_fails_at_once_and_is_not_retried(self) -> None:
        world = World()
        breaker = CircuitBreaker(threshold=2, timeout=60)
        world.server.errors[KEY] = ValueError("no")
        user = world.query(breaker=breaker, retry=Retry(max_retries=5, initial_delay=1))
        world.watch(user)
        await world.pass_time(30)
        assert len(world.server.calls) == 2
        assert isinstance(world.store.get(user).error, CircuitOpenError)
        assert world.store.get(breaker.state) == "open"
        del world.server.errors[KEY]
        await world.pass_time(60)
        user.refetch()
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"
        assert world.store.get(breaker.state) == "closed"

    async def test_a_cancelled_trial_gives_its_place_back(self) -> None:
        world = World()
        breaker = CircuitBreaker(threshold=1, timeout=10)
        world.server.errors[KEY] = ValueError("no")
        user = world.query(breaker=breaker, retry=NO_RETRY)
        world.watch(user)
        await world.pass_time(11)
        user.refetch()
        await world.pass_time(0.5)
        world.client.cancel()
        del world.server.errors[KEY]
        user.refetch()
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"


class TestDeadline:
    async def test_the_attempt_that_runs_is_cancelled_at_the_deadline(self) -> None:
        world = World()
        world.server.delay = 100
        user = world.query(retry=Retry(deadline=5))
        world.watch(user)
        await world.pass_time(5)
        assert isinstance(world.store.get(user).error.__cause__, TimeoutError)
        assert world.server.outcomes == ["cancelled"]


class TestStreams:
    @staticmethod
    def stream(world: World, *pieces: Any) -> Any:
        async def fetch(key: Any) -> Any:
            for piece in pieces:
                await world.clock.sleep(1)
                yield piece

        return fetch

    async def test_it_fills_the_data_piece_by_piece(self) -> None:
        world = World()
        user = world.client.query(KEY, self.stream(world, "a", "b"))
        world.watch(user)
        states = []
        for _ in range(4):
            result = world.store.get(user)
            states.append((result.status, result.fetch_status, result.data))
            await world.pass_time(1)
        assert states == [
            ("loading", "fetching", None),
            ("success", "fetching", ["a"]),
            ("success", "idle", ["a", "b"]),
            ("success", "idle", ["a", "b"]),
        ]

    @pytest.mark.parametrize(
        ("mode", "during", "after"),
        [("reset", [["a"], ["a", "b"]], ["a", "b"]),
         ("append", [["a", "b", "a"], ["a", "b", "a", "b"]], ["a", "b", "a", "b"]),
         ("replace", [["a", "b"], ["a", "b"]], ["a", "b"])],
    )  # fmt: skip
    async def test_a_refetch(self, mode: Any, during: Any, after: Any) -> None:
        world = World()
        user = world.client.query(KEY, self.stream(world, "a", "b"), refetch_mode=mode)
        world.watch(user)
        await world.pass_time(3)
        user.refetch()
        seen = []
        for _ in range(2):
            await world.pass_time(1)
            seen.append(world.store.get(user.data))
        assert (seen, world.store.get(user.data)) == (during, after)

    async def test_an_own_reduce(self) -> None:
        world = World()
        user = world.client.query(KEY, self.stream(world, "a", "b"), reduce=lambda data, piece: (data or "") + piece)
        world.watch(user)
        await world.pass_time(2)
        assert world.store.get(user.data) == "ab"

    async def test_an_empty_stream(self) -> None:
        world = World()
        user = world.client.query(KEY, self.stream(world))
        world.watch(user)
        await world.pass_time(1)
        assert (world.store.get(user).status, world.store.get(user.data)) == ("success", [])

    async def test_an_error_keeps_the_pieces(self) -> None:
        world = World()

        async def fetch(key: Any) -> Any:
            yield "a"
            raise ValueError("no")

        user = world.client.query(KEY, fetch, retry=NO_RETRY)
        world.watch(user)
        await world.pass_time()
        assert (world.store.get(user).status, world.store.get(user.data)) == ("error", ["a"])


class TestContext:
    async def test_what_a_fetcher_learns(self) -> None:
        world = World()
        seen = []

        async def fetch(key: Any, ctx: Any) -> Any:
            seen.append((key, ctx.refetching, ctx.previous, ctx.attempt, dict(ctx.memory)))
            ctx.memory["etag"] = len(seen)
            return ctx.unchanged if ctx.refetching else "data"

        user = world.client.query(KEY, fetch, stale_time=10)
        world.watch(user)
        await world.pass_time(10)
        assert world.store.get(user).is_stale
        before = world.store.get(user).data
        user.refetch()
        await world.pass_time()
        assert seen == [(KEY, False, None, 1, {}), (KEY, True, "data", 1, {"etag": 1})]
        assert world.store.get(user).data is before
        assert not world.store.get(user).is_stale

    async def test_unchanged_without_data_is_an_error(self) -> None:
        world = World()
        user = world.client.query(KEY, lambda key, ctx: ctx.unchanged, retry=NO_RETRY)
        world.watch(user)
        await world.pass_time()
        assert "('user', 1)" in str(world.store.get(user).error)

    async def test_a_plain_fetcher_in_a_thread(self) -> None:
        world = World()

        def fetch(key: Any) -> Any:
            return threading.current_thread() is threading.main_thread()

        user = world.client.query(KEY, fetch, thread=True)
        world.watch(user)
        assert await world.store.value(user.loaded) is False
