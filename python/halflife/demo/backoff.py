"""Part: retries. Each waits twice as long as the one before, and the screen shows which attempt it is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from halflife import QueryResult
from halflife.demo.client import Json
from halflife.demo.connection import INSIST
from halflife.demo.stage import Stage

TITLE = "the server fails, and is asked again after delays that double"

PATH = "/states/OR/airports"

FAILURES = 3

# Seconds.
FIRST_DELAY, LONGEST_DELAY = 0.03, 0.12

# Timers may fire a little early.
TOLERANCE = 0.01


async def play(stage: Stage) -> None:
    """Lets three attempts fail, and compares what was shown with what was asked."""
    store = stage.store
    await stage.control.fail_next(PATH, FAILURES)

    async def fetch(_key: object) -> Json:
        return await stage.client.get(PATH)

    retry = replace(INSIST, initial_delay=FIRST_DELAY, factor=2.0, max_delay=LONGEST_DELAY)
    oregon = stage.queries.query(("airports of", "OR"), fetch, retry=retry)
    shown: list[tuple[int, int]] = []

    def note(result: QueryResult[Any]) -> None:
        attempt = (result.attempt, result.failure_count)
        if result.is_fetching and attempt not in shown:
            shown.append(attempt)
            has_failed = result.failure_count == result.attempt
            stage.narrator.shown(
                "attempt", "waiting" if has_failed else "loading", f"{result.attempt}{' failed' if has_failed else ''}"
            )

    with store.subscribe(oregon, note), stage.watch_query("oregon", oregon, _in_words):
        note(store.get(oregon))
        await store.get(oregon.loaded)
    requests = stage.client.of(PATH)
    attempts = len(requests)
    stage.summary.queries.retries = attempts - 1
    stage.narrator.shown("attempt", "data", f"{attempts}, after {attempts - 1} failed")
    steps = [step for number in range(1, attempts + 1) for step in ((number, number - 1), (number, number))]
    stage.expect(
        "each attempt was shown, and each failure",
        holds=shown == steps[:-1],
        found=f"attempts and failures: {shown}, {attempts} requests",
    )
    delays = [after.started_at - before.ended_at for before, after in pairwise(requests)]
    least = [min(FIRST_DELAY * 2**number, LONGEST_DELAY) for number in range(attempts - 1)]
    stage.expect(
        "each delay was twice the one before, up to the longest",
        holds=all(delay >= planned - TOLERANCE for delay, planned in zip(delays, least, strict=True)),
        found=f"{delays}",
    )
    await stage.expect_logged("the server has seen the same attempts", PATH, served=1, failed=FAILURES)


def _in_words(found: Json) -> str:
    return f"{len(found['airports'])} airports in {found['state']}"
