"""Part: a prefetch while the pointer rests on a row; what it has fetched is there when the row is opened."""

from __future__ import annotations

from halflife.demo.client import Json
from halflife.demo.details import airport_in_words
from halflife.demo.stage import Stage

TITLE = "the pointer rests on a row, and its airport is there before the row is opened"

# Seconds. A real pointer rests longer.
DELAY = 0.05

# The keys of the three rows.
PASSED = ("airport", "BOS")
LEFT = ("airport", "DEN")
OPENED = ("airport", "SEA")


def path_of(key: tuple[str, str]) -> str:
    """The path of the airport with this key."""
    _kind, iata = key
    return f"/airports/{iata}"


async def play(stage: Stage) -> None:
    """Moves the pointer over three rows, and opens the last one."""
    client, control, queries = stage.client, stage.control, stage.queries

    async def fetch(key: tuple[str, str]) -> Json:
        return await client.get(path_of(key))

    passed, left, opened = (queries.hover(key, fetch, delay=DELAY) for key in (PASSED, LEFT, OPENED))
    passed.enter()
    passed.leave()
    await control.hold(path_of(LEFT))
    try:
        left.enter()
        await control.received(path_of(LEFT), 1)
        left.leave()
        await stage.expect_logged(
            "the pointer leaves, and its prefetch is cancelled", path_of(LEFT), served=0, cancelled=1
        )
    finally:
        await control.release(path_of(LEFT))
    asked = await control.received(path_of(PASSED), 0)
    stage.expect("a pointer that only passes has fetched nothing", holds=asked == 0, found=f"{asked} requests")

    opened.enter()
    await control.received(path_of(OPENED), 1)
    await queries.fetch(OPENED, fetch)
    await stage.narrator.pause()
    airport = queries.query(OPENED, fetch)
    with stage.watch_query("opened", airport, airport_in_words):
        result = stage.store.get(airport)
        stage.expect(
            "the row that is opened shows its airport at once",
            holds=result.status == "success" and not result.is_fetching,
            found=f"{result!r}",
        )
    await stage.expect_logged("from the request of the prefetch, and no other", path_of(OPENED), served=1)
