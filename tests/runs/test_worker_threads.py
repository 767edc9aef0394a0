"""The worker threads of blocking fetchers in a forked process."""

import os
import sys
from collections.abc import Callable

import pytest


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="processes are forked on Linux")
def test_a_forked_process_has_worker_threads_of_its_own(apart: Callable[[str], str]) -> None:
    script = """
    import asyncio, os, sys, warnings

    warnings.simplefilter("ignore", DeprecationWarning)  # a fork next to threads is the point
    number = resource(atom(1), lambda value: value + 1, thread=True)

    async def fetch():
        async with Store() as store:
            return await asyncio.wait_for(store.get(number), 60)

    assert asyncio.run(fetch()) == 2
    child = os.fork()
    if child == 0:
        os._exit(0 if asyncio.run(fetch()) == 2 else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    assert apart(script) == "0\n"
