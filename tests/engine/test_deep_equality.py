"""*Deep equality* is how async reads and resources decide whether new data differs from the old."""

import asyncio
import collections
import dataclasses
import enum
import json
import typing
from decimal import Decimal

import attrs
import msgspec
import numpy as np
import pydantic
import pytest

from halflife import (
    HasData,
    Loading,
    Store,
    atom,
    derived,
    lazy,
    loadable,
    refreshable,
    resource,
    with_default,
)


def never_equal(cls):
    """A value whose `==` must never be called."""

    def refuse(self, other):
        raise AssertionError("== was called")

    cls.__eq__ = refuse
    cls.__hash__ = None
    return cls


@never_equal
@dataclasses.dataclass(eq=False)
class Data:
    x: object
    y: object = 1


@never_equal
@dataclasses.dataclass(eq=False, slots=True)
class Slotted:
    x: object
    y: object = 1


@never_equal
@attrs.define(eq=False)
class Attrs:
    x: object
    y: object = 1


class Named(typing.NamedTuple):
    x: object
    y: object = 1


class Struct(msgspec.Struct, eq=False):
    x: object
    y: object = 1


@never_equal
class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    x: object
    y: object = 1

    def __init__(self, x, y=1):
        super().__init__(x=x, y=y)


class Plain:
    """A plain class, compared by identity."""


class Color(enum.Enum):
    RED = 1


RECORDS = [Data, Slotted, Attrs, Named, Struct, Model]

SAME = {
    "JSON": lambda: json.loads('{"a": [1, 2.5, null, true, "x", {"b": []}], "c": {}}'),
    "list": lambda: [1, [2]],
    "tuple": lambda: (1, [2]),
    "set": lambda: {1, "a", (2, 3)},
    "frozenset": lambda: frozenset({1, Decimal(2), (3, ("x",))}),
    "scalars": lambda: [1, 1.5, "é" * 3, b"x", None, True, Decimal("1.50"), Color.RED],
    "NaN": lambda: {"a": float("nan")},
    "keys": lambda: {(1, "a"): 1, None: 2, 1.5: 3},
    **{cls.__name__: lambda cls=cls: cls([1, {"a": cls((1, 2))}]) for cls in RECORDS},
    **{f"{cls.__name__} in JSON": lambda cls=cls: {"a": [cls(1)], "b": (cls(float("nan")),)} for cls in RECORDS},
}

OTHER = {
    "order of a dict": (lambda: {"a": 1, "b": 2}, lambda: {"b": 2, "a": 1}),
    "order of a list": (lambda: [1, 2], lambda: [2, 1]),
    "type of a number": (lambda: [1], lambda: [True]),
    "int and float": (lambda: [1], lambda: [1.0]),
    "list and tuple": (lambda: [[1]], lambda: [(1,)]),
    "type in a set": (lambda: {1, 2}, lambda: {True, 2}),
    "type in a tuple in a set": (lambda: {(1, 2)}, lambda: {(True, 2)}),
    "type of a key": (lambda: {1: 0}, lambda: {True: 0}),
    "set and frozenset": (lambda: {1}, lambda: frozenset({1})),
    "size": (lambda: [1], lambda: [1, 1]),
    "key": (lambda: {"a": 1}, lambda: {"b": 1}),
    "list subclass": (lambda: [1], lambda: type("L", (list,), {})([1])),
    "counter": (lambda: collections.Counter("a"), lambda: collections.Counter("a")),
    "plain objects": (Plain, Plain),
    "arrays": (lambda: np.arange(3), lambda: np.arange(3)),
    "array in a record": (lambda: Data(np.arange(3)), lambda: Data(np.arange(3))),
    "two classes": (lambda: Data(1), lambda: Slotted(1)),
    "a subclass": (lambda: Data(1), lambda: type("D", (Data,), {})(1)),
    **{f"field of {cls.__name__}": (lambda cls=cls: cls(1), lambda cls=cls: cls(True)) for cls in RECORDS},
    **{f"deep in {cls.__name__}": (lambda cls=cls: cls([cls(1)]), lambda cls=cls: cls([cls(2)])) for cls in RECORDS},
}


