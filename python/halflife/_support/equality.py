"""Two values are *the same* when they are one object, or equal scalars of one type.

This is the rule by which atoms tell whether a value changed, for the Python parts of the package that
have to ask it themselves. The `==` of other types is never called: it may be slow, fail, or answer with
an array.
"""

import datetime
import decimal
import uuid

_SCALARS = frozenset(
    {
        int,
        float,
        str,
        bytes,
        bool,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        uuid.UUID,
        decimal.Decimal,
    }
)


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
    # NaN differs from itself by ==, but nothing has changed when it follows itself.
    return kind in _SCALARS and (one == other or (one != one and other != other))


def identity(value: object) -> object:
    """What finds a value again in a dictionary: equal for two scalars that are the same, and for one object."""
    if type(value) not in _SCALARS:
        return (object, id(value))
    return (type(value), "NaN" if value != value else value)
