"""*Watching* an atom from async code: every settled value, or the first that satisfies a predicate."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from typing import Any, Protocol, TypeVar

from halflife._core import AsyncValue, Atom, HasData, HasError, Loading, Subscription, loadable
from halflife._drivers.asyncio_driver import AsyncioDriver
from halflife._drivers.clock import Clock
from halflife._drivers.protocol import StoreLike
from halflife._support.checks import check_callable, check_seconds

T = TypeVar("T")

_NOTHING = object()


class WatchedStore(StoreLike, Protocol):
    """What watching needs of a store."""

    @property
    def clock(self) -> Clock: ...
    @property
    def _driver(self) -> AsyncioDriver: ...

    def subscribe(
        self,
        a: Atom[T],
        callback: Callable[[T], object],
        on_error: Callable[[BaseException], object] | None = None,
    ) -> Subscription: ...

    #: The same as `get`, but a run that was cancelled since the last `get` does not start again.
    def _get_again(self, a: Atom[Any], /) -> Any: ...


async def value(store: StoreLike, atom: Atom[Any]) -> Any:
    """The settled value; see `Store.value`."""
    found: Any = None
    try:
        found = store.get(atom)
        while isinstance(found, AsyncValue):
            found = await found
        return found
    finally:
        del store, atom, found  # The traceback of an error that the store keeps holds this frame.


async def changes(store: WatchedStore, atom: Atom[Any]) -> AsyncGenerator[Any, None]:
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
                    del store, atom, state  # The store keeps the error, whose traceback holds this frame.
                    raise error
            await watcher.wait(store._driver.circles, atom if isinstance(shown, Loading) else None)
            shown = store._get_again(state)


async def until(store: WatchedStore, atom: Atom[Any], predicate: Callable[[Any], object], timeout: float | None) -> Any:
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
                    del store, atom, state  # As in changes().
                    raise error
            if timed_out:
                raise TimeoutError(f"{atom.name} did not satisfy the predicate within {timeout} s")
            await watcher.wait(store._driver.circles, atom if isinstance(shown, Loading) else None)
            shown = store._get_again(state)
