"""`make bench`: measures halflife against the floor and the peers, and prints the table.

Without options it makes (or brings up to date) an environment of its own, runs everything there
on one interpreter, and writes `results.json`, `graph.svg` and `drafts.svg` beside this file. It ends with 1
when a shape came out wrong in halflife and, with `--strict`, when a bar is not reached.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import environment
import growth
import javascript
import memory
import peers
import picture
import queries
import rows
import table
import timing
import waits
from table import Result

import drafts

HERE = Path(__file__).parent
EVERY_ROW = (*rows.GRAPH, *rows.MEMORY, *rows.WAITS)
MORE_PASSES = 2


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--here", action="store_true", help="measure with this interpreter, as it is")
    parser.add_argument("--without-halflife", action="store_true", help="only the floor and the peers")
    parser.add_argument("--only", nargs="+", default=[], metavar="KEY", help="only rows whose key starts so")
    parser.add_argument("--repeats", type=int, default=7, help="repeats of each timing (at least 5)")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is not reached")
    parser.add_argument("--keep", action="store_true", help="do not write results.json and the pictures")
    parser.add_argument("--without-node", action="store_true", help="no JavaScript peers")
    return parser.parse_args()


def measure(names: Sequence[str], only: Sequence[str], repeats: int) -> list[Result]:
    """Every row, one after the other; then those that miss a bar again, in all their libraries.

    A busy neighbor in the caches of this machine costs a graph more than it costs the floor, and
    for longer than the repeats of one row last.
    """
    wanted = [row for row in EVERY_ROW if not only or row.key.startswith(tuple(only))]
    results = [Result(row, measure_row(row, names, repeats)) for row in wanted]
    for _ in range(MORE_PASSES):
        for result in results:
            if result.missed() and not result.fault and result.row not in rows.MEMORY:
                for name, more in measure_row(result.row, names, repeats).items():
                    result.timings[name].times += more.times
    return results


def measure_row(row: rows.Row, names: Sequence[str], repeats: int) -> dict[str, timing.Timing]:
    """One row, in the libraries that can do it."""
    print(f"  {row.title}", file=sys.stderr)
    if row in rows.WAITS:
        return waits.measure(row, list(names), repeats=repeats)
    present = [name for name in names if name not in row.left_out]
    dialects = [peers.named(name, closure=row.floor == "closure") for name in present]
    if row in rows.MEMORY:
        return memory.measure(row, dialects)
    return timing.measure(row.shape, row.size, dialects, repeats=repeats)


def measure_growth(names: Sequence[str], only: Sequence[str]) -> list[growth.Grown]:
    if only and "growth" not in only:
        return []
    print("  growth", file=sys.stderr)
    compared = [name for name in names if name in ("floor", "halflife")]
    return [grown for growing in growth.GROWING for grown in growth.grow(growing, compared, 1 + MORE_PASSES)]


def measure_among(names: Sequence[str], only: Sequence[str]) -> list[growth.Grown]:
    """One operation among n, in halflife; imported here because that needs it."""
    if "halflife" not in names or (only and "growth" not in only):
        return []
    import among

    return among.grow(repeats=3, passes=1 + MORE_PASSES)


def as_json(results: Sequence[Result], grown: Sequence[growth.Grown], versions: dict[str, str]) -> str:
    """Everything measured, for whoever wants to compare two runs."""
    return json.dumps(
        {
            "measured_on": environment.describe(),
            "versions": versions,
            "rows": [row_as_json(result) for result in results],
            "growth": [{**asdict(each), "met": each.met} for each in grown],
        },
        indent=1,
        ensure_ascii=False,
    )


def row_as_json(result: Result) -> dict[str, object]:
    return {
        "key": result.row.key,
        "title": result.row.title,
        "unit": result.row.unit,
        "first_bar": str(result.row.first) if result.row.first else None,
        "first_met": result.first_met(),
        "final_bar": str(result.row.final) if result.row.final else None,
        "final_met": result.met(result.row.final),
        "libraries": {
            name: {
                "best": each.best,
                "median": each.middle,
                "times_floor": result.ratio(name),
                "fault": each.fault or None,
            }
            for name, each in result.timings.items()
        },
    }


def report(options: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    names = [name for name in peers.installed() if name != "halflife" or not options.without_halflife]
    versions = {**peers.versions(names), **drafts.versions(), **queries.versions()}
    start = time.monotonic()
    repeats = max(5, options.repeats)
    results = measure(names, options.only, repeats)
    grown = measure_growth(names, options.only)
    counted = measure_among(names, options.only)
    with_halflife = "halflife" in names
    edited = drafts.measured(options.only, repeats, with_halflife=with_halflife, with_node=not options.without_node)
    asked = queries.measured(options.only, repeats, with_halflife=with_halflife, with_node=not options.without_node)
    described = environment.describe()
    print(f"\nCPython {described['python']} ({described['compiler']}), {described['processor']}")
    print(", ".join(f"{name} {version}" for name, version in versions.items() if version))
    print("Minimum of the repeats, + how far the median lies above; nanoseconds of CPU time, or bytes.\n")
    if results:
        print(table.aligned(table.lines(results, names)))
    if grown:
        print("\n" + table.aligned(table.growth_lines(grown)))
    if counted:
        print("\n" + table.aligned(table.growth_lines(counted, "one operation among n", "n operations, or one")))
    if not options.without_node and not options.only:
        figures, reason = javascript.measure()
        if figures:
            print("\n" + table.aligned(javascript.lines(figures, results)))
        else:
            print(f"\nleft out: the JavaScript peers, {reason}")
    drafts.show(edited)
    queries.show(asked)
    for peer in peers.MODULES:
        if peer not in names:
            print(f"\nleft out: {peer} is not installed for this interpreter")
    grown = [*grown, *counted]
    for fault in table.faults([*results, *edited.results, *asked.results], [*grown, *edited.grown]):
        print(f"fault: {fault}")
    print(f"\n{time.monotonic() - start:.0f} s")
    if not options.keep and not options.only:
        everything = as_json([*results, *edited.results, *asked.results], [*grown, *edited.grown], versions)
        (HERE / "results.json").write_text(everything + "\n", encoding="utf-8")
        caption = f"Cost as a multiple of the floor, CPython {described['python']} (less is better)"
        (HERE / "graph.svg").write_text(picture.svg(results, names, caption), encoding="utf-8")
        (HERE / "drafts.svg").write_text(drafts.svg(edited, described["python"]), encoding="utf-8")
    return status(
        [*results, *edited.results, *asked.results], [*grown, *drafts.ours(edited.grown)], strict=options.strict
    )


def status(results: Sequence[Result], grown: Sequence[growth.Grown], *, strict: bool) -> int:
    """The exit status: 1 for a wrong result in halflife and, if strict, for a bar that is missed."""
    wrong = any(result.fault for result in results) or any(each.fault for each in grown if each.library == "halflife")
    missed = any(result.missed() for result in results) or not all(each.met for each in grown)
    return int(wrong or (strict and missed))


def main() -> int:
    options = arguments()
    if options.here:
        return report(options)
    python = environment.prepare(with_halflife=not options.without_halflife)
    return subprocess.run([str(python), __file__, "--here", *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
