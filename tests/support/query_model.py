"""The *query model* says what each key of a query client must show, and which fetches must start.

It follows the rules of the documentation, not the code: a fetch remembers which events arrived after its start, and
the layers are those of the naive log. All times are seconds of the test's clock. The model looks at moments when
everything that follows from an event has happened.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from halflife._support.absent import ABSENT
from layer_oracle import NaiveLayer, NaiveLog

STALE_TIME = 10.0
TTL = 100.0


@dataclass
class ModelFetch:
    """A fetch in flight."""

    #: It goes on when nobody awaits it any more.
    is_kept: bool
    is_paused: bool
    #: The data was written by hand since the fetch started.
    is_outdated: bool = False
    #: The data was edited by an event since the fetch started.
    lacks_an_event: bool = False
    #: The data was invalidated since the fetch started.
    is_invalidated: bool = False


@dataclass(eq=False)
class ModelObserver:
    """An observed query, and when its interval asks for the data again."""

    interval: float | None
    due: float = math.inf


@dataclass(eq=False)
class Awaiter:
    """One who awaits the data: `outcome` is what it must get, None while it waits."""

    outcome: tuple[str, Any] | None = None


class ModelWorld:
    """What a client is told from outside, and the fetches that it has started."""

    def __init__(self) -> None:
        self.now = 0.0
        self.online = self.focused = self.visible = True
        #: The keys whose fetcher must have been called since the last look.
        self.started: list[Any] = []


@dataclass(eq=False)
class ModelKey:
    """What one client knows of one key."""

    world: ModelWorld
    key: Any
    log: NaiveLog = field(default_factory=lambda: NaiveLog(ABSENT))
    fetch: ModelFetch | None = None
    updated_at: float = 0.0
    used_at: float = 0.0
    is_invalidated: bool = False
    error: Exception | None = None
    observers: list[ModelObserver] = field(default_factory=list)
    awaiters: list[Awaiter] = field(default_factory=list)
    mutations: int = 0
    #: A fetch must start when no mutation runs any more.
    is_owed: bool = False
    #: Whether the fetch that was dropped for that goes on when nobody awaits it.
    keeps_owed: bool = False
    #: Somebody has said how the data is fetched.
    has_fetcher: bool = False
    #: An interval has passed while the program was not visible.
    has_missed_a_poll: bool = False

    # --- what is shown

    @property
    def has_data(self) -> bool:
        return self.log.base is not ABSENT

    @property
    def data(self) -> Any:
        return None if self.log.visible is ABSENT else self.log.visible

    @property
    def is_stale(self) -> bool:
        return not self.has_data or self.is_invalidated or self.world.now - self.updated_at >= STALE_TIME

    def shown(self) -> dict[str, Any]:
        """The fields of the result of an observed query."""
        is_under_way = self.fetch is not None
        error = self.error if self.has_data or not is_under_way else None
        return {
            "data": self.data,
            "error": error,
            "status": "error" if error is not None else "success" if self.has_data else "loading",
            "fetch_status": "idle" if self.fetch is None else "paused" if self.fetch.is_paused else "fetching",
            "is_stale": self.is_stale,
        }

    # --- fetches

    def start(self, *, is_kept: bool) -> None:
        """A fetch starts; an earlier one is superseded, and its awaiters follow."""
        is_kept = is_kept or (self.fetch is not None and self.fetch.is_kept)
        self.fetch = ModelFetch(is_kept, is_paused=not self.world.online)
        self.has_fetcher = True
        self.is_owed = self.has_missed_a_poll = False
        for observer in self.observers:
            observer.due = math.inf
        if self.world.online:
            self.world.started.append(self.key)

    def end(self) -> None:
        """The fetch has ended, however."""
        self.fetch, self.used_at = None, self.world.now
        for observer in self.observers:
            observer.due = self.world.now + observer.interval if observer.interval is not None else math.inf
        self.settle()

    def settle(self) -> None:
        """Start the fetch that is owed, unless a mutation runs."""
        if self.is_owed and self.mutations == 0:
            self.is_owed = False
            self.start(is_kept=bool(self.observers) or self.keeps_owed)

    def owe(self) -> None:
        self.is_owed = True
        self.keeps_owed = self.fetch is not None and self.fetch.is_kept

    def answer(self, value: Any, error: Exception | None = None) -> None:
        fetch = self.fetch
        assert fetch is not None
        if fetch.lacks_an_event:
            self.owe()
        elif fetch.is_outdated:
            self.release("data", self.data)
        elif error is not None:
            self.error = error
            self.release("error", error)
        else:
            self.log.set_base(value)
            self.updated_at, self.is_invalidated, self.error = self.world.now, fetch.is_invalidated, None
            self.release("data", self.data)
        self.end()

    def release(self, kind: str, value: Any) -> None:
        """All who await the data get this."""
        for awaiter in self.awaiters:
            awaiter.outcome = (kind, value)
        self.awaiters = []

    def cancel(self) -> None:
        if self.fetch is not None:
            self.release("cancelled", None)
            self.end()

    # --- users of the data

    def observe(self, observer: ModelObserver) -> None:
        self.observers.append(observer)
        if observer.interval is not None and self.fetch is None:
            observer.due = self.world.now + observer.interval
        if self.fetch is None and self.is_stale:
            self.start(is_kept=True)

    def unobserve(self, observer: ModelObserver) -> None:
        self.observers.remove(observer)
        self.used_at = self.world.now

    def read(self) -> None:
        """A query is read that nobody observes."""
        if not self.observers and self.error is None and self.fetch is None and self.is_stale:
            self.start(is_kept=True)

    def ask(self, awaiter: Awaiter) -> None:
        """`fetch`: fresh data is an answer; else it is fetched now."""
        if self.has_data and not self.is_stale:
            awaiter.outcome = ("data", self.data)
            return
        if self.fetch is None:
            self.start(is_kept=False)
        self.awaiters.append(awaiter)

    def leave(self, awaiter: Awaiter) -> None:
        """An awaiter is cancelled; the last one cancels a fetch that nobody else wants."""
        if awaiter in self.awaiters:
            self.awaiters.remove(awaiter)
            if self.fetch is not None and not (self.awaiters or self.observers or self.fetch.is_kept):
                self.cancel()

    # --- writes and invalidations

    def edit(self, recipe: Any) -> NaiveLayer:
        self.used_at = self.world.now
        return self.log.apply(recipe)

    def set_data(self, value: Any) -> None:
        self.log.set_base(value)
        self.updated_at, self.is_invalidated, self.error = self.world.now, False, None
        if self.fetch is not None:
            self.fetch.is_outdated, self.fetch.lacks_an_event = True, False

    def push(self, recipe: Any) -> None:
        """An event edits the confirmed data."""
        self.used_at = self.world.now
        self.log.edit_base(recipe)
        if self.fetch is not None:
            self.fetch.lacks_an_event = True

    def confirmed(self) -> None:
        """An edit was confirmed: the fetch under way may lack it, so it is cancelled and started again."""
        self.used_at = self.world.now
        if self.fetch is not None:
            self.owe()
            self.fetch = None
            self.settle()

    def commit(self, layer: NaiveLayer) -> None:
        if layer.log is self.log and self.log.commit(layer):
            self.confirmed()

    def roll_back(self, layer: NaiveLayer) -> None:
        if layer.log is self.log and self.log.rollback(layer):
            self.used_at = self.world.now

    def update(self, recipe: Any) -> None:
        self.log.update(recipe)
        self.confirmed()

    def mutation_ends(self, layer: NaiveLayer, *, succeeds: bool) -> None:
        if succeeds:
            self.commit(layer)
        else:
            self.roll_back(layer)
        self.mutations -= 1
        self.settle()

    def invalidate(self, refetch: str) -> None:
        self.is_invalidated = self.has_data
        if self.fetch is not None:
            self.fetch.is_invalidated = True
        if refetch == "none" or not (self.observers or self.has_fetcher):
            return
        if self.observers or self.fetch is not None or refetch == "all":
            is_kept = bool(self.observers) or refetch == "all"
            if self.mutations > 0:
                self.owe()
                self.keeps_owed = self.keeps_owed or is_kept
            else:
                self.start(is_kept=is_kept)

    def empty(self, how: str) -> None:
        """`remove`, `reset` or `clear`."""
        had_fetch, self.fetch = self.fetch is not None, None
        self.log.set_base(ABSENT)
        if how == "clear":
            self.log.layers, self.log.visible = [], ABSENT
        self.error, self.is_invalidated, self.is_owed, self.used_at = None, False, False, self.world.now
        if how == "reset" and self.observers:
            self.start(is_kept=True)
            return
        self.release("cancelled", None)
        if had_fetch:
            for observer in self.observers:
                observer.due = self.world.now + observer.interval if observer.interval is not None else math.inf
        if not self.is_pinned:
            self.forget()

    # --- time and environment

    @property
    def is_pinned(self) -> bool:
        return bool(self.observers or self.fetch or self.mutations or self.log.layers)

    def forget(self) -> None:
        self.log = NaiveLog(ABSENT)
        self.error, self.is_invalidated, self.has_fetcher = None, False, False
        self.is_owed = self.has_missed_a_poll = False

    def pass_time(self) -> None:
        """The world's time is later than before."""
        now = self.world.now
        if self.fetch is None and any(observer.due <= now for observer in self.observers):
            for observer in self.observers:
                observer.due = math.inf
            if self.world.visible:
                self.start(is_kept=True)
            else:
                self.has_missed_a_poll = True

    def expire(self) -> None:
        """Nobody may see the data any more if nobody has used it for long enough."""
        since = max(self.updated_at, self.used_at) if self.has_data else self.used_at
        if not self.is_pinned and self.world.now >= since + TTL:
            self.forget()

    def look_again(self) -> None:
        """The program has the focus again, or the network is back."""
        if self.fetch is not None and self.fetch.is_paused and self.world.online:
            self.fetch.is_paused = False
            self.world.started.append(self.key)
        if self.observers and self.fetch is None and self.is_stale:
            self.start(is_kept=True)

    def becomes_visible(self) -> None:
        if self.has_missed_a_poll:
            self.has_missed_a_poll = False
            if self.observers and self.fetch is None:
                self.start(is_kept=True)
