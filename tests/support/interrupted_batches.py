"""Programs of interrupted batches: each batch is done as a whole, or has not begun."""

import contextlib
from collections.abc import Callable
from typing import Any

from halflife import Store, action, atom, derived, effect


class Program:
    """Two atoms that are always set together, with their dependents and subscribers."""

    def __init__(self) -> None:
        self.store = Store(on_error=lambda error: None)
        self.left, self.right = atom(0), atom(0, on_mount=lambda set: lambda: None)
        self.total = derived(lambda get: get(self.left) + get(self.right))
        self.told: list[int] = []
        self.store.subscribe(self.total, self.told.append)
        self.store.observe(effect(lambda get, set: get(self.left) and None))
        self.write = action(self.set_both)

    def set_both(self, get: Callable[[Any], Any], set: Callable[..., Any], value: int) -> None:
        set(self.left, value)
        get(self.total)
        set(self.right, value)

    def both(self, value: int) -> None:
        self.set_both(self.store.get, self.store.set, value)

    def batch(self) -> None:
        with self.store.batch():
            self.both(1)

    def nested(self) -> None:
        with self.store.batch():
            self.store.set(self.left, 1)
            with self.store.batch():
                self.both(1)

    def stacked(self) -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.store.batch())
            stack.enter_context(self.store.batch())
            self.both(1)

    def act(self) -> None:
        self.store.set(self.write, 1)

    def act_in_a_batch(self) -> None:
        with self.store.batch():
            self.store.set(self.write, 1)
            self.store.update(self.left, lambda value: value)

    def in_a_subscriber(self) -> None:
        trigger = atom(0)

        def told(value: int) -> None:
            with self.store.batch():
                self.both(value)

        with self.store.subscribe(trigger, told):
            self.store.set(trigger, 1)


def check(program: Program, at: int) -> None:
    store = program.store
    assert not store._in_batch, at
    assert store._invariant() is None, at
    values = store.get(program.left), store.get(program.right)
    assert values in ((0, 0), (1, 1)), at
    assert store.get(program.total) == sum(values), at
    with store.batch():
        program.both(5)
    assert program.told[-1] == 10, at
    assert store._invariant() is None, at


WAYS = ["batch", "nested", "stacked", "act", "act_in_a_batch", "in_a_subscriber"]
