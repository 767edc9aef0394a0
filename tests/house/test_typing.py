"""Types as users see them: code that mypy and pyright must accept, and code that they must reject.

In `tests/typing` the files `must_check*.py` must pass. In the files `must_not_check*.py` every line with a
`type: ignore` must be an error: mypy and pyright report an ignore that ignores nothing.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
PROJECT = HERE.parent
MUST_CHECK = sorted((HERE / "typing").glob("must_check*.py"))
MUST_NOT_CHECK = sorted((HERE / "typing").glob("must_not_check*.py"))
IGNORE = re.compile(r"\s*# type: ignore\[[^\]]*\]")

pytest.importorskip("mypy")
pytest.importorskip("pyright")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def lines_that_must_fail(path: Path) -> set[int]:
    return {number for number, line in enumerate(path.read_text().splitlines(), 1) if IGNORE.search(line)}


def test_there_are_files_of_both_kinds() -> None:
    assert MUST_CHECK
    assert all(lines_that_must_fail(path) for path in MUST_NOT_CHECK)


def test_mypy_accepts_what_must_pass_and_every_ignored_line_is_an_error() -> None:
    done = run("mypy", *MUST_CHECK, *MUST_NOT_CHECK)
    assert done.returncode == 0, done.stdout


def test_pyright_accepts_what_must_pass_and_every_ignored_line_is_an_error() -> None:
    done = run("pyright", *MUST_CHECK, *MUST_NOT_CHECK)
    assert done.returncode == 0, done.stdout


def test_without_its_ignores_each_such_line_is_an_error_for_both_and_no_other(tmp_path: Path) -> None:
    expected = set()
    for path in MUST_NOT_CHECK:
        bare = IGNORE.sub("", path.read_text()).replace("reportUnnecessaryTypeIgnoreComment=true", "basic")
        (tmp_path / path.name).write_text(bare)
        expected |= {(path.name, number) for number in lines_that_must_fail(path)}
    by_mypy = run("mypy", "--output", "json", *sorted(tmp_path.glob("*.py")))
    reported = [json.loads(line) for line in by_mypy.stdout.splitlines() if line.startswith("{")]
    assert {(Path(one["file"]).name, one["line"]) for one in reported if one["severity"] == "error"} == expected
    by_pyright = json.loads(run("pyright", "--outputjson", *sorted(tmp_path.glob("*.py"))).stdout)
    errors = [one for one in by_pyright["generalDiagnostics"] if one["severity"] == "error"]
    found = {(Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in errors}
    assert found == expected
