"""Reducer atoms: set with actions, changed by a function."""

import gc
import json
import weakref

import pytest

from halflife import Store, StoreClosedError, atom, derived, reducer


def add(value: int, step: int) -> int:
    return value + step


def test_setting_an_action_applies_the_function() -> None:
    count = reducer(0, add)
    with Store() as store:
        store.set(count, 5)
        store.set(count, -2)
        assert store.get(count) == 3


def test_the_function_is_called_once_for_each_action() -> None:
    calls: list[tuple[int, str]] = []

    def reduce(value: int, action: str) -> int:
        calls.append((value, action))
        return value + 1

    count = reducer(0, reduce)
    with Store() as store, store.subscribe(count, lambda value: None):
        store.set(count, "up")
        store.set(count, "up")
    assert calls == [(0, "up"), (1, "up")]


def test_an_action_that_changes_nothing_notifies_nobody() -> None:
    count = reducer(0, lambda value, action: value)
    seen: list[int] = []
    with Store() as store, store.subscribe(count, seen.append):
        store.set(count, "anything")
    assert seen == []


def test_actions_in_one_batch_notify_once_with_the_last_value() -> None:
    count = reducer(0, add)
    seen: list[int] = []
    with Store() as store, store.subscribe(count, seen.append):
        with store.batch():
            for step in (1, 2, 3):
                store.set(count, step)
        assert seen == [6]


def test_an_error_in_the_function_leaves_the_value_as_it_was() -> None:
    count = reducer(6, lambda value, divisor: value // divisor)
    seen: list[int] = []
    with Store() as store, store.subscribe(count, seen.append):
        with pytest.raises(ZeroDivisionError):
            store.set(count, 0)
        assert store.get(count) == 6
        store.set(count, 2)
    assert seen == [3]


def test_each_store_reduces_its_own_value() -> None:
    count = reducer(0, add)
    with Store() as one, Store() as other:
        one.set(count, 1)
        assert (one.get(count), other.get(count)) == (1, 0)


def test_dependents_follow() -> None:
    count = reducer(1, add)
    doubled = derived(lambda get: get(count) * 2)
    with Store() as store:
        store.set(count, 2)
        assert store.get(doubled) == 6


def test_it_is_named_after_its_variable_or_as_it_is_told() -> None:
    count = reducer(0, add)
    assert count.name == "count"
    assert reducer(0, add, name="total").name == "total"


@pytest.mark.parametrize("wrong", [None, 1, atom(1)])
def test_a_reduce_that_is_no_function_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="reducer: reduce must be callable"):
        reducer(0, wrong)  # type: ignore[arg-type]


def test_setting_it_without_an_action_raises() -> None:
    count = reducer(0, add)
    with Store() as store:
        with pytest.raises(TypeError, match="action"):
            store.set(count)
        assert store.get(count) == 0


def test_setting_it_in_a_closed_store_raises() -> None:
    count = reducer(0, add)
    store = Store()
    store.dispose()
    with pytest.raises(StoreClosedError):
        store.set(count, 1)


def test_a_hydrated_value_is_what_the_next_action_begins_with() -> None:
    count = reducer(0, add, name="hydrated count")
    with Store() as one, Store() as other:
        one.set(count, 5)
        other.hydrate(json.loads(json.dumps(one.dehydrate([count]))))
        assert other.get(count) == 5
        other.set(count, 2)
        assert other.get(count) == 7


def test_it_is_freed_without_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        count = reducer(0, add)
        gone = weakref.ref(count)
        del count
        assert gone() is None
    finally:
        gc.enable()


def test_its_state_is_freed_with_it() -> None:
    class Value:
        pass

    with Store() as store:
        newest = reducer(None, lambda value, action: action)
        value = Value()
        store.set(newest, value)
        gone = weakref.ref(value)
        del value
        gc.collect()
        assert gone() is not None
        del newest
        gc.collect()
        assert gone() is None
