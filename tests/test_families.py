"""Families: one atom for each parameter, and which members limits let go."""

import gc
import threading
import weakref
from typing import Any, NamedTuple

import pytest
from halflife._core import Atom

from halflife import Store, atom, derived, family
from halflife._families import Family
from halflife.testing import ManualClock


class Point(NamedTuple):
    x: int
    y: int


def make(param: object) -> Atom[object]:
    return atom(param)


class TestMembers:
    def test_the_same_parameter_gives_the_same_atom(self) -> None:
        member = family(make)
        assert member(1) is member(1)
        assert member((1, "a")) is member((1, "a"))

    def test_different_parameters_give_different_atoms(self) -> None:
        member = family(make)
        assert member(1) is not member(2)

    def test_a_member_is_made_once_when_it_is_first_asked_for(self) -> None:
        made: list[object] = []

        @family
        def member(param):
            made.append(param)
            return atom(param)

        assert made == []
        for param in (1, 2, 1, 1):
            member(param)
        assert made == [1, 2]

    def test_it_is_a_decorator_with_and_without_options(self) -> None:
        @family
        def plain(param):
            """What it is."""
            return atom(param)

        @family(max_size=2)
        def limited(param):
            return atom(param)

        assert plain(1) is plain(1)
        assert limited(1) is limited(1)
        assert plain.name == "plain"
        assert plain.__doc__ == "What it is."

    def test_parameters_are_told_apart_by_type(self) -> None:
        member = family(make)
        assert len({member(1), member(True), member(1.0)}) == 3
        assert len({member(0), member(False), member(0.0)}) == 3
        assert list(map(type, member)) == [int, bool, float, int, bool, float]

    def test_parameters_are_told_apart_by_type_inside_tuples_and_frozensets(self) -> None:
        member = family(make)
        params: list[Any] = [
            (1, 2),
            (True, 2),
            (1.0, 2),
            ((1,), 2),
            ((True,), 2),
            frozenset({1}),
            frozenset({True}),
            (frozenset({1.0}),),
            (frozenset({1}),),
        ]
        assert len({member(param) for param in params}) == len(params)
        assert all(member(param) is member(param) for param in params)

    def test_a_named_tuple_is_not_the_plain_tuple_equal_to_it(self) -> None:
        member = family(make)
        assert member(Point(1, 2)) is not member((1, 2))
        assert member(Point(1, 2)) is member(Point(1, 2))
        assert member(Point(1, 2)) is not member(Point(True, 2))

    def test_nan_is_one_parameter(self) -> None:
        member = family(make)
        assert member(float("nan")) is member(float("nan"))
        assert member((float("nan"),)) is member((float("nan"),))

    def test_none_is_a_parameter(self) -> None:
        member = family(make)
        assert member(None) is member(None)

    def test_the_value_of_a_member_is_kept_by_store(self) -> None:
        member = family(make)
        with Store() as one, Store() as other:
            one.set(member(1), "changed")
            assert (one.get(member(1)), other.get(member(1))) == ("changed", 1)

    def test_a_member_may_ask_for_another_one(self) -> None:
        @family
        def factorial(n):
            return derived(lambda get: 1 if n == 0 else n * get(factorial(n - 1)))

        with Store() as store:
            assert store.get(factorial(5)) == 120


