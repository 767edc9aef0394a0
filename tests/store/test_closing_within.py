"""A store that is closed or dropped by a function that it is calling ends when the call returns.

Each script runs in an interpreter of its own, because a failure is a crash.
"""

import pytest

from halflife import Store, StoreClosedError, WriteDuringReadError, atom, derived

# Callbacks that may end the store: each line makes `trigger()` call `end()`.
CALLERS = {
    "a subscriber": "store.subscribe(doubled, lambda value: end())",
    "an early subscriber": "store.subscribe(doubled, lambda value: end()); store.subscribe(doubled, seen.append)",
    "a subscriber's on_error": "store.subscribe(failing, seen.append, on_error=lambda error: end())",
    "the store's on_error": "store.subscribe(failing, seen.append); store.subscribe(failing, seen.append)",
    "an effect": "handles.append(store.observe(effect(lambda get, set: get(count) == 2 and end() or None)))",
    "an effect's cleanup": "handles.append(store.observe(effect(lambda get, set: get(count) and end)))",
    "on_mount": "store.subscribe(switch, seen.append)",
    "the cleanup of on_mount": "store.subscribe(derived(lambda get: get(count) == 1 and get(leaving)), seen.append)",
    "a value that is dropped": "store.set(value, Last()); store.subscribe(count, lambda new: drop())",
    "an atom that is dropped": "store.get(value); store.subscribe(count, lambda new: forget())",
    "a subscriber that ends itself": "handles.append(store.subscribe(count, lambda value: (handles.pop()(), end())))",
}
CALLS = {
    "set": "set_(count, 2)",
    "a batch": "store.set(action(lambda get, set: (set(count, 5), set(count, 2)))) if store else set_(count, 2)",
    "an action": "run_action()",
}
SCRIPT = """
import gc, weakref

seen, handles, kept = [], [], []
count = atom(1, name="count")
doubled = derived(lambda get: get(count) * 2)
failing = derived(lambda get: 1 // (get(count) - 2))
hooked = atom(0, on_mount=lambda set: end())
leaving = atom(0, on_mount=lambda set: end)
switch = derived(lambda get: get(count) == 2 and get(hooked))

class Last:
    def __del__(self):
        end()

def read_last(get, last=Last()):
    return 0

value_read = [derived(read_last)]
del read_last
value = atom(None)

def drop():
    set_(value, None)

def forget():
    value_read.clear()
    gc.collect()

store = Store(on_error=lambda error: end())
store.set(action(lambda get, set: kept.extend((get, set))))
get_, set_ = kept
store.get(value_read[0])

def run_action():
    if store:
        store.set(action(lambda get, set: (set(count, 2), get(doubled))))
    else:
        set_(count, 2)

def end():
    {end}

{caller}
try:
    {call}
except (StoreClosedError, ExceptionGroup):
    pass
gc.collect()
for function in (lambda: get_(count), lambda: set_(count, 3)):
    try:
        function()
    except StoreClosedError:
        continue
    raise SystemExit("the store is still there")
for handle in handles:
    handle()
"""


@pytest.mark.parametrize("caller", CALLERS)
def test_a_store_can_be_closed_by(apart, caller) -> None:
    for call in CALLS.values():
        apart(SCRIPT.format(caller=CALLERS[caller], call=call, end="store.dispose()"))


# A subscription holds its store, so the store lives as long as the subscription.
@pytest.mark.parametrize("caller", [caller for caller in CALLERS if "pop" not in CALLERS[caller]])
def test_the_last_reference_to_a_store_can_be_dropped_by(apart, caller) -> None:
    line = CALLERS[caller].replace("handles.append", "(lambda handle: None)")
    end = "global store; store = None; handles.clear(); gc.collect()"
    apart(SCRIPT.format(caller=line, call=CALLS["set"], end=end))


def test_a_read_cannot_close_its_store() -> None:
    count = atom(1)
    with Store() as store:
        closing = derived(lambda get: (get(count), store.dispose()))
        with pytest.raises(WriteDuringReadError):
            store.get(closing)
        store.subscribe(count, lambda value: None)
        assert not store.closed
        assert store._invariant() is None
        store.set(count, 2)
        assert store.get(count) == 2


def test_a_comparison_cannot_close_its_store() -> None:
    errors = []
    count = atom(1, equals=lambda before, now: store.dispose())
    with Store(on_error=errors.append) as store:
        store.set(count, 2)
        assert [type(error) for error in errors] == [WriteDuringReadError]
        assert store.get(count) == 2


def test_a_writer_that_closes_its_store_cannot_set_any_more() -> None:
    count = atom(1)
    with Store() as store:

        def close_and_go_on(get, set, value):
            store.dispose()
            set(count, value)

        closing = derived(lambda get: get(count), close_and_go_on)
        with pytest.raises(StoreClosedError):
            store.set(closing, 2)
    with Store() as store:
        with pytest.raises(StoreClosedError):
            store.update(count, lambda value: store.dispose())
        assert store.closed


def test_errors_of_subscribers_before_the_end_are_still_reported() -> None:
    reported = []
    count = atom(1)
    store = Store(on_error=reported.append)

    def fail(value) -> None:
        raise ValueError(value)

    store.subscribe(count, fail)
    store.subscribe(count, lambda value: store.dispose())
    store.subscribe(count, fail)
    store.set(count, 2)
    assert [str(error) for error in reported] == ["2"]
