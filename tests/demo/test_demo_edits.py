"""The demo's optimistic edits: the visible rows while edits are pending, and the database at the end."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import subprocess
import sys

import pytest

from conftest import without_slow_steps
from halflife import Layer, Store, pending_at
from halflife.demo import ApiError, edits, serve, story, watch_list
from halflife.demo.connection import ATTEMPTS, connection
from halflife.demo.narrator import Plain
from halflife.demo.summary import Options

FAST = ("--latency", "0.02")
IN_THE_END = ["JFK", "SAN", "LAX", "SFO", "SEA", "DEN", "ATL", "NEW-1"]


def run(*flags):
    """Run `python -m halflife demo`, check that it reports no error, and return its output."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "halflife", "demo", *FAST, *flags]
    ended = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=100)
    assert without_slow_steps(ended.stderr) == ""
    assert ended.returncode == 0
    return ended.stdout


def ask(path, question):
    """The rows of a query to a database file, as dicts."""
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    rows = [dict(row) for row in database.execute(question)]
    database.close()
    return rows


def told(monkeypatch, narrator=Plain, **behavior):
    """Run only the demo's part on edits; return its summary and its lines of output."""
    monkeypatch.setattr(story, "PARTS", {"edits": edits})
    file = io.StringIO()
    with serve(**behavior) as server:
        teller = narrator(file)
        teller.server = server
        summary = asyncio.run(story.tell(server, Options(0.0, 0.0, 0), teller))
    return summary, file.getvalue().splitlines()


@pytest.mark.parametrize("flags", [(), ("--failure-rate", "0.4", "--seed", "8"), ("--latency", "0")])
def test_the_rows_shown_at_the_end_are_those_of_the_database(tmp_path, flags):
    path = tmp_path / "airports.sqlite"
    summary = json.loads(run("--json", "--database", str(path), *flags))
    rows = ask(path, "SELECT airports.* FROM watched JOIN airports USING (iata) ORDER BY position")
    assert [row["iata"] for row in rows] == IN_THE_END
    assert summary["edits"]["shown"] == summary["edits"]["stored"] == rows
    assert summary["edits"]["outcomes"] == {"kept": 5, "refused": 4, "cancelled": 1}
    names = {row["iata"]: (row["name"], row["city"]) for row in rows}
    assert names["SAN"] == ("Lindbergh Field", "San Diego")
    assert names["LAX"] == ("Los Angeles International", "Westchester")
    assert names["DEN"] == ("Denver Intl", "Denver")
    assert names["SEA"] == ("Seattle-Tacoma Intl", "Seattle")
    assert names["NEW-1"] == ("Ocotillo Wells", "Borrego Springs")


def test_the_server_has_logged_the_edits_that_the_client_has_counted(tmp_path):
    path = tmp_path / "airports.sqlite"
    summary = json.loads(run("--json", "--database", str(path)))
    assert summary["client_edits"] == summary["server_edits"] == {"accepted": 6, "refused": 4}
    rows = ask(path, "SELECT method || ' ' || path AS edit, outcome, status FROM requests WHERE method <> 'GET'")
    assert {row["edit"]: (row["outcome"], row["status"]) for row in rows} == {
        "POST /watchlist": ("served", 201),
        "PUT /airports/LAX/name": ("served", 409),
        "PUT /airports/LAX/city": ("served", 200),
        "PUT /airports/DEN/name": ("served", 422),
        "POST /watchlist/SFO/move": ("served", 409),
        "DELETE /airports/ORD": ("served", 200),
        "POST /watchlist/JFK/move": ("served", 200),
        "DELETE /airports/ATL": ("served", 409),
        "PUT /airports/SEA/name": ("cancelled", None),
        "PUT /airports/SAN/name": ("served", 200),
        "PUT /airports/SFO/name": ("served", 200),  # the edit of another client
    }
    assert len(rows) == 11


def test_plain_output_shows_marks_and_the_rollback_of_each_refused_edit_alone(monkeypatch):
    summary, lines = told(monkeypatch)
    assert summary.broken == []
    trails = [line.split(maxsplit=1) for line in lines if line.startswith("  ") and ":" in line]
    lax = [trail for label, trail in trails if label == "LAX"]
    assert lax[0].split(" -> ") == [
        "saved: Los Angeles International, Los Angeles",
        "saving: Denver Intl, Los Angeles",
        "saving: Denver Intl, Westchester",
    ]
    assert lax[1:] == ["saved: Los Angeles International, Westchester"]
    den = [trail for label, trail in trails if label == "DEN"]
    assert den == ["saved: Denver Intl, Denver -> saving: (no name), Denver", "saved: Denver Intl, Denver"]
    orders = [trail.split(" -> ")[-1] for label, trail in trails if label == "order"]
    assert orders == [
        "saving: JFK SAN LAX SEA DEN SFO tmp-1",
        "saving: JFK SAN LAX SFO SEA DEN tmp-1",
        "saving: JFK SAN LAX SFO SEA DEN ATL tmp-1",
        "saved: JFK SAN LAX SFO SEA DEN ATL NEW-1",
    ]
    assert "  ORD                 gone" in lines
    assert "  tmp-1               gone" in lines
    assert "10 edits: 5 kept, 4 refused, 1 cancelled; the 8 airports shown are the 8 in the database" in lines


