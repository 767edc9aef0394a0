"""What the demo found out: expectations that held or did not, and the counts of requests."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from halflife.demo.request_log import OUTCOMES


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
    """One thing a part of the demo promises. `found` says what was there instead."""

    part: str
    text: str
    holds: bool
    found: str

    def __str__(self) -> str:
        found = f" ({self.found})" if self.found and not self.holds else ""
        return f"{self.part}: {self.text}{found}"


@dataclass
class Summary:
    """The outcome of one run of the demo.

    `client` and `server` map each of served, cancelled and failed to a number of requests;
    `parallel_ratio` is the time of several loads at once, divided by that of the slowest.
    """

    options: Options
    expectations: list[Expectation] = field(default_factory=list)
    client: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    server: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    parallel_ratio: float | None = None

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
            "parallel_ratio": self.parallel_ratio,
            "expectations": [asdict(expectation) for expectation in self.expectations],
        }

    def lines(self) -> list[str]:
        """The counts and the verdict as lines of text, the same for the same counts."""
        rows = (
            ("", OUTCOMES),
            ("as the client saw them", [self.client[outcome] for outcome in OUTCOMES]),
            ("as the server logged them", [self.server[outcome] for outcome in OUTCOMES]),
        )
        lines = [f"{name:<26}{''.join(f'{cell:>10}' for cell in cells)}" for name, cells in rows]
        if self.holds:
            return [*lines, f"all {len(self.expectations)} expectations hold"]
        return [*lines, f"{len(self.broken)} of {len(self.expectations)} expectations do not hold"]
