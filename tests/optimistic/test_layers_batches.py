"""Layers and failures: conflicts, batches that are rolled back, and the memory of settled layers."""

import gc
import logging
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from halflife import (
    Layer,
    Layers,
    Store,
    action,
    atom,
)
from todo_recipes import append, done, todos_atom


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


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
        assert [record.message for record in caplog.records] == ["unhandled error in todos: KeyError('c')"]

    def test_on_error_may_write(self) -> None:
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


class Sentinel:
    """A member of a reference cycle, watched by a weak reference."""


def appending(sentinel: Sentinel) -> Any:
    return lambda draft: draft["order"].append(id(sentinel))


class TestMemory:
    def test_without_layers_a_store_remembers_only_the_value(self, store: Store) -> None:
        todos = todos_atom()
        store.update(todos, append("b"))
        assert len(store.graph()) == 1
        layer = store.layers(todos).apply(append("c"))
        assert len(store.graph()) == 2
        layer.rollback()
        revision = todos._drafting.layers.revision
        assert store.get(revision).layers is None

    def test_an_atom_that_nobody_holds_goes_with_its_layers(self, store: Store) -> None:
        sentinel = Sentinel()
        gone = weakref.ref(sentinel)
        todos = todos_atom()
        atom_gone = weakref.ref(todos)
        store.layers(todos).apply(appending(sentinel))
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
