"""Guarantee 8: no set during a read; sets of effects and subscribers join the flush; an endless flush is stopped."""

from typing import Any

import pytest

from halflife import FlushLoopError, Store, WriteDuringReadError, action, atom, derived, effect
from halflife.testing import events


def test_set_during_a_read_raises_and_names_the_atom() -> None:
    source, target = atom(1), atom(0)
    errors: list[BaseException] = []

    @derived
    def guilty(get):
        try:
            store.set(target, get(source))
        except WriteDuringReadError as error:
            errors.append(error)
        return get(source)

    with Store() as store:
        assert store.get(guilty) == 1
        assert len(errors) == 1
        assert "guilty" in str(errors[0])
        assert store.get(target) == 0
        assert store._invariant() is None


@pytest.mark.parametrize(
    "write",
    [
        lambda store, one: store.set(one, 2),
        lambda store, one: store.update(one, lambda value: value + 1),
        lambda store, one: store.set(action(lambda get, set: set(one, 2))),
        lambda store, one: store.subscribe(one, lambda value: None),
        lambda store, one: store.observe(effect(lambda get, set: None)),
        lambda store, one: store.refresh(derived(lambda get: 1)),
        lambda store, one: store.batch().__enter__(),
    ],
    ids=["set", "update", "action", "subscribe", "observe", "refresh", "batch"],
)
def test_any_write_raises_during_a_read(write: Any) -> None:
    target = atom(0)

    @derived
    def guilty(get):
        write(store, target)

    below = derived(lambda get: get(guilty))
    with Store() as store:
        with pytest.raises(WriteDuringReadError):
            store.get(below)
        assert store._invariant() is None
        assert store.get(target) == 0
        store.set(target, 1)


def test_set_during_an_observed_recomputation_raises_too() -> None:
    source, target = atom(1), atom(0)

    @derived
    def guilty(get):
        if get(source) > 1:
            store.set(target, 1)
        return get(source)

    errors: list[BaseException] = []
    with Store() as store, store.subscribe(guilty, lambda value: None, errors.append):
        store.set(source, 2)
        assert [type(error) for error in errors] == [WriteDuringReadError]
        assert store.get(target) == 0


def test_set_in_a_comparison_raises_too() -> None:
    target = atom(0)
    errors: list[type] = []

    def meddling(one: int, other: int) -> bool:
        try:
            store.set(target, 1)
        except WriteDuringReadError as error:
            errors.append(type(error))
        return one == other

    source = atom(1, equals=meddling)
    with Store() as store:
        store.set(source, 2)
        assert (errors, store.get(source), store.get(target)) == ([WriteDuringReadError], 2, 0)


def test_set_during_a_read_is_allowed_for_another_store() -> None:
    target = atom(0)
    other = Store()

    @derived
    def mirrors(get):
        other.set(target, 5)
        return 1

    with Store() as store, other:
        assert store.get(mirrors) == 1
        assert (other.get(target), store.get(target)) == (5, 0)


def test_set_in_a_subscriber_joins_the_flush() -> None:
    source, target = atom(0), atom(0)
    total = derived(lambda get: get(source) + get(target))
    told: list[Any] = []
    with Store() as store:
        store.subscribe(source, lambda value: store.set(target, value * 10))
        store.subscribe(target, lambda value: told.append(("target", value)))
        store.subscribe(total, lambda value: told.append(("total", value)))
        store.set(source, 1)
        # the subscriber of total is called once, with the value that is current when its turn comes
        assert told == [("total", 11), ("target", 10)]
        assert store._invariant() is None


def test_a_subscriber_reads_what_follows_from_its_own_set_and_others_are_told_of_both() -> None:
    source, target = atom(0), atom(0)
    total = derived(lambda get: get(source) + get(target))
    told: list[Any] = []

    def add(value: int) -> None:
        store.set(target, 100)
        told.append(("reads", store.get(total)))

    with Store() as store:
        store.subscribe(total, told.append)
        store.subscribe(source, add)
        store.set(source, 1)
        assert told == [1, ("reads", 101), 101]
        assert store._invariant() is None


def test_a_source_that_a_subscriber_sets_back_is_told_again() -> None:
    source = atom(0)
    told: list[int] = []
    with Store() as store:
        store.subscribe(source, told.append)
        store.subscribe(source, lambda value: store.set(source, 0))
        store.set(source, 1)
        assert (told, store._invariant()) == ([1, 0], None)


def test_set_in_an_effect_is_seen_by_subscribers_as_one_change() -> None:
    source, target = atom(0), atom(0)
    total = derived(lambda get: get(source) + get(target))
    told: list[int] = []
    with Store() as store:
        store.observe(effect(lambda get, set: set(target, get(source) * 10)))
        store.subscribe(total, told.append)
        store.set(source, 1)
        assert told == [11]


def test_a_set_from_a_subscriber_returns_before_the_others_are_told() -> None:
    source, target = atom(0), atom(0)
    order: list[str] = []

    def first(value: int) -> None:
        order.append("first begins")
        store.set(target, value)
        order.append("first ends")

    with Store() as store:
        store.subscribe(source, first)
        store.subscribe(target, lambda value: order.append("second"))
        store.set(source, 1)
        assert order == ["first begins", "first ends", "second"]


def test_two_atoms_that_mirror_each_other_settle() -> None:
    celsius, fahrenheit = atom(0.0), atom(32.0)
    with Store() as store:
        store.subscribe(celsius, lambda value: store.set(fahrenheit, value * 9 / 5 + 32))
        store.subscribe(fahrenheit, lambda value: store.set(celsius, (value - 32) * 5 / 9))
        store.set(celsius, 100.0)
        assert store.get(fahrenheit) == 212.0
        store.set(fahrenheit, 32.0)
        assert store.get(celsius) == 0.0


def test_a_loop_of_subscribers_raises_naming_the_atoms() -> None:
    ping, pong = atom(0), atom(0)
    with Store() as store:
        store.subscribe(ping, lambda value: store.set(pong, value + 1))
        store.subscribe(pong, lambda value: store.set(ping, value + 1))
        log = events(store, limit=10_000)
        with pytest.raises(FlushLoopError) as caught:
            store.set(ping, 1)
        assert "ping" in str(caught.value) or "pong" in str(caught.value)
        assert "1000" in str(caught.value)
        assert 900 <= len(log.of("notified")) <= 2100
        assert store._invariant() is None


def test_a_loop_of_an_effect_raises_naming_it() -> None:
    count = atom(0)
    with Store() as store:
        forever = effect(lambda get, set: set(count, get(count) + 1), name="forever")
        with pytest.raises(FlushLoopError, match="forever"):
            store.observe(forever)
        assert store._invariant() is None


def test_a_store_goes_on_after_a_loop() -> None:
    ping, pong, other = atom(0), atom(0), atom(0)
    told: list[int] = []
    with Store() as store:
        with store.subscribe(ping, lambda value: store.set(pong, value + 1)):  # noqa: SIM117
            with store.subscribe(pong, lambda value: store.set(ping, value + 1)), pytest.raises(FlushLoopError):
                store.set(ping, 1)
        store.subscribe(other, told.append)
        store.set(other, 5)
        assert (told, store._invariant()) == ([5], None)


def test_a_chain_of_sets_that_ends_within_1000_rounds_is_no_loop() -> None:
    count = atom(0)
    with Store() as store:
        store.subscribe(count, lambda value: store.set(count, min(value + 1, 900)))
        store.set(count, 1)
        assert store.get(count) == 900
