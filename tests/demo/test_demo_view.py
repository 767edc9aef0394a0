"""The demo's output: the live terminal view and the plain lines, without a server."""

from __future__ import annotations

import io

from rich.console import Console

from halflife.demo.narrator import Plain
from halflife.demo.summary import Edits, Expectation, Options, Summary
from halflife.demo.view import LiveView

HELD = Expectation("search", "it was cancelled", True, "1")
BROKEN = Expectation("search", "it was shown", False, "it was not")


def play(narrator, *expectations):
    """Play a small story; return its summary."""
    summary = Summary(Options(0.1, 0.0, 7), list(expectations))
    with narrator:
        narrator.begin(3376, summary)
        narrator.part("search", "type a city")
        narrator.shown("search", "loading", "")
        narrator.shown("other", "loading", "")
        narrator.shown("other", "error", "gone")
        narrator.shown("search", "data", "4 found")
        for expectation in expectations:
            narrator.expectation(expectation)
        narrator.end(summary)
    return summary


def screen(*expectations):
    """The final text on a terminal of 100 columns."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, record=True)
    play(LiveView(console), *expectations)
    return console.export_text()


def test_plain_lines_of_parallel_loads_have_a_fixed_order():
    file = io.StringIO()
    play(Plain(file), HELD, BROKEN)
    assert file.getvalue().splitlines() == [
        "halflife demo: 3376 airports, latency 0.1 s, failure rate 0, seed 7",
        "",
        "search: type a city",
        "  search              loading -> data: 4 found",
        "  other               loading -> error: gone",
        "  ok      it was cancelled",
        "  BROKEN  it was shown (it was not)",
        "",
        "                              served cancelled    failed",
        "as the client saw them             0         0         0",
        "as the server logged them          0         0         0",
        "                            accepted   refused",
        "edits, by the client               0         0",
        "edits, by the server               0         0",
        "queries: 0 airports in 0 pages, 0 polls, 0 retries, 0 refused by the circuit breaker",
        "1 of 2 expectations do not hold",
    ]


def test_plain_lines_report_a_part_that_failed():
    file = io.StringIO()
    narrator = Plain(file)
    with narrator:
        narrator.shown("search", "loading", "")
    assert file.getvalue() == "  search              loading\n"


def test_the_live_view_shows_each_state_as_it_comes():
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with LiveView(console) as view:
        view.part("search", "type a city")
        for state, text in (("loading", ""), ("data", "4 found"), ("refreshing", "4 found")):
            before = len(console.file.getvalue())
            view.shown("search", state, text)
            drawn = console.file.getvalue()[before:]
            assert state in drawn
            assert text in drawn


def test_the_live_view_leaves_the_whole_story_on_the_screen():
    shown = screen(HELD, BROKEN)
    for words in (
        "3376 airports, latency 0.1 s",
        "search  type a city",
        "4 found",
        "gone",
        "ok",
        "it was cancelled",
        "BROKEN",
        "it was shown (it was not)",
        "as the server logged them",
        "1 of 2 expectations do not hold",
    ):
        assert words in shown


def test_the_live_view_shows_markup_in_data_as_text():
    console = Console(file=io.StringIO(), width=100, force_terminal=True, record=True)
    with LiveView(console) as view:
        view.part("search", "[bold]type[/bold]")
        view.shown("search", "data", "[link=http://example.com]here[/link] [/oops]")
    shown = console.export_text()
    assert "[bold]type[/bold]" in shown
    assert "[link=http://example.com]here[/link] [/oops]" in shown


def test_a_summary_says_which_expectation_broke_and_why():
    summary = play(Plain(io.StringIO()), HELD, BROKEN)
    assert not summary.holds
    assert [str(expectation) for expectation in summary.broken] == ["search: it was shown (it was not)"]
    assert str(HELD) == "search: it was cancelled"
    assert play(Plain(io.StringIO()), HELD).holds


def test_a_summary_has_the_results_of_edits_and_whether_the_rows_agree():
    here, there = {"iata": "SAN", "name": "here"}, {"iata": "SAN", "name": "there"}
    edits = Edits({"kept": 2, "refused": 1}, [here], [here])
    assert str(edits) == "3 edits: 2 kept, 1 refused; the 1 airports shown are the 1 in the database"
    edits.stored = [there]
    assert not edits.same
    assert str(edits) == "3 edits: 2 kept, 1 refused; what is shown is not what is in the database"
    summary = Summary(Options(0.1, 0.0, 7), edits=edits)
    assert str(edits) in summary.lines()
    assert summary.as_json()["edits"] == {"outcomes": {"kept": 2, "refused": 1}, "shown": [here], "stored": [there]}
    assert Summary(Options(0.1, 0.0, 7)).as_json()["edits"] is None
