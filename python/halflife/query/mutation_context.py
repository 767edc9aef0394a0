"""The *mutation context* is what the function of a mutation learns of its call: `fn(variables, ctx)`."""

from __future__ import annotations

from typing import final

from halflife._drivers.abort_signal import AbortSignal


@final
class MutationContext:
    """The second argument of the function of a mutation."""

    __slots__ = ("attempt", "idempotency_key", "signal")

    def __init__(self, signal: AbortSignal, attempt: int, idempotency_key: str) -> None:
        #: Aborted when the call is cancelled.
        self.signal = signal
        #: The number of this attempt, from 1.
        self.attempt = attempt
        #: The same in all attempts of one request, so that a server can tell a repeated request from a second one.
        self.idempotency_key = idempotency_key

    def __repr__(self) -> str:
        return f"<MutationContext, attempt {self.attempt}, idempotency_key={self.idempotency_key!r}>"
