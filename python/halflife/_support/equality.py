"""Two values are *the same* when they are one object, or equal scalars of one type.

Atoms tell by this rule whether a value has changed. The native module applies it to atoms; this module applies it for
the Python parts of the package. The `==` of other types is never called: it may be slow, raise, or return an array.
"""

import datetime
import decimal
import uuid

#: The scalar types of the standard library, also for the native module, which knows the built-in ones.
LIBRARY_SCALARS = (
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
)

_SCALARS = frozenset({int, float, str, bytes, bool, *LIBRARY_SCALARS})


def same(one: object, other: object) -> bool:
    """Whether a value that becomes `other` after `one` counts as unchanged."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is tuple:
        assert isinstance(one, tuple)
        assert isinstance(other, tuple)
        return len(one) == len(other) and all(map(same, one, other))
    # NaN is not equal to itself, but NaN after NaN is no change.
    return kind in _SCALARS and (one == other or (one != one and other != other))


def identity(value: object) -> object:
    """A dictionary key for a value: two values have equal keys if and only if they are the same, tuples excepted."""
    if type(value) not in _SCALARS:
        return (object, id(value))
    return (type(value), "NaN" if value != value else value)
