"""A split list against a naive model, through random sequences of operations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halflife import Store, atom, split
from halflife._atoms.split_reconciler import ItemReconciler

steps = st.lists(
    st.tuples(st.sampled_from(["insert", "remove", "move", "set", "list"]), st.integers(0, 9), st.integers(0, 9)),
    max_size=20,
)


@given(st.lists(st.integers(0, 3), max_size=5), steps)
def test_whatever_is_done_every_item_shows_the_value_at_its_position(
    values: list[int], todo: list[tuple[str, int, int]]
) -> None:
    compare(values, todo)


def test_the_model_notices_a_planted_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ItemReconciler, "expect", lambda reconciler, values, items: None)
    with pytest.raises(AssertionError):
        compare([1, 1], [("remove", 0, 0)])


def compare(values: list[int], todo: list[tuple[str, int, int]]) -> None:
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
