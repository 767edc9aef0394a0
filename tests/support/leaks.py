"""A plugin of `make sanitize`: after the tests of a process, AddressSanitizer looks for memory that the core leaked.

Only memory that the core allocated is reported, not leaks of other libraries or of CPython.
"""

import ctypes
import os
import sys
import tempfile
from typing import Any

import pytest

FOUND = pytest.StashKey[list[str]]()  # reports of this process and of the workers


def leaks_of_the_core() -> str:
    """The reports of LeakSanitizer in which a function of the core is on the stack."""
    with tempfile.TemporaryFile() as report:
        sys.stderr.flush()
        stderr = os.dup(2)
        os.dup2(report.fileno(), 2)
        try:
            ctypes.CDLL(None).__lsan_do_recoverable_leak_check()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        report.seek(0)
        reports = report.read().decode(errors="replace").split("\n\n")
    return "\n\n".join(one for one in reports if "halflife::" in one or "/_core." in one)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FOUND] = []


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect the report of a worker that has ended."""
    node.config.stash[FOUND].append(getattr(node, "workeroutput", {}).get("leaks", ""))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    found = session.config.stash[FOUND]
    found.append(leaks_of_the_core())
    worker = getattr(session.config, "workeroutput", None)
    if worker is not None:
        worker["leaks"] = found[0]
    elif any(found):
        sys.stderr.write("\n".join(["The core has lost memory:", *found, ""]))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
