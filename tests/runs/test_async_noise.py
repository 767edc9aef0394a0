"""Noise: asyncio and the interpreter report nothing when the loop, the store or the process ends during a run.

Each case is a program of its own, run with Python's development mode and with warnings as errors. An event loop
reports to its exception handler or to the log, so the programs check both.
"""

import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import asyncio, gc, logging, sys
from halflife import *
complaints = []
class Ears(logging.Handler):
    def emit(self, record):
        if not record.getMessage().startswith("Executing "):  # a slow step: the machine is busy
            complaints.append(record.getMessage())
logging.getLogger("asyncio").addHandler(Ears())
sys.unraisablehook = lambda unraisable: complaints.append(repr(unraisable))
key = atom(1)
def on_error(error):
    complaints.append(repr(error))
def ignore(value):
    pass
@derived
async def slow(get):
    get(key)
    await asyncio.get_running_loop().create_future()
@derived
async def fails(get):
    raise KeyError(get(key))
@derived
async def stream(get):
    yield get(key)
    await asyncio.get_running_loop().create_future()
@derived
async def above(get):
    return [await get(slow)]
@action
async def work(get, set):
    await asyncio.get_running_loop().create_future()
async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)
"""

CASES = {
    "a loop that is closed by asyncio.run with runs under way": """
        store = Store()
        async def main():
            for a in (slow, stream, above):
                store.subscribe(a, ignore, ignore)
            store.set(work)
            await turns()
        asyncio.run(main())
        del store
    """,
    "a loop that is closed before the first step of a run": """
        store = Store(on_error=ignore)
        async def main():
            store.get(slow)
            store.get(stream)
            store.set(work)
        asyncio.run(main())
    """,
    "a loop that is closed by hand with runs under way": """
        store = Store(on_error=on_error)
        loop = asyncio.new_event_loop()
        async def main():
            store.get(slow)
            store.get(stream)
            store.subscribe(above, ignore)
            store.set(work)
            await turns()
        loop.run_until_complete(main())
        loop.close()
        gc.collect()
        del store
        gc.collect()
    """,
    "a loop that is closed by hand before the first step of a run": """
        store = Store(on_error=on_error)
        loop = asyncio.new_event_loop()
        async def main():
            store.get(slow)
            store.get(stream)
            store.set(work)
        loop.run_until_complete(main())
        loop.close()
        gc.collect()
        del store
        gc.collect()
    """,
    "a second loop after one that was closed by hand": """
        store = Store(on_error=on_error)
        loop = asyncio.new_event_loop()
        async def first():
            store.subscribe(slow, ignore)
            await turns()
        loop.run_until_complete(first())
        loop.close()
        async def second():
            store.get(slow)
            await turns()
            await store.close()
        asyncio.run(second())
    """,
    "a store that is closed after its loop": """
        store = Store(on_error=on_error)
        loop = asyncio.new_event_loop()
        async def main():
            store.subscribe(slow, ignore)
            store.subscribe(stream, ignore)
            store.set(work)
            await turns()
        loop.run_until_complete(main())
        loop.close()
        store.dispose()
        gc.collect()
    """,
    "a store that is dropped in the middle of a run": """
        async def main():
            store = Store(on_error=on_error)
            store.get(slow)
            store.get(stream)
            store.get(above)
            store.set(work)
            await turns()
            del store
            gc.collect()
            await turns()
            gc.collect()
        asyncio.run(main())
    """,
    "a store that is dropped before the first step of a run": """
        async def main():
            store = Store(on_error=on_error)
            store.get(slow)
            store.get(stream)
            store.set(work)
            del store
            gc.collect()
            await turns()
        asyncio.run(main())
    """,
    "a store that is disposed of in the middle of a run, and not waited for": """
        async def main():
            store = Store(on_error=on_error)
            store.subscribe(above, ignore)
            store.get(stream)
            await turns()
            store.dispose()
        asyncio.run(main())
    """,
    "runs that fail and are superseded with nobody looking": """
        async def main():
            async with Store(on_error=on_error) as store:
                for value in range(5):
                    store.set(key, value)
                    store.get(fails)
                    store.get(slow)
                    if value % 2:
                        await turns()
                await turns()
            del store
            gc.collect()
        asyncio.run(main())
    """,
    "waiters that are cancelled, and time out": """
        async def main():
            async with Store(on_error=on_error) as store:
                tasks = [asyncio.ensure_future(store.value(above)) for _ in range(5)]
                await turns()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                try:
                    async with asyncio.timeout(0):
                        await store.get(slow)
                except TimeoutError:
                    pass
        asyncio.run(main())
    """,
    "a run whose cleanup fails after it was superseded": """
        @derived
        async def messy(get):
            mine = get(key)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                if mine < 3:
                    raise KeyError("in the cleanup")
        async def main():
            async with Store(on_error=ignore) as store:
                with store.subscribe(messy, ignore):
                    for value in (1, 2, 3):
                        store.set(key, value)
                        await turns()
            del store
            gc.collect()
        asyncio.run(main())
    """,
    "a run that catches everything and goes on": """
        @derived
        async def stubborn(get):
            mine = get(key)
            for _ in range(3):
                try:
                    await asyncio.sleep(0)
                except BaseException:
                    pass
            return mine
        async def main():
            async with Store(on_error=on_error) as store:
                with store.subscribe(stubborn, ignore):
                    for value in range(10):
                        store.set(key, value)
                        await turns(value % 3)
                    assert await store.get(stubborn) == 9
        asyncio.run(main())
    """,
    "changes and until that are broken off": """
        async def main():
            async with Store(on_error=on_error) as store:
                changes = store.changes(stream)
                assert await anext(changes) == 1
                task = asyncio.ensure_future(store.until(key, lambda value: value == 5))
                await turns()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await changes.aclose()
        asyncio.run(main())
    """,
    "awaitables that are set and replaced": """
        source = atom(0)
        async def coroutine():
            await asyncio.sleep(0)
            return 1
        async def main():
            async with Store(on_error=on_error) as store:
                for value in range(5):
                    store.set(source, coroutine())
                    await turns(value % 3)
                store.set(source, coroutine())
                store.set(source, 7)
                await turns()
                store.set(source, coroutine())
        asyncio.run(main())
    """,
    "a keyboard interrupt in the middle of a run": """
        fired = []
        @derived
        async def interrupted(get):
            if not fired:
                fired.append(1)
                raise KeyboardInterrupt
            return 5
        store = Store(on_error=ignore)
        async def main():
            store.get(interrupted)
            store.get(slow)
            await turns()
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            fired.append(2)
        assert fired == [1, 2]
        async def again():
            return await store.get(interrupted)
        assert asyncio.run(again()) == 5
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_there_is_none_after(case: str) -> None:
    program = (
        PRELUDE + textwrap.dedent(CASES[case]) + "\ngc.collect()\nassert not complaints, complaints\nprint('end')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stderr, ended.stdout, ended.returncode) == ("", "end\n", 0)
