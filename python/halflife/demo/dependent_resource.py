"""Part: a dependent resource. It fetches when its source has a value, and not before."""

from __future__ import annotations

from typing import Any, cast

from halflife import atom, resource
from halflife.demo.client import Json
from halflife.demo.stage import Stage

TITLE = "statistics of a state, once a state is chosen"

chosen = atom(cast("str | None", None), name="chosen")


async def play(stage: Stage) -> None:
    """Chooses a state, refetches, and chooses none."""
    store, client = stage.store, stage.client

    async def fetch(state: str, _info: Any) -> Json:
        return await client.get(f"/stats/{state}")

    statistics = resource(chosen, fetch, name="statistics")

    asked_before = len(client.requests)
    state = store.get(statistics.state)
    stage.expect(
        "nothing is fetched while no state is chosen",
        holds=state == "unresolved" and len(client.requests) == asked_before,
        found=f"{state}, {len(client.requests) - asked_before} requests",
    )
    store.set(chosen, "HI")
    with stage.watch("statistics", statistics, _in_words, keep=True):
        await stage.insist(statistics)
        stage.expect_served("choosing one fetches once", "/stats/HI", 1)
        store.set(statistics.refetch)
        await stage.insist(statistics)
        stage.expect_served("refetching asks again", "/stats/HI", 2)
        state = store.get(statistics.state)
        stage.expect("the resource says it is ready", holds=state == "ready", found=state)
    store.set(chosen, None)
    await store.settled()
    stage.expect_served("choosing none fetches nothing", "/stats/HI", 2)


def _in_words(found: Json) -> str:
    return f"{found['airports']} airports in {found['cities']} cities of {found['state']}"
