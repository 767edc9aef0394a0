"""Split lists: reading, setting, inserting, removing and moving items, and notifications."""

from collections.abc import Iterator
from typing import Any

import pytest

from halflife import RemovedItemError, Store, StoreClosedError, atom, derived, split


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

    def test_changing_the_returned_list_of_items_does_not_change_the_list_atom(self, store: Store) -> None:
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

    def test_a_write_that_would_duplicate_a_key_is_rolled_back(self, store: Store) -> None:
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
