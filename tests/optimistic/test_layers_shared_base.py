"""Parts of new data that equal the old ones keep the old objects, with any layers and in both replay modes."""

import dataclasses
import decimal
from typing import Any

import pytest

from halflife import Layers, Store, draft_atom, lens
from halflife._core import LayerLog
from layer_values import plain_copy

REPLAYS = pytest.mark.parametrize("replay", ["selective", "always"])


@dataclasses.dataclass(frozen=True)
class Person:
    name: str
    tags: list[str]
    more: dict[str, Any]


@dataclasses.dataclass
class Counted:
    """A record whose class counts its instances."""

    tags: list[str]
    name: str
    number: int = dataclasses.field(init=False)

    made = 0

    def __post_init__(self) -> None:
        Counted.made += 1
        self.number = Counted.made


@dataclasses.dataclass
class Refusing:
    tags: list[str]
    name: str

    refuses = False

    def __post_init__(self) -> None:
        if Refusing.refuses:
            raise ValueError("no more")


def data() -> Any:
    return {
        "items": [{"id": 1, "tags": ["x"]}, {"id": 2, "tags": []}],
        "m": {"k": 1, "in": {"n": [1, 2]}},
        "who": Person("Ada", ["a"], {"city": "London"}),
        "both": ({"n": 1}, [2]),
        "set": {1, 2},
    }


@REPLAYS
def test_the_lens_of_an_untouched_part_is_never_told(replay: Any) -> None:
    """The program of the bug report, for every part that is not edited."""
    store = Store()
    todos = draft_atom(data(), replay=replay)
    told: list[Any] = []
    parts = [lens(todos, find) for find in FINDERS]
    for part in parts:
        store.subscribe(part, told.append)
    before = [store.get(part) for part in parts]
    layers = store.layers(todos)
    layer = layers.apply(lambda draft: draft["items"].append(0))
    layers.set_base({**data(), "items": []})
    assert told == []
    layer.rollback()
    layers.set_base({"new": 1, **data()})
    assert told == []
    assert all(store.get(part) is one for part, one in zip(parts, before, strict=True))
    assert all(find(layers.base) is one for find, one in zip(FINDERS, before, strict=True))


FINDERS: list[Any] = [
    lambda value: value["m"],
    lambda value: value["m"]["in"]["n"],
    lambda value: value["who"],
    lambda value: value["who"].tags,
    lambda value: value["both"],
    lambda value: value["both"][0],
    lambda value: value["set"],
]


@REPLAYS
def test_data_equal_to_a_confirmed_edit_keeps_the_object_of_the_edit(replay: Any) -> None:
    layers = Layers(data(), replay=replay)
    first = layers.apply(lambda draft: draft["m"].update(k=2))
    second = layers.apply(lambda draft: draft["items"][0]["tags"].append("y"))
    shown = layers.visible
    answer = data()
    answer["m"]["k"] = 2
    layers.set_base(answer)
    assert layers.visible is shown
    second.rollback()  # never touched "m"
    assert layers.visible["m"] is shown["m"]
    first.rollback()
    assert layers.visible is layers.base
    assert layers.visible["m"] is shown["m"]


@REPLAYS
def test_a_folded_value_stays_the_visible_object(replay: Any) -> None:
    layers = Layers({"p": {"x": 0, "in": {}}, "q": {"y": 0}}, replay=replay)
    first = layers.apply(lambda draft: draft["p"].update(x=1))
    second = layers.apply(lambda draft: draft["q"].update(y=1))
    shown = layers.visible
    first.commit()
    second.rollback()
    assert layers.visible is layers.base
    assert layers.visible["p"] is shown["p"]


@REPLAYS
def test_parts_of_records_and_tuples_and_lists_keep_their_objects(replay: Any) -> None:
    old = data()
    layers = Layers(old, replay=replay)
    new = data()
    new["who"] = Person("Grace", ["a"], {"city": "London"})
    new["both"] = ({"n": 1}, [3])
    new["items"][1]["id"] = 3
    given = plain_copy(new)
    layers.set_base(new)
    assert layers.base == given == new
    assert new["who"].tags is not old["who"].tags  # the given value is not changed
    assert layers.base["who"].tags is old["who"].tags
    assert layers.base["who"].more is old["who"].more
    assert layers.base["both"][0] is old["both"][0]
    assert layers.base["items"][0] is old["items"][0]
    assert layers.base["items"][1]["tags"] is old["items"][1]["tags"]


