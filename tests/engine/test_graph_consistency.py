"""Guarantees 1, 2, 3 and 5: no glitches, no needless runs, lazy and cached, computed before any notification."""

from typing import Any

import pytest

from halflife import Store, atom, derived, effect


class Counted:
    """A derived atom that counts its runs."""

    def __init__(self, read: Any, name: str = "counted") -> None:
        self.runs = 0

        def counting(get: Any) -> Any:
            self.runs += 1
            return read(get)

        self.atom = derived(counting, name=name)


@pytest.mark.parametrize("observed", [False, True])
def test_a_diamond_is_computed_once_and_sees_one_moment(observed: bool) -> None:
    source = atom(1)
    left = Counted(lambda get: get(source) + 1)
    right = Counted(lambda get: get(source) * 10)
    seen: list[tuple[int, int]] = []
    bottom = Counted(lambda get: seen.append((get(left.atom), get(right.atom))) or get(left.atom))
    told: list[int] = []
    with Store() as store:
        if observed:
            store.subscribe(bottom.atom, told.append)
        else:
            store.get(bottom.atom)
        for value in (2, 3):
            store.set(source, value)
            if not observed:
                assert store.get(bottom.atom) == value + 1
        assert seen == [(2, 10), (3, 20), (4, 30)]
        assert (left.runs, right.runs, bottom.runs) == (3, 3, 3)
        assert told == ([3, 4] if observed else [])
        assert store._invariant() is None


def test_paths_of_different_length_meet_in_one_run() -> None:
    source = atom(1)
    chain = [derived(lambda get: get(source))]
    for _ in range(10):
        chain.append(derived(lambda get, before=chain[-1]: get(before)))
    ends: list[tuple[int, ...]] = []
    end = Counted(lambda get: ends.append((get(source), *(get(one) for one in chain))))
    with Store() as store:
        store.subscribe(end.atom, lambda value: None)
        store.set(source, 2)
    assert ends == [(1,) * 12, (2,) * 12]


@pytest.mark.parametrize("depth", [5, 40])
def test_a_ladder_costs_as_many_runs_as_it_has_rungs(depth: int) -> None:
    """Each rung has two atoms that read both atoms of the rung below, so following every path would be exponential."""
    source = atom(1)
    rungs: list[list[Counted]] = []
    below = [source, source]
    for _ in range(depth):
        rung = [Counted(lambda get, one=one, other=other: get(one) + get(other)) for one, other in (below, below[::-1])]
        rungs.append(rung)
        below = [counted.atom for counted in rung]  # type: ignore[misc]
    with Store() as store:
        store.subscribe(below[0], lambda value: None)
        store.set(source, 2)
        assert store.get(below[0]) == 2 * 2**depth
    assert [[counted.runs for counted in rung] for rung in rungs[:-1]] == [[2, 2]] * (depth - 1)
    assert [counted.runs for counted in rungs[-1]] == [2, 0]


def test_no_subscriber_or_effect_sees_two_inputs_from_different_moments() -> None:
    source = atom(1)
    negative = derived(lambda get: -get(source))
    sums: list[int] = []
    with Store() as store:
        store.observe(effect(lambda get, set: sums.append(get(source) + get(negative))))
        store.subscribe(source, lambda value: sums.append(value + store.get(negative)))
        store.subscribe(negative, lambda value: sums.append(value + store.get(source)))
        for value in (2, 3):
            store.set(source, value)
    assert sums == [0] * 7


@pytest.mark.parametrize("observed", [False, True])
def test_a_cut_off_runs_nothing_below(observed: bool) -> None:
    source = atom(1)
    parity = Counted(lambda get: get(source) % 2)
    below = Counted(lambda get: get(parity.atom))
    told: list[int] = []
    with Store() as store:
        if observed:
            store.subscribe(below.atom, told.append)
        else:
            assert store.get(below.atom) == 1
        store.set(source, 3)
        if not observed:
            assert store.get(below.atom) == 1
        assert (parity.runs, below.runs, told) == (2, 1, [])
        store.set(source, 4)
        if not observed:
            assert store.get(below.atom) == 0
        assert (parity.runs, below.runs, told) == (3, 2, [0] if observed else [])


def test_a_dependent_of_both_a_cut_off_and_its_source_runs_but_is_not_notified() -> None:
    source = atom(1)
    parity = Counted(lambda get: get(source) % 2)
    both = Counted(lambda get: (get(source), get(parity.atom))[1])
    told: list[int] = []
    with Store() as store:
        store.subscribe(both.atom, told.append)
        store.set(source, 3)
        assert (both.runs, told) == (2, [])


def test_setting_the_same_value_runs_nothing() -> None:
    source = atom(1)
    doubled = Counted(lambda get: get(source) * 2)
    with Store() as store:
        store.subscribe(doubled.atom, lambda value: None)
        store.set(source, 1)
        store.update(source, lambda value: value)
        assert doubled.runs == 1


