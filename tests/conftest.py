"""How hypothesis runs here: HALFLIFE_TEST_MULTIPLIER=20 turns the suite into a campaign.

And `apart`: what may crash, or needs a process to itself, runs in an interpreter of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from textwrap import dedent

import pytest
from hypothesis import settings

MULTIPLIER = float(os.environ.get("HALFLIFE_TEST_MULTIPLIER", "1"))

# No deadline: a shared machine pauses whenever it likes. The blob replays a failure elsewhere.
# CI tries the same examples every time; everybody else, and every campaign, tries new ones.
settings.register_profile(
    "halflife",
    max_examples=max(1, round(100 * MULTIPLIER)),
    deadline=None,
    print_blob=True,
    derandomize="CI" in os.environ and MULTIPLIER == 1,
)
settings.load_profile("halflife")


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
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    return run
