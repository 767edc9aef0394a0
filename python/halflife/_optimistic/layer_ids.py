"""*Layer ids* are the numbers by which `Layers` finds a layer again: unique per process, unlike those of a log."""

import itertools
from weakref import WeakValueDictionary

from halflife._core import LayerState

_ids = itertools.count(1)


class LayerIds(WeakValueDictionary[int, LayerState]):
    """The layers of one log by id. Keeps no layer alive.

    Ids are unique per process, so a stale id never names a newer layer.
    """

    #: Whether all layers were confirmed or rolled back for good, so that the log is gone.
    closed = False
    #: The id that was assigned last.
    newest = 0

    def assign(self, state: LayerState) -> int:
        """Give a new layer its id."""
        self.newest = next(_ids)
        self[self.newest] = state
        return self.newest

    def number_of(self, state: LayerState) -> int | None:
        """The id of a layer, None if it was given none; the newest are looked at first."""
        return next((number for number in sorted(self, reverse=True) if self.get(number) is state), None)

    def forget_after(self, newest: int) -> None:
        """Forget the ids assigned after `newest`: their layers were undone, even confirmed ones."""
        assigned = range(newest + 1, self.newest + 1)  # Other logs draw ids too, so the range may be long.
        for number in assigned if len(assigned) < len(self) else [number for number in self if number > newest]:
            self.pop(number, None)
        self.newest = newest
