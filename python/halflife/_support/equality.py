"""Two values are *the same* when they are one object, or equal scalars of one type.

Atoms tell by this rule whether a value has changed. The native module compares by it (`_core.same`). The `==` of other
types is never called: it may be slow, raise, or return an array.
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


def identity(value: object) -> object:
    """A dictionary key for a value: two values have equal keys if and only if they are the same, tuples excepted."""
    if type(value) not in _SCALARS:
        return (object, id(value))
    return (type(value), "NaN" if value != value else value)
