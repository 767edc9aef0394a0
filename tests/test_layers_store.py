"""Draft atoms and their layers in a store: what is shown, who is told how often, what a failed batch takes back."""

import gc
import logging
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from halflife import (
    HalflifeError,
    Layer,
    Layers,
    RecipeError,
    Store,
    StoreClosedError,
    WriteDuringReadError,
    action,
    atom,
    derived,
    draft_atom,
)
from halflife.testing import events


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def todos_atom(**options: Any) -> Any:
    return draft_atom({"order": ["a"], "items": {"a": {"done": False}, "b": {"done": False}}}, name="todos", **options)


def done(key: str) -> Any:
    return lambda draft: draft["items"][key].update(done=True)


def append(key: str) -> Any:
    return lambda draft: draft["order"].append(key)


def fails(draft: Any) -> None:
    draft["order"].append("half")
    raise KeyError("no")


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

    def test_set_sets_it_like_any_atom(self, store: Store) -> None:
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

    def test_what_is_no_layer_is_refused(self, store: Store) -> None:
        layers = store.layers(todos_atom())
        for wrong in ("1", None, True, 1.0):
            with pytest.raises(TypeError, match="layer must be a Layer or the id of one"):
                layers.rollback(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"Store\.layers\(\) takes a draft atom"):
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
    def test_what_may_still_be_taken_back_is_not_dehydrated(self) -> None:
        todos = todos_atom()
        with Store() as store:
            store.update(todos, append("b"))
            store.layers(todos).apply(append("c"))
            data = store.dehydrate([todos])
        with Store() as other:
            other.hydrate(data)
            assert other.get(todos)["order"] == ["a", "b"]
            assert other.layers(todos).pending == 0


class TestConflicts:
    def test_a_layer_that_no_longer_applies_is_reported_once_and_tried_again(self) -> None:
        reported: list[BaseException] = []
        todos = todos_atom()
        with Store(on_error=reported.append) as store:
            layers = store.layers(todos)
            make = layers.apply(lambda draft: draft["items"].update(c={"done": False}))
            tick = layers.apply(done("c"))
            make.rollback()
            assert (tick.status, layers.pending) == ("conflicted", 1)
            assert isinstance(tick.error, KeyError)
            assert [type(error) for error in reported] == [KeyError]
            assert "conflicted: KeyError" in repr(tick)
            layers.edit_base(lambda draft: draft["items"].update(c={"done": False}))
            assert (tick.status, tick.error) == ("pending", None)
            assert store.get(todos)["items"]["c"] == {"done": True}
            assert len(reported) == 1

    def test_without_on_error_it_is_one_log_record_that_names_the_atom(self, caplog: Any) -> None:
        todos = todos_atom()
        with Store() as store, caplog.at_level(logging.ERROR, "halflife"):
            layers = store.layers(todos)
            make = layers.apply(lambda draft: draft["items"].update(c={"done": False}))
            layers.apply(done("c"))
            make.rollback()
        assert [record.message for record in caplog.records] == ["an error of todos that nobody handles: KeyError('c')"]

    def test_who_is_told_may_write(self) -> None:
        todos, failed = todos_atom(), atom(0)

        def on_error(error: BaseException) -> None:
            store.update(failed, lambda count: count + 1)
            store.layers(todos).rollback_all()

        with Store(on_error=on_error) as store:
            layers = store.layers(todos)
            make = layers.apply(lambda draft: draft["items"].update(c={"done": False}))
            layers.apply(done("c"))
            make.rollback()
            assert (store.get(failed), layers.pending) == (1, 0)


