"""An *origin* is the run, action, saga or call of a store on whose behalf a task works; its child tasks inherit it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

#: A run that has superseded itself this many times in a row is taken for endless.
ROUNDS: Final = 1000


class Origin:
    """A run, action, saga or call. Holds neither the store nor the atom, because contexts may live for long."""

    # Class attributes and not set by an __init__, which would cost a run a few percent.

    #: The origin that has started this one; None when one of the two has ended.
    cause: Origin | None = None
    #: Whether it has ended. Code of its tasks that runs later does not work on its behalf.
    ended = False
    #: The number of runs of the atom before this one that superseded themselves, one after another.
    rounds = 0
    #: The number of recorded waits of its tasks; see `Circles`.
    waits = 0

    def end(self) -> None:
        """The run, action, saga or call has ended."""
        self.ended = True
        self.cause = None

    def is_inside(self, other: Origin) -> bool:
        """Whether this is the other origin or was started by it: an action that a run starts is inside the run."""
        one: Origin | None = self
        while one is not None and one is not other:
            one = one.cause
        return one is not None


class RunOrigin(Origin):
    """The origin of a run's task."""


_origin: ContextVar[Origin | None] = ContextVar("halflife.origin", default=None)

#: The origin on whose behalf the current code works; None if there is none.
current_origin = _origin.get


def new_origin(kind: type[Origin] = Origin) -> Origin:
    """Make an origin that the current code starts."""
    made = kind()
    cause = current_origin()
    if cause is not None and not cause.ended:
        made.cause = cause
    return made


#: Call it in the context of a task to make the task work on behalf of the origin.
set_origin = _origin.set


def is_in_run() -> bool:
    """Whether the current code belongs to a run, or to a task that a run has started."""
    origin = current_origin()
    return isinstance(origin, RunOrigin) and not origin.ended
