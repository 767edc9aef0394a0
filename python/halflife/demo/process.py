"""The demo's server seen from its parent: starting the process, its address, its end.

Notebooks and tests use `serve()`. The process ends with the `with` block, with
`stop()`, or when the parent dies, because its standard input then ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from halflife.demo.client import AirportsClient
from halflife.demo.control import Control

_SECONDS_TO_END = 10.0


class DemoServer:
    """A server process with the airports. Made by `serve()`.

    `latency` is in seconds and applies to every request, `failure_rate` is the share of
    requests that fail (0 to 1), repeatably for one `seed`. `database` keeps the SQLite file,
    request log included, at that path; otherwise it is temporary.
    """

    def __init__(self, *, latency: float, failure_rate: float, seed: int, database: Path | None) -> None:
        self._command = [
            *(sys.executable, "-m", "halflife.demo.server"),
            *("--latency", str(latency), "--failure-rate", str(failure_rate)),
            *("--seed", str(seed)),
            *(("--database", str(database)) if database is not None else ()),
        ]
        self._process: subprocess.Popen[str] | None = None
        self._url = ""
        self._airports = 0

    @property
    def airports(self) -> int:
        """The number of airports of the server; 0 before it was started."""
        return self._airports

    @property
    def url(self) -> str:
        """The address of the server, without a trailing slash. RuntimeError before `start()`."""
        if self._process is None:
            raise RuntimeError("the demo server is not running: call start() or use `with serve()`")
        return self._url

    def start(self) -> Self:
        """Starts the process and waits until it listens; returns itself.

        Raises `RuntimeError` when it is running already or does not come up.
        """
        if self._process is not None:
            raise RuntimeError(f"the demo server is running already, at {self._url}")
        process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        line = process.stdout.readline() if process.stdout else ""
        told: dict[str, Any] = json.loads(line) if line else {"error": "it ended before it listened"}
        if "error" in told:
            _end(process)
            raise RuntimeError(f"the demo server did not start: {told['error']}")
        self._process = process
        self._url = f"http://127.0.0.1:{told['port']}"
        self._airports = told["airports"]
        return self

    def stop(self) -> None:
        """Ends the process and waits for it. Stopping again does nothing."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def client(self) -> AirportsClient:
        """A new client of this server; close it with `await client.close()` or `async with`."""
        return AirportsClient(self.url)

    def control(self) -> Control:
        """Steers this server: `await control.fail_next("/config")` and the like."""
        return Control(self.url)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        return f"<DemoServer {self._url if self._process is not None else 'not running'}>"


def serve(
    *,
    latency: float = 0.0,
    failure_rate: float = 0.0,
    seed: int = 0,
    database: Path | None = None,
) -> DemoServer:
    """A server of the demo's airports on a free port of 127.0.0.1.

    Use it in `with` or `async with`, or call `.start()` and `.stop()` (in a notebook, where
    they stand in different cells). `latency` is in seconds, `failure_rate` from 0 to 1.
    Raises `RuntimeError` when the process does not come up.

        >>> with serve() as server:
        ...     server.url.startswith("http://127.0.0.1:")
        True
    """
    return DemoServer(latency=latency, failure_rate=failure_rate, seed=seed, database=database)


def _end(process: subprocess.Popen[str]) -> None:
    # The end of its standard input tells the server to end; `communicate` brings it, and waits.
    try:
        process.communicate(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
