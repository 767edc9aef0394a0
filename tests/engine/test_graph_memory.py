"""Guarantee 10: state is freed with the atom, and nothing keeps an unreachable atom alive."""

import gc
import threading
import weakref
from typing import Any

from halflife import Store, atom, derived, loadable, select, unwrap
from halflife.testing import assert_no_leaks


class Value:
    """A value that supports weak references."""


def alive(store: Store) -> set[str]:
    gc.collect()
    assert store._invariant() is None
    return {node.name for node in store.graph().nodes}


def test_a_store_holds_an_unobserved_atom_weakly_and_its_state_goes_with_it() -> None:
    with Store() as store:
        one = atom(None)
        value = Value()
        store.set(one, value)
        reference = weakref.ref(value)
        del value
        assert reference() is not None
        del one
        assert reference() is None
        assert alive(store) == set()


def test_a_store_holds_an_observed_atom() -> None:
    with Store() as store:
        subscription = store.subscribe(derived(lambda get: 1, name="observed"), lambda value: None)
        assert alive(store) == {"observed"}
        subscription()
        del subscription
        assert alive(store) == set()


def test_an_atom_does_not_keep_its_unobserved_dependents_alive() -> None:
    source = atom(1)
    with Store() as store:
        for _ in range(100):
            store.get(derived(lambda get: get(source), name="dependent"))
        assert alive(store) == {"source"}
        store.set(source, 2)
        dependent = derived(lambda get: get(source), name="dependent")
        middle = derived(lambda get: get(dependent), name="middle")
        store.get(middle)
        del middle
        assert alive(store) == {"source", "dependent"}


def test_a_node_holds_the_inputs_that_it_read() -> None:
    with Store() as store:
        inner: list[Any] = [atom(1, name="inner")]
        outer = derived(lambda get: get(inner[0]), name="outer")
        assert store.get(outer) == 1
        del inner[0]
        assert alive(store) == {"inner", "outer"}
        del outer
        assert alive(store) == set()


def test_a_dropped_dependency_is_held_no_more() -> None:
    switch = atom(True)
    inner: list[Any] = [atom(1, name="inner")]
    outer = derived(lambda get: get(inner[0]) if get(switch) else 0, name="outer")
    with Store() as store, store.subscribe(outer, lambda value: None):
        store.set(switch, False)
        inner.clear()
        assert alive(store) == {"switch", "outer"}


def test_memos_live_on_the_atom() -> None:
    with Store() as store:
        source = atom({"a": 1}, name="source")
        for make in (loadable, unwrap, lambda one: select(one, len)):
            first = make(source)
            assert make(source) is first
            store.get(first)
        del first
        assert len(alive(store)) == 4
        del source
        assert alive(store) == set()


def test_a_stored_value_that_refers_to_its_own_atom_lives_as_long_as_the_store() -> None:
    store = Store()
    value = Value()
    value.atom = atom(None, name="own")  # type: ignore[attr-defined]
    store.set(value.atom, value)  # type: ignore[attr-defined]
    reference = weakref.ref(value)
    del value
    assert alive(store) == {"own"}
    store.dispose()
    gc.collect()
    assert reference() is None


def test_an_atom_that_dies_on_another_thread_is_cleared_up_by_the_home_thread() -> None:
    with Store() as store:
        atoms = [atom(number) for number in range(100)]
        values = [Value() for _ in atoms]
        references = [weakref.ref(value) for value in values]
        for one, value in zip(atoms, values, strict=True):
            store.set(one, value)
        del one, value, values
        thread = threading.Thread(target=atoms.clear)
        thread.start()
        thread.join()
        store.get(atom(1))
        assert [reference() for reference in references] == [None] * 100
        assert alive(store) == set()


def test_an_atom_that_dies_in_the_middle_of_a_walk_is_cleared_up_later() -> None:
    source = atom(0)
    doomed: list[Any] = []

    @derived
    def killer(get):
        doomed.clear()
        return get(source)

    below = derived(lambda get: get(killer) + 1)
    with Store() as store, store.subscribe(below, lambda value: None):
        for number in range(1, 20):
            doomed.append(derived(lambda get: get(source), name="doomed"))
            store.get(doomed[0])
            store.set(source, number)
            assert alive(store) == {"source", "killer", "below"}


def test_a_value_whose_end_uses_the_store_is_released_when_all_is_consistent() -> None:
    seen: list[Any] = []

    class Last:
        def __del__(self) -> None:
            if store.closed:
                return
            seen.append((store.get(doubled), store._invariant()))
            store.set(other, len(seen))

    other = atom(0)
    source = atom(0)
    holder = derived(lambda get: (get(source), Last()))
    doubled = derived(lambda get: get(source) * 2)
    with Store() as store, store.subscribe(holder, lambda value: None), store.subscribe(doubled, lambda value: None):
        for number in range(1, 5):
            store.set(source, number)
            assert seen[-1] == (number * 2, None)
        assert store.get(other) == len(seen) == 4


def test_unobserving_a_wide_graph_frees_it() -> None:
    def use() -> None:
        source = atom(0)
        with Store() as store:
            layer = tuple(derived(lambda get: get(source)) for _ in range(100))
            top = derived(lambda get, layer=layer: sum(get(one) for one in layer))
            with store.subscribe(top, lambda value: None):
                store.set(source, 1)
            del layer, top
            assert alive(store) == {"source"}

    with assert_no_leaks():
        use()
