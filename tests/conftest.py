"""What the random tests draw, and how much of it.

The suite draws the same examples in every run, so that it never fails by chance. HALFLIFE_TEST_SEED=n
draws others (`make torture` does), HALFLIFE_TEST_MULTIPLIER=20 twenty times as many. Programs that a seed
makes start at FIRST_SEED; a failure names its seed, and HALFLIFE_TEST_SEED with that number runs the
program first.

And `apart`: what may crash, or needs a process to itself, runs in an interpreter of its own.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

MULTIPLIER = float(os.environ.get("HALFLIFE_TEST_MULTIPLIER", "1"))
FIRST_SEED = int(os.environ.get("HALFLIFE_TEST_SEED", "0"))

# No deadline: a shared machine pauses whenever it likes. The blob replays a failure elsewhere.
settings.register_profile(
    "halflife",
    max_examples=max(1, round(100 * MULTIPLIER)),
    deadline=None,
    print_blob=True,
    derandomize="HALFLIFE_TEST_SEED" not in os.environ,
)
settings.load_profile("halflife")


def named(value: object) -> str:
    """The repr of a parameter without addresses: every worker must give a test the same name."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def without_slow_steps(errors: str) -> str:
    """What is on stderr, but for asyncio's complaints in development mode that the machine is busy."""
    return "".join(line for line in errors.splitlines(keepends=True) if not line.startswith("Executing <"))


@pytest.fixture
def apart() -> Callable[[str], str]:
    """Run a script in a fresh interpreter: what it prints, if it ends well and says nothing on stderr."""

    def run(script: str) -> str:
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", "from halflife import *\n" + dedent(script)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            # What the tests share, a script may use as well.
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent / "support")},
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    return run
