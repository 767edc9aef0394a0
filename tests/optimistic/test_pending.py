"""`pending_at`: is there an unconfirmed edit at a path of the value?"""

from collections.abc import Iterator
from typing import Any

import pytest

from halflife import Store, atom, draft_atom, lens, pending_at


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def rows_atom() -> Any:
    return draft_atom({"a": {"n": 1, "m": 1}, "b": {"n": 1, "m": 1}}, name="rows")


def test_a_place_is_pending_while_a_layer_writes_at_or_below_it(store: Store) -> None:
    rows = rows_atom()
    assert store.get(pending_at(rows)) is False
    layer = store.layers(rows).apply(lambda draft: draft["a"].update(n=2))
    assert store.get(pending_at(rows)) is True
    assert store.get(pending_at(rows, "a")) is True
    assert store.get(pending_at(rows, "a", "n")) is True
    assert store.get(pending_at(rows, "a", "m")) is False
    assert store.get(pending_at(rows, "b")) is False
    assert store.get(pending_at(rows, "no such row")) is False
    layer.commit()
    assert store.get(pending_at(rows)) is False


def test_an_item_is_pending_while_the_layer_that_appended_it_is(store: Store) -> None:
    rows = draft_atom([{"id": 1}], name="rows")
    first = store.layers(rows).apply(lambda draft: draft.append({"id": 2}))
    second = store.layers(rows).apply(lambda draft: draft.append({"id": 3}))
    assert [store.get(pending_at(rows, place)) for place in range(4)] == [False, True, True, False]
    second.commit()
    assert [store.get(pending_at(rows, place)) for place in range(3)] == [False, True, False]
    first.rollback()
    assert store.get(rows) == [{"id": 1}, {"id": 3}]
    assert [store.get(pending_at(rows, place)) for place in range(2)] == [False, False]


def test_only_the_rows_that_change_their_state_are_told(store: Store) -> None:
    rows = rows_atom()
    told: list[Any] = []
    with (
        store.subscribe(pending_at(rows, "a"), lambda value: told.append(("a", value))),
        store.subscribe(pending_at(rows, "b"), lambda value: told.append(("b", value))),
    ):
        first = store.layers(rows).apply(lambda draft: draft["a"].update(n=2))
        second = store.layers(rows).apply(lambda draft: draft["a"].update(m=2))
        first.commit()
        assert told == [("a", True)]
        second.rollback()
    assert told == [("a", True), ("a", False)]


def test_an_update_that_is_confirmed_at_once_is_not_pending(store: Store) -> None:
    rows = rows_atom()
    store.update(rows, lambda draft: draft["a"].update(n=2))
    assert store.get(pending_at(rows)) is False


def test_a_failed_batch_leaves_pending_at_unchanged(store: Store) -> None:
    rows = rows_atom()
    told: list[bool] = []
    with store.subscribe(pending_at(rows, "a"), told.append), pytest.raises(KeyError), store.batch():
        store.layers(rows).apply(lambda draft: draft["a"].update(n=2))
        assert store.get(pending_at(rows, "a")) is True
        raise KeyError
    assert told == []
    assert store.get(pending_at(rows, "a")) is False


def test_through_a_lens_the_path_begins_at_the_part(store: Store) -> None:
    rows = rows_atom()
    first = lens(rows, lambda value: value["a"])
    number = lens(first, lambda value: value["n"])
    assert store.get(pending_at(first)) is False
    store.layers(rows).apply(lambda draft: draft["a"].update(n=2))
    assert store.get(pending_at(first)) is True
    assert store.get(pending_at(first, "n")) is True
    assert store.get(pending_at(first, "m")) is False
    assert store.get(pending_at(number)) is True
    assert store.get(pending_at(lens(rows, lambda value: value["b"]))) is False
    gone = lens(rows, lambda value: value["gone"])
    assert store.get(pending_at(gone)) is False
    assert store.get(pending_at(lens(gone, lambda value: value["n"]))) is False
    assert store.get(pending_at(lens(rows, lambda value: value))) is True


def test_the_same_arguments_give_the_same_atom() -> None:
    rows = rows_atom()
    assert pending_at(rows, "a", 1) is pending_at(rows, "a", 1)
    assert pending_at(rows, "a", 1) is not pending_at(rows, "a", True)
    assert pending_at(rows, "a", 1).name == "pending_at(rows, 'a', 1)"


def test_other_atoms_have_no_layers() -> None:
    with pytest.raises(TypeError, match="pending_at: the atom must be a draft atom"):
        pending_at(atom({}), "a")  # type: ignore[arg-type]
