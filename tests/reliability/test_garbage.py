"""*Garbage*: every cycle that user code can close through a store, an atom or a run is collectable.

Each case builds a cycle around a sentinel, drops the cycle, and checks a weak reference to the sentinel.
"""

import contextlib
import gc
import weakref

import pytest

from halflife import (
    HasData,
    Store,
    action,
    atom,
    derived,
    effect,
    family,
    lazy,
    loadable,
    reducer,
    refreshable,
    resettable,
    select,
    split,
    unwrap,
)


class Sentinel:
    """A member of a reference cycle, watched by a weak reference."""


def collected(build) -> bool:
    """Whether the result of `build` and its sentinel can be collected."""
    sentinel = Sentinel()
    gone = weakref.ref(sentinel)
    kept = build(sentinel)
    del sentinel
    gc.collect()
    del kept
    gc.collect()
    return gone() is None


def callback_and_store(sentinel):
    store, count = Store(), atom(1)
    store.subscribe(count, lambda value: (store, sentinel))
    return store


def on_error_and_store(sentinel):
    store, count = Store(), atom(1)
    store.subscribe(count, print, on_error=lambda error: (store, sentinel))
    return store


def on_error_of_the_store(sentinel):
    store = Store(on_error=lambda error: (store, sentinel))
    return store


def atom_and_closure(sentinel):
    holder = []
    holder.append(derived(lambda get: (holder, sentinel)))
    store = Store()
    store.get(holder[0])
    return store


def atom_and_its_value(sentinel):
    # The store holds the value, so the atom in it lives as long as the store.
    holder, store = atom([sentinel]), Store()
    store.set(holder, [holder, store, sentinel])
    return store


def initial_value_and_atom(sentinel):
    value = [sentinel]
    value.append(atom(value))
    return value


def store_in_its_own_atom(sentinel):
    store, place = Store(), atom(None)
    store.set(place, (store, sentinel))
    return store, place


def equals_and_store(sentinel):
    store = Store()
    place = atom(1, equals=lambda before, now: (store, sentinel) is before)
    store.set(place, 2)
    return store, place


def writer_and_store(sentinel):
    store = Store()
    write = action(lambda get, set, value: (store, sentinel))
    store.set(write, 1)
    return store, write


def effect_and_its_cleanup(sentinel):
    store, count = Store(), atom(1)

    def run(get, set):
        get(count)
        return lambda: (store, subscription, sentinel)

    subscription = store.observe(effect(run))
    store.set(count, 2)
    return store


def mount_hook_and_its_cleanup(sentinel):
    store = Store()
    hooked = atom(1, on_mount=lambda set: lambda: (set, set.store, store, sentinel))
    store.subscribe(hooked, print)
    return store


def stashed_getter_and_setter(sentinel):
    store, stash = Store(), [sentinel]
    store.set(action(lambda get, set: stash.extend((get, set, stash))))
    keeping = derived(lambda get: stash.append(get))
    store.get(keeping)
    hooked = atom(1, on_mount=lambda set: stash.append(set))
    store.subscribe(hooked, lambda value: (stash, store))
    return stash, keeping


def subscription_kept_by_its_callback(sentinel):
    store, count = Store(), atom(1)
    subscription = store.subscribe(count, lambda value: (subscription, sentinel))
    return store


def loadable_and_atom(sentinel):
    count = atom([sentinel])
    holder = [loadable(count), unwrap(count, holder_of(sentinel)), select(count, lambda value: (sentinel, holder))]
    store = Store()
    for view in holder:
        store.get(view)
    return store


def holder_of(sentinel):
    return [sentinel]


def loadable_value_and_itself(sentinel):
    inner = [sentinel]
    inner.append(HasData(inner))
    return inner


def split_list(sentinel):
    store, todos = Store(), atom([sentinel])
    items = split(todos)
    store.subscribe(items, lambda value: (store, items))
    store.get(store.get(items)[0])
    return store, todos


def utility_atoms(sentinel):
    store = Store()
    made = [lazy(lambda: (store, sentinel)), reducer(0, lambda value, step: (store, sentinel)), resettable([sentinel])]
    made.append(refreshable(lambda get: (made, sentinel)))
    for each in made:
        store.get(each)
    return store


def family_members(sentinel):
    store = Store()
    members = family(lambda number: atom((members, store, sentinel)))
    store.get(members(1))
    return store


def error_and_its_traceback(sentinel):
    def fail(get):
        local = (sentinel, store, failing)
        raise ValueError(local)

    store, failing = Store(), derived(fail)
    with contextlib.suppress(ValueError):
        store.get(failing)
    store.subscribe(failing, print)
    return store


def batch_left_open(sentinel):
    store, count = Store(), atom(1)
    batch = store.batch()
    batch.__enter__()
    store.set(count, (store, sentinel, batch))
    store.set(count, (store, count, sentinel))
    return store


def history_of_a_store(sentinel):
    store, count = Store(), atom(1)
    store.history(100)
    store.set(count, (store, sentinel))
    return store


def two_stores(sentinel):
    one, other, count = Store(), Store(), atom(1)
    one.subscribe(count, lambda value: other.set(count, (value, sentinel)))
    other.subscribe(count, lambda value: one)
    one.set(count, 2)
    return one, count


@pytest.mark.parametrize(
    "build",
    [
        callback_and_store,
        on_error_and_store,
        on_error_of_the_store,
        atom_and_closure,
        atom_and_its_value,
        initial_value_and_atom,
        store_in_its_own_atom,
        equals_and_store,
        writer_and_store,
        effect_and_its_cleanup,
        mount_hook_and_its_cleanup,
        stashed_getter_and_setter,
        subscription_kept_by_its_callback,
        loadable_and_atom,
        loadable_value_and_itself,
        split_list,
        utility_atoms,
        family_members,
        error_and_its_traceback,
        batch_left_open,
        history_of_a_store,
        two_stores,
    ],
    ids=lambda build: build.__name__,
)
def test_a_cycle_is_collected(build) -> None:
    assert collected(build)
