"""*Exit* with daemon threads inside the package: the threads stop where they are, and the process ends cleanly."""

from textwrap import dedent, indent

import pytest

from conftest import MULTIPLIER

# Calls that reach a user's function `stay`, in which the thread is when Python shuts down.
INSIDE = {
    "a read": "store.get(derived(lambda get: stay()))",
    "a read of an observed atom": """
        store.subscribe(derived(lambda get: get(count) and stay()), print)
        store.set(count, 1)
        """,
    "a read far down": """
        below = derived(lambda get: stay())
        for _ in range(300):
            below = derived(lambda get, below=below: get(below))
        store.get(below)
        """,
    "a comparison": """
        compared = atom(0, equals=lambda before, now: stay())
        store.get(compared)
        store.set(compared, 1)
        """,
    "a mount": "store.subscribe(atom(0, on_mount=lambda set: stay()), print)",
    "an unmount": "store.subscribe(atom(0, on_mount=lambda set: stay), print)()",
    "a subscriber": """
        store.subscribe(count, lambda value: stay())
        store.set(count, 1)
        """,
    "an effect": "store.observe(effect(lambda get, set: stay()))",
    "an action": "store.set(action(lambda get, set: stay()))",
    "an update": "store.update(count, lambda value: stay())",
    "a batch": """
        with store.batch():
            store.set(count, 1)
            stay()
        """,
    "an error handler": """
        store.subscribe(count, lambda value: 1 / 0)
        store.set(count, 1)
        """,
    "a finalizer": """
        store.set(count, Last())
        store.set(count, 1)
        """,
    "a collection": """
        cycle = [Last()]
        cycle.append(cycle)
        store.set(count, cycle)
        del cycle
        store.set(count, 1)
        gc.collect()
        """,
    "a run": """
        async def read(get):
            stay()
        async def main():
            await store.get(derived(read))
        asyncio.run(main())
        """,
    "a member being made": "family(lambda key: stay())(1)",
    "a recipe": "produce({'a': [1]}, lambda draft: draft['a'].append(stay()))",
    "a recipe of a layer": "store.layers(draft_atom({'a': 1})).apply(lambda draft: stay())",
    "a sorted draft": "produce([3, 2, 1], lambda draft: draft.sort(key=lambda each: stay()))",
    "a key's hash": "produce({}, lambda draft: draft.update({Key(): 1}))",
}

SCRIPT = """
import asyncio, gc, select, sys, threading

class Last:
    def __del__(self):
        stay()

class Key:
    def __hash__(self):
        return stay()

class Slow:
    # Python shuts down slowly enough for the other thread to be ended meanwhile.
    def __del__(self):
        select.select([], [], [], 0.05)

slow, inside = Slow(), threading.Event()

def stay(error=None):
    inside.set()
    while True:
        select.select([], [], [], 0)  # lets another thread go on

def work():
    store, count = Store(on_error=stay), atom(0)
{work}

threading.Thread(target=work, daemon=True).start()
print("ok" if inside.wait(60) else "the thread does not come there")
"""


@pytest.mark.parametrize("place", INSIDE)
def test_python_may_shut_down_while_a_daemon_thread_is_in(apart, place) -> None:
    assert apart(SCRIPT.format(work=indent(dedent(INSIDE[place]), " " * 4))) == "ok\n"


@pytest.mark.torture
def test_python_may_shut_down_while_daemon_threads_work(apart) -> None:
    script = """
        import sys, threading
        sys.setswitchinterval(1e-6)
        count, started = atom(0), threading.Semaphore(0)
        watched = derived(lambda get: get(count))

        def work():
            store = Store()
            store.subscribe(watched, lambda value: None)
            number = 0
            while True:
                number += 1
                store.set(count, number)
                produce([1, {"a": 2}], lambda draft: draft.append(number))
                derived(lambda get: get(count))
                with store.batch():
                    store.set(count, -number)
                if number == 10:
                    started.release()

        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        for _ in range(4):
            started.acquire()
        print("ok")
        """
    for _ in range(round(5 * MULTIPLIER)):
        assert apart(script) == "ok\n"
