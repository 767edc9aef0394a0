"""The *growth* of memory: the memory that a round of some work leaves, measured robustly.

One measurement is unreliable: memory is taken in whole pages and arenas, and depends on when the garbage collector
runs. So the work is repeated in several windows of many rounds each, and the smallest growth counts. A leak shows
in every window, a spurious page does not.

There are three measures, because each misses something. Blocks of Python's allocator and bytes of malloc are
exact, but each covers only its own allocator. Resident memory covers everything, but a leak may fill holes in the
heap for a while before it shows there.
"""

import ctypes
import gc
import os
import sys
from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """Memory in use, or the memory that one round adds."""

    blocks: float
    allocated: float  # bytes, from malloc
    resident: float  # bytes

    @property
    def flat(self) -> bool:
        """Whether fewer than one round in ten leave anything."""
        return self.blocks < 0.1 and self.allocated < 1.6 and self.resident < 1.6


class _Mallinfo2(ctypes.Structure):
    # The fields in the order of malloc.h. Bytes in use are uordblks and, for mapped chunks, hblkhd.
    _names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names)


# glibc has mallinfo2 since 2.33; elsewhere the other two measures must suffice.
_mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)
if _mallinfo2 is not None:
    _mallinfo2.restype = _Mallinfo2


def memory() -> Memory:
    """The memory in use after a collection."""
    gc.collect()
    allocated = 0
    if _mallinfo2 is not None:
        told = _mallinfo2()
        allocated = told.uordblks + told.hblkhd
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return Memory(sys.getallocatedblocks(), allocated, int(pages) * os.sysconf("SC_PAGE_SIZE"))


class Growth:
    """Measures window after window, until each measure had a flat one, or there were enough.

    >>> growth = Growth(rounds=2_000)
    >>> while growth.goes_on():
    ...     for _ in range(growth.rounds):
    ...         work()
    >>> assert growth.least.flat
    """

    def __init__(self, rounds: int, windows: int = 24) -> None:
        self.rounds = rounds
        self.least = Memory(*(float("inf"),) * 3)
        self._measured: list[Memory] = []
        self._windows = windows

    def goes_on(self) -> bool:
        """Measure, and return whether another window is needed. The first window is a warm-up."""
        self._measured.append(memory())
        if len(self._measured) > 2:
            before, now = self._measured[-2:]
            grown = ((after - then) / self.rounds for then, after in zip(before, now, strict=True))
            self.least = Memory(*map(min, self.least, grown))
        return len(self._measured) <= self._windows + 1 and not self.least.flat
