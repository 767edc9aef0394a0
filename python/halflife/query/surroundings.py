"""The *surroundings* of a client's cache: its environment and its mutations, and what follows when these change."""

from __future__ import annotations

from typing import Any, final

from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.environment import Environment
from halflife.query.mutation_cache import MutationCache
from halflife.query.options import Settings
from halflife.query.refetches import fetch_stale


@final
class ClientSurroundings:
    """What the cache of a client asks its client."""

    def __init__(self, store: Any, settings: Settings, size: int, max_concurrent: int | None) -> None:
        self.environment = Environment(store, self._changed)
        self.cache = EntryCache(store, self, settings, size, max_concurrent)
        self.mutations = MutationCache(self.cache)

    def is_online(self) -> bool:
        """Whether the network is there."""
        return self.environment.is_online()

    def is_visible(self) -> bool:
        """Whether the program is visible."""
        return self.environment.is_visible()

    def is_mutated(self, entry: Entry) -> bool:
        """Whether a mutation that will invalidate the entry runs or waits."""
        return self.mutations.owed.is_held(entry)

    def mutation_ended(self, entry: Entry) -> None:  # noqa: ARG002 - others may be owed, too
        """Called when a mutation or saga that edits the data of the entry has ended."""
        self.mutations.mutation_ended()

    def _changed(self, name: str, value: bool) -> None:  # noqa: FBT001 - an internal callback
        if name == "online":
            self._network_changed(is_online=value)
        elif value and name == "focused":
            self._fetch_stale("refetch_on_focus")
        elif value:
            self._fetch_missed_polls()

    def _network_changed(self, *, is_online: bool) -> None:
        if is_online:
            self.cache.resume_paused()
            self.mutations.queue.resume(lambda: self._fetch_stale("refetch_on_reconnect"))
        else:
            self.mutations.queue.network_lost()

    def _fetch_stale(self, option: str) -> None:
        for entry in self.cache.all_entries():
            fetch_stale(entry, lambda settings: getattr(settings, option))

    def _fetch_missed_polls(self) -> None:
        polls, self.cache.hidden_polls = self.cache.hidden_polls, set()
        for entry in polls:
            fetch_stale(entry, lambda _: "always")
