"""A container that layers have left again as the base has it is the base's own object, in both replay modes."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from halflife import Layers

REPLAYS = pytest.mark.parametrize("replay", ["selective", "always"])


@dataclasses.dataclass
class Row:
    n: int
    inner: Any


def pop_and_put(it: Any) -> None:
    it["inner"] = it.pop("inner")


def put_itself(it: Any) -> None:
    it["inner"] = it["inner"]


def pop_and_append(it: Any) -> None:
    it.append(it.pop())


def append_and_pop(it: Any) -> None:
    it.append(it[0])
    it.pop()


def set_item(it: Any) -> None:
    it[0] = it[0]


def discard_and_add(it: Any) -> None:
    it.discard(1)
    it.add(1)


def set_field(it: Any) -> None:
    it.inner = it.inner


# What is edited, an edit that adds to it and one that changes what is in it, and one that ends where it began.
Edit = Callable[[Any], object]
CASES: dict[str, tuple[Any, Edit, Edit]] = {
    "dict, removed and put back": ({"inner": {}}, lambda it: it["inner"].update(a=1), pop_and_put),
    "dict, put where it is": ({"inner": {}}, lambda it: it["inner"].update(a=1), put_itself),
    "dict, behind another key": ({"inner": {}}, lambda it: it.update(a=1), pop_and_put),
    "dict, a key before": ({"inner": 1}, lambda it: it.setdefault("a", []), pop_and_put),
    "list, removed and put back": ([{}], lambda it: it[0].update(a=1), pop_and_append),
    "list, grown and shrunk": ([{}], lambda it: it[0].update(a=1), append_and_pop),
    "list, put where it is": ([{}], lambda it: it[0].update(a=1), set_item),
    "list, behind another item": ([{}], lambda it: it.append(1), set_item),
    "set": ({1, 2}, lambda it: it.add(3), discard_and_add),
    "record": (Row(1, {}), lambda it: it.inner.update(a=1), set_field),
    "record, another field": (Row(1, {}), lambda it: setattr(it, "n", 2), set_field),
}


@REPLAYS
@pytest.mark.parametrize("case", CASES)
def test_what_an_answer_leaves_alone_is_the_object_of_the_base(case: str, replay: Any) -> None:
    value, edit, nothing = CASES[case]
    base = {"at": value, "other": 1}
    layers = Layers(base, replay=replay)
    kept = layers.apply(lambda draft: draft.update(other=2))
    layer = layers.apply(lambda draft: edit(draft["at"]))
    assert layers.visible["at"] != value
    layer.commit(server=lambda draft: None, then=lambda draft: nothing(draft["at"]))
    assert layers.visible["at"] is value
    kept.rollback()
    assert layers.visible == base
    assert layers.visible["at"] is value


@REPLAYS
@pytest.mark.parametrize("case", CASES)
def test_what_is_left_of_two_layers_is_the_object_of_the_base(case: str, replay: Any) -> None:
    value, edit, nothing = CASES[case]
    base = {"at": value, "other": 1}
    layers = Layers(base, replay=replay)
    older = layers.apply(lambda draft: edit(draft["at"]))
    newer = layers.apply(lambda draft: nothing(draft["at"]))
    older.rollback()
    assert layers.visible["at"] is value
    newer.rollback()
    assert layers.visible is base


@REPLAYS
@pytest.mark.parametrize("added", [{8}, {8, 24}, {"a"}, {32, 8, 64}])
def test_a_set_that_was_shown_is_the_base_when_its_layer_folds_whatever_its_order(added: Any, replay: Any) -> None:
    layers = Layers({0, 16, 40}, replay=replay)
    layer = layers.apply(lambda draft: draft.update(added))
    newer = layers.apply(lambda draft: None)
    layer.commit(then=lambda draft: draft.difference_update({16, 0}))
    shown = layers.visible
    newer.rollback()
    assert layers.visible is layers.base is shown


@REPLAYS
@pytest.mark.parametrize("value", [{"n": 0}, Row(0, {"n": 0})], ids=["dict", "record"])
def test_a_layer_that_sets_what_is_there_once_an_older_one_has_failed(value: Any, replay: Any) -> None:
    base = {"at": {"in": value} if isinstance(value, dict) else value}
    part = base["at"]["in"] if isinstance(value, dict) else value.inner

    def set_to(n: int) -> Callable[[Any], None]:
        return lambda draft: (draft["at"]["in"] if isinstance(value, dict) else draft["at"].inner).update(n=n)

    layers = Layers(base, replay=replay)
    kept = layers.apply(lambda draft: draft.update(other=1))
    older = layers.apply(set_to(1))
    layers.apply(set_to(0)).commit()
    older.rollback()
    shown = layers.visible["at"]
    assert (shown["in"] if isinstance(value, dict) else shown.inner) is part
    kept.rollback()
    assert layers.visible is base
