"""Cycles: an atom that needs its own value has an error that names the cycle, and recovers when the cycle breaks."""

import sys
from typing import Any

import pytest

from halflife import CycleError, Store, atom, derived, effect
from halflife.testing import events


def ring(*names: str, switch: Any = None) -> list[Any]:
    """A ring of atoms: each reads the next, and while the switch is on the last reads the first."""
    atoms: list[Any] = []

    def read(get: Any, number: int) -> Any:
        if number == len(names) - 1 and switch is not None and not get(switch):
            return 0
        return get(atoms[(number + 1) % len(names)]) + 1

    for number, name in enumerate(names):
        atoms.append(derived(lambda get, number=number: read(get, number), name=name))
    return atoms


def test_a_cycle_raises_cycle_error_naming_the_path() -> None:
    a, _ = ring("a", "b")
    with Store() as store:
        with pytest.raises(CycleError, match="a → b → a"):
            store.get(a)
        assert store._invariant() is None


def test_an_atom_that_reads_itself_is_a_cycle() -> None:
    (alone,) = ring("alone")
    with Store() as store, pytest.raises(CycleError, match="alone → alone"):
        store.get(alone)


def test_the_path_names_only_the_atoms_on_the_circle() -> None:
    _, b, *_ = ring("a", "b", "c")
    outside = derived(lambda get: get(b), name="outside")
    with Store() as store:
        with pytest.raises(CycleError) as caught:
            store.get(outside)
        assert "b → c → a → b" in str(caught.value)
        assert "outside" not in str(caught.value)


def test_the_path_reads_the_same_wherever_the_circle_is_entered() -> None:
    atoms = ring("a", "b", "c")
    with Store() as store:
        messages = set()
        for one in atoms:
            with pytest.raises(CycleError) as caught:
                store.get(one)
            messages.add(str(caught.value).rsplit(":", 1)[1])
        assert messages == {" a → b → c → a"}


def test_a_long_path_is_abbreviated() -> None:
    atoms = ring(*(f"n{number}" for number in range(500)))
    with Store() as store:
        with pytest.raises(CycleError) as caught:
            store.get(atoms[0])
        assert "n0 → n1 → n2" in str(caught.value)
        assert len(str(caught.value)) < 1000


def test_every_atom_on_the_circle_has_an_error() -> None:
    atoms = ring("a", "b", "c")
    with Store() as store:
        for one in [*atoms, *atoms]:
            with pytest.raises(CycleError):
                store.get(one)
        assert store._invariant() is None


@pytest.mark.parametrize("length", [1, 2, 3, 200])
def test_a_cycle_that_is_broken_recovers(length: int) -> None:
    switch = atom(False)
    atoms = ring(*(f"n{number}" for number in range(length)), switch=switch)
    with Store() as store:
        assert store.get(atoms[0]) == length - 1
        for _ in range(2):
            store.set(switch, True)
            for one in (atoms[0], atoms[-1]):
                with pytest.raises(CycleError):
                    store.get(one)
            store.set(switch, False)
            assert [store.get(one) for one in atoms] == list(range(length))[::-1]
            assert store._invariant() is None


@pytest.mark.parametrize("length", [1, 2, 3, 200])
def test_an_observed_cycle_that_appears_and_disappears_is_reported(length: int) -> None:
    switch = atom(False)
    atoms = ring(*(f"n{number}" for number in range(length)), switch=switch)
    told: list[Any] = []
    with Store() as store:
        store.subscribe(atoms[0], told.append, lambda error: told.append(type(error)))
        for _ in range(2):
            store.set(switch, True)
            assert store._invariant() is None
            store.set(switch, False)
            assert store._invariant() is None
        assert told == [CycleError, length - 1] * 2


def test_a_cycle_that_persists_is_not_reported_again() -> None:
    other = atom(1)
    a = derived(lambda get: (get(other), get(b))[0], name="a")
    b = derived(lambda get: get(a), name="b")
    told: list[Any] = []
    with Store() as store:
        store.subscribe(a, told.append, told.append)
        store.set(other, 2)
        store.set(other, 3)
        assert told == []
        assert store._invariant() is None


def test_an_atom_that_catches_the_cycle_has_a_value_and_the_others_have_the_error() -> None:
    source = atom(1)

    @derived
    def careful(get):
        try:
            return get(back) + get(source)
        except CycleError:
            return 0

    back = derived(lambda get: get(careful) + 10)
    with Store() as store:
        assert store.get(careful) == 0
        for _ in range(2):
            with pytest.raises(CycleError):
                store.get(back)
        store.set(source, 2)
        assert store.get(careful) == 0
        assert store._invariant() is None


def test_a_dependent_of_a_cycle_has_its_error_and_recovers() -> None:
    switch = atom(True)
    a, _ = ring("a", "b", switch=switch)
    below = derived(lambda get: get(a) * 2)
    told: list[int] = []
    with Store(on_error=lambda error: None) as store, store.subscribe(below, told.append):
        with pytest.raises(CycleError):
            store.get(below)
        store.set(switch, False)
        assert (store.get(below), told) == (2, [2])


def test_a_cycle_does_not_harm_the_rest_of_the_store() -> None:
    source = atom(1)
    a, _ = ring("a", "b")
    fine = derived(lambda get: get(source) * 2)
    told: list[int] = []
    with Store(on_error=lambda error: None) as store:
        store.subscribe(a, lambda value: None)
        store.subscribe(fine, told.append)
        log = events(store)
        store.set(source, 2)
        store.set(source, 3)
        assert told == [4, 6]
        assert len(log.of("run", fine)) == 2


def test_a_cycle_deeper_than_the_stack_is_found() -> None:
    length = sys.getrecursionlimit() * 20
    atoms = ring(*(f"n{number}" for number in range(length)))
    with Store() as store:
        with pytest.raises(CycleError):
            store.get(atoms[0])
        assert store._invariant() is None


def test_an_effect_that_sets_what_it_reads_is_no_cycle() -> None:
    count = atom(0)
    store = Store()
    runs: list[int] = []

    def up_to_three(get: Any, set: Any) -> None:
        runs.append(get(count))
        set(count, min(get(count) + 1, 3))

    with store, store.observe(effect(up_to_three)):
        assert runs == [0, 1, 2, 3]
