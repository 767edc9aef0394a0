"""JavaScript: the same shapes in jotai, solid, preact signals and alien-signals, on Node.

Another language on another virtual machine: the figures say how far Python is from them, and
the chain has to be below solid's. They are wall time, as Node has no CPU time per thread.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from environment import BUILD, HERE, files, install_once
from table import Result, number, times, verdict

LIBRARIES = ("jotai", "solid", "preact", "alien")
Figures = dict[str, dict[str, float]]
"""Nanoseconds per unit, by row key and library."""


def measure() -> tuple[Figures, str]:
    """The figures of the graph, or none and the reason why they are left out."""
    try:
        return json.loads(run("graph.mjs")), ""
    except NoNodeError as error:
        return {}, str(error)


class NoNodeError(RuntimeError):
    """Node is not there, or a script of ours failed on it."""


def run(script: str, *arguments: str) -> str:
    """What a script of `node/` prints, with the JavaScript peers installed beside it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoNodeError("node or npm is not installed")
    folder = Path(shutil.copytree(HERE / "node", BUILD / "node", dirs_exist_ok=True))
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
    try:
        with install_once("node", files(HERE / "node", ("package.json",))) as needed:
            if needed:
                print("installing the JavaScript peers", file=sys.stderr)
                subprocess.run(command, cwd=folder, check=True, timeout=180)
        command = ["node", script, *arguments]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=180)
    except (subprocess.SubprocessError, OSError) as error:
        raise NoNodeError(f"{type(error).__name__} from {command[0]}") from error
    return done.stdout


def lines(figures: Figures, results: Sequence[Result]) -> list[list[str]]:
    """A table: nanoseconds of each library, and halflife's in the same unit."""
    head = ["on Node, wall time", "per", "halflife", *LIBRARIES, "halflife ÷ solid", "bar", "met"]
    table = [head]
    for result in results:
        found = figures.get(result.row.key)
        if found is None:
            continue
        ours = result.best("halflife")
        below = None if ours is None or result.row.key != "chain" else ours <= found["solid"]
        line = [result.row.title, result.row.unit, number(ours)]
        line += [number(found[name]) for name in LIBRARIES]
        line.append(times(ours / found["solid"] if ours is not None else None))
        table.append([*line, "below solid" if result.row.key == "chain" else "–", verdict(below)])
    return table
