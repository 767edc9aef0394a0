"""What is *in flight* for an entry: its fetches, and those who await them.

With `dedupe` there is one fetch at a time, and a newer one supersedes it: its awaiters follow to the newest.
"""

from __future__ import annotations

from typing import final

from halflife._core import Shown, Verdict
from halflife.query.entry_state import EntryState
from halflife.query.fetch_context import UNCHANGED
from halflife.query.fetched_entry import FetchedEntry, changes, put, take, visible
from halflife.query.fetches import Fetch, Source
from halflife.query.tickets import Ticket, Tickets


@final
class InFlight:
    """The fetches of one entry."""

    __slots__ = ("_entry", "fetches", "keeps_next", "source", "tickets")

    def __init__(self, entry: FetchedEntry) -> None:
        self._entry = entry
        #: The fetches in flight, paused ones too, by generation.
        self.fetches: dict[int, Fetch] = {}
        #: Those who await the newest fetch.
        self.tickets = Tickets()
        #: How the data was fetched last, for a refetch that nobody has given a fetcher for.
        self.source: Source | None = None
        #: Whether the next fetch takes the place of one that would have gone on when nobody awaits it.
        self.keeps_next = False

    def __bool__(self) -> bool:
        return bool(self.fetches)

    @property
    def is_renewing(self) -> bool:
        """Whether the data itself is fetched, not only something that is added to it."""
        return any(not fetch.is_adding for fetch in self.fetches.values())

    @property
    def newest(self) -> Fetch | None:
        """The fetch that started last."""
        return next(reversed(self.fetches.values()), None)

    def state(self, shown: Shown, error: Exception | None, last_updated: float | None, moment: int) -> EntryState:
        """The state that queries are to read, with what goes on."""
        newest = self.newest
        if newest is None:
            return EntryState(shown, error, last_updated=last_updated, moment=moment)
        return EntryState(
            shown,
            error,
            newest.status,
            newest.failure_count,
            newest.attempt,
            last_updated,
            moment,
            newest.is_adding,
            frozenset(ticket.wish for ticket in self.tickets.wished()),
        )

    # --- starting

    def start(self, source: Source, *, argument: object = None, is_kept: bool = True) -> Fetch:
        """Start a fetch.

        Args:
            source: The fetcher and its settings.
            argument: What is to be added to the data, such as a page; the fetcher finds it in its context. The data
                stays as old as it is, and a refetch that is owed stays owed. None: the data itself is fetched.
            is_kept: Whether it goes on when nobody awaits it any more.

        Raises:
            NoEventLoopError: No event loop is running; nothing is changed.
        """
        entry = self._entry
        entry.owner.ready()
        entry.revisions.begin()
        self.source = source
        supersede = source.settings.dedupe
        if supersede:
            is_kept = is_kept or self.keeps_next or any(fetch.is_kept for fetch in self.fetches.values())
        self.keeps_next = False
        entry.use(source.settings)
        was_owed = entry.policy.is_owed
        fetch = Fetch(entry, self, source, entry.policy.begin(supersede), argument=argument, is_kept=is_kept)
        if was_owed and fetch.is_adding:
            entry.policy.owe()
        if supersede:
            for earlier in list(self.fetches.values()):
                self._drop(earlier, "superseded")
        self.fetches[fetch.generation] = fetch
        entry.fetch_began()
        fetch.start()
        entry.show()
        return fetch

    def keep(self) -> None:
        """The fetches go on when nobody awaits them any more."""
        for fetch in self.fetches.values():
            fetch.is_kept = True

    # --- awaiting

    def await_newest(self) -> Ticket | None:
        """A claim to the outcome of the newest fetch, which may be dropped; None if there is none, or it is paused."""
        newest = self.newest
        return None if newest is None or newest.status == "paused" else self.tickets.issue(holds=False)

    def leave(self, ticket: Ticket) -> None:
        """Somebody who awaited the newest fetch was cancelled. The last one cancels a fetch that nobody else wants."""
        self.tickets.discard(ticket)
        if not (self.tickets or self._entry.is_observed or any(fetch.is_kept for fetch in self.fetches.values())):
            self.cancel()

    # --- the end of a fetch

    def answer(self, fetch: Fetch, value: object) -> None:
        """The fetch has an answer.

        Raises:
            Exception: The answer cannot be kept, such as by an error of a `structural_sharing` function.
        """
        entry, settings = self._entry, fetch.settings
        if self.fetches.get(fetch.generation) is not fetch:
            return
        is_kept = settings.cache_enabled or entry.is_observed
        verdict = entry.policy.verdict(fetch.generation)
        try:
            self._write(fetch, value, verdict, is_kept=is_kept)
        finally:
            if fetch.generation not in self.fetches:  # Also after an interrupt of a subscriber: the answer stands.
                self._tell(fetch, value, verdict, is_kept=is_kept)

    def _write(self, fetch: Fetch, value: object, verdict: Verdict, *, is_kept: bool) -> None:
        entry, settings = self._entry, fetch.settings
        with changes(entry):
            if verdict is Verdict.WRITE and is_kept:
                for ask in list(entry.asked_of_answers.values()) if value is not UNCHANGED else ():
                    ask(value)
                take(entry, value, settings, is_added=fetch.is_adding)  # First, because it may fail.
            entry.policy.answer(fetch.generation, entry.now())
            if verdict is Verdict.WRITE and fetch.is_adding:
                self._keep_age(fetch)
            del self.fetches[fetch.generation]
            if verdict is Verdict.WRITE:
                entry.error = None
                if is_kept:
                    entry.owner.note("settled", entry, value)
                else:
                    entry.policy.empty(entry.now())
            elif verdict is Verdict.DROP_AND_FETCH:
                entry.policy.owe()
                self.keeps_next = fetch.is_kept
            entry.show()

    def _tell(self, fetch: Fetch, value: object, verdict: Verdict, *, is_kept: bool) -> None:
        """Give those who await the fetch its answer."""
        entry = self._entry
        shown = visible(entry) if is_kept or value is UNCHANGED else value
        fetch.tickets.resolve(shown if value is UNCHANGED else value)
        if verdict is not Verdict.DROP_AND_FETCH and not self.fetches:
            self.tickets.resolve(shown)
        entry.fetch_ended()

    def piece(self, fetch: Fetch, value: object) -> None:
        """A stream has a further piece: `value` is all of it so far."""
        entry = self._entry
        if self.fetches.get(fetch.generation) is not fetch:
            return
        if entry.policy.verdict(fetch.generation) is Verdict.WRITE:
            with changes(entry):
                take(entry, value, fetch.settings, is_added=fetch.is_adding)
                entry.policy.piece(fetch.generation, entry.now())
                if fetch.is_adding:
                    self._keep_age(fetch)
                entry.error = None
                entry.show()
            entry.reschedule()

    def _keep_age(self, fetch: Fetch) -> None:
        """What was there before the fetch has not become younger, nor valid if it was invalidated."""
        entry = self._entry
        entry.policy.set_updated_at(fetch.before.updated_at, entry.now())
        entry.last_updated = fetch.updated_before
        if fetch.before.invalidated:
            entry.policy.invalidate()

    def fail(self, fetch: Fetch, error: Exception) -> None:
        """The fetch has failed for good."""
        entry = self._entry
        if self.fetches.pop(fetch.generation, None) is None:
            return
        verdict = entry.policy.fail(fetch.generation, entry.now())
        try:
            with changes(entry):
                if verdict is Verdict.WRITE:
                    entry.error = error
                    entry.owner.note("failed", entry, error)
                elif verdict is Verdict.DROP_AND_FETCH:
                    entry.policy.owe()
                    self.keeps_next = fetch.is_kept
                entry.show()
        finally:  # Also after an interrupt of a subscriber: the fetch has failed.
            fetch.tickets.fail(error)
            if not self.fetches:
                if verdict is Verdict.WRITE:
                    self.tickets.fail(error)
                elif verdict is Verdict.DROP:
                    self.tickets.resolve(visible(entry))
            entry.fetch_ended()

    def lost(self, fetch: Fetch) -> None:
        """The fetch was cancelled, but not by its client, or its event loop was closed."""
        entry = self._entry
        if self.fetches.get(fetch.generation) is not fetch:
            return
        reason = f"the fetch of {entry.key!r} was cancelled"
        with changes(entry):
            self._drop(fetch, "cancelled")
            entry.show()
        fetch.tickets.cancel(reason)
        if not self.fetches:
            self.tickets.cancel(reason)
        entry.fetch_ended()

    # --- cancelling

    def close(self) -> None:
        """The store was closed, which cancels the tasks."""
        fetches, self.fetches = self.fetches, {}
        reason = f"the fetch of {self._entry.key!r} ended, because the store was closed"
        for fetch in fetches.values():
            fetch.tickets.close(reason)
        self.tickets.close(reason)

    def cancel(self) -> None:
        """Cancel all fetches: the state is as before them, and whoever awaits them is told."""
        entry = self._entry
        if not self.fetches:
            return
        entry.revisions.begin()
        with changes(entry):
            self.drop_all()
            self.keeps_next = False
            entry.show()
        self.tickets.cancel(f"the fetch of {entry.key!r} was cancelled")
        entry.fetch_ended()

    def drop_all(self) -> bool:
        """Stop all fetches. Those who await the newest one go on waiting, for a fetch to come. False: there is none."""
        fetches = list(self.fetches.values())
        self.keeps_next = any(fetch.is_kept for fetch in fetches)
        for fetch in fetches:
            self._drop(fetch, "cancelled")
            fetch.tickets.cancel(f"the fetch of {self._entry.key!r} was cancelled")
        return bool(fetches)

    def _drop(self, fetch: Fetch, reason: str) -> None:
        """Stop a fetch whose answer does not count any more."""
        entry = self._entry
        if self.fetches.pop(fetch.generation, None) is None:
            return
        if entry.policy.cancel(fetch.generation, fetch.before):
            put(entry, fetch.data_before, shared=False)
            entry.error, entry.last_updated = fetch.error_before, fetch.updated_before
        entry.owner.note("superseded", entry, fetch.generation)
        fetch.stop(reason)
