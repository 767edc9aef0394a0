"""docs/queries-and-tanstack.md names the test of each behavior; every name is that of a test."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "queries-and-tanstack.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(\w+\.py)::(\w+)`", PAGE)


def found_in(name: str) -> set[str]:
    """The names of the tests in a file of tests/query."""
    tree = ast.parse((ROOT / "tests" / "query" / name).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, functions) and node.name.startswith("test_")}


@pytest.mark.parametrize("name", sorted({file for file, _ in NAMED}))
def test_every_test_that_the_page_names_exists(name: str) -> None:
    assert {test for file, test in NAMED if file == name} <= found_in(name)


def test_the_page_names_every_test_that_was_written_for_it() -> None:
    name = "test_tanstack_behaviors.py"
    assert found_in(name) == {test for file, test in NAMED if file == name}


def test_every_row_names_a_test_and_says_whether_we_do_the_same() -> None:
    rows = [line for line in PAGE.split("## One fetch for all")[1].splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith(("| behavior", "| ---"))]
    assert len(rows) > 100
    for row in rows:
        _, behavior, test, verdict, _ = row.split("|")
        assert behavior.strip(), row
        assert re.search(r"`\w+\.py::\w+`", test), row
        assert verdict.strip().startswith(("same", "differs")), row
