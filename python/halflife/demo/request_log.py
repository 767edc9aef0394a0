"""The server's request log: the outcome of each request, in the server's own SQLite file.

An entry is opened when a request is received and closed once, with an outcome: `served` (an
answer was given, a 404 too), `cancelled` (the client hung up first) or `failed` (the server
answered 5xx). The demo compares it with the client's counts.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

OUTCOMES = ("served", "cancelled", "failed")

# The server's answer to an edit.
VERDICTS = ("accepted", "refused")

_CREATE = """
DROP TABLE IF EXISTS requests;
CREATE TABLE requests (
    id INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL, outcome TEXT NOT NULL,
    status INTEGER, received_at REAL NOT NULL, ended_at REAL
);
"""


class RequestLog:
    """The requests of one life of the server. A log that was there before is emptied.

    >>> log = RequestLog(sqlite3.connect(":memory:"))
    >>> entry = log.open("GET", "/config", "")
    >>> log.close(entry, "served", 200)
    >>> log.counts()
    {'served': 1, 'cancelled': 0, 'failed': 0}
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.connection.executescript(_CREATE)

    def open(self, method: str, path: str, query: str) -> int:
        """Notes that a request was received; returns the number of its entry."""
        with self.connection:
            cursor = self.connection.execute(
                "INSERT INTO requests (method, path, query, outcome, received_at) VALUES (?, ?, ?, 'pending', ?)",
                (method, path, query, time.monotonic()),
            )
        return cursor.lastrowid or 0  # SQLite returns one for every INSERT; the type is wider.

    def close(self, entry: int, outcome: str, status: int | None) -> None:
        """Notes how the request ended. `status` is None when no answer was given."""
        with self.connection:
            self.connection.execute(
                "UPDATE requests SET outcome = ?, status = ?, ended_at = ? WHERE id = ?",
                (outcome, status, time.monotonic(), entry),
            )

    def counts(self) -> dict[str, int]:
        """The numbers of requests by outcome."""
        found = self.connection.execute("SELECT outcome, count(*) FROM requests GROUP BY outcome")
        return dict.fromkeys(OUTCOMES, 0) | {outcome: count for outcome, count in found if outcome in OUTCOMES}

    def edits(self) -> dict[str, int]:
        """The numbers of edits that were accepted and refused."""
        found = self.connection.execute(
            "SELECT count(*) FILTER (WHERE status < 400), count(*) FILTER (WHERE status >= 400) FROM requests "
            "WHERE method <> 'GET' AND outcome = 'served'"
        )
        return dict(zip(VERDICTS, found.fetchone(), strict=True))

    def entries(self) -> list[dict[str, Any]]:
        """Every request, in the order received; times are seconds of the server's clock."""
        rows = self.connection.execute(
            "SELECT method, path, query, outcome, status, received_at, ended_at FROM requests ORDER BY id"
        )
        names = ("method", "path", "query", "outcome", "status", "received_at", "ended_at")
        return [dict(zip(names, row, strict=True)) for row in rows]
