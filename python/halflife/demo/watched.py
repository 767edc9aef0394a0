"""The watch-list in the server's database: some airports in an order, and the edits that a client may ask for.

An edit is done in one transaction or is *refused*, which changes nothing. Why an edit is refused depends on the
rows alone: an empty name, a name that another airport has, a protected airport, one that is not on the list.
"""

from __future__ import annotations

import sqlite3
from typing import Any

WATCHED = ("SAN", "LAX", "SFO", "SEA", "DEN", "ORD", "ATL", "JFK")
PROTECTED = frozenset({"ATL"})
EDITABLE = ("name", "city")

BAD_REQUEST = 400
NOT_FOUND = 404
CONFLICT = 409
NOT_VALID = 422

# `watched` is a table of its own: the order is the list's business, not the airports'.
_CREATE = """
DROP TABLE IF EXISTS watched;
CREATE TABLE watched (iata TEXT PRIMARY KEY REFERENCES airports, position INTEGER NOT NULL);
"""

_NEXT_NUMBER = "SELECT coalesce(max(CAST(substr(iata, 5) AS INTEGER)), 0) + 1 FROM airports WHERE iata LIKE 'NEW-%'"


class RefusedError(Exception):
    """A request is refused; `status` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Watched:
    """The watch-list of one life of the server. It begins with eight airports, whatever was there before.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from halflife.demo.database import Database
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = Database(Path(folder) / "airports.sqlite")
    ...     watched = Watched(database.connection)
    ...     watched.move("JFK", before="SAN")
    ...     database.close()
    ['JFK', 'SAN', 'LAX', 'SFO', 'SEA', 'DEN', 'ORD', 'ATL']
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.connection.executescript(_CREATE)
        with self.connection:
            self._arrange(list(WATCHED))

    def order(self) -> list[str]:
        """The codes of the airports on the list."""
        return [iata for (iata,) in self.connection.execute("SELECT iata FROM watched ORDER BY position")]

    def rows(self) -> list[dict[str, Any]]:
        """The airports on the list."""
        rows = self.connection.execute("SELECT airports.* FROM watched JOIN airports USING (iata) ORDER BY position")
        return [dict(row) for row in rows]

    def change(self, iata: str, field: str, text: str) -> dict[str, Any]:
        """Gives an airport another name or city; returns its row. Raises `RefusedError`."""
        with self.connection:
            self._check_there(iata)
            self._check_text(field, text, iata)
            # The field is one of EDITABLE: nothing of a request becomes part of a statement.
            self.connection.execute(f"UPDATE airports SET {field} = ? WHERE iata = ?", (text, iata))  # noqa: S608
            return self._row(iata)

    def add(self, airport: dict[str, Any]) -> dict[str, Any]:
        """Puts a new airport on the end of the list; its code is ours to give. Returns its row.

        Raises `RefusedError`.
        """
        with self.connection:
            for field in EDITABLE:
                self._check_text(field, airport[field], None)
            (number,) = self.connection.execute(_NEXT_NUMBER).fetchone()
            row = {**airport, "iata": f"NEW-{number}"}
            self.connection.execute(
                "INSERT INTO airports VALUES (:iata, :name, :city, :state, :country, :latitude, :longitude)", row
            )
            self._arrange([*self.order(), row["iata"]])
            return self._row(row["iata"])

    def remove(self, iata: str) -> None:
        """Removes an airport for good, from the list too. Raises `RefusedError`."""
        with self.connection:
            self._check_there(iata)
            if iata in PROTECTED:
                raise RefusedError(CONFLICT, f"{iata} is protected")
            self._arrange([other for other in self.order() if other != iata])
            self.connection.execute("DELETE FROM airports WHERE iata = ?", (iata,))

    def move(self, iata: str, before: str | None) -> list[str]:
        """Moves an airport on the list to before another one, or to the end; returns the order.

        Raises `RefusedError` when one of them is not on the list.
        """
        with self.connection:
            order = self.order()
            for code in (iata, before):
                if code is not None and code not in order:
                    raise RefusedError(CONFLICT, f"{code} is not on the list")
            if iata != before:
                order.remove(iata)
                order.insert(len(order) if before is None else order.index(before), iata)
            self._arrange(order)
            return order

    def _row(self, iata: str) -> dict[str, Any]:
        return dict(self.connection.execute("SELECT * FROM airports WHERE iata = ?", (iata,)).fetchone())

    def _check_there(self, iata: str) -> None:
        if self.connection.execute("SELECT 1 FROM airports WHERE iata = ?", (iata,)).fetchone() is None:
            raise RefusedError(NOT_FOUND, f"no airport has the code {iata!r}")

    def _check_text(self, field: str, text: str, iata: str | None) -> None:
        """The text must not be empty, and no other airport may have that name."""
        if not text.strip():
            raise RefusedError(NOT_VALID, f"the {field} must not be empty")
        found = self.connection.execute("SELECT iata FROM airports WHERE name = ? AND iata IS NOT ?", (text, iata))
        taken = found.fetchone() if field == "name" else None
        if taken is not None:
            raise RefusedError(CONFLICT, f"{taken['iata']} has the name {text!r}")

    def _arrange(self, order: list[str]) -> None:
        self.connection.execute("DELETE FROM watched")
        self.connection.executemany("INSERT INTO watched (position, iata) VALUES (?, ?)", enumerate(order))
