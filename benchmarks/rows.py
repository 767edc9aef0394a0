"""Rows: what is measured, in which unit, and the bar that each figure has to reach.

`first` is the bar of the first native release of the graph, `final` the one to reach in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Bar:
    """A limit, on the ratio to the floor, on the figure itself, or on what it is above the floor."""

    limit: float
    of: Literal["ratio", "figure", "above"]
    unit: str = "ns"
    floor: str = "floor"
    """What stands for the floor: in some rows it is the same thing done by hand."""

    def met(self, figure: float, floor: float | None) -> bool | None:
        """Whether the figure is within the limit; None when it needs a floor and there is none."""
        if self.of == "figure":
            return figure <= self.limit
        if floor is None:
            return None
        return (figure / floor if self.of == "ratio" else figure - floor) <= self.limit

    def __str__(self) -> str:
        if self.of == "ratio":
            return f"≤ {self.limit:g} × {self.floor}"
        return f"≤ {self.limit:g} {self.unit}" + (" above" if self.of == "above" else "")


def ratio(limit: float) -> Bar:
    return Bar(limit, "ratio")


def than(floor: str, limit: float) -> Bar:
    """A ratio to something that has a name of its own."""
    return Bar(limit, "ratio", floor=floor)


def figure(limit: float) -> Bar:
    return Bar(limit, "figure")


def above(limit: float, unit: str = "ns") -> Bar:
    return Bar(limit, "above", unit)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    key: str
    title: str
    unit: str
    shape: str = ""
    """The function in `shapes.py` or `operations.py`; empty for rows that are measured elsewhere."""
    size: int = 1
    first: Bar | None = None
    final: Bar | None = None
    floor: Literal["bare calls", "closure"] = "bare calls"
    against_peers: bool = False
    """Whether halflife must not be slower here than the best peer."""
    left_out: tuple[str, ...] = ()
    """Peers that cannot be measured in this row."""


FUNCTION = "user function"
GRAPH = (
    Row("chain", "chain of 1,000, one observer", FUNCTION, "chain", 1000, ratio(1.8), ratio(1.4), against_peers=True),
    Row(
        "fan_out",
        "fan-out 1 → 1,000, 1,000 subscribers",
        FUNCTION,
        "fan_out",
        1000,
        ratio(1.8),
        ratio(1.6),
        against_peers=True,
    ),
    Row(
        "fan_out_bare",
        "fan-out, built-in as callback",
        FUNCTION,
        "fan_out_bare",
        1000,
        ratio(1.8),
        ratio(1.6),
        against_peers=True,
    ),
    Row("diamond", "diamond 1 → 100 → 1", FUNCTION, "diamond", 100, None, ratio(2), against_peers=True),
    Row(
        "dynamic",
        "dynamic dependencies, 1,000 switching",
        FUNCTION,
        "dynamic",
        1000,
        None,
        ratio(2),
        against_peers=True,
    ),
    Row("cellx_10", "cellx, 10 layers", FUNCTION, "cellx", 10, None, ratio(2), against_peers=True),
    Row(
        "cellx",
        "cellx, 1,000 layers",
        FUNCTION,
        "cellx",
        1000,
        None,
        ratio(2),
        against_peers=True,
        left_out=("reaktiv",),
    ),
    Row(
        "ladder",
        "diamond ladder, 100 layers",
        FUNCTION,
        "ladder",
        100,
        None,
        ratio(2),
        against_peers=True,
        left_out=("reaktiv",),
    ),
    Row(
        "cut_off",
        "cut-off over 1,000 unchanged dependents",
        "set",
        "cut_off",
        1000,
        figure(300),
        figure(300),
        against_peers=True,
    ),
    Row(
        "read_many",
        "clean get in a read, 1,000 atoms",
        "get",
        "read_many",
        1000,
        figure(40),
        figure(40),
        against_peers=True,
    ),
    Row(
        "read_again",
        "clean get in a read, one atom",
        "get",
        "read_again",
        1000,
        figure(40),
        figure(40),
        against_peers=True,
    ),
    Row("read_outside", "clean store.get", "get", "read_outside", 1, None, figure(60), against_peers=True),
    Row(
        "set_unobserved", "set, nobody looking", "set", "set_unobserved", 1, figure(80), figure(80), against_peers=True
    ),
    Row("set_observed", "set → 1 subscriber", "set", "set_observed", 1, against_peers=True),
    Row("batch_sum", "batch of 100 sets → 1 sum → 1 observer", "set", "batch_sum", 100, against_peers=True),
    Row("create_sources", "create a source", "atom", "create_sources", 1, None, figure(180), "closure", True),
    Row("create_derived", "create a derived", "atom", "create_derived", 1, None, above(250), "closure", True),
    Row(
        "first_read",
        "create and first read, chain of 50",
        "atom",
        "first_read",
        50,
        floor="closure",
        against_peers=True,
    ),
)
MEMORY = (
    Row(
        "memory_source",
        "memory per source, state included",
        "B",
        "hold_sources",
        200_000,
        None,
        above(260, "B"),
        "closure",
    ),
    Row(
        "memory_derived",
        "memory per derived, state included",
        "B",
        "hold_derived",
        200_000,
        None,
        above(300, "B"),
        "closure",
    ),
)
WAITS = (
    Row("await_settled", "await a settled async atom", "await", final=figure(300)),
    Row("run", "start and settle a run", "run", final=ratio(2)),
    Row("waiters", "1,000 waiters on one key", "waiter", final=ratio(2)),
)