class TestLookingAndForgetting:
    def test_it_has_a_length_and_can_be_iterated_over_its_parameters(self) -> None:
        member = family(make)
        for param in ("a", "b", (1, 2)):
            member(param)
        assert len(member) == 3
        assert list(member) == ["a", "b", (1, 2)]

    def test_in_asks_for_a_parameter_without_making_it(self) -> None:
        member = family(make)
        member(1)
        assert 1 in member
        assert True not in member
        assert 2 not in member
        assert len(member) == 1

    def test_members_may_be_made_while_iterating(self) -> None:
        member = family(make)
        member(1)
        for param in member:
            member(param + 1)
        assert list(member) == [1, 2]

    def test_a_removed_parameter_gets_a_new_atom(self) -> None:
        member = family(make)
        old = member(1)
        assert member.remove(1) is True
        assert 1 not in member
        assert member(1) is not old

    def test_removing_what_is_not_there_changes_nothing(self) -> None:
        member = family(make)
        member(1)
        assert member.remove(True) is False
        assert len(member) == 1

    def test_who_holds_a_removed_atom_can_go_on_using_it(self) -> None:
        member = family(make)
        old = member(1)
        seen: list[object] = []
        with Store() as store, store.subscribe(old, seen.append):
            member.remove(1)
            store.set(old, 2)
            assert store.get(member(1)) == 1
        assert seen == [2]

    def test_clear_forgets_everything(self) -> None:
        member = family(make)
        old = member(1)
        member.clear()
        assert len(member) == 0
        assert member(1) is not old

    def test_it_has_a_plain_repr(self) -> None:
        member = family(make)
        member(1)
        assert repr(member) == "<family 'make' of 1>"

    def test_it_holds_its_members_until_they_are_removed(self) -> None:
        member = family(make)
        kept = weakref.ref(member(1))
        gc.collect()
        assert kept() is not None
        member.remove(1)
        gc.collect()
        assert kept() is None

    def test_members_die_with_the_family(self) -> None:
        member = family(make)
        gone = weakref.ref(member(1))
        del member
        gc.collect()
        assert gone() is None


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


class TestBadInput:
    @pytest.mark.parametrize("wrong", [[], {}, set(), [1], ([],), (1, ({},))])
    def test_an_unhashable_parameter_raises_and_the_family_is_named(self, wrong: object) -> None:
        @family
        def user(param):
            return atom(param)

        for use in (lambda: user(wrong), lambda: wrong in user, lambda: user.remove(wrong)):
            with pytest.raises(TypeError, match="family 'user' needs a hashable parameter, got") as caught:
                use()
            assert "tuple" in str(caught.value)
        assert len(user) == 0

    def test_a_parameter_nested_100_000_deep_is_refused(self) -> None:
        deep: tuple[Any, ...] = ()
        for _ in range(100_000):
            deep = (deep,)
        member = family(make)
        with pytest.raises(ValueError, match="nested too deeply"):
            member(deep)
        while deep:
            (deep,) = deep

    def test_an_error_of_the_hash_of_a_parameter_propagates(self) -> None:
        class Hostile:
            def __hash__(self) -> int:
                raise ZeroDivisionError

        member = family(make)
        with pytest.raises(ZeroDivisionError):
            member(Hostile())
        assert len(member) == 0

    def test_a_function_that_makes_no_atom_is_refused(self) -> None:
        @family
        def user(param):
            return param

        with pytest.raises(TypeError, match=r"family 'user' must make atoms, but for 1 .* returned int"):
            user(1)
        assert len(user) == 0

    def test_an_error_in_the_function_propagates_and_nothing_is_remembered(self) -> None:
        calls: list[int] = []

        @family
        def user(param):
            calls.append(param)
            if len(calls) == 1:
                raise ValueError("first")
            return atom(param)

        with pytest.raises(ValueError, match="first"):
            user(1)
        assert len(user) == 0
        assert user(1) is user(1)

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"max_size": 0}, ValueError, "max_size must be at least 1"),
            ({"max_size": 1.5}, TypeError, "max_size must be an int"),
            ({"max_size": True}, TypeError, "max_size must be an int"),
            ({"ttl": 0}, ValueError, "ttl must be finite and positive"),
            ({"ttl": -1}, ValueError, "ttl must be finite and positive"),
            ({"ttl": float("nan")}, ValueError, "ttl must be finite and positive"),
            ({"ttl": "1"}, TypeError, "ttl must be a number of seconds"),
            ({"ttl": 1, "clock": 5}, TypeError, r"clock must have a method now\(\)"),
        ],
    )
    def test_a_wrong_option_is_refused(self, options: dict[str, Any], error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            family(make, **options)

    @pytest.mark.parametrize("wrong", [1, "make", atom(1)])
    def test_something_that_is_no_function_is_refused(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="family: make must be callable"):
            family(wrong)


def test_threads_that_ask_at_once_get_the_same_atom() -> None:
    member = family(make, max_size=50)
    started = threading.Barrier(8)
    got: list[list[object]] = []

    def ask() -> None:
        started.wait()
        got.append([member(param) for param in range(40) for _ in range(5)])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert all(atoms == got[0] for atoms in got)
