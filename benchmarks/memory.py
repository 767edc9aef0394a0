"""Memory: how much an atom takes, its state in a store included.

It is the growth of the resident set over 200,000 atoms, each made and read once, in a fresh
process per library. The floor is the closures alone; a figure is meant above that.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import peers
from dialect import Dialect
from rows import Row
from timing import Timing


def resident() -> int:
    """Bytes of this process in memory now (on systems without /proc: the most so far)."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def growth(dialect: Dialect, shape: str, size: int) -> float:
    """Bytes per atom in this process."""
    small, _ = dialect.build(shape, 100)
    small.update([])
    bench, _ = dialect.build(shape, size)
    gc.collect()
    gc.disable()
    before = resident()
    bench.update([])
    after = resident()
    if not bench.check():
        raise ValueError("wrong values")
    return (after - before) / size


def measure(row: Row, dialects: Sequence[Dialect], *, repeats: int = 2) -> dict[str, Timing]:
    """Bytes per atom for each library, each in a process of its own."""
    found: dict[str, Timing] = {}
    for dialect in dialects:
        timing = found[dialect.name] = Timing()
        command = [sys.executable, __file__, dialect.name, row.shape, str(row.size)]
        for _ in range(repeats):
            child = subprocess.run(command, capture_output=True, text=True, check=False)
            if child.returncode != 0:
                timing.fault = (child.stderr.strip().splitlines() or ["it died"])[-1]
                break
            timing.times.append(float(child.stdout))
    return found


if __name__ == "__main__":
    _, name, shape, size = sys.argv
    print(growth(peers.named(name, closure=True), shape, int(size)))
