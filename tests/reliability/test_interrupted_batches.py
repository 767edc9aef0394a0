"""After an interrupt (Ctrl-C) at any point, a batch is done or has not begun, and no batch is left open."""

import dis
import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from halflife import Store, atom, effect
from interrupted_batches import WAYS, Program, check


class StopError(KeyboardInterrupt):
    """The interrupt."""


def interrupted(at: int, work: Callable[[], object]) -> bool:
    """Run the work and interrupt it at the n-th point where Python checks for signals: after calls and jumps back."""
    left = at
    last: dict[FrameType, str] = {}

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        if event == "opcode":
            name = dis.opname[frame.f_code.co_code[frame.f_lasti]]
            before = last.get(frame, "RESUME")
            last[frame] = name
            if before.startswith(("CALL", "JUMP_BACKWARD", "RESUME")):
                left -= 1
                if left == 0:
                    sys.settrace(None)
                    last.clear()
                    raise StopError
        return trace

    # No collection may run meanwhile: Python does not propagate an interrupt raised in a finalizer.
    gc.collect()
    gc.disable()
    sys.settrace(trace)
    try:
        work()
    except StopError:
        return True
    finally:
        sys.settrace(None)
        gc.enable()
        last.clear()
    return False


def interrupt_everywhere(way: str) -> None:
    at = 0
    while True:
        at += 1
        program = Program()
        if not interrupted(at, getattr(program, way)):
            break
        check(program, at)
    assert at > 10
    assert program.told == [2]


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_interrupted_anywhere_is_done_or_has_not_begun(way: str) -> None:
    interrupt_everywhere(way)


def test_a_batch_that_python_code_enters_would_fail_the_test_before(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    native = Store.batch

    class PythonBatch:
        def __init__(self, store: Store) -> None:
            self.batch = native(store)
            kept.append(self.batch)

        def __enter__(self) -> None:
            self.batch.__enter__()

        def __exit__(self, *error: object) -> None:
            self.batch.__exit__(*error)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "batch", lambda store: PythonBatch(store))
    with pytest.raises(AssertionError):
        interrupt_everywhere("batch")


def test_a_batch_that_was_entered_and_never_left_is_undone_when_it_is_collected() -> None:
    program = Program()
    store = program.store
    for cyclic in (False, True):
        batch = store.batch()
        batch.__enter__()
        with store.batch():
            program.both(3)
        assert store._in_batch
        holder: list[Any] = [batch]
        if cyclic:
            holder.append(holder)
        del batch, holder
        gc.collect()
        check(program, 0)
        store.set(program.write, 0)
        program.told.clear()


def test_a_batch_is_left_twice_and_used_again() -> None:
    program = Program()
    batch = program.store.batch()
    for value in (1, 2):
        with batch, batch:
            program.both(value)
        assert batch.__exit__(None, None, None) is False
        assert program.told.pop() == 2 * value
    outer = program.store.batch()
    outer.__enter__()
    batch.__enter__()
    program.both(7)
    outer.__exit__(None, None, None)  # the inner batch was left open, so it is rolled back
    assert not program.store._in_batch
    batch.__exit__(None, None, None)
    assert (program.store.get(program.total), program.told) == (4, [])


def test_an_effect_can_be_interrupted_while_its_name_is_found() -> None:
    """Finding the name at the first run once went on with the interrupt pending, which was a SystemError."""
    at, seen = 0, 0
    while True:
        at += 3
        source, ran = atom(0), list[int]()
        store = Store()

        def work() -> None:
            store.observe(effect(lambda get, set: ran.append(get(source))))  # noqa: B023 - called at once

        fired = interrupted(at, work)
        assert store._invariant() is None
        store.set(source, 5)
        assert set(ran) <= {0, 5}
        if not fired:
            break
        seen += 1
    assert seen > 20
    assert ran == [0, 5]
