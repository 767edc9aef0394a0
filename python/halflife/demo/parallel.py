"""Part: loads that do not depend on each other take as long as the slowest, not as their sum."""

from __future__ import annotations

import asyncio
from typing import Any

from halflife import Atom, derived, family
from halflife.demo.stage import Stage, api

TITLE = "four loads at once"

PATHS = ("/config", "/states", "/states/TX/airports", "/stats/TX")

# Four loads one after the other would have a ratio of about 4.
LARGEST_RATIO = 1.5


@family
def content(path: str) -> Atom[Any]:
    """What is at a path."""

    async def read(get: Any) -> Any:
        return await get(api).get(path)

    return derived(read, name=f"content {path}")


async def play(stage: Stage) -> None:
    """Loads four paths and compares the time with that of the slowest."""
    before = len(stage.client.requests)
    watching = [stage.watch(path, content(path), lambda found: f"{len(found)} items") for path in PATHS]
    # Errors are not raised here: one load that fails must not hide how long the others took.
    await asyncio.gather(*(stage.store.get(content(path)) for path in PATHS), return_exceptions=True)
    requests = stage.client.requests[before:]
    for path in PATHS:
        await stage.insist(content(path))
    for subscription in watching:
        subscription()

    started = min(request.started_at for request in requests)
    ended = max(request.ended_at for request in requests)
    ratio = (ended - started) / max(request.duration for request in requests)
    stage.summary.parallel_ratio = round(ratio, 3)
    stage.expect(
        "they took as long as the slowest one",
        holds=len(requests) == len(PATHS) and ratio < LARGEST_RATIO,
        found=f"{ratio:.2f} times as long, {len(requests)} requests",
    )
