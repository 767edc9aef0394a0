"""Getting, setting, updating and refreshing, without async atoms."""

from typing import Any

import pytest

from conftest import named
from halflife import Store, action, atom, derived
from halflife.testing import events


def test_get_returns_the_initial_value_and_then_the_set_value() -> None:
    count = atom(1)
    with Store() as store:
        assert store.get(count) == 1
        assert store.set(count, 2) is None
        assert store.get(count) == 2


def test_set_stores_even_a_callable_as_it_is() -> None:
    callback = atom(print)
    with Store() as store:
        store.set(callback, len)
        assert store.get(callback) is len


def test_update_applies_a_function_to_the_current_value() -> None:
    count = atom(1)
    with Store() as store:
        store.update(count, lambda value: value + 10)
        store.update(count, lambda value: value * 2)
        assert store.get(count) == 22


def test_an_update_that_fails_changes_nothing() -> None:
    count = atom(1)
    with Store() as store:
        with pytest.raises(ZeroDivisionError):
            store.update(count, lambda value: value // 0)
        assert store.get(count) == 1
        with pytest.raises(TypeError, match="count"):
            store.update(count, 5)  # type: ignore[call-overload]
        assert store._invariant() is None


def test_update_of_a_writable_derived_atom_goes_through_its_write() -> None:
    count = atom(2)
    doubled = derived(lambda get: get(count) * 2, lambda get, set, value: set(count, value // 2))
    with Store() as store:
        store.update(doubled, lambda value: value + 10)
        assert store.get(count) == 7


def test_set_returns_what_the_writer_returns() -> None:
    count = atom(1)
    add = action(lambda get, set, by, times: (set(count, get(count) + by * times), "done")[1])
    halved = derived(lambda get: get(count), lambda get, set, value: value / 2)
    with Store() as store:
        assert store.set(add, 2, 3) == "done"
        assert store.get(count) == 7
        assert store.set(halved, 5) == 2.5


def test_an_action_takes_any_number_of_arguments() -> None:
    gather = action(lambda get, set, *args: args)
    with Store() as store:
        for count in (0, 1, 8, 9, 200):
            assert store.set(gather, *range(count)) == tuple(range(count))


def test_an_action_calls_another_and_gets_its_result() -> None:
    count = atom(1)
    double = action(lambda get, set: (set(count, get(count) * 2), get(count))[1])
    twice = action(lambda get, set: set(double) + set(double))
    with Store() as store:
        assert store.set(twice) == 2 + 4


def test_the_wrong_arguments_of_an_action_are_a_type_error() -> None:
    rename = action(lambda get, set, name: None)
    with Store() as store:
        for arguments in ((), (1, 2)):
            with pytest.raises(TypeError):
                store.set(rename, *arguments)
        assert store._invariant() is None


def test_a_source_takes_exactly_one_value() -> None:
    count = atom(1)
    with Store() as store:
        for arguments in ((), (1, 2)):
            with pytest.raises(TypeError, match="count"):
                store.set(count, *arguments)
        assert store.get(count) == 1


def test_a_derived_atom_without_a_write_cannot_be_set_and_says_how_it_could() -> None:
    doubled = derived(lambda get: 2, name="doubled")
    with Store() as store, pytest.raises(TypeError, match=r"doubled.*setter"):
        store.set(doubled, 5)


def test_an_action_cannot_be_read() -> None:
    rename = action(lambda get, set: None, name="rename")
    with Store() as store:
        for use in (lambda: store.get(rename), lambda: store.subscribe(rename, print)):
            with pytest.raises(TypeError, match="rename"):
                use()


@pytest.mark.parametrize("wrong", [None, 1, "count", [], object(), Store, lambda get: 1], ids=named)
def test_objects_that_are_no_atoms_are_refused_by_name(wrong: Any) -> None:
    read = derived(lambda get: get(wrong))
    with Store() as store:
        for use in (
            lambda: store.get(wrong),
            lambda: store.set(wrong, 1),
            lambda: store.update(wrong, len),
            lambda: store.refresh(wrong),
            lambda: store.subscribe(wrong, print),
            lambda: store.observe(wrong),
            lambda: store.get(read),
        ):
            with pytest.raises(TypeError, match=r"atom|effect"):
                use()
        assert store._invariant() is None


def test_refresh_runs_any_derived_atom_again_and_gives_its_value() -> None:
    outside = [1]
    runs: list[int] = []
    reading = derived(lambda get: runs.append(outside[0]) or outside[0])
    below = derived(lambda get: get(reading) * 10)
    told: list[int] = []
    with Store() as store:
        assert store.get(reading) == 1
        outside[0] = 2
        assert store.get(reading) == 1
        assert store.refresh(reading) == 2
        assert (store.get(below), runs) == (20, [1, 2])
        store.subscribe(below, told.append)
        outside[0] = 3
        assert store.refresh(reading) == 3
        assert told == [30]
        store.refresh(reading)
        assert (told, runs) == ([30], [1, 2, 3, 3])
        assert store._invariant() is None


def test_refresh_of_an_atom_that_was_never_read_runs_it_once() -> None:
    runs: list[int] = []
    reading = derived(lambda get: runs.append(1))
    with Store() as store:
        store.refresh(reading)
        store.get(reading)
        assert len(runs) == 1


def test_refresh_of_an_atom_that_fails_raises_its_error() -> None:
    outside = [0]
    reading = derived(lambda get: 1 / outside[0])
    with Store() as store:
        with pytest.raises(ZeroDivisionError):
            store.refresh(reading)
        outside[0] = 2
        assert store.refresh(reading) == 0.5


def test_a_source_cannot_be_refreshed() -> None:
    count = atom(1)
    with Store() as store, pytest.raises(TypeError, match="count"):
        store.refresh(count)


def test_a_set_of_an_atom_that_was_never_read_is_kept() -> None:
    count = atom(1)
    runs: list[int] = []
    doubled = derived(lambda get: runs.append(1) or get(count) * 2)
    with Store() as store:
        store.set(count, 5)
        assert store.get(doubled) == 10
        assert len(runs) == 1


def test_set_of_an_equal_value_is_no_event() -> None:
    count = atom(1)
    with Store() as store:
        log = events(store)
        store.set(count, 1)
        store.set(count, 2)
        store.set(count, 2)
        assert log.kinds() == ["set"]
