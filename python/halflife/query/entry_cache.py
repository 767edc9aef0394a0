"""The *entry cache* of a client owns its entries: by key, by tag, and in the order of their last use.

Entries that are observed, fetched or edited are pinned. Of the others the least recently used are evicted when there
are more entries than `cache_size`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, final

from halflife._core import SourceAtom
from halflife._drivers.clock import Clock
from halflife._drivers.protocol import Task
from halflife._drivers.reports import warn
from halflife._drivers.ticks import current_loop, is_running
from halflife._errors import NoEventLoopError
from halflife._support.absent import ABSENT
from halflife._support.internal_atoms import inner_source
from halflife._support.unset import UNSET
from halflife.query.entries import Entry
from halflife.query.fetches import Fetch, Source
from halflife.query.key_tree import KeyTree
from halflife.query.keys import QueryKey
from halflife.query.options import Fetcher, Settings, narrowed
from halflife.query.refetches import start_for_observers, start_if_wanted
from halflife.query.schedule import Schedule
from halflife.query.slots import Slots


class Surroundings(Protocol):
    """What the cache asks its client."""

    #: Whether the network is there.
    def is_online(self) -> bool: ...

    #: Whether the program is visible.
    def is_visible(self) -> bool: ...

    #: Whether a mutation that will invalidate the entry runs or waits.
    def is_mutated(self, entry: Entry) -> bool: ...

    #: A mutation that edits the data of the entry has ended.
    def mutation_ended(self, entry: Entry) -> None: ...


class Prefix:
    """The defaults of all keys that begin with the same parts."""

    __slots__ = ("fetcher", "options")

    def __init__(self, fetcher: Fetcher | None, options: Mapping[str, Any]) -> None:
        self.fetcher = fetcher
        self.options = options


@final
class EntryCache:
    """The entries of one client."""

    def __init__(
        self, store: Any, surroundings: Surroundings, settings: Settings, size: int, max_concurrent: int | None
    ) -> None:
        self.store = store
        self.clock: Clock = store.clock
        self.schedule = Schedule(store.clock)
        self.slots = Slots(max_concurrent)
        #: Paused fetches, in the order in which they paused.
        self.paused: dict[Fetch, None] = {}
        #: Entries whose interval has passed while the program was not visible.
        self.hidden_polls: set[Entry] = set()
        #: How many entries are being fetched.
        self.fetching_count: SourceAtom[int] = inner_source(0, "is_fetching")
        #: Grows with every change of the defaults.
        self.defaults_version = 0
        self._surroundings = surroundings
        self._settings = settings
        self._size = size
        self._entries: dict[QueryKey, Entry] = {}
        self._tree: KeyTree[Entry] = KeyTree()
        self._prefixes: KeyTree[Prefix] = KeyTree()
        self._tags: dict[QueryKey, dict[Entry, None]] = {}
        # Entries that are not pinned, the least recently used first.
        self._idle: OrderedDict[QueryKey, Entry] = OrderedDict()
        self._fetching: set[Entry] = set()
        # Entries that a batch has changed which may be open.
        self._changed_in_batch: dict[Entry, None] = {}
        self._is_trim_due = False
        self._has_warned = False
        self._loop: object | None = current_loop()
        # Calls for which no event loop was running.
        self._later: list[Callable[[], object]] = []
        store._driver.on_loop.add(self._loop_found)
        store._driver.on_close.add(self._closed)

    def __len__(self) -> int:
        return len(self._entries)

    # --- entries

    def find(self, key: QueryKey) -> Entry | None:
        """The entry of a key, if there is one."""
        return self._entries.get(key)

    def entry(self, key: QueryKey, initial: Settings | None = None) -> Entry:
        """The entry of a key; a new one is absent, or has the `initial` of these settings. May be called in a read."""
        entry = self._entries.get(key)
        if entry is None:
            value, updated_at = ABSENT, None
            if initial is not None and initial.initial is not UNSET:
                value, updated_at = initial.initial, initial.initial_updated_at
                value = value() if callable(value) else value
            entry = self._entries[key] = Entry(self, key, value, updated_at)
            self._tree.add(key, entry)
            self._idle[key] = entry
            self.trim_soon()
        else:
            self.touch(entry)
        return entry

    def touch(self, entry: Entry) -> None:
        """The entry is used now."""
        if not entry.in_flight and entry.key in self._idle:
            self._idle.move_to_end(entry.key)

    def all_entries(self) -> list[Entry]:
        """Every entry."""
        return list(self._entries.values())

    def below(self, prefix: QueryKey) -> list[Entry]:
        """The entries whose keys begin with these parts."""
        return list(self._tree.below(prefix))

    def tagged(self, tag: QueryKey) -> list[Entry]:
        """The entries with a tag."""
        for entry in self._changed_in_batch:
            entry.revisions.restore()
        return list(self._tags.get(tag, ()))

    def retag(self, entry: Entry, tags: frozenset[QueryKey]) -> None:
        """Set the tags of an entry."""
        if tags == entry.tags:
            return
        for tag in entry.tags - tags:
            tagged = self._tags.get(tag)
            if tagged is not None:
                tagged.pop(entry, None)
                if not tagged:
                    del self._tags[tag]
        for tag in tags - entry.tags:
            self._tags.setdefault(tag, {})[entry] = None
        entry.tags = tags

    def changed_in_batch(self, entry: Entry) -> None:
        """An open batch has changed an entry, and may fail."""
        if not self._changed_in_batch:
            self.soon(self._batch_ended)
        self._changed_in_batch[entry] = None

    def _batch_ended(self) -> None:
        if self.store._in_batch:
            self.soon(self._batch_ended)
            return
        changed, self._changed_in_batch = self._changed_in_batch, {}
        for entry in changed:
            may_lack_a_fetch = entry.revisions.end()
            entry.show()
            entry.pin_changed()
            entry.reschedule()
            is_emptied, entry.is_emptied = entry.is_emptied, False
            if is_emptied and not (entry.is_gone or entry.is_pinned or entry.has_data):
                entry.evict()
            elif may_lack_a_fetch:
                start_for_observers(entry)

    def forget(self, entry: Entry) -> None:
        """Called when an entry is evicted."""
        if self._entries.get(entry.key) is entry:
            del self._entries[entry.key]
            self._tree.remove(entry.key)
            self._idle.pop(entry.key, None)
        self.retag(entry, frozenset())
        self.hidden_polls.discard(entry)
        self.fetching_changed(entry)

    def pin_changed(self, entry: Entry) -> None:
        """Called when an entry may have become pinned, or may be evicted from now on."""
        if entry.is_pinned:
            self._idle.pop(entry.key, None)
        elif entry.key not in self._idle and self._entries.get(entry.key) is entry:
            self._idle[entry.key] = entry
            self.trim_soon()

    def trim_soon(self) -> None:
        """Evict entries above `cache_size` after this read, write or loop pass."""
        if len(self._entries) > self._size and not self._is_trim_due:
            self._is_trim_due = True
            self.soon(self.trim)

    def trim_without_loop(self) -> None:
        """Called after a write of the user, which may be in a program without an event loop."""
        if self._is_trim_due and not is_running():
            self.trim()

    def trim(self) -> None:
        """Evict the least recently used entries above `cache_size`."""
        self._is_trim_due = False
        while len(self._entries) > self._size and self._idle:
            next(iter(self._idle.values())).evict()
        if len(self._entries) > self._size and not self._has_warned:
            self._has_warned = True
            warn(
                f"the query cache holds {len(self._entries)} entries that are observed, fetched or edited, more than"
                f" its cache_size of {self._size}; it grows until they are not needed any more",
            )

    # --- options

    def set_prefix(self, prefix: QueryKey, fetcher: Fetcher | None, options: Mapping[str, Any]) -> None:
        """Set the defaults of all keys that begin with these parts."""
        self._prefixes.add(prefix, Prefix(fetcher, options))
        self.defaults_version += 1

    def settings(self, key: QueryKey, options: Mapping[str, Any]) -> Settings:
        """The options of one use of a key, resolved."""
        settings = self._settings
        if self.defaults_version:
            for prefix in self._prefixes.along(key):
                settings = narrowed(settings, prefix.options)
        return narrowed(settings, options)

    def fetcher(self, key: QueryKey, given: Fetcher | None) -> Fetcher | None:
        """The fetcher of a key: the given one, or that of the longest prefix that has one."""
        if given is not None:
            return given
        found = [prefix.fetcher for prefix in self._prefixes.along(key) if prefix.fetcher is not None]
        return found[-1] if found else None

    # --- fetches

    def is_online(self) -> bool:
        """Whether the network is there."""
        return self._surroundings.is_online()

    def is_visible(self) -> bool:
        """Whether the program is visible."""
        return self._surroundings.is_visible()

    def is_mutated(self, entry: Entry) -> bool:
        """Whether a mutation that edits or will invalidate the entry runs or waits, so that an owed refetch waits."""
        return entry.policy.mutations > 0 or self._surroundings.is_mutated(entry)

    def mutation_ended(self, entry: Entry) -> None:
        """A mutation that edits the data of the entry has ended."""
        self._surroundings.mutation_ended(entry)

    def fetching_changed(self, entry: Entry) -> None:
        """Count the entries that are being fetched."""
        if any(fetch.status == "fetching" for fetch in entry.in_flight.fetches.values()):
            self._fetching.add(entry)
        else:
            self._fetching.discard(entry)
        self.store.set(self.fetching_count, len(self._fetching))

    def start_task(self, body: Coroutine[Any, Any, Any], name: str) -> Task[Any]:
        """Run a coroutine as a task of the store."""
        task: Task[Any] = self.store._driver.start_task(body, name)
        return task

    def start_after_read(self, entry: Entry, source: Source) -> None:
        """Start a fetch for a query that is being read, after the read.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        self.store._driver.ready(entry.data)
        if not entry.is_start_due:
            entry.is_start_due = True
            self.soon(lambda: start_if_wanted(entry, source))

    def resume_paused(self) -> None:
        """The network is back."""
        for fetch in list(self.paused):
            fetch.resume()

    # --- the event loop

    def is_ready(self) -> bool:
        """Whether a fetch could start now."""
        try:
            self.ready()
        except NoEventLoopError:
            return False
        return True

    def ready(self) -> None:
        """Raise NoEventLoopError if no fetch could start now. Not to be called in a read."""
        self.store._driver.ready()
        if self._loop is not current_loop():
            self.loop_changed()

    def has_same_loop(self) -> bool:
        """Whether the event loop that runs is the one that fetches ran on last."""
        return self._loop is not None and self._loop is current_loop()

    def _loop_found(self) -> None:
        if not self.store.closed and current_loop() is not None and self._loop is not current_loop():
            self.loop_changed()

    def loop_changed(self) -> None:
        """The store runs on another event loop: what was in flight on the one before is lost."""
        self._loop = current_loop()
        for entry in self.all_entries():
            for fetch in list(entry.in_flight.fetches.values()):
                if fetch.is_lost:
                    entry.in_flight.lost(fetch)
        self.schedule.arm()
        later, self._later = self._later, []
        for call in later:
            call()
        for entry in self.all_entries():
            entry.settle_soon()
            entry.interval.plan()
            if entry.observers:
                # Later, because whoever found the loop may be about to start the same fetch.
                self.soon(partial(start_for_observers, entry))

    def _closed(self) -> None:
        """The store was closed."""
        self.schedule.close()
        self._later.clear()
        self.paused.clear()
        for entry in self.all_entries():
            entry.close()

    def soon(self, call: Callable[[], object]) -> None:
        """Call a function in the next loop tick; without a loop, when one runs."""
        if not self.store._driver.soon(lambda _: call()):
            self._later.append(call)

    def after(self, seconds: float, call: Callable[[], object]) -> Callable[[], None] | None:
        """Call a function in so many seconds. Returns a function that prevents it; None without an event loop."""

        def fire() -> None:
            if not self.store.closed:
                call()

        try:
            timer = self.clock.call_later(seconds, fire)
        except NoEventLoopError:
            return None
        return timer.cancel

    # --- the event log

    def note(self, kind: Any, entry: Entry, detail: object) -> None:
        """Log an event of an entry."""
        self.store._driver.note(kind, entry.data, detail)

    def each(self) -> Iterator[Entry]:
        """Every entry, for a walk that changes none."""
        return iter(self._entries.values())