class Answers:
    """The results of the next runs."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def next(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def kinds(answers):
    """One async atom of each kind, with values from `answers`."""

    async def read(get):
        await asyncio.sleep(0)
        return answers.next()

    async def stream(get):
        await asyncio.sleep(0)
        yield answers.next()

    async def fetch(value, info):
        await asyncio.sleep(0)
        return answers.next()

    return {
        "async": derived(read),
        "stream": derived(stream),
        "resource": resource(lambda get: 1, fetch),
        "plain fetcher": resource(lambda get: 1, lambda value: answers.next()),
        "thread": resource(lambda get: 1, lambda value: answers.next(), thread=True),
        "writable": derived(read, lambda get, set, value: None),
        "setter": derived(read).setter(lambda get, set, value: None),
        "explicit None": derived(read, equals=None),
        "decorated": derived(name="decorated")(read),
        "refreshable": refreshable(read),
        "with_default": with_default(read),
    }


KINDS = list(kinds(Answers(1)))


async def told(a, store, refreshed):
    """The values and loading states that subscribers see at a refetch, and whether the value stays the same object."""
    seen, states = [], []
    first = await store.value(a)
    with store.subscribe(a, seen.append), store.subscribe(loadable(a, keep_previous=True), states.append):
        await store.settled()
        seen.clear()
        states.clear()
        refreshed()
        await store.settled()
        second = await store.value(a)
    return len(seen), states, second is first


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", SAME)
def test_a_refetch_of_the_same_keeps_the_object_and_tells_nobody(value, kind) -> None:
    async def main():
        async with Store() as store:
            a = kinds(Answers(SAME[value](), SAME[value]()))[kind]
            seen, states, kept = await told(a, store, lambda: store.refresh(a))
            assert (seen, kept) == (0, True)
            first = await store.value(a)
            assert all(isinstance(one, HasData) and one.data is first for one in states)

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pair", OTHER)
def test_a_refetch_of_something_else_is_told(pair, kind) -> None:
    one, other = OTHER[pair]

    async def main():
        async with Store() as store:
            a = kinds(Answers(one(), other()))[kind]
            seen, states, kept = await told(a, store, lambda: store.refresh(a))
            assert (seen, kept) == (1, False)
            assert states

    asyncio.run(main())


def test_dependents_do_not_run_again() -> None:
    async def main():
        runs = []

        async def read(get):
            await asyncio.sleep(0)
            return {"a": [1]}

        a = derived(read)

        @derived
        async def dependent(get):
            runs.append(1)
            return len((await get(a))["a"])

        async with Store() as store:
            with store.subscribe(dependent, lambda value: None):
                await store.settled()
                for _ in range(3):
                    store.refresh(a)
                    await store.settled()
        assert runs == [1]

    asyncio.run(main())


def test_a_yield_equal_to_the_last_one_keeps_the_object() -> None:
    async def main():
        go = asyncio.Event()

        async def stream(get):
            for number in (1, 1, 2, 2):
                go.clear()
                yield {"n": [number]}
                await go.wait()

        a = derived(stream)
        states = []
        async with Store() as store:
            with store.subscribe(loadable(a), states.append):
                for _ in range(6):
                    for _ in range(5):
                        await asyncio.sleep(0)
                    go.set()
                await store.settled()
                assert states == [
                    HasData({"n": [1]}, refreshing=True),
                    HasData({"n": [2]}, refreshing=True),
                    HasData({"n": [2]}),
                ]
                assert states[1].data is states[2].data
                shown = states[2].data
                store.refresh(a)
                assert store.get(loadable(a)) == Loading(shown)
                for _ in range(5):
                    await asyncio.sleep(0)
                # The first yield of the next run differs, so it replaces the visible data.
                assert store.get(loadable(a)) == HasData({"n": [1]}, refreshing=True)
                for _ in range(6):
                    for _ in range(5):
                        await asyncio.sleep(0)
                    go.set()
                await store.settled()
                assert await store.value(a) is shown

    asyncio.run(main())


def test_previous_data_stays_the_same_object_over_refetches() -> None:
    async def main():
        a = kinds(Answers({"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}))["async"]
        async with Store() as store:
            first = await store.value(a)
            for _ in range(3):
                store.refresh(a)
                state = store.get(loadable(a))
                assert state == Loading({"a": 1})
                assert state.previous is first
                await store.settled()
                assert store.get(loadable(a)).data is first

    asyncio.run(main())


def test_plain_reads_and_sources_keep_the_default() -> None:
    async def main():
        async def answer():
            return [1]

        class Awaitable:
            def __await__(self):
                return answer().__await__()

        async with Store() as store:
            plain = derived(lambda get: answer())
            seen, _, kept = await told(plain, store, lambda: store.refresh(plain))
            assert (seen, kept) == (1, False)
            loop = asyncio.get_running_loop()
            for source in (atom([1]), lazy(lambda: [1]), atom(asyncio.ensure_future(answer()))):
                seen, _, kept = await told(source, store, lambda source=source: store.set(source, [1]))
                assert (seen, kept) == (1, False)
                future = loop.create_future()
                future.set_result([1])
                seen, _, kept = await told(source, store, lambda source=source, f=future: store.set(source, f))
                assert (seen, kept) == (1, False)
            sync = derived(lambda get: [1])
            seen, _, kept = await told(sync, store, lambda: store.refresh(sync))
            assert (seen, kept) == (1, False)

    asyncio.run(main())


def test_another_rule_must_be_asked_for() -> None:
    async def main():
        async def read(get):
            return [1]

        async def fetch(value, info):
            return [1]

        async with Store() as store:
            for a in (
                derived(read, equals=lambda one, other: one is other),
                resource(lambda get: 1, fetch, equals=lambda one, other: one is other),
            ):
                seen, _, kept = await told(a, store, lambda a=a: store.refresh(a))
                assert (seen, kept) == (1, False)
            for a in (derived(lambda get: [1], equals="deep"), resource(lambda get: 1, fetch, equals=None)):
                seen, _, kept = await told(a, store, lambda a=a: store.refresh(a))
                assert (seen, kept) == (0, True)
            with pytest.raises(TypeError, match="equals"):
                resource(lambda get: 1, fetch, equals="shallow")

    asyncio.run(main())


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"a": v}, lambda v: (v,), Data, Attrs, Named, Struct])
def test_depth_is_no_limit(wrap) -> None:
    def nested(bottom):
        value = bottom
        for _ in range(100_000):
            value = wrap(value)
        return value

    def taken_apart(value):  # unwinds the nesting, so that no destructor recurses
        while not isinstance(value, int):
            inner = next(iter(value.values())) if isinstance(value, dict) else getattr(value, "x", None)
            value = inner if inner is not None else value[0]

    with Store() as store:
        kept = nested(1)
        source = atom(kept, equals="deep")
        store.set(source, nested(1))
        assert store.get(source) is kept
        store.set(source, nested(2))
        assert store.get(source) is not kept
        taken_apart(kept)


def test_comparing_records_that_hold_themselves_ends() -> None:
    def knot(cls):
        one = cls([])
        one.x.append(one)
        return one

    with Store() as store:
        for cls in (Data, Attrs, Struct):
            source = atom(knot(cls), equals="deep")
            kept = store.get(source)
            store.set(source, knot(cls))
            assert store.get(source) is kept
