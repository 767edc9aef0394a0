"""Among: one operation among n of a kind, and how its cost grows when n doubles.

Other rows of growth time a set. These time what else is done to a store: subscribing, ending, dropping,
waiting. A row either does n operations, whose whole cost must be linear in n, or a fixed number of them
beside n others, whose cost must not depend on n.
"""

from __future__ import annotations

import asyncio
import gc
import math
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from growth import Growing, Grown, exponent

from halflife import (
    Store,
    action,
    atom,
    derived,
    draft_atom,
    editable,
    effect,
    family,
    split,
)
from halflife.testing import ManualClock

Work = Callable[[], Any]
Prepare = Callable[[int], Work]

LINEAR = 1.15
FLAT = 0.15
CALLS = 200
"""Operations of a row that must not depend on n, in one repeat."""


@dataclass(frozen=True)
class Row:
    """One row: `prepare(n)` makes what is timed, in a running event loop."""

    title: str
    prepare: Prepare
    limit: float = LINEAR
    sizes: tuple[int, ...] = (1_000, 2_000, 4_000, 8_000, 16_000)

    @property
    def operations(self) -> int | None:
        """So many operations in one repeat; None: n."""
        return CALLS if self.limit < 1 else None


def ignore(*_: object) -> None:
    """A subscriber."""


# --- subscribing and ending


def ladder(size: int, bottom: Any = None) -> tuple[Any, list[Any]]:
    """Each layer is two atoms that read the layer below; the topmost one, and all of them."""
    top = atom(1) if bottom is None else bottom
    kept = [top]
    for _ in range(size):
        side = derived(lambda get, below=top: get(below) % 7)
        top = derived(lambda get, below=top, side=side: (get(below) + get(side)) % 7)
        kept += (side, top)
    return top, kept


def subscribe_ladder(size: int) -> Work:
    store = Store()
    top, kept = ladder(size)
    store.get(top)
    return lambda: (store.subscribe(top, ignore), kept)


def subscribe_window(size: int) -> Work:
    store = Store()
    kept = [atom(1)]
    for _ in range(size):
        kept.append(derived(lambda get, last=kept[-10:]: sum(map(get, last)) % 7))
    for each in kept:
        store.get(each)
    return lambda: store.subscribe(kept[-1], ignore)


