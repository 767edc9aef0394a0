"""The manual clock: when timers fire, the time that they see, and what awaiting an advance waits for."""

import asyncio
from typing import Any

import pytest

from halflife.testing import ManualClock


class TestInPlainCode:
    def test_the_clock_begins_at_zero_or_at_the_given_time(self) -> None:
        assert ManualClock().now() == 0
        assert ManualClock(1_000).now() == 1_000

    def test_the_clock_stands_still_until_it_is_advanced(self) -> None:
        clock = ManualClock()
        clock.call_later(0, lambda: pytest.fail("fired by itself"))
        assert (clock.now(), clock.pending) == (0, 1)

    def test_a_timer_fires_when_its_moment_has_come_and_not_before(self) -> None:
        clock, fired = ManualClock(), []
        clock.call_later(2, lambda: fired.append(clock.now()))
        clock.advance(1.5)
        assert fired == []
        clock.advance(0.5)
        assert fired == [2]
        clock.advance(10)
        assert fired == [2]

    def test_timers_fire_in_order_each_at_its_own_moment(self) -> None:
        clock, fired = ManualClock(), []
        for delay in (3, 1, 2, 1):
            clock.call_later(delay, lambda delay=delay: fired.append((delay, clock.now())))
        clock.advance(5)
        assert fired == [(1, 1), (1, 1), (2, 2), (3, 3)]
        assert clock.now() == 5

    def test_timers_of_one_moment_fire_in_the_order_in_which_they_were_set(self) -> None:
        clock, fired = ManualClock(), []
        for name in "abc":
            clock.call_later(1, lambda name=name: fired.append(name))
        clock.advance(1)
        assert fired == ["a", "b", "c"]

    def test_a_timer_set_by_a_timer_fires_in_the_same_move_if_it_is_due(self) -> None:
        clock, fired = ManualClock(), []

        def tick() -> None:
            fired.append(clock.now())
            clock.call_later(1, tick)

        clock.call_later(1, tick)
        clock.advance(3.5)
        assert (fired, clock.pending) == ([1, 2, 3], 1)

    def test_sums_of_fractions_reach_their_moment(self) -> None:
        clock, fired = ManualClock(), []
        clock.call_later(0.8, lambda: fired.append("fired"))
        for _ in range(8):
            clock.advance(0.1)
        assert fired == ["fired"]

    def test_a_cancelled_timer_does_not_fire(self) -> None:
        clock, fired = ManualClock(), []
        timer = clock.call_later(1, lambda: fired.append("fired"))
        timer.cancel()
        timer.cancel()
        assert clock.pending == 0
        clock.advance(2)
        assert fired == []

    def test_a_timer_may_cancel_another_one_of_its_moment(self) -> None:
        clock, fired = ManualClock(), []
        clock.call_later(1, lambda: second.cancel())
        second = clock.call_later(1, lambda: fired.append("second"))
        clock.advance(1)
        assert (fired, clock.pending) == ([], 0)

    def test_cancelling_a_timer_that_has_fired_does_nothing(self) -> None:
        clock = ManualClock()
        timer = clock.call_later(1, lambda: None)
        clock.advance(1)
        timer.cancel()
        assert clock.pending == 0

    def test_it_can_be_moved_to_the_next_timer(self) -> None:
        clock, fired = ManualClock(), []
        for delay in (2, 5, 5):
            clock.call_later(delay, lambda: fired.append(clock.now()))
        clock.advance_to_next()
        assert (clock.now(), fired) == (2, [2])
        clock.advance_to_next()
        assert (clock.now(), fired, clock.pending) == (5, [2, 5, 5], 0)

    def test_without_a_timer_there_is_no_next_moment(self) -> None:
        clock = ManualClock()
        clock.call_later(1, lambda: None).cancel()
        with pytest.raises(RuntimeError, match="no timer is pending"):
            clock.advance_to_next()

    def test_an_error_of_a_timer_is_raised_after_the_others_have_fired(self) -> None:
        clock, fired = ManualClock(), []

        def fail() -> None:
            raise ValueError("first")

        clock.call_later(1, fail)
        clock.call_later(2, lambda: fired.append("second"))
        with pytest.raises(ValueError, match="first"):
            clock.advance(3)
        assert (fired, clock.now()) == (["second"], 3)

    def test_errors_of_several_timers_are_raised_as_a_group(self) -> None:
        clock = ManualClock()

        def fail() -> None:
            raise ValueError

        clock.call_later(1, fail)
        clock.call_later(2, fail)
        with pytest.raises(ExceptionGroup) as caught:
            clock.advance(3)
        assert len(caught.value.exceptions) == 2
        clock.advance(1)

    def test_timers_that_set_themselves_again_at_once_for_ever_are_stopped(self) -> None:
        clock = ManualClock()

        def again() -> None:
            clock.call_later(0, again)

        again()
        with pytest.raises(RuntimeError, match="for ever"):
            clock.advance(1)

    def test_the_repr_shows_the_time_and_pending_timers(self) -> None:
        clock = ManualClock(1.5)
        clock.call_later(1, lambda: None)
        assert repr(clock) == "<ManualClock at 1.5 s, 1 pending>"

    @pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
    def test_it_cannot_be_moved_back_or_for_ever(self, wrong: float) -> None:
        clock = ManualClock()
        with pytest.raises(ValueError, match="advance: seconds must be finite and not negative"):
            clock.advance(wrong)
        assert clock.now() == 0

    @pytest.mark.parametrize("wrong", [None, "1", True])
    def test_it_is_moved_by_numbers_only(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="advance: seconds must be a number"):
            ManualClock().advance(wrong)

    def test_a_timer_needs_a_function(self) -> None:
        clock = ManualClock()
        with pytest.raises(TypeError, match="call_later: callback must be callable"):
            clock.call_later(1, None)  # type: ignore[arg-type]
        assert clock.pending == 0


