"""The demo's server and edits: results, refusals, and the log."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import pytest

from halflife.demo import ApiError, serve
from halflife.demo.database import Database
from halflife.demo.watched import WATCHED, RefusedError, Watched

AIRPORT = {
    "name": "Ocotillo Wells",
    "city": "Borrego Springs",
    "state": "CA",
    "country": "USA",
    "latitude": 33.15,
    "longitude": -116.13,
}


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "airports.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def watched(database):
    return Watched(database.connection)


@pytest.fixture(scope="module")
def server():
    """One server for tests whose edits are refused, so that none changes anything."""
    with serve() as running:
        yield running


def contents(database):
    """All rows of both tables."""
    return [
        [tuple(row) for row in database.connection.execute(f"SELECT * FROM {table} ORDER BY iata")]  # noqa: S608
        for table in ("airports", "watched")
    ]


def refused(edit, *arguments, **options):
    """The status and the text of a refusal."""
    with pytest.raises(RefusedError) as caught:
        edit(*arguments, **options)
    return caught.value.status, str(caught.value)


def test_the_watch_list_begins_with_eight_airports_in_their_order(watched):
    assert watched.order() == list(WATCHED)
    assert [row["iata"] for row in watched.rows()] == list(WATCHED)
    assert watched.rows()[0]["name"] == "San Diego International-Lindbergh"


def test_a_change_of_an_airport_is_visible_everywhere(database, watched):
    row = watched.change("SAN", "name", "Lindbergh Field")
    assert row["name"] == "Lindbergh Field"
    assert database.airport("SAN") == row
    assert database.search("lindbergh field", 1)["airports"] == [row]
    assert watched.change("SAN", "city", "Denver")["city"] == "Denver", "a city may have two airports"
    assert watched.change("SAN", "name", "Lindbergh Field")["name"] == "Lindbergh Field", "its own name is not taken"


def test_a_new_airport_gets_an_unused_code_and_the_last_position(database, watched):
    first, second = watched.add(AIRPORT), watched.add({**AIRPORT, "name": "Another"})
    assert first == {**AIRPORT, "iata": "NEW-1"}
    assert second["iata"] == "NEW-2"
    watched.remove("NEW-1")
    assert watched.add({**AIRPORT, "name": "A third"})["iata"] == "NEW-3"
    assert watched.order() == [*WATCHED, "NEW-2", "NEW-3"]
    assert database.count() == 3378


def test_a_removed_airport_is_gone_everywhere(database, watched):
    watched.remove("ORD")
    assert database.airport("ORD") is None
    assert "ORD" not in watched.order()
    watched.remove("BOS")  # not on the watch list
    assert database.count() == 3374


@pytest.mark.parametrize(
    ("iata", "before", "order"),
    [
        ("JFK", "SAN", ["JFK", "SAN", "LAX", "SFO", "SEA", "DEN", "ORD", "ATL"]),
        ("SAN", "JFK", ["LAX", "SFO", "SEA", "DEN", "ORD", "ATL", "SAN", "JFK"]),
        ("SAN", None, ["LAX", "SFO", "SEA", "DEN", "ORD", "ATL", "JFK", "SAN"]),
        ("SAN", "SAN", list(WATCHED)),
    ],
)
def test_a_move_is_to_before_another_or_to_the_end(watched, iata, before, order):
    assert watched.move(iata, before) == order
    assert watched.order() == order


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
@pytest.mark.parametrize("field", ["name", "city"])
def test_an_empty_text_is_refused_and_nothing_is_changed(database, watched, field, text):
    before = contents(database)
    assert refused(watched.change, "SAN", field, text) == (422, f"the {field} must not be empty")
    assert refused(watched.add, {**AIRPORT, field: text}) == (422, f"the {field} must not be empty")
    assert contents(database) == before


def test_an_edit_that_the_rows_do_not_allow_is_refused_and_changes_nothing(database, watched):
    before = contents(database)
    assert refused(watched.change, "LAX", "name", "Denver Intl") == (409, "DEN has the name 'Denver Intl'")
    assert refused(watched.add, {**AIRPORT, "name": "Denver Intl"}) == (409, "DEN has the name 'Denver Intl'")
    assert refused(watched.remove, "ATL") == (409, "ATL is protected")
    assert refused(watched.remove, "ZZZ") == (404, "no airport has the code 'ZZZ'")
    assert refused(watched.change, "ZZZ", "name", "Somewhere") == (404, "no airport has the code 'ZZZ'")
    assert refused(watched.move, "BOS", "SAN") == (409, "BOS is not on the list")
    assert refused(watched.move, "SAN", "BOS") == (409, "BOS is not on the list")
    assert contents(database) == before


def test_the_next_server_begins_with_the_airports_as_they_were_published(tmp_path):
    path = tmp_path / "airports.sqlite"
    for _ in range(2):
        database = Database(path)
        watched = Watched(database.connection)
        assert database.count() == 3376
        assert watched.order() == list(WATCHED)
        assert watched.change("SAN", "name", "Lindbergh Field")
        watched.remove("ORD")
        watched.add(AIRPORT)
        database.close()


@pytest.mark.asyncio
async def test_every_edit_is_answered_with_its_result(tmp_path):
    path = tmp_path / "airports.sqlite"
    async with serve(database=path) as server, server.client() as client:
        assert (await client.send("PUT", "/airports/san/name", text="Lindbergh"))["name"] == "Lindbergh"
        assert (await client.send("PUT", "/airports/SAN/city", text="Mission Bay"))["city"] == "Mission Bay"
        assert (await client.send("POST", "/watchlist", **AIRPORT))["iata"] == "NEW-1"
        assert await client.send("DELETE", "/airports/ord") == {}
        moved = await client.send("POST", "/watchlist/jfk/move", before="san")
        assert moved == {"order": ["JFK", "SAN", "LAX", "SFO", "SEA", "DEN", "ATL", "NEW-1"]}
        await client.send("POST", "/watchlist/JFK/move", before=None)
        found = await client.get("/watchlist")
        assert found["order"] == ["SAN", "LAX", "SFO", "SEA", "DEN", "ATL", "NEW-1", "JFK"]
        assert list(found["airports"]) == found["order"]
        assert found["airports"]["SAN"] == await client.get("/airports/SAN")
        rows = await server.control().watched()
        assert rows == list(found["airports"].values())
    connection = sqlite3.connect(path)
    stored = connection.execute("SELECT iata, name FROM watched JOIN airports USING (iata) ORDER BY position")
    assert stored.fetchall() == [(row["iata"], row["name"]) for row in rows]
    connection.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("asked", "body", "status", "message"),
    [
        ("PUT /airports/SAN/name", {"text": ""}, 422, "the name must not be empty"),
        ("PUT /airports/LAX/name", {"text": "Denver Intl"}, 409, "DEN has the name"),
        ("PUT /airports/SAN/name", {"text": 7}, 400, "text must be a text"),
        ("PUT /airports/SAN/name", {}, 400, "text must be a text"),
        ("PUT /airports/SAN/iata", {"text": "ZZZ"}, 404, "no field of an airport can be edited as 'iata'"),
        ("PUT /airports/ZZZ/name", {"text": "Nowhere"}, 404, "no airport has the code 'ZZZ'"),
        ("DELETE /airports/ATL", {}, 409, "ATL is protected"),
        ("POST /watchlist", {"name": "Somewhere"}, 400, "city must be a text"),
        ("POST /watchlist", {**AIRPORT, "latitude": "north"}, 400, "latitude must be a number"),
        ("POST /watchlist/BOS/move", {"before": None}, 409, "BOS is not on the list"),
        ("POST /watchlist/SAN/move", {"before": 1}, 400, "before must be a code or null"),
        ("POST /airports", {}, 405, "Method Not Allowed"),
    ],
)
async def test_an_edit_that_is_refused_says_why_and_is_counted_on_both_sides(server, asked, body, status, message):
    async with server.client() as client:
        before, counted = await server.control().watched(), (await server.control().log())["edits"]
        with pytest.raises(ApiError, match=message) as caught:
            await client.send(*asked.split(), **body)
        assert caught.value.status == status
        assert caught.value.refused
        assert str(caught.value).startswith(f"{asked}: {status} ")
        assert await server.control().watched() == before
        assert client.edits() == {"accepted": 0, "refused": 1}
        assert (await server.control().log())["edits"] == {**counted, "refused": counted["refused"] + 1}


@pytest.mark.asyncio
async def test_a_body_that_is_no_json_object_is_refused(server):
    for body in (b"", b"{", b"[1]", b"\xff", b'"text"'):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        head = (
            f"PUT /airports/SAN/name HTTP/1.1\r\nHost: demo\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 "), body
        assert b"the body must be a JSON object" in answer
        writer.close()
        await writer.wait_closed()


@pytest.mark.asyncio
async def test_edits_are_held_and_made_to_fail_by_their_method_and_path():
    async with serve() as server, server.client() as client:
        control = server.control()
        await control.fail_next("DELETE /airports/ORD")
        assert (await client.get("/airports/ORD"))["iata"] == "ORD"
        with pytest.raises(ApiError, match="DELETE /airports/ORD: 500 told to fail") as caught:
            await client.send("DELETE", "/airports/ORD")
        assert not caught.value.refused
        assert (await client.get("/airports/ORD"))["iata"] == "ORD", "an edit that failed has done nothing"

        await control.hold("DELETE /airports/ORD")
        removing = asyncio.create_task(client.send("DELETE", "/airports/ORD"))
        await control.received("DELETE /airports/ORD", 2)
        assert (await client.get("/airports/ORD"))["iata"] == "ORD", "nor one that is held"
        await control.release("DELETE /airports/ORD")
        await removing
        log = await control.log()
        assert log["counts"] == client.counts() == {"served": 4, "cancelled": 0, "failed": 1}
        assert log["edits"] == client.edits() == {"accepted": 1, "refused": 0}
        assert [request["method"] for request in log["requests"]] == ["GET", "DELETE", "GET", "DELETE", "GET"]
        assert len(client.of("DELETE /airports/ORD")) == 2
        assert len(client.of("/airports/ORD", "served")) == 3


@pytest.mark.asyncio
async def test_an_edit_that_is_cancelled_before_the_server_began_is_never_done():
    async with serve() as server, server.client() as client:
        control = server.control()
        await control.hold("PUT /airports/SEA/name")
        renaming = asyncio.create_task(client.send("PUT", "/airports/SEA/name", text="Sea-Tac"))
        await control.received("PUT /airports/SEA/name", 1)
        renaming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renaming
        assert (await control.log())["counts"] == client.counts() == {"served": 0, "cancelled": 1, "failed": 0}
        await control.release("PUT /airports/SEA/name")
        assert (await client.get("/airports/SEA"))["name"] == "Seattle-Tacoma Intl"
        assert client.edits() == {"accepted": 0, "refused": 0}
