"""The *state of a breaker*, told to every store that shows it.

The state lives outside of the stores, and also changes by time. So the breaker remembers, weakly, the stores that have
read its atom, sets an atom there that the state's atom depends on, and has one timer for the end of the timeout.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal, TypeAlias, cast
from weakref import WeakMethod, WeakSet

from halflife import _core
from halflife._core import Atom, Breaker, Permit
from halflife._drivers.clock import LOOP_CLOCK, Clock, TimerHandle
from halflife._drivers.ticks import current_loop
from halflife._errors import NoEventLoopError, StoreClosedError, WriteDuringReadError
from halflife._support.internal_atoms import describe, inner_source
from halflife._types import Getter

State: TypeAlias = Literal["closed", "open", "half-open"]

#: The largest count of the native module.
_MOST = 2**32 - 1


class BreakerState:
    """The native state machine of one breaker, its clock, and the atom that shows its state."""

    __slots__ = (
        "__weakref__",
        "_changes",
        "_clock",
        "_count",
        "_is_told_time",
        "_native",
        "_shown",
        "_stores",
        "_timer",
        "_timer_loop",
        "_untold",
    )

    def __init__(self, threshold: int, timeout: float, trials: int, clock: Clock | None) -> None:
        self._native = Breaker(min(threshold, _MOST), timeout, min(trials, _MOST))
        self._clock = clock
        # Whether its users tell it the time, because it has no clock.
        self._is_told_time = False
        # The state that the stores know.
        self._shown: State = "closed"
        self._stores: WeakSet[Any] = WeakSet()
        # Stores that could not be told of the last change.
        self._untold: WeakSet[Any] = WeakSet()
        self._changes = inner_source(0, "changes of a circuit breaker")
        self._count = 0
        self._timer: TimerHandle | None = None
        self._timer_loop: object | None = None

    # --- calls

    def acquire(self, now: float | None) -> Permit | None:
        """A permit for one call, None if it is refused."""
        permit = self._native.acquire(self._time(now))
        if self._shown != "closed":
            self.look(now)
        return permit

    def succeeded(self, permit: Permit, now: float | None) -> None:
        """A call has succeeded."""
        permit.succeeded(self._time(now))
        if self._shown != "closed":
            self.look(now)

    def failed(self, permit: Permit, now: float | None) -> None:
        """A call has failed."""
        permit.failed(self._time(now))
        self.look(now)

    def refusal(self, now: float | None) -> tuple[State, float]:
        """The state that refused a call, and the moment at which another is worth a try."""
        moment = self._time(now)
        return self._native.state(moment), self._native.retry_at(moment)

    def reset(self) -> None:
        """Close it."""
        self._native.reset()
        self.look()

    # --- time

    def use_clock(self, clock: Clock) -> None:
        """Take this clock, if there is none yet."""
        if self._clock is not None:
            return
        if not self._is_told_time:
            self._native.state(LOOP_CLOCK.now())
        self._native.change_clock(clock.now())  # The present moment on the other clock.
        self._clock = clock
        self._stop_timer()
        self._watch_time()

    def look(self, now: float | None = None) -> State:
        """The state now; tells the stores if it has changed."""
        state = self._native.state(self._time(now))
        if state != self._shown:
            self._shown = state
            self._tell(self._stores)
            self._watch_time()
        elif self._untold:
            self._tell(self._untold)
        return state

    def _time(self, now: float | None) -> float:
        if self._clock is not None:
            return self._clock.now()
        if now is None:
            return LOOP_CLOCK.now()
        self._is_told_time = True
        return now

    def _watch_time(self) -> None:
        """Have a timer while the breaker is open and a store shows it."""
        # A timer of a loop that was closed never fires.
        if self._timer is not None and self._timer_loop is not current_loop():
            self._stop_timer()
        left = self._native.until_half_open(self._time(None)) if self._stores else None
        if left is None:
            self._stop_timer()
        elif self._timer is None:
            fire = WeakMethod(self._fire)

            def fire_if_alive() -> None:
                method = fire()
                if method is not None:
                    method()

            with suppress(NoEventLoopError):  # The next look at the state notices that the time is over.
                self._timer = (self._clock or LOOP_CLOCK).call_later(left, fire_if_alive)
                self._timer_loop = current_loop()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _fire(self) -> None:
        self._timer = None
        self.look()
        self._watch_time()  # A clock that was set back, or a timer that fired a little early.

    # --- stores

    def make_atom(self) -> Atom[State]:
        """An atom of the state; this object does not hold it."""

        def read(get: Getter) -> State:
            get(self._changes)
            self._stores.add(cast("Any", get).store)
            self._watch_time()
            return self._native.state(self._time(None))

        describe(read, "state", lambda: "state of a circuit breaker")
        made: Atom[State] = _core.make(Atom, "derived", read)
        return made

    def _tell(self, stores: WeakSet[Any]) -> None:
        for store in list(stores):
            self._untold.discard(store)
            if store.closed:
                self._stores.discard(store)
            elif store._driver.refuse_thread() is None:
                self._tell_here(store)
            else:
                self._count += 1
                try:
                    store.post(self._changes, self._count)
                except StoreClosedError:
                    self._stores.discard(store)
                except NoEventLoopError:
                    self._untold.add(store)

    def _tell_here(self, store: Any) -> None:
        # Again in the next tick if a read is under way, or a batch, whose rollback would take the change back.
        if not self._set(store) or store._in_batch:
            store._driver.soon(self._set)

    def _set(self, store: Any) -> bool:
        self._count += 1
        try:
            store.set(self._changes, self._count)
        except WriteDuringReadError:
            self._untold.add(store)
            return False
        except Exception as error:  # The error of a subscriber, which is none of the call that changed the state.
            store._report(error, self._changes)
        self._untold.discard(store)
        return True
