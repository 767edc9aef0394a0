"""The *options* of a store, checked before the store is made."""

from __future__ import annotations

import math

from halflife._support.checks import check_callable
from halflife._support.reprs import abbreviated

#: The number of events that a store keeps when `history` is called without a limit.
DEFAULT_HISTORY = 1000


def check_options(clock: object, name: object, mount_grace: object, on_error: object) -> None:
    """Raise TypeError or ValueError for an option of the wrong type or value."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name must be a str, not {abbreviated(name)}")
    if on_error is not None:
        check_callable(on_error, "Store", "on_error", "the error")
    if isinstance(mount_grace, bool) or not isinstance(mount_grace, (int, float)):
        raise TypeError(f"mount_grace must be a number of seconds, not {abbreviated(mount_grace)}")
    if not 0 <= mount_grace < math.inf:
        raise ValueError(f"mount_grace must be finite and not negative, got {mount_grace}")
    if clock is not None and not (hasattr(clock, "now") and hasattr(clock, "call_later")):
        raise TypeError(f"clock must have now(), call_later() and sleep(), not be {abbreviated(clock)}")
