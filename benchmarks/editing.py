"""Editing: what one operation costs on a split of n items, and an edit of an editable among n atoms or along n.

An insertion and a removal copy the list, which is linear but cheap; a confirmed edit looks at the atoms that its data
is computed from, and at no other atom of the store.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from comparison import Stopwatch
from growth import Growing, Grown, exponent
from settlements import FLAT
from timing import Timing

from halflife import Store, atom, derived, draft_atom, editable, split

ITEMS = (1_000, 2_000, 4_000, 8_000)
ATOMS = (500, 1_000, 2_000, 4_000)
LAPS = 20


def insertion(source: Callable[[Any], Any], size: int) -> float:
    """Nanoseconds of an insertion in the middle of a split that is observed, and of the removal after it."""
    items = split(source([{"id": number} for number in range(size)]), lambda row: row["id"])
    with Store() as store, store.subscribe(items, lambda value: None):
        middle = store.get(items)[size // 2]
        watch = Stopwatch()
        for lap in range(LAPS):
            row = {"id": size + lap}
            with watch:
                store.set(items.remove, store.set(items.insert, row, middle))
        return watch.each


async def confirmation(links: int, others: int) -> float:
    """Nanoseconds of an edit that is confirmed while its data is being fetched."""
    never = asyncio.get_running_loop().create_future()

    async def first(get: Any) -> Any:
        return {"n": 0} if not get(again) else await never

    again = atom(False)
    last: Any = derived(first)
    for _ in range(links):
        last = derived(lambda get, last=last: get(last))
    async with Store() as store:
        kept = [atom(number) for number in range(others)]
        for one in kept:
            store.get(one)
        data = editable(last)
        await store.value(data)
        store.set(again, True)
        watch = Stopwatch()
        for lap in range(LAPS):
            store.get(data)
            await asyncio.sleep(0)
            layer = store.layers(data).apply(lambda draft, lap=lap: draft.update(n=lap))
            with watch:
                layer.commit()
    return watch.each


GROWING: tuple[tuple[Growing, Callable[[int], float]], ...] = (
    (Growing("insert and remove, split of an atom", "", ITEMS), lambda size: insertion(atom, size)),
    (Growing("insert and remove, split of a draft atom", "", ITEMS), lambda size: insertion(draft_atom, size)),
    (
        Growing("confirm while fetching, other atoms", "", ATOMS, limit=FLAT),
        lambda size: asyncio.run(confirmation(3, size)),
    ),
    (Growing("confirm while fetching, its chain", "", ATOMS), lambda size: asyncio.run(confirmation(size, 0))),
)


def grow(repeats: int) -> list[Grown]:
    """Each operation at each size."""
    grown = []
    for growing, sample in GROWING:
        timings = [Timing([sample(size) for _ in range(repeats)]) for size in growing.sizes]
        times = tuple(each.best or math.nan for each in timings)
        grown.append(Grown(growing, "halflife", times, exponent(growing.sizes, times), ""))
    return grown
