"""Steers the demo's server from outside: tell it to fail, to hold answers; read its log."""

from __future__ import annotations

from typing import Any

import aiohttp

# Longer than anything the server waits for; without it a demo that broke would wait for ever.
_LONGEST_WAIT = aiohttp.ClientTimeout(total=15.0)


class Control:
    """The control routes of the server at `url`. None of its requests are in the server's log.

    The key of a request that is not a GET begins with its method: `"DELETE /airports/ORD"`.

    >>> async def break_config(url):
    ...     await Control(url).fail_next("/config")
    """

    def __init__(self, url: str) -> None:
        self.url = url

    async def fail_next(self, path: str, times: int = 1) -> None:
        """Makes the next `times` requests for `path` fail with status 500."""
        await self._call("POST", "/control/fail", path=path, times=times)

    async def set_failure_rate(self, failure_rate: float) -> None:
        """Changes the share of requests that fail by chance, from 0 to 1, for all that are answered from now on."""
        await self._call("POST", "/control/failure-rate", rate=str(failure_rate))

    async def hold(self, path: str) -> None:
        """Lets requests for `path` wait until `release(path)`."""
        await self._call("POST", "/control/hold", path=path)

    async def release(self, path: str) -> None:
        """Lets the requests for `path` be answered again."""
        await self._call("POST", "/control/release", path=path)

    async def received(self, path: str, count: int) -> int:
        """Waits until the server has received `count` requests for `path`; returns how many.

        Raises `TimeoutError` when they have not come after 15 seconds.
        """
        answer = await self._call("GET", "/control/received", path=path, count=count)
        return int(answer["received"])

    async def watched(self) -> list[dict[str, Any]]:
        """The rows of the watch-list as they are in the server's database, in their order."""
        answer = await self._call("GET", "/control/watched")
        rows: list[dict[str, Any]] = answer["rows"]
        return rows

    async def log(self, wait: float = 5.0) -> dict[str, Any]:
        """The server's request log once no request is in progress, `wait` seconds at the most.

        `counts` maps served, cancelled and failed to numbers, `edits` accepted and refused;
        `requests` lists the entries.
        """
        answer: dict[str, Any] = await self._call("GET", "/log", wait=str(wait))
        return answer

    async def _call(self, method: str, route: str, /, **parameters: str | int) -> Any:
        # A session for each call: a control request must never wait behind the client's own.
        async with (
            aiohttp.ClientSession(raise_for_status=True, timeout=_LONGEST_WAIT) as session,
            session.request(method, self.url + route, params=parameters) as response,
        ):
            return await response.json()
