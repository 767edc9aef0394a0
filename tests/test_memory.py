"""*Memory* stays flat: over a million atoms, and over any number of repetitions of the same program."""

import asyncio
import gc
import os
import sys
import tracemalloc

import pytest

from halflife import Store, action, atom, derived, effect, loadable, unwrap

# Resident memory in MiB, printed by a script; the first measurement is taken when all is warm.
MEASURE = """
import gc, os

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def grown(work, times):
    for _ in range(2_000):
        work()
    gc.collect()
    before = resident()
    for _ in range(times):
        work()
    gc.collect()
    return resident() - before
"""

needs_proc = pytest.mark.skipif(
    not sys.platform.startswith("linux") or "HALFLIFE_SANITIZE" in os.environ,
    reason="asks /proc for resident memory, of which AddressSanitizer gives nothing back",
)


@needs_proc
def test_a_million_atoms_made_used_and_dropped_leave_nothing(apart) -> None:
    printed = apart(
        MEASURE
        + """
store, root = Store(), atom(0)

def work():
    count = atom(1)
    doubled = derived(lambda get: get(count) + get(root))
    total = derived(lambda get: get(doubled) + get(count))
    store.set(count, 2)
    with store.subscribe(total, lambda value: None):
        store.set(count, 3)
    store.get(total)

# 333,333 times three atoms; what is left per atom is measured in bytes.
print(grown(work, 333_333) * 2**20 / 1_000_000, len(store._snapshot()))
"""
    )
    bytes_per_atom, rows = printed.split()
    assert float(bytes_per_atom) < 1
    assert int(rows) == 1


@needs_proc
def test_what_needs_the_collector_leaves_nothing_either(apart) -> None:
    printed = apart(
        MEASURE
        + """
def work():
    store = Store()
    count = atom([1, 2])
    views = [loadable(count), unwrap(count), select(count, len), derived(lambda get: (views, get(count)))]
    for view in views:
        store.get(view)
        store.subscribe(view, lambda value, store=store: None)
    store.observe(effect(lambda get, set: get(count) and (lambda: store)))
    store.get(store.get(split(count))[0])
    store.set(count, [3])

print(grown(work, 2_000) * 2**20 / 2_000)
"""
    )
    assert float(printed) < 100


@needs_proc
def test_runs_leave_nothing(apart) -> None:
    printed = apart(
        MEASURE
        + """
import asyncio

async def main():
    store, count = Store(), atom(0)

    async def read(get, signal):
        value = get(count)
        await asyncio.sleep(0)
        return value

    @action
    async def bump(get, set):
        await asyncio.sleep(0)
        set(count, get(count) + 1)

    user = derived(read)
    store.subscribe(loadable(user), lambda state: None)
    loop = asyncio.get_running_loop()

    async def step():
        store.update(count, lambda value: value + 1)
        await store.get(user)
        await store.set(bump)                # supersedes
        store.get(derived(read))             # dropped in flight
        await store.settled()

    for _ in range(500):
        await step()
    gc.collect()
    before = resident()
    for _ in range(3_000):
        await step()
    await asyncio.sleep(0)
    gc.collect()
    print((resident() - before) * 2**20 / 3_000, len(store._snapshot()))

asyncio.run(main())
"""
    )
    bytes_per_step, rows = printed.split()
    assert float(bytes_per_step) < 100
    assert int(rows) == 3


def synchronous(sentinels) -> None:
    number, text, error = sentinels
    with Store(on_error=lambda error: None) as store:
        place = atom(number, equals=lambda before, now: before is now)
        failing = derived(lambda get: (_ for _ in ()).throw(error) if get(place) is text else get(place))
        store.subscribe(failing, lambda value: None, on_error=lambda error: None)
        store.subscribe(loadable(failing), lambda value: None)
        store.observe(effect(lambda get, set: get(place) and (lambda: None)))
        hooked = atom(number, on_mount=lambda set: set(text))
        store.subscribe(hooked, lambda value: None)()
        for value in (text, number, text, number):
            store.set(place, value)
        with pytest.raises(ValueError, match="undo"), store.batch():
            store.set(place, text)
            raise ValueError("undo")
        store.set(action(lambda get, set, value: set(place, value)), text)
        store.update(place, lambda value: number)
        store.history(10)
        store.set(place, text)
        _ = store.graph().mermaid(), repr(store), store._repr_html_()
        with pytest.raises(TypeError):
            store.get(text)
        unused = store.subscribe(place, lambda value: None)
        unused()
        unused()
    error.__traceback__ = None


def asynchronous(sentinels) -> None:
    number, text, error = sentinels

    async def main() -> None:
        async with Store(on_error=lambda error: None) as store:
            place = atom(number)

            async def read(get, signal):
                signal.add_callback(lambda: text)
                value = get(place)
                await asyncio.sleep(0)
                if value is text:
                    raise error
                return value

            async def stream(get):
                yield number
                await asyncio.sleep(0)
                yield get(place)

            user, ticks = derived(read), derived(stream)
            store.subscribe(user, lambda value: None, on_error=lambda error: None)
            store.subscribe(loadable(ticks), lambda state: None)
            store.get(unwrap(user, fallback=text))
            await store.settled()
            store.set(place, text)
            store.set(place, number)
            store.set(place, text)
            await store.settled()
            waiter = asyncio.ensure_future(store.value(user))
            await asyncio.gather(waiter, return_exceptions=True)
            store.refresh(user)

    asyncio.run(main())
    error.__traceback__ = None


@pytest.mark.parametrize("program", [synchronous, asynchronous])
def test_repetitions_change_no_reference_count_and_leave_no_object(program) -> None:
    sentinels = object(), "a text of its own", ValueError("of its own")

    def measure() -> tuple[list[int], int]:
        gc.collect()
        return [sys.getrefcount(sentinel) for sentinel in sentinels], len(gc.get_objects())

    for _ in range(3):
        program(sentinels)
    counts, objects = measure()
    for _ in range(10):
        program(sentinels)
    counts_after, objects_after = measure()
    assert counts_after == counts
    assert objects_after - objects < 10  # not one per repetition


def traced() -> int:
    """Bytes in use, but for garbage and Python's own cache of attribute look-ups, which keeps names."""
    gc.collect()
    sys._clear_type_cache()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("program", [synchronous, asynchronous])
def test_repetitions_leave_no_memory_of_pythons(program) -> None:
    sentinels = object(), "a text of its own", ValueError("of its own")
    for _ in range(5):
        program(sentinels)
    tracemalloc.start()
    try:
        grown = []
        for _ in range(4):
            before = traced()
            for _ in range(20):
                program(sentinels)
            grown.append(traced() - before)
    finally:
        tracemalloc.stop()
    # A forgotten object per repetition would be in each stretch; a table that Python makes larger, in one.
    assert min(grown) < 20 * 16
