"""The connection of the demo's atoms and edits to the server: each store has its own client."""

from __future__ import annotations

from typing import Any, cast

from halflife import Retry, Store, atom, derived
from halflife.demo.client import AirportsClient, ApiError, Json

# The most attempts before the demo gives up on a server that keeps failing.
ATTEMPTS = 12


def may_help(error: Exception, _attempt: int) -> bool:
    """Whether to ask again: after a failure of the server, and not after a refusal."""
    return isinstance(error, ApiError) and not error.refused


# The queries of the demo ask again at once.
INSIST = Retry(max_retries=ATTEMPTS - 1, initial_delay=0.0, retry_if=may_help)

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


async def send(store: Store, method: str, path: str, **body: Any) -> Json:
    """The server's answer to an edit, which is sent again after each failure of the server.

    The demo's server fails before it does anything, so an edit is never done twice. Raises the
    `ApiError` of an edit that was refused, and the last one after 12 attempts.
    """
    client: AirportsClient = store.get(api)
    for _ in range(ATTEMPTS - 1):
        try:
            return await client.send(method, path, **body)
        except ApiError as error:
            if error.refused:
                raise
    return await client.send(method, path, **body)
