"""A *manual clock* stands still until a test moves it. Then it fires the timers that are due, in order.

With it no test sleeps: `Store(clock=ManualClock())` puts every timer of the store on the test's time.

Timers are callbacks, and those that are due are called at once, so that tests without an event loop need
nothing else. But a coroutine that is woken, or started by a callback, acts only when the loop turns, and
what it does then may set timers for moments before the one moved to. So as soon as something waits for the
loop, the clock goes on moment by moment, and turns the loop until it is quiet in between: while the test
awaits what `advance` returned, or else in the background.
"""

import heapq
from collections.abc import Callable, Generator
from typing import Any, final

from halflife._core import is_function
from halflife._drivers import ticks
from halflife._support.checks import check_seconds

#: Sums of floats do not hit a moment exactly: eight times 0.1 must reach 0.8.
_TOLERANCE = 1e-9
#: How often the loop is turned at one moment at most, for a program that is never quiet.
_MAX_TURNS = 1_000
#: The same when nobody awaits the move: a test that turns the loop itself is never quiet, and wants to see the end.
_BACKGROUND_TURNS = 5
#: How often it is turned when it does not tell whether it is quiet.
_BLIND_TURNS = 50
#: Timers in one move after which they are taken for a loop that sets itself again for ever.
_MAX_TIMERS = 100_000


@final
class ManualTimer:
    """A callback that a `ManualClock` calls once when its moment has come."""

    __slots__ = ("_callback", "_clock", "due", "wakes")

    def __init__(self, clock: "ManualClock", due: float, callback: Callable[[], object], *, wakes: bool) -> None:
        self._clock = clock
        self._callback: Callable[[], object] | None = callback
        #: The moment at which it fires.
        self.due = due
        #: Whether it does no more than let a coroutine go on, which happens when the loop ticks.
        self.wakes = wakes

    def cancel(self) -> None:
        """Do not fire; harmless when it has fired or was cancelled."""
        if self._take() is not None:
            self._clock._pending -= 1

    def _take(self) -> Callable[[], object] | None:
        callback, self._callback = self._callback, None
        return callback


@final
class Passage:
    """What moving a `ManualClock` returns: awaiting it turns the loop until all that follows is done."""

    __slots__ = ("_clock",)

    def __init__(self, clock: "ManualClock") -> None:
        self._clock = clock

    def __await__(self) -> Generator[Any, None, None]:
        return self._clock._pass().__await__()


