"""Effects: while observed, they run after the graph is consistent and before subscribers."""

from typing import Any

import pytest

from halflife import Store, WriteDuringReadError, atom, derived, effect
from halflife.testing import events


def test_an_effect_runs_when_it_is_observed_and_when_what_it_read_has_changed() -> None:
    source, other = atom(1), atom(1)
    seen: list[int] = []
    log = effect(lambda get, set: seen.append(get(source)))
    with Store() as store:
        assert seen == []
        subscription = store.observe(log)
        assert seen == [1]
        store.set(source, 2)
        store.set(other, 2)
        store.set(source, 2)
        assert seen == [1, 2]
        subscription()
        store.set(source, 3)
        assert seen == [1, 2]
        assert store._invariant() is None


def test_an_effect_runs_once_for_many_changes_in_a_batch() -> None:
    left, right = atom(1), atom(2)
    total = derived(lambda get: get(left) + get(right))
    seen: list[Any] = []
    with Store() as store, store.observe(effect(lambda get, set: seen.append((get(left), get(right), get(total))))):
        with store.batch():
            store.set(left, 10)
            store.set(right, 20)
            assert seen == [(1, 2, 3)]
        assert seen == [(1, 2, 3), (10, 20, 30)]


def test_an_effect_runs_after_recompute_and_before_subscribers() -> None:
    source = atom(1)
    happened: list[str] = []
    doubled = derived(lambda get: happened.append("computed") or get(source) * 2)
    with Store() as store:
        store.subscribe(doubled, lambda value: happened.append("told"))
        store.observe(effect(lambda get, set: happened.append(f"effect {get(source)}")))
        happened.clear()
        store.set(source, 2)
        assert happened == ["computed", "effect 2", "told"]


def test_an_effect_does_not_run_when_its_input_is_cut_off() -> None:
    source = atom(1)
    parity = derived(lambda get: get(source) % 2)
    seen: list[int] = []
    with Store() as store, store.observe(effect(lambda get, set: seen.append(get(parity)))):
        store.set(source, 3)
        store.set(source, 4)
        assert seen == [1, 0]


def test_the_cleanup_runs_before_the_next_run_and_at_the_end() -> None:
    source = atom(1)
    happened: list[str] = []

    def run(get: Any, set: Any) -> Any:
        value = get(source)
        happened.append(f"+{value}")
        return lambda: happened.append(f"-{value}")

    with Store() as store:
        with store.observe(effect(run)):
            store.set(source, 2)
            assert happened == ["+1", "-1", "+2"]
        assert happened == ["+1", "-1", "+2", "-2"]
        store.observe(effect(run))
        happened.clear()
    assert happened == ["-2"]


def test_dependencies_of_an_effect_are_those_of_its_last_run() -> None:
    switch, source = atom(True), atom(1)
    runs: list[int] = []
    with Store() as store:
        store.observe(effect(lambda get, set: runs.append(get(source) if get(switch) else 0)))
        store.set(switch, False)
        store.set(source, 2)
        assert runs == [1, 0]
        assert not store.graph()[source].observed


def test_an_effect_mounts_what_it_reads() -> None:
    happened: list[str] = []

    def on_mount(set: Any) -> Any:
        happened.append("+")
        return lambda: happened.append("-")

    source = atom(1, on_mount=on_mount)
    doubled = derived(lambda get: get(source) * 2)
    with Store() as store:
        with store.observe(effect(lambda get, set: get(doubled) and None)):
            assert happened == ["+"]
            assert store.graph()[doubled].observed
        assert happened == ["+", "-"]


def test_sets_of_an_effect_join_the_flush() -> None:
    source, target = atom(1), atom(0)
    told: list[int] = []
    copies: list[int] = []

    def copy(get: Any, set: Any) -> None:
        set(target, get(source) * 10)
        copies.append(get(target))

    with Store() as store:
        store.subscribe(target, told.append)
        store.observe(effect(copy))
        store.set(source, 2)
        assert (told, copies) == ([10, 20], [10, 20])  # the effect does not run again for its own set
        assert store._invariant() is None


def test_an_effect_that_only_sets_what_it_has_not_read_runs_once() -> None:
    source, target = atom(1), atom(0)
    runs: list[int] = []
    with Store() as store, store.observe(effect(lambda get, set: (runs.append(1), set(target, get(source)))[1])):
        store.set(source, 2)
        assert (len(runs), store.get(target)) == (2, 2)


def test_an_effect_that_sets_an_input_of_a_derived_atom_it_read_runs_again() -> None:
    source = atom(0)
    doubled = derived(lambda get: get(source) * 2)
    seen: list[int] = []

    def run(get: Any, set: Any) -> None:
        seen.append(get(doubled))
        if seen[-1] == 0:
            set(source, 3)

    with Store() as store, store.observe(effect(run)):
        assert (seen, store.get(doubled)) == ([0, 6], 6)
        assert store._invariant() is None


def test_effects_feed_each_other() -> None:
    first, second, third = atom(0), atom(0), atom(0)
    seen: list[tuple[int, int, int]] = []
    with Store() as store:
        store.observe(effect(lambda get, set: set(third, get(second) + 1)))
        store.observe(effect(lambda get, set: set(second, get(first) + 1)))
        store.subscribe(third, lambda value: seen.append((store.get(first), store.get(second), value)))
        store.set(first, 10)
        assert seen == [(10, 11, 12)]


