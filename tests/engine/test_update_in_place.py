"""An update whose function edits the value in place and returns None is refused and notifies nobody."""

import collections
import dataclasses
from typing import Any, NamedTuple

import attrs
import msgspec
import pydantic
import pytest

from halflife import RESET, Store, action, atom, derived, draft_atom, lazy, reducer, resettable


@dataclasses.dataclass
class Point:
    x: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenPoint:
    x: int = 0


class NamedPoint(NamedTuple):
    x: int = 0


@attrs.define
class AttrsPoint:
    x: int = 0


class StructPoint(msgspec.Struct):
    x: int = 0


class ModelPoint(pydantic.BaseModel):
    x: int = 0


EDITABLE: list[Any] = [
    {"a": 1},
    {},
    [1],
    [],
    {1},
    set(),
    collections.OrderedDict(a=1),
    collections.defaultdict(int),
    collections.Counter("ab"),
    Point(),
    FrozenPoint(),
    NamedPoint(),
    AttrsPoint(),
    StructPoint(),
    ModelPoint(),
]
LEAVES: list[Any] = [1, "text", 1.5, None, True, (1, 2), frozenset({1}), b"bytes", object(), range(3)]


def forget_to_return(value: Any) -> None:
    """Return None, as `list.append` does."""


@pytest.mark.parametrize("value", EDITABLE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "make",
    [
        lambda value: atom(value, name="things"),
        lambda value: lazy(lambda: value, name="things"),
        lambda value: resettable(value, name="things"),
        lambda value: derived(lambda get: value, lambda get, set, new: None, name="things"),
    ],
    ids=["atom", "lazy", "resettable", "writable"],
)
def test_an_update_of_a_mutable_value_that_returns_none_is_refused(value: Any, make: Any) -> None:
    things, told = make(value), []
    with Store() as store:
        store.subscribe(things, told.append)
        with pytest.raises(TypeError, match=r"things.*draft_atom"):
            store.update(things, forget_to_return)
        assert (told, store.get(things) is value, store._invariant()) == ([], True, None)


@pytest.mark.parametrize("value", LEAVES, ids=lambda value: type(value).__name__)
def test_of_a_leaf_none_is_a_value_like_any_other(value: Any) -> None:
    things = atom(value)
    with Store() as store:
        store.update(things, forget_to_return)
        assert store.get(things) is None


@pytest.mark.parametrize("value", EDITABLE, ids=lambda value: type(value).__name__)
def test_setting_none_sets_none(value: Any) -> None:
    things = atom(value)
    with Store() as store:
        store.set(things, None)
        assert store.get(things) is None


def test_inside_of_a_batch_or_an_action_too() -> None:
    things = atom([1], name="things")
    with Store() as store:
        with pytest.raises(TypeError, match="things"), store.batch():
            store.update(things, forget_to_return)
        with pytest.raises(TypeError, match="things"):
            store.set(action(lambda get, set: set.store.update(things, forget_to_return)))
        assert store.get(things) == [1]


def test_recipes_return_nothing() -> None:
    things = draft_atom([1])
    with Store() as store:
        store.update(things, lambda draft: draft.append(2))
        assert store.get(things) == [1, 2]


def test_any_other_result_of_the_function_is_set() -> None:
    things = resettable([1])
    with Store() as store:
        store.update(things, lambda value: [*value, 2])
        assert store.get(things) == [1, 2]
        store.update(things, lambda value: RESET)
        assert store.get(things) == [1]
        total = reducer(0, lambda value, number: value + (number or 10))
        store.update(total, lambda value: None)
        assert store.get(total) == 10
