"""The *errors* of halflife, all of them.

    HalflifeError (Exception)
    ├── StoreClosedError      the store was closed
    ├── WrongThreadError      the store belongs to another thread
    ├── NoEventLoopError      a run would have to start, and no event loop is running
    ├── CycleError            an atom needs its own value
    ├── WriteDuringReadError  set while an atom is being read
    ├── FlushLoopError        subscribers keep setting each other's atoms
    ├── NotSettledError       the result of a run that has not ended
    ├── RemovedItemError      writing an item that its list no longer holds
    ├── RunCancelledError     a run was cancelled, but not by its store
    ├── MutationCancelled     a call of a mutation was cancelled, so its edit was rolled back
    ├── RecipeError           a recipe edits and returns a value, or is not a pure function of its draft
    ├── RevokedDraftError     a draft was used after its recipe had ended
    ├── LensError             the part that a lens finds is not there (LookupError)
    ├── MissingKeyError       a batched fetch gave no data for a key (LookupError)
    ├── CircuitOpenError      a circuit breaker refused a call
    ├── RetryError            a call failed, and is not tried again
    │   ├── MaxAttemptsExceeded   there is no retry or no time left
    │   └── NonRetryableError     retry_if refused another attempt
    └── PatchError            a patch does not fit the value it is applied to (ValueError)

    Superseded (asyncio.CancelledError)   a newer run has superseded this one

All but Superseded and those that say otherwise are RuntimeErrors too. Superseded is a cancellation, so that
`except Exception` in a fetcher does not catch it.
"""

from __future__ import annotations

from halflife._drivers.cancellation import CancelledError


class HalflifeError(Exception):
    """Base of all errors that halflife raises by itself."""


class StoreClosedError(HalflifeError, RuntimeError):
    """The store was closed; nothing can be read from it or written to it any more."""


class WrongThreadError(HalflifeError, RuntimeError):
    """A store was used by another thread than its own; use `Store.post` or `Store.call` in other threads."""


class NoEventLoopError(HalflifeError, RuntimeError):
    """An async run would have to start, and no event loop is running in this thread."""


class CycleError(HalflifeError, RuntimeError):
    """An atom needs its own value, or a run, action or saga would wait for its own end; the message names the path."""


class WriteDuringReadError(HalflifeError, RuntimeError):
    """An atom was set while an atom was being read. Reads must not write."""


class FlushLoopError(HalflifeError, RuntimeError):
    """Subscribers or effects keep setting atoms that notify them again, or an async read sets its own input."""


class NotSettledError(HalflifeError, RuntimeError):
    """The result of a run was read before the run had ended."""


class RemovedItemError(HalflifeError, RuntimeError):
    """An item atom was written although its list no longer holds the item."""


class RunCancelledError(HalflifeError, RuntimeError):
    """A run was cancelled, but not by its store, or raised CancelledError itself."""


class MutationCancelled(HalflifeError, RuntimeError):  # noqa: N818 - named after the status `cancelled`
    """A call of a mutation was cancelled or given up, and its edit was rolled back."""


class RecipeError(HalflifeError, RuntimeError):
    """A recipe both edits its draft and returns another value, or is no pure function of the draft."""


class RevokedDraftError(HalflifeError, RuntimeError):
    """A draft was used after its recipe had ended, or after it was finished."""


class LensError(HalflifeError, LookupError):
    """The part that a lens finds is not there, or cannot be replaced."""


class MissingKeyError(HalflifeError, LookupError):
    """The answer of a batched fetch has no data for a key. An answer, not a failure: such an error is never retried."""


class CircuitOpenError(HalflifeError, RuntimeError):
    """A circuit breaker refused a call, because the calls before it failed.

    Attributes:
        retry_at: The moment at which another call is worth a try, in seconds on the breaker's clock.
    """

    def __init__(self, message: str, retry_at: float = 0.0) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class RetryError(HalflifeError, RuntimeError):
    """A call failed, and is not tried again. The error of the last attempt is its `__cause__`.

    Attributes:
        attempts: The number of attempts that were made.
        elapsed: Seconds since the first attempt started.
    """

    def __init__(self, message: str, attempts: int = 0, elapsed: float = 0.0) -> None:
        super().__init__(message)
        self.attempts = attempts
        self.elapsed = elapsed


class MaxAttemptsExceeded(RetryError):  # noqa: N818 - a name that users of other libraries know
    """A call failed at every attempt that its `Retry` allows, or until its deadline."""


class NonRetryableError(RetryError):
    """A call failed with an error for which the `retry_if` of its `Retry` allows no other attempt."""


class PatchError(HalflifeError, ValueError):
    """A patch does not fit the value that it is applied to, or is not a valid patch."""


class Superseded(CancelledError):  # noqa: N818 - a cancellation, not an error
    """A newer run has superseded this one; code that awaits the atom gets the newer value."""
