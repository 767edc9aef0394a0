"""An *event* is one thing that happened in a store; the log of them is what tests assert on."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from halflife._core import Atom
from halflife._support.reprs import abbreviated

EventKind = Literal["set", "run", "settled", "superseded", "failed", "notified", "mounted", "unmounted"]


def is_of_subscribers(error: object) -> bool:
    """Whether an error is what subscribers, effects and mount hooks raised when they were told of a change."""
    return isinstance(error, ExceptionGroup) and error.message.endswith("what was set stands")


class Event(NamedTuple):
    """What happened to which atom, and when (seconds on the store's clock).

    `detail` is the value of `set`, `settled` and `notified`, the error of `failed`, the number of an async run
    for `run` and `superseded`, and the value of a plain one for `run`.
    """

    kind: EventKind
    atom: Atom[Any]
    at: float
    detail: Any

    def __repr__(self) -> str:
        return f"Event({self.kind!r}, {self.atom!r}, at={self.at!r}, detail={abbreviated(self.detail)})"
