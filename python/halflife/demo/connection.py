"""The atoms through which the demo's other atoms reach the server: each store has a client of its own."""

from __future__ import annotations

from typing import Any, cast

from halflife import atom, derived
from halflife.demo.client import AirportsClient, Json

connection = atom(cast("AirportsClient | None", None), name="connection")


@derived
def api(get: Any) -> AirportsClient:
    """The client of the store that is read.

    Raises `LookupError` when `connection` was not set in that store.
    """
    client: AirportsClient | None = get(connection)
    if client is None:
        raise LookupError("this store has no client: store.set(connection, client) first")
    return client


async def ask(get: Any, path: str, **parameters: str | int) -> Json:
    """The server's answer, for a read that is given `get`. Raises `ApiError`."""
    client: AirportsClient = get(api)
    return await client.get(path, **parameters)
