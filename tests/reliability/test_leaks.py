"""The leak check: which objects it counts as leaks, and its messages."""

import pytest

from halflife import Store, atom, derived
from halflife.testing import ManualClock, assert_no_leaks


def test_atoms_and_stores_that_are_dropped_are_no_leaks() -> None:
    def use() -> None:
        source = atom(1)
        doubled = derived(lambda get: get(source) * 2)
        with Store() as store, store.subscribe(doubled, lambda value: None):
            store.set(source, 2)

    with assert_no_leaks():
        use()


def test_cycles_that_the_collector_frees_are_no_leaks() -> None:
    def use() -> None:
        source = atom(1)
        store = Store()
        store.subscribe(source, lambda value: store.get(source))

    with assert_no_leaks():
        use()


def test_older_atoms_are_no_leaks() -> None:
    source = atom(1)
    with Store() as store, assert_no_leaks():
        store.set(source, 2)


def test_an_atom_that_is_still_held_is_named() -> None:
    held: list[object] = []
    with pytest.raises(AssertionError, match=r"1 atoms or stores are still alive: .*forgotten"), assert_no_leaks():
        held.append(atom(1, name="forgotten"))


def test_a_store_that_is_still_held_is_a_leak() -> None:
    held: list[Store] = []
    with pytest.raises(AssertionError, match="still alive"), assert_no_leaks():
        held.append(Store())
    held[0].dispose()


def test_many_leaks_are_counted_and_some_are_named() -> None:
    held: list[object] = []
    with pytest.raises(AssertionError, match=r"15 atoms or stores are still alive: .* and 5 more"), assert_no_leaks():
        held.extend(atom(number) for number in range(15))


def test_an_error_in_the_block_is_raised_instead() -> None:
    held: list[object] = []
    with pytest.raises(ZeroDivisionError), assert_no_leaks():
        held.extend(atom(1 / number) for number in (2, 1, 0))


def test_a_timer_that_is_left_on_the_clock_is_reported() -> None:
    clock = ManualClock()
    clock.call_later(1, lambda: None)
    with assert_no_leaks(clock=clock):
        clock.call_later(1, lambda: None).cancel()
    with pytest.raises(AssertionError, match="1 timers are still pending"), assert_no_leaks(clock=clock):
        clock.call_later(1, lambda: None)
