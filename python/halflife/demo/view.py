"""The live terminal view of the demo, drawn with rich: loadables as they change, checks, counts."""

from __future__ import annotations

import asyncio
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from halflife.demo.summary import Expectation, Summary

_STYLES = {
    "loading": "yellow",
    "refreshing": "cyan",
    "data": "green",
    "error": "red",
    "saving": "yellow",
    "removing": "yellow",
    "saved": "green",
    "gone": "dim",
    "waiting": "yellow",
    "hidden": "dim",
    "shown": "green",
    "closed": "green",
    "open": "red",
    "half-open": "yellow",
}
_SECONDS_TO_FOLLOW = 0.3


class LiveView:
    """A narrator that redraws a terminal at every event.

    It keeps its own rows of text and never reads the store, so a redraw cannot start a run.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        # No refreshing thread: each event draws, and nothing changes between events.
        self._live = Live(console=console, auto_refresh=False)
        self._title: Text | None = None
        self._rows: dict[str, tuple[str, str]] = {}
        self._checks: list[Expectation] = []

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._leave_part()
        self._live.__exit__(None, None, None)

    def begin(self, airports: int, summary: Summary) -> None:
        """Prints the flags that shape this run."""
        flags = f"  {airports} airports, {summary.options}"
        self._console.print(Text.assemble(("halflife demo", "bold"), flags))

    def part(self, name: str, title: str) -> None:
        """Leaves the last part on the screen and begins the next below it."""
        self._leave_part()
        self._title = Text.assemble((name, "bold"), f"  {title}")
        self._draw()

    def shown(self, label: str, state: str, text: str) -> None:
        """Draws the row of the label in its new state."""
        self._rows[label] = (state, text)
        self._draw()

    def expectation(self, expectation: Expectation) -> None:
        """Draws whether it holds."""
        self._checks.append(expectation)
        self._draw()

    def end(self, summary: Summary) -> None:
        """Prints the counts and the verdict."""
        self._leave_part()
        *counts, verdict = summary.lines()
        self._console.print(Text("\n".join(["", *counts])))
        self._console.print(Text(verdict, "bold green" if summary.holds else "bold red"))

    async def pause(self) -> None:
        """Waits, so that a person can read the screen."""
        await asyncio.sleep(_SECONDS_TO_FOLLOW)

    def _leave_part(self) -> None:
        """Prints the part permanently, above the live view: the story may be longer than a screen."""
        over = self._part()
        self._title, self._rows, self._checks = None, {}, []
        self._draw()
        self._console.print(over, end="")

    def _draw(self) -> None:
        self._live.update(self._part(), refresh=True)

    def _part(self) -> RenderableType:
        if self._title is None:
            return Text(end="")
        table = Table.grid(padding=(0, 2), pad_edge=True)
        table.add_column(min_width=20)
        table.add_column(min_width=10)
        table.add_column(overflow="ellipsis", no_wrap=True)
        for label, (state, text) in self._rows.items():
            table.add_row(Text(label), Text(state, _STYLES.get(state, "")), Text(text))
        for check in self._checks:
            mark = Text("ok", "green") if check.holds else Text("BROKEN", "bold red")
            text = check.text if check.holds else f"{check.text} ({check.found})"
            table.add_row("", mark, Text(text))
        return Group(Text(), self._title, table)
