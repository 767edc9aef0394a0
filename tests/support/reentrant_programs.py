"""*Reentrant programs*: random programs whose hooks call the store again in the middle of its work.

A hook is any user code that the store or the interpreter calls: reads, comparisons, subscribers, effects, mount
hooks, cleanups, `__del__` of values and of owners of subscriptions, the garbage collector's callback, the clock,
`on_error`. Each performs random operations on the store: set, get, subscribe, unsubscribe, observe and end effects,
open batches that succeed or fail, drop atoms, collect garbage, look at the graph and the history, close.

Afterwards the graph's invariants hold, its values equal a computation from the sources alone, later changes
notify, and nothing is alive once everything was dropped.

    python tests/support/reentrant_programs.py SEED COUNT     # runs the programs SEED ... SEED + COUNT - 1
"""

import asyncio
import contextlib
import gc
import random
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from halflife import AsyncValue, HasData, Store, action, atom, derived, effect, loadable, select


class ActedError(Exception):
    """Raised by the hooks of a program."""


class Box:
    """A value that calls a hook when it is freed."""

    def __init__(self, program: "Program", number: int) -> None:
        self.program, self.number = program, number

    def __del__(self) -> None:
        self.program.hook("__del__ of a value")


class Owner:
    """A member of a reference cycle that calls `end` when it is collected."""

    def __init__(self, program: "Program", end: Callable[[], object]) -> None:
        self.me = self
        self.program, self.end = program, end

    def __del__(self) -> None:
        self.program.attempt(self.end)
        self.program.hook("__del__ of an owner")


class Timer:
    def __init__(self, program: "Program", callback: Callable[[], object]) -> None:
        self.program, self.callback = program, callback

    def cancel(self) -> None:
        self.program.hook("timer.cancel")
        if self in self.program.timers:
            self.program.timers.remove(self)


class Clock:
    """A clock that calls a hook in each method."""

    def __init__(self, program: "Program") -> None:
        self.program = program

    def now(self) -> float:
        self.program.hook("clock.now")
        return 0.0

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        self.program.hook("clock.call_later")
        self.program.timers.append(timer := Timer(self.program, callback))
        return timer

    async def sleep(self, delay: float) -> None:
        await asyncio.sleep(0)


class Made:
    """An atom of the program, and a function that computes its value from the sources alone."""

    def __init__(self, one: Any, truth: Callable[[], int], *, waits: bool = False) -> None:
        self.atom, self.truth, self.waits = one, truth, waits


def number_of(value: Any) -> int:
    return value.number if isinstance(value, Box) else value


