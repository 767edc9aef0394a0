"""A *query key* names the data of a query: any nesting of sequences, dicts and plain values.

Two keys are the same if their parts are. Tuples and lists are alike, the order of a dict does not matter, and values
of different types differ: `1`, `True`, `1.0` and `"1"` are four keys.
"""

from __future__ import annotations

import datetime
import enum
import uuid
from typing import Any, TypeAlias, final

from halflife._support.reprs import abbreviated

#: One part of a key, or a part of a part: its type and its value.
KeyPart: TypeAlias = tuple[Any, Any]

_PLAIN = frozenset({str, int, bool, type(None)})
_NAN = object()
_ALLOWED = "tuple, list, dict, str, int, float, bool, None, Enum, date or UUID"


@final
class QueryKey:
    """A key in its canonical form; equal and hashable by its parts."""

    __slots__ = ("_hash", "_shown", "given", "parts")

    def __init__(self, given: tuple[Any, ...], parts: tuple[KeyPart, ...]) -> None:
        #: The key as a tuple, as fetchers and messages get it.
        self.given = given
        #: The typed parts.
        self.parts = parts
        self._hash = hash(parts)
        self._shown = ""

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return type(other) is QueryKey and self.parts == other.parts

    def __repr__(self) -> str:
        if not self._shown:
            self._shown = abbreviated(self.given)  # Kept, because each fetch of the key shows it in its task's name.
        return self._shown


def query_key(value: object, function: str, argument: str = "key") -> QueryKey:
    """The canonical form of a key. A value that is no sequence is a sequence of one part.

    Raises:
        TypeError: A part is of a type that keys do not have.
        ValueError: The key is nested too deeply, or contains itself.
    """
    if type(value) is QueryKey:
        return value
    if type(value) is tuple:
        for part in value:
            if type(part) not in _PLAIN:
                break
        else:
            return QueryKey(value, tuple([(type(part), part) for part in value]))
    given: tuple[Any, ...] = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    try:
        typed = tuple(_typed(part, function, argument) for part in given)
        return QueryKey(tuple(_fixed(part) for part in given), typed)
    except RecursionError:
        raise ValueError(f"{function}: {argument} is nested too deeply, or contains itself") from None


def _typed(value: Any, function: str, argument: str) -> KeyPart:
    kind = type(value)
    if kind in _PLAIN:
        return (kind, value)
    if kind is float:
        return (float, value if value == value else _NAN)
    if isinstance(value, (tuple, list)):
        return ("sequence", tuple(_typed(part, function, argument) for part in value))
    if isinstance(value, dict):
        items = ((_typed(key, function, argument), _typed(part, function, argument)) for key, part in value.items())
        return ("mapping", frozenset(items))
    if isinstance(value, (enum.Enum, datetime.date, uuid.UUID)):
        return (kind, value)
    raise TypeError(
        f"{function}: {argument} has a part of type {kind.__name__}, {abbreviated(value, 60)}; a part of a key is a"
        f" {_ALLOWED}"
    )


def _fixed(value: Any) -> Any:
    """A copy of a part that the user cannot change."""
    if isinstance(value, (tuple, list)):
        return tuple(_fixed(part) for part in value)
    if isinstance(value, dict):
        return {key: _fixed(part) for key, part in value.items()}
    return value
