"""The demo's server over real HTTP: answers, deliberate faults, the request log, and shutdown."""

from __future__ import annotations

import asyncio
import importlib.util
import math
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from halflife.demo import AirportsClient, ApiError, process, serve
from halflife.demo.database import Database
from halflife.demo.faults import Faults


@pytest.fixture(scope="module")
def server():
    """One server without faults, for tests that only read."""
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    opened = Database(tmp_path_factory.mktemp("database") / "airports.sqlite")
    yield opened
    opened.close()


async def statuses(client, path, times):
    """The statuses of several requests, made one after another."""
    found = []
    for _ in range(times):
        try:
            await client.get(path)
            found.append(200)
        except ApiError as error:
            found.append(error.status)
    return found


def test_all_airports_of_the_package_are_there(database):
    assert database.count() == 3376
    assert sum(state["airports"] for state in database.states()) == 3376
    assert database.states()[0] == {"state": "AK", "airports": 263}
    assert database.airport("san") == {
        "iata": "SAN",
        "name": "San Diego International-Lindbergh",
        "city": "San Diego",
        "state": "CA",
        "country": "USA",
        "latitude": 32.73355611,
        "longitude": -117.1896567,
    }


def test_a_search_puts_the_code_first_and_then_the_city(database):
    found = database.search("san", 4)
    assert found["query"] == "san"
    assert found["total"] > 4
    assert found["airports"][0]["iata"] == "SAN"
    assert all(airport["city"].startswith("San") for airport in found["airports"])


@pytest.mark.parametrize("text", ["%", "_", "\\", "'; DROP TABLE airports; --", "\x00", "機場"])
def test_a_search_takes_every_character_literally(database, text):
    assert database.search(text, 10) == {"query": text, "total": 0, "airports": []}
    assert database.count() == 3376


def test_a_database_of_another_program_is_refused_and_unchanged(tmp_path):
    path = tmp_path / "precious.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE requests (precious TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match="something else"):
        Database(path)
    assert path.read_bytes() == before


def test_a_server_that_cannot_open_its_file_says_why(tmp_path):
    with pytest.raises(RuntimeError, match=r"did not start: .*unable to open database file"):
        serve(database=tmp_path / "no such folder" / "file.sqlite").start()


def test_a_server_is_started_once_and_stopped_as_often_as_you_like():
    server = serve()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    with server:
        assert server.airports == 3376
        assert server.url in repr(server)
        with pytest.raises(RuntimeError, match="running already"):
            server.start()
        server.stop()
    server.stop()
    assert repr(server) == "<DemoServer not running>"


def test_a_server_that_does_not_end_in_time_is_killed(monkeypatch):
    server = serve().start()
    monkeypatch.setattr(process, "_SECONDS_TO_END", 0.0)
    server.stop()
    assert repr(server) == "<DemoServer not running>"


def test_without_the_data_package_no_database_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModuleNotFoundError, match="vega_datasets"):
        Database(tmp_path / "airports.sqlite")


def test_a_stopped_server_can_be_started_again():
    server = serve()
    for _ in range(2):
        with server:
            assert server.url.startswith("http://127.0.0.1:")


@pytest.mark.asyncio
async def test_every_route_answers(server):
    async with server.client() as client:
        assert repr(client) == f"<AirportsClient {server.url}>"
        config = await client.get("/config")
        assert config == {"airports": 3376, "states": 57, "page_size": 20, "page_limit": 100}
        assert (await client.get("/airports", q="San D", limit=2))["total"] == 4
        assert len((await client.get("/airports"))["airports"]) == 20
        assert (await client.get("/airports/jfk"))["city"] == "New York"
        assert len((await client.get("/states"))["states"]) == 57
        assert len((await client.get("/states/HI/airports"))["airports"]) == 16
        assert (await client.get("/stats/hi"))["airports"] == 16
        assert client.counts() == {"served": 7, "cancelled": 0, "failed": 0}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/airports/ZZZ", 404, "no airport has the code 'ZZZ'"),
        ("/states/ZZ/airports", 404, "no state is called 'ZZ'"),
        ("/stats/ZZ", 404, "no state is called 'ZZ'"),
        ("/airports?limit=0", 400, "limit must be a whole number from 1 to 100"),
        ("/airports?limit=many", 400, "limit must be"),
        ("/directory?limit=1001", 400, "limit must be a whole number from 1 to 1000"),
        ("/nowhere", 404, "Not Found"),
        ("/control/received?path=/config", 400, "missing or wrong parameter: 'count'"),
        ("/log?wait=long", 400, "missing or wrong parameter"),
    ],
)
async def test_a_wrong_question_gets_a_clear_answer_and_is_served(server, path, status, message):
    async with server.client() as client:
        with pytest.raises(ApiError, match=message) as caught:
            await client.get(path)
        assert caught.value.status == status
        assert client.counts()["served"] == 1


@pytest.mark.asyncio
async def test_a_client_that_hangs_up_is_logged_as_cancelled():
    async with serve() as server:
        control = server.control()
        await control.hold("/config")
        _reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"GET /config HTTP/1.1\r\nHost: demo\r\n\r\n")
        assert await control.received("/config", 1) == 1
        assert (await control.log(wait=0))["requests"][0]["outcome"] == "pending"
        writer.close()
        await writer.wait_closed()
        assert (await control.log())["counts"] == {"served": 0, "cancelled": 1, "failed": 0}


