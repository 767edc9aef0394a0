"""The *revisions* of an entry let it follow a batch that fails.

Such a batch puts the data atom back, like every other atom. The revision is the value of a hidden atom that every
write within a batch sets. When it is an earlier one again, the entry restores what it knew at that revision. Fetches
are not undone: they were started or cancelled when the batch said so.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, final

from halflife._core import EntryPolicy, EntrySnapshot, SourceAtom
from halflife._support.internal_atoms import inner_source
from halflife.query.keys import QueryKey
from halflife.query.owner import Owner


class RevisedEntry(Protocol):
    """What the revisions save of an entry, and restore."""

    error: Exception | None
    last_updated: float | None
    memory: dict[str, Any]
    is_once: bool
    is_emptied: bool

    @property
    def owner(self) -> Owner: ...
    @property
    def tags(self) -> frozenset[QueryKey]: ...
    @property
    def in_flight(self) -> object: ...


class _Saved(NamedTuple):
    policy: EntrySnapshot
    error: Exception | None
    last_updated: float | None
    memory: dict[str, Any]
    is_once: bool
    is_emptied: bool
    tags: frozenset[QueryKey]
    is_fetching: bool


class _Revision:
    __slots__ = ("saved",)

    def __init__(self) -> None:
        #: What the entry knew when the next revision followed.
        self.saved: _Saved | None = None


@final
class EntryRevisions:
    """The revisions of one entry."""

    __slots__ = ("_atom", "_current", "_entry", "_policy", "_was_fetching")

    def __init__(self, entry: RevisedEntry, policy: EntryPolicy) -> None:
        self._entry = entry
        self._policy = policy
        # None unless a batch is open that has changed the entry.
        self._atom: SourceAtom[_Revision] | None = None
        self._current: _Revision | None = None
        self._was_fetching = False

    def begin(self) -> None:
        """Called before a change. In a batch, which may fail, it starts a revision."""
        store, entry = self._entry.owner.store, self._entry
        if not store._in_batch:
            return
        self.restore()
        if self._atom is None:
            self._current = _Revision()
            self._atom = inner_source(self._current, "revision")
            entry.owner.changed_in_batch(entry)
        assert self._current is not None
        self._current.saved = _Saved(
            self._policy.snapshot(),
            entry.error,
            entry.last_updated,
            entry.memory,
            entry.is_once,
            entry.is_emptied,
            entry.tags,
            bool(entry.in_flight),
        )
        self._current = _Revision()
        store.set(self._atom, self._current)

    def restore(self) -> None:
        """If a batch has failed, restore what the entry knew before it."""
        if self._atom is None:
            return
        store, entry = self._entry.owner.store, self._entry
        if store.closed:
            return
        revision = store.get(self._atom)
        if revision is self._current:
            return
        self._current = revision
        saved: _Saved = revision.saved
        self._was_fetching = self._was_fetching or saved.is_fetching
        self._policy.restore(saved.policy)
        entry.error, entry.last_updated = saved.error, saved.last_updated
        entry.memory, entry.is_once, entry.is_emptied = saved.memory, saved.is_once, saved.is_emptied
        entry.owner.retag(entry, saved.tags)

    def end(self) -> bool:
        """No batch is open any more. Returns whether one has failed that may have cancelled a fetch."""
        self.restore()
        was_fetching, self._was_fetching = self._was_fetching, False
        self._atom = self._current = None
        return was_fetching
