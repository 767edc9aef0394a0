"""Retries: when a call is tried again, after which delays, and with which error it ends."""

import asyncio
import copy
import dataclasses
import gc
import itertools
import math
import pickle
import weakref
from functools import partial

import pytest

from halflife import (
    CircuitOpenError,
    HalflifeError,
    MaxAttemptsExceeded,
    MissingKeyError,
    NonRetryableError,
    Retry,
    RetryError,
)
from halflife._drivers.deadlines import DeadlinePassed
from halflife.query.retries import RetryRun
from halflife.testing import ManualClock


class Flaky:
    """A service that answers with these, one a call, and notes the moment of each call."""

    def __init__(self, clock, *answers):
        self.clock = clock
        self.answers = list(answers)
        self.moments = []

    async def __call__(self):
        self.moments.append(self.clock.now())
        answer = self.answers.pop(0) if self.answers else ConnectionError("down")
        if isinstance(answer, BaseException):
            raise answer
        return answer


async def ended(call, clock, seconds=1000.0):
    """The result or the error of a call, when the clock has moved on for long enough."""
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0)
    await clock.advance(seconds)
    assert task.done()
    if task.cancelled():
        return asyncio.CancelledError()
    return task.exception() or task.result()


@pytest.mark.asyncio
async def test_a_call_that_succeeds_is_made_once() -> None:
    clock = ManualClock()
    service = Flaky(clock, "data")
    assert await Retry().call(service, clock) == "data"
    assert service.moments == [0]
    assert clock.pending == 0


@pytest.mark.asyncio
async def test_delays_grow_by_the_factor_up_to_the_maximum() -> None:
    clock = ManualClock()
    service = Flaky(clock)
    error = await ended(Retry(max_retries=6, max_delay=10.0).call(service, clock), clock)
    assert service.moments == [0, 1, 3, 7, 15, 25, 35]
    assert type(error) is MaxAttemptsExceeded
    assert (error.attempts, error.elapsed) == (7, 35)
    assert isinstance(error.__cause__, ConnectionError)
    assert str(error) == "gave up after 7 attempts in 35 s: ConnectionError('down')"


@pytest.mark.asyncio
async def test_it_ends_with_the_first_answer() -> None:
    clock = ManualClock()
    service = Flaky(clock, OSError(), OSError(), 5)
    assert await ended(Retry().call(service, clock), clock) == 5
    assert service.moments == [0, 1, 3]


@pytest.mark.asyncio
async def test_jitter_spreads_delays_and_a_seed_repeats_them() -> None:
    async def gaps(retry):
        clock = ManualClock()
        service = Flaky(clock)
        await ended(retry.call(service, clock), clock)
        return [later - earlier for earlier, later in itertools.pairwise(service.moments)]

    spread = Retry(max_retries=20, factor=1.0, initial_delay=10.0, jitter=0.5, seed=7)
    first = await gaps(spread)
    assert all(5 <= gap <= 15 for gap in first)
    assert min(first) < 9
    assert max(first) > 11
    assert await gaps(spread) == first
    assert await gaps(dataclasses.replace(spread, seed=8)) != first
    assert await gaps(dataclasses.replace(spread, seed=None)) != await gaps(dataclasses.replace(spread, seed=None))
    for seed in (-1, 0, 2**200):
        assert len(await gaps(dataclasses.replace(spread, seed=seed))) == 20


@pytest.mark.asyncio
@pytest.mark.parametrize("retry", [Retry(max_retries=0), Retry(enabled=False), Retry(enabled=False, deadline=1.0)])
async def test_without_retries_the_error_is_raised_as_it_is(retry) -> None:
    clock, error = ManualClock(), OSError("down")
    service = Flaky(clock, error)
    with pytest.raises(OSError, match="down") as raised:
        await retry.call(service, clock)
    assert raised.value is error
    assert service.moments == [0]


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [CircuitOpenError("open", 5.0), MissingKeyError("no data for 7")])
async def test_errors_that_no_retry_can_help_are_raised_as_they_are(error) -> None:
    clock = ManualClock()
    service = Flaky(clock, OSError(), error)
    assert await ended(Retry(retry_if=lambda error, attempt: True).call(service, clock), clock) is error
    assert service.moments == [0, 1]