@pytest.mark.asyncio
class TestInAsyncCode:
    async def test_awaiting_a_move_lets_sleeping_coroutines_go_on(self) -> None:
        clock, log = ManualClock(), []

        async def sleeper() -> None:
            await clock.sleep(1)
            log.append(clock.now())

        task = asyncio.create_task(sleeper())
        await clock.advance(0)
        assert (clock.pending, log) == (1, [])
        await clock.advance(1)
        assert (clock.pending, log, task.done()) == (0, [1], True)

    async def test_a_coroutine_that_sleeps_again_and_again_wakes_at_each_moment(self) -> None:
        clock, log = ManualClock(), []

        async def poll() -> None:
            while True:
                await clock.sleep(1)
                log.append(clock.now())

        task = asyncio.create_task(poll())
        await clock.advance(0)
        await clock.advance(3.5)
        assert (log, clock.now()) == ([1, 2, 3], 3.5)
        task.cancel()
        await clock.advance(0)
        assert clock.pending == 0

    async def test_work_started_by_a_timer_runs_at_the_time_of_the_timer(self) -> None:
        clock, log = ManualClock(), []
        tasks = []

        async def fetch(start: float) -> None:
            await clock.sleep(0.25)
            log.append((start, clock.now()))

        def tick() -> None:
            tasks.append(asyncio.create_task(fetch(clock.now())))
            clock.call_later(1, tick)

        clock.call_later(1, tick)
        await clock.advance(3)
        assert log == [(1, 1.25), (2, 2.25)]
        await clock.advance(1)
        assert log == [(1, 1.25), (2, 2.25), (3, 3.25)]
        await clock.advance(0.25)
        await asyncio.gather(*tasks)

    async def test_long_chains_of_awaits_are_waited_for(self) -> None:
        clock, log = ManualClock(), []

        async def nested(depth: int) -> None:
            if depth:
                await asyncio.create_task(nested(depth - 1))
            log.append(depth)

        task = asyncio.create_task(nested(50))
        await clock.advance(0)
        assert task.done()
        assert len(log) == 51

    async def test_a_program_that_never_rests_does_not_hold_up_the_clock(self) -> None:
        clock, fired = ManualClock(), []

        async def spin() -> None:
            while True:  # noqa: ASYNC110 - never being quiet is the point
                await asyncio.sleep(0)

        task = asyncio.create_task(spin())
        clock.call_later(1, lambda: fired.append(1))
        clock.call_later(2, lambda: fired.append(2))
        await clock.advance(2)
        assert fired == [1, 2]
        task.cancel()

    async def test_without_awaiting_timers_that_are_due_fire_at_once(self) -> None:
        clock, fired = ManualClock(), []
        for delay in (1, 2):
            clock.call_later(delay, lambda: fired.append(clock.now()))
        clock.advance(3)
        assert (fired, clock.now()) == ([1, 2], 3)

    async def test_without_awaiting_coroutines_go_on_as_the_loop_turns(self) -> None:
        clock, log = ManualClock(), []

        async def poll() -> None:
            for _ in range(3):
                await clock.sleep(1)
                log.append(clock.now())

        task = asyncio.create_task(poll())
        await clock.advance(0)
        clock.advance(3)
        assert clock.now() == 3
        assert log == []
        await task
        assert log == [1, 2, 3]

    async def test_two_tasks_may_await_moves_at_the_same_time(self) -> None:
        clock, log = ManualClock(), []

        async def sleeper(seconds: float) -> None:
            await clock.sleep(seconds)
            log.append(clock.now())

        tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (1, 2)]
        await clock.advance(0)

        async def move() -> None:
            await clock.advance(1)

        await asyncio.gather(move(), move())
        assert (log, clock.now()) == ([1, 2], 2)
        await asyncio.gather(*tasks)

    async def test_an_error_of_a_timer_is_raised_where_the_move_is_awaited(self) -> None:
        clock, log = ManualClock(), []

        async def sleeper() -> None:
            await clock.sleep(1)
            log.append("woken")

        def fail() -> None:
            raise ValueError("late")

        task = asyncio.create_task(sleeper())
        await clock.advance(0)
        clock.call_later(2, fail)
        with pytest.raises(ValueError, match="late"):
            await clock.advance(3)
        assert log == ["woken"]
        await task

    async def test_an_error_of_a_timer_that_nobody_awaits_goes_to_the_loop(self) -> None:
        clock, contexts = ManualClock(), []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: contexts.append(context))

        def fail() -> None:
            raise ValueError("late")

        task = asyncio.create_task(clock.sleep(1))
        await clock.advance(0)
        clock.call_later(2, fail)
        clock.advance(3)
        await task
        await clock.sleep(0)
        for _ in range(20):
            await clock.sleep(0)
        assert [str(context["exception"]) for context in contexts] == ["late"]

    async def test_a_sleep_whose_coroutine_has_gone_is_woken_in_vain(self) -> None:
        clock = ManualClock()
        sleeping = asyncio.create_task(clock.sleep(1))
        await clock.advance(0)
        clock.call_later(1, lambda: sleeping.cancel())
        await clock.advance(1)
        assert sleeping.done()
        assert clock.pending == 0

    async def test_a_sleep_that_is_cancelled_leaves_no_timer(self) -> None:
        clock = ManualClock()
        task = asyncio.create_task(clock.sleep(1))
        await clock.advance(0)
        task.cancel()
        await clock.advance(0)
        assert clock.pending == 0
        assert task.cancelled()

    async def test_a_sleep_of_no_time_lets_the_loop_turn_once(self) -> None:
        clock = ManualClock()
        await clock.sleep(0)
        await clock.sleep(-1)
        assert clock.pending == 0

    async def test_it_can_be_moved_to_the_next_sleep(self) -> None:
        clock = ManualClock()
        task = asyncio.create_task(clock.sleep(7))
        await clock.advance(0)
        await clock.advance_to_next()
        assert (clock.now(), task.done()) == (7, True)


def test_it_can_be_used_in_one_loop_after_another() -> None:
    clock, log = ManualClock(), []

    async def sleeper() -> None:
        await clock.sleep(1)
        log.append(clock.now())

    async def main() -> None:
        task = asyncio.create_task(sleeper())
        await clock.advance(0)
        clock.advance(1)
        await task

    asyncio.run(main())
    asyncio.run(main())
    assert log == [1, 2]


@pytest.mark.asyncio
async def test_a_loop_of_unknown_state_gets_enough_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("halflife._drivers.ticks.ready_count", lambda: None)
    clock, log = ManualClock(), []

    async def poll() -> None:
        while True:
            await clock.sleep(1)
            log.append(clock.now())

    task = asyncio.create_task(poll())
    await clock.advance(0)
    await clock.advance(3)
    assert log == [1, 2, 3]
    task.cancel()
