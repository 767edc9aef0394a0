"""*Watching* an atom from async code: every settled value, or the first that satisfies a predicate."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from halflife._core import AsyncValue, HasData, HasError, Loading, loadable
from halflife._support.checks import check_callable, check_seconds

if TYPE_CHECKING:
    from halflife._core import Atom
    from halflife._store.store import Store

_NOTHING = object()


async def value(store: Store, atom: Atom[Any]) -> Any:
    """The settled value; see `Store.value`."""
    found: Any = None
    try:
        found = store.get(atom)
        while isinstance(found, AsyncValue):
            found = await found
        return found
    finally:
        del store, atom, found  # an error that the store keeps would keep this frame


async def changes(store: Store, atom: Atom[Any]) -> AsyncGenerator[Any, None]:
    """The current settled value, then every new one; see `Store.changes`."""
    state = loadable(atom)
    last: Any = _NOTHING
    with (
        store._driver.watcher() as watcher,
        store.subscribe(state, watcher.wake, on_error=watcher.wake),
    ):
        shown: Any = store.get(state)
        while True:
            match shown:
                case HasData(data=data) if data is not last:
                    last = data
                    yield data
                case HasError(error=error):
                    del store, atom, state  # the store keeps the error, and that this frame
                    raise error
            await watcher.wait(store._driver.circles, atom if isinstance(shown, Loading) else None)
            shown = store._get_again(state)


async def until(store: Store, atom: Atom[Any], predicate: Callable[[Any], object], timeout: float | None) -> Any:
    """The first settled value that satisfies the predicate; see `Store.until`."""
    check_callable(predicate, "until", "predicate", "the value")
    if timeout is not None:
        timeout = check_seconds(timeout, "until", "timeout")
    state = loadable(atom)
    timed_out = False

    def time_out() -> None:
        nonlocal timed_out
        timed_out = True
        watcher.wake()

    with ExitStack() as stack:
        watcher = stack.enter_context(store._driver.watcher())
        if timeout is not None:
            stack.callback(store.clock.call_later(timeout, time_out).cancel)
        stack.enter_context(store.subscribe(state, watcher.wake, on_error=watcher.wake))
        shown: Any = store.get(state)
        while True:
            match shown:
                case HasData(data=data) if predicate(data):
                    return data
                case HasError(error=error):
                    del store, atom, state  # the store keeps the error, and that this frame
                    raise error
            if timed_out:
                raise TimeoutError(f"{atom.name} did not satisfy the predicate within {timeout} s")
            await watcher.wait(store._driver.circles, atom if isinstance(shown, Loading) else None)
            shown = store._get_again(state)
