"""*Faults*: a script runs once for each of its callbacks, and that callback fails.

Callbacks are reads, comparisons, subscribers, effects, cleanups, mount hooks, writers, factories, the store's
on_error and `__del__`. After each failure the graph's invariants hold, its values equal a computation from
scratch, later changes notify, and nothing leaks.
"""

import gc
import sys
import weakref

import pytest

from halflife import (
    Atom,
    HasData,
    HasError,
    Store,
    action,
    atom,
    derived,
    effect,
    lazy,
    loadable,
    reducer,
    resettable,
    select,
    unwrap,
)
from injected_faults import Faults, InjectedError, InjectedInterrupt


class Box:
    """A value with a finalizer that may fail."""

    def __init__(self, faults: Faults, number: int) -> None:
        self.faults, self.number = faults, number

    def __del__(self) -> None:
        self.faults.step("__del__")


class Program:
    """A store, one atom of each kind, most of them observed, and a script of changes."""

    def __init__(self, faults: Faults) -> None:
        step = faults.step
        self.faults = faults
        self.seen: dict[str, object] = {}
        self.handles = []

        def equal(before, now) -> bool:
            step("equals")
            return before == now

        def on_error(error) -> None:
            step("on_error")

        def hook(set):
            step("on_mount")
            set(1)
            return lambda: step("cleanup of on_mount")

        self.left = atom(1, name="left", equals=equal)
        self.right = atom(2, name="right")
        self.switch = atom(True, name="switch")
        self.box = atom(Box(faults, 1), name="box")
        self.hooked = atom(0, name="hooked", on_mount=hook)
        self.mirrored = atom(None, name="mirrored")
        self.start = lazy(lambda: (step("factory"), 5)[1], name="start")
        self.counter = reducer(0, lambda value, by: (step("reduce"), value + by)[1])
        self.reset = resettable(3)

        def total(get):
            step("read before")
            value = get(self.left) + get(self.right)
            step("read after")
            return value

        def chosen(get):
            step("read before")
            return get(self.total) if get(self.switch) else get(self.right) + get(self.start)

        def write(get, set, value) -> None:
            set(self.left, value)
            step("write")
            set(self.right, get(self.left))

        def work(get, set, value) -> None:
            set(self.counter, value)
            step("action")
            set(self.box, Box(faults, value))
            get(self.chosen)
            step("action")
            set(self.left, value)

        def run(get, set):
            value = get(self.chosen)
            step("effect before")
            set(self.mirrored, value)
            step("effect after")
            return lambda: step("cleanup of an effect")

        self.total = derived(total, name="total")
        self.chosen = derived(chosen, write, name="chosen", equals=equal)
        self.listed = derived(lambda get: (step("read"), [get(self.total)])[1], equals="deep")
        self.quotient = derived(lambda get: (step("read"), 12 // get(self.left))[1], name="quotient")
        self.boxed = derived(lambda get: (step("read"), get(self.box).number + get(self.hooked))[1])
        self.selected = select(self.total, lambda value: (step("select"), value % 2)[1])
        self.view = loadable(self.chosen)
        self.plain = unwrap(self.quotient, fallback=0)
        self.work = action(work)
        self.mirror = effect(run)
        self.store = Store(on_error=on_error)

    def observe(self, name: str):
        def callback(value) -> None:
            self.faults.step("subscriber")
            self.seen[name] = value

        def on_error(error) -> None:
            self.faults.step("subscriber's on_error")
            self.seen[name] = type(error)

        handle = self.store.subscribe(getattr(self, name), callback, on_error=on_error)
        self.handles.append(handle)
        return handle

    def script(self):
        store, faults = self.store, self.faults

        def batch(fail: bool):
            with store.batch():
                store.set(self.left, 6)
                store.set(self.box, Box(faults, 6))
                store.get(self.chosen)
                store.set(self.right, 9)
                if fail:
                    raise InjectedError("the batch's own")

        yield lambda: store.get(self.chosen)
        yield lambda: self.observe("chosen")
        yield lambda: self.handles.append(store.observe(self.mirror))
        for name in ("total", "boxed", "quotient", "view", "selected", "hooked", "plain", "counter"):
            yield lambda name=name: self.observe(name)
        yield lambda: store.set(self.left, 3)
        yield lambda: store.set(self.left, 3)
        yield lambda: store.get(self.listed)
        yield lambda: store.set(self.switch, False)
        yield lambda: store.set(self.start, 8)
        yield lambda: store.set(self.left, 0)
        yield lambda: store.set(self.box, Box(faults, 2))
        yield lambda: store.set(self.switch, True)
        yield lambda: store.set(self.chosen, 4)
        yield lambda: store.set(self.work, 5)
        yield lambda: store.get(self.listed)
        yield lambda: store.update(self.right, lambda value: value + 1)
        yield lambda: batch(fail=False)
        yield lambda: batch(fail=True)
        yield lambda: store.refresh(self.total)
        yield lambda: self.handles and self.handles.pop(0)()
        yield lambda: self.handles and self.handles.pop(0)()
        yield lambda: store.set(self.left, 2)
        yield lambda: store.set(self.reset, 4)
        for _ in range(12):
            yield lambda: self.handles and self.handles.pop()()
        for name in ("chosen", "hooked", "boxed"):
            yield lambda name=name: self.observe(name)
        yield lambda: store.set(self.right, 1)

    def expected(self) -> dict[str, object]:
        """The value of every derived atom, computed from the sources alone."""
        get = self.store.get
        left, right = get(self.left), get(self.right)
        chosen = left + right if get(self.switch) else right + get(self.start)
        quotient = 12 // left if left else ZeroDivisionError
        return {
            "total": left + right,
            "chosen": chosen,
            "listed": [left + right],
            "quotient": quotient,
            "plain": quotient,
            "boxed": get(self.box).number + get(self.hooked),
            "selected": (left + right) % 2,
            "view": HasData(chosen),
        }

    def computed(self, name: str) -> object:
        try:
            return self.store.get(getattr(self, name))
        except Exception as error:
            return type(error)


def is_injected(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(is_injected(each) for each in error.exceptions)
    return isinstance(error, (InjectedError, InjectedInterrupt))


def same(value: object, expected: object) -> bool:
    """Whether the values are equal, or the value is the injected error, which stays until the next run."""
    if value == expected or value is InjectedError:
        return True
    return isinstance(value, HasError) and isinstance(value.error, (InjectedError, ZeroDivisionError))


def run(at: int, kind: type[BaseException]) -> Faults:
    """Run the script with a fault in the given callback, and check everything."""
    faults = Faults(at, kind)
    program = Program(faults)
    parts = [weakref.ref(part) for part in vars(program).values() if isinstance(part, (Atom, Store))]
    go_through(program)
    heal(program)
    finish(program)
    del program
    gc.collect()
    assert [part() for part in parts if part() is not None] == [], faults.where
    return faults


def go_through(program: Program) -> None:
    """Run the script with its fault; check the invariants after each step."""
    store, faults = program.store, program.faults
    for number, operation in enumerate(program.script()):
        where = f"step {number}, fault {faults.at} in {faults.where}"
        try:
            operation()
        except BaseException as error:
            if not is_injected(error) and not isinstance(error, ZeroDivisionError):
                raise
        assert store._invariant() is None, where
        assert not store._in_batch, where
    faults.armed = False
    for name, value in program.expected().items():
        assert same(program.computed(name), value), (name, faults.at, faults.where)
    assert store._invariant() is None


def heal(program: Program) -> None:
    """Change all sources: no atom keeps the injected error, and observers are notified."""
    store = program.store
    program.seen.clear()
    observed = [handle for handle in program.handles if handle.active]
    for name in ("chosen", "total", "boxed"):
        program.observe(name)
    with store.batch():
        store.set(program.left, 100)
        store.set(program.right, 51)
        store.set(program.switch, False)
        store.set(program.switch, True)
        store.set(program.box, Box(program.faults, 77))
    expected = program.expected()
    for name in expected:
        if program.computed(name) is InjectedError:  # failed before its first read, so it has no inputs
            store.refresh(getattr(program, name))
    for name, value in expected.items():
        assert program.computed(name) == value, (name, program.faults.where)
    for name in ("chosen", "total", "boxed"):
        assert program.seen[name] == expected[name], (name, program.faults.where)
    assert all(handle.active for handle in observed)
    mirrors = [row for row in store._snapshot() if row[0] is program.mirror and row[4]]
    if mirrors:
        assert store.get(program.mirrored) == expected["chosen"]
    assert store._invariant() is None


def finish(program: Program) -> None:
    """End all observations and close the store."""
    for handle in program.handles:
        handle()
    assert not any(row[4] for row in program.store._snapshot())
    program.store.dispose()


@pytest.fixture
def finalizers_may_fail(monkeypatch):
    """Accept injected errors of `__del__`, which Python passes to a hook that would fail the test."""
    others = []

    def hook(unraisable) -> None:
        if not is_injected(unraisable.exc_value):
            others.append(repr(unraisable.exc_value))

    monkeypatch.setattr(sys, "unraisablehook", hook)
    gc.collect()
    gc.freeze()  # collections skip older objects
    yield
    gc.unfreeze()
    assert others == []


@pytest.mark.usefixtures("finalizers_may_fail")
@pytest.mark.parametrize("kind", [InjectedError, InjectedInterrupt])
def test_the_graph_stays_sound_after_a_failure_of_any_callback(kind) -> None:
    callbacks = run(0, kind).count
    assert callbacks > 100
    failed = {run(at, kind).where for at in range(1, callbacks + 1)}
    assert failed >= {
        "__del__",
        "action",
        "cleanup of an effect",
        "cleanup of on_mount",
        "effect after",
        "effect before",
        "equals",
        "factory",
        "on_mount",
        "read",
        "read after",
        "read before",
        "reduce",
        "select",
        "subscriber",
        "subscriber's on_error",
        "write",
    }


@pytest.mark.usefixtures("finalizers_may_fail")
@pytest.mark.parametrize("kind", [InjectedError, InjectedInterrupt])
def test_the_stores_own_on_error_may_fail_too(kind, caplog) -> None:
    def on_error(error) -> None:
        raise kind

    count = atom(1)
    inverse = derived(lambda get: 1 // get(count))
    with Store(on_error=on_error) as store:
        seen = []
        store.subscribe(inverse, seen.append)
        store.subscribe(count, seen.append)
        if kind is InjectedInterrupt:
            with pytest.raises(InjectedInterrupt):
                store.set(count, 0)
        else:
            store.set(count, 0)
            assert "on_error failed" in caplog.text
        assert (seen, store._invariant()) == ([0], None)
        store.set(count, 1)
        assert seen == [0, 1, 1]
