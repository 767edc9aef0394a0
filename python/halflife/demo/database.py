"""The airports of the demo: one SQLite file made from the `vega_datasets` package.

A `Database` answers the questions the server's routes ask. It is opened by the server's
process alone, holds 3,376 rows and answers in well under a millisecond, so its calls are
plain and synchronous. Edits of a client (see `watched.py`) are in the file until it is opened
again: each server begins with the airports as they were published.
"""

from __future__ import annotations

import csv
import importlib.util
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FIELDS = ("iata", "name", "city", "state", "country", "latitude", "longitude")

# Marks a file as the demo's, in SQLite's own header field for that ("half" in ASCII).
_APPLICATION_ID = 0x68616C66

# In the order of `_FIELDS`.
_CREATE = """
BEGIN;
DROP TABLE IF EXISTS airports;
CREATE TABLE airports (
    iata TEXT PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL, state TEXT NOT NULL,
    country TEXT NOT NULL, latitude REAL NOT NULL, longitude REAL NOT NULL
);
CREATE INDEX airports_by_state ON airports (state, name);
"""

# `instr` and not LIKE: no character of the text means anything but itself.
_FOUND = """
WITH found AS (
    SELECT * FROM airports WHERE instr(lower(iata), :text) = 1
        OR instr(lower(name), :text) OR instr(lower(city), :text)
)
SELECT *, (SELECT count(*) FROM found) AS total FROM found
ORDER BY lower(iata) = :text DESC, instr(lower(city), :text) = 1 DESC, name, iata
LIMIT :limit
"""


class Database:
    """The airports in an SQLite file, which is made when it is not there.

    Raises `ModuleNotFoundError` when `vega_datasets` is not installed, `sqlite3.Error` when the
    file cannot be opened or is not a database, and `ValueError` when it is a database of
    something else, which is left as it was.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     database = Database(Path(folder) / "airports.sqlite")
        ...     database.count()
        ...     database.close()
        3376
    """

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path)
        try:
            self.connection.row_factory = sqlite3.Row
            self._check_ours()
            self._fill()
            # The file is a demo's: a lost write costs nothing, waiting for the disk does.
            self.connection.execute("PRAGMA synchronous = OFF")
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        """Closes the file. Closing again does nothing."""
        self.connection.close()

    def count(self) -> int:
        """How many airports there are."""
        (count,) = self.connection.execute("SELECT count(*) FROM airports").fetchone()
        return int(count)

    def search(self, text: str, limit: int) -> dict[str, Any]:
        """At most `limit` airports whose code starts with `text` or whose name or city contains it.

        Letter case does not matter. The airport whose code *is* the text comes first, then those
        whose city starts with it, then the others by name.
        """
        rows = self.connection.execute(_FOUND, {"text": text.lower(), "limit": limit})
        found = [dict(row) for row in rows]
        totals = [row.pop("total") for row in found]
        return {"query": text, "total": totals[0] if totals else 0, "airports": found}

    def airport(self, iata: str) -> dict[str, Any] | None:
        """The airport with this code, or None."""
        row = self.connection.execute("SELECT * FROM airports WHERE iata = ?", (iata.upper(),)).fetchone()
        return None if row is None else dict(row)

    def page(self, after: str, limit: int) -> dict[str, Any]:
        """At most `limit` airports by code, those after the code `after` ("" for the first page).

        `next` is the `after` of the next page, or None at the end. Pages do not shift when an airport is added
        or removed between two of them.
        """
        rows = self.connection.execute(
            "SELECT * FROM airports WHERE iata > ? ORDER BY iata LIMIT ?", (after.upper(), limit + 1)
        )
        found = [dict(row) for row in rows]
        airports = found[:limit]
        return {
            "airports": airports,
            "next": airports[-1]["iata"] if len(found) > limit else None,
            "total": self.count(),
        }

    def airports_of(self, state: str) -> list[dict[str, Any]]:
        """The airports of a state, by name; empty for a state that is not there."""
        rows = self.connection.execute("SELECT * FROM airports WHERE state = ? ORDER BY name, iata", (state.upper(),))
        return [dict(row) for row in rows]

    def states(self) -> list[dict[str, Any]]:
        """Every state with its number of airports, the largest first."""
        rows = self.connection.execute(
            "SELECT state, count(*) AS airports FROM airports GROUP BY state ORDER BY airports DESC, state"
        )
        return [dict(row) for row in rows]

    def statistics_of(self, state: str) -> dict[str, Any] | None:
        """Number of airports and cities of a state and how far it reaches, or None."""
        row = self.connection.execute(
            "SELECT count(*) AS airports, count(DISTINCT city) AS cities, "
            "min(latitude) AS south, max(latitude) AS north FROM airports WHERE state = ?",
            (state.upper(),),
        ).fetchone()
        return {"state": state.upper(), **dict(row)} if row["airports"] else None

    def _check_ours(self) -> None:
        (application,) = self.connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self.connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != _APPLICATION_ID:
            raise ValueError("the database file holds something else than the demo's airports")

    def _fill(self) -> None:
        rows = list(_packaged_rows())
        self.connection.executescript(_CREATE)
        self.connection.executemany("INSERT INTO airports VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        # Last, and in the same transaction: a file with the mark holds all airports.
        self.connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self.connection.commit()


def _packaged_rows() -> Iterator[tuple[str, ...]]:
    """The rows of the airports file inside `vega_datasets`.

    The package is located, not imported: importing it would load pandas for one CSV file.
    """
    found = importlib.util.find_spec("vega_datasets")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'vega_datasets'", name="vega_datasets")
    path = Path(found.submodule_search_locations[0]) / "_data" / "airports.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield tuple(row[field] for field in _FIELDS)
