"""The event log of a store, as tests see it."""

from typing import Any

import pytest

from halflife import Event, Store, atom, derived
from halflife.testing import ManualClock, events


def test_it_shows_what_happens_from_now_on() -> None:
    source = atom(1)
    with Store() as store:
        store.set(source, 2)
        log = events(store)
        assert len(log) == 0
        store.set(source, 3)
        assert log.kinds() == ["set"]
        assert log[0] == Event("set", source, log[0].at, 3)


def test_it_can_be_asked_for_one_kind_and_one_atom() -> None:
    one, other = atom(1), atom(1)
    doubled = derived(lambda get: get(one) * 2)
    with Store() as store:
        log = events(store)
        with store.subscribe(doubled, lambda value: None):
            store.set(one, 2)
            store.set(other, 5)
            store.set(one, 3)
        assert log.details("set", one) == [2, 3]
        assert log.details("set") == [2, 5, 3]
        assert [event.atom for event in log.of("set")] == [one, other, one]
        assert log.details("run", doubled) == [2, 4, 6]
        assert log.details("notified", doubled) == [4, 6]
        assert log.kinds(other) == ["set"]
        assert "mounted" in log.kinds(doubled)
        assert "unmounted" in log.kinds(doubled)


def test_times_are_those_of_the_stores_clock() -> None:
    source, clock = atom(1), ManualClock()
    with Store(clock=clock) as store:
        log = events(store)
        clock.advance(5)
        store.set(source, 2)
        assert [event.at for event in log] == [5]


def test_it_equals_a_list_of_the_same_events_and_itself_only() -> None:
    source = atom(1)
    with Store(clock=ManualClock()) as store, Store(clock=ManualClock()) as other:
        log = events(store)
        store.set(source, 2)
        assert log == [Event("set", source, 0.0, 2)]
        assert log == events(store)
        assert log != events(other)
        assert log != "set"


def test_it_can_be_sliced_and_cleared() -> None:
    source = atom(1)
    with Store() as store:
        log = events(store)
        for value in (2, 3, 4):
            store.set(source, value)
        assert [event.detail for event in log[1:]] == [3, 4]
        log.clear()
        assert list(log) == []
        store.set(source, 5)
        assert log.details("set") == [5]


def test_only_the_newest_are_kept() -> None:
    source = atom(0)
    with Store() as store:
        log = events(store, limit=3)
        for value in range(1, 10):
            store.set(source, value)
        assert log.details("set") == [7, 8, 9]


def test_its_repr_shows_one_event_in_a_line() -> None:
    source = atom(1, name="source")
    with Store(clock=ManualClock()) as store:
        log = events(store)
        store.set(source, 2)
        assert repr(log) == "<EventLog of 1>\n  0 set source: 2"


def test_it_can_be_read_after_the_store_was_closed() -> None:
    source = atom(1)
    with Store() as store:
        log = events(store)
        store.set(source, 2)
    assert log.details("set") == [2]


@pytest.mark.parametrize("wrong", [None, 1, atom(1)])
def test_something_that_is_no_store_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="events: store must be a Store"):
        events(wrong)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "3"])
def test_a_limit_that_makes_no_sense_is_refused(wrong: Any) -> None:
    with Store() as store, pytest.raises(ValueError, match="limit must be a positive int"):
        events(store, limit=wrong)
