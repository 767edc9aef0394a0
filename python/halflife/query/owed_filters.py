"""The *owed filters* of a client name the keys that mutations have invalidated and that are still to be fetched again.

A key is fetched again when no mutation that edits or invalidates it runs or waits, so that no half-confirmed state is
seen, and then once, however many mutations have invalidated it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import final

from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.filters import Filter
from halflife.query.mutation_filters import fits
from halflife.query.refetches import fetch_again


class _Owed:
    """The entries that match one owed filter: those that are invalidated, and those that were fetched again."""

    __slots__ = ("marked", "served")

    def __init__(self) -> None:
        self.marked: set[Entry] = set()
        self.served: set[Entry] = set()


@final
class OwedFilters:
    """The filters of mutations that have ended, and of those that run or wait."""

    def __init__(self, entries: EntryCache) -> None:
        self._entries = entries
        # The filters of mutations that have ended and still wait for others.
        self._owed: dict[Filter, _Owed] = {}
        # How many mutations that run or wait will invalidate these keys.
        self._held: Counter[Filter] = Counter()

    def hold(self, filters: Iterable[Filter]) -> None:
        """A mutation that will invalidate these keys runs or waits."""
        self._held.update(filters)

    def release(self, filters: Iterable[Filter]) -> None:
        """That mutation has ended."""
        for one in filters:
            self._held[one] -= 1
            if self._held[one] <= 0:
                del self._held[one]
                for entry in self._matching(one):
                    entry.settle_soon()

    def is_held(self, entry: Entry) -> bool:
        """Whether a mutation that will invalidate the entry runs or waits."""
        return any(self._fits(one, entry) for one in self._held)

    def owe(self, filters: Iterable[Filter]) -> None:
        """A mutation that invalidates these keys has ended."""
        for one in filters:
            self._owed[one] = _Owed()

    def look(self) -> None:
        """Invalidate the keys that are owed, and fetch those again that no mutation holds back; the others wait."""
        if not self._owed:
            return
        stale: dict[Entry, None] = {}
        free: dict[Entry, None] = {}
        waiting: dict[Filter, _Owed] = {}
        for one, owed in self._owed.items():
            for entry in self._matching(one):
                if entry in owed.served or entry.is_static:
                    continue
                if entry not in owed.marked:
                    owed.marked.add(entry)
                    stale[entry] = None
                if self._entries.is_mutated(entry):
                    waiting[one] = owed
                else:
                    owed.served.add(entry)
                    # Data that came in the meantime was fetched while a mutation was half confirmed.
                    stale[entry] = free[entry] = None
        self._owed = waiting
        with self._entries.store.batch():
            for entry in stale:
                entry.invalidate()
        for entry in free:
            if entry.observers or entry.in_flight:
                fetch_again(entry)

    def clear(self) -> None:
        """Forget all filters."""
        self._owed.clear()
        self._held.clear()

    def _matching(self, one: Filter) -> Iterator[Entry]:
        try:
            yield from one.matches(self._entries)
        except Exception as error:  # The user's `where`.
            self._entries.store._report(error)

    def _fits(self, one: Filter, entry: Entry) -> bool:
        try:
            return fits(one, entry)
        except Exception as error:
            self._entries.store._report(error)
            return False