@pytest.mark.asyncio
async def test_a_cancelled_task_hangs_up_and_both_sides_count_it():
    async with serve() as server, server.client() as client:
        control = server.control()
        await control.hold("/airports")
        tasks = [asyncio.create_task(client.get("/airports", q=letter)) for letter in "abc"]
        await control.received("/airports", 3)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.wait(tasks[:2])
        await control.release("/airports")
        assert (await tasks[2])["query"] == "c"
        log = await control.log()
        assert log["counts"] == client.counts() == {"served": 1, "cancelled": 2, "failed": 0}
        assert len(client.of("/airports", "cancelled")) == 2


@pytest.mark.asyncio
async def test_releasing_a_path_that_is_not_held_changes_nothing(server):
    await server.control().release("/config")
    async with server.client() as client:
        assert (await client.get("/config"))["airports"] == 3376


@pytest.mark.asyncio
async def test_a_server_told_to_fail_fails_so_many_times_at_that_path_only():
    async with serve() as server, server.client() as client:
        await server.control().fail_next("/config", times=2)
        assert await statuses(client, "/states", 1) == [200]
        assert await statuses(client, "/config", 3) == [500, 500, 200]
        log = await server.control().log()
        assert log["counts"] == client.counts() == {"served": 2, "cancelled": 0, "failed": 2}


@pytest.mark.asyncio
async def test_the_pages_of_the_directory_hold_every_airport_once(server, database):
    async with server.client() as client:
        page = await client.get("/directory", limit=1000)
        pages = [page]
        while page["next"] is not None:
            page = await client.get("/directory", limit=1000, after=page["next"])
            pages.append(page)
        assert [len(page["airports"]) for page in pages] == [1000, 1000, 1000, 376]
        assert {page["total"] for page in pages} == {3376}
        codes = [airport["iata"] for page in pages for airport in page["airports"]]
        assert codes == sorted(set(codes))
        assert [page["next"] for page in pages] == [codes[999], codes[1999], codes[2999], None]


def test_the_last_page_is_known_as_the_last_even_if_it_is_full(database):
    codes = [airport["iata"] for airport in database.page("", 3376)["airports"]]
    assert database.page("", 3376)["next"] is None
    assert database.page("", 3375)["next"] == codes[-2]
    assert database.page(codes[-2], 1) == {"airports": [database.airport(codes[-1])], "next": None, "total": 3376}
    assert database.page(codes[-1], 1) == {"airports": [], "next": None, "total": 3376}


@pytest.mark.asyncio
async def test_the_failure_rate_can_be_turned_up_and_down():
    async with serve() as server, server.client() as client:
        control = server.control()
        found = []
        for rate in (1.0, 0.0, 1.0, 0.0):
            await control.set_failure_rate(rate)
            found += await statuses(client, "/config", 2)
        assert found == [500, 500, 200, 200] * 2
        for wrong in (1.5, -0.1, math.nan):
            with pytest.raises(aiohttp.ClientResponseError, match="400"):
                await control.set_failure_rate(wrong)
        assert await statuses(client, "/config", 1) == [200]


@pytest.mark.asyncio
async def test_every_answer_takes_the_latency():
    async with serve(latency=0.05) as server, server.client() as client:
        await client.get("/config")
        (request,) = (await server.control().log())["requests"]
        assert request["ended_at"] - request["received_at"] >= 0.049


@pytest.mark.asyncio
async def test_failures_are_the_same_for_the_same_seed():
    async def luck(seed):
        async with serve(failure_rate=0.5, seed=seed) as server, server.client() as client:
            return await statuses(client, "/config", 30)

    first, again, other = await luck(7), await luck(7), await luck(8)
    assert first == again
    assert first != other
    assert {200, 500} == set(first)


def test_the_failures_of_one_address_do_not_depend_on_the_others():
    def luck(addresses):
        faults = Faults(0.0, 0.5, 7)
        return sorted((address, faults.failure(address, address) is None) for address in addresses)

    assert luck(["/a", "/b"] * 20) == luck(["/b"] * 20 + ["/a"] * 20)


@pytest.mark.asyncio
async def test_a_stopped_server_is_an_api_error_without_status():
    with serve() as server:
        url = server.url
    async with AirportsClient(url) as client:
        with pytest.raises(ApiError, match=r"^/config: ClientConnectorError") as caught:
            await client.get("/config")
        assert caught.value.status is None
        assert client.counts() == {"served": 0, "cancelled": 0, "failed": 1}


@pytest.mark.asyncio
async def test_a_server_that_ends_in_the_middle_of_an_answer_is_an_api_error():
    async with serve() as server, server.client() as client:
        await server.control().hold("/config")
        asking = asyncio.create_task(client.get("/config"))
        await server.control().received("/config", 1)
        await asyncio.to_thread(server.stop)
        with pytest.raises(ApiError) as caught:
            await asking
        assert caught.value.status is None


def test_the_log_stays_in_the_file_and_begins_anew_with_each_server(tmp_path):
    path = tmp_path / "airports.sqlite"

    async def ask(times):
        async with serve(database=path) as server, server.client() as client:
            await statuses(client, "/config", times)

    for times in (3, 2):
        asyncio.run(ask(times))
        connection = sqlite3.connect(path)
        logged = connection.execute("SELECT path, outcome, status FROM requests").fetchall()
        connection.close()
        assert logged == [("/config", "served", 200)] * times


def test_the_server_ends_when_its_parent_is_killed(tmp_path):
    parent = (
        "import os, signal\n"
        "from halflife.demo import serve\n"
        "print(serve().start().url, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # The server inherits standard error, so this call returns only after the server has ended.
    ended = subprocess.run(
        [sys.executable, "-c", parent],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert ended.stdout.startswith(b"http://127.0.0.1:")
    assert ended.stderr == b""
    assert list(Path(tmp_path).iterdir()) == []
