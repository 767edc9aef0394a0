"""An *event* is one thing that happened in a store; tests assert on the log of events."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from halflife._core import Atom
from halflife._support.reprs import abbreviated

EventKind = Literal[
    "set",
    "run",
    "settled",
    "superseded",
    "failed",
    "notified",
    "mounted",
    "unmounted",
    # Of layers.
    "applied",
    "confirmed",
    "rolled_back",
    "conflicted",
    # Of queries.
    "invalidated",
    "evicted",
    "paused",
    "retried",
]


def is_of_subscribers(error: object) -> bool:
    """Whether an error is the group of errors that subscribers, effects and mount hooks raised when notified."""
    return isinstance(error, ExceptionGroup) and error.message.endswith("what was set stands")


class Event(NamedTuple):
    """An event: its kind, its atom, and its time (seconds on the store's clock).

    `detail` is the value of `set`, `settled` and `notified`, the error of `failed`, the number of an async run for
    `run` and `superseded`, and for `run` of a plain atom its value. `applied`, `confirmed`, `rolled_back` and
    `conflicted` are events of the layers of an atom in a store; the detail is the layer's id.
    """

    kind: EventKind
    atom: Atom[Any]
    at: float
    detail: Any

    def __repr__(self) -> str:
        return f"Event({self.kind!r}, {self.atom!r}, at={self.at!r}, detail={abbreviated(self.detail)})"