def test_a_derived_atom_runs_only_when_it_is_read() -> None:
    source = atom(1)
    doubled = Counted(lambda get: get(source) * 2)
    with Store() as store:
        store.set(source, 2)
        assert doubled.runs == 0
        assert store.get(doubled.atom) == 4
        for value in (3, 4, 5):
            store.set(source, value)
        assert doubled.runs == 1
        assert store.get(doubled.atom) == 10
        assert doubled.runs == 2


def test_reading_again_with_unchanged_inputs_runs_nothing() -> None:
    source, other = atom(1), atom(1)
    first = Counted(lambda get: get(source) * 2)
    second = Counted(lambda get: get(first.atom) + 1)
    with Store() as store:
        assert [store.get(second.atom) for _ in range(3)] == [3, 3, 3]
        store.set(other, 2)
        assert store.get(second.atom) == 3
        assert (first.runs, second.runs) == (1, 1)


def test_a_clean_read_does_not_walk_the_graph() -> None:
    """A read is O(1) when nothing changed: a walk would call an input's equality or read."""
    source = atom(1)
    wide = [Counted(lambda get, number=number: get(source) + number) for number in range(1000)]
    total = Counted(lambda get: sum(get(one.atom) for one in wide))
    with Store() as store:
        store.get(total.atom)
        walked = store.graph()[total.atom].runs
        for _ in range(1000):
            store.get(total.atom)
        assert store.graph()[total.atom].runs == walked == total.runs == 1
        assert {one.runs for one in wide} == {1}


def test_an_unobserved_atom_stays_cached_after_it_was_observed() -> None:
    source = atom(1)
    doubled = Counted(lambda get: get(source) * 2)
    with Store() as store:
        store.subscribe(doubled.atom, lambda value: None)()
        store.get(doubled.atom)
        assert doubled.runs == 1
        store.set(source, 2)
        assert doubled.runs == 1
        with store.subscribe(doubled.atom, lambda value: None):
            assert doubled.runs == 2
        assert store._invariant() is None


def test_an_observed_atom_is_computed_eagerly_and_before_anybody_is_notified() -> None:
    source = atom(1)
    happened: list[str] = []
    first = derived(lambda get: happened.append("first") or get(source))
    second = derived(lambda get: happened.append("second") or get(source))
    with Store() as store:
        store.subscribe(source, lambda value: happened.append("told of source"))
        store.subscribe(first, lambda value: happened.append("told of first"))
        store.subscribe(second, lambda value: happened.append("told of second"))
        store.observe(effect(lambda get, set: happened.append(f"effect {get(second)}")))
        happened.clear()
        store.set(source, 2)
    assert happened[:2] in (["first", "second"], ["second", "first"])
    assert happened[2:] == ["effect 2", "told of source", "told of first", "told of second"]


def test_subscribers_are_told_in_order_of_subscription_across_atoms() -> None:
    source = atom(1)
    chain = [derived(lambda get: get(source) + 1)]
    chain.append(derived(lambda get: get(chain[0]) + 1))
    told: list[str] = []
    with Store() as store:
        for number, one in enumerate([chain[1], source, chain[0], source, chain[1]]):
            store.subscribe(one, lambda value, number=number: told.append(number))
        store.set(source, 2)
    assert told == [0, 1, 2, 3, 4]


def test_effects_run_in_order_of_observation() -> None:
    source = atom(1)
    deep = derived(lambda get: get(source) + 1)
    for _ in range(5):
        deep = derived(lambda get, before=deep: get(before) + 1)
    ran: list[str] = []
    with Store() as store:
        store.observe(effect(lambda get, set: ran.append(f"deep {get(deep)}")))
        store.observe(effect(lambda get, set: ran.append(f"source {get(source)}")))
        store.observe(effect(lambda get, set: ran.append(f"deep again {get(deep)}")))
        ran.clear()
        store.set(source, 2)
    assert ran == ["deep 8", "source 2", "deep again 8"]


def test_a_subscriber_gets_the_value_current_when_it_is_called() -> None:
    source = atom(1)
    doubled = derived(lambda get: get(source) * 2)
    told: list[Any] = []

    def raise_to_ten(value: int) -> None:
        told.append(("first", value))
        store.set(source, 10)

    with Store() as store:
        store.subscribe(source, raise_to_ten)
        store.subscribe(source, lambda value: told.append(("second", value)))
        store.subscribe(doubled, lambda value: told.append(("doubled", value)))
        store.set(source, 2)
        assert told == [("first", 2), ("second", 10), ("doubled", 20), ("first", 10)]
        assert store._invariant() is None


def test_each_round_runs_a_derived_atom_once() -> None:
    source = atom(0)
    doubled = Counted(lambda get: get(source) * 2)
    with Store() as store:
        store.subscribe(doubled.atom, lambda value: store.set(source, min(store.get(source) + 1, 5)))
        store.set(source, 1)
        assert store.get(doubled.atom) == 10
        assert doubled.runs == 6  # once at 0, then once for each of 1 to 5
