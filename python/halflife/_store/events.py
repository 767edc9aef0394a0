"""The *events* of a store: its history, and the callbacks that get each event as it happens."""

from collections import deque
from collections.abc import Callable
from typing import Any

from halflife._core import Subscription, make_subscription
from halflife._events import Event
from halflife._store.options import DEFAULT_HISTORY
from halflife._support.reprs import abbreviated
from halflife._support.signatures import Role, check_function


def history(store: Any, limit: object) -> list[Event]:
    """The last events; the first call turns the history on."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise ValueError(f"limit must be a positive int, not {abbreviated(limit)}")
    store._write_log()
    driver = store._driver
    if driver.log is None or (limit is not None and limit != driver.log.maxlen):
        driver.log = deque(driver.log or (), maxlen=limit or DEFAULT_HISTORY)
        store._log_events(True)  # noqa: FBT003 - native, positional only
    return list(driver.log)


def on_event(store: Any, callback: Callable[[Event], object]) -> Subscription:
    """Call a function with each event."""
    check_function(callback, Role("on_event", "callback", "the event", 1, 1))
    store._log_events(True)  # noqa: FBT003
    driver = store._driver
    end_listening = driver.listeners.add(callback)

    def end() -> None:
        end_listening()
        if driver.log is None and not driver.listeners:
            store._log_events(False)  # noqa: FBT003

    return make_subscription(store, "events", end)
