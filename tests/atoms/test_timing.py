"""Debounced and throttled atoms: following another atom after a pause, or at a limited rate, on the store's clock."""

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from halflife import Store, atom, debounced, derived, throttled
from halflife.testing import ManualClock

FOLLOWERS = pytest.mark.parametrize("follow", [debounced, throttled])


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> Iterator[Store]:
    with Store(clock=clock) as store:
        yield store


class TestDebounced:
    def test_it_follows_once_the_atom_has_rested(self, store: Store, clock: ManualClock) -> None:
        typed = atom("")
        query = debounced(typed, 0.3)
        seen: list[str] = []
        with store.subscribe(query, seen.append):
            store.set(typed, "hal")
            clock.advance(0.2)
            assert (store.get(query), seen) == ("", [])
            clock.advance(0.1)
            assert (store.get(query), seen) == ("hal", ["hal"])

    def test_every_change_starts_the_wait_anew(self, store: Store, clock: ManualClock) -> None:
        typed = atom("")
        query = debounced(typed, 0.3)
        seen: list[str] = []
        with store.subscribe(query, seen.append):
            for text in ("h", "ha", "hal"):
                store.set(typed, text)
                clock.advance(0.25)
            assert (seen, clock.pending) == ([], 1)
            clock.advance(0.05)
            assert (seen, clock.pending) == (["hal"], 0)

    def test_a_value_that_came_back_in_time_notifies_nobody(self, store: Store, clock: ManualClock) -> None:
        typed = atom("")
        seen: list[str] = []
        with store.subscribe(debounced(typed, 0.3), seen.append):
            store.set(typed, "x")
            store.set(typed, "")
            clock.advance(1)
        assert seen == []

    def test_zero_seconds_wait_for_the_next_move_of_the_clock(self, store: Store, clock: ManualClock) -> None:
        typed = atom("")
        seen: list[str] = []
        with store.subscribe(debounced(typed, 0), seen.append):
            store.set(typed, "x")
            assert seen == []
            clock.advance(0)
            assert seen == ["x"]


class TestThrottled:
    def test_the_first_change_is_shown_at_once(self, store: Store, clock: ManualClock) -> None:
        price = atom(1)
        seen: list[int] = []
        with store.subscribe(throttled(price, 1), seen.append):
            store.set(price, 2)
            assert seen == [2]

    def test_the_newest_of_the_changes_in_between_is_shown_at_the_end(self, store: Store, clock: ManualClock) -> None:
        price = atom(1)
        shown = throttled(price, 1)
        seen: list[tuple[float, int]] = []
        with store.subscribe(shown, lambda value: seen.append((clock.now(), value))):
            for value in (2, 3, 4):
                store.set(price, value)
                clock.advance(0.25)
            assert seen == [(0, 2)]
            clock.advance(0.25)
            assert seen == [(0, 2), (1, 4)]

    def test_it_changes_at_most_once_in_so_many_seconds(self, store: Store, clock: ManualClock) -> None:
        price = atom(0)
        seen: list[float] = []
        with store.subscribe(throttled(price, 1), lambda value: seen.append(clock.now())):
            for value in range(1, 41):
                store.set(price, value)
                clock.advance(0.125)
            clock.advance(5)
        assert seen == [0, 1, 2, 3, 4, 5]

    def test_after_a_quiet_time_the_next_change_is_shown_at_once_again(self, store: Store, clock: ManualClock) -> None:
        price = atom(1)
        seen: list[int] = []
        with store.subscribe(throttled(price, 1), seen.append):
            store.set(price, 2)
            clock.advance(1)
            assert clock.pending == 0
            store.set(price, 3)
            assert seen == [2, 3]


