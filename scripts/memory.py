"""What rounds with each kind of atom leave in memory: every way to look at it, to end it and to leave it.

usage: memory.py ROUNDS [KIND ...]

Prints, for each kind, the rounds that were played and the least growth a round (see `memory_growth.py`), and ends
with status 1 if a kind grows. The number of nodes is tested in `make test`; this is the long form.
"""

import asyncio
import itertools
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from halflife import Store
from halflife.testing import ManualClock
from lifetime_kinds import COURSES, ENDINGS, KINDS, LOOKS, applies, play
from memory_growth import Growth

WINDOWS = 4


async def measure(kind: str, rounds: int) -> bool:
    """Whether memory is flat over that many rounds of one kind; prints a line."""
    ways = [way for way in itertools.product(LOOKS, ENDINGS, COURSES) if applies(kind, way[0])]
    turns = -(-rounds // (WINDOWS * len(ways)))
    clock, played = ManualClock(), 0
    growth = Growth(turns * len(ways), WINDOWS)
    async with Store(on_error=lambda error: None, clock=clock) as store:
        while growth.goes_on() or played < rounds:
            for look, ending, way in ways * turns:
                async with asyncio.timeout(20):
                    await play(store, kind, ending, look, way)
            played += turns * len(ways)
            await store.settled()
            clock.advance(10)
            await asyncio.sleep(0.01)  # seconds, for functions in threads that nobody waits for any more
    least = growth.least
    print(
        f"{kind:14} {played:8} rounds; each leaves {least.blocks:.4f} blocks,"
        f" {least.allocated:.2f} B of malloc, {least.resident:.2f} B resident",
        flush=True,
    )
    return least.flat


def main() -> int:
    """Measure each kind in an interpreter of its own, or one kind in this one."""
    rounds, kinds = int(sys.argv[1]), sys.argv[2:]
    if len(kinds) == 1:
        return 0 if asyncio.run(measure(kinds[0], rounds)) else 1
    grown = [
        kind
        for kind in kinds or KINDS
        if subprocess.run([sys.executable, __file__, str(rounds), kind], check=False).returncode != 0
    ]
    if grown:
        print(f"memory grows: {', '.join(grown)}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
