"""Split lists: removed items, and memory."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from halflife import RemovedItemError, Store, action, atom, split


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def by_id(value: dict[str, Any]) -> Any:
    return value["id"]


def people(*ids: int) -> list[dict[str, int]]:
    return [{"id": number, "age": 20} for number in ids]


class TestRemovedItems:
    def test_writing_a_removed_item_raises_and_changes_nothing(self, store: Store) -> None:
        letters = atom(["a", "b"], name="letters")
        items = split(letters)
        a, b = store.get(items)
        store.set(items.remove, a)
        for write in (
            lambda: store.set(a, "x"),
            lambda: store.set(items.remove, a),
            lambda: store.set(items.move, a),
            lambda: store.set(items.move, b, a),
            lambda: store.set(items.insert, "x", a),
        ):
            with pytest.raises(RemovedItemError, match="no longer in letters"):
                write()
        assert store.get(letters) == ["b"]

    def test_reading_a_removed_item_gives_its_last_value(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        a, _ = store.get(items)
        store.set(a, "A")
        store.set(items.remove, a)
        assert store.get(a) == "A"
        store.set(letters, [])
        assert store.get(a) == "A"

    def test_an_item_removed_by_setting_the_list_raises_too(self, store: Store) -> None:
        users = atom(people(1, 2))
        one, _ = store.get(split(users, by_id))
        store.set(users, people(2))
        with pytest.raises(RemovedItemError):
            store.set(one, {"id": 1})
        assert store.get(one) == {"id": 1, "age": 20}

    def test_an_observed_item_is_not_notified_of_its_removal(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        a, _ = store.get(items)
        seen: list[object] = []
        with store.subscribe(a, seen.append):
            store.set(items.remove, a)
        assert seen == []

    def test_an_item_whose_key_comes_back_is_the_same_atom_again(self, store: Store) -> None:
        users = atom(people(1, 2))
        one, _ = store.get(split(users, by_id))
        store.set(users, people(2))
        store.set(users, people(2, 1))
        assert store.get(split(users, by_id))[1] is one
        store.set(one, {"id": 1, "age": 99})
        assert store.get(users)[1] == {"id": 1, "age": 99}

    def test_a_failed_batch_brings_items_back(self, store: Store) -> None:
        users = atom(people(1, 2, 3))
        items = split(users)
        before = store.get(items)
        made: list[Any] = []

        @action
        def fail(get, set):
            set(items.remove, before[1])
            made.append(set(items.insert, {"id": 4}))
            assert len(get(items)) == 3
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.set(fail)
        assert store.get(items) == before
        store.set(before[1], {"id": 22})
        assert [value["id"] for value in store.get(users)] == [1, 22, 3]
        with pytest.raises(RemovedItemError):
            store.set(made[0], {"id": 5})

    def test_an_item_of_another_store_is_no_item_here(self) -> None:
        letters = atom(["a"])
        with Store() as one, Store() as other:
            item = one.get(split(letters))[0]
            other.get(split(letters))
            with pytest.raises(RemovedItemError, match="in this store"):
                other.get(item)


class TestMemory:
    def test_an_item_is_freed_when_it_is_removed_and_nobody_holds_it(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        gone = weakref.ref(store.get(items)[0])
        store.get(gone())  # type: ignore[arg-type]
        store.set(letters, ["b"])
        store.get(items)
        gc.collect()
        assert gone() is None

    def test_the_last_value_of_a_removed_item_is_freed_with_it(self, store: Store) -> None:
        class Value:
            pass

        values = atom([Value()])
        items = split(values)
        item = store.get(items)[0]
        value = weakref.ref(store.get(item))
        store.set(items.remove, item)
        assert store.get(items) == []
        assert values.initial is not None
        values.initial.clear()
        gc.collect()
        assert value() is not None
        del item
        gc.collect()
        assert value() is None

    def test_everything_dies_with_the_list_atom_and_the_store(self) -> None:
        # For each list the store holds the item atoms, which hold the list atom.
        store = Store()
        letters = atom(["a", "b"])
        gone = [weakref.ref(letters), weakref.ref(split(letters)), *map(weakref.ref, store.get(split(letters)))]
        gc.collect()
        assert all(reference() is not None for reference in gone)
        del letters, store
        gc.collect()
        assert all(reference() is None for reference in gone)

    def test_a_list_that_no_store_has_read_dies_with_its_atom(self) -> None:
        letters = atom(["a", "b"])
        gone = weakref.ref(split(letters))
        gc.collect()
        assert gone() is not None
        del letters
        gc.collect()
        assert gone() is None

    def test_a_thousand_lists_leave_no_items_behind(self, store: Store) -> None:
        numbers = atom([0])
        items = split(numbers)
        gc.collect()
        before = sum(type(one).__name__ == "ItemAtom" for one in gc.get_objects())
        for start in range(1_000):
            store.set(numbers, list(range(start, start + 10)))
            store.get(items)
        gc.collect()
        assert sum(type(one).__name__ == "ItemAtom" for one in gc.get_objects()) <= before + 10
