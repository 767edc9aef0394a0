"""Lifetimes of stores: closing, the default store, two stores, and the thread of a store."""

import gc
import threading
from typing import Any

import pytest

from halflife import Store, StoreClosedError, WrongThreadError, atom, default_store, derived, effect
from halflife.testing import ManualClock, assert_no_leaks


def test_two_stores_never_share_state() -> None:
    count = atom(1)
    runs: list[int] = []
    doubled = derived(lambda get: runs.append(get(count)) or get(count) * 2)
    told: list[Any] = []
    with Store() as one, Store() as other:
        one.subscribe(doubled, lambda value: told.append(("one", value)))
        other.subscribe(doubled, lambda value: told.append(("other", value)))
        one.set(count, 5)
        other.set(count, 7)
        one.set(count, 6)
        assert (one.get(doubled), other.get(doubled)) == (12, 14)
        assert told == [("one", 10), ("other", 14), ("one", 12)]
        assert runs == [1, 1, 5, 7, 6]
        assert (one._invariant(), other._invariant()) == (None, None)


def test_a_store_may_be_used_inside_of_another_ones_read() -> None:
    count = atom(1)
    other = Store()
    across = derived(lambda get: get(count) + other.get(count))
    with Store() as store, other:
        other.set(count, 10)
        assert store.get(across) == 11
        assert [one.name for one in store.graph()[across].inputs] == ["count"]


def test_one_atom_in_many_stores_outlives_each_of_them() -> None:
    count = atom(0)
    doubled = derived(lambda get: get(count) * 2)
    kept = Store()
    kept.set(count, 1)
    for number in range(100):
        with Store() as store:
            store.set(count, number)
            assert store.get(doubled) == number * 2
        assert kept.get(doubled) == 2
    assert kept._invariant() is None
    kept.dispose()


def test_the_default_store_is_one_and_made_anew_when_it_was_closed() -> None:
    count = atom(1)
    first = default_store()
    assert default_store() is first
    first.set(count, 2)
    first.dispose()
    second = default_store()
    assert second is not first
    assert second.get(count) == 1
    second.dispose()


with Store() as some_store:
    NOTHING = some_store.dehydrate([])

CALLS: dict[str, Any] = {
    "get": lambda store, one: store.get(one),
    "set": lambda store, one: store.set(one, 2),
    "update": lambda store, one: store.update(one, lambda value: value),
    "refresh": lambda store, one: store.refresh(derived(lambda get: 1)),
    "subscribe": lambda store, one: store.subscribe(one, lambda value: None),
    "observe": lambda store, one: store.observe(effect(lambda get, set: None)),
    "batch": lambda store, one: store.batch().__enter__(),
    "graph": lambda store, one: store.graph(),
    "history": lambda store, one: store.history(),
    "dehydrate": lambda store, one: store.dehydrate([one]),
    "hydrate": lambda store, one: store.hydrate(NOTHING),
}


@pytest.mark.parametrize("name", CALLS)
def test_after_closing_a_call_raises_store_closed_error(name: str) -> None:
    count = atom(1, name="count")
    store = Store()
    store.get(count)
    store.dispose()
    with pytest.raises(StoreClosedError):
        CALLS[name](store, count)


def test_repr_unsubscribing_and_closing_again_never_raise() -> None:
    count = atom(1)
    store = Store(name="main")
    subscription = store.subscribe(count, lambda value: None)
    assert "main" in repr(store)
    for _ in range(3):
        store.dispose()
        subscription()
        assert "main" in repr(store)
        assert "closed" in repr(store)
        assert store.closed


def test_the_with_block_closes_the_store_also_when_it_raises() -> None:
    with pytest.raises(LookupError), Store() as store:
        raise LookupError
    assert store.closed


def test_closing_gives_every_value_back() -> None:
    class Value:
        """A value whose living instances the test counts."""

    def use() -> None:
        held = atom(Value())
        made = derived(lambda get: (get(held), Value()))
        store = Store()
        store.subscribe(made, lambda value: None)
        store.set(held, Value())
        store.dispose()
        gc.collect()
        assert sum(isinstance(one, Value) for one in gc.get_objects()) == 1  # the initial value, which the atom holds

    with assert_no_leaks():
        use()


def test_a_kept_get_or_set_says_that_its_store_is_closed() -> None:
    kept: list[Any] = []
    count = atom(1, on_mount=kept.append)
    doubled = derived(lambda get: kept.append(get) or get(count) * 2)
    with Store() as store:
        store.subscribe(doubled, lambda value: None)
    for call in (lambda one: one(count), lambda one: one(5)):
        for one in kept:
            with pytest.raises((StoreClosedError, TypeError)):
                call(one)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"name": 5}, TypeError),
        ({"mount_grace": -1.0}, ValueError),
        ({"mount_grace": float("nan")}, ValueError),
        ({"mount_grace": "1"}, TypeError),
        ({"on_error": 5}, TypeError),
        ({"clock": 5}, TypeError),
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_by_its_name(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(options))):
        Store(**options)


def in_another_thread(work: Any) -> Any:
    caught: list[Any] = []

    def run() -> None:
        try:
            caught.append(work())
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return caught[0]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_from_another_thread_raises_and_names_post(name: str) -> None:
    count = atom(1, name="count")
    with Store(clock=ManualClock()) as store:
        store.get(count)
        error = in_another_thread(lambda: CALLS[name](store, count))
        assert isinstance(error, WrongThreadError)
        assert "post" in str(error)
        assert (store.get(count), store._invariant()) == (1, None)


def test_a_store_belongs_to_the_thread_that_first_uses_it() -> None:
    count = atom(1)
    store = Store()
    assert in_another_thread(lambda: store.get(count)) == 1
    with pytest.raises(WrongThreadError):
        store.get(count)


def test_repr_from_another_thread_never_raises() -> None:
    with Store(name="main") as store:
        store.get(atom(1))
        assert "main" in in_another_thread(lambda: repr(store))


def test_atoms_may_be_used_in_stores_of_many_threads() -> None:
    count = atom(1)
    doubled = derived(lambda get: get(count) * 2)

    def use() -> list[int]:
        seen: list[int] = []
        with Store() as store:
            store.subscribe(doubled, seen.append)
            for number in range(200):
                store.set(count, number)
            return seen

    results: list[list[int]] = []
    threads = [threading.Thread(target=lambda: results.append(use())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [number * 2 for number in range(200)]
    assert results == [expected] * 4
