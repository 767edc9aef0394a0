"""`halflife demo` as users run it: a process with flags, output, an exit code and a log."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from conftest import without_slow_steps
from halflife import Store, __version__
from halflife import __main__ as command_line
from halflife.demo import backoff, breaker, serve
from halflife.demo.connection import api
from halflife.demo.narrator import Plain
from halflife.demo.request_log import OUTCOMES
from halflife.demo.story import PARTS, tell
from halflife.demo.summary import Options

FAST = ("--latency", "0.02")

# So many requests fail without bad luck: one of the recovery, those of the backoff and of the breaker.
TOLD_TO_FAIL = 1 + backoff.FAILURES + breaker.THRESHOLD + 1


def run(*flags, **options):
    """Run `python -m halflife demo` with flags to its end."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "halflife", "demo", *flags],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=100,
        **options,
    )


@contextlib.contextmanager
def started(*flags, **options):
    """A running demo, killed when the test ends."""
    command = [sys.executable, "-m", "halflife", "demo", *flags]
    with subprocess.Popen(command, **options) as demo:
        try:
            yield demo
        finally:
            demo.kill()


def logged(path):
    """The counts by outcome, and the rows, of the request log in the server's file."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT path, query, outcome FROM requests ORDER BY id").fetchall()
    connection.close()
    outcomes = [outcome for _path, _query, outcome in rows]
    return {word: outcomes.count(word) for word in OUTCOMES}, rows


@pytest.mark.parametrize(
    "flags",
    [
        ("--seed", "7"),
        ("--seed", "7", "--failure-rate", "0.2"),
        ("--seed", "8", "--failure-rate", "0.4"),
        ("--latency", "0"),
    ],
)
def test_client_and_server_count_the_same_requests(tmp_path, flags):
    path = tmp_path / "airports.sqlite"
    ended = run("--json", *FAST, *flags, "--database", str(path))
    assert without_slow_steps(ended.stderr) == ""
    assert ended.returncode == 0
    summary = json.loads(ended.stdout)
    counts, rows = logged(path)
    assert summary["holds"] is True
    assert summary["client"] == summary["server"] == counts
    assert len(rows) == sum(counts.values()), "every request has ended"
    assert (counts["failed"] > TOLD_TO_FAIL) == (summary["failure_rate"] > 0)
    assert all(expectation["holds"] for expectation in summary["expectations"])


def test_superseded_searches_are_cancelled_on_the_server(tmp_path):
    path = tmp_path / "airports.sqlite"
    summary = json.loads(run("--json", *FAST, "--database", str(path)).stdout)
    counts, rows = logged(path)
    searches = [(query, outcome) for path, query, outcome in rows if path == "/airports"]
    assert searches == [
        ("q=S&limit=5", "cancelled"),
        ("q=Sa&limit=5", "cancelled"),
        ("q=San&limit=5", "cancelled"),
        ("q=San &limit=5", "cancelled"),
        ("q=San D&limit=5", "served"),
    ]
    others = [path for path, _query, outcome in rows if outcome == "cancelled" and path != "/airports"]
    assert others == ["/airports/DEN", "/airports/SEA/name", "/watchlist"], (
        "a prefetch, an edit, and a list that an edit has made outdated"
    )
    assert counts["cancelled"] == summary["client"]["cancelled"] == 7


def test_independent_loads_take_as_long_as_the_slowest():
    summary = json.loads(run("--json", "--latency", "0.2").stdout)
    assert 1.0 <= summary["parallel_ratio"] < 2.0
    texts = [expectation["text"] for expectation in summary["expectations"]]
    assert "they took as long as the slowest one" in texts


def test_json_is_one_object_with_the_flags_and_every_expectation():
    summary = json.loads(run("--json", *FAST, "--seed", "3").stdout)
    assert (summary["seed"], summary["latency"], summary["failure_rate"]) == (3, 0.02, 0.0)
    assert {expectation["part"] for expectation in summary["expectations"]} == {
        "search",
        "details",
        "parallel",
        "resource",
        "recovery",
        "paging",
        "hover",
        "polling",
        "backoff",
        "breaker",
        "edits",
        "requests",
    }


def test_plain_output_is_the_same_in_every_run():
    flags = ("--plain", "--seed", "7", "--failure-rate", "0.2", *FAST)
    first, second = run(*flags), run(*flags)
    assert first.stdout == second.stdout
    lines = first.stdout.splitlines()
    assert lines[0] == ("halflife demo: 3376 airports, latency 0.02 s, failure rate 0.2, seed 7")
    assert lines[-1].endswith("expectations hold")
    assert "\x1b" not in first.stdout


def test_a_pipe_gets_plain_output():
    assert run(*FAST).stdout == run("--plain", *FAST).stdout


def test_plain_output_shows_the_states_of_the_live_view():
    lines = run("--plain", *FAST).stdout.splitlines()
    assert "  search              loading -> data: 4 for 'San D', first SDM Brown  Municipal" in lines
    assert (
        "  alaska              loading -> data: 263 airports in 248 cities "
        "-> loading -> error: /stats/AK: 500 told to fail"
    ) in lines
    assert "  ok      4 superseded searches were cancelled" in lines


def test_a_terminal_gets_the_live_view():
    pty = pytest.importorskip("pty")
    screen, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    shown = b""
    with started(*FAST, stdout=terminal, env=environment) as demo:
        os.close(terminal)
        # Linux raises an error when the other end of a terminal is closed; other systems return nothing.
        with contextlib.suppress(OSError):
            while piece := os.read(screen, 10_000):
                shown += piece
        os.close(screen)
        assert demo.wait(60) == 0
    assert b"\x1b[33mloading" in shown
    assert b"\x1b[36mrefreshing" in shown
    assert b"\x1b[31merror" in shown
    assert b"\x1b[32mdata" in shown
    assert b"\x1b[33msaving" in shown
    assert b"\x1b[32msaved" in shown
    assert b"\x1b[33mwaiting" in shown
    assert b"\x1b[2mhidden" in shown
    for state in (b"\x1b[31mopen", b"\x1b[33mhalf-open", b"\x1b[32mclosed"):
        assert state in shown
    assert b"expectations hold" in shown


def test_a_server_that_always_fails_shows_in_the_lines_and_the_exit_code():
    ended = run("--plain", "--failure-rate", "1", "--latency", "0")
    assert ended.returncode == 1
    complaints = ended.stderr.splitlines()
    assert len(complaints) >= 5
    for line in complaints:
        assert line.startswith("halflife demo: does not hold: ")
    assert "search: the part plays to its end (ApiError: /airports: 500" in complaints[0]
    assert "do not hold" in ended.stdout.splitlines()[-1]


def test_a_server_that_dies_in_the_middle_is_reported_and_nothing_hangs():
    class KillsTheServer(Plain):
        def part(self, name, title):
            super().part(name, title)
            if name == "details":
                server.stop()

    server = serve().start()
    summary = asyncio.run(tell(server, Options(0.0, 0.0, 0), KillsTheServer(io.StringIO())))
    broken = [str(expectation) for expectation in summary.broken]
    *parts, last = broken
    assert [line.split(":")[0] for line in parts] == [part for part in PARTS if part != "search"]
    assert last.startswith("requests: the server's log can be read (ClientConnectorError")
    assert all(expectation.part != "search" for expectation in summary.broken)


def test_a_store_without_a_client_says_what_to_set():
    with Store() as store, pytest.raises(LookupError, match=r"store\.set\(connection, client\)"):
        store.get(api)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--latency", "-1"), "argument --latency: '-1' is not seconds from 0 to 60"),
        (("--latency", "nan"), "argument --latency: 'nan' is not seconds from 0 to 60"),
        (("--latency", "61"), "argument --latency: '61' is not seconds from 0 to 60"),
        (("--latency", "soon"), "argument --latency: 'soon' is not seconds from 0 to 60"),
        (("--failure-rate", "1.1"), "argument --failure-rate: '1.1' is not a share from 0 to 1"),
        (("--failure-rate", "inf"), "argument --failure-rate: 'inf' is not a share from 0 to 1"),
        (("--seed", "x"), "argument --seed: invalid int value: 'x'"),
        (("--plain", "--json"), "argument --json: not allowed with argument --plain"),
        (("--loud",), "unrecognized arguments: --loud"),
    ],
)
def test_a_wrong_flag_is_named(capsys, flags, message):
    with pytest.raises(SystemExit) as caught:
        command_line.main(["demo", *flags])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as caught:
        command_line.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"halflife {__version__}\n"


def test_a_missing_command_is_named(capsys):
    with pytest.raises(SystemExit) as caught:
        command_line.main([])
    assert caught.value.code == 2
    assert "the following arguments are required: command" in capsys.readouterr().err


def test_a_missing_package_is_named_with_what_to_install(capsys, monkeypatch):
    find_spec = command_line.importlib.util.find_spec
    monkeypatch.setattr(
        command_line.importlib.util,
        "find_spec",
        lambda name: None if name == "vega_datasets" else find_spec(name),
    )
    assert command_line.main(["demo", "--plain"]) == 2
    assert capsys.readouterr().err == ("halflife demo: needs vega_datasets: pip install 'halflife-state[demo]'\n")


def test_a_file_that_is_no_database_is_refused(tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be one" * 100, encoding="utf-8")
    assert command_line.main(["demo", "--plain", "--database", str(path)]) == 1
    assert capsys.readouterr().err == (
        "halflife demo: the demo server did not start: DatabaseError: file is not a database\n"
    )


def test_a_reader_that_goes_away_ends_the_demo_without_a_traceback():
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with started("--plain", *FAST, **pipes) as demo:
        assert demo.stdout.readline().startswith("halflife demo")
        demo.stdout.close()
        assert without_slow_steps(demo.stderr.read()) == ""
        assert demo.wait(60) == 1


def test_ctrl_c_ends_demo_and_server():
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    # A shell that runs the tests in the background makes them and their children ignore Ctrl-C.
    heeds = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with started("--plain", "--latency", "20", **pipes, start_new_session=True, preexec_fn=heeds) as demo:
        assert demo.stdout.readline().startswith("halflife demo")
        os.killpg(demo.pid, signal.SIGINT)  # sent to the whole group, as by a terminal
        # Both pipes end only after the server has ended, too: it inherited one of them.
        _output, errors = demo.communicate(timeout=60)
        assert without_slow_steps(errors) == ""
        assert demo.returncode == 130
