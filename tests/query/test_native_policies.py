"""The native policies from Python: what the bindings add to the core, whose own tests are in C++."""

import gc

import pytest

from halflife._core import Backoff, Breaker, Lru, Permit


def test_a_backoff_gives_delays_and_the_rest_of_its_deadline() -> None:
    backoff = Backoff(initial=1.0, max=30.0, factor=2.0, jitter=0.0, deadline=5.0, seed=0)
    backoff.start(100.0)
    assert [backoff.delay(retry) for retry in range(6)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    assert backoff.elapsed(102.0) == 2.0
    assert backoff.remaining(102.0) == 3.0
    assert backoff.may_start(102.0, 2.5)
    assert not backoff.may_start(102.0, 3.0)


def test_a_permit_that_is_dropped_is_released() -> None:
    breaker = Breaker(threshold=1, timeout=10.0, trials=1)
    breaker.acquire(0.0).failed(0.0)
    trial = breaker.acquire(10.0)
    assert breaker.acquire(10.0) is None
    del trial
    gc.collect()
    assert breaker.state(10.0) == "half-open"
    assert breaker.acquire(10.0) is not None


def test_a_permit_keeps_its_breaker_alive() -> None:
    permit = Breaker(threshold=1, timeout=10.0, trials=1).acquire(0.0)
    gc.collect()
    permit.failed(0.0)
    permit.released()


def test_a_permit_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError, match="No constructor"):
        Permit()


def test_a_handle_that_no_entry_has_is_refused() -> None:
    lru = Lru()
    handle = lru.add()
    lru.remove(handle)
    for call in (lru.remove, lru.touch, lru.pin, lru.unpin, lru.is_pinned):
        for wrong in (0, handle, handle + 1, 2**40):
            with pytest.raises(IndexError, match="no entry has this handle"):
                call(wrong)
    assert len(lru) == 0
    assert lru.victim() is None


def test_entries_are_forgotten_in_order_of_use_unless_pinned() -> None:
    lru = Lru()
    first, second = lru.add(), lru.add()
    lru.touch(first)
    assert lru.victim() == second
    lru.pin(second)
    assert lru.victim() == first
    assert (len(lru), lru.pinned, lru.is_pinned(second)) == (2, 1, True)
    lru.unpin(second)
    assert lru.victim() == first
