"""After an interrupt (Ctrl-C) at any point, an operation on layers is done or has not begun."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from interrupted_layers import OPERATIONS, REPLAYS, start, state_of
from layer_values import same


class StopError(KeyboardInterrupt):
    """The interrupt."""


def interrupted(at: int, work: Callable[[], object]) -> bool:
    """Run the work and raise an interrupt before its n-th bytecode; return False if the work has fewer."""
    left = at

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                sys.settrace(None)
                raise StopError
        return trace

    gc.disable()  # Python does not propagate an interrupt raised in a finalizer
    sys.settrace(trace)
    try:
        work()
    except StopError:
        return True
    finally:
        sys.settrace(None)
        gc.enable()
    return False


@REPLAYS
@pytest.mark.parametrize("own", [True, False], ids=["by themselves", "of an atom"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_interrupted_at_any_bytecode_is_done_or_has_not_begun(
    name: str, replay: Any, *, own: bool
) -> None:
    operate = OPERATIONS[name]
    layers, made, _ = start(replay, own=own)
    before = state_of(layers, made)
    operate(layers, made)
    after = state_of(layers, made)
    assert not same(before, after)
    at, reached = 1, set()
    while True:
        layers, made, (store, atom) = start(replay, own=own)
        told: list[Any] = []
        if not own:
            store.subscribe(atom, told.append)
        fired = interrupted(at, lambda: operate(layers, made))  # noqa: B023 - called at once
        now = state_of(layers, made)
        is_done = same(now, after)
        assert is_done or same(now, before), (at, now)
        reached.add(is_done)
        if not own:
            assert store.get(atom) is layers.visible
        # The next operation works.
        layers.rollback_all()
        assert layers.pending == 0
        assert same(layers.visible, layers.base)
        if not fired:
            break
        at += 1 if at < 40 else 7
    assert reached == {True, False}
    assert at > 20
