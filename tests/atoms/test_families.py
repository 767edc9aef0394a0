"""Families: one atom for each parameter, and members that limits forget."""

import gc
import threading
import weakref
from typing import Any, NamedTuple

import pytest

from halflife import Store, atom, derived, family
from halflife._core import Atom


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
            """One member each."""
            return atom(param)

        @family(max_size=2)
        def limited(param):
            return atom(param)

        assert plain(1) is plain(1)
        assert limited(1) is limited(1)
        assert plain.name == "plain"
        assert plain.__doc__ == "One member each."

    def test_a_member_may_have_several_parameters(self) -> None:
        made: list[object] = []

        @family
        def member(owner, name):
            made.append((owner, name))
            return atom(0)

        assert member("ada", 1) is member("ada", 1)
        assert len({member("ada", 1), member("ada", True), member("ada", 1.0), member(1, "ada")}) == 4
        assert made == list(member) == [("ada", 1), ("ada", True), ("ada", 1.0), (1, "ada")]
        assert ("ada", 1) in member
        assert ("ada", 2) not in member
        assert member.remove("ada", 1)
        assert not member.remove("ada", 1)
        assert all(member.remove(params) for params in list(member))
        assert len(member) == 0
        for params in ((), (1,), (1, 2, 3), ([], 1), (1, [])):
            with pytest.raises(TypeError):
                member(*params)
        assert len(member) == 0

    def test_several_parameters_are_not_one_that_is_a_tuple(self) -> None:
        member = family(lambda *params: atom(params))
        with Store() as store:
            assert store.get(member(1, 2)) == (1, 2)
            assert store.get(member((1, 2))) == ((1, 2),)
        assert len(member) == 2

    def test_limits_count_members_of_several_parameters(self) -> None:
        member = family(lambda one, two: atom(one), max_size=2)
        first = member(1, 1)
        member(2, 2)
        member(3, 3)
        assert list(member) == [(2, 2), (3, 3)]
        assert member(1, 1) is not first

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

    def test_removing_an_unknown_parameter_changes_nothing(self) -> None:
        member = family(make)
        member(1)
        assert member.remove(True) is False
        assert len(member) == 1

    def test_a_removed_atom_that_is_held_still_works(self) -> None:
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
