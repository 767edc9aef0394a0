"""The *border* between C++ and Python: no call from Python, however wrong, may crash the interpreter.

Calls that might crash run in an interpreter of their own.
"""

import copy
import gc
import pickle
import weakref

import pytest

from halflife import Atom, HasData, Loading, Store, StoreClosedError, Subscription, action, atom, derived
from halflife._core import AsyncValue, Batch, StoreBase


def test_an_atom_cannot_be_made_around_nothing() -> None:
    class OwnAtom(Atom):
        pass

    for make in (lambda: Atom(), lambda: Atom.__new__(Atom), lambda: OwnAtom(), lambda: OwnAtom.__new__(OwnAtom)):
        with pytest.raises(TypeError, match="an Atom is made by atom"):
            make()
    for native in (Atom, AsyncValue):
        with pytest.raises(TypeError, match="is not safe"):
            object.__new__(native)
    with pytest.raises(TypeError, match="cannot create"):
        AsyncValue()


def test_a_store_whose_init_was_not_called_says_so_at_each_call() -> None:
    count = atom(1)
    for kind in (Store, StoreBase):
        store = kind.__new__(kind)
        for call in (
            lambda store=store: store.get(count),
            lambda store=store: store.set(count, 2),
            lambda store=store: store.update(count, int),
            lambda store=store: store.refresh(derived(lambda get: 1)),
            lambda store=store: store.subscribe(count, print),
            lambda store=store: store.closed,
            lambda store=store: Batch(store),
            lambda store=store: store._snapshot(),
            lambda store=store: store._peek(count),
            lambda store=store: store._invariant(),
            lambda store=store: store._dispose(),
            lambda store=store: store._flush(deferred=True),
        ):
            with pytest.raises(TypeError, match="__init__ was not called"):
                call()
        del store
    gc.collect()


def test_a_subclass_that_forgets_the_base_init_gets_a_type_error() -> None:
    class Forgetful(Store):
        def __init__(self) -> None:
            pass

    with pytest.raises(TypeError, match="__init__"):
        Forgetful()


def test_stores_can_be_subclassed() -> None:
    class Counting(Store):
        def __init__(self) -> None:
            super().__init__(name="counting")
            self.calls = 0

        def get(self, a):  # counts the calls
            self.calls += 1
            return super().get(a)

    count = atom(1)
    with Counting() as store:
        store.set(count, 2)
        assert (store.get(count), store.calls) == (2, 1)
    gone = weakref.ref(store)
    del store
    gc.collect()
    assert gone() is None


def test_the_native_store_works_without_its_python_face() -> None:
    class Bare(StoreBase):
        pass

    count, seen, stores = atom(1), [], []
    hooked = atom(0, on_mount=lambda set: stores.append(set.store))
    doubled = derived(lambda get: get(count) * 2)
    for kind in (StoreBase, Bare):
        store = kind()
        store.subscribe(doubled, seen.append)
        store.subscribe(hooked, seen.append)
        store.set(count, 2)
        store.set(action(lambda get, set: stores.append(set.store)))
        assert (seen, store._invariant()) == ([4], None)
        assert stores == [store, store]
        store._dispose()
        seen.clear()
        stores.clear()


def test_a_second_native_base_is_refused(apart) -> None:
    with pytest.raises(TypeError, match="not an acceptable base"):
        type("Both", (Store, Subscription), {})
    apart(
        """
        import halflife._core as core

        # Any other pybind11 class would do; the only one at hand must not be the one that is final.
        for bases in ((Store, Atom), (Atom, Store), (Store, HasData)):
            try:
                type("Both", bases, {})
            except TypeError:
                continue
            raise SystemExit(f"{bases} was accepted")
        """
    )


def test_a_subscription_is_made_by_a_store_only() -> None:
    for make in (lambda: Subscription(), lambda: Subscription.__new__(Subscription)):
        with pytest.raises(TypeError, match="made by Store"):
            make()


def test_methods_and_properties_of_the_store_refuse_any_other_self(apart) -> None:
    apart(
        """
        import halflife._core as core

        skipped = ("__", "_pybind11")
        others = (5, "store", None, object(), atom(1), HasData(1), core.StoreBase, core, lambda get: 1)
        for name, method in vars(core.StoreBase).items():
            if name.startswith(skipped):
                continue
            for wrong in others:
                for arguments in ((), (atom(1),), (atom(1), print), (atom(1), print, None), (None, False), ({},)):
                    try:
                        if callable(method):
                            getattr(core.StoreBase, name)(wrong, *arguments)
                        elif wrong is not None:
                            method.__get__(wrong)
                        else:
                            continue
                    except TypeError:
                        continue
                    raise SystemExit(f"{name}: {wrong!r} {arguments!r} was accepted")
        """
    )


