"""An exception that another thread raises in this one (`PyThreadState_SetAsyncExc`), at any moment of an operation.

Python raises the exception at its next check, perhaps in a recipe, a subscriber or a callback of the package.
The batch or operation on layers then is done or has not begun, and the next one works.
"""

import ctypes
import gc
import random
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from conftest import FIRST_SEED, MULTIPLIER
from interrupted_batches import WAYS, Program, check
from interrupted_layers import OPERATIONS, REPLAYS, start, state_of
from layer_values import same

TIMES = round(15 * MULTIPLIER)
ROUNDS = 20  # rounds of work, so that most interrupts hit one


class StopError(KeyboardInterrupt):
    """The exception."""


def interrupt(moment: int, works: list[Callable[[], object]]) -> int:
    """Do the works in order; another thread counts to `moment` and interrupts. Return how many works ended."""
    this = ctypes.c_ulong(threading.get_ident())
    ready, arrived = threading.Barrier(2), threading.Event()
    ended = 0

    def count() -> None:
        ready.wait()
        for _ in range(moment):
            pass
        while not arrived.is_set():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(this, ctypes.py_object(StopError))
            arrived.wait(60)  # one exception is enough, unless a callback swallowed it

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    try:
        ready.wait()
        for work in works:
            work()
            ended += 1
        while True:
            pass  # the exception is raised here at the latest
    except StopError:
        arrived.set()
    thread.join()
    return ended


@pytest.fixture(autouse=True)
def threads_take_turns_quickly() -> Iterator[None]:
    # No collection may run meanwhile: Python does not propagate an exception raised in a finalizer.
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    sys.setswitchinterval(before)


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_is_done_or_has_not_begun(way: str) -> None:
    choose = random.Random(FIRST_SEED)
    for time in range(TIMES):
        programs = [Program() for _ in range(ROUNDS)]
        ended = interrupt(choose.randrange(3000), [getattr(program, way) for program in programs])
        for program in programs[max(0, ended - 1) : ended + 2]:
            check(program, time)


@REPLAYS
@pytest.mark.parametrize("own", [True, False], ids=["by themselves", "of an atom"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_on_layers_is_done_or_has_not_begun(name: str, replay: Any, *, own: bool) -> None:
    choose = random.Random(FIRST_SEED)
    operate = OPERATIONS[name]
    layers, made, _ = start(replay, own=own)
    before = state_of(layers, made)
    operate(layers, made)
    after = state_of(layers, made)
    for _ in range(TIMES):
        subjects = [start(replay, own=own) for _ in range(ROUNDS)]
        works = [partial(operate, layers, made) for layers, made, _ in subjects]
        ended = interrupt(choose.randrange(3000), works)
        for place, (layers, made, (store, atom)) in enumerate(subjects):
            now = state_of(layers, made)
            assert place >= ended or same(now, after)
            assert same(now, after) or same(now, before), now
            if not own:
                assert store.get(atom) is layers.visible
            layers.rollback_all()
            assert layers.pending == 0
            assert same(layers.visible, layers.base)
