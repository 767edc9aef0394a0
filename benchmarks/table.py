"""Table: the figures, what they are in terms of the floor and the peers, and whether they will do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from growth import Grown
from peers import MODULES
from rows import Bar, Row
from timing import Timing

PEERS = [name for name in MODULES if name not in ("floor", "halflife")]
NOT_SLOWER = 1.05
"""Up to here two figures are taken as equal: runs of one library differ by as much."""


@dataclass(frozen=True)
class Result:
    """One row and what was measured in it."""

    row: Row
    timings: dict[str, Timing]

    def best(self, name: str) -> float | None:
        return self.timings[name].best if name in self.timings else None

    def ratio(self, name: str) -> float | None:
        """A library's figure over the floor's."""
        figure, floor = self.best(name), self.best("floor")
        return figure / floor if figure is not None and floor else None

    def fastest_peer(self) -> float | None:
        """The best figure of a peer that did the same work: one with a fault does not count."""
        found = [self.best(name) for name in PEERS if name in self.timings and not self.timings[name].fault]
        return min((each for each in found if each is not None), default=None)

    def met(self, bar: Bar | None) -> bool | None:
        """Whether halflife is within a bar; None when there is no bar or no figure to say so."""
        figure = self.best("halflife")
        if bar is not None and self.fault:
            return False  # a figure got by other work is none
        if bar is None or figure is None:
            return None
        named = self.best(bar.floor)  # A peer's figure may stand for the floor.
        return bar.met(figure, named if named is not None else self.best("floor"))

    def not_slower(self) -> bool | None:
        figure, peer = self.best("halflife"), self.fastest_peer()
        if not self.row.against_peers or figure is None or peer is None:
            return None
        return figure <= peer * NOT_SLOWER

    @property
    def fault(self) -> str:
        return self.timings["halflife"].fault if "halflife" in self.timings else ""

    def first_met(self) -> bool | None:
        """The first bar and not being slower than a peer, together."""
        parts = [part for part in (self.met(self.row.first), self.not_slower()) if part is not None]
        return all(parts) if parts else None

    def missed(self) -> bool:
        """Whether a bar, the first or the final one, is not reached."""
        return self.first_met() is False or self.met(self.row.final) is False


def number(value: float | None, unit: str = "") -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}{unit}" if value >= 100 else f"{value:.1f}{unit}"


def times(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}×" if value >= 100 else f"{value:.2f}×" if value >= 0.1 else f"{value:.2g}×"


def verdict(met: bool | None) -> str:
    return {True: "yes", False: "NO", None: "–"}[met]


def with_spread(timing: Timing | None) -> str:
    """The minimum, and how far the median lies above it."""
    if timing is None or timing.best is None or timing.middle is None:
        return "–"
    spread = f" +{timing.middle / timing.best - 1:.0%}" if timing.best else ""
    return f"{number(timing.best)}{spread}"


def lines(results: Sequence[Result], names: Sequence[str]) -> list[list[str]]:
    peers = [name for name in PEERS if name in names]
    head = ["", "per", "floor", "halflife", "× floor"]
    for peer in peers:
        head += [peer, "× floor"]
    table = [[*head, "÷ best peer", "first bar", "met", "final bar", "met"]]
    for result in results:
        ours, peer = result.best("halflife"), result.fastest_peer()
        line = [result.row.title, result.row.unit, with_spread(result.timings.get("floor"))]
        line += [with_spread(result.timings.get("halflife")), times(result.ratio("halflife"))]
        for name in peers:
            line += [number(result.best(name)), times(result.ratio(name))]
        line.append(times(ours / peer if ours is not None and peer else None))
        for bar, met in ((result.row.first, result.first_met()), (result.row.final, result.met(result.row.final))):
            line += [str(bar) if bar else "–", verdict(met)]
        table.append(line)
    return table


def growth_lines(grown: Sequence[Grown], title: str = "growth", unit: str = "set") -> list[list[str]]:
    table = [[title, "library", "sizes", f"ns per {unit}", "exponent", "bar", "met"]]
    for each in grown:
        sizes = f"{each.growing.sizes[0]:,} … {each.growing.sizes[-1]:,}"
        spent = " ".join(number(time) for time in each.times)
        limit, met = f"≤ {each.growing.limit:g}", verdict(each.met) if each.library == "halflife" else "–"
        table.append([each.growing.title, each.library, sizes, spent, f"{each.exponent:.2f}", limit, met])
    return table


def aligned(table: Sequence[Sequence[str]], left: int = 2) -> str:
    """The table as text: the first columns to the left, the others to the right."""
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    )


def faults(results: Sequence[Result], grown: Sequence[Grown]) -> list[str]:
    """Everything that was not as it should be, in any library."""
    found = [
        f"{name}, {result.row.title}: {timing.fault}"
        for result in results
        for name, timing in result.timings.items()
        if timing.fault
    ]
    return found + [f"{each.library}, growth of {each.growing.title}: {each.fault}" for each in grown if each.fault]