def test_an_unknown_change_of_the_database_is_noticed(monkeypatch):
    class Meddles(Plain):
        """Edits the database near the end of the part, unknown to the client."""

        async def pause(self):
            rows = await self.server.control().watched()
            if rows[1]["name"] == "Lindbergh Field":  # all edits of the part are done
                async with self.server.client() as somebody:
                    await somebody.send("PUT", "/airports/JFK/name", text="Idlewild")

    summary, lines = told(monkeypatch, Meddles)
    broken = [expectation.text for expectation in summary.broken]
    assert "what is shown is what the database holds, without fetching it again" in broken
    assert "and fetching it again changes nothing" in broken
    assert "both counted the same" in broken
    assert lines[-2].endswith("what is shown is not what is in the database")
    assert lines[-1] == f"{len(broken)} of {len(summary.expectations)} expectations do not hold"


def test_a_rollback_that_takes_other_edits_with_it_is_noticed(monkeypatch):
    def roll_everything_back(layer):
        layer._layers.rollback_all()
        return True

    monkeypatch.setattr(Layer, "rollback", roll_everything_back)
    summary, _lines = told(monkeypatch)
    assert str(summary.broken[0]).startswith("edits: SFO cannot move to before ORD, which is gone: that move is undone")
    assert "changed: ['ATL', 'DEN', 'LAX', 'SAN', 'SEA', 'order', 'tmp-1']" in str(summary.broken[0])


def test_an_edit_that_is_not_taken_back_is_noticed(monkeypatch):
    monkeypatch.setattr(Layer, "rollback", Layer.commit)
    summary, lines = told(monkeypatch)
    broken = {expectation.text for expectation in summary.broken}
    assert "the empty name is refused" in broken
    assert "what is shown is what the database holds, without fetching it again" in broken
    assert lines[-2].endswith("what is shown is not what is in the database")


def test_the_demo_holds_in_debug_mode_too(monkeypatch):
    monkeypatch.setenv("HALFLIFE_DEBUG", "1")
    assert json.loads(run("--json"))["holds"]


def test_a_part_that_fails_leaves_no_edit_behind(monkeypatch):
    class Stumbles(Plain):
        def expectation(self, expectation):
            super().expectation(expectation)
            if expectation.text == "ORD was removed":
                raise RuntimeError("stumbled")

    summary, _lines = told(monkeypatch, Stumbles)
    broken = [str(expectation) for expectation in summary.broken]
    assert broken == ["edits: the part plays to its end (RuntimeError: stumbled)"]
    assert summary.edits is None
    assert summary.client == summary.server
    assert summary.client["cancelled"] == 8
    assert summary.client_edits == {"accepted": 1, "refused": 0}


@pytest.mark.asyncio
async def test_an_edit_is_sent_again_after_a_failure_and_not_after_a_refusal():
    async with serve() as server, server.client() as client, Store() as store:
        store.set(connection, client)
        await store.get(watch_list.published)
        await server.control().fail_next("PUT /airports/SAN/name", 2)
        await watch_list.rename(store, "SAN", "Lindbergh Field")
        assert [request.status for request in client.of("PUT /airports/SAN/name")] == [500, 500, 200]
        with pytest.raises(ApiError, match="422 the name must not be empty"):
            await watch_list.rename(store, "SAN", "")
        assert len(client.of("PUT /airports/SAN/name")) == 4
        await server.control().fail_next("DELETE /airports/ORD", ATTEMPTS)
        with pytest.raises(ApiError, match="500 told to fail"):
            await watch_list.remove(store, "ORD")
        assert len(client.of("DELETE /airports/ORD", "failed")) == ATTEMPTS
        shown = store.get(watch_list.watch_list)
        assert shown["airports"]["SAN"]["name"] == "Lindbergh Field"
        assert shown["order"] == [row["iata"] for row in await server.control().watched()]


@pytest.mark.asyncio
async def test_a_row_is_marked_while_its_edit_is_pending():
    async with serve() as server, server.client() as client, Store() as store:
        store.set(connection, client)
        await store.get(watch_list.published)
        assert {state for state, _text in store.get(watch_list.rows).values()} == {"saved"}
        removing, renaming = watch_list.remove(store, "ORD"), watch_list.rename(store, "SAN", "Lindbergh Field")
        rows = store.get(watch_list.rows)
        assert rows["ORD"] == ("removing", "")
        assert rows["SAN"] == ("saving", "Lindbergh Field, San Diego")
        assert rows["LAX"] == ("saved", "Los Angeles International, Los Angeles")
        assert store.get(pending_at(watch_list.row("SAN"), "name"))
        assert not store.get(pending_at(watch_list.row("SAN"), "city"))
        await asyncio.gather(removing, renaming)
        rows = store.get(watch_list.rows)
        assert "ORD" not in rows
        assert rows["SAN"] == ("saved", "Lindbergh Field, San Diego")
        for times in (1, 2):
            await server.control().fail_next("/watchlist")
            with pytest.raises(ApiError):
                await store.refresh(watch_list.published)
            assert store.get(watch_list.rows) == rows, f"fetched in vain, {times} times"