@FOLLOWERS
class TestBoth:
    def test_unobserved_they_follow_directly_and_set_no_timer(
        self, follow: Callable[..., Any], store: Store, clock: ManualClock
    ) -> None:
        source = atom(1)
        follower = follow(source, 1)
        assert store.get(follower) == 1
        store.set(source, 2)
        assert store.get(follower) == 2
        assert clock.pending == 0

    def test_the_value_they_have_when_they_become_observed_is_shown_at_once(
        self, follow: Callable[..., Any], store: Store, clock: ManualClock
    ) -> None:
        source = atom(1)
        follower = follow(source, 1)
        seen: list[int] = []
        store.set(source, 5)
        with store.subscribe(follower, seen.append):
            assert (store.get(follower), seen, clock.pending) == (5, [], 0)

    def test_when_observed_no_more_they_cancel_their_timer_and_follow_directly(
        self, follow: Callable[..., Any], store: Store, clock: ManualClock
    ) -> None:
        source = atom(1)
        follower = follow(source, 1)
        with store.subscribe(follower, lambda value: None):
            store.set(source, 2)
            store.set(source, 3)
            assert clock.pending == 1
        assert clock.pending == 0
        assert store.get(follower) == 3

    def test_they_can_be_observed_again(self, follow: Callable[..., Any], store: Store, clock: ManualClock) -> None:
        source = atom(1)
        follower = follow(source, 1)
        for value in (2, 4):
            seen: list[int] = []
            with store.subscribe(follower, seen.append):
                store.set(source, value)
                store.set(source, value + 1)
                clock.advance(1)
            assert seen[-1] == value + 1

    def test_dependents_and_several_subscribers_share_one_timer(
        self, follow: Callable[..., Any], store: Store, clock: ManualClock
    ) -> None:
        source = atom(1)
        follower = follow(source, 1)
        doubled = derived(lambda get: get(follower) * 2)
        seen: list[int] = []
        with store.subscribe(follower, seen.append), store.subscribe(doubled, seen.append):
            store.set(source, 2)
            assert clock.pending == 1
            clock.advance(1)
        assert sorted(seen) == [2, 4]

    def test_an_error_is_shown_late_like_a_value_and_goes_again(
        self, follow: Callable[..., Any], store: Store, clock: ManualClock
    ) -> None:
        source = atom(1)
        inverse = derived(lambda get: 1 / get(source))
        follower = follow(inverse, 1)
        errors: list[Exception] = []
        with store.subscribe(follower, lambda value: None, on_error=errors.append):
            store.set(source, 4)
            store.set(source, 0)
            assert errors == []
            clock.advance(1)
            assert [type(error) for error in errors] == [ZeroDivisionError]
            with pytest.raises(ZeroDivisionError):
                store.get(follower)
            store.set(source, 2)
            clock.advance(2)
            assert store.get(follower) == 0.5

    def test_the_traceback_of_an_error_does_not_grow(
        self, follow: Callable[..., Any], store: Store, clock: ManualClock
    ) -> None:
        source = atom(0)
        follower = follow(derived(lambda get: 1 / get(source)), 1)

        def depth() -> int:
            with pytest.raises(ZeroDivisionError) as caught:
                store.get(follower)
            return len(caught.traceback)

        with store.subscribe(follower, lambda value: None, on_error=lambda error: None):
            assert {depth() for _ in range(5)} == {depth()}

    def test_each_store_has_timers_of_its_own(self, follow: Callable[..., Any]) -> None:
        source = atom(1)
        follower = follow(source, 1)
        clocks = ManualClock(), ManualClock()
        with Store(clock=clocks[0]) as one, Store(clock=clocks[1]) as other:
            one.subscribe(follower, lambda value: None)
            other.subscribe(follower, lambda value: None)
            one.set(source, 2)
            one.set(source, 3)
            assert [clock.pending for clock in clocks] == [1, 0]
            clocks[1].advance(5)
            assert other.get(follower) == 1
            clocks[0].advance(1)
            assert one.get(follower) == 3

    def test_an_error_of_a_subscriber_at_the_timer_goes_to_the_store(
        self, follow: Callable[..., Any], clock: ManualClock
    ) -> None:
        errors: list[BaseException] = []
        source = atom(1)

        def fail(value: int) -> None:
            if value == 3:
                raise ValueError("bad subscriber")

        with Store(clock=clock, on_error=lambda error, *rest: errors.append(error)) as store:
            store.subscribe(follow(source, 1), fail)
            store.set(source, 2)
            store.set(source, 3)
            clock.advance(1)
        assert len(errors) == 1
        assert "bad subscriber" in repr(errors[0])

    def test_the_same_arguments_give_the_same_atom(self, follow: Callable[..., Any]) -> None:
        source = atom(1)
        assert follow(source, 1) is follow(source, 1.0)
        assert follow(source, 1) is not follow(source, 2)
        assert follow(source, 1) is not follow(atom(1), 1)

    def test_their_names_have_the_name_of_the_followed_atom(self, follow: Callable[..., Any]) -> None:
        assert follow(atom(1, name="source"), 1).name == f"{follow.__name__}(source)"

    def test_a_timer_keeps_no_dropped_store_alive(self, follow: Callable[..., Any], clock: ManualClock) -> None:
        class Value:
            pass

        source = atom(None)
        store = Store(clock=clock)
        value = Value()
        store.subscribe(follow(source, 1), lambda value: None)
        store.set(source, value)
        store.set(source, None)
        store.set(source, value)
        gone = weakref.ref(value)
        del value, store
        gc.collect()
        assert gone() is None
        clock.advance(5)

    def test_they_die_with_their_atom(self, follow: Callable[..., Any], store: Store) -> None:
        source = atom(1)
        gone = weakref.ref(follow(source, 1))
        assert gone() is not None
        with store.subscribe(gone(), lambda value: None):
            store.set(source, 2)
        del source
        gc.collect()
        assert gone() is None

    def test_closing_the_store_cancels_their_timers(self, follow: Callable[..., Any], clock: ManualClock) -> None:
        source = atom(1)
        store = Store(clock=clock)
        store.subscribe(follow(source, 1), lambda value: None)
        store.set(source, 2)
        store.set(source, 3)
        assert clock.pending == 1
        store.dispose()
        assert clock.pending == 0

    @pytest.mark.asyncio
    async def test_they_follow_the_settled_values_of_an_async_atom(
        self, follow: Callable[..., Any], clock: ManualClock
    ) -> None:
        number = atom(1)

        @derived
        async def squared(get):
            return get(number) ** 2

        follower = follow(squared, 1)
        seen: list[int] = []
        async with Store(clock=clock) as store:
            assert await store.get(follower) == 1
            with store.subscribe(follower, lambda value: seen.append(value.result())):
                await store.settled()
                seen.clear()
                store.set(number, 2)
                await store.settled()
                store.set(number, 3)
                await store.settled()
                await clock.advance(1)
                await store.settled()
                assert seen[-1] == 9
                assert len(seen) == (1 if follow is debounced else 2)
                assert await store.get(follower) == 9

    @pytest.mark.parametrize("wrong", [None, 1, lambda get: 1])
    def test_an_argument_that_is_no_atom_is_refused(self, follow: Callable[..., Any], wrong: object) -> None:
        with pytest.raises(TypeError, match=f"{follow.__name__}: a must be an atom"):
            follow(wrong, 1)

    @pytest.mark.parametrize("wrong", [None, "1", [], True])
    def test_seconds_that_are_no_number_are_refused(self, follow: Callable[..., Any], wrong: object) -> None:
        with pytest.raises(TypeError, match=f"{follow.__name__}: seconds must be a number"):
            follow(atom(1), wrong)

    @pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
    def test_seconds_that_make_no_sense_are_refused(self, follow: Callable[..., Any], wrong: float) -> None:
        with pytest.raises(ValueError, match=f"{follow.__name__}: seconds must be finite and not negative"):
            follow(atom(1), wrong)
