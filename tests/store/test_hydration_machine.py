"""The hydration machine, and planted bugs that it must find: those that hydration once had, and others."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from halflife import Store
from halflife._store import hydration
from hydration_machine import HydrationMachine
from planted_bugs import objection_of

STEPS = 20


def test_every_order_agrees_with_the_model() -> None:
    run_state_machine_as_test(HydrationMachine, settings=settings(stateful_step_count=STEPS))


class LeavesOutWhatIsOlderThanTheLastSet(Store):
    """Snapshots lack async atoms that settled before the last set."""

    _has_set = False

    def set(self, a: Any, *args: Any) -> Any:
        self._has_set = True
        return super().set(a, *args)

    def _settle(self, a: Any) -> bool:
        return super()._settle(a) and not (self._has_set and a.is_async)


class StartsFetches(Store):
    """Taking a snapshot starts fetches of its atoms."""

    def _settle(self, a: Any) -> bool:
        self.get(a)
        return super()._settle(a)


@pytest.mark.parametrize("kind", [LeavesOutWhatIsOlderThanTheLastSet, StartsFetches])
def test_the_machine_catches_a_store_that(kind: type[Store]) -> None:
    class Planted(HydrationMachine):
        def make_store(self) -> Store:
            return kind(on_error=self.reported.append)

    assert objection_of(Planted, examples=200, steps=STEPS) is not None


def ignores_sets_before_the_first_read(patch: Any) -> None:
    patch(hydration.Hydrated, "note_inputs", lambda hydrated, store: None)
    show = hydration.Hydrated._show

    def show_as_of_now(hydrated: Any, store: Store, atom: Any, entry: Any) -> None:
        for name in entry.get("inputs") or ():
            one = hydration._input(store, atom, name)
            if one is not None:
                hydrated._stamps[one] = store._stamp(one)
        show(hydrated, store, atom, entry)

    patch(hydration.Hydrated, "_show", show_as_of_now)


def trusts_values_of_unknown_inputs(patch: Any) -> None:
    show = hydration.Hydrated._show

    def show_as_known(hydrated: Any, store: Store, atom: Any, entry: Any) -> None:
        show(hydrated, store, atom, {**entry, "inputs": entry.get("inputs") or []})

    patch(hydration.Hydrated, "_show", show_as_known)


def runs_whatever_is_hydrated(patch: Any) -> None:
    show = hydration.Hydrated._show

    def show_as_unknown(hydrated: Any, store: Store, atom: Any, entry: Any) -> None:
        show(hydrated, store, atom, {**entry, "inputs": None} if atom.is_async else entry)

    patch(hydration.Hydrated, "_show", show_as_unknown)


def forgets_what_waits_at_a_later_hydrate(patch: Any) -> None:
    patch(hydration.Hydrated, "update", lambda hydrated, other: hydrated._entries.clear())


@pytest.mark.parametrize(
    "fault",
    [
        ignores_sets_before_the_first_read,
        trusts_values_of_unknown_inputs,
        runs_whatever_is_hydrated,
        forgets_what_waits_at_a_later_hydrate,
    ],
)
def test_the_machine_catches_a_hydration_that(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch.setattr)
    assert objection_of(HydrationMachine, examples=200, steps=STEPS) is not None
