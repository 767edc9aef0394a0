"""The HTTP clients that a program has, httpx and aiohttp, with one face; and a server whose answers a test controls."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import httpx
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

#: Far longer than anything takes; it ends a test that waits for what never comes.
PATIENCE = 60


class Answer:
    """What an HTTP client got."""

    def __init__(self, status: int, headers: dict[str, str], text: str, check: Callable[[], object]) -> None:
        self.status = status
        self.headers = headers
        self.text = text
        self._check = check

    def data(self) -> Any:
        """The data of a good answer; raises the client's own error for a bad status."""
        self._check()
        return json.loads(self.text)


class HttpxUser:
    """A program that uses httpx."""

    #: The errors of a connection that breaks off.
    broken: tuple[type[Exception], ...] = (httpx.TransportError,)
    #: The error of a bad status.
    refused = httpx.HTTPStatusError

    def __init__(self, address: str) -> None:
        self._session = httpx.AsyncClient(base_url=address, timeout=PATIENCE, trust_env=False)

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """GET, and read the body."""
        got = await self._session.get(path, headers=headers)
        return Answer(
            got.status_code,
            {name.lower(): value for name, value in got.headers.items()},
            got.text,
            got.raise_for_status,
        )

    async def lines(self, path: str) -> AsyncIterator[str]:
        """The lines of a body, as they come."""
        async with self._session.stream("GET", path) as got:
            async for line in got.aiter_lines():
                yield line

    @staticmethod
    def header_of(error: Any, name: str) -> str:
        """A header of the answer with a bad status."""
        return str(error.response.headers[name])

    async def close(self) -> None:
        """Close the connections."""
        await self._session.aclose()


class AiohttpUser:
    """A program that uses aiohttp."""

    broken: tuple[type[Exception], ...] = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)
    refused = aiohttp.ClientResponseError

    def __init__(self, address: str) -> None:
        self._session = aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(PATIENCE))

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """GET, and read the body."""
        async with self._session.get(path, headers=headers) as got:
            text = await got.text()
            found = {name.lower(): value for name, value in got.headers.items()}
            return Answer(got.status, found, text, got.raise_for_status)

    async def lines(self, path: str) -> AsyncIterator[str]:
        """The lines of a body, as they come."""
        async with self._session.get(path) as got:
            async for line in got.content:
                yield line.decode().rstrip()

    @staticmethod
    def header_of(error: Any, name: str) -> str:
        """A header of the answer with a bad status."""
        return str(error.headers[name])

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


class Gate:
    """A point in a handler of the server that the test waits for, and at which it holds the handler."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    def hold(self) -> None:
        """Called by the handler: wait until the test opens the gate."""
        self._reached.set()
        assert self._opened.wait(PATIENCE)

    def tell(self) -> None:
        """Called by the handler: it got here, and goes on."""
        self._reached.set()

    async def reached(self) -> None:
        """Called by the test: wait until the handler is here."""
        assert await asyncio.to_thread(self._reached.wait, PATIENCE)

    def open(self) -> None:
        """Called by the test: let the handler go on."""
        self._opened.set()


class Service:
    """A real HTTP server. `on` gives the answers of a path one after another; the last one is for all later ones."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._gates: list[Gate] = []
        self._lock = threading.Lock()
        #: The requests in the order in which the server got them.
        self.requests: list[Request] = []

    @property
    def address(self) -> str:
        """The address without a path."""
        return self._server.url_for("").rstrip("/")

    def on(self, path: str, *answers: Any) -> None:
        """Answer requests of a path: each answer is data for JSON, a `Response`, or a function of the request."""
        left = list(answers)

        def handle(request: Request) -> Response:
            with self._lock:
                self.requests.append(request)
                answer = left.pop(0) if len(left) > 1 else left[0]
            answer = answer(request) if callable(answer) and not isinstance(answer, Response) else answer
            if isinstance(answer, Response):
                return answer
            return Response(json.dumps(answer), content_type="application/json")

        self._server.expect_request(path).respond_with_handler(handle)

    def gate(self) -> Gate:
        """A gate that is open at the end of the test."""
        gate = Gate()
        self._gates.append(gate)
        return gate

    def open_gates(self) -> None:
        """Let all handlers end."""
        for gate in self._gates:
            gate.open()


def failure(status: int, **headers: str) -> Callable[[Request], Response]:
    """An answer with a bad status."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Response("no", status=status, headers=given)


def text(body: str) -> Callable[[Request], Response]:
    """An answer of just this text, said to be JSON."""
    return lambda _: Response(body, content_type="application/json")


def reset_connection(request: Request) -> Response:
    """Break the connection off (TCP reset) in the place of an answer."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The server's own socket becomes one that has ended, so that the thread of the connection ends in peace.
    ended, other = socket.socketpair()
    os.dup2(ended.fileno(), connection.fileno())
    ended.close()
    other.close()
    raise ConnectionResetError("by the test")


def pieces(*body: str | Gate, length: int | None = None) -> Callable[[Request], Response]:
    """A body that is sent piece by piece and waits at each gate; `length` may promise more than there is."""

    def made() -> Iterator[bytes]:
        for piece in body:
            if isinstance(piece, Gate):
                piece.hold()
            else:
                yield piece.encode()

    headers = {"Content-Length": str(length)} if length is not None else {}
    return lambda _: Response(made(), content_type="application/json", headers=headers)


def wait_for_hang_up(arrived: Gate, hung_up: Gate) -> Callable[[Request], Response]:
    """Never answer; tell when the request has arrived, and when the client has closed the connection."""

    def handle(request: Request) -> Response:
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.settimeout(PATIENCE)
        arrived.tell()
        with suppress(ConnectionError):
            assert connection.recv(1) == b""
        hung_up.tell()
        raise ConnectionAbortedError("by the client")

    return handle
