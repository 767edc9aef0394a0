"""An *origin* is the run, action, saga or call of a store on whose behalf a task works; its child tasks inherit it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

#: A run that has superseded itself so many times in a row will never end.
ROUNDS: Final = 1000


class Origin:
    """One of them. It holds neither the store nor the atom, because contexts may live for long."""

    # Not set by an __init__, which would cost a run a few percent.

    #: The origin that has started this one, while both go on.
    cause: Origin | None = None
    #: What is set from then on is not set by it any more.
    ended = False
    #: How many runs of the atom before this one have superseded themselves, one after another.
    rounds = 0
    #: How many waits of its tasks are watched for being endless.
    waits = 0

    def end(self) -> None:
        """The run, action, saga or call has ended."""
        self.ended = True
        self.cause = None

    def is_inside(self, other: Origin) -> bool:
        """Whether it is the other one, or was started by it; an action started by a run is inside of the run."""
        one: Origin | None = self
        while one is not None and one is not other:
            one = one.cause
        return one is not None


class RunOrigin(Origin):
    """A run."""


_origin: ContextVar[Origin | None] = ContextVar("halflife.origin", default=None)

#: On whose behalf the current code works, if it is anybody's.
current_origin = _origin.get


def new_origin(kind: type[Origin] = Origin) -> Origin:
    """One that is started by the current code."""
    made = kind()
    cause = current_origin()
    if cause is not None and not cause.ended:
        made.cause = cause
    return made


#: Called in the context of a task: from then on the task works on its behalf.
set_origin = _origin.set


def is_in_run() -> bool:
    """Whether the current code is a run's, or that of a task which it has started."""
    origin = current_origin()
    return isinstance(origin, RunOrigin) and not origin.ended