class TestBatches:
    def test_a_batch_of_edits_tells_once(self, store: Store) -> None:
        todos = todos_atom()
        seen: list[Any] = []
        with store.subscribe(todos, seen.append), store.batch():
            layers = store.layers(todos)
            first = layers.apply(append("b"))
            layers.apply(append("c"))
            first.rollback()
            store.update(todos, append("d"))
        assert [value["order"] for value in seen] == [["a", "c", "d"]]

    def test_a_batch_that_puts_everything_back_tells_nobody(self, store: Store) -> None:
        todos = todos_atom()
        seen: list[Any] = []
        with store.subscribe(todos, seen.append), store.batch():
            store.layers(todos).apply(append("b")).rollback()
        assert seen == []

    def test_a_failed_batch_takes_its_layers_back(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        seen: list[Any] = []
        before = store.get(todos)
        with store.subscribe(todos, seen.append), pytest.raises(KeyError), store.batch():
            layer = layers.apply(append("b"))
            assert (layer.status, layers.pending) == ("pending", 1)
            raise KeyError
        assert (layer.status, layers.pending, seen) == ("rolled_back", 0, [])
        assert store.get(todos) is before
        assert layer.rollback() is layer.commit() is False

    def test_a_failed_batch_gives_back_what_it_settled(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        first, second = layers.apply(append("b")), layers.apply(append("c"))
        before = store.get(todos)
        with pytest.raises(KeyError), store.batch():
            first.rollback()
            second.commit()
            third = layers.apply(append("d"))
            layers.set_base({"order": ["new"], "items": {}})
            assert store.get(todos)["order"] == ["new", "d"]
            raise KeyError
        assert [layer.status for layer in (first, second, third)] == ["pending", "pending", "rolled_back"]
        assert (store.get(todos), layers.pending) == (before, 2)
        first.rollback()
        assert store.get(todos)["order"] == ["a", "c"]
        second.commit()
        assert (layers.base["order"], layers.pending) == (["a", "c"], 0)

    def test_only_the_inner_batch_that_failed_is_taken_back(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        with store.batch():
            kept = layers.apply(append("b"))
            with pytest.raises(KeyError), store.batch():
                layers.apply(append("c"))
                kept.rollback()
                raise KeyError
            layers.apply(append("d"))
        assert (kept.status, store.get(todos)["order"]) == ("pending", ["a", "b", "d"])
        assert layers.pending == 2

    def test_an_action_that_raises_takes_its_layers_back(self, store: Store) -> None:
        todos = todos_atom()
        outer = store.layers(todos).apply(append("b"))

        @action
        def fail(get: Any, set: Any) -> None:
            set.store.layers(todos).apply(append("c"))
            set.store.update(todos, append("d"))
            outer.rollback()
            raise KeyError

        with pytest.raises(KeyError):
            store.set(fail)
        assert (outer.status, store.get(todos)["order"], store.layers(todos).pending) == ("pending", ["a", "b"], 1)

    def test_layers_that_a_failed_batch_emptied_are_there_again(self, store: Store) -> None:
        todos = todos_atom()
        layers = store.layers(todos)
        layer = layers.apply(append("b"))
        with pytest.raises(KeyError), store.batch():
            layer.commit()
            store.update(todos, append("c"))
            raise KeyError
        assert (layer.status, layers.pending, layers.base["order"]) == ("pending", 1, ["a"])
        layer.rollback()
        assert store.get(todos)["order"] == ["a"]

    def test_subscribers_that_fail_do_not_take_the_edit_back(self, store: Store) -> None:
        todos = todos_atom()

        def fail(value: Any) -> None:
            raise ValueError("subscriber")

        with store.subscribe(todos, fail), pytest.raises(ExceptionGroup, match="what was set stands"):
            store.layers(todos).apply(append("b"))
        assert (store.get(todos)["order"], store.layers(todos).pending) == (["a", "b"], 1)


class TestFreeStandingLayers:
    def test_they_need_no_store(self) -> None:
        layers = Layers({"likes": 7, "title": "Draft"})
        like = layers.apply(lambda draft: draft.update(likes=draft["likes"] + 1))
        layers.apply(lambda draft: draft.update(title="Layers"))
        assert like.rollback() is True
        assert (layers.visible, layers.pending) == ({"likes": 7, "title": "Layers"}, 1)
        layers.commit_all()
        assert layers.base == {"likes": 7, "title": "Layers"}

    def test_values_may_be_records_and_scalars(self) -> None:
        @dataclass(frozen=True)
        class Point:
            x: int
            tags: list[str]

        def edit(draft: Any) -> None:
            draft.tags.append("a")

        layers = Layers(Point(1, []))
        layers.apply(edit)
        assert layers.visible == Point(1, ["a"])
        assert layers.base == Point(1, [])
        number = Layers(1)
        number.update(lambda value: value + 1)
        assert (number.visible, number.base) == (2, 2)

    def test_conflicts_go_to_on_error(self) -> None:
        told: list[BaseException] = []
        layers: Layers[dict[str, Any]] = Layers({}, on_error=told.append)
        make = layers.apply(lambda draft: draft.update(a=[]))
        layers.apply(lambda draft: draft["a"].append(1))
        make.rollback()
        assert [type(error) for error in told] == [KeyError]

    def test_an_on_error_that_fails_is_logged(self, caplog: Any) -> None:
        def on_error(error: BaseException) -> None:
            raise ValueError("on_error")

        for told in (on_error, None):
            layers: Layers[dict[str, Any]] = Layers({}, on_error=told)
            make = layers.apply(lambda draft: draft.update(a=[]))
            layers.apply(lambda draft: draft["a"].append(1))
            make.rollback()
        assert ["on_error of layers failed" in record.message for record in caplog.records] == [True, False]

    def test_both_ways_to_replay_give_the_same(self) -> None:
        shown = []
        for replay in ("selective", "always"):
            layers: Layers[Any] = Layers({"a": 1, "b": 1}, replay=replay)  # type: ignore[arg-type]
            first = layers.apply(lambda draft: draft.update(a=draft["a"] * 10))
            layers.apply(lambda draft: draft.update(b=draft["a"] + 1))
            first.rollback()
            shown.append(layers.visible)
        assert shown == [{"a": 1, "b": 2}] * 2

    def test_an_operation_within_a_recipe_is_refused(self) -> None:
        layers = Layers({"a": 1})
        with pytest.raises(RuntimeError, match="being changed"):
            layers.apply(lambda draft: layers.rollback_all())
        assert layers.pending == 0

    def test_wrong_options_are_refused(self) -> None:
        with pytest.raises(ValueError, match="replay"):
            Layers({}, replay="never")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="replay"):
            Layers({}, replay=True)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="on_error"):
            Layers({}, on_error=5)  # type: ignore[arg-type]


class Sentinel:
    """Something to put in a cycle, and to ask for."""


class TestMemory:
    def test_without_layers_a_store_remembers_only_the_value(self, store: Store) -> None:
        todos = todos_atom()
        store.update(todos, append("b"))
        assert len(store.graph()) == 1
        layer = store.layers(todos).apply(append("c"))
        assert len(store.graph()) == 2
        layer.rollback()
        version = todos._drafting.volumes.version
        assert store.get(version).book is None

    def test_an_atom_that_nobody_holds_goes_with_its_layers(self, store: Store) -> None:
        sentinel = Sentinel()
        gone = weakref.ref(sentinel)
        todos = todos_atom()
        atom_gone = weakref.ref(todos)
        store.layers(todos).apply(lambda draft: draft["order"].append(id(sentinel)))
        del todos, sentinel
        gc.collect()
        assert (gone(), atom_gone()) == (None, None)

    def test_recipes_and_handles_that_hold_each_other_can_be_collected(self) -> None:
        def build(sentinel: Sentinel) -> Any:
            kept: dict[str, Any] = {"sentinel": sentinel}
            store = Store()
            todos = todos_atom()

            def recipe(draft: Any) -> None:
                draft["order"].append(len(kept))

            kept.update(store=store, todos=todos, layer=store.layers(todos).apply(recipe))
            own = Layers({"order": []})
            kept["own"] = own.apply(recipe)
            with pytest.raises(KeyError), store.batch():
                kept["failed"] = store.layers(todos).apply(recipe)
                raise KeyError

        sentinel = Sentinel()
        gone = weakref.ref(sentinel)
        build(sentinel)
        del sentinel
        gc.collect()
        assert gone() is None

    def test_a_handle_keeps_its_store_and_atom_working(self) -> None:
        def build() -> Layer[Any]:
            store = Store()
            return store.layers(todos_atom()).apply(append("b"))

        layer = build()
        gc.collect()
        assert layer.rollback() is True

    def test_threads_with_a_store_each_share_the_atom(self) -> None:
        todos = todos_atom()
        pending: list[int] = []

        def use() -> None:
            with Store() as store:
                for _ in range(20):
                    store.layers(todos).apply(append("b"))
                pending.append(store.layers(todos).pending)

        threads = [threading.Thread(target=use) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pending == [20] * 8


def test_the_new_errors_are_errors_of_halflife() -> None:
    assert issubclass(RecipeError, HalflifeError)
