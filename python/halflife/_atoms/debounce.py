"""A *follower* is an atom that takes on another atom's value late (`debounced`) or at a limited rate (`throttled`).

The follower does so while it is observed, on the store's clock. When unobserved, reading it returns the current value
of the atom that it follows.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast, overload
from weakref import WeakMethod

from halflife import _core
from halflife._core import AsyncValue, Atom
from halflife._errors import StoreClosedError
from halflife._support.checks import check_atom, check_seconds
from halflife._support.internal_atoms import describe, inner_source
from halflife._support.memoize import remember
from halflife._support.outcome import Outcome
from halflife._support.unset import UNSET, UnsetType
from halflife._types import AsyncAtom, Getter, SelfSetter, TimerHandle

T = TypeVar("T")


@overload
def debounced(a: AsyncAtom[T], seconds: float) -> AsyncAtom[T]: ...
@overload
def debounced(a: Atom[T], seconds: float) -> Atom[T]: ...
def debounced(a: Atom[Any], seconds: float) -> Any:
    """An atom that follows `a` once `a` has not changed for `seconds`.

    While observed, it keeps its value until then; every change of `a` restarts the timer on the store's clock. The
    first value is shown at once. Errors are delayed like values. When unobserved, reading it returns the value of
    `a`. The same arguments give the same atom.

    Args:
        a: the atom to follow; of an async one, settled values count.
        seconds: the time for which `a` must stay unchanged.

    Raises:
        TypeError: `a` is not an atom, or `seconds` is not a number.
        ValueError: `seconds` is negative, infinite or NaN.

    Example:
        >>> typed = atom("")
        >>> query = debounced(typed, 0.3)
        >>> @derived
        ... async def results(get):
        ...     return await search(get(query))
    """
    check_atom(a, "debounced", "a")
    wait = check_seconds(seconds, "debounced", "seconds")

    def make() -> Atom[Any]:
        return _make_follower(a, wait, leading=False, word="debounced")

    return remember(a, ("debounced", wait), make)


@overload
def throttled(a: AsyncAtom[T], seconds: float) -> AsyncAtom[T]: ...
@overload
def throttled(a: Atom[T], seconds: float) -> Atom[T]: ...
def throttled(a: Atom[Any], seconds: float) -> Any:
    """An atom that follows `a`, but changes at most once in `seconds`.

    While observed, it shows the first change at once. Of the changes in the `seconds` after that, it shows only the
    newest value when they are over. When unobserved, reading it returns the value of `a`. The same arguments give
    the same atom.

    Args:
        a: the atom to follow; of an async one, settled values count.
        seconds: the least time between two changes, on the store's clock.

    Raises:
        TypeError: `a` is not an atom, or `seconds` is not a number.
        ValueError: `seconds` is negative, infinite or NaN.

    Example:
        >>> price = atom(100)
        >>> shown_price = throttled(price, 1.0)
    """
    check_atom(a, "throttled", "a")
    pause = check_seconds(seconds, "throttled", "seconds")

    def make() -> Atom[Any]:
        return _make_follower(a, pause, leading=True, word="throttled")

    return remember(a, ("throttled", pause), make)


def _make_follower(source: Atom[Any], seconds: float, *, leading: bool, word: str) -> Atom[Any]:
    # The outcome shown while observed. Unset when unobserved, or while an async atom has not settled yet.
    shown = inner_source(UNSET, f"{word} value")

    def read(get: Getter) -> Any:
        outcome: Outcome[Any] | UnsetType = get(shown)
        return get(source) if outcome is UNSET else outcome.get()

    async def read_async(get: Getter) -> Any:
        outcome: Outcome[Any] | UnsetType = get(shown)
        return await get(cast(Any, source)) if outcome is UNSET else outcome.get()

    def on_mount(set: SelfSetter) -> Callable[[], None]:
        return _Following(set.store, source, shown, seconds, leading=leading).stop

    body: Callable[..., Any] = read_async if source.is_async else read
    describe(body, word, lambda name: f"{word}({name})", source, prefers_assigned_name=True)
    return _core.make(Atom, "derived", body, on_mount=on_mount, views=source)


class _Following:
    """One observed follower in one store: subscribes to the source, and decides when to show its changes.

    The store holds this object through its subscription and its unmount function. The clock holds it weakly: a timer
    must not keep a store alive that nobody uses any more.
    """

    def __init__(self, store: Any, source: Atom[Any], shown: Atom[Any], seconds: float, *, leading: bool) -> None:
        self._store = store
        self._source = source
        self._shown = shown
        self._seconds = seconds
        # Whether a change is shown at once when no timer runs, and then starts a timer that delays the next change.
        self._leading = leading
        self._timer: TimerHandle | None = None
        # The outcome to show when the timer fires.
        self._waiting: Outcome[Any] | None = None
        self._subscription = store.subscribe(source, self._on_value, on_error=self._on_error)
        self._show_first()

    def stop(self) -> None:
        """Called when the follower is no longer observed."""
        self._cancel_timer()
        self._waiting = None
        self._subscription.unsubscribe()
        with suppress(StoreClosedError):  # The store may be closing.
            self._store.set(self._shown, UNSET)

    def _show_first(self) -> None:
        first = Outcome.of(lambda: self._store.get(self._source))
        value = first.value
        if not isinstance(value, AsyncValue):
            self._store.set(self._shown, first)
        elif value.done:
            self._store.set(self._shown, Outcome.of(value.result))

    def _on_value(self, value: Any) -> None:
        self._changed(Outcome.of(value.result) if isinstance(value, AsyncValue) else Outcome(value))

    def _on_error(self, error: Exception) -> None:
        self._changed(Outcome.failed(error))

    def _changed(self, outcome: Outcome[Any]) -> None:
        if self._store.get(self._shown) is UNSET:
            self._store.set(self._shown, outcome)  # An async atom has settled for the first time.
        elif self._leading and self._timer is None:
            self._store.set(self._shown, outcome)
            self._start_timer()
        else:
            self._waiting = outcome
            if not self._leading:
                self._cancel_timer()
                self._start_timer()

    def _start_timer(self) -> None:
        fire = WeakMethod(self._fire)

        def fire_if_alive() -> None:
            method = fire()
            if method is not None:
                method()

        self._timer = self._store.clock.call_later(self._seconds, fire_if_alive)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        outcome, self._waiting = self._waiting, None
        if outcome is None:
            return
        if self._leading:
            self._start_timer()
        try:
            self._store.set(self._shown, outcome)
        except Exception as error:  # A timer has no caller that could handle an error of a subscriber.
            self._store._report(error, self._shown)
