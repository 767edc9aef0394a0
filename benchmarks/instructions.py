"""Instructions: how many machine instructions one user function costs, counted by valgrind.

Unlike a time, a count is the same on every run, so that a change of one per cent shows. Each
shape runs twice under callgrind, with few and with many sets; the difference holds neither the
start of Python nor the making of the shape. What is left is divided by the sets and by the
user functions of one set, and told apart by the library (the shared object) it was spent in,
and for halflife's own by function.

Usage: python benchmarks/instructions.py [shape ...] [--libraries floor halflife signified]
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import environment
import peers
import table

SIZES = {
    "chain": 1000,
    "fan_out": 1000,
    "fan_out_bare": 1000,
    "diamond": 100,
    "dynamic": 1000,
    "cellx": 10,
    "cut_off": 1000,
    "read_many": 1000,
    "read_outside": 1,
    "set_unobserved": 1,
    "set_observed": 1,
    "batch_sum": 100,
    "create_sources": 1,
    "create_derived": 1,
}
SETS = {1000: (4, 24), 100: (20, 120), 10: (20, 120), 1: (500, 3500)}
"""Few and many sets, by the size of the shape; even numbers both."""


def child(name: str, shape: str, size: int, sets: int) -> None:
    """What runs under valgrind: one shape, set so many times."""
    dialect = peers.named(name, closure=shape.startswith("create"))
    gc.disable()
    with dialect.room():
        bench, _ = dialect.build(shape, size)
        bench.update([1, 2])
        kept = [bench.update([1, 2] * (sets // 2))]
    # What was made is still held here, so that its end is not counted with its making.
    os._exit(len(kept) - 1)


def counted(name: str, shape: str, size: int, sets: int) -> Counter[tuple[str, str]]:
    """Instructions by (shared object, function), for one run."""
    report = environment.BUILD / f"callgrind.{name}.{shape}.{sets}"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", sys.executable]
    command += [__file__, "--child", name, shape, str(size), str(sets)]
    steady = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=steady, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name}, {shape}: {done.stderr.strip().splitlines()[-1]}")
    found = parsed(report.read_text(encoding="utf-8", errors="replace"))
    report.unlink()
    return found


NAMED = re.compile(r"(c?fn|c?ob)=\((\d+)\)(?: (.*))?")
COST = re.compile(r"(?:[+-]?\d+|\*) (\d+)")


def parsed(report: str) -> Counter[tuple[str, str]]:
    """The self cost of each function of a callgrind report.

    In that format `ob=` and `fn=` say where the lines that follow were spent, a name is written
    once and then meant by its number, and the line after `calls=` is the cost of what was called,
    which its own lines tell again.
    """
    names: dict[tuple[str, str], str] = {}
    where = {"ob": "", "fn": ""}
    found: Counter[tuple[str, str]] = Counter()
    inclusive = False
    for line in report.splitlines():
        if named := NAMED.fullmatch(line):
            what, number, text = named.groups()
            kind = what[-2:]
            if text is not None:
                names[kind, number] = text
            if what in where:
                where[kind] = names[kind, number]
        elif line.startswith("calls="):
            inclusive = True
        elif cost := COST.fullmatch(line):
            if not inclusive:
                found[Path(where["ob"]).name, where["fn"]] += int(cost[1])
            inclusive = False
    return found


def per_unit(name: str, shape: str) -> Counter[tuple[str, str]]:
    """Instructions per user function (or set, or atom) by (shared object, function), times 1,000."""
    size = SIZES[shape]
    few, many = SETS[size]
    spent = counted(name, shape, size, many)
    spent.subtract(counted(name, shape, size, few))
    bench, _ = peers.named(name, closure=shape.startswith("create")).build(shape, 10)
    unit = bench.unit if size == 1 else peers.named("floor").build(shape, size)[0].unit
    return Counter({key: round(1000 * count / (many - few) / unit) for key, count in spent.items()})


def room_of(shared_object: str) -> str:
    """Where an instruction was spent, in a word."""
    if shared_object.startswith(("libpython", "python")):
        return "Python"
    if shared_object.startswith(("_core", "halflife_floor")):
        return "the library"
    if "libstdc++" in shared_object:
        return "libstdc++"
    return "system"


def report(shapes: list[str], libraries: list[str], most: int) -> None:
    """Counts, and prints a line per shape and library, and then halflife's own functions."""
    lines = [["shape", "library", "Python", "the library", "system", "libstdc++", "all", "× floor"]]
    details: list[list[str]] = [["shape", "function", "instructions"]]
    for shape in shapes:
        floor = None
        for name in libraries:
            spent = per_unit(name, shape)
            rooms: Counter[str] = Counter()
            for (shared_object, _), count in spent.items():
                rooms[room_of(shared_object)] += count
            whole = rooms.total() / 1000
            floor = whole if name == "floor" else floor
            columns = [f"{rooms[room] / 1000:.1f}" for room in lines[0][2:6]]
            over = f"{whole / floor:.2f}" if floor else "–"
            lines.append([shape, name, *columns, f"{whole:.1f}", over])
            if name == "halflife":
                own = [(count, key[1]) for key, count in spent.items() if room_of(key[0]) != "Python"]
                for count, function in sorted(own, reverse=True)[:most]:
                    details.append([shape, function[:100], f"{count / 1000:.1f}"])
    print("Instructions per user function (or per set, get or atom where the shape is about these)\n")
    print(table.aligned(lines))
    if len(details) > 1:
        print("\n" + table.aligned(details))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", default=["chain", "fan_out"], metavar="shape")
    parser.add_argument("--libraries", nargs="+", default=["floor", "halflife", "signified"])
    parser.add_argument("--here", action="store_true", help="count with this interpreter, as it is")
    parser.add_argument("--most", type=int, default=12, help="functions of halflife to list")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("left out: valgrind is not installed", file=sys.stderr)
        return 0
    if not options.here:
        python = environment.prepare(with_halflife="halflife" in options.libraries)
        return subprocess.run([str(python), __file__, "--here", *sys.argv[1:]], check=False).returncode
    environment.BUILD.mkdir(parents=True, exist_ok=True)
    installed = peers.installed()
    report(options.shapes, [name for name in options.libraries if name in installed], options.most)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    sys.exit(main())