@final
class ManualClock:
    """A clock for tests that moves only by `advance` and `advance_to_next`.

    Args:
        start: the time to begin with, in seconds.

    Example:
        >>> clock = ManualClock()
        >>> store = Store(clock=clock)
        >>> with store.subscribe(debounced(typed, 0.3), print):
        ...     store.set(typed, "hal")
        ...     clock.advance(0.3)
        hal
    """

    def __init__(self, start: float = 0.0) -> None:
        self._target = check_seconds(start, "ManualClock", "start")
        # Behind the target while what happens at an earlier moment is being waited for.
        self._hand = self._target
        # Whether code that runs now belongs to the hand's moment rather than to the target's.
        self._passing = False
        self._timers: list[tuple[float, int, ManualTimer]] = []
        self._set_count = 0
        self._pending = 0
        self._errors: list[Exception] = []
        self._turns = 0
        self._quiet_turns = 0
        self._background: ticks.Handle | None = None
        self._loop: object | None = None
        self._someone_passes = False
        self._waiters: list[ticks.Waiter] = []

    @property
    def pending(self) -> int:
        """How many timers wait to be fired, sleeping coroutines included."""
        return self._pending

    def now(self) -> float:
        """The time in seconds."""
        return self._hand if self._passing else self._target

    def call_later(self, delay: float, callback: Callable[[], object]) -> ManualTimer:
        """Call `callback` once when the clock has been moved by `delay` seconds; 0 waits for the next move too."""
        return self._set(delay, callback, wakes=False)

    async def sleep(self, delay: float) -> None:
        """Wait until the clock has been moved by `delay` seconds; 0 or less only lets the loop turn once."""
        if delay <= 0:
            await ticks.one_turn()
            return
        waiter = ticks.Waiter()
        timer = self._set(delay, waiter.wake, wakes=True)
        try:
            await waiter.wait()
        finally:
            timer.cancel()

    def advance(self, seconds: float) -> Passage:
        """Move the clock by `seconds` and fire the timers due on the way, each at its own moment, in order.

        Works from plain code. In async code, await what it returns: then everything that follows from those
        timers has happened too, at the right moments, as far as it needs nothing but the loop and this clock.

        Raises:
            TypeError, ValueError: `seconds` is no finite number, or negative.
            Exception: what a timer's callback raised; an ExceptionGroup of several.
        """
        return self._move(self._target + check_seconds(seconds, "advance", "seconds"))

    def advance_to_next(self) -> Passage:
        """Move the clock to the next timer and fire it, and all others due at that moment.

        Raises:
            RuntimeError: no timer is waiting.
        """
        timer = self._next()
        if timer is None:
            raise RuntimeError("no timer is pending: there is no next moment to advance to")
        return self._move(max(self._target, timer.due))

    def __repr__(self) -> str:
        return f"<ManualClock at {self.now():g} s, {self._pending} pending>"

    def _set(self, delay: float, callback: Callable[[], object], *, wakes: bool) -> ManualTimer:
        if not is_function(callback):
            raise TypeError(f"call_later: callback must be callable, got {type(callback).__name__}")
        due = self.now() + check_seconds(max(delay, 0), "call_later", "delay")
        timer = ManualTimer(self, due, callback, wakes=wakes)
        self._set_count += 1
        heapq.heappush(self._timers, (due, self._set_count, timer))
        self._pending += 1
        return timer

    def _next(self) -> ManualTimer | None:
        while self._timers:
            timer = self._timers[0][2]
            if timer._callback is not None:
                return timer
            heapq.heappop(self._timers)
        return None

    def _move(self, target: float) -> Passage:
        self._target = target
        if not ticks.is_running():
            self._fire_at_once(stop_for_loop=False)
            self._raise_errors()
            return Passage(self)
        if ticks.current_loop() is not self._loop:
            self._forget_loop()
        if self._someone_passes:
            return Passage(self)
        is_quiet = ticks.ready_count() == 0
        if self._background is None:
            # In front of everything that timers will make ready, so that it runs at the hand's moment.
            self._background = ticks.in_next_turn(self._pass_in_background)
        # What is ready belongs to the moment that is being left, and comes first.
        if is_quiet and self._fire_at_once(stop_for_loop=True):
            self._stop_background()
            self._raise_errors()
        return Passage(self)

    def _fire_at_once(self, *, stop_for_loop: bool) -> bool:
        """Fire what is due; returns whether all was, or False if something has to wait for the loop."""
        was_passing, self._passing = self._passing, True
        try:
            for _ in range(_MAX_TIMERS):
                ready_before = ticks.ready_count() if stop_for_loop else None
                timer = self._fire_next_moment()
                if timer is None:
                    self._hand = self._target
                    return True
                if stop_for_loop and (timer.wakes or ticks.ready_count() != ready_before):
                    return False
            raise RuntimeError(f"{_MAX_TIMERS} timers fired in one move: they set themselves again for ever")
        finally:
            self._passing = was_passing

    def _fire_next_moment(self) -> ManualTimer | None:
        """Fire all timers of the next moment up to the target; returns one of them, one that wakes if any."""
        first = self._next()
        if first is None or first.due > self._target + _TOLERANCE:
            return None
        self._hand = max(self._hand, min(first.due, self._target))
        fired = first
        moment = []
        while (timer := self._next()) is not None and timer.due <= first.due + _TOLERANCE:
            heapq.heappop(self._timers)
            moment.append(timer)
        for timer in moment:
            callback = timer._take()
            if callback is None:
                continue  # One of the others has just cancelled it.
            self._pending -= 1
            if timer.wakes:
                fired = timer
            try:
                callback()
            except Exception as error:
                self._errors.append(error)
        return fired

    def _step(self, most_turns: int) -> bool:
        """Called once a turn: when the loop is quiet, go on to the next moment. True at the end."""
        self._turns += 1
        ready = ticks.ready_count()
        quiet = ready == 0 if ready is not None else self._turns >= _BLIND_TURNS
        # Twice, because a loop asks the operating system for news only between two ticks.
        self._quiet_turns = self._quiet_turns + 1 if quiet else 0
        if self._quiet_turns < 2 and self._turns < most_turns:
            return False
        self._turns = self._quiet_turns = 0
        if self._fire_next_moment() is not None:
            return False
        self._hand = self._target
        return True

    async def _pass(self) -> None:
        """Turn the loop and go from moment to moment until the target is reached."""
        if ticks.current_loop() is not self._loop:
            self._forget_loop()
        if self._someone_passes:
            waiter = ticks.Waiter()
            self._waiters.append(waiter)
            await waiter.wait()
            return
        self._stop_background()
        self._someone_passes = self._passing = True
        try:
            await ticks.one_turn()
            while not self._step(_MAX_TURNS):
                await ticks.one_turn()
        finally:
            self._someone_passes = self._passing = False
            for waiter in self._waiters:
                waiter.wake()
            self._waiters.clear()
        self._raise_errors()

    def _pass_in_background(self) -> None:
        self._passing = True
        if not self._step(_BACKGROUND_TURNS):
            self._background = ticks.in_next_turn(self._pass_in_background)
            return
        self._stop_background()
        errors, self._errors = self._errors, []
        for error in errors:
            ticks.report(error)

    def _stop_background(self) -> None:
        if self._background is not None:
            self._background.cancel()
            self._background = None
        self._passing = False

    def _forget_loop(self) -> None:
        """The clock is used in another loop than before; what the last one did not finish, it never will."""
        self._loop = ticks.current_loop()
        self._background = None
        self._someone_passes = self._passing = False
        self._waiters.clear()
        self._turns = self._quiet_turns = 0

    def _raise_errors(self) -> None:
        errors, self._errors = self._errors, []
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("timers failed", errors)