@pytest.mark.parametrize("change", ["insert", "remove", "move"])
def test_rows_of_a_list_keep_their_objects_when_others_come_and_go(change: str) -> None:
    old = [{"id": number, "tags": []} for number in range(5)]
    layers = Layers(old)
    new = plain_copy(old)
    if change == "insert":
        layers.set_base([*new[:2], {"id": 9}, *new[2:]])
        assert [row is one for row, one in zip(layers.base, [*old[:2], None, *old[2:]], strict=True)].count(False) == 1
    elif change == "remove":
        layers.set_base([*new[:2], *new[3:]])
        assert all(row is one for row, one in zip(layers.base, [*old[:2], *old[3:]], strict=True))
    else:  # the same objects in another order are kept
        layers.set_base([old[4], *old[:4]])
        assert all(row is one for row, one in zip(layers.base, [old[4], *old[:4]], strict=True))


@REPLAYS
def test_the_order_of_a_dict_counts(replay: Any) -> None:
    old = {"a": {"x": 1, "y": 2}, "b": {"n": []}}
    layers = Layers(old, replay=replay)
    layers.set_base({"b": {"n": []}, "a": {"y": 2, "x": 1}})
    assert list(layers.base) == ["b", "a"]
    assert list(layers.base["a"]) == ["y", "x"]
    assert layers.base["b"] is old["b"]


def test_leaves_are_equal_by_the_rule_of_deep() -> None:
    old = {"price": decimal.Decimal("1.0"), "n": 1, "zero": 0.0, "nan": float("nan")}
    layers = Layers({"in": old})
    layers.set_base({"in": {"price": decimal.Decimal("1.00"), "n": 1, "zero": -0.0, "nan": float("nan")}})
    assert layers.base["in"] is old
    layers.set_base({"in": {**old, "n": True}})
    assert layers.base["in"]["n"] is True


def test_equal_data_supersedes_all_the_same() -> None:
    layers = Layers(data())
    base = layers.base
    oldest = layers.apply(lambda draft: draft["m"].update(k=2))
    waiting = layers.apply(lambda draft: draft["items"].clear())
    waiting.commit()
    layers.set_base(data())
    assert (waiting.status, oldest.status) == ("superseded", "pending")
    assert layers.base is base
    assert layers.visible["items"] is base["items"]


def test_a_record_that_its_class_makes_anew_stays_as_it_came() -> None:
    old = {"who": Counted(["x"], "Ada")}
    layers = Layers(old)
    new = Counted(["x"], "Grace")
    layers.set_base({"who": new})
    assert (layers.base["who"].name, layers.base["who"].number) == ("Grace", new.number)
    Refusing.refuses = False
    layers = Layers({"who": Refusing(["x"], "Ada")})
    new_one = {"who": Refusing(["x"], "Grace")}
    try:
        Refusing.refuses = True
        layers.set_base(new_one)
    finally:
        Refusing.refuses = False
    assert layers.base["who"] is new_one["who"]


def test_deep_and_cyclic_data_do_no_harm() -> None:
    def nest(core: Any) -> Any:
        value = core
        for _ in range(100_000):
            value = [value]
        return value

    old, same, other = nest({"n": []}), nest({"n": []}), nest({"n": [], "m": 1})
    log = LayerLog({"deep": old, "m": {"k": 1}})
    log.set_base({"deep": same, "m": {"k": 1}, "more": 1})
    assert log.base["deep"] is old
    log.set_base({"deep": other, "m": {"k": 1}})
    knots: list[Any] = [{"k": 1}, {"k": 1}]
    for knot in knots:
        knot["self"] = knot
    log = LayerLog({"knot": knots[0], "m": {}})
    log.set_base({"knot": knots[1], "m": {}, "n": 1})
    assert log.base["knot"] is knots[0]
    for knot in knots:
        knot.clear()
    while old:  # take the deep list apart here: Python would deallocate it by recursion
        old = old[0] if isinstance(old, list) else None
