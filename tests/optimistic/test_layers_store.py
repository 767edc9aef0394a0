"""The layers of an atom in a store: visible values, notifications, and the fate of each layer."""

from collections.abc import Iterator
from typing import Any

import pytest

from halflife import (
    Store,
    StoreClosedError,
    WriteDuringReadError,
    atom,
    derived,
)
from halflife.testing import events
from todo_recipes import append, done, fails, todos_atom


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


class TestLayers:
    def test_a_layer_is_shown_until_it_is_taken_back_alone(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        before = layers.base
        first = layers.apply(done("a"))
        layers.apply(append("c"))
        assert (layers.pending, layers.base is before) == (2, True)
        assert first.rollback() is True
        assert layers.visible == store.get(todos)
        assert store.get(todos) == {"order": ["a", "c"], "items": {"a": {"done": False}, "b": {"done": False}}}
        assert store.get(todos)["items"] is before["items"]

    def test_the_context_is_what_the_recipe_returned_and_never_state(self, store: Store) -> None:
        todos = todos_atom()

        def recipe(draft: Any) -> str:
            draft["order"].append("c")
            return "c"

        layer = store.layers(todos).apply(recipe)
        assert layer.context == "c"
        assert store.get(todos)["order"] == ["a", "c"]

    def test_confirming_never_changes_what_is_shown_and_tells_nobody(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        seen: list[Any] = []
        first, second = layers.apply(append("b")), layers.apply(append("c"))
        with store.subscribe(todos, seen.append):
            assert second.commit() is True
            assert (second.status, layers.pending) == ("confirmed", 1)
            assert first.commit() is True
        assert (first.status, second.status, layers.pending) == ("folded", "folded", 0)
        assert (seen, layers.base["order"]) == ([], ["a", "b", "c"])

    def test_a_confirmation_equal_to_the_prediction_tells_nobody(self, store: Store) -> None:
        todos = todos_atom()
        seen: list[Any] = []
        layer = store.layers(todos).apply(lambda draft: draft["items"].update(c={"done": True, "tags": ["x"]}))
        with store.subscribe(todos, seen.append):
            layer.commit(server=lambda draft: draft["items"].update(c={"done": True, "tags": ["x"]}))
        assert seen == []
        assert store.get(todos)["items"]["c"] == {"done": True, "tags": ["x"]}

    def test_the_servers_answer_takes_the_place_of_the_recipe(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        first = layers.apply(append("b"))
        layers.apply(append("c"))
        assert layers.commit(first, lambda draft: draft["order"].append("B")) is True
        assert store.get(todos)["order"] == ["a", "B", "c"]

    def test_a_temporary_id_becomes_the_servers_under_later_layers(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)

        def use_server_id(draft: Any) -> None:
            draft["items"]["id-7"] = draft["items"].pop("tmp")

        first = layers.apply(lambda draft: draft["items"].update(tmp={"done": False}))
        layers.apply(append("c"))
        assert first.commit(then=use_server_id) is True
        assert list(store.get(todos)["items"]) == ["a", "b", "id-7"]
        assert store.get(todos)["order"] == ["a", "c"]

    def test_settling_twice_changes_nothing(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        first, second = layers.apply(append("b")), layers.apply(append("c"))
        assert [first.rollback(), first.rollback(), first.commit()] == [True, False, False]
        assert [second.commit(), second.commit(), second.rollback()] == [True, False, False]
        assert store.get(todos)["order"] == ["a", "c"]

    def test_a_layer_is_also_known_by_its_id(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        first, second = layers.apply(append("b")), layers.apply(append("c"))
        assert layers.rollback(first.id) is True
        assert layers.commit(second.id) is True
        assert layers.rollback(second.id) is False
        assert store.get(todos)["order"] == ["a", "c"]

    def test_an_id_of_long_ago_is_no_newer_layers(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        old = layers.apply(append("b"))
        old.commit()
        layers.apply(append("c"))
        assert layers.rollback(old.id) is False
        assert store.get(todos)["order"] == ["a", "b", "c"]

    def test_arguments_other_than_layers_are_refused(self, store: Store) -> None:
        layers = store.layers(todos_atom())
        for wrong in ("1", None, True, 1.0):
            with pytest.raises(TypeError, match="layer must be a Layer or the id of one"):
                layers.rollback(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"Store\.layers\(\): a must be a draft atom"):
            store.layers(atom(1))  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="recipe must be callable"):
            layers.apply(5)  # type: ignore[arg-type]

    def test_an_update_or_a_set_over_layers_outlives_those_below(self, store: Store) -> None:
        todos = todos_atom()
        layer = store.layers(todos).apply(append("b"))
        store.update(todos, append("c"))
        assert store.get(todos)["order"] == ["a", "b", "c"]
        layer.rollback()
        assert store.get(todos)["order"] == ["a", "c"]
        layer = store.layers(todos).apply(append("d"))
        store.set(todos, {"order": [], "items": {}})
        layer.rollback()
        assert store.get(todos) == {"order": [], "items": {}}

    def test_authoritative_data_goes_below_what_is_pending(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        seen: list[Any] = []
        first, second = layers.apply(append("b")), layers.apply(append("c"))
        second.commit()
        with store.subscribe(todos, seen.append):
            layers.set_base({"order": ["new"], "items": {}})
            layers.edit_base(lambda draft: draft["items"].update(z=1))
        assert (second.status, first.status) == ("superseded", "pending")
        assert seen == [
            {"order": ["new", "b"], "items": {}},
            {"order": ["new", "b"], "items": {"z": 1}},
        ]
        first.rollback()
        assert store.get(todos) is layers.base

    def test_without_layers_base_and_visible_are_the_value(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        assert layers.base is layers.visible is store.get(todos)
        layers.set_base({"order": [], "items": {}})
        layers.edit_base(append("x"))
        layers.update(append("y"))
        assert store.get(todos)["order"] == ["x", "y"]
        layers.set({"order": ["z"], "items": {}})
        assert (store.get(todos)["order"], layers.pending) == (["z"], 0)

    def test_all_can_be_taken_back_or_confirmed_at_once(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        seen: list[Any] = []
        with store.subscribe(todos, seen.append):
            for key in "bcd":
                layers.apply(append(key))
            layers.rollback_all()
            assert (len(seen), store.get(todos)["order"]) == (4, ["a"])
            made = [layers.apply(append(key)) for key in "bcd"]
            layers.commit_all()
        assert (len(seen), layers.pending) == (7, 0)
        assert [layer.status for layer in made] == ["folded"] * 3

    def test_a_recipe_that_raises_records_nothing(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        with pytest.raises(KeyError, match="no"):
            store.layers(todos).apply(fails)
        assert (store.get(todos) is before, store.layers(todos).pending) == (True, 0)

    def test_each_operation_is_one_event(self, store: Store) -> None:
        todos = todos_atom()
        log = events(store)
        layer = store.layers(todos).apply(append("b"))
        layer.rollback()
        assert [value["order"] for value in log.details("set", todos)] == [["a", "b"], ["a"]]

    def test_reading_is_not_writing(self, store: Store) -> None:
        todos = todos_atom()
        sneaky = derived(lambda get: store.layers(todos).apply(append("b")))
        with pytest.raises(WriteDuringReadError):
            store.get(sneaky)
        assert store.layers(todos).pending == 0

    def test_reprs_tell_what_is_pending(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        layer = layers.apply(append("b"))
        assert repr(layers) == "<Layers of todos: 1 pending>"
        assert repr(layer) == f"<Layer {layer.id} of todos, pending>"

    def test_a_closed_store_says_so_and_old_handles_can_still_be_shown(self) -> None:
        todos = todos_atom()
        store = Store()
        layers = store.layers(todos)
        layer = layers.apply(append("b"))
        store.dispose()
        assert layer.status == "pending"
        assert "Layer" in repr(layer)
        with pytest.raises(StoreClosedError):
            layer.rollback()
        with pytest.raises(StoreClosedError):
            layers.apply(append("c"))


class TestTakingAlong:
    def test_pending_edits_are_not_dehydrated(self) -> None:
        todos = todos_atom()
        with Store() as store:
            store.update(todos, append("b"))
            store.layers(todos).apply(append("c"))
            data = store.dehydrate([todos])
        with Store() as other:
            other.hydrate(data)
            assert other.get(todos)["order"] == ["a", "b"]
            assert other.layers(todos).pending == 0