# --- retry_if


@pytest.mark.asyncio
async def test_retry_if_gets_the_error_and_the_number_of_the_attempt() -> None:
    asked = []

    def retry_if(error, attempt):
        asked.append((str(error), attempt))
        return attempt < 2

    clock = ManualClock()
    service = Flaky(clock, OSError("a"), OSError("b"))
    error = await ended(Retry(retry_if=retry_if).call(service, clock), clock)
    assert asked == [("a", 1), ("b", 2)]
    assert type(error) is NonRetryableError
    assert (error.attempts, error.elapsed, str(error.__cause__)) == (2, 1, "b")
    assert str(error) == "retry_if refused another attempt after 2 attempts: OSError('b')"


@pytest.mark.asyncio
async def test_retry_if_is_not_asked_when_no_retry_is_left() -> None:
    asked = []
    clock = ManualClock()
    retry = Retry(max_retries=1, retry_if=lambda error, attempt: asked.append(attempt) or True)
    assert type(await ended(retry.call(Flaky(clock), clock), clock)) is MaxAttemptsExceeded
    assert asked == [1]


@pytest.mark.asyncio
@pytest.mark.parametrize("seconds", [7.5, 100, 0, 0.0])
async def test_a_number_from_retry_if_is_the_delay(seconds) -> None:
    clock = ManualClock()
    service = Flaky(clock, OSError(), "data")
    assert await ended(Retry(retry_if=lambda error, attempt: seconds, jitter=0.5).call(service, clock), clock) == "data"
    assert service.moments == [0, seconds]


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [None, "1", [], -1.0, math.nan, math.inf, 10**400])
async def test_another_answer_of_retry_if_is_an_error_that_names_it(answer) -> None:
    clock = ManualClock()
    service = Flaky(clock)
    error = await ended(Retry(retry_if=lambda error, attempt: answer).call(service, clock), clock)
    assert isinstance(error, (TypeError, ValueError))
    assert "retry_if" in str(error)
    assert service.moments == [0]


@pytest.mark.asyncio
async def test_an_error_of_retry_if_is_the_errors_of_the_call() -> None:
    clock = ManualClock()
    error = await ended(Retry(retry_if=lambda error, attempt: {}[attempt]).call(Flaky(clock), clock), clock)
    assert type(error) is KeyError


# --- the deadline


@pytest.mark.asyncio
async def test_no_attempt_starts_after_the_deadline_and_nobody_waits_for_it() -> None:
    clock = ManualClock()
    service = Flaky(clock)
    error = await ended(Retry(max_retries=100, deadline=6.0).call(service, clock), clock, 3.0)
    assert service.moments == [0, 1, 3]
    assert type(error) is MaxAttemptsExceeded
    assert isinstance(error.__cause__, ConnectionError)
    assert (error.attempts, error.elapsed) == (3, 3)
    assert "deadline of 6 s" in str(error)
    assert clock.pending == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("max_retries", [0, 3])
async def test_the_attempt_that_runs_at_the_deadline_is_cancelled(max_retries) -> None:
    clock, ends = ManualClock(), []

    async def hang():
        try:
            await asyncio.Event().wait()
        finally:
            ends.append(clock.now())

    error = await ended(Retry(max_retries=max_retries, deadline=5.0).call(hang, clock), clock)
    assert ends == [5]
    assert type(error) is MaxAttemptsExceeded
    assert isinstance(error.__cause__, TimeoutError)
    assert (error.attempts, error.elapsed) == (1, 5)


