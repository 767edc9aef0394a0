"""A *refetch* fetches the data of an entry again: it was invalidated, is stale, or somebody looks at it anew."""

from __future__ import annotations

from collections.abc import Callable

from halflife.query.entries import Entry
from halflife.query.fetches import Source
from halflife.query.options import Settings
from halflife.query.tickets import Ticket


def fetch_again(entry: Entry, *, is_kept: bool = True) -> Ticket | None:
    """Fetch invalidated data, as soon as no mutation runs; None if nobody can, or wants to, fetch it now.

    `is_kept`: whether the fetch goes on when nobody awaits or observes it.
    """
    source = entry.best_source()
    if source is None:
        return None
    if entry.owner.is_mutated(entry) or not entry.owner.is_ready():
        entry.policy.owe()
        in_flight = entry.in_flight
        in_flight.keeps_next = is_kept or any(fetch.is_kept for fetch in in_flight.fetches.values())
        entry.owner.soon(entry.settle)
        return entry.in_flight.tickets.issue(holds=False) if entry.owner.is_mutated(entry) else None
    entry.in_flight.start(source, is_kept=is_kept)
    return entry.in_flight.await_newest()


def fetch_stale(entry: Entry, rule: Callable[[Settings], object]) -> None:
    """Fetch observed data again that is stale; `rule` says for settings: False, True or "always"."""
    if entry.in_flight.is_renewing or not entry.owner.is_ready():
        return
    for observer in list(entry.active_observers()):
        settings, wanted = observer.settings, rule(observer.settings)
        if wanted == "always" or (wanted and settings.background_refetch and entry.is_stale(settings)):
            entry.in_flight.start(Source(observer.fetcher, settings))
            return


def start_if_wanted(entry: Entry, source: Source) -> None:
    """Called after a read of a query that nobody observes."""
    entry.is_start_due = False
    if entry.is_gone or any(entry.active_observers()) or not entry.wants_fetch(source.settings):
        return
    entry.in_flight.start(source)


def start_for_observers(entry: Entry) -> None:
    """Start what a new observer would start, as soon as no mutation runs."""
    for observer in entry.active_observers():
        if entry.error is None and entry.wants_fetch(observer.settings):
            if entry.owner.is_mutated(entry):
                entry.policy.owe()
            else:
                entry.in_flight.start(Source(observer.fetcher, observer.settings))
            return