def test_getters_and_setters_outlive_their_nodes_and_their_store(apart) -> None:
    apart(
        """
        import gc
        kept = []
        count = atom(1)

        def keep(get, set=None):
            kept.append(get)
            if set is not None:
                kept.append(set)
            return get(count)

        def use():
            for function in kept:
                for arguments in ((count,), (count, 5), (5,)):
                    try:
                        function(*arguments)
                    except (TypeError, RuntimeError, Superseded):
                        pass
                try:
                    function.store
                except (AttributeError, RuntimeError):
                    pass

        store = Store()
        store.get(derived(keep))                       # its node has gone by the next line
        store.set(action(keep))
        store.subscribe(atom(0, on_mount=lambda set: kept.append(set)), print)()
        store.observe(effect(lambda get, set: keep(get, set) and None))()
        gc.collect()
        use()
        store.dispose()
        use()
        del store
        gc.collect()
        use()

        async def run(get):
            return keep(get)

        async def main():
            async with Store() as store:
                await store.get(derived(run))
                use()
            use()

        import asyncio
        asyncio.run(main())
        use()
        """
    )


def test_a_getter_of_a_closed_store_says_so() -> None:
    kept = []
    with Store() as store:
        store.set(action(lambda get, set: kept.extend((get, set))))
    get, set_ = kept
    with pytest.raises(StoreClosedError, match="get was called after"):
        get(atom(1))
    with pytest.raises(StoreClosedError, match="set was called after"):
        set_(atom(1), 2)
    with pytest.raises(StoreClosedError):
        _ = set_.store


def test_native_objects_that_stand_for_state_are_neither_copied_nor_pickled() -> None:
    kept = []
    store = Store()
    store.set(action(lambda get, set: kept.extend((get, set))))
    for thing in (store, store.subscribe(atom(1), print), *kept):
        for take in (copy.copy, pickle.dumps):
            with pytest.raises(TypeError, match=r"cannot (be )?pickle"):
                take(thing)
    count = atom(1)
    assert copy.copy(count) is count
    assert copy.deepcopy(count) is count
    with pytest.raises(TypeError, match="known by its identity"):
        pickle.dumps(count)
    store.dispose()


def test_atoms_and_loadables_cannot_be_changed() -> None:
    for thing, name in ((atom(1), "name"), (atom(1), "other"), (HasData(1), "data"), (Loading(), "previous")):
        with pytest.raises(AttributeError):
            setattr(thing, name, 2)
        with pytest.raises(AttributeError):
            delattr(thing, name)


def test_weak_references_are_cleared_before_anything_is_destroyed() -> None:
    seen = []

    def note(reference) -> None:
        seen.append(reference())

    store = Store()
    things = [atom(1), store]
    things.append(derived(lambda get, count=things[0]: get(count) * 2))
    references = [weakref.ref(thing, note) for thing in things]
    store.get(things[2])
    things.clear()
    gc.collect()
    store.dispose()
    del store
    gc.collect()
    assert seen == [None, None, None]
    assert [reference() for reference in references] == [None, None, None]


def test_a_call_from_a_value_to_its_store_under_collection_is_refused(apart) -> None:
    printed = apart(
        """
        import gc

        class Caller:
            def __init__(self, store, getter, setter):
                self.store, self.getter, self.setter = store, getter, setter

            def __del__(self):
                for call in (
                    lambda: self.getter(count), lambda: self.setter(count, 1), lambda: self.setter.store,
                    lambda: self.store() and self.store().get(count), lambda: self.store() and repr(self.store()),
                ):
                    try:
                        call()
                    except StoreClosedError:
                        pass
                print("gone")

        import weakref
        count = atom(0)
        kept = []
        for cyclic in (False, True):
            store = Store()
            store.set(action(lambda get, set: kept.extend((get, set))))
            parts = atom(Caller(weakref.ref(store), *kept))
            store.set(count, Caller(weakref.ref(store), *kept))
            store.subscribe(count, (lambda value, store=store: None) if cyclic else (lambda value: None))
            store.subscribe(parts, (lambda value, caller=Caller(weakref.ref(store), *kept): None))
            kept.clear()
            del parts, store
            gc.collect()
        """
    )
    assert printed == "gone\n" * 6


def test_an_atom_in_several_stores_may_make_and_drop_stores_as_it_goes(apart) -> None:
    apart(
        """
        class Maker:
            def __del__(self):
                made.extend(Store() for _ in range(50))
                del made[:40]

        made = []
        stores = [Store() for _ in range(5)]
        for _ in range(20):
            shared = atom(0)
            for store in stores:
                store.set(shared, Maker())
            del shared
        assert all(store._invariant() is None for store in stores)
        """
    )