@pytest.mark.asyncio
async def test_the_cause_of_a_deadline_is_the_last_error_that_there_was() -> None:
    clock, first = ManualClock(), OSError("first")
    attempts = []

    async def fail_then_hang():
        attempts.append(clock.now())
        if len(attempts) == 1:
            raise first
        await asyncio.Event().wait()

    error = await ended(Retry(deadline=5.0).call(fail_then_hang, clock), clock)
    assert attempts == [0, 1]
    assert error.__cause__ is first


@pytest.mark.asyncio
async def test_an_attempt_that_fails_when_it_is_cancelled_at_the_deadline_is_the_cause() -> None:
    clock = ManualClock()

    async def break_off():
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("broken off")

    error = await ended(Retry(deadline=5.0).call(break_off, clock), clock)
    assert type(error) is MaxAttemptsExceeded
    assert str(error.__cause__) == "broken off"


@pytest.mark.asyncio
async def test_an_attempt_that_ends_before_the_deadline_leaves_no_timer_and_no_cancellation() -> None:
    clock = ManualClock()
    assert await Retry(deadline=5.0).call(Flaky(clock, 1), clock) == 1
    assert clock.pending == 0
    assert not asyncio.current_task().cancelling()


@pytest.mark.asyncio
async def test_an_attempt_that_answers_its_cancellation_with_a_result_has_that_result() -> None:
    clock = ManualClock()

    async def stubborn():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "kept"

    async def whole():
        result = await Retry(deadline=5.0).call(stubborn, clock)
        await asyncio.sleep(0)
        return result, asyncio.current_task().cancelling()

    assert await ended(whole(), clock) == ("kept", 0)


# --- cancellation


@pytest.mark.asyncio
@pytest.mark.parametrize("deadline", [None, 100.0])
@pytest.mark.parametrize("moment", ["attempt", "delay", "second attempt"])
async def test_a_cancellation_is_neither_retried_nor_replaced(deadline, moment) -> None:
    clock, calls = ManualClock(), []

    async def work():
        calls.append(clock.now())
        if moment != "attempt" and len(calls) == 1:
            raise OSError
        await asyncio.Event().wait()

    task = asyncio.ensure_future(Retry(deadline=deadline).call(work, clock))
    await asyncio.sleep(0)
    await clock.advance({"attempt": 0, "delay": 0.5, "second attempt": 1}[moment])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.advance(1000)
    assert len(calls) == (2 if moment == "second attempt" else 1)
    assert clock.pending == 0


@pytest.mark.asyncio
async def test_a_cancelled_error_that_the_call_itself_raises_is_not_retried() -> None:
    clock = ManualClock()
    service = Flaky(clock, asyncio.CancelledError())
    assert isinstance(await ended(Retry().call(service, clock), clock), asyncio.CancelledError)
    assert service.moments == [0]


# --- every sequence of answers


@pytest.mark.asyncio
async def test_every_sequence_of_answers_ends_as_the_rules_say() -> None:
    for max_retries, answers in itertools.product(range(4), itertools.product("sfrc", repeat=4)):
        kinds = {"s": 1, "f": OSError("again"), "r": ValueError("refused"), "c": CircuitOpenError("open")}
        clock = ManualClock()
        service = Flaky(clock, *(kinds[answer] for answer in answers))
        retry = Retry(max_retries=max_retries, retry_if=lambda error, attempt: isinstance(error, OSError))
        outcome = await ended(retry.call(service, clock), clock)
        # The naive rules.
        for attempt, answer in enumerate(answers, 1):
            if answer == "s":
                expected = int
            elif answer == "c":
                expected = CircuitOpenError
            elif max_retries == 0:
                expected = type(kinds[answer])
            elif attempt > max_retries:
                expected = MaxAttemptsExceeded
            elif answer == "r":
                expected = NonRetryableError
            else:
                continue
            break
        assert type(outcome) is expected, (max_retries, answers)
        assert len(service.moments) == attempt
        if isinstance(outcome, RetryError):
            assert outcome.attempts == attempt
            assert outcome.__cause__ is kinds[answer]


# --- the steps of one call


