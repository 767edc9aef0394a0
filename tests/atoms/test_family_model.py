"""A family with limits against a naive model, through random sequences of uses and observations."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halflife import Atom, Store, atom, family
from halflife._atoms.family import Family
from halflife.testing import ManualClock

MAX_SIZE = 2
TTL = 3


@dataclass
class Member:
    atom: Atom[int]
    used: float


@dataclass
class Model:
    """All members, the least recently used first. An observed member counts as used. Limits count all members."""

    members: dict[int, Member] = field(default_factory=dict)
    observed: set[int] = field(default_factory=set)

    def use(self, param: int, now: float) -> None:
        member = self.members.pop(param)
        member.used = now
        self.members[param] = member

    def limit(self, now: float, spared: int | None) -> None:
        for param, member in list(self.members.items()):
            if now - member.used >= TTL:
                self.use_or_drop(param, now, None)
        for param in list(self.members):
            if len(self.members) > MAX_SIZE:
                self.use_or_drop(param, now, spared)

    def use_or_drop(self, param: int, now: float, spared: int | None) -> None:
        if param in self.observed or param == spared:
            self.use(param, now)
        else:
            del self.members[param]


steps = st.lists(
    st.tuples(st.sampled_from(["use", "observe", "leave", "remove", "look"]), st.integers(0, 4), st.integers(0, 2)),
    max_size=30,
)


@given(steps)
def test_a_family_holds_the_members_of_the_naive_model(todo: list[tuple[str, int, int]]) -> None:
    compare(todo)


def test_a_member_that_was_observed_lately_is_not_the_one_used_least_recently() -> None:
    compare([("observe", 1, 0), ("use", 0, 0), ("use", 2, 0), ("leave", 1, 0), ("use", 0, 0), ("look", 0, 0)])
    compare([("observe", 1, 0), ("use", 0, 0), ("use", 2, 2), ("leave", 1, 0), ("use", 2, 1), ("look", 0, 0)])


def test_the_model_notices_a_planted_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Family, "_touch", lambda members, key: None)
    with pytest.raises(AssertionError):
        compare([("use", 0, 0), ("use", 1, 1), ("use", 0, 1), ("use", 2, 1), ("look", 0, 0)])


def compare(todo: list[tuple[str, int, int]]) -> None:
    clock, model = ManualClock(), Model()
    member = family(lambda param: atom(param), max_size=MAX_SIZE, ttl=TTL, clock=clock)
    subscriptions: dict[int, Any] = {}
    with Store() as store:
        for kind, param, seconds in todo:
            # Never two uses at one moment, because their order would be undefined.
            clock.advance(seconds + 0.001)
            now = clock.now()
            if kind == "remove":
                assert member.remove(param) is (model.members.pop(param, None) is not None)
                continue
            if kind == "leave":
                if param in subscriptions:
                    subscriptions.pop(param).unsubscribe()
                continue
            if kind == "look":
                model.observed = {one for one in model.members if model.members[one].atom.is_observed}
                model.limit(now, None)
                assert set(member) == set(model.members)
                continue
            model.observed = {one for one in model.members if model.members[one].atom.is_observed}
            model.limit(now, None) if param not in model.members else model.limit(now, param)
            known = model.members.get(param)
            got = member(param)
            if known is None:
                model.members[param] = Member(got, now)
                model.limit(now, param)
            else:
                assert got is known.atom
                model.use(param, now)
            if kind == "observe" and param not in subscriptions:
                subscriptions[param] = store.subscribe(got, lambda value: None)
