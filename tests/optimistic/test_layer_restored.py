"""A container that layers leave equal to the base's is the base's own object, in both replay modes."""

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


# For each case: a container, an edit that changes it, and an edit that ends with an equal value.
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
def test_a_part_that_the_answer_leaves_alone_is_the_object_of_the_base(case: str, replay: Any) -> None:
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
def test_a_part_that_two_layers_leave_equal_is_the_object_of_the_base(case: str, replay: Any) -> None:
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
def test_a_layer_that_sets_the_value_of_the_base_once_an_older_layer_has_failed(value: Any, replay: Any) -> None:
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


# An edit by which a layer adds a container, and the container's path.
ADDED: dict[str, tuple[Edit, tuple[Any, ...]]] = {
    "appended": (lambda it: it["rows"].append({"n": 1}), ("rows", 1)),
    "appended as the second": (lambda it: it["rows"].extend([[1, 2], {"n": 1}]), ("rows", 2)),
    "inserted": (lambda it: it["rows"].insert(0, {"n": 1}), ("rows", 0)),
    "put by a slice": (lambda it: it["rows"].__setitem__(slice(1, 1), [{"n": 1}]), ("rows", 1)),
    "put in place": (lambda it: it["rows"].__setitem__(0, {"n": 1}), ("rows", 0)),
    "at a new key": (lambda it: it.update(new={"n": 1}), ("new",)),
    "below a new key": (lambda it: it.update(new=[{"n": 1}]), ("new", 0)),
    "in a record": (lambda it: setattr(it["row"], "inner", {"n": 1}), ("row", "inner")),
    "appended in a record": (lambda it: it["row"].inner.append({"n": 1}), ("row", "inner", 0)),
}


@REPLAYS
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("case", ADDED)
def test_an_edit_of_an_added_container_folds_as_the_object_that_was_shown(case: str, order: Any, replay: Any) -> None:
    add, path = ADDED[case]
    log = Layers({"rows": [{"n": 0}], "row": Row(1, [])}, replay=replay)
    layers = [log.apply(add), log.apply(lambda it: part_at(it, path).update(a={1, 2}))]
    other = log.apply(lambda it: setattr(it["row"], "n", 2))
    log.apply(lambda it: it.update(other=1))
    shown = log.visible
    for number in order:
        log.commit(layers[number])
        assert log.visible is shown
    assert part_at(log.base, path) is part_at(shown, path)
    log.rollback(other)
    assert part_at(log.visible, path) is part_at(shown, path)


def part_at(value: Any, path: tuple[Any, ...]) -> Any:
    """The part of a value, or of a draft, at the path."""
    for key in path:
        value = getattr(value, key) if hasattr(value, "inner") else value[key]
    return value