def test_the_steps_of_a_call_can_be_taken_one_by_one() -> None:
    run = RetryRun(Retry(max_retries=2))
    assert run.attempt == 0
    run.started(100.0)
    assert (run.attempt, run.remaining(100.0)) == (1, None)
    assert run.failed(OSError(), 101.0) == 1.0
    run.started(102.0)
    assert run.failed(OSError(), 102.0) == 2.0
    run.started(104.0)
    with pytest.raises(MaxAttemptsExceeded) as raised:
        run.failed(OSError(), 105.0)
    assert (raised.value.attempts, raised.value.elapsed) == (3, 5.0)


def test_a_pause_that_outlasts_the_deadline_ends_the_call() -> None:
    run, error = RetryRun(Retry(deadline=10.0)), OSError("first")
    run.started(0.0)
    assert run.remaining(4.0) == 6.0
    assert run.failed(error, 4.0) == 1.0
    with pytest.raises(MaxAttemptsExceeded, match="deadline of 10 s") as raised:
        run.started(60.0)
    assert raised.value.__cause__ is error
    assert run.attempt == 1


def test_a_deadline_that_is_noticed_a_little_early_is_a_deadline() -> None:
    run = RetryRun(Retry(deadline=10.0))
    run.started(0.0)
    with pytest.raises(MaxAttemptsExceeded):
        run.failed(DeadlinePassed(), 9.9999999)


def test_a_clock_that_goes_back_does_not_lengthen_the_deadline() -> None:
    run = RetryRun(Retry(deadline=10.0))
    run.started(1000.0)
    assert run.remaining(1004.0) == 6.0
    assert run.remaining(10.0) == 6.0
    assert run.failed(OSError(), 12.0) == 1.0
    assert run.remaining(16.0) == 0.0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), asyncio.CancelledError()])
def test_a_base_exception_is_no_failure(error) -> None:
    run = RetryRun(Retry())
    run.started(0.0)
    with pytest.raises(type(error)):
        run.failed(error, 0.0)


# --- as a value and as a decorator


@pytest.mark.asyncio
async def test_it_decorates_functions_and_methods() -> None:
    calls = []

    class Service:
        @Retry(initial_delay=0.0)
        async def load(self, one, *, other=0):
            """Load it."""
            calls.append((one, other))
            if len(calls) == 1:
                raise OSError
            return one + other

    assert await Service().load(1, other=2) == 3
    assert calls == [(1, 2), (1, 2)]
    assert (Service.load.__name__, Service.load.__doc__) == ("load", "Load it.")


@pytest.mark.asyncio
async def test_each_call_of_a_decorated_function_has_retries_of_its_own() -> None:
    calls = []

    @Retry(max_retries=1, initial_delay=0.0)
    async def load():
        calls.append(1)
        raise OSError

    for count in (2, 4):
        with pytest.raises(MaxAttemptsExceeded):
            await load()
        assert len(calls) == count


@pytest.mark.asyncio
async def test_a_plain_function_that_returns_an_awaitable_or_a_value_can_be_called() -> None:
    assert await Retry().call(lambda: asyncio.sleep(0, 5)) == 5
    assert await Retry(deadline=9.0).call(partial(asyncio.sleep, 0, 6)) == 6
    assert await Retry().call(lambda: 7) == 7


