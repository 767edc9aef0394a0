"""The client's side of the HTTP API, and its own count of the outcomes of requests."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

import aiohttp

# Every answer of the server is a JSON object.
Json: TypeAlias = dict[str, Any]

FIRST_ERROR = 400
FIRST_SERVER_ERROR = 500


def request_key(method: str, path: str) -> str:
    """The key of a request: its path, with the method before it if the method is not GET."""
    return path if method == "GET" else f"{method} {path}"


class ApiError(Exception):
    """The server answered with an error, or not at all. `status` is None without an answer."""

    def __init__(self, path: str, status: int | None, message: str) -> None:
        super().__init__(f"{path}: {message}" if status is None else f"{path}: {status} {message}")
        self.path = path
        self.status = status

    @property
    def refused(self) -> bool:
        """Whether the server has refused the request; sending it again would not help."""
        return self.status is not None and FIRST_ERROR <= self.status < FIRST_SERVER_ERROR


@dataclass
class Request:
    """One request as the client saw it; `outcome` is one of the server log's words.

    `started_at` and `ended_at` are seconds of one monotonic clock, `status` is None without an answer.
    """

    path: str
    outcome: str
    started_at: float
    ended_at: float
    method: str = "GET"
    status: int | None = None

    @property
    def key(self) -> str:
        """The key of the request, such as `/config` or `DELETE /airports/ORD`."""
        return request_key(self.method, self.path)

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.ended_at - self.started_at


class AirportsClient:
    """A client of the demo's server; `requests` has every request that ended.

    >>> async def airport(url):
    ...     async with AirportsClient(url) as client:
    ...         return await client.get("/airports/SAN")
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, **parameters: str | int) -> Json:
        """The decoded answer of `GET path?parameters`.

        Raises `ApiError` for an answer of 400 and above and when the connection fails. When
        the task is cancelled the connection is closed, so that the server sees the hang-up.
        """
        return await self._request("GET", path, parameters, None)

    async def send(self, method: str, path: str, **body: Any) -> Json:
        """The decoded answer of a request that edits, with `body` as its JSON. Raises as `get` does."""
        return await self._request(method, path, {}, body)

    def counts(self) -> dict[str, int]:
        """The numbers of requests that were served, cancelled and failed."""
        outcomes = [request.outcome for request in self.requests]
        return {word: outcomes.count(word) for word in ("served", "cancelled", "failed")}

    def edits(self) -> dict[str, int]:
        """The numbers of edits that were accepted and refused."""
        statuses = [request.status for request in self.requests if request.method != "GET"]
        answered = [status for status in statuses if status is not None and status < FIRST_SERVER_ERROR]
        refused = sum(status >= FIRST_ERROR for status in answered)
        return {"accepted": len(answered) - refused, "refused": refused}

    def of(self, key: str, outcome: str | None = None) -> list[Request]:
        """The requests for `key` (that ended as `outcome`), in the order they ended.

        A key is a path, with the method before it where it is not GET.
        """
        return [request for request in self.requests if request.key == key and outcome in (None, request.outcome)]

    async def close(self) -> None:
        """Closes the connections. Closing again does nothing."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AirportsClient {self.url}>"

    async def _request(self, method: str, path: str, parameters: dict[str, str | int], body: Json | None) -> Json:
        request = Request(path, "pending", time.monotonic(), 0.0, method)
        try:
            status, answer = await self._exchange(method, path, parameters, body)
        except asyncio.CancelledError:
            request.outcome = "cancelled"
            raise
        except (aiohttp.ClientError, TimeoutError) as error:
            request.outcome = "failed"
            raise ApiError(request.key, None, f"{type(error).__name__}: {error}") from error
        else:
            request.outcome = "failed" if status >= FIRST_SERVER_ERROR else "served"
            request.status = status
        finally:
            request.ended_at = time.monotonic()
            self.requests.append(request)
        if status >= FIRST_ERROR:
            raise ApiError(request.key, status, answer["error"])
        return answer

    async def _exchange(
        self, method: str, path: str, parameters: dict[str, str | int], body: Json | None
    ) -> tuple[int, Json]:
        if self._session is None:  # Made here, because it needs a running loop.
            self._session = aiohttp.ClientSession()
        async with self._session.request(method, self.url + path, params=parameters, json=body) as response:
            return response.status, await response.json()
