"""Split lists: item atoms that stay with their items, can be set, and tell when they are removed."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halflife import RemovedItemError, Store, StoreClosedError, action, atom, derived, split


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def by_id(value: dict[str, Any]) -> Any:
    return value["id"]


def people(*ids: int) -> list[dict[str, int]]:
    return [{"id": number, "age": 20} for number in ids]


class TestReading:
    def test_there_is_one_item_atom_for_each_item(self, store: Store) -> None:
        letters = atom(["a", "b", "c"])
        items = store.get(split(letters))
        assert [store.get(item) for item in items] == ["a", "b", "c"]
        assert len(set(items)) == 3

    def test_an_empty_list_has_no_items(self, store: Store) -> None:
        assert store.get(split(atom([]))) == []

    def test_the_same_arguments_give_the_same_atom(self) -> None:
        letters = atom(["a"])
        assert split(letters) is split(letters)
        assert split(letters, len) is split(letters, len)
        assert split(letters) is not split(letters, len)

    def test_items_stay_the_same_atoms_while_their_values_change(self, store: Store) -> None:
        letters = atom(["a", "b"])
        before = store.get(split(letters))
        store.set(letters, ["a", "B"])
        assert store.get(split(letters)) == before
        assert store.get(before[1]) == "B"

    def test_items_keep_their_atoms_when_others_come_and_go(self, store: Store) -> None:
        letters = atom(["a", "b", "c"])
        a, b, c = store.get(split(letters))
        store.set(letters, ["x", "a", "c"])
        after = store.get(split(letters))
        assert after[1:] == [a, c]
        assert after[0] not in (a, b, c)

    def test_items_keep_their_atoms_when_the_list_is_reversed(self, store: Store) -> None:
        letters = atom(["a", "b", "c"])
        before = store.get(split(letters))
        store.set(letters, ["c", "b", "a"])
        assert store.get(split(letters)) == before[::-1]

    def test_a_list_can_become_shorter_and_longer(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        first = store.get(items)[0]
        for values in (["a"], ["a", "b", "c"], []):
            store.set(letters, values)
            assert [store.get(item) for item in store.get(items)] == values
            assert values == [] or store.get(items)[0] is first

    def test_with_a_key_items_are_found_by_it(self, store: Store) -> None:
        users = atom(people(1, 2))
        one, two = store.get(split(users, by_id))
        store.set(users, [{"id": 2, "age": 99}, {"id": 1, "age": 20}])
        assert store.get(split(users, by_id)) == [two, one]
        assert store.get(two) == {"id": 2, "age": 99}

    def test_keys_of_different_types_are_different(self, store: Store) -> None:
        users = atom([{"id": 1}, {"id": True}, {"id": 1.0}])
        assert len(set(store.get(split(users, by_id)))) == 3

    def test_a_tuple_can_be_split_and_stays_a_tuple(self, store: Store) -> None:
        letters = atom(("a", "b"))
        items = split(letters)
        store.set(store.get(items)[0], "A")
        store.set(items.insert, "c")
        assert store.get(letters) == ("A", "b", "c")

    def test_changing_the_list_of_items_that_was_returned_changes_the_list_atom_not(self, store: Store) -> None:
        letters = atom(["a", "b"])
        store.get(split(letters)).append("x")  # type: ignore[arg-type]
        assert store.get(letters) == ["a", "b"]

    def test_each_store_has_items_of_its_own(self) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        with Store() as one, Store() as other:
            one.set(one.get(items)[0], "A")
            assert (one.get(letters), other.get(letters)) == (["A", "b"], ["a", "b"])
            assert [other.get(item) for item in other.get(items)] == ["a", "b"]


class TestNotifications:
    def test_setting_one_item_runs_only_what_depends_on_it(self, store: Store) -> None:
        letters = atom(["a", "b"])
        first, second = store.get(split(letters))
        runs: list[str] = []
        upper_first = derived(lambda get: (runs.append("first"), get(first).upper())[1])
        upper_second = derived(lambda get: (runs.append("second"), get(second).upper())[1])
        with store.subscribe(upper_first, lambda value: None), store.subscribe(upper_second, lambda value: None):
            runs.clear()
            store.set(second, "x")
        assert runs == ["second"]

    def test_the_list_of_items_changes_only_when_items_come_go_or_move(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        seen: list[int] = []
        with store.subscribe(items, lambda value: seen.append(len(value))):
            store.set(store.get(items)[0], "A")
            store.set(letters, ["x", "y"])
            assert seen == []
            store.set(items.insert, "z")
            store.set(items.move, store.get(items)[0])
            store.set(items.remove, store.get(items)[0])
        assert seen == [3, 3, 2]

    def test_setting_an_item_to_its_value_does_nothing(self, store: Store) -> None:
        letters = atom(["a"])
        seen: list[object] = []
        with store.subscribe(letters, seen.append):
            store.set(store.get(split(letters))[0], "a")
        assert seen == []


class TestWriting:
    def test_setting_an_item_sets_the_list(self, store: Store) -> None:
        letters = atom(["a", "b"])
        before = store.get(letters)
        store.set(store.get(split(letters))[1], "B")
        assert store.get(letters) == ["a", "B"]
        assert before == ["a", "b"]

    def test_update_works_on_an_item(self, store: Store) -> None:
        numbers = atom([1, 2])
        store.update(store.get(split(numbers))[1], lambda value: value * 10)
        assert store.get(numbers) == [1, 20]

    def test_insert_appends_and_returns_the_new_item(self, store: Store) -> None:
        letters = atom(["a"])
        items = split(letters)
        new = store.set(items.insert, "b")
        assert store.get(letters) == ["a", "b"]
        assert store.get(items)[1] is new
        assert store.get(new) == "b"

    def test_insert_puts_a_value_before_an_item(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        _, b = store.get(items)
        store.set(items.insert, "x", b)
        assert store.get(letters) == ["a", "x", "b"]
        assert store.get(items)[2] is b

    def test_remove_takes_out_that_item_and_no_equal_one(self, store: Store) -> None:
        ones = atom([1, 1, 1])
        items = split(ones)
        first, second, third = store.get(items)
        store.set(items.remove, second)
        assert store.get(ones) == [1, 1]
        assert store.get(items) == [first, third]

    def test_move_moves_before_an_item_and_to_the_end(self, store: Store) -> None:
        letters = atom(["a", "b", "c"])
        items = split(letters)
        a, b, c = store.get(items)
        store.set(items.move, c, a)
        assert (store.get(letters), store.get(items)) == (["c", "a", "b"], [c, a, b])
        store.set(items.move, c)
        assert (store.get(letters), store.get(items)) == (["a", "b", "c"], [a, b, c])
        store.set(items.move, a, c)
        assert (store.get(letters), store.get(items)) == (["b", "a", "c"], [b, a, c])

    def test_moving_equal_items_moves_their_atoms(self, store: Store) -> None:
        ones = atom([1, 1])
        items = split(ones)
        first, second = store.get(items)
        store.set(items.move, first)
        assert store.get(items) == [second, first]

    def test_moving_an_item_to_where_it_is_does_nothing(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        a, b = store.get(items)
        seen: list[object] = []
        with store.subscribe(letters, seen.append):
            store.set(items.move, a, b)
            store.set(items.move, a, a)
            store.set(items.move, b)
        assert seen == []

    def test_a_new_key_makes_a_new_item(self, store: Store) -> None:
        users = atom(people(1))
        items = split(users, by_id)
        one = store.get(items)[0]
        store.set(one, {"id": 2})
        assert store.get(items)[0] is not one
        with pytest.raises(RemovedItemError):
            store.set(one, {"id": 3})

    def test_a_write_that_would_double_a_key_is_undone(self, store: Store) -> None:
        users = atom(people(1, 2))
        items = split(users, by_id)
        before = store.get(users)
        one, two = store.get(items)
        with pytest.raises(ValueError, match="two items of the list have the key 2"):
            store.set(one, {"id": 2})
        with pytest.raises(ValueError, match="two items of the list have the key 2"):
            store.set(items.insert, {"id": 2})
        assert store.get(users) is before
        assert store.get(items) == [one, two]

    def test_an_item_of_a_list_that_cannot_be_set_can_be_read(self, store: Store) -> None:
        letters = atom("ab")
        items = store.get(split(derived(lambda get: list(get(letters)))))
        assert [store.get(item) for item in items] == ["a", "b"]
        with pytest.raises(TypeError):
            store.set(items[0], "x")

    def test_a_writable_derived_list_is_set_through_its_write(self, store: Store) -> None:
        text = atom("ab")
        letters = derived(lambda get: list(get(text)), lambda get, put, value: put(text, "".join(value)))
        items = split(letters)
        store.set(store.get(items)[0], "x")
        store.set(items.insert, "y")
        assert store.get(text) == "xby"
        assert [store.get(item) for item in store.get(items)] == ["x", "b", "y"]


class TestRemovedItems:
    def test_writing_one_raises_and_changes_nothing(self, store: Store) -> None:
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

    def test_reading_one_gives_its_last_value(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        a, _ = store.get(items)
        store.set(a, "A")
        store.set(items.remove, a)
        assert store.get(a) == "A"
        store.set(letters, [])
        assert store.get(a) == "A"

    def test_one_removed_by_setting_the_list_raises_too(self, store: Store) -> None:
        users = atom(people(1, 2))
        one, _ = store.get(split(users, by_id))
        store.set(users, people(2))
        with pytest.raises(RemovedItemError):
            store.set(one, {"id": 1})
        assert store.get(one) == {"id": 1, "age": 20}

    def test_an_observed_one_is_not_notified_of_its_removal(self, store: Store) -> None:
        letters = atom(["a", "b"])
        items = split(letters)
        a, _ = store.get(items)
        seen: list[object] = []
        with store.subscribe(a, seen.append):
            store.set(items.remove, a)
        assert seen == []

    def test_one_whose_key_comes_back_is_the_same_atom_again(self, store: Store) -> None:
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
        # What a store holds of a list are its item atoms, which hold the list atom.
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


class TestBadInput:
    @pytest.mark.parametrize("wrong", [None, [], lambda get: []])
    def test_an_argument_that_is_no_atom_is_refused(self, wrong: object) -> None:
        with pytest.raises(TypeError, match="split: a must be an atom"):
            split(wrong)  # type: ignore[arg-type]

    def test_a_key_that_is_no_function_is_refused(self) -> None:
        with pytest.raises(TypeError, match="split: key must be callable"):
            split(atom([]), "id")  # type: ignore[arg-type]

    def test_an_async_atom_is_refused_and_unwrap_is_named(self) -> None:
        @derived
        async def letters(get):
            return ["a"]

        with pytest.raises(TypeError, match=r"split\(unwrap\(letters, \[\]\)\)"):
            split(letters)

    @pytest.mark.parametrize("wrong", [None, 5, "abc", {"a": 1}])
    def test_a_value_that_is_no_list_raises_when_read(self, store: Store, wrong: object) -> None:
        with pytest.raises(TypeError, match="must hold a list or a tuple"):
            store.get(split(atom(wrong)))  # type: ignore[arg-type]

    def test_an_unhashable_key_raises_and_names_the_split(self, store: Store) -> None:
        users = atom([{"id": []}], name="users")
        with pytest.raises(TypeError, match=r"split\(users\) needs a hashable key"):
            store.get(split(users, by_id))

    def test_two_equal_keys_raise_when_read(self, store: Store) -> None:
        users = atom(people(1, 1))
        with pytest.raises(ValueError, match="two items of the list have the key 1"):
            store.get(split(users, by_id))
        store.set(users, people(1, 2))
        assert len(store.get(split(users, by_id))) == 2

    @pytest.mark.parametrize("wrong", [None, 1, "a", atom(1)])
    def test_an_action_on_something_else_is_refused(self, store: Store, wrong: object) -> None:
        items = split(atom(["a"]))
        for write in (items.remove, items.move):
            with pytest.raises(TypeError, match="item must be one of its item atoms"):
                store.set(write, wrong)

    def test_an_item_of_another_list_is_refused(self, store: Store) -> None:
        items, others = split(atom(["a"])), split(atom(["a"]))
        with pytest.raises(TypeError, match="before must be one of its item atoms"):
            store.set(items.insert, "x", store.get(others)[0])

    def test_setting_an_item_in_a_closed_store_raises(self) -> None:
        letters = atom(["a"])
        store = Store()
        item = store.get(split(letters))[0]
        store.dispose()
        with pytest.raises(StoreClosedError):
            store.set(item, "b")


steps = st.lists(
    st.tuples(st.sampled_from(["insert", "remove", "move", "set", "list"]), st.integers(0, 9), st.integers(0, 9)),
    max_size=20,
)


@given(st.lists(st.integers(0, 3), max_size=5), steps)
def test_whatever_is_done_every_item_shows_the_value_at_its_position(
    values: list[int], todo: list[tuple[str, int, int]]
) -> None:
    """A naive model: a list of (atom, value) pairs, changed by hand next to the store."""
    numbers = atom(list(values))
    items = split(numbers)
    with Store() as store:
        model = list(zip(store.get(items), values, strict=True))
        for kind, one, other in todo:
            before = model[other % len(model)][0] if model and other else None
            where = next((index for index, (item, _) in enumerate(model) if item is before), len(model))
            if kind == "insert":
                model.insert(where, (store.set(items.insert, one, before), one))
            elif kind == "list":
                store.set(numbers, [value for _, value in model][::-1])
                after = store.get(items)
                assert set(after) == {item for item, _ in model}
                model = [(item, dict(model)[item]) for item in after]
            elif model:
                item, value = model[one % len(model)]
                if kind == "remove":
                    store.set(items.remove, item)
                    model.remove((item, value))
                elif kind == "set":
                    store.set(item, other)
                    model[model.index((item, value))] = (item, other)
                elif item is not before:
                    store.set(items.move, item, before)
                    model.remove((item, value))
                    where = next((index for index, (each, _) in enumerate(model) if each is before), len(model))
                    model.insert(where, (item, value))
            assert store.get(items) == [item for item, _ in model]
            assert store.get(numbers) == [value for _, value in model]
            assert [store.get(item) for item in store.get(items)] == [value for _, value in model]
