"""Part: the server fails; the error is shown as a value with the last data; a refresh recovers."""

from __future__ import annotations

from typing import Any

from halflife import HasData, HasError, loadable, refreshable
from halflife.demo.client import FIRST_SERVER_ERROR, ApiError, Json
from halflife.demo.connection import ask
from halflife.demo.stage import Stage

TITLE = "the server is told to fail, then a refresh"

PATH = "/stats/AK"


@refreshable
async def alaska(get: Any) -> Json:
    """Statistics of Alaska; setting it without a value loads them again."""
    return await ask(get, PATH)


async def play(stage: Stage) -> None:
    """Loads, fails, recovers."""
    store = stage.store
    with stage.watch("alaska", alaska, _in_words):
        first = await stage.insist(alaska)
        await stage.narrator.pause()
        await stage.control.fail_next(PATH)
        store.set(alaska)
        try:
            await store.get(alaska)
            status = None
        except ApiError as error:
            status = error.status
        stage.expect(
            "awaiting it raises the server's error",
            holds=status == FIRST_SERVER_ERROR,
            found=f"status {status}",
        )
        shown = store.get(loadable(alaska))
        stage.expect(
            "its loadable is HasError and keeps the last data",
            holds=isinstance(shown, HasError) and shown.previous == first,
            found=f"{shown!r}",
        )
        await stage.narrator.pause()
        store.refresh(alaska)
        await stage.insist(alaska)
        shown = store.get(loadable(alaska))
        stage.expect(
            "a refresh brings the data back",
            holds=isinstance(shown, HasData) and shown.data == first,
            found=f"{shown!r}",
        )


def _in_words(found: Json) -> str:
    return f"{found['airports']} airports in {found['cities']} cities"
