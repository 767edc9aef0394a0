"""The *attempts* of one request run under its `Retry` and its circuit breaker, and pause while the network is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, final

from halflife._drivers.cancellation import CancelledError
from halflife._drivers.clock import Clock
from halflife._drivers.deadlines import Deadline
from halflife.query.breakers import CircuitBreaker
from halflife.query.retries import Retry, RetryRun


class Paused(Exception):  # noqa: N818 - not an error
    """The request waits for the network; its task ends."""


class Tried(Protocol):
    """What is asked of, and told to, a request that is tried."""

    #: Whether the next attempt has to wait for the network.
    def must_pause(self) -> bool: ...

    #: An attempt starts.
    def attempt_began(self) -> None: ...

    #: An attempt has failed, and there will be another one.
    def attempt_failed(self, error: Exception) -> None: ...


@final
class Attempts:
    """The attempts of one request. After a pause, `run` goes on with those that are left."""

    __slots__ = ("_breaker", "_clock", "_run", "_tried")

    def __init__(self, tried: Tried, clock: Clock, retry: Retry, breaker: CircuitBreaker | None) -> None:
        self._tried = tried
        self._clock = clock
        self._breaker = breaker
        self._run = RetryRun(retry)

    @property
    def number(self) -> int:
        """The number of the attempt that runs or ran last, from 1; 0 before the first one."""
        return self._run.attempt

    async def run(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """The result of the first attempt that succeeds.

        Raises:
            Paused: The next attempt has to wait for the network.
            Exception: The error with which the request fails.
        """
        clock, retry = self._clock, self._run
        while True:
            if retry.attempt > 0 and self._tried.must_pause():
                raise Paused
            retry.started(clock.now())
            self._tried.attempt_began()
            try:
                seconds = retry.remaining(clock.now())
                if seconds is None:
                    return await self._attempt(call)
                async with Deadline(clock, seconds):
                    return await self._attempt(call)
            except Exception as error:
                delay = retry.failed(error, clock.now())
                self._tried.attempt_failed(error)
            await clock.sleep(delay)

    async def _attempt(self, call: Callable[[], Awaitable[Any]]) -> Any:
        breaker = self._breaker
        if breaker is None:
            return await call()
        breaker.use_clock(self._clock)
        permit = breaker.acquire(self._clock.now())
        try:
            value = await call()
        except CancelledError:
            permit.released()
            raise
        except Exception as error:
            permit.failed(error, self._clock.now())
            raise
        except BaseException:
            permit.released()
            raise
        permit.succeeded(self._clock.now())
        return value
