"""A *deferred flush* sends the notifications of `Loading` that a store has deferred, if they still hold.

A run that ends at once must not be shown as loading first. So these notifications wait for the end of the loop tick,
and longer while runs that have ended in it start dependent runs, which may end in the next tick.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol
from weakref import ref

#: The most loop ticks for which a chain of runs that end at once delays the notification of their `Loading`.
MAX_DEFERRED_TICKS: Final = 100


class FlushingDriver(Protocol):
    """What a deferred flush needs of a driver."""

    #: How many runs were started.
    started_runs: int
    _store: ref[Any]

    #: Call a function in the next loop tick.
    def call_soon(self, call: Callable[[], object]) -> bool: ...


def flush_deferred(driver: FlushingDriver, started: int, ticks: int) -> None:
    """Send them now, or in a later tick if runs were started since there were `started`."""
    if driver.started_runs != started and ticks > 0:
        driver.call_soon(partial(flush_deferred, driver, driver.started_runs, ticks - 1))
        return
    store = driver._store()
    if store is not None:
        store._flush(deferred=True)
