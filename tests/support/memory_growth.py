"""The *growth* of memory: what a round of some work leaves behind, measured so that chance cannot show.

One measurement says little: memory is taken by whole pages and arenas, and how much of it depends on where
the garbage collector happens to run. So the work is repeated in several windows of many rounds each, and the
smallest growth counts. A leak shows in every window, a page too many does not.

There are three measures, because each is blind to something. Blocks of Python's allocator and bytes of
malloc are exact, but each sees only its own. Resident memory sees everything, but a leak may fill holes in
the heap for a while before it shows there.
"""

import ctypes
import gc
import os
import sys
from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """What is in use, or what one round adds to it."""

    blocks: float
    allocated: float  # bytes, from malloc
    resident: float  # bytes

    @property
    def flat(self) -> bool:
        """Whether not even one round in ten leaves anything."""
        return self.blocks < 0.1 and self.allocated < 1.6 and self.resident < 1.6


class _Mallinfo2(ctypes.Structure):
    # In the order of malloc.h. Bytes in use are uordblks and, in chunks of their own, hblkhd.
    _names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names)


# glibc has it since 2.33; elsewhere the other two measures must do.
_mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)
if _mallinfo2 is not None:
    _mallinfo2.restype = _Mallinfo2


def memory() -> Memory:
    """What is in use after a collection."""
    gc.collect()
    allocated = 0
    if _mallinfo2 is not None:
        told = _mallinfo2()
        allocated = told.uordblks + told.hblkhd
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return Memory(sys.getallocatedblocks(), allocated, int(pages) * os.sysconf("SC_PAGE_SIZE"))


class Growth:
    """Measures window after window, until there was a flat one for each measure, or enough of them.

    >>> growth = Growth(rounds=2_000)
    >>> while growth.goes_on():
    ...     for _ in range(growth.rounds):
    ...         work()
    >>> assert growth.least.flat
    """

    def __init__(self, rounds: int, windows: int = 8) -> None:
        self.rounds = rounds
        self.least = Memory(*(float("inf"),) * 3)
        self._measured: list[Memory] = []
        self._windows = windows

    def goes_on(self) -> bool:
        """Measure, and say whether there should be one more window. The first one warms up."""
        self._measured.append(memory())
        if len(self._measured) > 2:
            before, now = self._measured[-2:]
            grown = ((after - then) / self.rounds for then, after in zip(before, now, strict=True))
            self.least = Memory(*map(min, self.least, grown))
        return len(self._measured) <= self._windows + 1 and not self.least.flat
