"""Draft atoms: source atoms edited by recipes; their visible value, and how often subscribers are notified."""

from collections.abc import Iterator
from typing import Any

import pytest

from halflife import (
    RecipeError,
    Store,
    action,
    atom,
    derived,
    draft_atom,
)
from todo_recipes import append, done, fails, todos_atom


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


class TestDraftAtoms:
    def test_an_update_edits_a_draft_and_leaves_the_value_before_as_it_was(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        store.update(todos, done("a"))
        assert store.get(todos)["items"]["a"] == {"done": True}
        assert before["items"]["a"] == {"done": False}
        assert store.get(todos)["order"] is before["order"]
        assert store.get(todos)["items"]["b"] is before["items"]["b"]

    def test_each_update_tells_a_subscriber_once(self, store: Store) -> None:
        todos = todos_atom()
        seen: list[Any] = []

        def edit(draft: Any) -> None:
            draft["items"]["a"]["done"] = True
            draft["order"].append("c")
            draft["order"].sort()

        with store.subscribe(todos, seen.append):
            store.update(todos, edit)
        assert [value["order"] for value in seen] == [["a", "c"]]

    def test_an_update_that_changes_nothing_tells_nobody(self, store: Store) -> None:
        todos = todos_atom()
        seen: list[Any] = []
        before = store.get(todos)
        with store.subscribe(todos, seen.append):
            store.update(todos, lambda draft: None)
            store.update(todos, lambda draft: draft["items"]["a"].update(done=False))
        assert seen == []
        assert store.get(todos) is before

    def test_a_value_that_the_recipe_returns_replaces_the_whole(self, store: Store) -> None:
        todos = todos_atom()
        store.update(todos, lambda draft: {"order": [], "items": {}})
        assert store.get(todos) == {"order": [], "items": {}}
        count = draft_atom(1)
        store.update(count, lambda value: value + 1)
        assert store.get(count) == 2

    def test_edits_and_another_value_are_refused(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        with pytest.raises(RecipeError):
            store.update(todos, lambda draft: draft["order"].pop(0))
        assert store.get(todos) is before

    def test_a_recipe_that_raises_changes_nothing(self, store: Store) -> None:
        todos = todos_atom()
        before = store.get(todos)
        with pytest.raises(KeyError, match="no"):
            store.update(todos, fails)
        assert store.get(todos) is before

    def test_set_works_as_with_any_atom(self, store: Store) -> None:
        todos = todos_atom()
        store.set(todos, {"order": ["z"], "items": {}})
        assert store.get(todos) == {"order": ["z"], "items": {}}

    def test_an_action_updates_it_in_its_own_batch(self, store: Store) -> None:
        todos, count = todos_atom(), atom(0)
        seen: list[Any] = []

        @action
        def add(get: Any, set: Any, key: str) -> None:
            set.store.update(todos, append(key))
            set(count, len(get(todos)["order"]))

        total = derived(lambda get: (len(get(todos)["order"]), get(count)))
        with store.subscribe(total, seen.append):
            store.set(add, "b")
        assert seen == [(2, 2)]

    def test_equals_and_on_mount_are_those_of_any_atom(self, store: Store) -> None:
        mounted: list[str] = []
        todos = todos_atom(equals="deep", on_mount=lambda set: mounted.append("mounted"))
        seen: list[Any] = []
        with store.subscribe(todos, seen.append):
            store.set(todos, {"order": ["a"], "items": {"a": {"done": False}, "b": {"done": False}}})
        assert (seen, mounted) == ([], ["mounted"])

    def test_each_store_has_a_value_and_layers_of_its_own(self) -> None:
        todos = todos_atom()
        with Store() as one, Store() as other:
            one.update(todos, append("b"))
            layer = other.layers(todos).apply(append("c"))
            assert (one.get(todos)["order"], other.get(todos)["order"]) == (["a", "b"], ["a", "c"])
            assert (one.layers(todos).pending, other.layers(todos).pending) == (0, 1)
            assert one.layers(todos).rollback(layer) is False
            assert layer.status == "pending"

    def test_async_recipes_are_refused_at_once(self, store: Store) -> None:
        todos = todos_atom()

        async def recipe(draft: Any) -> None:
            """Never awaited."""

        with pytest.raises(TypeError, match="plain function"):
            store.update(todos, recipe)
        with pytest.raises(TypeError, match="plain function"):
            store.layers(todos).apply(recipe)

    @pytest.mark.parametrize(
        ("options", "error"),
        [({"replay": 5}, TypeError), ({"replay": "never"}, ValueError), ({"equals": 5}, TypeError)],
    )
    def test_wrong_options_are_refused(self, options: dict[str, Any], error: type[Exception]) -> None:
        with pytest.raises(error, match="draft_atom"):
            draft_atom({}, **options)
