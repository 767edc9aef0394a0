"""Families with limits: which members are forgotten, and which are never forgotten."""

import asyncio
import gc
import weakref
from typing import Any, NamedTuple

import pytest

from halflife import Store, atom, derived, family
from halflife._atoms.family import Family
from halflife._core import Atom
from halflife.testing import ManualClock


class Point(NamedTuple):
    x: int
    y: int


def make(param: object) -> Atom[object]:
    return atom(param)


class TestMaxSize:
    def test_the_least_recently_used_member_is_forgotten(self) -> None:
        member = family(make, max_size=2)
        one = member(1)
        two = member(2)
        assert member(1) is one
        member(3)
        assert list(member) == [1, 3]
        assert member(1) is one
        assert member(2) is not two

    def test_an_observed_member_is_never_forgotten(self) -> None:
        member = family(make, max_size=2)
        with Store() as store, store.subscribe(member(1), lambda value: None):
            one = member(1)
            for param in range(2, 50):
                member(param)
            assert member(1) is one
            assert len(member) == 2

    def test_a_member_observed_through_a_dependent_is_never_forgotten(self) -> None:
        member = family(make, max_size=1)
        dependent = derived(lambda get: get(member(1)))
        with Store() as store, store.subscribe(dependent, lambda value: None):
            one = member(1)
            for param in range(2, 10):
                member(param)
            assert member(1) is one

    def test_a_member_observed_in_any_store_is_never_forgotten(self) -> None:
        member = family(make, max_size=1)
        with Store(), Store() as other, other.subscribe(member(1), lambda value: None):
            one = member(1)
            member(2)
            member(3)
            assert member(1) is one

    @pytest.mark.asyncio
    async def test_a_member_that_is_being_awaited_is_never_forgotten(self) -> None:
        ready = asyncio.Event()

        @family(max_size=1)
        def loaded(param):
            @derived
            async def load(get):
                await ready.wait()
                return param

            return load

        async with Store() as store:
            one = loaded(1)
            waiting = asyncio.create_task(store.value(one))
            await ManualClock().advance(0)
            loaded(2)
            loaded(3)
            assert loaded(1) is one
            ready.set()
            assert await waiting == 1
            loaded(2)
            assert 1 not in loaded

    def test_when_all_are_observed_there_are_more_than_allowed_until_they_are_not(self) -> None:
        member = family(make, max_size=2)
        with Store() as store:
            subscriptions = [store.subscribe(member(param), lambda value: None) for param in range(5)]
            assert len(member) == 5
            for subscription in subscriptions[:4]:
                subscription.unsubscribe()
            assert len(member) == 2
            assert 4 in member
            subscriptions[4].unsubscribe()

    def test_very_many_observed_members_are_not_looked_through_at_every_call(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        member = family(make, max_size=1)
        looked: list[object] = []
        touch = Family._touch

        def counting(self: Family[Any, Any], key: Any) -> None:
            looked.append(key)
            touch(self, key)

        with Store() as store:
            subscriptions = [store.subscribe(member(param), lambda value: None) for param in range(400)]
            monkeypatch.setattr(Family, "_touch", counting)
            for _ in range(400):
                member(0)
            for subscription in subscriptions:
                subscription.unsubscribe()
        assert len(looked) < 400 * 400 / 10

    def test_the_member_just_asked_for_is_kept_even_if_it_is_one_too_many(self) -> None:
        member = family(make, max_size=1)
        with Store() as store, store.subscribe(member(1), lambda value: None):
            two = member(2)
            assert member(2) is two

    def test_a_forgotten_member_is_freed(self) -> None:
        member = family(make, max_size=1)
        gone = weakref.ref(member(1))
        member(2)
        gc.collect()
        assert gone() is None


class TestTtl:
    def test_a_member_is_forgotten_when_it_was_not_used_for_so_long(self) -> None:
        clock = ManualClock()
        member = family(make, ttl=10, clock=clock)
        old = member(1)
        clock.advance(9.5)
        assert member(1) is old
        clock.advance(9.5)
        assert member(1) is old
        clock.advance(10)
        assert 1 not in member
        assert len(member) == 0
        assert member(1) is not old

    def test_an_observed_member_does_not_age(self) -> None:
        clock = ManualClock()
        member = family(make, ttl=10, clock=clock)
        with Store() as store:
            with store.subscribe(member(1), lambda value: None):
                old = member(1)
                clock.advance(100)
                assert member(1) is old
                clock.advance(100)
                assert len(member) == 1
            clock.advance(9)
            assert member(1) is old
            clock.advance(10)
            assert member(1) is not old

    def test_a_call_looks_at_few_members_however_many_are_observed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = ManualClock()
        member = family(make, ttl=10, clock=clock)
        looked: list[object] = []
        touch = Family._touch

        def counting(self: Family[Any, Any], key: Any) -> None:
            looked.append(key)
            touch(self, key)

        with Store() as store:
            subscriptions = [store.subscribe(member(param), lambda value: None) for param in range(400)]
            monkeypatch.setattr(Family, "_touch", counting)
            for _ in range(400):
                clock.advance(11)
                member(0)
                assert 1 in member
            for subscription in subscriptions:
                subscription.unsubscribe()
        assert len(looked) <= 400 * 5

    def test_a_member_behind_observed_ones_is_forgotten_in_time_too(self) -> None:
        clock = ManualClock()
        member = family(make, ttl=10, clock=clock)
        with Store() as store:
            subscriptions = [store.subscribe(member(param), lambda value: None) for param in range(100)]
            old = member("old")
            gone = weakref.ref(member("gone"))
            clock.advance(11)
            assert "old" not in member
            assert member("old") is not old
            for _ in range(60):
                member(0)
            gc.collect()
            assert gone() is None
            assert len(member) == 101
            for subscription in subscriptions:
                subscription.unsubscribe()

    def test_both_limits_hold_together(self) -> None:
        clock = ManualClock()
        member = family(make, max_size=2, ttl=10, clock=clock)
        for param in (1, 2, 3):
            member(param)
            clock.advance(1)
        assert list(member) == [2, 3]
        clock.advance(8)
        assert list(member) == [3]

    def test_without_a_clock_time_passes_by_itself(self) -> None:
        member = family(make, ttl=1000.0)
        assert member(1) is member(1)
