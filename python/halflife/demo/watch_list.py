"""The watch-list as the client shows it: the data of the server, with the pending edits over it.

Each edit is visible at once and sent to the server. If the server refuses it, only this edit is rolled back.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from halflife import (
    HasData,
    Lens,
    SagaHandle,
    Store,
    derived,
    editable,
    family,
    lens,
    loadable,
    pending_at,
    refreshable,
)
from halflife.demo.client import Json
from halflife.demo.connection import ask, send

# The label of a row, its state, and its text.
Rows: TypeAlias = dict[str, tuple[str, str]]


@refreshable
async def published(get: Any) -> Json:
    """The watch-list as the server has it: `order`, a list of codes, and `airports`, by code."""
    return await ask(get, "/watchlist")


watch_list = editable(published, name="watch-list")


@family
def row(iata: str) -> Lens[Any]:
    """One airport on the list."""

    def airport(shown: Json) -> Any:
        return shown["airports"][iata]

    return lens(watch_list, airport, name=f"row {iata}")


@derived
def rows(get: Any) -> Rows:
    """The screen: the order, and each airport with a mark while an edit of it is pending."""
    shown: Json = get(watch_list)
    fetched = get(loadable(published))
    known: Json = fetched.data if isinstance(fetched, HasData) else fetched.previous
    found = {"order": ("saving" if get(pending_at(watch_list, "order")) else "saved", " ".join(shown["order"]))}
    for code in {**known["airports"], **shown["airports"]}:
        pending = get(pending_at(watch_list, "airports", code))
        airport = shown["airports"].get(code)
        if airport is not None:
            found[code] = ("saving" if pending else "saved", f"{airport['name'] or '(no name)'}, {airport['city']}")
        elif pending:
            found[code] = ("removing", "")
    return found


def rename(store: Store, iata: str, name: str) -> SagaHandle[Json]:
    """Gives an airport another name."""
    return _change(store, iata, "name", name)


def relocate(store: Store, iata: str, city: str) -> SagaHandle[Json]:
    """Gives an airport another city."""
    return _change(store, iata, "city", city)


def remove(store: Store, iata: str) -> SagaHandle[Json]:
    """Removes an airport."""

    def take_off(shown: Json) -> None:
        shown["order"].remove(iata)
        del shown["airports"][iata]

    async def save(_shown: Json) -> Json:
        return await send(store, "DELETE", f"/airports/{iata}")

    return store.mutate(watch_list, take_off, save)


def move(store: Store, iata: str, before: str) -> SagaHandle[Json]:
    """Moves an airport to before another one. Moves are sent one after another: their order counts."""

    def rearrange(shown: Json) -> None:
        order = shown["order"]
        order.remove(iata)
        order.insert(order.index(before), iata)

    async def save(_shown: Json) -> Json:
        return await send(store, "POST", f"/watchlist/{iata}/move", before=before)

    return store.mutate(watch_list, rearrange, save, scope="order")


def add(store: Store, temporary: str, airport: Json) -> SagaHandle[Json]:
    """Adds an airport to the end, under a temporary code until the server has given it one."""

    def put_on(shown: Json) -> None:
        shown["order"].append(temporary)
        shown["airports"][temporary] = {"iata": temporary, **airport}

    async def save(_shown: Json) -> Json:
        return await send(store, "POST", "/watchlist", **airport)

    def use_code(shown: Json, saved: Json) -> None:
        order, airports = shown["order"], shown["airports"]
        order[order.index(temporary)] = saved["iata"]
        del airports[temporary]
        airports[saved["iata"]] = saved

    return store.mutate(watch_list, put_on, save, use_code)


def _change(store: Store, iata: str, field: str, text: str) -> SagaHandle[Json]:
    def edit(airport: Json) -> None:
        airport[field] = text

    async def save(_airport: Json) -> Json:
        return await send(store, "PUT", f"/airports/{iata}/{field}", text=text)

    return store.mutate(row(iata), edit, save)
