"""A *manual clock* stands still until a test moves it. Then it fires the timers that are due, in order.

With it no test sleeps: `Store(clock=ManualClock())` runs every timer of the store on the test's time.

Timers are callbacks. The clock calls those that are due at once, so tests without an event loop need nothing else.
But a coroutine that a timer wakes or starts runs only in the next tick of the loop, and may set timers for moments
before the target of the move. So as soon as something waits for the loop, the clock advances one moment at a time,
and lets the loop tick until it is idle before it goes on: while the test awaits the result of `advance`, or else in
the background.
"""

import heapq
from collections.abc import Callable, Generator
from typing import Any, final

from halflife._core import is_function
from halflife._drivers import ticks
from halflife._support.checks import check_seconds

#: The wall-clock time of each new clock: 2020-01-01 00:00 UTC, in seconds since 1970.
_FIRST_DATE = 1_577_836_800.0
#: Sums of floats are not exact: eight times 0.1 must reach 0.8.
_TOLERANCE = 1e-9
#: The most ticks at one moment, for a program that is never idle.
_MAX_TICKS = 1_000
#: The same when nobody awaits the move: the loop of a test that ticks it itself is never idle, and the move must end.
_BACKGROUND_TICKS = 5
#: The number of ticks at one moment for a loop that does not tell whether it is idle.
_BLIND_TICKS = 50
#: The most timers in one move; more are taken for timers that set themselves again for ever.
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
        #: Whether the callback only wakes a coroutine, which goes on in the next tick.
        self.wakes = wakes

    def cancel(self) -> None:
        """Do not fire; harmless when the timer has fired or was cancelled."""
        if self._take() is not None:
            self._clock._pending -= 1

    def _take(self) -> Callable[[], object] | None:
        callback, self._callback = self._callback, None
        return callback


