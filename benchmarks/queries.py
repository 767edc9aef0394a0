"""Queries: the table of cached reads and their policies, from measuring to what is shown.

The floor of its rows is the same thing by hand, with a dict, a future or a task. Peers are the caches async_lru,
aiocache, cashews and cachetools, and tenacity and stamina for retries. What TanStack Query takes under Node stands in
the same lines; it is wall time, and another language. Each library does the same work; a peer is left out of the rows
that it has nothing for.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import javascript
import table
from query_work import WORK, alone
from rows import Row, figure, ratio, than
from table import Result, number, times, verdict, with_spread
from timing import Timing

PEERS = ("async_lru", "aiocache", "cashews", "cachetools", "tenacity", "stamina")
ON_NODE = ("tanstack",)
MORE_PASSES = 2

ROWS = (
    Row("query_fresh", "await a fresh answer of the cache", "await"),
    Row("query_read", "read an observed query", "get"),
    Row("query_cold", "fetch a key anew, with retry and breaker", "fetch"),
    Row("query_waiters", "1,000 waiters on one key", "waiter", final=ratio(2)),
    Row("query_policies", "retry and breaker around a call that succeeds", "call", final=figure(2000)),
    Row("query_lru", "100,000 keys, LRU at 1,000, 1,000,000 reads", "read", final=than("cachetools", 1)),
)


@dataclass(frozen=True)
class Report:
    """Everything that was measured."""

    results: list[Result]
    left_out: str = ""
    """Why there is nothing from Node; empty if there is."""


def measured(only: Sequence[str], repeats: int, *, with_halflife: bool, with_node: bool) -> Report:
    """Every row, one after the other; then those that miss a bar again, in all their libraries."""
    names = ["floor", *(["halflife"] if with_halflife else []), *(peer for peer in PEERS if find_spec(peer))]
    results = [Result(row, once(row, names, repeats)) for row in ROWS if not only or row.key.startswith(tuple(only))]
    for _ in range(MORE_PASSES):
        for result in results:
            if result.missed() and not result.fault:
                for name, more in once(result.row, names, repeats).items():
                    result.timings[name].times += more.times
    left_out = add_node(results) if with_node and results else ""
    return Report(results, left_out)


def once(row: Row, names: Sequence[str], repeats: int) -> dict[str, Timing]:
    """One row, in the libraries that can do it, in turn and on one loop."""
    print(f"  {row.title}", file=sys.stderr)
    work = {name: each for name, each in WORK[row.key].items() if name in names}
    timings = {name: Timing() for name in work}
    with asyncio.Runner() as runner:
        for _ in range(repeats):
            for name, (measure, count) in work.items():
                if not timings[name].fault:
                    try:
                        timings[name].times.append(runner.run(alone(measure, count)))
                    except Exception as error:  # the other rows are still worth having
                        timings[name].fault = f"{type(error).__name__}: {error}"
    return timings


def add_node(results: Sequence[Result]) -> str:
    """Puts the figures of TanStack Query beside the others; returns why it cannot."""
    print("  queries in JavaScript", file=sys.stderr)
    try:
        figures = json.loads(javascript.run("queries.mjs"))
    except javascript.NoNodeError as error:
        return str(error)
    for result in results:
        for name, repeats in figures.get(result.row.key, {}).items():
            result.timings[name] = Timing(repeats)
    return ""


def lines(results: Sequence[Result]) -> list[list[str]]:
    """The table."""
    peers = [name for name in (*PEERS, *ON_NODE) if any(name in result.timings for result in results)]
    head = ["queries", "per", "by hand", "halflife", "× by hand", "bar", "met"]
    head += [f"{peer} (Node)" if peer in ON_NODE else peer for peer in peers]
    found = [head]
    for result in results:
        row = result.row
        line = [row.title, row.unit, with_spread(result.timings.get("floor"))]
        line += [with_spread(result.timings.get("halflife")), times(result.ratio("halflife"))]
        line += [str(row.final) if row.final else "–", verdict(result.met(row.final))]
        found.append(line + [number(result.best(peer)) for peer in peers])
    return found


def versions() -> dict[str, str]:
    """The release of each peer."""
    pinned = json.loads((javascript.HERE / "node" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    found = {name: version(name.replace("_", "-")) for name in PEERS if find_spec(name)}
    return {**found, "tanstack": pinned["@tanstack/query-core"]}


def show(report: Report) -> None:
    if report.results:
        print("\n" + table.aligned(lines(report.results)))
    if report.left_out:
        print(f"\nleft out: TanStack Query, {report.left_out}")
