"""Circuit breakers: which calls go through, and what their state is in every store that shows it."""

import asyncio
import copy
import gc
import itertools
import math
import threading
import weakref

import pytest

from halflife import CircuitBreaker, CircuitOpenError, MaxAttemptsExceeded, Retry, Store, derived, effect
from halflife.testing import ManualClock, events


async def answer(outcome="data"):
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


async def fail(breaker, times=1, error=OSError):
    for _ in range(times):
        with pytest.raises(error):
            await breaker.call(lambda: answer(error("down")))


def opened(clock, **options):
    """A breaker that has just opened, for 10 seconds."""
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock, **options)
    breaker.acquire().failed(OSError())
    return breaker


# --- calls


@pytest.mark.asyncio
async def test_failures_in_a_row_open_it_and_calls_are_refused_at_once() -> None:
    clock, calls = ManualClock(100.0), []
    breaker = CircuitBreaker(threshold=3, timeout=10.0, clock=clock)
    assert await breaker.call(answer) == "data"
    await fail(breaker, 2)
    assert await breaker.call(answer) == "data"
    await fail(breaker, 3)
    clock.advance(4)
    with pytest.raises(CircuitOpenError, match="the circuit breaker is open: try again at 110 s") as refused:
        await breaker.call(lambda: calls.append(1))
    assert refused.value.retry_at == 110.0
    assert calls == []


@pytest.mark.asyncio
async def test_after_the_timeout_one_trial_call_at_once_goes_through() -> None:
    clock, gate = ManualClock(), asyncio.Event()
    breaker = opened(clock)
    clock.advance(10)

    async def slow():
        await gate.wait()
        return "back"

    trial = asyncio.ensure_future(breaker.call(slow))
    await asyncio.sleep(0)
    with pytest.raises(CircuitOpenError, match="the trial calls of the circuit breaker run") as refused:
        await breaker.call(answer)
    assert refused.value.retry_at == 10.0
    gate.set()
    assert await trial == "back"
    assert await breaker.call(answer) == "data"
    assert repr(breaker) == "<CircuitBreaker closed>"


@pytest.mark.asyncio
async def test_a_trial_call_that_fails_opens_it_for_another_timeout() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(12)
    await fail(breaker)
    with pytest.raises(CircuitOpenError) as refused:
        await breaker.call(answer)
    assert refused.value.retry_at == 22.0


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [asyncio.CancelledError, KeyboardInterrupt])
async def test_a_cancellation_is_neither_a_success_nor_a_failure(error) -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(threshold=2, timeout=10.0, clock=clock)
    await fail(breaker)
    with pytest.raises(error):
        await breaker.call(lambda: answer(error()))
    await fail(breaker)
    assert repr(breaker) == "<CircuitBreaker open>"
    clock.advance(10)
    with pytest.raises(error):
        await breaker.call(lambda: answer(error()))
    assert repr(breaker) == "<CircuitBreaker half-open>"
    assert await breaker.call(answer) == "data"
    assert repr(breaker) == "<CircuitBreaker closed>"


@pytest.mark.asyncio
async def test_a_call_that_is_cancelled_from_outside_frees_its_place() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(10)
    trial = asyncio.ensure_future(breaker.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial
    assert await breaker.call(answer) == "data"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "counts", [OSError, (OSError,), [OSError], {OSError}, lambda error: isinstance(error, OSError)]
)
async def test_an_error_that_does_not_count_is_an_answer_of_the_service(counts) -> None:
    breaker = CircuitBreaker(threshold=2, counts=counts, clock=ManualClock())
    await fail(breaker, 5, ValueError)
    await fail(breaker, 1)
    await fail(breaker, 1, ValueError)
    await fail(breaker, 1)
    assert repr(breaker) == "<CircuitBreaker closed>"
    await fail(breaker, 1, ConnectionError)
    assert repr(breaker) == "<CircuitBreaker open>"


@pytest.mark.asyncio
async def test_an_error_of_counts_is_raised_and_frees_the_place() -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(threshold=1, timeout=10.0, counts=lambda error: error.code >= 500, clock=clock)
    with pytest.raises(AttributeError):
        await breaker.call(lambda: answer(OSError()))
    assert repr(breaker) == "<CircuitBreaker closed>"


@pytest.mark.asyncio
async def test_a_late_answer_does_not_count() -> None:
    clock, gate = ManualClock(), asyncio.Event()
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)

    async def late(outcome):
        await gate.wait()
        return await answer(outcome)

    calls = [asyncio.ensure_future(breaker.call(lambda one=one: late(one))) for one in ("data", OSError())]
    await asyncio.sleep(0)
    await fail(breaker)
    clock.advance(10)
    trial = breaker.acquire()
    gate.set()
    await asyncio.wait(calls)
    assert repr(breaker) == "<CircuitBreaker half-open>"
    with pytest.raises(CircuitOpenError):
        breaker.acquire()
    trial.succeeded()
    assert repr(breaker) == "<CircuitBreaker closed>"
    assert isinstance(calls[1].exception(), OSError)