def test_one_effect_may_be_observed_many_times_and_in_many_stores() -> None:
    source = atom(1)
    seen: list[int] = []
    log = effect(lambda get, set: seen.append(get(source)))
    with Store() as one, Store() as other:
        subscriptions = [one.observe(log), one.observe(log), other.observe(log)]
        assert seen == [1, 1, 1]
        one.set(source, 2)
        assert seen == [1, 1, 1, 2, 2]
        subscriptions[0]()
        one.set(source, 3)
        assert seen[5:] == [3]
        assert (one._invariant(), other._invariant()) == (None, None)


def test_errors_of_effects_are_raised_from_set_and_the_effect_lives_on() -> None:
    source = atom(1)
    seen: list[int] = []
    told: list[int] = []

    def picky(get: Any, set: Any) -> None:
        seen.append(get(source))
        if get(source) == 2:
            raise ValueError("not two")

    with Store() as store:
        store.observe(effect(picky))
        store.subscribe(source, told.append)
        with pytest.raises(ExceptionGroup, match="effects") as caught:
            store.set(source, 2)
        assert [str(error) for error in caught.value.exceptions] == ["not two"]
        assert told == [2]
        store.set(source, 3)
        assert (seen, told, store._invariant()) == ([1, 2, 3], [2, 3], None)


def test_an_effect_that_fails_at_once_is_not_observed() -> None:
    source = atom(1)
    runs: list[int] = []

    def broken(get: Any, set: Any) -> None:
        runs.append(get(source))
        raise ValueError

    with Store() as store:
        with pytest.raises(ExceptionGroup):
            store.observe(effect(broken))
        store.set(source, 2)
        assert (runs, store.graph()[source].observed, store._invariant()) == ([1], False, None)


def test_the_error_of_an_atom_is_raised_where_the_effect_reads_it() -> None:
    source = atom(0)
    inverse = derived(lambda get: 1 / get(source))
    seen: list[Any] = []

    def careful(get: Any, set: Any) -> None:
        try:
            seen.append(get(inverse))
        except ZeroDivisionError:
            seen.append("error")

    with Store() as store, store.observe(effect(careful)):
        store.set(source, 2)
        assert seen == ["error", 0.5]


def test_an_effect_may_end_itself_and_others() -> None:
    source, late = atom(0), atom(0)
    handles: list[Any] = []
    happened: list[str] = []

    def run(get: Any, set: Any) -> Any:
        happened.append(f"run {get(source)}")
        if get(source) == 1:
            for handle in handles:
                handle()
            get(late)
        return lambda: happened.append("cleanup")

    with Store() as store:
        handles += [store.observe(effect(run)), store.observe(effect(run))]
        happened.clear()
        store.set(source, 1)
        assert happened.count("run 1") == 1
        assert happened.count("cleanup") == 3
        happened.clear()
        store.set(source, 2)
        store.set(late, 2)
        assert happened == []
        assert not store.graph()[late].observed
        assert store._invariant() is None


def test_an_effect_may_observe_another() -> None:
    source = atom(1)
    seen: list[int] = []
    inner = effect(lambda get, set: seen.append(get(source)))
    outer = effect(lambda get, set: set.store.observe(inner))
    with Store() as store:
        with store.observe(outer):
            assert seen == [1]
            store.set(source, 2)
            assert seen == [1, 2]
        store.set(source, 3)
        assert seen == [1, 2]
        assert store._invariant() is None


def test_an_effect_has_no_value_and_only_effects_are_observed() -> None:
    source = atom(1)
    nothing = effect(lambda get, set: None)
    with Store() as store:
        for use in (lambda: store.get(nothing), lambda: store.subscribe(nothing, print), lambda: store.set(nothing, 1)):
            with pytest.raises(TypeError):
                use()
        with pytest.raises(TypeError, match="effect"):
            store.observe(source)


def test_what_an_effect_returns_must_be_a_cleanup_or_nothing() -> None:
    wrong = effect(lambda get, set: 5, name="wrong")  # type: ignore[arg-type,return-value]
    with Store() as store, pytest.raises(ExceptionGroup) as caught:
        store.observe(wrong)
    assert "wrong" in str(caught.value.exceptions[0])


def test_observing_during_a_read_raises() -> None:
    nothing = effect(lambda get, set: None)
    guilty = derived(lambda get: store.observe(nothing))
    with Store() as store, pytest.raises(WriteDuringReadError):
        store.get(guilty)


def test_a_failed_batch_runs_no_effect() -> None:
    source = atom(1)
    seen: list[int] = []
    with Store() as store, store.observe(effect(lambda get, set: seen.append(get(source)))):
        with pytest.raises(LookupError), store.batch():
            store.set(source, 2)
            raise LookupError
        assert seen == [1]
        store.set(source, 3)
        assert seen == [1, 3]


def test_a_subscription_to_an_effect_is_callable_idempotent_and_a_context_manager() -> None:
    source = atom(1)
    with Store() as store:
        log = events(store)
        with store.observe(effect(lambda get, set: get(source) and None)) as subscription:
            assert subscription.active
        assert not subscription.active
        subscription()
        subscription.unsubscribe()
        assert log.kinds(source) == ["mounted", "unmounted"]


def test_an_effect_observed_in_a_batch_runs_at_its_end() -> None:
    source = atom(1)
    seen: list[int] = []
    with Store() as store:
        with store.batch():
            store.observe(effect(lambda get, set: seen.append(get(source))))
            store.set(source, 2)
            assert seen == []
        assert seen == [2]
        assert store._invariant() is None
