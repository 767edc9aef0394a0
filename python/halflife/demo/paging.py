"""Part: an infinite query. It loads all airports page by page, and tells how many there are so far."""

from __future__ import annotations

import asyncio
from typing import Any

from halflife import Page
from halflife.demo.client import Json
from halflife.demo.stage import Stage

TITLE = "all airports, page by page, with progress"

PATH = "/directory"
PAGE_SIZE = 700


async def play(stage: Stage) -> None:
    """Loads two pages, then all, and counts the airports and the requests."""
    store, queries = stage.store, stage.summary.queries

    async def fetch_page(cursor: str | None) -> Page[Json]:
        answer = await stage.client.get(PATH, limit=PAGE_SIZE, after=cursor or "")
        return Page(answer["airports"], answer["next"], total=answer["total"])

    directory = stage.queries.infinite("directory", fetch_page, item_key=_code, name="directory")
    loaded: list[int] = []

    def show(progress: Any) -> None:
        loaded.append(progress.items)
        state = "data" if progress.items == progress.total else "loading"
        stage.narrator.shown("directory", state, f"{progress.items} of {progress.total}")

    with store.subscribe(directory.progress, show):
        await store.get(directory.loaded)
        await asyncio.gather(directory.load_more(), directory.load_more())
        stage.expect_served("load_more, called twice at once, loads one more page", PATH, 2)
        await stage.narrator.pause()
        airports = await directory.fetch_all()
    queries.pages, queries.airports = len(store.get(directory.pages)), len(airports)

    codes = {_code(airport) for airport in airports}
    total = store.get(directory.progress).total
    stage.expect(
        "fetch_all gives every airport, and each once",
        holds=len(codes) == len(airports) == total,
        found=f"{len(airports)} airports with {len(codes)} codes, of {total}",
    )
    stage.expect(
        "the progress has shown each page as it came",
        holds=loaded == [*range(PAGE_SIZE, len(airports), PAGE_SIZE), len(airports)],
        found=f"{loaded}",
    )
    await stage.expect_logged("each page was asked for once", PATH, served=queries.pages)


def _code(airport: Json) -> str:
    return str(airport["iata"])
