"""How hypothesis runs here: HALFLIFE_TEST_MULTIPLIER=20 turns the suite into a campaign."""

import os

from hypothesis import settings

MULTIPLIER = float(os.environ.get("HALFLIFE_TEST_MULTIPLIER", "1"))

# No deadline: a shared machine pauses whenever it likes. The blob replays a failure elsewhere.
settings.register_profile("halflife", max_examples=max(1, round(100 * MULTIPLIER)), deadline=None, print_blob=True)
settings.load_profile("halflife")
