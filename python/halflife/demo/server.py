"""The demo's server: a small HTTP API over the airports, run as a process of its own.

The routes that edit are in `edit_routes.py`.

`python -m halflife.demo.server` listens on a free port of 127.0.0.1, prints one line of JSON
(`{"port": …, "airports": …}`, or `{"error": …}`) and serves until its standard input ends,
which it does when the parent closes it or dies.

Routes under `/control` and `/log` steer and observe the server; they take no time, never fail
and are not in the request log. All others are logged and subject to the `Faults`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from halflife.demo import edit_routes
from halflife.demo.client import FIRST_SERVER_ERROR, request_key
from halflife.demo.database import Database
from halflife.demo.faults import Faults
from halflife.demo.request_log import RequestLog
from halflife.demo.watched import BAD_REQUEST, RefusedError, Watched

HOST = "127.0.0.1"
LIMIT = 100
DIRECTORY_LIMIT = 1000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

database_key = web.AppKey("database", Database)
faults_key = web.AppKey("faults", Faults)
log_key = web.AppKey("log", RequestLog)


def make_app(database: Database, faults: Faults, log: RequestLog) -> web.Application:
    """The application: routes, request log and faults over one database."""
    app = web.Application(middlewares=[observed])
    app[database_key] = database
    app[faults_key] = faults
    app[log_key] = log
    app[edit_routes.watched_key] = Watched(database.connection)
    app.add_routes(edit_routes.routes())
    app.add_routes(
        [
            web.get("/config", config),
            web.get("/airports", search),
            web.get("/airports/{iata}", airport),
            web.get("/directory", directory),
            web.get("/states", states),
            web.get("/states/{state}/airports", airports_of_state),
            web.get("/stats/{state}", statistics),
            web.get("/log", read_log),
            web.post("/control/fail", fail_next),
            web.post("/control/failure-rate", set_failure_rate),
            web.post("/control/hold", hold),
            web.post("/control/release", release),
            web.get("/control/received", received),
        ]
    )
    return app


@web.middleware
async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Logs each request of the API, delays it, and makes it fail where the faults say so."""
    path = request.path
    if path == "/log" or path.startswith("/control/"):
        return await _steer(request, handler)
    faults, log = request.app[faults_key], request.app[log_key]
    key = request_key(request.method, path)
    entry = log.open(request.method, path, request.query_string)
    faults.enter(key)
    outcome, status = "failed", None
    try:
        await faults.delay(key)
        response = await _answer(request, handler, faults)
        status = response.status
        outcome = "failed" if status >= FIRST_SERVER_ERROR else "served"
    except asyncio.CancelledError:
        # The client hung up: that is when a handler is cancelled (`handler_cancellation` below).
        outcome = "cancelled"
        raise
    finally:
        log.close(entry, outcome, status)
        faults.leave()
    return response


async def _steer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (KeyError, ValueError) as error:
        return _problem(BAD_REQUEST, f"missing or wrong parameter: {error}")


async def _answer(request: web.Request, handler: Handler, faults: Faults) -> web.StreamResponse:
    failure = faults.failure(request_key(request.method, request.path), request_key(request.method, request.path_qs))
    if failure is not None:
        return _problem(FIRST_SERVER_ERROR, failure)
    try:
        return await handler(request)
    except RefusedError as refused:
        return _problem(refused.status, str(refused))
    except web.HTTPException as error:
        return _problem(error.status, error.reason)


def _problem(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)


async def config(request: web.Request) -> web.Response:
    """`GET /config`: the settings that a client needs before any other request."""
    database = request.app[database_key]
    return web.json_response(
        {
            "airports": database.count(),
            "states": len(database.states()),
            "page_size": 20,
            "page_limit": LIMIT,
        }
    )


async def search(request: web.Request) -> web.Response:
    """`GET /airports?q=text&limit=20`: airports by code, name or city."""
    limit = _limit(request, LIMIT)
    return web.json_response(request.app[database_key].search(request.query.get("q", ""), limit))


async def directory(request: web.Request) -> web.Response:
    """`GET /directory?after=SAN&limit=20`: all airports by code, in pages; `next` is the `after` of the next page."""
    limit = _limit(request, DIRECTORY_LIMIT)
    return web.json_response(request.app[database_key].page(request.query.get("after", ""), limit))


