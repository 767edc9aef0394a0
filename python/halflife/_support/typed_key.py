"""A *typed key* stands for a parameter in a dictionary and tells apart what Python's `==` does not.

`1`, `True` and `1.0` are equal and hash alike, yet a user who asks for `page(1)` does not mean
`page(True)`. So a key holds the type next to the value, and does so inside tuples and frozensets too.
NaN, which equals not even itself, gets one key.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

TypedKey: TypeAlias = tuple[type, Any]

#: Types whose values are told apart by type and value alone.
PLAIN = frozenset({int, str, bytes, bool, type(None)})
_NAN = object()


def typed_key(value: object, owner: Callable[[], str], what: str) -> TypedKey:
    """The typed key of `value`.

    Args:
        value: any hashable value.
        owner: says who needs the key, for messages only, such as ``"family 'user'"``.
        what: what the value is to the owner, such as ``"parameter"``.

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
    # A subclass with an equality of its own knows better what makes two of its values the same.
    if isinstance(value, tuple) and kind.__eq__ is tuple.__eq__:
        return (kind, tuple(_typed(part) for part in value))
    if isinstance(value, frozenset) and kind.__eq__ is frozenset.__eq__:
        return (kind, frozenset(_typed(part) for part in value))
    if kind is float and value != value:
        return (kind, _NAN)
    return (kind, value)
