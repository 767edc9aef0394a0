"""Lenses: a part of an atom's value as an atom; reading, editing and replacing the part, and a part that is gone."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from halflife import LensError, RecipeError, Store, atom, derived, draft_atom, lens


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def todos_atom() -> Any:
    return draft_atom(
        {
            "order": ["a", "b"],
            "items": {"a": {"text": "milk", "tags": []}, "b": {"text": "Ada", "tags": []}},
            "count": 2,
        },
        name="todos",
    )


def item(key: str) -> Any:
    return lambda value: value["items"][key]


class TestReading:
    def test_a_lens_gives_the_part(self, store: Store) -> None:
        todos = todos_atom()
        first = lens(todos, item("a"))
        assert store.get(first) is store.get(todos)["items"]["a"]

    def test_a_lens_changes_only_when_the_part_does(self, store: Store) -> None:
        todos = todos_atom()
        seen: list[Any] = []
        runs: list[Any] = []
        first = lens(todos, item("a"))
        shout = derived(lambda get: (runs.append(1), get(first)["text"].upper())[1])
        with store.subscribe(first, seen.append), store.subscribe(shout, lambda value: None):
            store.update(todos, lambda draft: draft["items"]["b"].update(text="Grace"))
            store.update(todos, lambda draft: draft["order"].append("c"))
            assert (seen, len(runs)) == ([], 1)
            store.update(todos, lambda draft: draft["items"]["a"].update(text="oat milk"))
        assert ([value["text"] for value in seen], len(runs)) == (["oat milk"], 2)

    def test_a_lens_of_a_lens_is_a_part_of_the_part(self, store: Store) -> None:
        todos = todos_atom()
        text = lens(lens(lens(todos, lambda value: value["items"]), lambda items: items["a"]), lambda one: one["text"])
        assert store.get(text) == "milk"

    def test_the_same_arguments_give_the_same_atom(self) -> None:
        todos, focus = todos_atom(), item("a")
        assert lens(todos, focus) is lens(todos, focus)
        assert lens(todos, focus) is not lens(todos, item("a"))

    def test_a_lens_is_named_after_its_root_and_its_focus(self) -> None:
        def first(value: Any) -> Any:
            return value["items"]["a"]

        todos = todos_atom()
        assert lens(todos, first).name == "todos.first"
        assert lens(todos, item("a")).name == "todos.lens"
        assert lens(todos, first, name="one").name == "one"

    def test_wrong_arguments_of_lens_are_refused(self) -> None:
        with pytest.raises(TypeError, match="root must be a draft atom"):
            lens(atom({}), item("a"))  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="focus must be callable"):
            lens(todos_atom(), "a")  # type: ignore[arg-type]


class TestEditing:
    def test_a_recipe_edits_the_root_through_a_draft_of_the_part(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        seen: list[Any] = []
        with store.subscribe(todos, seen.append):
            store.update(lens(todos, item("a")), lambda draft: draft["tags"].append("urgent"))
        assert len(seen) == 1
        assert store.get(todos)["items"]["a"] == {"text": "milk", "tags": ["urgent"]}
        assert before["items"]["a"]["tags"] == []
        assert store.get(todos)["items"]["b"] is before["items"]["b"]
        assert store.get(todos)["order"] is before["order"]

    def test_editing_through_a_lens_of_a_lens(self, store: Store) -> None:
        todos = todos_atom()
        items = lens(todos, lambda value: value["items"])
        tags = lens(lens(items, lambda value: value["b"]), lambda one: one["tags"])
        store.update(tags, lambda draft: draft.append("x"))
        assert store.get(todos)["items"]["b"]["tags"] == ["x"]
        assert store.get(tags) == ["x"]

    def test_set_replaces_the_part(self, store: Store) -> None:
        todos = todos_atom()
        first = lens(todos, item("a"))
        new = {"text": "bread", "tags": ["x"]}
        store.set(first, new)
        assert store.get(first) is store.get(todos)["items"]["a"] is new
        store.set(lens(todos, lambda value: value["count"]), 7)
        assert store.get(todos)["count"] == 7
        store.set(lens(todos, lambda value: value["order"][0]), "z")
        assert store.get(todos)["order"] == ["z", "b"]

    def test_a_recipe_may_return_the_new_part_also_of_a_number(self, store: Store) -> None:
        todos = todos_atom()
        store.update(lens(todos, lambda value: value["count"]), lambda count: count + 1)
        store.update(lens(todos, item("a")), lambda draft: {"text": "new"})
        assert (store.get(todos)["count"], store.get(todos)["items"]["a"]) == (3, {"text": "new"})

    def test_a_recipe_that_returns_nothing_or_the_part_itself_only_edits(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        store.update(lens(todos, lambda value: value["count"]), lambda count: None)
        store.update(lens(todos, lambda value: value["count"]), lambda count: count)
        assert store.get(todos) is before
        store.update(lens(todos, item("a")), lambda draft: draft["tags"].append("x") or draft)
        assert store.get(todos)["items"]["a"]["tags"] == ["x"]

    def test_edits_and_another_value_are_refused(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        with pytest.raises(RecipeError, match="edits its draft and returns another value"):
            store.update(lens(todos, lambda value: value["order"]), lambda draft: draft.pop(0))
        assert store.get(todos) is before

    def test_a_part_found_by_looking_through_a_list_can_be_edited_and_replaced(self, store: Store) -> None:
        rows = draft_atom([{"id": 1, "n": 1}, {"id": 2, "n": 1}])
        second = lens(rows, lambda value: next(row for row in value if row["id"] == 2))
        store.update(second, lambda draft: draft.update(n=5))
        assert store.get(rows) == [{"id": 1, "n": 1}, {"id": 2, "n": 5}]
        store.set(second, {"id": 2, "n": 9})
        assert store.get(rows) == [{"id": 1, "n": 1}, {"id": 2, "n": 9}]

    def test_a_part_found_by_looking_may_be_nested_and_in_a_record(self, store: Store) -> None:
        @dataclass(frozen=True)
        class Board:
            rows: list[dict[str, int]]

        boards = draft_atom({"mine": Board([{"id": 1}, {"id": 2}])})
        second = lens(boards, lambda value: next(row for row in value["mine"].rows if row["id"] == 2))
        store.set(second, {"id": 2, "n": 5})
        assert store.get(boards) == {"mine": Board([{"id": 1}, {"id": 2, "n": 5}])}

    def test_a_lens_at_a_number_that_is_the_whole_is_the_number(self, store: Store) -> None:
        count = draft_atom(1)
        same = lens(count, lambda value: value)
        store.update(same, lambda value: value + 1)
        store.set(same, store.get(same) * 10)
        assert store.get(count) == 20

    def test_a_part_that_is_computed_cannot_be_replaced(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        size = lens(todos, lambda value: len(value["order"]) * 100)
        assert store.get(size) == 200
        with pytest.raises(LensError, match=r"returns a value that was computed or copied"):
            store.set(size, 3)
        assert store.get(todos) is before

    def test_a_lens_at_the_whole_is_the_whole(self, store: Store) -> None:
        todos = todos_atom()
        whole = lens(todos, lambda value: value)
        store.update(whole, lambda draft: draft.update(count=9))
        assert store.get(todos)["count"] == 9
        store.set(whole, {"count": 1})
        assert store.get(todos) == {"count": 1}
        store.update(whole, lambda draft: {"count": 2})
        assert store.get(todos) == {"count": 2}

    def test_records_are_looked_into_by_attribute(self, store: Store) -> None:
        @dataclass(frozen=True)
        class Kind:
            name: str
            has_direction: bool

        kinds = draft_atom({"owns": Kind("owns", has_direction=False)})
        direction = lens(kinds, lambda value: value["owns"].has_direction)
        store.set(direction, True)
        assert store.get(kinds)["owns"] == Kind("owns", has_direction=True)
        store.update(lens(kinds, lambda value: value["owns"]), lambda draft: setattr(draft, "name", "has"))
        assert store.get(kinds)["owns"] == Kind("has", has_direction=True)


class TestVanishedParts:
    def test_reading_and_writing_raise_and_the_root_stays_as_it_is(self, store: Store) -> None:
        todos = todos_atom()
        first = lens(todos, item("a"), name="first")
        store.update(todos, lambda draft: draft["items"].pop("a") and None)
        before = store.get(todos)
        with pytest.raises(LensError, match=r"first does not find its part of todos: KeyError: 'a'") as raised:
            store.get(first)
        assert isinstance(raised.value, LookupError)
        assert isinstance(raised.value.__cause__, KeyError)
        for write in (
            lambda: store.update(first, lambda draft: draft.clear()),
            lambda: store.set(first, {}),
            lambda: store.layers(first).apply(lambda draft: draft.clear()),
            lambda: store.layers(first).visible,
        ):
            with pytest.raises(LensError, match="first does not find its part"):
                write()
        assert store.get(todos) is before
        assert store.layers(todos).pending == 0

    def test_a_lens_works_again_when_its_part_is_back(self, store: Store) -> None:
        todos = todos_atom()
        new = lens(todos, item("new"))
        seen: list[Any] = []
        errors: list[BaseException] = []
        with store.subscribe(new, seen.append, errors.append):
            store.update(todos, lambda draft: draft["items"].update(new=1))
            store.update(todos, lambda draft: draft["items"].pop("new") and None)
        assert (seen, [type(error) for error in errors]) == ([1], [LensError])

    def test_the_error_of_the_outer_lens_is_that_of_the_inner_one(self, store: Store) -> None:
        todos = todos_atom()
        gone = lens(todos, item("zzz"), name="gone")
        with pytest.raises(LensError, match="gone does not find"):
            store.get(lens(gone, lambda one: one["text"]))
        with pytest.raises(LensError, match="gone does not find"):
            store.set(lens(gone, lambda one: one["text"]), "x")


class TestLayers:
    def test_a_layer_on_a_lens_is_a_layer_of_the_root(self, store: Store) -> None:
        todos = todos_atom()
        first = lens(todos, item("a"))
        layers = store.layers(first)

        def rename(draft: Any) -> str:
            draft["text"] = "bread"
            return "renamed"

        layer = layers.apply(rename)
        assert (layer.context, layers.visible["text"], layers.base["text"]) == ("renamed", "bread", "milk")
        assert (layers.pending, store.layers(todos).pending) == (1, 1)
        store.update(todos, lambda draft: draft["order"].append("c"))
        assert store.layers(todos).rollback(layer) is True
        assert store.get(todos)["items"]["a"]["text"] == "milk"
        assert store.get(todos)["order"] == ["a", "b", "c"]

    def test_server_and_then_are_recipes_for_the_part(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(lens(todos, item("a")))
        one = layers.apply(lambda draft: draft.update(text="mine"))
        one.commit(server=lambda draft: draft.update(text="theirs"), then=lambda draft: draft["tags"].append("saved"))
        assert store.get(todos)["items"]["a"] == {"text": "theirs", "tags": ["saved"]}

    def test_the_base_of_the_part_can_be_set_below_what_is_pending(self, store: Store) -> None:
        todos = todos_atom()
        first = lens(todos, item("a"))
        layers = store.layers(first)
        layers.apply(lambda draft: draft["tags"].append("mine"))
        layers.set_base({"text": "bread", "tags": ["new"]})
        assert store.get(first) == {"text": "bread", "tags": ["new", "mine"]}
        layers.edit_base(lambda draft: draft.update(text="cake"))
        assert (store.get(first)["text"], layers.base) == ("cake", {"text": "cake", "tags": ["new"]})
        layers.update(lambda draft: draft.update(text="tart"))
        layers.rollback_all()
        assert store.get(first) == {"text": "tart", "tags": ["new"]}
        layers.set({"text": "pie", "tags": []})
        assert store.get(todos)["items"]["a"] == {"text": "pie", "tags": []}

    def test_the_layers_are_called_after_the_lens(self, store: Store) -> None:
        assert repr(store.layers(lens(todos_atom(), item("a"), name="first"))) == "<Layers of first: 0 pending>"

    def test_a_layer_outlives_the_lens_it_was_made_through(self) -> None:
        reported: list[BaseException] = []
        todos = todos_atom()
        with Store(on_error=reported.append) as store:
            store.layers(lens(todos, lambda value: value["items"]["a"], name="one")).apply(
                lambda draft: draft.update(text="bread")
            )
            gc.collect()
            store.layers(todos).edit_base(lambda draft: draft["items"].pop("a") and None)
            assert isinstance(reported[0], LensError)
            assert "a lens of todos" in str(reported[0])


def test_a_lens_that_nobody_holds_is_freed(store: Store) -> None:
    todos = todos_atom()
    one = lens(todos, lambda value: value["items"]["a"], name="one")
    store.update(one, lambda draft: draft.update(text="x"))
    assert store.get(one)["text"] == "x"
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None


def test_a_root_and_its_lenses_are_freed_together(store: Store) -> None:
    todos = todos_atom()
    one = lens(todos, item("a"))
    store.get(one)
    store.layers(one).apply(lambda draft: draft.update(text="x"))
    gone = [weakref.ref(todos), weakref.ref(one)]
    del todos, one
    gc.collect()
    assert [reference() for reference in gone] == [None, None]
