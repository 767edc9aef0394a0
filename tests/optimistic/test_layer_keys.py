"""Keys of every scalar type beside each other in layers, and which of several equal keys is kept.

`1`, `True` and `1.0` are one key of a dict. As in a plain dict, the key object that was inserted first is kept.
"""

import datetime
import decimal
import enum
import itertools
from typing import Any

import pytest

from halflife import Layers

REPLAYS = pytest.mark.parametrize("replay", ["selective", "always"])


class Color(enum.IntEnum):
    RED = 1


KEYS: list[Any] = [
    *(1, "1", b"1", None, "None", 2, "2", 1.5, "1.5", (1,), "(1,)", frozenset({1}), "", 0, "0", -1, "-1"),
    *(float("inf"), float("nan"), decimal.Decimal("2.5"), datetime.date(2026, 1, 1), 10**30, "a/b", "a~b", "\ud800"),
]
ONES: list[Any] = [1, True, 1.0, decimal.Decimal(1), Color.RED]
SPELLINGS = [*itertools.permutations(ONES, 2), ((1,), (True,)), ((True,), (1,)), (0, False), (0.0, -0.0), (-0.0, 0.0)]


def spelled(value: dict[Any, Any]) -> list[str]:
    return [repr(pair) for pair in value.items()]


@REPLAYS
@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_an_edit_of_one_key_is_taken_back_alone(key: Any, replay: Any) -> None:
    layers = Layers({one: [repr(one)] for one in KEYS}, replay=replay)
    made = [layers.apply(lambda draft, one=one: draft[one].append("x")) for one in KEYS]
    made[KEYS.index(key)].rollback()
    assert layers.visible == {one: [repr(one)] if one is key else [repr(one), "x"] for one in KEYS}
    gone = layers.apply(lambda draft: draft.pop(key))
    assert key not in layers.visible
    assert len(layers.visible) == len(KEYS) - 1
    gone.rollback()
    layers.rollback_all()
    assert layers.visible is layers.base


@REPLAYS
@pytest.mark.parametrize(("before", "now"), SPELLINGS, ids=repr)
def test_a_key_that_was_removed_is_spelled_as_it_is_put_back(before: Any, now: Any, replay: Any) -> None:
    layers = Layers({"a": 0, before: 1, "b": 2}, replay=replay)
    first = layers.apply(lambda draft: draft.update(c=3))
    removed = layers.apply(lambda draft: draft.pop(before))
    put = layers.apply(lambda draft: draft.__setitem__(now, 5))
    kept = spelled({"a": 0, "b": 2, "c": 3, now: 5})
    assert spelled(layers.visible) == kept
    again = layers.apply(lambda draft: draft.__setitem__(before, 6))  # the key is present, so its key object stays
    assert spelled(layers.visible) == spelled({"a": 0, "b": 2, "c": 3, now: 6})
    again.rollback()
    removed.rollback()
    assert spelled(layers.visible) == spelled({"a": 0, before: 5, "b": 2, "c": 3})
    put.rollback()
    both = layers.apply(lambda draft: draft.__setitem__(now, draft.pop(before) + 4))
    assert spelled(layers.visible) == kept
    first.rollback()
    both.commit()
    assert spelled(layers.base) == spelled({"a": 0, "b": 2, now: 5})


@REPLAYS
@pytest.mark.parametrize(("before", "now"), SPELLINGS, ids=repr)
def test_a_last_key_that_was_removed_is_spelled_as_it_is_put_back(before: Any, now: Any, replay: Any) -> None:
    layers = Layers({"a": 0, before: 1}, replay=replay)
    older = layers.apply(lambda draft: draft.update(a=9))

    def refill(draft: Any) -> None:
        draft.clear()
        draft.update({"a": 0, now: 1})

    whole = layers.apply(refill)
    assert spelled(layers.visible) == spelled({"a": 0, now: 1})
    older.rollback()
    assert spelled(layers.visible) == spelled({"a": 0, now: 1})
    whole.rollback()
    assert layers.visible is layers.base


@REPLAYS
@pytest.mark.parametrize(("before", "now"), SPELLINGS, ids=repr)
def test_a_set_member_that_was_removed_is_spelled_as_it_is_put_back(before: Any, now: Any, replay: Any) -> None:
    layers = Layers({"s": {before}, "n": 0}, replay=replay)
    older = layers.apply(lambda draft: draft.update(n=1))
    removed = layers.apply(lambda draft: draft["s"].remove(before))
    layers.apply(lambda draft: draft["s"].add(now))
    assert repr(layers.visible["s"]) == repr({now})
    older.rollback()
    assert repr(layers.visible["s"]) == repr({now})
    removed.rollback()
    assert repr(layers.visible["s"]) == repr({before})
