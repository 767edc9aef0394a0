"""The history: off by default; when on, the events of each atom in order."""

import pytest

from halflife import Event, Store, atom, derived, effect
from halflife.testing import ManualClock


def kinds(store: Store) -> list[tuple[str, str]]:
    return [(event.kind, event.atom.name) for event in store.history()]


def test_history_is_off_by_default() -> None:
    count = atom(1)
    with Store() as store:
        store.set(count, 2)
        assert store.history() == []
        store.set(count, 3)
        assert kinds(store) == [("set", "count")]


def test_events_are_recorded_in_order() -> None:
    count = atom(1)
    doubled = derived(lambda get: get(count) * 2)
    with Store() as store:
        store.history(100)
        with store.subscribe(doubled, lambda value: None):
            store.set(count, 2)
        assert kinds(store) == [
            ("run", "doubled"),
            ("mounted", "count"),
            ("mounted", "doubled"),
            ("set", "count"),
            ("run", "doubled"),
            ("notified", "doubled"),
            ("unmounted", "doubled"),
            ("unmounted", "count"),
        ]


def test_an_event_has_its_kind_atom_moment_and_detail() -> None:
    count = atom(1)
    clock = ManualClock()
    with Store(clock=clock) as store:
        store.history(100)
        store.subscribe(count, lambda value: None)
        clock.advance(2.5)
        store.set(count, 7)
        told = store.history()[-2:]
        assert told == [Event("set", count, 2.5, 7), Event("notified", count, 2.5, 7)]
        assert (told[0].kind, told[0].atom, told[0].at, told[0].detail) == ("set", count, 2.5, 7)


def test_the_detail_of_an_error_is_the_error() -> None:
    count = atom(1)
    broken = derived(lambda get: 1 / (get(count) - 2))
    with Store(on_error=lambda error: None) as store:
        store.history(100)
        store.subscribe(broken, lambda value: None)
        store.set(count, 2)
        assert isinstance(store.history()[-1].detail, ZeroDivisionError)
        assert store.history()[-1].kind == "notified"


def test_only_the_newest_events_are_kept() -> None:
    count = atom(0)
    with Store() as store:
        store.history(3)
        for value in range(1, 11):
            store.set(count, value)
        assert [event.detail for event in store.history()] == [8, 9, 10]
        store.history(2)
        store.set(count, 11)
        assert [event.detail for event in store.history()] == [10, 11]


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "10"])
def test_a_limit_that_makes_no_sense_is_refused(wrong: object) -> None:
    with Store() as store, pytest.raises(ValueError, match="limit"):
        store.history(wrong)  # type: ignore[arg-type]


def test_no_change_records_no_event() -> None:
    count, other = atom(1), atom(1)
    doubled = derived(lambda get: get(count) * 2)
    with Store() as store:
        store.subscribe(doubled, lambda value: None)
        store.history(100)
        store.set(count, 1)
        store.set(other, 2)
        store.get(doubled)
        assert kinds(store) == [("set", "other")]


def test_a_failed_batch_notifies_and_mounts_nothing() -> None:
    count = atom(1)
    doubled = derived(lambda get: get(count) * 2)
    with Store() as store:
        store.subscribe(doubled, lambda value: None)
        store.history(100)
        with pytest.raises(LookupError), store.batch():
            store.set(count, 2)
            raise LookupError
        assert {kind for kind, _ in kinds(store)} <= {"set"}


def test_every_call_of_a_subscriber_is_an_event() -> None:
    count = atom(1)
    with Store() as store:
        for _ in range(3):
            store.subscribe(count, lambda value: None)
        store.history(100)
        store.set(count, 2)
        assert kinds(store) == [("set", "count"), *[("notified", "count")] * 3]


def test_two_stores_have_two_histories() -> None:
    count = atom(1)
    with Store() as one, Store() as other:
        one.history(10)
        other.history(10)
        one.set(count, 2)
        assert (len(one.history()), len(other.history())) == (1, 0)


def test_the_history_holds_atoms_only_as_long_as_the_store_lives() -> None:
    store = Store()
    store.history(10)
    store.set(atom(1, name="gone"), 2)
    assert kinds(store) == [("set", "gone")]
    store.dispose()


def test_looking_at_the_history_changes_nothing() -> None:
    count = atom(1)
    with Store() as store, store.observe(effect(lambda get, set: get(count) and None)):
        store.history(10)
        store.set(count, 2)
        seen = store.history()
        seen.clear()
        assert len(store.history()) == 1
        assert store._invariant() is None
