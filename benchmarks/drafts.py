"""Drafts: the table of drafts and optimistic layers, from measuring to what is shown.

The floor of its rows is the same thing by hand (`comparison.py`). What immer and mutative take under
Node stands in the same lines; it is wall time, and another language.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec

import editing
import edits
import javascript
import picture
import reads
import settlements
import table
from comparison import Comparison, measure
from growth import Grown
from table import Result, number, times, verdict, with_spread
from timing import Timing

COMPARISONS = (*edits.COMPARISONS, *reads.COMPARISONS, *settlements.COMPARISONS)
PEERS = ("patchdiff", "pyrsistent")
ON_NODE = ("mutative", "immer")
MORE_PASSES = 2


@dataclass(frozen=True)
class Report:
    """Everything that was measured."""

    results: list[Result]
    grown: list[Grown]
    left_out: str = ""
    """Why there is nothing from Node; empty if there is."""


def measured(only: Sequence[str], repeats: int, *, with_halflife: bool, with_node: bool) -> Report:
    """Every row, one after the other; then those that miss a bar again, in all their libraries."""
    names = ["floor", *(["halflife"] if with_halflife else []), *(peer for peer in PEERS if find_spec(peer))]
    wanted = [each for each in COMPARISONS if not only or each.row.key.startswith(tuple(only))]
    results = [Result(each.row, once(each, names, repeats)) for each in wanted]
    for _ in range(MORE_PASSES):
        for each, result in zip(wanted, results, strict=True):
            if result.missed() and not result.fault:
                for name, more in once(each, names, repeats).items():
                    result.timings[name].times += more.times
    grown = []
    if not only or "growth" in only:
        print("  growth of settlements", file=sys.stderr)
        grown = settlements.grow(names, repeats)
        grown += editing.grow(repeats) if with_halflife else []
    settlements.forget()
    left_out = add_node(results) if with_node and results else ""
    return Report(results, grown, left_out)


def once(comparison: Comparison, names: Sequence[str], repeats: int) -> dict[str, Timing]:
    print(f"  {comparison.row.title}", file=sys.stderr)
    return measure(comparison, names, repeats=repeats)


def add_node(results: Sequence[Result]) -> str:
    """Puts the figures of the JavaScript libraries beside the others; returns why it cannot."""
    print("  drafts in JavaScript", file=sys.stderr)
    try:
        figures = json.loads(javascript.run("drafts.mjs"))
    except javascript.NoNodeError as error:
        return str(error)
    for result in results:
        for name, repeats in figures.get(result.row.key, {}).items():
            result.timings[name] = Timing(repeats)
    return ""


def lines(results: Sequence[Result]) -> list[list[str]]:
    """The table."""
    peers = [name for name in (*PEERS, *ON_NODE) if any(name in result.timings for result in results)]
    head = ["drafts: 10,000 items, nested", "per", "by hand", "halflife", "× by hand", "bar", "met"]
    for peer in peers:
        head += [f"{peer} (Node)" if peer in ON_NODE else peer, "×"]
    found = [head]
    for result in results:
        row = result.row
        line = [row.title, row.unit, with_spread(result.timings.get("floor"))]
        line += [with_spread(result.timings.get("halflife")), times(result.ratio("halflife"))]
        line += [str(row.final) if row.final else "–", verdict(result.met(row.final))]
        for peer in peers:
            line += [number(result.best(peer)), times(result.ratio(peer))]
        found.append(line)
    return found


def ours(grown: Sequence[Grown]) -> list[Grown]:
    """Without those by hand, which grow as they must."""
    return [each for each in grown if each.library == "halflife"]


def versions() -> dict[str, str]:
    """The release of each peer."""
    pinned = json.loads((javascript.HERE / "node" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return {**{name: version(name) for name in PEERS if find_spec(name)}, **{name: pinned[name] for name in ON_NODE}}


def show(report: Report) -> None:
    if report.results:
        print("\n" + table.aligned(lines(report.results)))
    if report.grown:
        grown = [replace(each, library="by hand") if each.library == "floor" else each for each in report.grown]
        print("\n" + table.aligned(table.growth_lines(grown, "many pending, separate keys", "settlement")))
    if report.left_out:
        print(f"\nleft out: immer and mutative, {report.left_out}")


def svg(report: Report, python: str) -> str:
    """The picture: every row as a multiple of what it costs by hand."""
    caption = (
        f"Drafts: cost as a multiple of the same by hand, CPython {python}; mutative and immer on Node (less is better)"
    )
    return picture.svg(report.results, ("halflife", *PEERS, *ON_NODE), caption)
