"""An edit through a lens reaches the root or raises, for every kind of focus; and lenses of lenses."""

import collections
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from halflife import LensError, Store, draft_atom, lens, pending_at


@dataclass(frozen=True)
class Row:
    name: str
    tags: list[str] = field(default_factory=list)


def value() -> dict[str, Any]:
    return {
        "numbers": [1, 2, 3],
        "rows": [{"id": 1, "tags": ["x"]}, {"id": 2, "tags": []}],
        "by_id": {"a": {"n": 1}, "b": {"n": 2}},
        "record": Row("one"),
        "words": {"x", "y"},
        "text": "two words",
        "pair": (1, 2),
        "count": 5,
    }


NO_PARTS: dict[str, Callable[[Any], Any]] = {
    "slice": lambda v: v["numbers"][1:],
    "whole slice": lambda v: v["numbers"][:],
    "slice of rows": lambda v: v["rows"][:1],
    "filtered list": lambda v: [one for one in v["numbers"] if one % 2],
    "filtered rows": lambda v: [row for row in v["rows"] if row["tags"]],
    "filtered dict": lambda v: {key: row for key, row in v["by_id"].items() if row["n"] > 1},
    "generator": lambda v: (row for row in v["rows"]),
    "list()": lambda v: list(v["numbers"]),
    "dict()": lambda v: dict(v["by_id"]),
    "set()": lambda v: set(v["words"]),
    "tuple()": lambda v: tuple(v["rows"]),
    "sorted": lambda v: sorted(v["numbers"]),
    "reversed": lambda v: list(reversed(v["rows"])),
    "list.copy": lambda v: v["numbers"].copy(),
    "dict.copy": lambda v: v["by_id"].copy(),
    "set.copy": lambda v: v["words"].copy(),
    "copy.copy": lambda v: copy.copy(v["numbers"]),
    "keys": lambda v: list(v["by_id"]),
    "values": lambda v: list(v["by_id"].values()),
    "a view of values": lambda v: v["by_id"].values(),
    "a union": lambda v: v["words"] | {"z"},
    "a sum of lists": lambda v: v["numbers"] + [4],
    "length": lambda v: len(v["numbers"]),
    "sum": lambda v: sum(v["numbers"]),
    "arithmetic": lambda v: v["count"] * 100,
    "comparison": lambda v: v["count"] > 3,
    "upper": lambda v: v["text"].upper(),
    "format": lambda v: f"{v['count']} items",
    "pair": lambda v: (v["count"], v["text"]),
    "new dict": lambda v: {"a": v["by_id"]["a"]},
    "a member": lambda v: next(iter(v["words"])),
    "membership": lambda v: "x" in v["words"],
    "one of a tuple": lambda v: v["pair"][0],
    "counter": lambda v: collections.Counter(v["numbers"]),
    "constant": lambda v: [],
    "nothing": lambda v: None,
}


@pytest.mark.parametrize("kind", NO_PARTS)
@pytest.mark.parametrize("has_layers", [False, True])
def test_a_lens_of_a_computed_value_cannot_be_written(kind: str, *, has_layers: bool) -> None:
    called: list[Any] = []
    with Store() as store:
        root = draft_atom(value())
        if has_layers:
            store.layers(root).apply(lambda draft: draft["rows"].append({"id": 3, "tags": []}))
        part = lens(root, NO_PARTS[kind])
        before = store.get(root)
        store.get(part)
        for write in (
            lambda: store.update(part, called.append),
            lambda: store.set(part, [9]),
            lambda: store.layers(part).apply(called.append),
            lambda: store.layers(part).update(called.append),
            lambda: store.layers(part).set([9]),
            lambda: store.layers(part).set_base([9]),
            lambda: store.layers(part).edit_base(called.append),
            lambda: store.mutate(part, called.append),
        ):
            with pytest.raises(LensError, match="cannot be edited"):
                write()
        assert store.get(root) is before
        assert store.layers(root).pending == has_layers
    assert called == []