def _limit(request: web.Request, most: int) -> int:
    try:
        limit = int(request.query.get("limit", "20"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= most:
        raise RefusedError(BAD_REQUEST, f"limit must be a whole number from 1 to {most}")
    return limit


async def airport(request: web.Request) -> web.Response:
    """`GET /airports/{iata}`: one airport."""
    iata = request.match_info["iata"]
    found = request.app[database_key].airport(iata)
    if found is None:
        return _problem(404, f"no airport has the code {iata!r}")
    return web.json_response(found)


async def states(request: web.Request) -> web.Response:
    """`GET /states`: every state and its number of airports."""
    return web.json_response({"states": request.app[database_key].states()})


async def airports_of_state(request: web.Request) -> web.Response:
    """`GET /states/{state}/airports`: the airports of one state."""
    state = request.match_info["state"]
    found = request.app[database_key].airports_of(state)
    if not found:
        return _problem(404, f"no state is called {state!r}")
    return web.json_response({"state": state.upper(), "airports": found})


async def statistics(request: web.Request) -> web.Response:
    """`GET /stats/{state}`: counts and reach of one state."""
    state = request.match_info["state"]
    found = request.app[database_key].statistics_of(state)
    if found is None:
        return _problem(404, f"no state is called {state!r}")
    return web.json_response(found)


async def read_log(request: web.Request) -> web.Response:
    """`GET /log?wait=5`: the request log, once no request is in progress (or `wait` seconds on)."""
    faults, log = request.app[faults_key], request.app[log_key]
    await faults.wait_quiet(float(request.query.get("wait", "5")))
    return web.json_response({"counts": log.counts(), "edits": log.edits(), "requests": log.entries()})


async def fail_next(request: web.Request) -> web.Response:
    """`POST /control/fail?path=/config&times=1`: the next requests for a path fail."""
    times = int(request.query.get("times", "1"))
    request.app[faults_key].fail_next(request.query["path"], times)
    return web.json_response({})


async def set_failure_rate(request: web.Request) -> web.Response:
    """`POST /control/failure-rate?rate=0.5`: from now on this share of the requests fails."""
    request.app[faults_key].set_failure_rate(float(request.query["rate"]))
    return web.json_response({})


async def hold(request: web.Request) -> web.Response:
    """`POST /control/hold?path=/airports`: answers for a path wait until released."""
    request.app[faults_key].hold(request.query["path"])
    return web.json_response({})


async def release(request: web.Request) -> web.Response:
    """`POST /control/release?path=/airports`: the answers that were held go out."""
    request.app[faults_key].release(request.query["path"])
    return web.json_response({})


async def received(request: web.Request) -> web.Response:
    """`GET /control/received?path=/airports&count=3`: answers once so many were received."""
    path, count = request.query["path"], int(request.query["count"])
    await request.app[faults_key].wait_received(path, count)
    return web.json_response({"received": request.app[faults_key].received[path]})


async def serve_until_end_of_input(path: Path, faults: Faults) -> None:
    """Serves the airports of the file at `path` until standard input ends."""
    database = Database(path)
    try:
        app = make_app(database, faults, RequestLog(database.connection))
        # Without `handler_cancellation` a handler runs to its end for a client that is gone.
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0).start()
            _tell({"port": runner.addresses[0][1], "airports": database.count()})
            await _end_of_input()
            # Python 3.12 and later complain of a server that closes while it accepts a connection
            # (python/cpython#109564); nobody asks for another one any more.
            await asyncio.sleep(0.02)
        finally:
            await runner.cleanup()
    finally:
        database.close()


async def _end_of_input() -> None:
    """Returns when standard input ends.

    A thread reads, since not every platform's event loop can wait for a pipe it was handed.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, name="end of input", daemon=True).start()
    await ended.wait()


def _tell(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def main() -> int:
    """Runs the server process; returns its exit code."""
    # Ctrl-C reaches every process of the terminal. The parent decides; this one sees its
    # input end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="halflife.demo.server")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--failure-rate", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database", type=Path)
    options = parser.parse_args()
    faults = Faults(options.latency, options.failure_rate, options.seed)
    with tempfile.TemporaryDirectory(prefix="halflife-demo-") as folder:
        path = options.database or Path(folder) / "airports.sqlite"
        try:
            asyncio.run(serve_until_end_of_input(path, faults))
        except Exception as error:
            _tell({"error": f"{type(error).__name__}: {error}"})
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
