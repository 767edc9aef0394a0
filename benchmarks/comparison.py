"""Comparison: one line of the drafts table, done by several libraries that have nothing in common.

A shape of the graph is one text for all libraries (`dialect.py`); an edit is not: a draft, a
hand-written copy and a deep-copying diff are different programs. So here each library has its own
function that makes a `Work`. What stands under the name "floor" is the same thing by hand: plain
Python that copies what it changes, as one would write it without any library.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rows import Row
from timing import Timing


class Work(NamedTuple):
    """One library's way to do what a row is about, ready to be timed."""

    sample: Callable[[], float]
    """Does it a few times and returns the CPU nanoseconds that one took."""
    fault: str = ""
    """What was wrong with its result, found before anything is timed."""


@dataclass(frozen=True)
class Comparison:
    """A row and, by the name of the library, what makes its work."""

    row: Row
    makers: Mapping[str, Callable[[], Work]]


class Stopwatch:
    """CPU time of this thread inside its `with` blocks, with the garbage collector off."""

    def __init__(self) -> None:
        self.spent = 0
        self.laps = 0

    def __enter__(self) -> None:
        gc.disable()
        self.start = time.thread_time_ns()

    def __exit__(self, *error: object) -> None:
        self.spent += time.thread_time_ns() - self.start
        self.laps += 1
        gc.enable()

    @property
    def each(self) -> float:
        return self.spent / self.laps


def repeated(call: Callable[[], object], unit: int = 1, target: float = 0.03) -> Callable[[], float]:
    """Samples of a call that can be made over and over; its result is dropped within the timed part."""

    def spend(count: int) -> float:
        watch = Stopwatch()
        with watch:
            for _ in range(count):
                call()
        return watch.spent / count

    spend(2)
    count = max(2, min(20_000, int(target * 1e9 / max(spend(2), 1))))
    return lambda: spend(count) / unit


def measure(comparison: Comparison, names: Sequence[str], *, repeats: int = 7) -> dict[str, Timing]:
    """Times every library that is installed, in turn."""
    timings: dict[str, Timing] = {}
    ready: dict[str, Work] = {}
    for name, make in comparison.makers.items():
        if name not in names:
            continue
        timings[name] = Timing()
        try:
            ready[name] = work = make()
            timings[name].fault = work.fault
            work.sample()
        except Exception as error:  # one library that fails must not hide the others' figures
            timings[name].fault = f"{type(error).__name__}: {error}"
            ready.pop(name, None)
    for _ in range(repeats):
        for name, work in ready.items():
            timings[name].times.append(work.sample())
    ready.clear()
    gc.collect()
    return timings