PARTS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "all": (lambda v: v, {"new": 1}),
    "list": (lambda v: v["numbers"], [4]),
    "item": (lambda v: v["numbers"][1], 9),
    "last item": (lambda v: v["numbers"][-1], 9),
    "row": (lambda v: v["rows"][0], {"id": 7, "tags": []}),
    "found row": (lambda v: next(row for row in v["rows"] if row["id"] == 2), {"id": 2, "tags": ["z"]}),
    "found item": (lambda v: next(one for one in v["numbers"] if one > 1), 9),
    "nested": (lambda v: v["rows"][0]["tags"], ["z"]),
    "got": (lambda v: v["by_id"].get("a"), {"n": 8}),
    "attribute": (lambda v: v["record"].name, "two"),
    "record": (lambda v: v["record"], Row("three")),
    "below a record": (lambda v: v["record"].tags, ["z"]),
    "set": (lambda v: v["words"], {"z"}),
    "text": (lambda v: v["text"], "three"),
    "chosen": (lambda v: v["by_id"]["a" if v["count"] > 3 else "b"], {"n": 8}),
    "longest row": (lambda v: max(v["rows"], key=lambda row: len(row["tags"])), {"id": 5, "tags": ["q"]}),
}


@pytest.mark.parametrize("kind", PARTS)
def test_a_lens_of_a_part_of_the_root_can_be_set(kind: str) -> None:
    focus, new = PARTS[kind]
    with Store() as store:
        root = draft_atom(value())
        store.set(lens(root, focus), new)
        assert focus(store.get(root)) == new or kind == "found item"
        assert store.get(root) != value()
        layer = store.layers(lens(root, lambda v: v)).apply(lambda draft: draft.clear())
        layer.rollback()
        assert store.get(root) != value()


@pytest.mark.parametrize("count", [400, 10_000])
def test_lenses_of_lenses_have_no_limit(count: int) -> None:
    nested: Any = {"n": 0}
    for _ in range(count):
        nested = {"a": nested}
    root = draft_atom(nested)
    deep: Any = root
    for _ in range(count):
        deep = lens(deep, lambda v: v["a"])
    with Store() as store:
        assert store.get(deep) == {"n": 0}
        store.update(deep, lambda draft: draft.update(n=1))
        store.set(deep, {"n": 2})
        layer = store.layers(deep).apply(lambda draft: draft.update(n=draft["n"] + 1))
        assert store.get(deep) == {"n": 3}
        assert store.layers(deep).base == {"n": 2}
        assert store.get(pending_at(deep, "n")) is True
        layer.rollback()
        assert store.get(deep) == {"n": 2}
        assert deep.name == "deep"
        (unassigned,) = [lens(deep, lambda v: v) for _ in range(1)]
        assert unassigned.name.startswith("root.")
        assert len(unassigned.name) < 500
        with pytest.raises(LensError, match="does not find its part"):
            store.get(lens(deep, lambda v: v["gone"]))


def test_a_vanished_target_is_an_error_on_get_and_on_write() -> None:
    with Store() as store:
        root = draft_atom(value())
        row = lens(lens(root, lambda v: v["by_id"]), lambda v: v["a"])
        store.update(root, lambda draft: draft["by_id"].pop("a") and None)
        before = store.get(root)
        for use in (
            lambda: store.get(row),
            lambda: store.set(row, {"n": 3}),
            lambda: store.update(row, lambda draft: draft.update(n=3)),
            lambda: store.layers(row).apply(lambda draft: draft.update(n=3)),
        ):
            with pytest.raises(LensError):
                use()
        assert store.get(root) is before
        store.update(root, lambda draft: draft["by_id"].update(a={"n": 4}))
        store.update(row, lambda draft: draft.update(n=draft["n"] + 1))
        assert store.get(row) == {"n": 5}
