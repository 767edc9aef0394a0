"""Layers in conflict: when and to whom conflicts are reported; and the memory of settled layers."""

import gc
import sys
import weakref
from typing import Any

import pytest

from halflife._core import LayerLog


class BrokenError(Exception):
    pass


def test_an_error_of_on_conflict_does_not_disturb_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: unraisable.append(one.exc_type))

    def fail(layer: Any, error: BaseException) -> None:
        raise BrokenError("on_conflict")

    log = LayerLog({"a": {}}, on_conflict=fail)
    first = log.apply(lambda draft: draft.update(b={}))
    second = log.apply(lambda draft: draft["b"].update(n=1))
    third = log.apply(lambda draft: draft.update(c=1))
    assert log.rollback(first)
    assert unraisable == [BrokenError]
    assert (first.status, second.status, third.status) == ("rolled_back", "conflicted", "pending")
    assert log.visible == {"a": {}, "c": 1}


def test_on_conflict_finds_the_log_consistent_and_may_use_it() -> None:
    seen = []

    def told(layer: Any, error: BaseException) -> None:
        seen.append((layer.status, log.visible, log.pending))
        log.rollback(layer)

    log = LayerLog({}, on_conflict=told)
    first = log.apply(lambda draft: draft.update(b={}))
    second = log.apply(lambda draft: draft["b"].update(n=1))
    log.apply(lambda draft: draft.update(c=1))
    log.rollback(first)
    assert seen == [("conflicted", {"c": 1}, 2)]
    assert second.status == "rolled_back"
    assert (log.visible, log.pending) == ({"c": 1}, 1)


def test_a_conflict_is_told_once_until_it_has_worked_again() -> None:
    told: list[str] = []
    log = LayerLog({"n": 1}, on_conflict=lambda layer, error: told.append(type(error).__name__))
    layer = log.apply(lambda draft: draft.update(m=draft["n"]))
    for base in ({}, {"other": 1}, {"n": 2}, {}):
        log.set_base(base)
    assert told == ["KeyError", "KeyError"]
    assert layer.status == "conflicted"
    log.set_base({"n": 3})
    assert (layer.status, layer.error, log.visible) == ("pending", None, {"n": 3, "m": 3})


# --- memory


def test_a_log_in_a_circle_with_its_recipes_is_collected() -> None:
    log = LayerLog({"n": 0})

    layers: list[Any] = [log]

    def recipe(draft: Any, layers: Any = layers) -> None:
        draft["n"] = len(layers)

    layers.append(recipe)
    layers.append(log.apply(recipe))
    gone = weakref.ref(log)
    del log, layers, recipe
    gc.collect()
    assert gone() is None


def test_settled_layers_leave_nothing_behind() -> None:
    class Box:
        pass

    log = LayerLog({"n": 0, "rows": []})
    boxes, layers = [], []
    for number in range(40):
        box = Box()
        boxes.append(weakref.ref(box))
        layers.append(log.apply(lambda draft, box=box: draft.update(n=id(box))))
        del box
        if number % 2:
            log.rollback(layers[number])
        else:
            log.commit(layers[number])
    log.set_base({})
    gc.collect()
    assert [box() for box in boxes if box() is not None] == []
    assert log.length == 0
    assert {layer.status for layer in layers} <= {"folded", "rolled_back", "superseded"}
