"""Part: details by family, and a chain of atoms: selected, airport, its state, its neighbors."""

from __future__ import annotations

import asyncio
from typing import Any

from halflife import Atom, atom, derived, family
from halflife.demo.client import Json
from halflife.demo.connection import ask
from halflife.demo.stage import Stage

TITLE = "an airport by its code, and a chain: airport -> state -> airports of that state"

selected = atom("SAN", name="selected")


@family
def airport(iata: str) -> Atom[Any]:
    """One atom per airport code; all readers of a code share its request."""

    @derived(name=f"airport {iata}")
    async def found(get: Any) -> Json:
        return await ask(get, f"/airports/{iata}")

    return found


@derived
async def details(get: Any) -> Json:
    """The selected airport."""
    found: Json = await get(airport(get(selected)))
    return found


@derived
async def state(get: Any) -> str:
    """The state of the selected airport: a new airport in the same state changes nothing."""
    found: Json = await get(details)
    return str(found["state"])


@derived
async def neighbors(get: Any) -> Json:
    """The airports of that state."""
    return await ask(get, f"/states/{await get(state)}/airports")


def airport_in_words(found: Json) -> str:
    """An airport in one line."""
    return f"{found['iata']} {found['name']}, {found['city']} {found['state']}"


async def play(stage: Stage) -> None:
    """Selects airports and counts the requests."""
    store = stage.store

    async def select(iata: str) -> None:
        store.set(selected, iata)
        await stage.insist(airport(iata))
        await stage.insist(neighbors)
        await stage.narrator.pause()

    with (
        stage.watch("details", details, airport_in_words, keep=True),
        stage.watch("neighbors", neighbors, _count, keep=True),
    ):
        await select("SAN")
        readers = await asyncio.gather(*(store.get(airport("SAN")) for _ in range(10)))
        different = len({id(found) for found in readers})
        stage.expect("ten more readers get one object", holds=different == 1, found=f"{different}")
        stage.expect_served("from one request", "/airports/SAN", 1)
        await select("LAX")
        stage.expect_served("LAX is in the same state: no new neighbors", "/states/CA/airports", 1)
        await select("JFK")
        state = (await store.get(neighbors))["state"]
        stage.expect("JFK is not: the chain followed", holds=state == "NY", found=state)
        await select("SAN")
        stage.expect_served("back at SAN: its details were still there", "/airports/SAN", 1)


def _count(found: Json) -> str:
    return f"{len(found['airports'])} airports in {found['state']}"
