"""A *typed key* is a dictionary key for a value that distinguishes equal values of different types.

`1`, `True` and `1.0` are equal and have the same hash, but a user who calls `page(1)` does not mean `page(True)`. So a
key contains the type and the value, also inside tuples and frozensets. NaN, which is not equal to itself, has one key.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

TypedKey: TypeAlias = tuple[type, Any]

#: Types whose values are distinguished by type and value alone.
PLAIN = frozenset({int, str, bytes, bool, type(None)})
_NAN = object()


def typed_key(value: object, owner: Callable[[], str], what: str) -> TypedKey:
    """The typed key of `value`.

    Args:
        value: any hashable value.
        owner: gives the name of the owner for messages, such as ``"family 'user'"``.
        what: the owner's word for the value, such as ``"parameter"``.

    Raises:
        TypeError: `value`, or something in it, is not hashable.
        ValueError: `value` is nested more deeply than the interpreter can follow.
    """
    kind = type(value)
    if kind in PLAIN:
        return (kind, value)
    try:
        key = _typed(value)
        hash(key)
    except RecursionError:
        raise ValueError(f"{owner()}: a {what} of type {kind.__name__} is nested too deeply") from None
    except TypeError as error:
        raise TypeError(
            f"{owner()} needs a hashable {what}, got {kind.__name__} ({error}); "
            "use a tuple instead of a list, a frozenset instead of a set, or an id"
        ) from error
    return key


def _typed(value: object) -> TypedKey:
    kind = type(value)
    # A subclass with its own `__eq__` decides itself which of its values are the same.
    if isinstance(value, tuple) and kind.__eq__ is tuple.__eq__:
        return (kind, tuple(_typed(part) for part in value))
    if isinstance(value, frozenset) and kind.__eq__ is frozenset.__eq__:
        return (kind, frozenset(_typed(part) for part in value))
    if kind is float and value != value:
        return (kind, _NAN)
    return (kind, value)
