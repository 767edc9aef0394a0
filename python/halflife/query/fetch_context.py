"""The *fetch context* is what a fetcher learns of its fetch: `fetcher(key, ctx)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

from halflife._drivers.abort_signal import AbortSignal


@final
class Unchanged:
    """The answer of a server that has nothing new (304): the data is kept, and its age renewed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ctx.unchanged"


UNCHANGED: Final = Unchanged()


@final
class FetchContext:
    """The second argument of a fetcher."""

    __slots__ = ("_argument", "_piece", "_progress", "attempt", "key", "memory", "previous", "refetching", "signal")

    #: Return it to keep the data and renew its age.
    unchanged: Final = UNCHANGED

    def __init__(
        self,
        *,
        key: tuple[Any, ...],
        signal: AbortSignal,
        refetching: bool,
        previous: Any,
        attempt: int,
        memory: dict[str, Any],
        argument: object,
        progress: dict[str, Any],
        piece: Callable[[Any], None],
    ) -> None:
        #: The key, as a tuple.
        self.key = key
        #: Aborted when the answer is not wanted any more.
        self.signal = signal
        #: Whether there is data already.
        self.refetching = refetching
        #: The confirmed data before; None if there is none.
        self.previous = previous
        #: The number of this attempt, from 1.
        self.attempt = attempt
        #: A dict kept with the entry, such as for an ETag.
        self.memory = memory
        # What the fetch was started for, such as one more page of a feed.
        self._argument = argument
        # Kept over the attempts of one fetch.
        self._progress = progress
        # Shows a part of the answer, while the fetch goes on.
        self._piece = piece

    def __repr__(self) -> str:
        return f"<FetchContext, attempt {self.attempt}{', refetching' if self.refetching else ''}>"
