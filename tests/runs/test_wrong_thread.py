"""Any call from another thread is an error and changes nothing."""

import threading

import pytest

from halflife import Store, WrongThreadError, action, atom, derived, effect

COUNT = atom(1, name="COUNT")
CALLS = {
    "get": lambda store, kept: store.get(COUNT),
    "set": lambda store, kept: store.set(COUNT, 2),
    "set an action": lambda store, kept: store.set(action(lambda get, set: set(COUNT, 2))),
    "update": lambda store, kept: store.update(COUNT, lambda value: 2),
    "refresh": lambda store, kept: store.refresh(derived(lambda get: get(COUNT))),
    "subscribe": lambda store, kept: store.subscribe(COUNT, print),
    "unsubscribe": lambda store, kept: kept["subscription"](),
    "leave a subscription": lambda store, kept: kept["subscription"].__exit__(None, None, None),
    "observe": lambda store, kept: store.observe(effect(lambda get, set: None)),
    "end an effect": lambda store, kept: kept["effect"](),
    "batch": lambda store, kept: store.batch().__enter__(),
    "dispose": lambda store, kept: store.dispose(),
    "leave the store": lambda store, kept: store.__exit__(None, None, None),
    "graph": lambda store, kept: store.graph(),
    "history": lambda store, kept: store.history(),
    "dehydrate": lambda store, kept: store.dehydrate([COUNT]),
    "get of an action": lambda store, kept: kept["get"](COUNT),
    "set of an action": lambda store, kept: kept["set"](COUNT, 2),
    "set of on_mount": lambda store, kept: kept["hook"](2),
    "get of a read": lambda store, kept: kept["read"](COUNT),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_from_another_thread_is_refused(call) -> None:
    kept, seen, raised = {}, [], []
    with Store() as store:
        store.set(COUNT, 1)
        kept["subscription"] = store.subscribe(COUNT, seen.append)
        kept["effect"] = store.observe(effect(lambda get, set: seen.append(get(COUNT))))
        store.set(action(lambda get, set: kept.update(get=get, set=set)))
        reading = derived(lambda get: kept.update(read=get))
        store.get(reading)
        hooked = atom(0, on_mount=lambda set: kept.update(hook=set))
        store.subscribe(hooked, seen.append)
        before = [row[2:7] for row in store._snapshot()]

        def work() -> None:
            try:
                CALLS[call](store, kept)
            except WrongThreadError as error:
                raised.append(str(error))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert len(raised) == 1
        assert "post" in raised[0]
        assert [row[2:7] for row in store._snapshot()] == before
        assert (store._invariant(), store._in_batch, store.closed) == (None, False, False)
        store.set(COUNT, 3)
        assert seen == [1, 3, 3]


def test_looking_at_a_store_from_another_thread_is_harmless() -> None:
    with Store(name="main") as store:
        subscription = store.subscribe(COUNT, print)
        shown = []
        thread = threading.Thread(
            target=lambda: shown.extend((repr(store), repr(subscription), store.closed, subscription.active)),
        )
        thread.start()
        thread.join()
        assert "main" in shown[0]
        assert "COUNT" in shown[1]
        assert shown[2:] == [False, True]