def test_every_order_of_the_answers_of_trial_calls() -> None:
    endings = {
        "succeeded": lambda permit: permit.succeeded(),
        "failed": lambda permit: permit.failed(OSError()),
        "not counted": lambda permit: permit.failed(ValueError()),
        "cancelled": lambda permit: permit.failed(asyncio.CancelledError()),
        "released": lambda permit: permit.released(),
    }
    for ways in itertools.product(endings, repeat=3):
        clock = ManualClock()
        breaker = opened(clock, half_open_max=3, counts=OSError)
        with Store(clock=clock) as store:
            seen = []
            store.subscribe(breaker.state, seen.append)
            clock.advance(10)
            permits = [breaker.acquire() for _ in ways]
            for permit, way in zip(permits, ways, strict=True):
                endings[way](permit)
            decisive = next((way for way in ways if way not in ("cancelled", "released")), None)
            expected = {"failed": "open", None: "half-open"}.get(decisive, "closed")
            assert store.get(breaker.state) == expected, ways
            assert seen == ["half-open", expected][: 1 if expected == "half-open" else 2]


@pytest.mark.asyncio
async def test_each_attempt_of_a_retry_asks_it_and_a_refusal_is_not_retried() -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(threshold=2, timeout=60.0, clock=clock)
    calls = []

    @breaker
    async def load():
        """Load it."""
        calls.append(clock.now())
        raise OSError

    task = asyncio.ensure_future(Retry(max_retries=5).call(load, clock))
    await asyncio.sleep(0)
    await clock.advance(100)
    assert isinstance(task.exception(), CircuitOpenError)
    assert calls == [0, 1]
    assert load.__doc__ == "Load it."
    breaker.reset()
    task = asyncio.ensure_future(Retry(max_retries=1).call(load, clock))
    await asyncio.sleep(0)
    await clock.advance(100)
    assert isinstance(task.exception(), MaxAttemptsExceeded)


@pytest.mark.asyncio
async def test_a_decorated_method_gets_its_arguments() -> None:
    class Service:
        @CircuitBreaker()
        async def load(self, one, *, other):
            return one + other

    assert await Service().load(1, other=2) == 3


@pytest.mark.asyncio
async def test_without_a_clock_it_is_timed_by_the_loop() -> None:
    breaker = CircuitBreaker(threshold=1, timeout=1000.0)
    before = asyncio.get_running_loop().time()
    await fail(breaker)
    with pytest.raises(CircuitOpenError) as refused:
        await breaker.call(answer)
    assert before + 1000 <= refused.value.retry_at <= asyncio.get_running_loop().time() + 1000


# --- the atom


def test_the_state_is_an_atom_that_changes_by_calls_and_by_time() -> None:
    clock, seen = ManualClock(), []
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)
    shout = derived(lambda get: get(breaker.state).upper())
    with Store(clock=clock) as store:
        assert store.get(breaker.state) == "closed"
        store.subscribe(shout, seen.append)
        breaker.acquire().failed(OSError())
        clock.advance(9.5)
        assert seen == ["OPEN"]
        clock.advance(0.5)
        assert seen == ["OPEN", "HALF-OPEN"]
        breaker.acquire().failed(OSError())
        breaker.reset()
        assert seen == ["OPEN", "HALF-OPEN", "OPEN", "CLOSED"]
        assert clock.pending == 0
        assert breaker.state is breaker.state
        assert breaker.state.name == "state of a circuit breaker"


def test_a_success_while_closed_notifies_nobody() -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(clock=clock)
    with Store(clock=clock) as store:
        store.subscribe(breaker.state, lambda state: None)
        log = events(store)
        breaker.acquire().succeeded()
        breaker.acquire().failed(OSError())
        breaker.acquire().released()
        assert len(log) == 0


@pytest.mark.parametrize("holds_the_atom", [False, True])
def test_a_read_without_observers_is_right_at_any_time(holds_the_atom) -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)
    atom = breaker.state
    shout = derived(lambda get: get(atom).upper())
    with Store(clock=clock) as store:

        def read():
            return store.get(shout) if holds_the_atom else store.get(breaker.state).upper()

        assert read() == "CLOSED"
        breaker.acquire().failed(OSError())
        assert read() == "OPEN"
        clock.advance(9.5)
        assert read() == "OPEN"
        clock.advance(1)
        assert read() == "HALF-OPEN"
        breaker.acquire().succeeded()
        assert read() == "CLOSED"