class Program:
    """One store with its atoms, effects, subscriptions and timers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.acted: Counter[str] = Counter()
        self.faults: list[str] = []
        self.armed = False
        self.budget = self.depth = 0
        self.in_loop = self.random.random() < 0.4
        self.may_close = self.random.random() < 0.15
        self.timers: list[Timer] = []
        self.known: list[Made] = []
        self.effects: list[Any] = []
        self.handles: list[Any] = []
        self.store = Store(
            clock=Clock(self),  # type: ignore[arg-type]
            on_error=self.on_error,
            mount_grace=self.random.choice([0.0, 0.0, 1.0]),
        )
        self.sources = [self.source() for _ in range(self.random.randint(2, 4))]
        for _ in range(self.random.randint(2, 8)):
            self.compute()
        for _ in range(self.random.randint(1, 3)):
            self.effects.append(self.effect())
        self.write = action(self.writer)
        if self.random.random() < 0.5:
            self.store.history(20)

    # --- atoms

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.random.random() < 0.3:
            options["equals"] = self.equals
        if self.random.random() < 0.4:
            options["on_mount"] = self.on_mount
        return options

    def source(self) -> Any:
        value = Box(self, 1) if self.random.random() < 0.3 else 1
        made = atom(value, name=f"s{len(self.known)}", **self.options())
        self.known.append(Made(made, lambda: number_of(self.store.get(made))))
        return made

    def compute(self) -> None:
        name = f"d{len(self.known)}"
        waits = self.in_loop and self.random.random() < 0.4
        inputs = self.random.choices([one for one in self.known if waits or not one.waits], k=self.random.randint(1, 3))
        atoms = [one.atom for one in inputs]
        truths = [one.truth for one in inputs]
        switches = self.random.random() < 0.3

        def total(first: int, rest: list[Callable[[], int]]) -> int:
            if switches and rest:
                rest = [rest[first % len(rest)]]
            return (first + sum(get() for get in rest)) % 7

        def read(get: Callable[[Any], Any]) -> int:
            self.hook("read before")
            first = number_of(get(atoms[0]))
            self.hook("read between")
            value = total(first, [lambda one=one: number_of(get(one)) for one in atoms[1:]])
            self.hook("read after")
            return value

        async def run(get: Callable[[Any], Any]) -> int:
            self.hook("run before")
            values = []
            for one in atoms:
                value = get(one)
                values.append(number_of(await value if isinstance(value, AsyncValue) else value))
                self.hook("run between")
            await asyncio.sleep(0)
            self.hook("run after")
            return total(values[0], [lambda value=value: value for value in values[1:]])

        def truth() -> int:
            return total(truths[0](), truths[1:])

        if waits:
            self.known.append(Made(derived(run, name=name, **self.options()), truth, waits=True))
        elif self.random.random() < 0.8:
            self.known.append(Made(derived(read, name=name, **self.options()), truth))
        else:
            made = select(atoms[0], lambda value: (self.hook("select"), number_of(value) % 5)[1])
            self.known.append(Made(made, lambda: truths[0]() % 5))

    def effect(self) -> Any:
        inputs = [one.atom for one in self.random.choices(self.known, k=2)]

        def run(get: Callable[[Any], Any], set: Callable[..., Any]) -> Callable[[], None]:
            for one in inputs:
                get(one)
                self.hook("effect")
            return lambda: self.hook("cleanup of an effect")

        return effect(run)

    # --- hooks

    def equals(self, before: Any, now: Any) -> bool:
        self.hook("equals")
        return bool(before == now)

    def on_mount(self, set: Callable[..., object]) -> Callable[[], None]:
        self.hook("on_mount")
        return lambda: self.hook("cleanup of on_mount")

    def on_error(self, error: BaseException) -> None:
        self.check(error)
        self.hook("on_error")

    def writer(self, get: Callable[[Any], Any], set: Callable[..., Any], value: int) -> None:
        set(self.random.choice(self.sources), value)
        self.hook("action")
        set(self.random.choice(self.sources), value + 1)

    def told(self, value: Any) -> None:
        self.hook("subscriber")
        if self.armed and self.random.random() < 0.05:
            raise ActedError("subscriber")

    def collecting(self, phase: str, _: object) -> None:
        self.hook(f"collector's {phase}")

    def hook(self, where: str) -> None:
        """Sometimes, perform a random operation on the store."""
        if not self.armed or self.budget <= 0 or self.depth >= 4 or self.random.random() < 0.5:
            return
        self.acted[where] += 1
        self.act()

    def check(self, error: BaseException) -> None:
        """Note an error that the store must never raise."""
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                self.check(each)
        elif isinstance(error, (SystemError, MemoryError, KeyboardInterrupt, AttributeError, NameError)):
            self.faults.append(repr(error))

    def attempt(self, act: Callable[[], object]) -> None:
        try:
            act()
        except (Exception, asyncio.CancelledError) as error:
            self.check(error)

    # --- acts

    def act(self) -> None:
        self.budget -= 1
        self.depth += 1
        try:
            self.attempt(self.random.choice(self.acts()))
        finally:
            self.depth -= 1

    def acts(self) -> list[Callable[[], object]]:
        acts = [
            self.set,
            self.set,
            self.get,
            self.get,
            self.subscribe,
            self.subscribe,
            self.end,
            self.end,
            self.observe,
            self.observe,
            self.own,
            self.drop,
            self.batch,
            self.batch,
            gc.collect,
            lambda: self.store.graph(),
            lambda: repr(self.store),
            lambda: self.store.history(20),
            lambda: self.store.refresh(self.random.choice(self.known).atom),
            lambda: self.store.update(self.random.choice(self.sources), lambda value: number_of(value) + 1),
            lambda: self.store.set(self.write, self.random.randint(0, 3)),
            self.expire,
        ]
        return [*acts, self.store.dispose] if self.may_close else acts

    def set(self) -> None:
        number = self.random.randint(0, 3)
        value = Box(self, number) if self.random.random() < 0.3 else number
        self.store.set(self.random.choice(self.sources), value)

    def any_atom(self) -> Any:
        one = self.random.choice(self.known).atom
        return loadable(one) if self.random.random() < 0.2 else one

    def get(self) -> None:
        self.store.get(self.any_atom())

    def subscribe(self) -> None:
        self.handles.append(self.store.subscribe(self.any_atom(), self.told))

    def observe(self) -> None:
        if self.random.random() < 0.3:
            with self.store.observe(self.random.choice(self.effects)):
                self.hook("with")
        else:
            self.handles.append(self.store.observe(self.random.choice(self.effects)))

    def own(self) -> None:
        self.subscribe()
        Owner(self, self.handles.pop())
        self.observe()
        if self.handles:
            Owner(self, self.handles.pop())

    def end(self) -> None:
        if self.handles:
            self.handles.pop(self.random.randrange(len(self.handles)))()

    def drop(self) -> None:
        """Make an atom, read or observe it, and drop it; also replace an effect."""
        one = self.random.choice(self.known)
        made = derived(lambda get: (get(one.atom), self.hook("read of one that goes"))[0])
        if not one.waits:
            self.store.get(made)
        if self.random.random() < 0.5:
            end = self.store.subscribe(made, self.told)
            del made
            end()
        self.effects[self.random.randrange(len(self.effects))] = self.effect()

    def batch(self) -> None:
        with contextlib.suppress(ActedError), self.store.batch():
            for _ in range(self.random.randint(1, 3)):
                self.act()
            if self.random.random() < 0.4:
                raise ActedError("batch")

    def expire(self) -> None:
        if self.timers:
            self.timers.pop(0).callback()

    # --- the course of a program

    def steps(self) -> Iterator[None]:
        self.armed = True
        for _ in range(self.random.randint(5, 25)):
            self.budget = 12
            self.attempt(self.act)
            self.look("step")
            yield
        self.armed = False
        if self.store.closed:
            return
        yield
        self.compare()
        seen = self.observe_all()
        yield
        self.change()
        yield
        self.compare_told(seen)
        while self.handles:
            self.handles.pop()()
        while self.timers:
            self.timers.pop(0).callback()
        gc.collect()  # owners end their subscriptions
        yield
        gc.collect()
        while self.timers:
            self.timers.pop(0).callback()
        if any(node.observed for node in self.store.graph().nodes):
            self.faults.append("something is still observed")
        self.look("end")

    def compare(self) -> None:
        """Compare every value with its computation from the sources alone."""
        self.store.set(atom(0), 1)  # an atom with the error of a cycle made by hooks runs again after any change
        for one in self.known:
            if not one.waits and one.atom not in self.sources and self.store.get(one.atom) != one.truth():
                self.faults.append(f"{one.atom.name} is {self.store.get(one.atom)}, not {one.truth()}")
        self.look("get")

    def observe_all(self) -> list[list[Any]]:
        seen: list[list[Any]] = [[] for _ in self.known]
        for one, values in zip(self.known, seen, strict=True):
            self.handles.append(self.store.subscribe(loadable(one.atom) if one.waits else one.atom, values.append))
        return seen

    def change(self) -> None:
        with self.store.batch():
            for index, one in enumerate(self.sources):
                self.store.set(one, 20 + index)

    def compare_told(self, seen: list[list[Any]]) -> None:
        self.look("change")
        for one, values in zip(self.known, seen, strict=True):
            now = self.store.get(one.atom)
            if one.waits:
                now = now.result() if now.done else None
            told = values[-1] if values else now
            if now != one.truth() or told not in (now, HasData(now)):
                self.faults.append(f"{one.atom.name} is {now} and was told as {told}, not {one.truth()}")

    def look(self, when: str) -> None:
        if self.store.closed:
            return
        broken = self.store._invariant()
        if broken is not None:
            self.faults.append(f"after {when}: {broken}")
        if self.store._in_batch:
            self.faults.append(f"after {when}: a batch is open")


async def in_loop(program: Program) -> None:
    for _ in program.steps():
        if program.armed:
            await asyncio.sleep(0)
        elif not program.store.closed:
            await program.store.settled()
    await program.store.close()


def run(seed: int) -> tuple[Counter[str], list[str]]:
    """Run one program; return the hooks that acted, and the faults."""
    program = Program(seed)
    gc.callbacks.append(program.collecting)
    gc.set_threshold(random.Random(seed).choice([5, 50, 700]), 2, 2)
    try:
        if program.in_loop:
            asyncio.run(in_loop(program))
        else:
            for _ in program.steps():
                pass
            program.store.dispose()
    finally:
        gc.callbacks.remove(program.collecting)
        gc.set_threshold(700, 10, 10)
    acted, faults = program.acted, program.faults
    parts = [weakref.ref(part) for part in [program.store, *(one.atom for one in program.known), *program.effects]]
    del program
    gc.collect()
    alive = [part() for part in parts if part() is not None]
    if alive:
        faults.append(f"still alive: {alive}")
    return acted, faults


def main(first: int, count: int) -> int:
    sys.unraisablehook = lambda unraisable: None
    acted: Counter[str] = Counter()
    failed = 0
    for seed in range(first, first + count):
        sys.stderr.write(f"program {seed}\n")
        sys.stderr.flush()
        hooks, faults = run(seed)
        acted += hooks
        if faults:
            failed += 1
            sys.stdout.write(f"program {seed}: {'; '.join(faults)}\n")
    for where, times in sorted(acted.items()):
        sys.stdout.write(f"{where}: {times}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
