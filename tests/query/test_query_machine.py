"""Query clients against the query model; and planted bugs that the machine must find."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from halflife._core import EntryPolicy, Verdict
from halflife.query import entries, in_flight
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.entry_revisions import EntryRevisions
from halflife.query.in_flight import InFlight
from halflife.query.intervals import Interval
from planted_bugs import objection_of
from query_machine import QueryMachine

STEPS = 40

Patch = Callable[[Any, str, Any], None]


def test_clients_do_what_the_model_says() -> None:
    run_state_machine_as_test(QueryMachine, settings=settings(stateful_step_count=STEPS))


class PlantedPolicy:
    """The policy of an entry; a test overrides one of its answers."""

    def __init__(self) -> None:
        self.native = EntryPolicy()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.native, name)


def nothing(*_: Any, **__: Any) -> None:
    """In the place of a method that does something."""


def with_policy(patch: Patch, **methods: Any) -> None:
    patch(entries, "EntryPolicy", type("Planted", (PlantedPolicy,), methods))


def writes_every_answer(patch: Patch) -> None:
    with_policy(patch, verdict=lambda self, generation: Verdict.WRITE)


def loses_an_invalidation_during_a_fetch(patch: Patch) -> None:
    with_policy(patch, invalidate=lambda self: self.native.shown.has_data and self.native.invalidate())


def owes_nothing(patch: Patch) -> None:
    with_policy(patch, owe=nothing)


def keeps_a_fetch_that_lacks_a_confirmed_edit(patch: Patch) -> None:
    with_policy(patch, confirm=lambda self: False)


def fetches_during_a_mutation(patch: Patch) -> None:
    with_policy(patch, mutations=0, take_owed=lambda self: self.native.is_owed)


def keeps_what_a_failed_batch_wrote(patch: Patch) -> None:
    patch(EntryRevisions, "restore", nothing)


def never_cancels_for_the_last_awaiter(patch: Patch) -> None:
    patch(InFlight, "leave", lambda self, ticket: self.tickets.discard(ticket))


def cancels_for_the_first_awaiter(patch: Patch) -> None:
    patch(InFlight, "leave", lambda self, ticket: self.cancel())


def polls_once(patch: Patch) -> None:
    patch(Interval, "plan", nothing)


def leaves_fetches_paused(patch: Patch) -> None:
    patch(EntryCache, "resume_paused", nothing)


def does_not_tell_that_data_is_stale(patch: Patch) -> None:
    patch(Entry, "tick", lambda self: self.evict() or math.inf if self.is_expired() else self._next_moment())


def tells_of_data_and_state_apart(patch: Patch) -> None:
    patch(in_flight, "changes", lambda entry: nullcontext())


def forgets_those_who_await_a_superseded_fetch(patch: Patch) -> None:
    drop = InFlight._drop

    def drop_and_forget(self: InFlight, fetch: Any, reason: str) -> None:
        drop(self, fetch, reason)
        if reason == "superseded":
            self.tickets.cancel("planted")

    patch(InFlight, "_drop", drop_and_forget)


@pytest.mark.parametrize(
    "bug",
    [
        writes_every_answer,
        loses_an_invalidation_during_a_fetch,
        owes_nothing,
        keeps_a_fetch_that_lacks_a_confirmed_edit,
        fetches_during_a_mutation,
        keeps_what_a_failed_batch_wrote,
        never_cancels_for_the_last_awaiter,
        cancels_for_the_first_awaiter,
        polls_once,
        leaves_fetches_paused,
        does_not_tell_that_data_is_stale,
        tells_of_data_and_state_apart,
        forgets_those_who_await_a_superseded_fetch,
    ],
)
def test_the_machine_catches_a_client_that(bug: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch.setattr)
    # Which programs hypothesis draws depends on the modules that are loaded, so a few may not be enough.
    objections = (objection_of(QueryMachine, examples=examples, steps=STEPS) for examples in (100, 400, 1_000))
    assert any(objection is not None for objection in objections)
