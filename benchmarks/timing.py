"""Timing: how long the user functions of a shape take, several libraries in turn.

Time is CPU time of this thread, so that other processes cost little; the garbage collector is
off inside the timed part; the libraries take turns within each repeat, so that a slow moment of
the machine hits all of them. The minimum of the repeats is the figure, the median its spread.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from dialect import Dialect
from words import Bench

LONGEST = 200_000
"""Sets (or objects made) in one repeat, at most."""


@dataclass
class Timing:
    """What was measured for one library in one row; times in nanoseconds per unit."""

    times: list[float] = field(default_factory=list)
    fault: str = ""
    """Why there is no figure, or what is wrong about it."""

    @property
    def best(self) -> float | None:
        return min(self.times) if self.times else None

    @property
    def middle(self) -> float | None:
        return median(self.times) if self.times else None


def cpu_time(work: Callable[[Sequence[int]], object], values: Sequence[int]) -> int:
    """CPU nanoseconds of one call; what it made is dropped outside the timed part."""
    was_enabled = gc.isenabled()
    gc.disable()
    start = time.thread_time_ns()
    made = work(values)
    end = time.thread_time_ns()
    if was_enabled:
        gc.enable()
    del made
    return end - start


def values_for(work: Callable[[Sequence[int]], object], target: float) -> list[int]:
    """As many values (1, 2, 1, 2, ...) as take about `target` seconds; this also warms up."""
    count = 2
    while True:
        taken = min(cpu_time(work, [1, 2] * (count // 2)) for _ in range(2))
        if taken * 10 >= target * 1e9 or count >= LONGEST:
            break
        count *= 4
    wanted = int(target * 1e9 / max(taken, 1) * count)
    return [1, 2] * max(1, min(LONGEST, wanted) // 2)


def check(dialect: Dialect, shape: str, size: int) -> str:
    """What is wrong with a shape in one library: values and run counts; empty when all is right."""
    bench, tally = dialect.build(shape, size, counted=True)
    bench.update([1, 2])
    before = tally()
    bench.update([1, 2, 1, 2])
    ran = (tally() - before) / 4
    faults = []
    if bench.runs is not None and ran != bench.runs:
        faults.append(f"{ran:g} functions ran per set, not {bench.runs}")
    if not bench.check():
        faults.append("wrong values")
    return ", ".join(faults)


def measure(
    shape: str,
    size: int,
    dialects: Sequence[Dialect],
    *,
    repeats: int = 7,
    target: float = 0.015,
    per_value: bool = False,
) -> dict[str, Timing]:
    """Times one shape in every dialect, in turn; `target` is seconds per repeat.

    Times are per unit of the shape or, with `per_value`, per set of the whole shape.
    """
    timings = {dialect.name: Timing() for dialect in dialects}
    ready: dict[str, tuple[Bench, list[int]]] = {}
    for dialect in dialects:
        try:
            with dialect.room():
                timings[dialect.name].fault = check(dialect, shape, size)
                bench, _ = dialect.build(shape, size)
                ready[dialect.name] = bench, values_for(bench.update, target)
        except Exception as error:  # one library that fails must not hide the others' figures
            timings[dialect.name].fault = f"{type(error).__name__}: {error}"
    for _ in range(repeats):
        for dialect in dialects:
            if dialect.name in ready:
                bench, values = ready[dialect.name]
                with dialect.room():
                    taken = cpu_time(bench.update, values)
                timings[dialect.name].times.append(taken / (len(values) * (1 if per_value else bench.unit)))
    ready.clear()
    gc.collect()
    return timings
