"""A *circuit breaker* stops calls to a service that keeps failing, and lets a few through to see whether it is back."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from types import CoroutineType
from typing import Any, NoReturn, ParamSpec, TypeAlias, TypeVar, cast, final

from halflife._core import Atom, Permit
from halflife._drivers.clock import Clock
from halflife._errors import CircuitOpenError
from halflife._support.checks import check_callable, check_clock, check_count, check_decorated, check_seconds
from halflife._support.copies import refuse_copies
from halflife._support.reprs import abbreviated
from halflife.query.breaker_states import BreakerState, State

T = TypeVar("T")
P = ParamSpec("P")

#: Which errors count as failures.
Counts: TypeAlias = tuple[type[Exception], ...] | type[Exception] | Callable[[Exception], bool]


@final
class CircuitBreaker:
    """Refuses calls for a while after several failures in a row. Usable alone, and as the option of queries.

    It is *closed* while calls go through; *open*, after `threshold` failures in a row, while calls are refused; and
    *half-open*, after `timeout`, while trial calls go through: the first success closes it, and a failure opens it
    again. An error that does not count is an answer of the service, and so a success. A cancellation is neither. An
    answer of a call that began before the last change of the state does not count.

    Share one object between all calls of one service: between queries, stores and functions of your own.

    Args:
        threshold: The number of failures in a row that opens it.
        timeout: Seconds for which it is open.
        half_open_max: The most trial calls at once.
        counts: Classes of errors that count as failures, or ``counts(error) -> bool``.
        clock: Gives the time; by default the clock of the store that it is first used through, and until then the
            running event loop.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or out of range.

    Example:
        >>> breaker = CircuitBreaker(threshold=3, timeout=30.0, counts=(ConnectionError, TimeoutError))
        >>> user = await breaker.call(lambda: fetch_user(1))
        >>> @breaker
        ... async def load_settings():
        ...     return await api.get("/settings")
        >>> store.subscribe(breaker.state, show_in_status_bar)
    """

    __slots__ = ("__weakref__", "_atom", "_counts", "_state", "half_open_max", "threshold", "timeout")

    __reduce_ex__ = refuse_copies

    def __init__(
        self,
        threshold: int = 5,
        timeout: float = 60.0,
        half_open_max: int = 1,
        counts: Counts = (Exception,),
        clock: Clock | None = None,
    ) -> None:
        #: The number of failures in a row that opens it.
        self.threshold = check_count(threshold, "CircuitBreaker", "threshold")
        #: Seconds for which it is open.
        self.timeout = check_seconds(timeout, "CircuitBreaker", "timeout")
        #: The most trial calls at once.
        self.half_open_max = check_count(half_open_max, "CircuitBreaker", "half_open_max")
        self._counts = _checked_counts(counts)
        if clock is not None:
            check_clock(clock, "CircuitBreaker", "clock")
        self._state = BreakerState(self.threshold, self.timeout, self.half_open_max, clock)
        self._atom = self._state.make_atom()

    @property
    def state(self) -> Atom[State]:
        """An atom of the state: "closed", "open" or "half-open". It is the same in every store."""
        self._state.look()
        return self._atom

    def reset(self) -> None:
        """Close it, and forget the failures so far; answers of calls that run do not count."""
        self._state.reset()

    async def call(self, fn: Callable[[], Awaitable[T]]) -> T:
        """Call `fn()` and await it, if the state allows it.

        Raises:
            CircuitOpenError: It is open, or enough trial calls run; `fn` was not called.
            Exception: The error of `fn`.
        """
        check_callable(fn, "CircuitBreaker.call", "fn", "", may_be="async")
        result: T = await self._called(fn)
        return result

    def __call__(self, fn: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """Decorate an async function: each call of it is one `call`."""
        check_decorated(fn, "CircuitBreaker")

        @functools.wraps(fn)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            call = functools.partial(fn, *args, **kwargs) if args or kwargs else fn
            result: T = await self._called(call)
            return result

        return guarded

    def use_clock(self, clock: Clock) -> None:
        """Called by a store's client: the breaker takes this clock, if it has none yet."""
        self._state.use_clock(clock)

    def acquire(self, now: float | None = None) -> BreakerPermit:
        """A permit for one call, which must be told how the call ended.

        Args:
            now: The time in seconds, for a breaker that has no clock.

        Raises:
            CircuitOpenError: The call is refused.
        """
        permit = self._state.acquire(now)
        if permit is None:
            self._refuse(now)
        return BreakerPermit(self, permit)

    def _refuse(self, now: float | None) -> NoReturn:
        state, retry_at = self._state.refusal(now)
        why = "the circuit breaker is open" if state == "open" else "the trial calls of the circuit breaker run"
        raise CircuitOpenError(f"{why}: try again at {retry_at:g} s on its clock, or call its reset()", retry_at)

    async def _called(self, fn: Callable[[], Any]) -> Any:
        state = self._state
        permit = state.acquire(None)
        if permit is None:
            self._refuse(None)
        try:
            result = fn()
            if type(result) is CoroutineType or inspect.isawaitable(result):
                result = await result
        except BaseException as error:
            BreakerPermit(self, permit).failed(error)
            raise
        state.succeeded(permit, None)
        return result

    def _counted(self, error: Exception) -> bool:
        counts = self._counts
        return isinstance(error, counts) if isinstance(counts, tuple) else bool(counts(error))

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self._state.look()}>"


class BreakerPermit:
    """The right to make one call, and the way to tell how it ended; only the first answer counts.

    A permit that is dropped is released. `now` is the time for a breaker that has no clock.
    """

    __slots__ = ("_breaker", "_permit")

    def __init__(self, breaker: CircuitBreaker, permit: Permit) -> None:
        self._breaker = breaker
        self._permit = permit

    def succeeded(self, now: float | None = None) -> None:
        """The call has succeeded."""
        self._breaker._state.succeeded(self._permit, now)

    def failed(self, error: BaseException, now: float | None = None) -> None:
        """The call has failed with this error, which may count or not; a cancellation does not."""
        if not isinstance(error, Exception):
            self.released()
            return
        try:
            counted = self._breaker._counted(error)
        except BaseException:
            self.released()
            raise
        if counted:
            self._breaker._state.failed(self._permit, now)
        else:
            self.succeeded(now)

    def released(self) -> None:
        """The call was cancelled, which says nothing about the service."""
        self._permit.released()


def _checked_counts(counts: object) -> tuple[type[Exception], ...] | Callable[[Exception], bool]:
    if isinstance(counts, type) and issubclass(counts, BaseException):
        counts = (counts,)
    if isinstance(counts, (tuple, list, set, frozenset)):
        for kind in counts:
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                raise TypeError(
                    "CircuitBreaker: counts must be classes of errors that derive from Exception, or a function of"
                    f" the error; got {abbreviated(kind, 60)}"
                )
        return cast(tuple[type[Exception], ...], tuple(counts))
    check_callable(counts, "CircuitBreaker", "counts", "the error")
    return counts  # type: ignore[return-value]
