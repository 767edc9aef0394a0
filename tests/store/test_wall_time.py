"""The wall-clock time of a store's clock, for what outlives the process."""

import time

import pytest

from halflife import Store
from halflife._drivers.clock import wall_time
from halflife.testing import ManualClock


@pytest.mark.parametrize("start", [0.0, 5000.0])
def test_a_manual_clock_starts_at_a_fixed_date_and_moves_both_times(start) -> None:
    clock = ManualClock(start)
    assert time.gmtime(clock.time())[:6] == (2020, 1, 1, 0, 0, 0)
    moments = []
    clock.call_later(2.5, lambda: moments.append((clock.now() - start, clock.time())))
    first = clock.time()
    clock.advance(10)
    assert moments == [(2.5, first + 2.5)]
    assert clock.time() == first + 10
    assert wall_time(clock) == clock.time()


def test_the_time_of_the_loop_clock_is_that_of_the_machine() -> None:
    with Store() as store:
        before = time.time()
        assert before <= store.clock.time() <= time.time()
        assert before <= wall_time(store.clock) <= time.time()


def test_a_clock_without_a_wall_clock_time_has_that_of_the_machine() -> None:
    class Clock:
        def __init__(self):
            self.now, self.call_later, self.sleep = (lambda: 0.0), None, None

    before = time.time()
    assert before <= wall_time(Clock()) <= time.time()