def test_it_is_a_value() -> None:
    assert Retry() == Retry(initial_delay=1, max_delay=30)
    assert Retry() != Retry(max_retries=4)
    assert len({Retry(), Retry(), Retry(seed=1)}) == 2
    assert pickle.loads(pickle.dumps(Retry(seed=1))) == copy.deepcopy(Retry(seed=1)) == Retry(seed=1)  # noqa: S301
    assert isinstance(Retry(initial_delay=1).initial_delay, float)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Retry().max_retries = 5
    assert Retry(max_delay=math.inf).max_delay == math.inf


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"enabled": 1}, TypeError),
        ({"enabled": None}, TypeError),
        ({"max_retries": -1}, ValueError),
        ({"max_retries": 1.0}, TypeError),
        ({"max_retries": True}, TypeError),
        ({"initial_delay": -1}, ValueError),
        ({"initial_delay": math.nan}, ValueError),
        ({"initial_delay": math.inf}, ValueError),
        ({"initial_delay": "1"}, TypeError),
        ({"initial_delay": 10**400}, ValueError),
        ({"max_delay": -1}, ValueError),
        ({"max_delay": math.nan}, ValueError),
        ({"max_delay": None}, TypeError),
        ({"factor": 0}, ValueError),
        ({"factor": -2}, ValueError),
        ({"factor": math.inf}, ValueError),
        ({"factor": True}, TypeError),
        ({"jitter": 1.5}, ValueError),
        ({"jitter": -0.1}, ValueError),
        ({"jitter": math.nan}, ValueError),
        ({"jitter": "0.5"}, TypeError),
        ({"deadline": 0}, ValueError),
        ({"deadline": -1}, ValueError),
        ({"deadline": math.inf}, ValueError),
        ({"deadline": []}, TypeError),
        ({"retry_if": 5}, TypeError),
        ({"retry_if": lambda: True}, TypeError),
        ({"retry_if": lambda a, b, c: True}, TypeError),
        ({"seed": "x"}, TypeError),
        ({"seed": True}, TypeError),
        ({"seed": 1.0}, TypeError),
    ],
)
def test_a_wrong_argument_is_named(wrong, error) -> None:
    with pytest.raises(error, match=f"Retry: {next(iter(wrong))} (must be|is called with)"):
        Retry(**wrong)


def test_an_async_retry_if_is_refused() -> None:
    async def retry_if(error, attempt):
        return True

    with pytest.raises(TypeError, match="retry_if must be a plain function"):
        Retry(retry_if=retry_if)


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [None, 5, "fetch", lambda key: 1])
async def test_what_cannot_be_called_without_arguments_is_refused(wrong) -> None:
    with pytest.raises(TypeError, match=r"Retry\.call: fn"):
        await Retry().call(wrong)


def pieces():
    yield 1


@pytest.mark.parametrize("wrong", [None, 5, "fetch", pieces])
def test_what_cannot_be_decorated_is_refused(wrong) -> None:
    with pytest.raises(TypeError, match="Retry: the decorated"):
        Retry()(wrong)


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [5, "now", ManualClock, object()])
async def test_what_is_no_clock_is_refused(wrong) -> None:
    with pytest.raises(TypeError, match=r"Retry\.call: clock must be a clock"):
        await Retry().call(lambda: asyncio.sleep(0), wrong)


# --- errors and garbage


def test_the_errors_are_a_tree_and_survive_pickling() -> None:
    assert issubclass(RetryError, HalflifeError)
    for kind in (MaxAttemptsExceeded, NonRetryableError):
        again = pickle.loads(pickle.dumps(kind("why", 3, 1.5)))  # noqa: S301
        assert (str(again), again.attempts, again.elapsed) == ("why", 3, 1.5)
        assert isinstance(again, RetryError)
    assert pickle.loads(pickle.dumps(CircuitOpenError("open", 5.0))).retry_at == 5.0  # noqa: S301


@pytest.mark.asyncio
@pytest.mark.parametrize("outcome", ["success", "exhausted", "refused", "deadline"])
async def test_a_call_leaves_no_garbage(outcome) -> None:
    class ServiceError(OSError):
        pass

    clock, failures = ManualClock(), weakref.WeakSet()

    async def work():
        if outcome == "success" and len(failures) == 2:
            return
        error = ServiceError()
        failures.add(error)
        try:
            raise error
        finally:
            del error

    retry = Retry(
        max_retries=2,
        deadline=2.0 if outcome == "deadline" else None,
        retry_if=lambda error, attempt: outcome != "refused" or attempt < 2,
    )
    gc.collect()
    gc.disable()
    try:
        error = await ended(retry.call(work, clock), clock)
        assert len(failures) >= 1
        del error
        await asyncio.sleep(0)
        assert len(failures) == 0
    finally:
        gc.enable()
