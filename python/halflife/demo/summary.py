"""The result of the demo: its expectations, and the counts of requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from halflife.demo.request_log import OUTCOMES, VERDICTS


@dataclass(frozen=True)
class Options:
    """How the demo's server behaves: `latency` in seconds, `failure_rate` from 0 to 1."""

    latency: float
    failure_rate: float
    seed: int

    def __str__(self) -> str:
        return f"latency {self.latency:g} s, failure rate {self.failure_rate:g}, seed {self.seed}"


@dataclass(frozen=True)
class Expectation:
    """One expectation of a part of the demo. `found` tells what was found if it does not hold."""

    part: str
    text: str
    holds: bool
    found: str

    def __str__(self) -> str:
        found = f" ({self.found})" if self.found and not self.holds else ""
        return f"{self.part}: {self.text}{found}"


@dataclass
class Edits:
    """The outcomes of the optimistic edits, and the resulting rows.

    `shown` are the airports of the watch-list as the client shows them, `stored` as they are in the
    server's database, both in the list's order.
    """

    outcomes: dict[str, int]
    shown: list[dict[str, Any]]
    stored: list[dict[str, Any]]

    @property
    def same(self) -> bool:
        """Whether the client shows the rows of the database."""
        return self.shown == self.stored

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items())
        rows = (
            f"the {len(self.shown)} airports shown are the {len(self.stored)} in the database"
            if self.same
            else "what is shown is not what is in the database"
        )
        return f"{sum(self.outcomes.values())} edits: {ends}; {rows}"


@dataclass
class Queries:
    """What the queries of the demo did.

    `pages` and `airports` were loaded by the infinite query; `polls` are answers of the query that polls, without
    the first one; `retries` attempts after a failed one; `refused` calls that the circuit breaker kept from the server.
    """

    pages: int = 0
    airports: int = 0
    polls: int = 0
    retries: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return (
            f"queries: {self.airports} airports in {self.pages} pages, {self.polls} polls, {self.retries} retries, "
            f"{self.refused} refused by the circuit breaker"
        )


@dataclass
class Summary:
    """The outcome of one run of the demo.

    `client` and `server` map each of served, cancelled and failed to a number of requests,
    `client_edits` and `server_edits` accepted and refused to a number of those that edit;
    `parallel_ratio` is the time of several loads at once, divided by that of the slowest.
    """

    options: Options
    expectations: list[Expectation] = field(default_factory=list)
    client: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    server: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    client_edits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    server_edits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    parallel_ratio: float | None = None
    edits: Edits | None = None
    queries: Queries = field(default_factory=Queries)

    @property
    def broken(self) -> list[Expectation]:
        """The expectations that do not hold."""
        return [expectation for expectation in self.expectations if not expectation.holds]

    @property
    def holds(self) -> bool:
        """Whether every expectation holds."""
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        """The summary as one JSON object's content."""
        return {
            **asdict(self.options),
            "holds": self.holds,
            "client": self.client,
            "server": self.server,
            "client_edits": self.client_edits,
            "server_edits": self.server_edits,
            "parallel_ratio": self.parallel_ratio,
            "queries": asdict(self.queries),
            "edits": None if self.edits is None else asdict(self.edits),
            "expectations": [asdict(expectation) for expectation in self.expectations],
        }

    def lines(self) -> list[str]:
        """The counts and the verdict as lines of text, the same for the same counts."""
        lines = [
            _row("", OUTCOMES),
            _row("as the client saw them", self.client.values()),
            _row("as the server logged them", self.server.values()),
            _row("", VERDICTS),
            _row("edits, by the client", self.client_edits.values()),
            _row("edits, by the server", self.server_edits.values()),
        ]
        lines.append(str(self.queries))
        if self.edits is not None:
            lines.append(str(self.edits))
        if self.holds:
            return [*lines, f"all {len(self.expectations)} expectations hold"]
        return [*lines, f"{len(self.broken)} of {len(self.expectations)} expectations do not hold"]


def _row(name: str, cells: Iterable[object]) -> str:
    return f"{name:<26}{''.join(f'{cell:>10}' for cell in cells)}"
