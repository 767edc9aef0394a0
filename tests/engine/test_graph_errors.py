"""Guarantee 7: an error in a read is the atom's value; errors of subscribers, effects and hooks are collected."""

import logging
import traceback
from typing import Any

import pytest

from halflife import CycleError, Store, atom, derived, effect


class BoomError(Exception):
    pass


def failing(source: Any) -> Any:
    def read(get: Any) -> Any:
        if get(source) < 0:
            raise BoomError(f"at {get(source)}")
        return get(source)

    return derived(read, name="failing")


def test_an_error_is_cached_and_raised_at_each_get() -> None:
    runs: list[int] = []
    broken = derived(lambda get: runs.append(1) or 1 // 0)
    with Store() as store:
        caught = []
        for _ in range(3):
            with pytest.raises(ZeroDivisionError) as error:
                store.get(broken)
            caught.append(error.value)
        assert runs == [1]
        assert caught[0] is caught[1] is caught[2]


def test_an_error_comes_with_its_original_traceback_which_does_not_grow() -> None:
    source = atom(-1)
    broken = failing(source)
    middle = derived(lambda get: get(broken) + 1)
    with Store() as store:
        lengths = []
        for _ in range(5):
            with pytest.raises(BoomError) as caught:
                store.get(middle)
            frames = traceback.extract_tb(caught.value.__traceback__)
            lengths.append(len(frames))
            assert frames[-1].name == "read"
        assert len(set(lengths)) == 1
        with pytest.raises(BoomError) as caught:
            store.get(broken)
        assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "read"


def test_dependents_see_an_error_and_may_catch_it() -> None:
    source = atom(-1)
    broken = failing(source)

    @derived
    def careful(get):
        try:
            return get(broken)
        except BoomError as error:
            return str(error)

    passing = derived(lambda get: get(broken) * 2)
    with Store() as store:
        assert store.get(careful) == "at -1"
        with pytest.raises(BoomError):
            store.get(passing)
        store.set(source, 4)
        assert (store.get(careful), store.get(passing)) == (4, 8)


def test_the_next_good_run_clears_an_error() -> None:
    source = atom(-1)
    broken = failing(source)
    told: list[Any] = []
    with Store() as store:
        store.subscribe(broken, told.append, lambda error: told.append(str(error)))
        for value in (1, -2, -3, 2):
            store.set(source, value)
            assert store._invariant() is None
        assert told == [1, "at -2", "at -3", 2]


def test_an_error_of_a_subscribed_atom_goes_to_on_error_and_set_does_not_raise() -> None:
    source = atom(1)
    broken = failing(source)
    errors: list[BaseException] = []
    with Store(on_error=errors.append) as store:
        values: list[int] = []
        store.subscribe(broken, values.append)
        store.subscribe(broken, values.append)
        store.set(source, -1)
        assert values == []
        assert [str(error) for error in errors] == ["at -1"]
        own: list[BaseException] = []
        store.subscribe(broken, values.append, on_error=own.append)
        store.set(source, -2)
        assert [str(error) for error in own] == ["at -2"]


def test_an_error_nobody_asked_for_is_one_log_record(caplog: pytest.LogCaptureFixture) -> None:
    source = atom(1)
    broken = failing(source)
    with Store() as store, caplog.at_level(logging.DEBUG, logger="halflife"):
        store.subscribe(broken, lambda value: None)
        store.set(source, -1)
        assert [(record.levelno, record.name.split(".")[0]) for record in caplog.records] == [
            (logging.ERROR, "halflife")
        ]
        assert "failing" in caplog.text


def test_an_atom_that_fails_at_subscription_is_subscribed_all_the_same() -> None:
    source = atom(-1)
    broken = failing(source)
    told: list[Any] = []
    with Store() as store:
        store.subscribe(broken, told.append, told.append)
        assert told == []
        store.set(source, 3)
        assert told == [3]


def test_the_same_error_object_is_not_notified_twice() -> None:
    source = atom(1)
    error = BoomError("always this one")

    @derived
    def stubborn(get):
        if get(source):
            raise error
        return 0

    runs: list[int] = []
    below = derived(lambda get: runs.append(1) or get(stubborn))
    told: list[Any] = []
    with Store() as store:
        store.subscribe(below, told.append, told.append)
        for value in (2, 3):
            store.set(source, value)
        assert (told, runs) == ([], [1])
        store.set(source, 0)
        store.set(source, 1)
        assert told == [0, error]


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_propagates_and_leaves_the_atom_to_be_run_again(interrupt: type[BaseException]) -> None:
    source = atom(1)
    interrupts = [interrupt("now")]

    @derived
    def slow(get):
        value = get(source)
        if interrupts:
            raise interrupts.pop()
        return value

    below = derived(lambda get: get(slow) + 1)
    with Store() as store:
        with pytest.raises(interrupt):
            store.get(below)
        assert store._invariant() is None
        assert store.get(below) == 2
        told: list[int] = []
        store.subscribe(below, told.append)
        interrupts.append(interrupt("now"))
        with pytest.raises(interrupt):
            store.set(source, 5)
        assert store._invariant() is None
        assert (store.get(source), told) == (5, [])
        assert (store.get(below), told) == (6, [6])


def test_an_interrupt_of_a_subscriber_is_raised_after_all_were_served() -> None:
    source = atom(1)
    told: list[int] = []

    def interrupted(value: int) -> None:
        raise KeyboardInterrupt

    with Store() as store:
        store.subscribe(source, interrupted)
        store.subscribe(source, told.append)
        with pytest.raises(KeyboardInterrupt):
            store.set(source, 2)
        assert told == [2]
        assert store._invariant() is None


def test_errors_of_subscribers_are_one_group_raised_after_everybody_was_served() -> None:
    source = atom(1)
    told: list[int] = []
    errors = [BoomError("first"), BoomError("second")]

    def fails_with(error: Exception) -> Any:
        def callback(value: int) -> None:
            raise error

        return callback

    with Store() as store:
        store.subscribe(source, fails_with(errors[0]))
        store.subscribe(source, told.append)
        store.subscribe(source, fails_with(errors[1]))
        with pytest.raises(ExceptionGroup) as caught:
            store.set(source, 2)
        assert list(caught.value.exceptions) == errors
        assert (told, store.get(source)) == ([2], 2)
        assert store._invariant() is None


def test_a_single_error_is_a_group_too() -> None:
    source = atom(1)
    with Store() as store:
        store.subscribe(source, lambda value: 1 // 0)
        with pytest.raises(ExceptionGroup) as caught:
            store.set(source, 2)
        assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]
        with pytest.raises(ExceptionGroup):
            store.update(source, lambda value: value + 1)


def test_errors_of_effects_mounts_and_unmounts_are_collected_with_the_others() -> None:
    source, switch = atom(1), atom(True)

    def fails(*_: Any) -> None:
        raise BoomError("unmount")

    hooked = atom(1, on_mount=lambda set: fails)
    chosen = derived(lambda get: get(hooked) if get(switch) else 0)
    with Store() as store:
        store.subscribe(chosen, lambda value: 1 // 0)
        observed = store.observe(effect(lambda get, set: [].pop() if get(switch) is False else None))
        store.subscribe(source, lambda value: None)
        with pytest.raises(ExceptionGroup) as caught:
            store.set(switch, False)
        assert [type(error) for error in caught.value.exceptions] == [BoomError, IndexError, ZeroDivisionError]
        assert store._invariant() is None
        observed()


def test_an_error_handler_that_fails_is_collected_too() -> None:
    source = atom(1)
    broken = failing(source)

    def handler(error: BaseException) -> None:
        raise LookupError

    with Store() as store:
        store.subscribe(broken, lambda value: None, handler)
        with pytest.raises(ExceptionGroup) as caught:
            store.set(source, -1)
        assert [type(error) for error in caught.value.exceptions] == [LookupError]


def test_sets_of_a_failed_subscriber_stand() -> None:
    source, target = atom(1), atom(0)

    def sets_and_fails(value: int) -> None:
        store.set(target, value)
        raise BoomError("after the set")

    told: list[int] = []
    with Store() as store:
        store.subscribe(source, sets_and_fails)
        store.subscribe(target, told.append)
        with pytest.raises(ExceptionGroup):
            store.set(source, 2)
        assert told == [2]


def test_errors_in_an_observed_graph_leave_it_whole() -> None:
    """For each n, fail at the n-th read and go on."""
    source = atom(0)
    fail_at = [0]
    reads = [0]

    def read(get: Any, inputs: Any) -> int:
        total = sum(get(one) for one in inputs)
        reads[0] += 1
        if reads[0] == fail_at[0]:
            raise BoomError("n")
        return total

    layer: list[Any] = [source, source]
    atoms = []
    for _ in range(4):
        layer = [derived(lambda get, inputs=tuple(layer): read(get, inputs)) for _ in range(2)]
        atoms += layer
    with Store(on_error=lambda error: None) as store:
        subscriptions = [store.subscribe(one, lambda value: None) for one in atoms]
        for number in range(1, 12):
            reads[0], fail_at[0] = 0, number
            store.set(source, number)
            assert store._invariant() is None
            fail_at[0] = 0
            store.set(source, -number)
            assert [store.get(one) for one in atoms] == [-number * 2 ** (1 + place // 2) for place in range(8)]
        for subscription in subscriptions:
            subscription()
        assert store._invariant() is None


def test_a_cycle_error_is_an_exception_like_any_other() -> None:
    switch = atom(True)
    left = derived(lambda get: get(right) if get(switch) else 1, name="left")
    right = derived(lambda get: get(left), name="right")
    told: list[Any] = []
    with Store() as store:
        store.subscribe(right, told.append, told.append)
        store.set(switch, False)
        store.set(switch, True)
        assert [told[0], type(told[1])] == [1, CycleError]
