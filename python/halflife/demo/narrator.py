"""The output of the demo: a `Narrator` gets each event and shows it.

`Plain` prints lines that are the same in every run with the same flags: no times, and loads that
end at the same moment in a fixed order. The live terminal view is in `view.py`.
"""

from __future__ import annotations

from typing import Protocol, Self, TextIO

from halflife.demo.summary import Expectation, Summary


class Narrator(Protocol):
    """Shows the demo while it runs; entered before it begins and left after its end."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def begin(self, airports: int, summary: Summary) -> None:
        """The server runs and holds this many airports."""

    def part(self, name: str, title: str) -> None:
        """A part of the demo begins."""

    def shown(self, label: str, state: str, text: str) -> None:
        """The row of `label` is now in this state.

        States of loads: loading, data, refreshing, error. States of edits: saved, saving, removing, gone.
        States of queries: those of loads, and waiting (before a retry); closed, open, half-open (the circuit).
        """

    def expectation(self, expectation: Expectation) -> None:
        """Something was checked."""

    def end(self, summary: Summary) -> None:
        """The demo is over."""

    async def pause(self) -> None:
        """Waits, if a person watches."""


class Plain:
    """A narrator that writes stable lines to `file`."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self._trails: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._write_trails()

    def begin(self, airports: int, summary: Summary) -> None:
        """Prints the flags that shape this run."""
        self._write(f"halflife demo: {airports} airports, {summary.options}")

    def part(self, name: str, title: str) -> None:
        """Prints what the part is about."""
        self._write_trails()
        self._write("")
        self._write(f"{name}: {title}")

    def shown(self, label: str, state: str, text: str) -> None:
        """Remembers the state for the label's line."""
        self._trails.setdefault(label, []).append(f"{state}: {text}" if text else state)

    def expectation(self, expectation: Expectation) -> None:
        """Prints whether it holds, and the value found if it does not."""
        self._write_trails()
        mark = "ok      " if expectation.holds else "BROKEN  "
        found = f" ({expectation.found})" if not expectation.holds else ""
        self._write(f"  {mark}{expectation.text}{found}")

    def end(self, summary: Summary) -> None:
        """Prints the counts and the verdict."""
        self._write("")
        for line in summary.lines():
            self._write(line)

    async def pause(self) -> None:
        """Does not wait."""

    def _write_trails(self) -> None:
        """Writes one line per label, in the order in which they began to be shown.

        Loads at the same time end in an order that depends on the network.
        """
        trails, self._trails = self._trails, {}
        for label, trail in trails.items():
            self._write(f"  {label:<20}{' -> '.join(trail)}")

    def _write(self, line: str) -> None:
        print(line, file=self.file, flush=True)
