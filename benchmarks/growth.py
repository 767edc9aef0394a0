"""Growth: how the cost of a set grows with the size of a shape.

Each size is double the one before; the slope of a straight line through the logarithms is the
exponent. It has to be about 1 (linear in the nodes that are touched) and about 0 for a cut-off,
whose dependents are not touched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import peers
from dialect import Dialect
from timing import Timing, measure


@dataclass(frozen=True)
class Growing:
    """One shape whose size is doubled."""

    title: str
    shape: str
    sizes: tuple[int, ...]
    limit: float = 1.15
    with_floor: bool = True
    """False where the floor would recurse as deep as the shape."""


@dataclass(frozen=True)
class Grown:
    """The nanoseconds per set that were measured at each size, and the exponent through them."""

    growing: Growing
    library: str
    times: tuple[float, ...]
    exponent: float
    fault: str = ""

    def best_of(self, other: Grown) -> Grown:
        """The least time at each size of two measurements."""
        if self.fault or other.fault:
            return self if self.fault else other
        times = tuple(map(min, self.times, other.times))
        return replace(self, times=times, exponent=exponent(self.growing.sizes, times))

    @property
    def met(self) -> bool:
        return not self.fault and self.exponent <= self.growing.limit


THOUSANDS = (250, 500, 1000, 2000, 4000)
GROWING = (
    Growing("chain", "chain", THOUSANDS),
    Growing("fan-out", "fan_out", THOUSANDS),
    Growing("diamond ladder", "ladder", THOUSANDS),
    Growing("batch", "batch_sum", THOUSANDS),
    Growing("dynamic", "dynamic", THOUSANDS),
    Growing("create and first read", "first_read", THOUSANDS, with_floor=False),
    Growing("cut-off", "cut_off", THOUSANDS, limit=0.1),
)


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The least-squares slope of log(time) over log(size)."""
    xs, ys = [math.log(size) for size in sizes], [math.log(each) for each in times]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def grow(growing: Growing, names: Sequence[str], passes: int) -> list[Grown]:
    """Measures one shape at every size, again (up to `passes` times) while halflife misses the bar."""
    grown = once(growing, names)
    for _ in range(passes - 1):
        if all(each.met or each.fault for each in grown if each.library == "halflife"):
            break
        grown = [each.best_of(other) for each, other in zip(grown, once(growing, names), strict=True)]
    return grown


def once(growing: Growing, names: Sequence[str]) -> list[Grown]:
    """Measures one shape at every size, each library in turn."""
    names = [name for name in names if name != "floor" or growing.with_floor]
    dialects: list[Dialect] = [peers.named(name) for name in names]
    found: dict[str, list[Timing]] = {name: [] for name in names}
    for size in growing.sizes:
        timings = measure(growing.shape, size, dialects, repeats=5, target=0.01, per_value=True)
        for name in names:
            found[name].append(timings[name])
    grown = []
    for name, timings_by_size in found.items():
        fault = next((each.fault for each in timings_by_size if each.fault), "")
        times = tuple(each.best for each in timings_by_size if each.best is not None)
        whole = len(times) == len(growing.sizes)
        grown.append(Grown(growing, name, times, exponent(growing.sizes, times) if whole else math.nan, fault))
    return grown