def test_a_time_that_passes_without_timers_is_noticed_by_a_read() -> None:
    class Handless:
        """A clock whose timers wait for a loop that does not run."""

        time = 0.0

        def now(self):
            return self.time

        def call_later(self, delay, callback):
            return ManualClock().call_later(delay, callback)

        def sleep(self, delay):
            raise AssertionError

    clock = Handless()
    breaker = opened(clock)
    with Store() as store:
        assert store.get(breaker.state) == "open"
        clock.time = 10.0
        assert store.get(breaker.state) == "half-open"


def test_it_is_right_in_every_store_on_whatever_clock() -> None:
    clock = ManualClock(5.0)
    breaker = CircuitBreaker(threshold=1, timeout=10.0)
    breaker.use_clock(clock)
    breaker.use_clock(ManualClock(10_000.0))
    stores = [Store(clock=clock), Store(clock=ManualClock(700.0)), Store()]
    seen = [[] for _ in stores]
    for store, one in zip(stores, seen, strict=True):
        store.subscribe(breaker.state, one.append)
    breaker.acquire().failed(OSError())
    with pytest.raises(CircuitOpenError) as refused:
        breaker.acquire()
    assert refused.value.retry_at == 15.0
    clock.advance(10)
    assert seen == [["open", "half-open"]] * 3
    stores[0].dispose()
    breaker.reset()
    assert seen == [["open", "half-open"], ["open", "half-open", "closed"], ["open", "half-open", "closed"]]
    for store in stores:
        store.dispose()


def test_the_clock_of_a_store_takes_over_at_the_same_moment() -> None:
    breaker = CircuitBreaker(threshold=1, timeout=1000.0)
    breaker.acquire(50.0).failed(OSError(), 50.0)
    clock = ManualClock(7.0)
    with Store(clock=clock) as store:
        breaker.use_clock(store.clock)
        assert store.get(breaker.state) == "open"
        clock.advance(990)
        assert store.get(breaker.state) == "open"
        clock.advance(10.0)
        assert store.get(breaker.state) == "half-open"


def test_a_change_in_a_batch_is_seen_at_once_and_told_at_its_end() -> None:
    clock, seen = ManualClock(), []
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)
    with Store(clock=clock) as store:
        store.subscribe(breaker.state, seen.append)
        with store.batch():
            breaker.acquire().failed(OSError())
            assert store.get(breaker.state) == "open"
            assert seen == []
        assert seen == ["open"]


@pytest.mark.asyncio
async def test_a_batch_that_is_rolled_back_does_not_take_the_state_back() -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)
    async with Store(clock=clock) as store:
        store.subscribe(breaker.state, lambda state: None)
        with pytest.raises(KeyError), store.batch():
            breaker.acquire().failed(OSError())
            raise KeyError
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert store.get(breaker.state) == "open"


@pytest.mark.asyncio
async def test_a_change_during_a_read_is_told_after_it() -> None:
    clock, seen = ManualClock(), []
    breaker = opened(clock)
    async with Store(clock=clock) as store:
        store.subscribe(breaker.state, seen.append)
        assert store.get(derived(lambda get: breaker.reset())) is None
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert seen == ["closed"]
        assert store._invariant() is None


def test_without_a_loop_a_change_during_a_read_is_told_by_the_next_look() -> None:
    clock, seen = ManualClock(), []
    breaker = opened(clock)
    with Store(clock=clock) as store:
        store.subscribe(breaker.state, seen.append)
        assert store.get(derived(lambda get: breaker.reset())) is None
        assert store.get(breaker.state) == "closed"
        assert seen == ["closed"]


@pytest.mark.asyncio
async def test_a_subscriber_that_fails_does_not_disturb_the_call() -> None:
    clock, reported = ManualClock(), []
    breaker = CircuitBreaker(threshold=1, clock=clock)
    async with Store(clock=clock, on_error=reported.append) as store:
        store.subscribe(breaker.state, lambda state: 1 / 0)
        await fail(breaker)
        assert [type(error) for error in reported] == [ZeroDivisionError]
        assert store.get(breaker.state) == "open"


def test_a_subscriber_may_use_it() -> None:
    clock, seen = ManualClock(), []
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)
    with Store(clock=clock) as store:

        def look(state):
            seen.append(state)
            if state == "open":
                breaker.reset()

        store.subscribe(breaker.state, look)
        breaker.acquire().failed(OSError())
        assert seen == ["open", "closed"]
        store.observe(effect(lambda get, set: seen.append(f"effect {get(breaker.state)}")))
        assert seen[-1] == "effect closed"


@pytest.mark.asyncio
async def test_a_store_of_another_thread_is_told() -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)
    seen, ready, done = [], threading.Event(), threading.Event()

    async def other():
        async with Store() as store:
            told = asyncio.Event()
            store.subscribe(breaker.state, lambda state: (seen.append(state), told.set()))
            ready.set()
            await told.wait()
        done.set()

    thread = threading.Thread(target=lambda: asyncio.run(other()))
    thread.start()
    await asyncio.to_thread(ready.wait)
    breaker.acquire().failed(OSError())
    await asyncio.to_thread(done.wait)
    thread.join()
    assert seen == ["open"]


