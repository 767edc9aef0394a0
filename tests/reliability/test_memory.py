"""*Memory* stays flat: over a million atoms, and over any number of repetitions of the same program."""

import asyncio
import gc
import os
import sys
import tracemalloc
from itertools import pairwise

import pytest

from halflife import Store, action, atom, derived, effect, loadable, unwrap
from memory_growth import Memory

# The end of each script: it prints the memory that a round of `work` leaves, in the window that leaves least.
MEASURED = """
from memory_growth import Growth

growth = Growth({rounds})
while growth.goes_on():
    for _ in range(growth.rounds):
        work()
print(*growth.least)
"""

needs_proc = pytest.mark.skipif(
    not sys.platform.startswith("linux") or "HALFLIFE_SANITIZE" in os.environ,
    reason="asks /proc for resident memory, of which AddressSanitizer gives nothing back",
)


def growth(printed: str) -> Memory:
    """The growth that a script printed."""
    return Memory(*map(float, printed.split()[-3:]))


@needs_proc
def test_a_million_atoms_made_used_and_dropped_leave_nothing(apart) -> None:
    printed = apart(
        """
store, root = Store(), atom(0)

def work():
    count = atom(1)
    doubled = derived(lambda get: get(count) + get(root))
    total = derived(lambda get: get(doubled) + get(count))
    store.set(count, 2)
    with store.subscribe(total, lambda value: None):
        store.set(count, 3)
    store.get(total)
    assert len(store._snapshot()) == 4
"""
        + MEASURED.format(rounds=170_000)  # three atoms a round, and at least two windows
    )
    assert growth(printed).flat, printed


@needs_proc
def test_cycles_that_need_the_collector_leave_nothing_either(apart) -> None:
    printed = apart(
        """
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
"""
        + MEASURED.format(rounds=2_000)
    )
    assert growth(printed).flat, printed


@needs_proc
def test_runs_leave_nothing(apart) -> None:
    printed = apart(
        """
import asyncio
from memory_growth import Growth

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

    async def step():
        store.update(count, lambda value: value + 1)
        await store.get(user)
        await store.set(bump)                # supersedes
        store.get(derived(read))             # dropped in flight
        await store.settled()

    growth = Growth(1_000)
    while growth.goes_on():
        for _ in range(growth.rounds):
            await step()
        await asyncio.sleep(0)
    assert len(store._snapshot()) == 3
    print(*growth.least)

asyncio.run(main())
"""
    )
    assert growth(printed).flat, printed


@needs_proc
@pytest.mark.parametrize(
    "leak",
    [
        "leaked.append(object())",
        "leaked.append(bytearray(1_000))",
        "leaked.append(derived(lambda get: get(root)))",
        "store.subscribe(atom(1), print)",
        "round_number % 5 or leaked.append(object())",
        "allocate(48)",
    ],
)
def test_a_planted_leak_is_found(apart, leak) -> None:
    printed = apart(
        f"""
import ctypes, itertools
allocate = ctypes.CDLL(None).malloc
allocate.argtypes, allocate.restype = [ctypes.c_size_t], ctypes.c_void_p
leaked, store, root, rounds = [], Store(), atom(0), itertools.count()

def work():
    round_number = next(rounds)
    {leak}
"""
        + MEASURED.format(rounds=2_000)
    )
    assert not growth(printed).flat, printed


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

    def measure() -> list[int]:
        gc.collect()
        return [*(sys.getrefcount(sentinel) for sentinel in sentinels), len(gc.get_objects())]

    for _ in range(3):
        program(sentinels)
    measured = [measure()]
    for _ in range(4):
        for _ in range(10):
            program(sentinels)
        measured.append(measure())
    # A leak per repetition shows in each stretch; objects that Python sets up once show in one.
    grown = [[after - before for before, after in zip(*pair, strict=True)] for pair in pairwise(measured)]
    *counts, objects = [min(column) for column in zip(*grown, strict=True)]
    assert counts == [0, 0, 0]
    assert objects < 10  # less than one per repetition


def traced() -> int:
    """Bytes in use, without garbage and without Python's cache of attribute look-ups, which keeps names."""
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
    # A leak per repetition shows in each stretch; a table that Python enlarges shows in one.
    assert min(grown) < 20 * 16
