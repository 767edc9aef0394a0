"""*Values* for the oracles of layers: deep copies, exact comparison, and sharing of equal parts."""

import copy
import dataclasses
from typing import Any


def plain_copy(value: Any, origins: dict[int, tuple[Any, Any]] | None = None) -> Any:
    """A copy without sharing: an object in two positions becomes two objects.

    `origins` gets an entry for each container: by the id of the copy, the copy and its original.
    """
    kind = type(value)
    if kind is dict:
        made: Any = {key: plain_copy(item, origins) for key, item in value.items()}
    elif kind is list:
        made = [plain_copy(item, origins) for item in value]
    elif kind is set:
        made = set(value)
    elif kind is tuple:
        parts = tuple(plain_copy(item, origins) for item in value)
        return value if all(map(is_identical, parts, value)) else parts
    elif dataclasses.is_dataclass(value):
        made = with_fields(value, {name: plain_copy(item, origins) for name, item in vars(value).items()})
    else:
        return value
    if origins is not None:
        origins[id(made)] = (made, value)
    return made


def with_fields(record: Any, fields: dict[str, Any]) -> Any:
    made = copy.copy(record)
    for name, item in fields.items():
        object.__setattr__(made, name, item)
    return made


def sharing(value: Any, origins: dict[int, tuple[Any, Any]]) -> Any:
    """The value with each unchanged copy replaced by its original."""
    kind = type(value)
    if kind is dict:
        made: Any = {key: sharing(item, origins) for key, item in value.items()}
        parts, made_parts = list(value.values()), list(made.values())
    elif kind is list:
        made = made_parts = [sharing(item, origins) for item in value]
        parts = value
    elif kind is set:
        made, parts, made_parts = value, [], []
    elif dataclasses.is_dataclass(value):
        fields = {name: sharing(item, origins) for name, item in vars(value).items()}
        made, parts, made_parts = with_fields(value, fields), list(vars(value).values()), list(fields.values())
    else:
        return value
    _, origin = origins.get(id(value), (None, None))
    if origin is not None and is_level(origin, made):
        return origin
    return value if all(map(is_identical, parts, made_parts)) else made


def shared(before: Any, now: Any) -> Any:
    """`now` with each part that equals the old part at its position replaced by the old object; see `set_base`.

    Lists of different lengths are also compared from their ends. A part that has only moved keeps its object.
    """
    old = containers(before)

    def share(before: Any, now: Any) -> Any:
        if same(before, now):
            return before
        kind = type(now)
        if kind is not type(before) or not is_container(now) or kind is set:
            return now
        if kind is list:
            made: Any = [
                share_first(before[place : place + 1] + before[len(before) - len(now) + place :][:1], item)
                if len(before) - len(now) + place >= 0
                else share_first(before[place : place + 1], item)
                for place, item in enumerate(now)
            ]
            parts, made_parts = now, made
        elif kind is dict:
            made = {key: share_first([before[key]] if key in before else [], item) for key, item in now.items()}
            parts, made_parts = list(now.values()), list(made.values())
        else:
            fields = {name: share(getattr(before, name), item) for name, item in vars(now).items()}
            made, parts, made_parts = with_fields(now, fields), list(vars(now).values()), list(fields.values())
        return now if id(now) in old or all(map(is_identical, parts, made_parts)) else made

    def share_first(candidates: list[Any], now: Any) -> Any:
        equal = [one for one in candidates if same(one, now)]
        return equal[0] if equal else share(candidates[0], now) if candidates else now

    return share(before, now)


def containers(value: Any) -> dict[int, Any]:
    """A value's containers, by id."""
    if not is_container(value):
        return {}
    return {id(value): value, **{key: one for _, part in parts_of(value) for key, one in containers(part).items()}}


def parts_of(container: Any) -> Any:
    match container:
        case dict():
            return container.items()
        case list():
            return enumerate(container)
        case set():
            return ()
    return vars(container).items()


def is_level(left: Any, right: Any) -> bool:
    """Whether two containers have identical containers and equal leaves as items."""
    if type(left) is set:
        return same(left, right)
    if dataclasses.is_dataclass(left):
        left, right = vars(left), vars(right)
    if type(left) is dict:
        left, right = ([part for pair in each.items() for part in pair] for each in (left, right))
    return len(left) == len(right) and all(map(is_identical, left, right))


def is_identical(left: Any, right: Any) -> bool:
    return left is right or (not is_container(left) and same(left, right))


def is_container(value: Any) -> bool:
    return type(value) in {dict, list, set} or dataclasses.is_dataclass(value)


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in everything: types, the order of dicts, and all parts."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return (
            len(left) == len(right)
            and all(map(same, left, right))  # the keys in order
            and all(map(same, left.values(), right.values()))
        )
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if dataclasses.is_dataclass(left):
        return same(vars(left), vars(right))
    if isinstance(left, (set, frozenset)):
        left, right = ({(type(item), item) for item in each} for each in (left, right))
    elif isinstance(left, float):
        left, right = repr(left), repr(right)  # a NaN is the same as a NaN, and 0.0 is not -0.0
    return bool(left == right)
