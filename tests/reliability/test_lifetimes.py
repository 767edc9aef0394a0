"""*Lifetimes*: an atom's state is freed with the atom, at once or at the end of the present walk."""

import gc
import threading
import weakref

import pytest

from halflife import Store, action, atom, derived, effect, loadable, select


class Value:
    """A value that supports weak references."""


@pytest.fixture
def store():
    with Store() as made:
        yield made
        assert made._invariant() is None


@pytest.fixture(autouse=True)
def no_collector():
    """Turn the cyclic collector off: it runs only where a test calls it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def kept_atoms(store) -> int:
    return len(store._snapshot())


def test_the_state_of_an_atom_is_freed_with_it(store) -> None:
    value = Value()
    gone, place = weakref.ref(value), atom(None)
    store.set(place, value)
    del value
    assert (gone() is not None, kept_atoms(store)) == (True, 1)
    del place
    assert (gone() is None, kept_atoms(store)) == (True, 0)


def test_the_state_of_an_atom_is_freed_with_it_in_every_store(store) -> None:
    value, place = Value(), atom(None)
    gone = weakref.ref(value)
    with Store() as other, Store() as third:
        for each in (store, other, third, store):
            each.set(place, value)
        del value, place
        assert gone() is None
        assert [kept_atoms(each) for each in (store, other, third)] == [0, 0, 0]


def test_a_node_keeps_the_inputs_it_read(store) -> None:
    count = atom(1)
    gone = weakref.ref(count)
    choice = [count]
    chosen = derived(lambda get: get(choice[0]) if choice else 0)
    store.get(chosen)
    choice.clear()
    del count
    assert gone() is not None
    store.refresh(chosen)
    assert gone() is None


def test_an_atom_keeps_no_unobserved_dependent(store) -> None:
    count = atom(1)
    dependents = [derived(lambda get: get(count)) for _ in range(10)]
    for dependent in dependents:
        store.get(dependent)
    assert kept_atoms(store) == 11
    del dependent
    dependents.clear()
    assert kept_atoms(store) == 1


def test_observed_atoms_are_kept_until_nobody_observes_them(store) -> None:
    count = atom(1)
    gone = weakref.ref(count)
    subscription = store.subscribe(derived(lambda get, count=count: get(count)), lambda value: None)
    del count
    assert (gone() is not None, kept_atoms(store)) == (True, 2)
    subscription()
    del subscription
    assert (gone() is None, kept_atoms(store)) == (True, 0)


def test_a_dropped_subscription_object_ends_nothing(store) -> None:
    seen, count = [], atom(1)
    store.subscribe(count, seen.append)
    store.set(count, 2)
    assert seen == [2]


def test_an_ended_subscription_releases_its_callback(store) -> None:
    count, callback = atom(1), Value()
    gone = weakref.ref(callback)
    subscription = store.subscribe(count, lambda value, callback=callback: None)
    del callback
    assert gone() is not None
    subscription()
    assert gone() is None


@pytest.mark.parametrize("ended_by", ["itself", "a subscriber", "the caller", "a batch"])
def test_an_ended_effect_is_released(store, ended_by) -> None:
    count = atom(1)
    handles = []

    def run(get, set):
        if get(count) == 2 and ended_by == "itself":
            handles.pop()()

    watch = effect(run)
    gone = weakref.ref(watch)
    handles.append(store.observe(watch))
    del watch, run
    if ended_by == "a subscriber":
        store.subscribe(count, lambda value: handles and handles.pop()())
    if ended_by == "a batch":
        with store.batch():
            store.set(count, 2)
            store.get(derived(lambda get: get(count)))
            handles.pop()()
    store.set(count, 2)
    if ended_by == "the caller":
        handles.pop()()
    store.set(count, 3)
    gc.collect()
    assert gone() is None


def test_memos_are_freed_with_their_atom(store) -> None:
    count = atom([1])
    views = [loadable(count), select(count, len)]
    for view in views:
        store.get(view)
    gone = [weakref.ref(each) for each in (count, *views)]
    del count, views, view
    gc.collect()
    assert [reference() for reference in gone] == [None, None, None]
    assert kept_atoms(store) == 0


def test_an_atom_that_dies_on_another_thread_is_cleared_up_by_the_home_thread(store) -> None:
    class Told:
        def __del__(self) -> None:
            dropped_on.append(threading.current_thread())

    dropped_on = []
    held = [atom(None)]
    held.append(derived(lambda get, place=held[0]: get(place)))
    store.set(held[0], Told())
    store.get(held[1])
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    assert dropped_on == []
    store.set(atom(1), 2)
    assert dropped_on == [threading.current_thread()]
    assert kept_atoms(store) == 0


def test_many_atoms_that_die_on_another_thread_while_this_one_works(store) -> None:
    count = atom(0)
    total = derived(lambda get: get(count))
    store.subscribe(total, lambda value: None)
    pending, done = [], threading.Event()

    def drop() -> None:
        while not done.is_set() or pending:
            if pending:
                pending.pop()

    thread = threading.Thread(target=drop)
    thread.start()
    for number in range(3_000):
        dependent = derived(lambda get: get(count) + get(total))
        store.get(dependent)
        store.get(loadable(dependent))
        pending.append(dependent)
        del dependent
        store.set(count, number)
    done.set()
    thread.join()
    gc.collect()
    store.set(count, -1)
    assert store._invariant() is None
    assert kept_atoms(store) == 2


def test_a_store_may_be_collected_on_another_thread() -> None:
    store, count = Store(), atom(1)
    store.subscribe(count, lambda value, store=store: None)
    gone = weakref.ref(store)
    del store
    thread = threading.Thread(target=gc.collect)
    thread.start()
    thread.join()
    assert gone() is None


def test_an_atom_may_die_in_the_middle_of_a_read(store) -> None:
    places = [atom(1)]
    died = []

    def read(get):
        value = get(places[0])
        weakref.finalize(places[0], died.append, value)
        places[0] = atom(value + 1)
        gc.collect()
        return get(places[0])

    stepping = derived(read)
    assert store.get(stepping) == 2
    assert store.get(store_refreshed(store, stepping)) == 3
    assert died == [1]
    assert kept_atoms(store) == 3


def store_refreshed(store, a):
    store.refresh(a)
    return a


def test_atoms_may_die_in_the_middle_of_a_flush(store) -> None:
    count = atom(0)
    extra = [derived(lambda get: get(count)) for _ in range(100)]
    for each in extra:
        store.get(each)
    del each
    seen = []

    def drop(value) -> None:
        extra.clear()
        gc.collect()
        seen.append((value, kept_atoms(store) > 1))

    store.subscribe(derived(lambda get: get(count)), drop)
    store.subscribe(count, lambda value: seen.append(value))
    store.set(count, 1)
    assert seen == [(1, True), 1]
    assert kept_atoms(store) == 2


def test_atoms_may_die_in_a_comparison(store) -> None:
    extra = []

    def equals(before, now) -> bool:
        extra.clear()
        gc.collect()
        return False

    count = atom(0, equals=equals)
    top = derived(lambda get: get(count))
    store.subscribe(top, lambda value: None)
    for number in range(1, 4):
        extra.extend(derived(lambda get: get(count)) for _ in range(10))
        for each in extra:
            store.get(each)
        del each
        store.set(count, number)
        assert kept_atoms(store) == 2


def test_a_value_may_write_to_the_store_when_it_is_freed(store) -> None:
    count, seen = atom(0), []

    class Last:
        def __del__(self) -> None:
            store.update(count, lambda value: value + 1)

    places = [atom(None)]
    store.subscribe(count, seen.append)
    for _ in range(3):
        store.set(places[0], Last())
    store.set(action(lambda get, set: set(places[0], Last())))
    with pytest.raises(ValueError, match="undo"), store.batch():
        store.set(places[0], Last())
        raise ValueError("undo")
    places.clear()
    assert store.get(count) == 5
    assert seen == [1, 2, 3, 4, 5]


def test_an_atom_that_waits_for_destruction_is_not_found(apart) -> None:
    # A long chain is not destroyed recursively: its deep atoms wait, and finalizers run meanwhile.
    printed = apart(
        """
        class Looker:
            def __del__(self):
                seen.append(len([row[0] for row in store._snapshot()]))

        seen, store = [], Store()
        held = [atom(0)]
        for _ in range(200):
            held[0] = derived(lambda get, looker=Looker(), below=held[0]: 0)
            store.get(held[0])
        tick = atom(0)
        store.subscribe(tick, lambda value: held.clear())
        store.set(tick, 1)
        print(len(seen), len(store._snapshot()), store._invariant())
        """
    )
    assert printed == "200 1 None\n"
