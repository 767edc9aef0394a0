"""Part: loads that do not depend on each other take as long as the slowest, not as their sum."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

from halflife import Atom, derived, family
from halflife.demo.client import Json
from halflife.demo.connection import ask
from halflife.demo.stage import Stage

TITLE = "four loads at once"

PATHS = ("/config", "/states", "/states/TX/airports", "/stats/TX")

# Four loads one after the other would have a ratio of about 4.
LARGEST_RATIO = 2.0

# Seconds. If the server answers sooner, the ratio is mostly noise of the machine.
SHORTEST_LATENCY = 0.05


@family
def content(path: str) -> Atom[Any]:
    """The data at a path."""

    @derived(name=f"content {path}")
    async def found(get: Any) -> Json:
        return await ask(get, path)

    return found


async def play(stage: Stage) -> None:
    """Loads four paths and compares the time with that of the slowest."""
    before = len(stage.client.requests)
    with ExitStack() as watching:
        for path in PATHS:
            watching.enter_context(stage.watch(path, content(path), ", ".join))
        # Errors are not raised here: one load that fails must not hide how long the others took.
        await asyncio.gather(*(stage.store.get(content(path)) for path in PATHS), return_exceptions=True)
        requests = stage.client.requests[before:]
        for path in PATHS:
            await stage.insist(content(path))

    started = [request.started_at for request in requests]
    ended = [request.ended_at for request in requests]
    stage.expect(
        "all four were under way at the same time",
        holds=len(requests) == len(PATHS) and max(started) < min(ended),
        found=f"{len(requests)} requests, from {started} to {ended}",
    )
    ratio = (max(ended) - min(started)) / max(request.duration for request in requests)
    stage.summary.parallel_ratio = round(ratio, 3)
    if stage.summary.options.latency >= SHORTEST_LATENCY:
        stage.expect(
            "they took as long as the slowest one",
            holds=ratio < LARGEST_RATIO,
            found=f"{ratio:.2f} times as long",
        )