def switch_deeper(size: int) -> Work:
    store = Store()
    deep, kept = ladder(size // 2)
    which = atom(0)
    bottom = derived(lambda get: get(deep) * 0 if get(which) else 0)
    top, more = ladder(size // 2, bottom)
    subscriptions = [store.subscribe(top, ignore), store.subscribe(deep, ignore)]
    return lambda: (store.set(which, 1), kept, more, subscriptions)


def unsubscribing(order: Callable[[list[Any]], None]) -> Prepare:
    def prepare(size: int) -> Work:
        store = Store()
        one = atom(0)
        subscriptions = [store.subscribe(one, ignore) for _ in range(size)]
        order(subscriptions)

        def end() -> None:
            for subscription in subscriptions:
                subscription()

        return end

    return prepare


def ended_in_a_callback(size: int) -> Work:
    store = Store()
    one = atom(0)
    ending: list[Any] = []

    def end_all(_: object) -> None:
        for subscription in ending:
            subscription()
        ending.clear()

    def look(get: Any, set: Any) -> None:
        get(one)

    store.subscribe(one, end_all)
    ending += [store.subscribe(one, ignore) for _ in range(size)]
    ending += [store.observe(effect(look)) for _ in range(size)]
    return lambda: store.set(one, 1)


# --- atoms that go


def dropped_in_a_batch(size: int) -> Work:
    store = Store()
    atoms = [atom(index) for index in range(size)]

    def drop() -> None:
        with store.batch():
            for each in atoms:
                store.set(each, -1)
            del each
            atoms.clear()

    return drop


def refreshed_and_dropped(size: int) -> Work:
    store = Store()

    def make() -> Any:
        @derived
        async def one(get):
            return 1

        return one

    atoms = [make() for _ in range(size)]

    async def drop() -> None:
        with store.batch():
            for each in atoms:
                store.refresh(each)
            del each
            atoms.clear()

    return lambda: asyncio.run(drop())


def circles_dropped(size: int) -> Work:
    store = Store()

    def make() -> Any:
        known: list[Any] = []

        def read(get: Any) -> int:
            try:
                return get(known[0])
            except Exception:
                return 0

        known.append(derived(read))
        store.get(known[0])
        return known

    circles = [make() for _ in range(size)]

    def drop() -> None:
        for circle in circles:
            circle.clear()
        circles.clear()

    return drop


# --- async


def unchanged_among(started: bool) -> Prepare:
    """A read of an unchanged atom beside n runs that were cancelled, or that have no loop to start in."""

    def prepare(size: int) -> Work:
        store = Store()
        base, switch = atom(0), atom(0)
        unchanged = derived(lambda get: get(base))

        async def cancelled(get: Any) -> None:
            get(switch)
            if started:
                raise asyncio.CancelledError

        others = [derived(cancelled) for _ in range(size)]

        async def begin() -> None:
            for other in others:
                store.subscribe(other, ignore, on_error=ignore)
            await store.settled()

        asyncio.run(begin())
        store.set(switch, 1)
        store.get(unchanged)
        return lambda: [store.get(unchanged) for _ in range(CALLS)]

    return prepare


def chain_of_coroutines(plain: bool) -> Prepare:
    def prepare(size: int) -> Work:
        store = Store()
        base = atom(1)
        chain = [base]
        for _ in range(size):

            async def body(get: Any, below: Any = chain[-1]) -> Any:
                value = get(below)
                return (value if below is base else await value) + 1

            if plain:
                chain.append(derived(lambda get, body=body: body(get)))
            else:

                @derived
                async def step(get, body=body):
                    return await body(get)

                chain.append(step)
        return lambda: asyncio.run(store.value(chain[-1]))

    return prepare


def run_that_reads(size: int) -> Work:
    store = Store()
    atoms = [atom(index) for index in range(size)]

    @derived
    async def total(get):
        await asyncio.sleep(0)
        return sum(get(each) for each in atoms)

    return lambda: asyncio.run(store.value(total))


def late_getter(size: int) -> Work:
    store = Store()
    atoms = [atom(index) for index in range(size)]
    kept: list[Any] = []

    @derived
    def keeps(get):
        kept.append(get)
        return 0

    store.subscribe(keeps, ignore)
    return lambda: ([kept[0](each) for each in atoms], store)


def waiters_cancelled(size: int) -> Work:
    store = Store()

    @derived
    async def never(get):
        await asyncio.Event().wait()

    async def wait() -> None:
        tasks = [asyncio.ensure_future(store.value(never)) for _ in range(size)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await store.close()

    return lambda: asyncio.run(wait())


# --- what must not depend on n


def family_of_observed(size: int) -> Work:
    store = Store()
    clock = ManualClock()
    member = family(atom, ttl=10, clock=clock)
    subscriptions = [store.subscribe(member(index), ignore) for index in range(size)]

    def ask() -> object:
        for _ in range(CALLS):
            clock.advance(11)
            member(0)
        return subscriptions

    return ask


def read_low_and_high(size: int) -> Work:
    store = Store()
    one, other = atom(0), atom(0)
    chain = [other]
    for _ in range(size):
        chain.append(derived(lambda get, below=chain[-1]: get(below)))
    low = derived(lambda get: get(one))
    high = derived(lambda get: get(one) + get(chain[-1]))
    subscriptions = [store.subscribe(low, ignore), store.subscribe(high, ignore)]
    return lambda: ([store.set(one, index) for index in range(1, CALLS + 1)], subscriptions)


def two_stores_among(size: int) -> Work:
    stores = [Store() for _ in range(size)]
    for store in stores:
        store.get(shared)

    def use() -> None:
        for index in range(CALLS):
            one = atom(index)
            stores[0].get(one)
            stores[1].get(one)
            assert not one.is_observed

    return use


shared = atom(0)


def pending_layers(size: int) -> tuple[Store, Any]:
    store = Store()
    table = draft_atom(dict.fromkeys(range(10), 0))
    for index in range(size):
        store.layers(table).apply(lambda draft, index=index: draft.__setitem__("busy", index))
    return store, table


def layer_in_a_batch(size: int) -> Work:
    store, table = pending_layers(size)

    def edit() -> None:
        for _ in range(CALLS):
            with store.batch():
                store.layers(table).apply(lambda draft: draft.__setitem__("x", 1)).commit()

    return edit


def layer_in_an_action(size: int) -> Work:
    store, table = pending_layers(size)

    @action
    def edit(get, set):
        store.layers(table).apply(lambda draft: draft.__setitem__("y", 2)).commit()

    return lambda: [store.set(edit) for _ in range(CALLS)]


def roll_back_of_one_key(size: int) -> Work:
    store = Store()
    table = draft_atom({"count": 0})

    def add(draft: Any) -> None:
        draft["count"] += 1

    layers = [store.layers(table).apply(add) for _ in range(size)]
    return layers[size // 2].rollback


def edit_while_fetched(size: int) -> Work:
    store = Store()
    others = [derived(lambda get, index=index: index) for index in range(size)]
    for other in others:
        store.get(other)

    @derived
    async def fetched(get):
        await asyncio.sleep(0)
        return {"v": 0}

    shown = editable(fetched)

    async def edit() -> float:
        subscription = store.subscribe(shown, ignore)
        await store.value(shown)
        spent = 0.0
        for index in range(CALLS // 10):
            store.refresh(fetched)
            start = time.thread_time()
            await store.mutate(shown, lambda draft, index=index: draft.__setitem__("v", index), saved)
            spent += time.thread_time() - start
            await store.settled()
        subscription()
        return spent

    async def saved(_: object) -> None:
        return None

    return lambda: (asyncio.run(edit()), others)


def splitting(insert: bool) -> Prepare:
    def prepare(size: int) -> Work:
        store = Store()
        rows = atom([object() for _ in range(size)])
        items = split(rows)
        subscription = store.subscribe(items, ignore)

        def edit() -> object:
            for _ in range(CALLS // 10):
                item = store.set(items.insert, object())
                if not insert:
                    store.set(items.remove, item)
            return subscription

        return edit

    return prepare


AT_MEMCPY_SPEED = 0.6
"""A pointer per item is copied; the rest of the operation must outweigh it at these sizes."""

ROWS = (
    Row("subscribe to a computed diamond ladder", subscribe_ladder),
    Row("subscribe to atoms that each read the last ten", subscribe_window),
    Row("a ladder whose bottom switches deeper", switch_deeper),
    Row("unsubscribe n from one atom, first to last", unsubscribing(lambda _: None)),
    Row("… last to first", unsubscribing(list.reverse)),
    Row("… in random order", unsubscribing(random.Random(1).shuffle)),  # noqa: S311 - the same order each time
    Row("n subscriptions and n effects ended in a callback", ended_in_a_callback),
    Row("atoms set and dropped in one batch", dropped_in_a_batch),
    Row("async atoms refreshed and dropped in one batch", refreshed_and_dropped),
    Row("atoms that read themselves, dropped", circles_dropped),
    Row("a chain of plain reads that return coroutines", chain_of_coroutines(plain=True)),
    Row("a chain of async reads", chain_of_coroutines(plain=False)),
    Row("a run that reads n atoms", run_that_reads),
    Row("a late getter that reads n atoms", late_getter),
    Row("n tasks that wait for one atom, cancelled", waiters_cancelled),
    Row("a read of an unchanged atom, n runs halted", unchanged_among(started=True), FLAT),
    Row("… n runs without a loop", unchanged_among(started=False), FLAT),
    Row("a call of a family with ttl, n members observed", family_of_observed, FLAT),
    Row("a set of an atom that is read n heights apart", read_low_and_high, FLAT),
    Row("an atom used in two of n stores, and dropped", two_stores_among, FLAT, (100, 200, 400, 800, 1_600)),
    Row("a layer operation in a batch, n pending", layer_in_a_batch, FLAT, (500, 1_000, 2_000, 4_000, 8_000)),
    Row("a layer operation in an action, n pending", layer_in_an_action, FLAT, (500, 1_000, 2_000, 4_000, 8_000)),
    Row("roll back one of n updates of one key", roll_back_of_one_key, sizes=(500, 1_000, 2_000, 4_000, 8_000)),
    Row("an edit while the data is fetched, n other atoms", edit_while_fetched, FLAT),
    Row("insert in a split of n items", splitting(insert=True), AT_MEMCPY_SPEED),
    Row("insert and remove in a split of n items", splitting(insert=False), AT_MEMCPY_SPEED),
)


def spent(work: Work) -> float:
    """CPU nanoseconds of one call, without the garbage collector's; a row that times itself returns its seconds."""
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    start = time.thread_time_ns()
    made = work()
    taken = float(time.thread_time_ns() - start)
    if was_enabled:
        gc.enable()
    if isinstance(made, tuple) and isinstance(made[0], float):
        return made[0] * 1e9
    return taken


def measured(row: Row, repeats: int) -> Grown:
    """One row: sizes take turns within each repeat, so that a slow moment of the machine hits all of them."""
    growing = Growing(row.title, "", row.sizes, limit=row.limit)
    best = [math.inf] * len(row.sizes)
    try:
        for _ in range(repeats):
            for index, size in enumerate(row.sizes):
                taken = spent(row.prepare(size)) / (row.operations or 1)
                best[index] = min(best[index], taken)
    except Exception as error:  # one row that fails must not hide the others
        return Grown(growing, "halflife", tuple(best), math.nan, f"{type(error).__name__}: {error}")
    return Grown(growing, "halflife", tuple(best), exponent(row.sizes, best))


def grow(repeats: int, passes: int) -> list[Grown]:
    """Every row, again (up to `passes` times) while it misses its bar."""
    grown = []
    for row in ROWS:
        print(f"  growth: {row.title}", file=sys.stderr)
        found = measured(row, repeats)
        for _ in range(passes - 1):
            if found.met or found.fault:
                break
            found = found.best_of(measured(row, repeats))
        grown.append(found)
    return grown


if __name__ == "__main__":
    import table

    wanted = [row for row in ROWS if not sys.argv[1:] or any(word in row.title for word in sys.argv[1:])]
    for row in wanted:
        print(table.aligned(table.growth_lines([measured(row, 3)], "among n", "operation")[1:]), flush=True)
