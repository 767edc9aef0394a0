"""An *entry* is what a client knows of one key: its data, the fetch under way, and who looks on.

The policy of the entry (`_core.EntryPolicy`) decides which answers count and what is stale. The entry does what the
policy says, and shows it in two hidden atoms: the state, and the data with its optimistic edits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, final

from halflife._core import EntryPolicy, is_function
from halflife._drivers.clock import wall_time
from halflife._optimistic.layer_operation import OperationKind
from halflife._support.absent import ABSENT
from halflife._support.internal_atoms import inner_source
from halflife._support.unset import UNSET
from halflife.query.entry_data import make_entry_data
from halflife.query.entry_revisions import EntryRevisions
from halflife.query.entry_state import EntryState, same_state
from halflife.query.fetched_entry import changes, confirmed, put, take, visible
from halflife.query.fetches import Source
from halflife.query.in_flight import InFlight
from halflife.query.intervals import Interval
from halflife.query.keys import QueryKey
from halflife.query.observers import Observer
from halflife.query.options import Settings
from halflife.query.owner import Owner

#: Seconds after which prefetched data is forgotten that nothing has used.
UNUSED_LIFETIME = 30.0


@final
class Entry:
    """What a client knows of one key."""

    def __init__(self, owner: Owner, key: QueryKey, initial: Any = ABSENT, updated_at: float | None = None) -> None:
        self.owner = owner
        self.key = key
        self._policy = EntryPolicy()
        self.revisions = EntryRevisions(self, self._policy)
        self.data = make_entry_data(self, initial)
        self.in_flight = InFlight(self)
        self.interval = Interval(self)
        #: Who looks on; those that fetch and those that only show.
        self.observers: dict[Observer, None] = {}
        #: The dict that fetchers see as `ctx.memory`.
        self.memory: dict[str, Any] = {}
        self.tags: frozenset[QueryKey] = frozenset()
        #: Functions of fetched data, called before it is written: pending edits look whether it holds them already.
        self.asked_of_answers: dict[object, Callable[[Any], object]] = {}
        #: The error of the last fetch.
        self.error: Exception | None = None
        #: Wall-clock time of the data.
        self.last_updated: float | None = None
        #: The seconds after which the data is stale, of all that use it.
        self.stale_times: set[float] = set()
        #: The longest of those who use it; seconds.
        self.ttl = 0.0
        #: Prefetched data that answers one use.
        self.is_once = False
        #: Emptied in a batch that may be open: the entry is evicted after it.
        self.is_emptied = False
        #: Whether something has used the data since it was prefetched.
        self.is_used = True
        #: Whether a read has asked for a fetch that starts right after it.
        self.is_start_due = False
        #: Used by the schedule.
        self.scheduled = math.inf
        self.is_gone = False
        self._moment = 0
        self._used_at = -math.inf
        now, wall = self.now(), wall_time(owner.clock)
        self.policy.use(now)
        if initial is not ABSENT:
            self.policy.set_data(now)
            self.last_updated = wall if updated_at is None else updated_at
            self.policy.set_updated_at(now - max(0.0, wall - self.last_updated), now)
        self.state = inner_source(self.state_now(), f"state of {key!r}", equals=same_state)

    # --- what it is like now

    def now(self) -> float:
        """Seconds on the store's clock."""
        return self.owner.clock.now()

    @property
    def policy(self) -> EntryPolicy:
        """Decides which answers count, and what is stale, expired and owed a refetch."""
        self.revisions.restore()
        return self._policy

    def described(self) -> str:
        """The key, for messages."""
        return repr(self.key)

    @property
    def has_data(self) -> bool:
        """Whether there is data, not counting pending edits."""
        return self.policy.has_data

    @property
    def is_observed(self) -> bool:
        """Whether an observed query shows it."""
        return bool(self.observers)

    @property
    def is_pinned(self) -> bool:
        """Whether it must stay: observed, in flight, or with edits that are not settled."""
        log = self.data._current_log(self.owner.store)
        return bool(self.observers or self.in_flight or self.policy.mutations > 0 or (log is not None and log.length))

    def is_expired(self) -> bool:
        """Whether nobody may see the data any more."""
        return self.policy.is_expired(self.now(), self._lifetime) and not self.is_pinned

    @property
    def _lifetime(self) -> float:
        """Seconds after which the entry expires when nobody observes it."""
        return self.ttl if self.is_used else min(self.ttl, UNUSED_LIFETIME)

    def is_stale(self, settings: Settings) -> bool:
        """Whether the data is stale for one who uses it with these settings."""
        return self.policy.is_stale(self.now(), settings.stale_after, settings.is_static)

    def wants_fetch(self, settings: Settings) -> bool:
        """Whether a new observer has the data fetched."""
        if self.in_flight.is_renewing:
            return False
        if not self.has_data:
            return True
        if self.is_once:
            return False
        return settings.background_refetch and self.is_stale(settings)

    def visible(self) -> Any:
        """The data with its edits, None if there is none."""
        return visible(self)

    def confirmed(self) -> Any:
        """The data below the edits, None if there is none."""
        value = confirmed(self)
        return None if value is ABSENT else value

    # --- who uses it

    def use(self, settings: Settings) -> None:
        """Somebody uses the data with these settings."""
        ttl = settings.ttl if settings.cache_enabled else 0.0
        now, before = self.now(), self._used_at
        self._used_at = now
        if ttl <= self.ttl and settings.stale_after in self.stale_times and now >= before:
            return  # The moments in the schedule are right, as long as the clock does not go backwards.
        self.ttl = max(self.ttl, ttl)
        self.stale_times.add(settings.stale_after)
        self.reschedule()

    def add_observer(self, observer: Observer) -> None:
        """An observed query shows the entry from now on."""
        self.observers[observer] = None
        self.use(observer.settings)
        self.pin_changed()
        self.initialize(observer.settings)
        if observer.fetches and self.wants_fetch(observer.settings) and self.owner.is_ready():
            self.in_flight.start(Source(observer.fetcher, observer.settings))
        elif observer.fetches and self.is_once:
            self.is_once = False
            self.policy.invalidate()
        self.is_used = True
        self.interval.observers_changed()

    def remove_observer(self, observer: Observer) -> None:
        """A query does not show the entry any more."""
        self.observers.pop(observer, None)
        self.policy.use(self.now())
        if not self.observers:
            self._moment += 1  # A query that was read before may have to start a fetch when it is read again.
            self.show()
        self.pin_changed()
        self.interval.observers_changed()
        self.reschedule()

    def active_observers(self) -> Iterator[Observer]:
        """The observers that fetch, the newest first."""
        return (observer for observer in reversed(self.observers) if observer.fetches)

    def best_source(self) -> Source | None:
        """How to fetch the data again: as the newest observer does, or as it was fetched last."""
        for observer in self.active_observers():
            return Source(observer.fetcher, observer.settings)
        return None if self.observers else self.in_flight.source

    def pin_changed(self) -> None:
        """Tell the cache whether the entry may be evicted."""
        if not self.is_gone and not self.owner.store.closed:
            self.owner.pin_changed(self)

    @property
    def is_static(self) -> bool:
        """Whether an invalidation leaves the data fresh for all that use it."""
        source = self.in_flight.source
        users = [one.settings for one in self.observers] or ([source.settings] if source is not None else [])
        return bool(users) and all(settings.is_static for settings in users)

    # --- fetches

    def fetch_began(self) -> None:
        """Called when a fetch has begun."""
        self.pin_changed()

    def fetch_ended(self) -> None:
        """Called when a fetch has ended, however."""
        self.policy.use(self.now())
        self.pin_changed()
        self.interval.plan()
        self.settle_soon()
        self.reschedule()
        if self.ttl == 0:
            self.owner.soon(self._evict_if_idle)

    def _evict_if_idle(self) -> None:
        if not self.is_gone and self.is_expired():
            self.evict()

    # --- the owed refetch

    def settle_soon(self) -> None:
        """Start the owed refetch when this batch or loop pass has ended."""
        if self.policy.is_owed:
            self.owner.soon(self.settle)

    def settle(self) -> None:
        """Start the owed refetch, unless a mutation runs."""
        if self.is_gone or self.owner.is_mutated(self) or not self.policy.take_owed():
            return
        source = self.best_source()
        if source is None or not self.owner.is_ready():
            if not self.in_flight:
                self.in_flight.tickets.cancel(f"the data of {self.key!r} was changed while it was fetched")
            return
        self.in_flight.start(source, is_kept=self.is_observed)

    def mutation_begins(self) -> Callable[[], None]:
        """A mutation or saga that edits the data starts; the returned function is called at its end."""
        self.policy.mutation_begins()
        self.pin_changed()
        ended: list[bool] = []

        def end() -> None:
            if not ended:
                ended.append(True)
                self.policy.mutation_ends()
                self.pin_changed()
                self.settle_soon()
                self.owner.mutation_ended(self)

        return end

    def edited(self, kind: OperationKind) -> None:
        """The layers or the base were changed through the store."""
        now = self.now()
        if self.owner.store._outer_batch:  # This is called in the batch of a write.
            self.revisions.begin()
        is_absent = confirmed(self) is ABSENT
        self.policy.use(now)
        if kind is OperationKind.CONFIRM:
            if self.policy.confirm():
                self.policy.owe()
                self.in_flight.drop_all()
        elif kind is OperationKind.EDIT_BASE:
            self.policy.edit()
        if kind is OperationKind.SET_BASE or (not is_absent and not self.has_data):
            self.policy.set_data(now)
            self.error = None
            self.last_updated = wall_time(self.owner.clock)
        if kind is not OperationKind.EDIT:
            self.show()
            self.settle_soon()
        self.reschedule()
        self.pin_changed()

    # --- writes

    def set_data(self, value: Any, settings: Settings, updated_at: float | None = None) -> None:
        """Set the confirmed data by hand: fresh, below the pending edits."""
        self.revisions.begin()
        self.use(settings)
        with self.owner.store.batch():
            take(self, value, settings, updated_at)  # First, because it may fail.
            self.policy.set_data(self.now())
            if updated_at is not None:
                age = max(0.0, wall_time(self.owner.clock) - updated_at)
                self.policy.set_updated_at(self.now() - age, self.now())
            self.error = None
            self.show()
        self.reschedule()
        self.pin_changed()

    def initialize(self, settings: Settings) -> None:
        """Fill an absent entry with the query's `initial`."""
        if settings.initial is UNSET or self.has_data:
            return
        value = settings.initial() if is_function(settings.initial) else settings.initial
        self.set_data(value, settings, settings.initial_updated_at)

    def empty(self, *, refetch: bool, with_layers: bool) -> None:
        """Forget the data and cancel the fetches. Pending edits wait for new data, unless `with_layers`."""
        self.revisions.begin()
        with self.owner.store.batch():
            had_fetch = self.in_flight.drop_all()
            self.policy.empty(self.now())
            self.error = None
            self.last_updated = None
            self.memory = {}
            self.is_once = False
            put(self, ABSENT, shared=False)
            if with_layers and self.data._current_log(self.owner.store) is not None:
                self.owner.store.layers(self.data).rollback_all()
            self.show()
        source = self.best_source() if refetch and self.observers and self.owner.is_ready() else None
        if source is not None:
            self.in_flight.start(source)
        else:
            self.in_flight.tickets.cancel(f"the data of {self.key!r} was removed while it was fetched")
            if had_fetch:
                self.interval.plan()
        self.pin_changed()
        self.is_emptied = self.owner.store._in_batch  # A batch may fail, so the entry is evicted after it.
        if not (self.is_pinned or self.is_emptied):
            self.evict()

    def invalidate(self) -> None:
        """Make the data stale until a fetch that starts later has ended."""
        self.revisions.begin()
        self.policy.invalidate()
        self.is_once = False
        self.owner.note("invalidated", self, None)
        self.show()

    def close(self) -> None:
        """The store was closed: end the timers and the waits."""
        self.is_gone = True
        self.interval.plan()
        self.in_flight.close()

    def evict(self) -> None:
        """Forget the entry. A query that has read it looks for a new one."""
        self.is_gone = True
        self.owner.forget(self)
        self.owner.note("evicted", self, None)
        with changes(self):
            self.owner.store.set(self.state, EntryState(is_gone=True))

    # --- what queries see

    def show(self) -> None:
        """Set the state that queries read."""
        if self.is_gone or self.owner.store.closed:
            return
        self.owner.store.set(self.state, self.state_now())
        self.owner.fetching_changed(self)

    def state_now(self) -> EntryState:
        """The state that queries are to read."""
        return self.in_flight.state(self.policy.shown, self.error, self.last_updated, self._moment)

    # --- time

    def reschedule(self) -> None:
        """Look at the time when the data becomes stale or expires."""
        self.owner.schedule.at(self._next_moment(), self)

    def _next_moment(self) -> float:
        now, shown, due = self.now(), self.policy.shown, math.inf
        for at in [shown.updated_at + seconds for seconds in self.stale_times] if shown.has_data else ():
            due = at if now < at < due else due
        if not self.observers:
            expires = self.policy.expires_at(now, self._lifetime)
            due = min(due, expires) if expires > now or not self.is_pinned else due
        return due

    def tick(self) -> float:
        """Called by the schedule: evict the entry if it has expired, and show that data has become stale."""
        if self.is_gone:
            return math.inf
        if self.is_expired():
            self.evict()
            return math.inf
        if self.has_data:
            self._moment += 1
            with changes(self):
                self.show()
        return self._next_moment()