@final
class ClockAdvance:
    """A move of a `ManualClock`: awaiting it lets the loop tick until everything that follows is done."""

    __slots__ = ("_clock",)

    def __init__(self, clock: "ManualClock") -> None:
        self._clock = clock

    def __await__(self) -> Generator[Any, None, None]:
        return self._clock._finish_move().__await__()


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
        self._start = self._target
        # The moment that the clock has reached; before the target while a move is under way.
        self._hand = self._target
        # Whether code that runs now runs at the moment of the hand rather than at the target.
        self._is_moving = False
        self._timers: list[tuple[float, int, ManualTimer]] = []
        self._set_count = 0
        self._pending = 0
        self._errors: list[Exception] = []
        self._ticks = 0
        self._idle_ticks = 0
        self._background: ticks.Handle | None = None
        self._loop: object | None = None
        self._is_awaited = False
        self._waiters: list[ticks.Waiter] = []

    @property
    def pending(self) -> int:
        """How many timers wait to be fired, sleeping coroutines included."""
        return self._pending

    def now(self) -> float:
        """The time in seconds."""
        return self._hand if self._is_moving else self._target

    def time(self) -> float:
        """The wall-clock time, in seconds since 1970: 2020-01-01 00:00 UTC at first, and moved together with `now`."""
        return _FIRST_DATE + (self.now() - self._start)

    def call_later(self, delay: float, callback: Callable[[], object]) -> ManualTimer:
        """Call `callback` once when the clock has been moved by `delay` seconds; 0 waits for the next move too."""
        return self._set(delay, callback, wakes=False)

    async def sleep(self, delay: float) -> None:
        """Wait until the clock has been moved by `delay` seconds; 0 or less only lets the loop tick once."""
        if delay <= 0:
            await ticks.one_tick()
            return
        waiter = ticks.Waiter()
        timer = self._set(delay, waiter.wake, wakes=True)
        try:
            await waiter.wait()
        finally:
            timer.cancel()

    def advance(self, seconds: float) -> ClockAdvance:
        """Move the clock by `seconds` and fire the timers due on the way, each at its own moment, in order.

        Works in plain code. In async code, await the result: then everything that follows from those timers has
        happened too, at the right moments, as far as it needs nothing but the loop and this clock.

        Raises:
            TypeError, ValueError: `seconds` is no finite number, or negative.
            Exception: the error of a timer's callback; an ExceptionGroup of several errors.
        """
        return self._move(self._target + check_seconds(seconds, "advance", "seconds"))

    def advance_to_next(self) -> ClockAdvance:
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

    def _move(self, target: float) -> ClockAdvance:
        self._target = target
        if not ticks.is_running():
            self._fire_at_once(stop_for_loop=False)
            self._raise_errors()
            return ClockAdvance(self)
        if ticks.current_loop() is not self._loop:
            self._forget_loop()
        if self._is_awaited:
            return ClockAdvance(self)
        is_idle = ticks.ready_count() == 0
        if self._background is None:
            # Scheduled before everything that timers will make ready, so that all of it runs at the moment of the hand.
            self._background = ticks.in_next_tick(self._move_in_background)
        # Callbacks that are ready belong to the moment before the move, and run first.
        if is_idle and self._fire_at_once(stop_for_loop=True):
            self._stop_background()
            self._raise_errors()
        return ClockAdvance(self)

    def _fire_at_once(self, *, stop_for_loop: bool) -> bool:
        """Fire the timers that are due; False if one of them made something wait for the loop before all had fired."""
        was_moving, self._is_moving = self._is_moving, True
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
            self._is_moving = was_moving

    def _fire_next_moment(self) -> ManualTimer | None:
        """Fire all timers of the next moment up to the target; returns one of them, if possible one that wakes."""
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
                continue  # Another timer of the same moment has cancelled it.
            self._pending -= 1
            if timer.wakes:
                fired = timer
            try:
                callback()
            except Exception as error:
                self._errors.append(error)
        return fired

    def _step(self, most_ticks: int) -> bool:
        """Called once a tick: when the loop is idle, go on to the next moment. True when the target is reached."""
        self._ticks += 1
        ready = ticks.ready_count()
        is_idle = ready == 0 if ready is not None else self._ticks >= _BLIND_TICKS
        # Twice, because a loop polls the operating system only between two ticks.
        self._idle_ticks = self._idle_ticks + 1 if is_idle else 0
        if self._idle_ticks < 2 and self._ticks < most_ticks:
            return False
        self._ticks = self._idle_ticks = 0
        if self._fire_next_moment() is not None:
            return False
        self._hand = self._target
        return True

    async def _finish_move(self) -> None:
        """Let the loop tick, and go from moment to moment until the target is reached."""
        if ticks.current_loop() is not self._loop:
            self._forget_loop()
        if self._is_awaited:
            waiter = ticks.Waiter()
            self._waiters.append(waiter)
            await waiter.wait()
            return
        self._stop_background()
        self._is_awaited = self._is_moving = True
        try:
            await ticks.one_tick()
            while not self._step(_MAX_TICKS):
                await ticks.one_tick()
        finally:
            self._is_awaited = self._is_moving = False
            for waiter in self._waiters:
                waiter.wake()
            self._waiters.clear()
        self._raise_errors()

    def _move_in_background(self) -> None:
        self._is_moving = True
        if not self._step(_BACKGROUND_TICKS):
            self._background = ticks.in_next_tick(self._move_in_background)
            return
        self._stop_background()
        errors, self._errors = self._errors, []
        for error in errors:
            ticks.report(error)

    def _stop_background(self) -> None:
        if self._background is not None:
            self._background.cancel()
            self._background = None
        self._is_moving = False

    def _forget_loop(self) -> None:
        """The clock is used in another loop than before; the loop before will not finish its moves."""
        self._loop = ticks.current_loop()
        self._background = None
        self._is_awaited = self._is_moving = False
        self._waiters.clear()
        self._ticks = self._idle_ticks = 0

    def _raise_errors(self) -> None:
        errors, self._errors = self._errors, []
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("timers failed", errors)
