"""The server's routes that edit: the watch-list is read, airports on it are changed, added, removed and moved.

An edit that is refused is answered with a status from 400 to 499 and `{"error": …}`, and has changed nothing.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from halflife.demo.watched import BAD_REQUEST, EDITABLE, NOT_FOUND, RefusedError, Watched

watched_key = web.AppKey("watched", Watched)

# The fields of a new airport. The server chooses its code.
_TEXTS = (*EDITABLE, "state", "country")
_NUMBERS = ("latitude", "longitude")


def routes() -> list[web.RouteDef]:
    """The routes, for `add_routes`."""
    return [
        web.get("/watchlist", watch_list),
        web.post("/watchlist", add),
        web.post("/watchlist/{iata}/move", move),
        web.put("/airports/{iata}/{field}", change),
        web.delete("/airports/{iata}", remove),
        web.get("/control/watched", rows),
    ]


async def watch_list(request: web.Request) -> web.Response:
    """`GET /watchlist`: the airports on the list by code, and their order."""
    watched = request.app[watched_key]
    return web.json_response({"order": watched.order(), "airports": {row["iata"]: row for row in watched.rows()}})


async def change(request: web.Request) -> web.Response:
    """`PUT /airports/{iata}/name` (or `city`) with `{"text": …}`: answers with the airport."""
    field = request.match_info["field"]
    if field not in EDITABLE:
        raise RefusedError(NOT_FOUND, f"no field of an airport can be edited as {field!r}")
    body = await _body(request, texts=("text",))
    return web.json_response(request.app[watched_key].change(_code(request), field, body["text"]))


async def add(request: web.Request) -> web.Response:
    """`POST /watchlist` with an airport without code: answers with the airport."""
    body = await _body(request, texts=_TEXTS, numbers=_NUMBERS)
    return web.json_response(request.app[watched_key].add(body), status=201)


async def remove(request: web.Request) -> web.Response:
    """`DELETE /airports/{iata}`: removes an airport."""
    request.app[watched_key].remove(_code(request))
    return web.json_response({})


async def move(request: web.Request) -> web.Response:
    """`POST /watchlist/{iata}/move` with `{"before": …}`, a code or null: answers with the order."""
    before = (await _body(request)).get("before")
    if not isinstance(before, str | None):
        raise RefusedError(BAD_REQUEST, "before must be a code or null")
    before = before and before.upper()
    return web.json_response({"order": request.app[watched_key].move(_code(request), before)})


async def rows(request: web.Request) -> web.Response:
    """`GET /control/watched`: the rows of the list as they are in the database now."""
    return web.json_response({"rows": request.app[watched_key].rows()})


def _code(request: web.Request) -> str:
    return request.match_info["iata"].upper()


async def _body(request: web.Request, *, texts: tuple[str, ...] = (), numbers: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON object of a request, in which these fields are of the right type."""
    try:
        body = json.loads(await request.text())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError(BAD_REQUEST, "the body must be a JSON object")
    for kind, word, fields in ((str, "text", texts), (int | float, "number", numbers)):
        for field in fields:
            if not isinstance(body.get(field), kind):
                raise RefusedError(BAD_REQUEST, f"{field} must be a {word}")
    return body
