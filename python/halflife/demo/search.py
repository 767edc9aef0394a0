"""Part: rapid typing. Each letter supersedes the search before it, whose request is cancelled."""

from __future__ import annotations

from typing import Any

from halflife import HasData, atom, derived, loadable
from halflife.demo.client import Json
from halflife.demo.connection import ask
from halflife.demo.stage import Stage

TITLE = "type a city, letter by letter, faster than the server answers"

PATH = "/airports"
TYPED = "San D"

query = atom("", name="query")


@derived
async def search(get: Any) -> Json:
    """The airports that match the query."""
    return await ask(get, PATH, q=get(query), limit=5)


def found_in_words(found: Json) -> str:
    """An answer of the search in one line."""
    first = found["airports"][0]
    return f"{found['total']} for {found['query']!r}, first {first['iata']} {first['name']}"


async def play(stage: Stage) -> None:
    """Types, and checks the results shown, the requests cancelled by the client, and the server's log."""
    store = stage.store
    shown: list[str] = []

    def note(state: Any) -> None:
        if isinstance(state, HasData):
            shown.append(state.data["query"])

    await stage.control.hold(PATH)
    store.set(query, TYPED[:1])
    with (
        stage.watch("query", query, repr),
        stage.watch("search", search, found_in_words),
        store.subscribe(loadable(search), note),
    ):
        await _type(stage)
        found = await stage.insist(search)

    superseded = len(TYPED) - 1
    cancelled = len(stage.client.of(PATH, "cancelled"))
    stage.expect(
        f"{superseded} superseded searches were cancelled",
        holds=cancelled == superseded,
        found=f"{cancelled} were",
    )
    log = await stage.control.log()
    hung_up = [request for request in log["requests"] if request["path"] == PATH and request["outcome"] == "cancelled"]
    stage.expect(
        f"the server saw the client hang up {superseded} times",
        holds=len(hung_up) == superseded,
        found=f"{len(hung_up)} times",
    )
    answer = found["query"]
    stage.expect(f"the answer is for {TYPED!r}", holds=answer == TYPED, found=f"for {answer!r}")
    stage.expect("no superseded answer was ever shown", holds=set(shown) == {TYPED}, found=f"shown: {shown}")


async def _type(stage: Stage) -> None:
    """Types letter by letter, each as soon as the server has received the search for the last.

    The server holds its answers meanwhile: on the slowest machine too, typing is faster.
    """
    try:
        for length in range(1, len(TYPED) + 1):
            stage.store.set(query, TYPED[:length])
            await stage.control.received(PATH, length)
            await stage.narrator.pause()
    finally:
        await stage.control.release(PATH)