def test_it_lives_on_in_another_loop() -> None:
    breaker = CircuitBreaker(threshold=1, timeout=1000.0)
    store = Store()

    async def main(expected):
        seen = []
        with store.subscribe(breaker.state, seen.append):
            breaker.reset()
            await fail(breaker)
            assert store.get(breaker.state) == "open"
            breaker.reset()
        assert seen[-2:] == expected

    for _ in range(2):
        asyncio.run(main(["open", "closed"]))
    store.dispose()


def test_a_clock_that_goes_back_does_no_harm() -> None:
    class Clock:
        """A manual clock that can be set back; its timers go on."""

        def __init__(self):
            self.manual, self.shift = ManualClock(1000.0), 0.0
            self.call_later, self.sleep, self.advance = (
                self.manual.call_later,
                self.manual.sleep,
                self.manual.advance,
            )

        def now(self):
            return self.manual.now() + self.shift

    clock = Clock()
    breaker = opened(clock)
    with Store(clock=clock) as store:
        assert store.get(breaker.state) == "open"
        clock.advance(4)
        assert store.get(breaker.state) == "open"
        clock.shift = -900.0
        assert store.get(breaker.state) == "open"
        clock.advance(5.5)
        assert store.get(breaker.state) == "open"
        clock.advance(0.5)
        assert store.get(breaker.state) == "half-open"


# --- garbage and bad input


def test_neither_the_stores_nor_the_clock_keep_it_alive() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    with Store(clock=clock) as store:
        with store.subscribe(breaker.state, lambda state: None):
            assert clock.pending == 1
        alive = weakref.ref(breaker)
        gc.collect()
        gc.disable()
        try:
            del breaker
            assert alive() is None
        finally:
            gc.enable()
        gc.collect()
        clock.advance(100)


def test_it_keeps_no_store_alive() -> None:
    clock = ManualClock()
    breaker = CircuitBreaker(threshold=1, timeout=10.0, clock=clock)
    store = Store(clock=clock)
    assert store.get(breaker.state) == "closed"
    alive = weakref.ref(store)
    del store
    gc.collect()
    assert alive() is None
    breaker.acquire().failed(OSError())
    assert clock.pending == 0


def test_counts_that_are_never_reached_never_open_it() -> None:
    breaker = CircuitBreaker(threshold=2**64, half_open_max=2**64)
    for _ in range(100):
        breaker.acquire().failed(OSError())
    assert repr(breaker) == "<CircuitBreaker closed>"


def test_it_cannot_be_copied() -> None:
    with pytest.raises(TypeError, match="CircuitBreaker cannot be pickled or copied"):
        copy.deepcopy(CircuitBreaker())


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"threshold": 0}, ValueError),
        ({"threshold": -1}, ValueError),
        ({"threshold": 1.5}, TypeError),
        ({"threshold": True}, TypeError),
        ({"threshold": None}, TypeError),
        ({"timeout": -1}, ValueError),
        ({"timeout": math.nan}, ValueError),
        ({"timeout": math.inf}, ValueError),
        ({"timeout": "60"}, TypeError),
        ({"half_open_max": 0}, ValueError),
        ({"half_open_max": "1"}, TypeError),
        ({"counts": None}, TypeError),
        ({"counts": 5}, TypeError),
        ({"counts": (5,)}, TypeError),
        ({"counts": (asyncio.CancelledError,)}, TypeError),
        ({"counts": BaseException}, TypeError),
        ({"counts": lambda: True}, TypeError),
        ({"clock": 5}, TypeError),
        ({"clock": ManualClock}, TypeError),
    ],
)
def test_a_wrong_argument_is_named(wrong, error) -> None:
    with pytest.raises(error, match=f"CircuitBreaker: {next(iter(wrong))} (must be|is called with)"):
        CircuitBreaker(**wrong)


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [None, 5, "fetch", lambda key: 1])
async def test_what_cannot_be_called_without_arguments_is_refused(wrong) -> None:
    breaker = CircuitBreaker(threshold=1)
    with pytest.raises(TypeError, match=r"CircuitBreaker\.call: fn"):
        await breaker.call(wrong)
    assert repr(breaker) == "<CircuitBreaker closed>"


def pieces():
    yield 1


@pytest.mark.parametrize("wrong", [None, 5, "fetch", pieces])
def test_what_cannot_be_decorated_is_refused(wrong) -> None:
    with pytest.raises(TypeError, match="CircuitBreaker: the decorated"):
        CircuitBreaker()(wrong)
