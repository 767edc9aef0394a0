"""A *retry* says how a call that failed is tried again: how often, after which delays, until when, and for what errors.

A `RetryRun` is one call under such a rule. It has no clock and waits for nothing: its user tells it the time, and waits
itself, so that a client can pause between two attempts.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from inspect import isawaitable
from types import CoroutineType
from typing import Any, NoReturn, ParamSpec, TypeVar

from halflife._core import Backoff
from halflife._drivers.clock import LOOP_CLOCK, Clock
from halflife._drivers.deadlines import Deadline, DeadlinePassed
from halflife._errors import CircuitOpenError, MaxAttemptsExceeded, MissingKeyError, NonRetryableError
from halflife._support.checks import (
    check_callable,
    check_clock,
    check_count,
    check_decorated,
    check_flag,
    check_number,
    check_seconds,
)
from halflife._support.reprs import abbreviated

T = TypeVar("T")
P = ParamSpec("P")


class WrongAnswerError(TypeError):
    """An answer of the wrong shape, which another attempt would not change. Users see a TypeError."""


#: Errors that say why no attempt could help. They are raised as they are.
_FINAL = (CircuitOpenError, MissingKeyError, WrongAnswerError)
_SEED_BYTES = 8


@dataclass(frozen=True, slots=True)
class Retry:
    """How a call that fails is tried again. Usable alone, by `call` or as a decorator, and as the option of queries.

    The delay before retry *n*, counted from 0, is ``min(initial_delay * factor ** n, max_delay)``, spread by `jitter`.

    Args:
        enabled: False: one attempt, and its error.
        max_retries: How many attempts may follow the first one.
        initial_delay: Seconds before the first retry.
        max_delay: The most seconds before a retry, before they are spread; `math.inf` for no limit.
        factor: By what each delay is longer than the one before.
        jitter: From 0 to 1: 0.5 spreads each delay by ±50 %, so that many clients do not retry at the same moment.
        deadline: Seconds from the first attempt after which no attempt starts, and the one then running is cancelled.
        retry_if: ``retry_if(error, attempt)``, asked when a retry is possible; the first attempt is number 1. True:
            try again; a float: try again after that many seconds, as a server asks for with `Retry-After`; False: no.
        seed: The same seed gives the same spread delays in each call.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or out of range.

    Example:
        >>> retry = Retry(max_retries=5, jitter=0.5, retry_if=lambda error, attempt: not isinstance(error, KeyError))
        >>> user = await retry.call(lambda: fetch_user(1))
        >>> @Retry(deadline=10.0)
        ... async def load_settings():
        ...     return await api.get("/settings")
    """

    enabled: bool = True
    max_retries: int = 3
    initial_delay: float = 1.0
    max_delay: float = 30.0
    factor: float = 2.0
    jitter: float = 0.0
    deadline: float | None = None
    retry_if: Callable[[Exception, int], bool | float] | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        check_flag(self.enabled, "Retry", "enabled")
        check_count(self.max_retries, "Retry", "max_retries", least=0)
        floats = {
            "initial_delay": check_seconds(self.initial_delay, "Retry", "initial_delay"),
            "max_delay": check_seconds(self.max_delay, "Retry", "max_delay", infinite=True),
            "factor": check_number(self.factor, "Retry", "factor", least=0.0, above=True),
            "jitter": check_number(self.jitter, "Retry", "jitter", least=0.0, most=1.0),
        }
        if self.deadline is not None:
            floats["deadline"] = check_seconds(self.deadline, "Retry", "deadline", positive=True)
        if self.retry_if is not None:
            check_callable(self.retry_if, "Retry", "retry_if", "the error, the attempt")
        if self.seed is not None and (isinstance(self.seed, bool) or not isinstance(self.seed, int)):
            raise TypeError(f"Retry: seed must be an int or None, got {type(self.seed).__name__}")
        for field, value in floats.items():
            object.__setattr__(self, field, value)

    async def call(self, fn: Callable[[], Awaitable[T]], clock: Clock | None = None) -> T:
        """Call `fn()` and await it, again after each failure that allows it.

        Args:
            fn: A function without arguments, called once an attempt.
            clock: Gives the time and waits; by default the running event loop.

        Raises:
            MaxAttemptsExceeded: All retries failed, or the deadline passed.
            NonRetryableError: `retry_if` refused another attempt.
            Exception: The error itself, if no retry is allowed at all (`max_retries=0`, `enabled=False`), and of
                kinds that are never retried (`CircuitOpenError`, `MissingKeyError`).
        """
        check_callable(fn, "Retry.call", "fn", "", may_be="async")
        result: T = await self._called(fn, LOOP_CLOCK if clock is None else check_clock(clock, "Retry.call", "clock"))
        return result

    def __call__(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """Decorate an async function: each call of it is one `call`."""
        check_decorated(fn, "Retry")

        @functools.wraps(fn)
        async def retried(*args: P.args, **kwargs: P.kwargs) -> T:
            call = functools.partial(fn, *args, **kwargs) if args or kwargs else fn
            result: T = await self._called(call, LOOP_CLOCK)
            return result

        return retried

    async def _called(self, fn: Callable[[], Any], clock: Clock) -> Any:
        if self.enabled and self.deadline is not None:
            return await self._called_until(fn, clock)
        first, run = clock.now(), None
        try:
            while True:
                try:
                    result = fn()
                    return await result if type(result) is CoroutineType or isawaitable(result) else result
                except Exception as error:
                    if run is None:  # Made when it is needed: most calls succeed at once.
                        run = RetryRun(self)
                        run.started(first)
                    delay = run.failed(error, clock.now())
                await clock.sleep(delay)
                run.started(clock.now())
        finally:
            del run  # The traceback of an error that the run holds holds this frame.

    async def _called_until(self, fn: Callable[[], Any], clock: Clock) -> Any:
        run = RetryRun(self)
        try:
            while True:
                run.started(clock.now())
                try:
                    seconds = run.remaining(clock.now())
                    assert seconds is not None
                    async with Deadline(clock, seconds):
                        return await _awaited(fn)
                except Exception as error:
                    delay = run.failed(error, clock.now())
                await clock.sleep(delay)
        finally:
            del run  # As above.


async def _awaited(fn: Callable[[], Any]) -> Any:
    result = fn()
    return await result if isawaitable(result) else result


class RetryRun:
    """The attempts of one call under a `Retry`. Times are seconds on one clock; a clock that goes back does no harm."""

    __slots__ = ("_backoff", "_error", "_first", "attempt", "retry")

    def __init__(self, retry: Retry) -> None:
        self.retry = retry
        #: The number of the attempt that runs or ran last, from 1; 0 before the first one.
        self.attempt = 0
        self._first = 0.0
        # Made when it is needed: most calls succeed at once.
        self._backoff: Backoff | None = None
        self._error: Exception | None = None

    def started(self, now: float) -> None:
        """Called before each attempt.

        Raises:
            MaxAttemptsExceeded: The deadline has passed since the last attempt; its cause is that attempt's error.
        """
        if self.attempt == 0:
            self._first = now
            if self._deadline is not None:
                self._started_backoff()
        elif self.remaining(now) == 0.0:
            self._too_late(now, self._error)
        self.attempt += 1

    def failed(self, error: Exception, now: float) -> float:
        """Called when an attempt has failed. Returns the seconds to wait before the next one.

        Raises:
            MaxAttemptsExceeded, NonRetryableError: There is no next attempt; the cause is `error`, but if that is the
                `DeadlinePassed` of an attempt that was cancelled, the error of the attempt before if there is one.
            TypeError, ValueError: `retry_if` returned neither a bool nor a number of seconds.
            Exception: `error` itself, of kinds that are never retried, or if there may be no retry at all; or the
                error of `retry_if`.
        """
        retry = self.retry
        if not isinstance(error, Exception) or isinstance(error, _FINAL) or not retry.enabled:  # type: ignore[redundant-expr]
            raise error
        if isinstance(error, DeadlinePassed):
            self._too_late(now, self._error or error)
        if retry.max_retries == 0:
            raise error
        self._error = error
        if self.remaining(now) == 0.0:
            self._too_late(now, error)
        if self.attempt > retry.max_retries:
            raise MaxAttemptsExceeded(
                f"gave up after {self._counted} in {self._elapsed(now):g} s: {_shown(error)}",
                self.attempt,
                self._elapsed(now),
            ) from error
        delay = self._asked_delay(error, now)
        backoff = self._started_backoff()
        if delay is None:
            delay = backoff.delay(self.attempt - 1)
        if not backoff.may_start(now, delay):
            self._too_late(now, error)
        return delay

    def remaining(self, now: float) -> float | None:
        """Seconds until the deadline, not negative; None without one."""
        if self._deadline is None or self._backoff is None:
            return self._deadline
        return self._backoff.remaining(now)

    @property
    def _deadline(self) -> float | None:
        return self.retry.deadline if self.retry.enabled else None

    @property
    def _counted(self) -> str:
        return f"{self.attempt} attempt{'' if self.attempt == 1 else 's'}"

    def _asked_delay(self, error: Exception, now: float) -> float | None:
        """The delay that `retry_if` wants; None if it leaves the delay to the rule."""
        if self.retry.retry_if is None:
            return None
        answer: object = self.retry.retry_if(error, self.attempt)
        if answer is True:
            return None
        if answer is False:
            raise NonRetryableError(
                f"retry_if refused another attempt after {self._counted}: {_shown(error)}",
                self.attempt,
                self._elapsed(now),
            ) from error
        if not isinstance(answer, (int, float)):
            raise TypeError(
                "Retry: retry_if must return True, False or the seconds to wait, got"
                f" {type(answer).__name__}: {abbreviated(answer, 60)}"
            ) from error
        return check_seconds(answer, "Retry", "the result of retry_if")

    def _too_late(self, now: float, cause: Exception | None) -> NoReturn:
        assert self._deadline is not None
        raise MaxAttemptsExceeded(
            f"gave up after {self._counted}, because of the deadline of {self._deadline:g} s: {_shown(cause)}",
            self.attempt,
            self._elapsed(now),
        ) from cause

    def _elapsed(self, now: float) -> float:
        return self._started_backoff().elapsed(now)

    def _started_backoff(self) -> Backoff:
        if self._backoff is None:
            retry = self.retry
            seed = (
                int.from_bytes(os.urandom(_SEED_BYTES)) if retry.seed is None else retry.seed % 2 ** (8 * _SEED_BYTES)
            )
            self._backoff = Backoff(
                retry.initial_delay, retry.max_delay, retry.factor, retry.jitter, self._deadline, seed
            )
            self._backoff.start(self._first)
        return self._backoff


def _shown(error: BaseException | None) -> str:
    return abbreviated(error)
