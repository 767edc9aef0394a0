"""The demo's queries: what they show and ask, the log of the server, and broken queries, which the demo notices."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest

from conftest import without_slow_steps
from halflife import CircuitBreaker, Page, Retry
from halflife.demo import backoff, breaker, hover, paging, polling, serve, story
from halflife.demo.narrator import Plain
from halflife.demo.summary import Options
from halflife.query.environment import Environment
from halflife.query.prefetches import Hover

PARTS = {"paging": paging, "hover": hover, "polling": polling, "backoff": backoff, "breaker": breaker}


def told(monkeypatch, *parts, narrator=Plain, **behavior):
    """Run only some parts of the demo; return its summary and its lines of output."""
    monkeypatch.setattr(story, "PARTS", {part: PARTS[part] for part in parts})
    file = io.StringIO()
    with serve(**behavior) as server:
        summary = asyncio.run(story.tell(server, Options(0.0, behavior.get("failure_rate", 0.0), 0), narrator(file)))
    return summary, file.getvalue().splitlines()


def broken(summary):
    """The texts of the expectations that do not hold."""
    return [expectation.text for expectation in summary.broken]


@pytest.mark.parametrize("flags", [(), ("--failure-rate", "0.3", "--seed", "5"), ("--latency", "0")])
def test_the_queries_of_the_summary_are_those_of_the_servers_log(tmp_path, flags):
    path = tmp_path / "airports.sqlite"
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "halflife", "demo", "--json"]
    ended = subprocess.run(
        [*command, "--latency", "0.02", "--database", str(path), *flags],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=100,
    )
    assert without_slow_steps(ended.stderr) == ""
    assert ended.returncode == 0
    queries = json.loads(ended.stdout)["queries"]
    database = sqlite3.connect(path)

    def logged(path, outcome):
        question = "SELECT count(*) FROM requests WHERE path = ? AND outcome = ?"
        return database.execute(question, (path, outcome)).fetchone()[0]

    assert queries == {
        "airports": 3376,
        "pages": logged(paging.PATH, "served"),
        "polls": logged(polling.PATH, "served") - 1,
        "retries": logged(backoff.PATH, "failed"),
        "refused": breaker.REFUSED,
    }
    assert queries["pages"] == 5
    assert queries["retries"] >= backoff.FAILURES
    assert (logged(breaker.PATH, "served"), logged(breaker.PATH, "failed")) == (2, breaker.THRESHOLD + 1)
    database.close()


def test_all_airports_come_page_by_page_with_progress(monkeypatch):
    summary, lines = told(monkeypatch, "paging")
    assert summary.holds
    assert "  directory           loading: 700 of 3376 -> loading: 1400 of 3376" in lines
    assert ("  directory           loading: 2100 of 3376 -> loading: 2800 of 3376 -> data: 3376 of 3376") in lines
    assert summary.client == summary.server == {"served": 5, "cancelled": 0, "failed": 0}


def test_a_page_that_lacks_an_airport_is_noticed(monkeypatch):
    def without_the_first(items, next_cursor, total):
        return Page(items[1:], next_cursor, total=total)

    monkeypatch.setattr(paging, "Page", without_the_first)
    summary, _lines = told(monkeypatch, "paging")
    assert "fetch_all gives every airport, and each once" in broken(summary)


def test_a_prefetch_is_there_when_its_row_is_opened(monkeypatch):
    summary, lines = told(monkeypatch, "hover")
    assert summary.holds
    assert "  opened              data: SEA Seattle-Tacoma Intl, Seattle WA" in lines
    assert summary.client == summary.server == {"served": 1, "cancelled": 1, "failed": 0}


def test_a_prefetch_that_does_not_wait_for_the_pointer_to_rest_is_noticed(monkeypatch):
    leave = Hover.leave
    monkeypatch.setattr(Hover, "leave", lambda self: leave(self) if self._entry is not None else None)
    summary, _lines = told(monkeypatch, "hover")
    assert broken(summary) == ["a pointer that only passes has fetched nothing"]


def test_polling_stops_while_the_program_is_hidden(monkeypatch):
    summary, lines = told(monkeypatch, "polling")
    assert summary.holds
    assert "  program             hidden" in lines
    assert "  polling             data: answer 1 -> data: answer 2 -> data: answer 3" in lines
    assert summary.client == summary.server == {"served": 4, "cancelled": 0, "failed": 0}


def test_polling_that_goes_on_while_hidden_is_noticed(monkeypatch):
    monkeypatch.setattr(Environment, "is_visible", lambda _self: True)
    summary, _lines = told(monkeypatch, "polling")
    assert "while the program is hidden, nothing is asked" in broken(summary)


def test_each_attempt_and_each_failure_is_shown(monkeypatch):
    summary, lines = told(monkeypatch, "backoff")
    assert summary.holds
    assert (
        "  attempt             loading: 1 -> waiting: 1 failed -> loading: 2 -> waiting: 2 failed"
        " -> loading: 3 -> waiting: 3 failed -> loading: 4 -> data: 4, after 3 failed"
    ) in lines
    assert "  oregon              loading -> data: 57 airports in OR" in lines
    assert summary.client == summary.server == {"served": 1, "cancelled": 0, "failed": 3}


def test_a_retry_that_does_not_wait_is_noticed(monkeypatch):
    monkeypatch.setattr(backoff, "replace", lambda _retry, **_delays: Retry(max_retries=5, initial_delay=0.0))
    summary, _lines = told(monkeypatch, "backoff")
    assert broken(summary) == ["each delay was twice the one before, up to the longest"]


def test_the_circuit_opens_and_closes_with_the_failure_rate(monkeypatch):
    summary, lines = told(monkeypatch, "breaker", failure_rate=0.4)
    assert summary.holds
    assert [line for line in lines if line.startswith("  circuit")] == [
        "  circuit             closed -> open",
        "  circuit             half-open",
        "  circuit             open",
        "  circuit             half-open -> closed",
    ]
    assert summary.client == summary.server == {"served": 2, "cancelled": 0, "failed": 3}


def test_a_circuit_that_stays_closed_is_noticed(monkeypatch):
    def patient(_threshold, timeout, clock):
        return CircuitBreaker(99, timeout, clock=clock)

    monkeypatch.setattr(breaker, "CircuitBreaker", patient)
    summary, _lines = told(monkeypatch, "breaker")
    assert "the server fails twice, and the circuit opens" in broken(summary)
    assert "now calls are refused at once, and the server is not asked" in broken(summary)


def test_a_part_that_fails_leaves_the_failure_rate_as_it_was(monkeypatch):
    class Stumbles(Plain):
        def expectation(self, expectation):
            super().expectation(expectation)
            if expectation.text == "the server fails twice, and the circuit opens":
                raise RuntimeError("stumbled")

    async def ask(stage):
        answered.append(await stage.client.get("/config"))

    answered = []
    monkeypatch.setitem(PARTS, "after", SimpleNamespace(TITLE="asks once", play=ask))
    summary, _lines = told(monkeypatch, "breaker", "after", narrator=Stumbles)
    assert broken(summary) == ["the part plays to its end"]
    assert len(answered) == 1
