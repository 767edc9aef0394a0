"""*The wall*: using an atom or AsyncValue as a value raises an error that says what to write instead."""

import asyncio
import copy
import functools
import inspect
import json
import math
import operator
import pickle
from unittest import mock

import numpy as np
import pandas as pd
import pytest

import halflife
from halflife import Atom, Store, action, atom, derived, effect, lazy, loadable, resource, unwrap

ARITHMETIC = [
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow),
    *(operator.matmul, operator.lshift, operator.rshift, operator.and_, operator.or_, operator.xor, divmod),
    *(operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod),
    *(operator.ipow, operator.imatmul, operator.ilshift, operator.irshift, operator.iand, operator.ior, operator.ixor),
]
ORDER = [operator.lt, operator.le, operator.gt, operator.ge]


def _unpacked(thing):
    one, *rest = thing
    return one, rest


def _pair(thing):
    one, two = thing
    return one, two


def _loop(thing):
    for _ in thing:
        pass


def _delete(thing):
    del thing["name"]


def _store_item(thing):
    thing["name"] = 1


def _augmented_item(thing):
    thing["count"] += 1


async def _async_loop(thing):
    async for _ in thing:
        pass


USES = {
    "iter": iter,
    "next": next,
    "for": _loop,
    "list": list,
    "tuple": tuple,
    "set": set,
    "dict": dict,
    "bytes": bytes,
    "sorted": sorted,
    "reversed": reversed,
    "enumerate": enumerate,
    "zip": lambda thing: zip(thing, [1], strict=False),
    "map": lambda thing: map(str, thing),
    "sum": sum,
    "max": max,
    "any": any,
    "star": lambda thing: [*thing],
    "call star": lambda thing: dict(*thing),
    "unpack": _pair,
    "unpack rest": _unpacked,
    "comprehension": lambda thing: [str(one) for one in thing],
    "extend": lambda thing: [].extend(thing),
    "update": lambda thing: {1}.union(thing),
    "async for": lambda thing: asyncio.run(_async_loop(thing)),
    "in": lambda thing: 1 in thing,
    "not in": lambda thing: 1 not in thing,
    "index": lambda thing: thing[0],
    "key": lambda thing: thing["name"],
    "slice": lambda thing: thing[1:],
    "set item": _store_item,
    "add to item": _augmented_item,
    "delete item": _delete,
    "getitem": operator.itemgetter("name"),
    "len": len,
    "bool": bool,
    "not": operator.not_,
    "if": lambda thing: 1 if thing else 2,
    "and": lambda thing: thing and 1,
    "or": lambda thing: thing or 1,
    "negative": operator.neg,
    "positive": operator.pos,
    "invert": operator.invert,
    "abs": abs,
    "int": int,
    "float": float,
    "complex": complex,
    "operator.index": operator.index,
    "as index": lambda thing: [1, 2][thing],
    "range": range,
    "hex": hex,
    "round": round,
    "round to": lambda thing: round(thing, 2),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "sqrt": math.sqrt,
    "pow modulo": lambda thing: pow(2, thing, 5),
    "minus array": lambda thing: np.arange(3) - thing,
    "array times": lambda thing: thing * np.arange(3),
    "less than array": lambda thing: thing < np.arange(3),
    "series": lambda thing: thing + pd.Series([1, 2]),
    "sort": lambda thing: sorted([thing, thing]),
}
USES |= {
    f"{one.__name__} right": functools.partial(lambda one, thing: one(1, thing), one) for one in ARITHMETIC + ORDER
}
USES |= {f"{one.__name__} left": functools.partial(lambda one, thing: one(thing, 1), one) for one in ARITHMETIC + ORDER}
USES |= {
    f"{one.__name__} list": functools.partial(lambda one, thing: one([1], thing), one)
    for one in (operator.add, operator.lt)
}


async def fetch(get):
    return {"name": "Ada"}


async def stream(get):
    yield 1


def source_of_future():
    loop = asyncio.get_running_loop()
    return atom(loop.create_future(), name="future")


ATOMS = {
    "source": lambda: atom(["x"], name="user"),
    "lazy": lambda: lazy(list, name="user"),
    "derived": lambda: derived(lambda get: 1, name="user"),
    "async": lambda: derived(fetch, name="user"),
    "stream": lambda: derived(stream, name="user"),
    "resource": lambda: resource(lambda get: 1, fetch_for, name="user"),
    "loadable": lambda: loadable(derived(fetch, name="user")),
    "unwrap": lambda: unwrap(derived(fetch, name="user")),
    "draft": lambda: halflife.draft_atom({}, name="user"),
    "resettable": lambda: halflife.resettable(1, name="user"),
    "select": lambda: halflife.select(atom({}, name="user"), len),
    "split": lambda: halflife.split(atom([1], name="user")),
    "action": lambda: action(lambda get, set: None, name="user"),
    "effect": lambda: effect(lambda get, set: None, name="user"),
}


async def fetch_for(value, info):
    return {"name": value}


@pytest.mark.parametrize("use", USES)
def test_using_an_async_value_as_a_value_says_to_await_it(use) -> None:
    async def main():
        user = derived(fetch, name="user")
        store = Store()
        pending = store.get(user)
        await store.settled()
        value = store.get(user)
        await store.close()
        return pending, value

    for value in asyncio.run(main()):
        with pytest.raises(TypeError, match=r"user.*await get\(user\)"):
            USES[use](value)


@pytest.mark.parametrize("kind", ATOMS)
@pytest.mark.parametrize("use", USES)
def test_using_an_atom_as_a_value_says_to_get_it(use, kind) -> None:
    made = ATOMS[kind]()
    with pytest.raises(TypeError) as caught:
        USES[use](made)
    assert made.name in str(caught.value)
    assert f"get({made.name})" in str(caught.value)


@pytest.mark.parametrize("kind", ATOMS)
def test_calling_an_atom_says_to_get_it(kind) -> None:
    made = ATOMS[kind]()
    for call in (lambda: made(), lambda: made(1, 2, key=3), lambda: list(map(made, [1]))):
        with pytest.raises(TypeError) as caught:
            call()
        assert f"get({made.name})" in str(caught.value)


def test_an_async_atom_says_to_await_and_an_action_to_set() -> None:
    with pytest.raises(TypeError, match=r"await get\(user\)"):
        list(derived(fetch, name="user"))
    with pytest.raises(TypeError, match=r"set\(rename, \.\.\.\)"):
        action(lambda get, set: None, name="rename")("Ada")


@pytest.mark.parametrize("name", ["json", "items", "keys", "name_", "_private", "__len", "0", "a b", "ü"])
def test_an_unknown_attribute_names_the_atom(name) -> None:
    async def main():
        user = derived(fetch, name="user")
        store = Store()
        value = await asyncio.sleep(0, store.get(user))
        for thing in (value, user):
            for use in (getattr, delattr, lambda thing, name: setattr(thing, name, 1)):
                with pytest.raises(AttributeError, match=r"user.*await get\(user\)") as caught:
                    use(thing, name)
                assert name in str(caught.value)
            assert not hasattr(thing, name)
            assert getattr(thing, name, 7) == 7
        await store.close()

    asyncio.run(main())


def test_a_property_that_raises_is_not_reported_as_unknown() -> None:
    class Odd(Atom):
        @property
        def odd(self):
            raise AttributeError("its own affair")

    made = halflife._core.make(Odd, "source", 1, name="user")
    with pytest.raises(AttributeError, match="its own affair"):
        _ = made.odd


@pytest.mark.parametrize(
    "probe",
    [
        *("_repr_html_x", "_ipython_canary_method_should_not_exist_", "_ipython_display_", "_repr_pretty_"),
        *("__array__", "__array_interface__", "__array_struct__", "__dataframe__", "__wrapped__", "__getitem_", "keys"),
        *("__fspath__", "__html__", "__json__", "__dlpack__", "__arrow_c_stream__", "__attrs_attrs__", "func"),
        *("__dataclass_fields__", "_fields", "__pydantic_fields__", "__struct_fields__", "__name__", "__code__"),
        *("__origin__", "__test__", "pytestmark", "_is_coroutine", "__enter__", "__aenter__", "__index_", "__set__"),
    ],
)
def test_probing_for_a_protocol_finds_nothing(probe) -> None:
    async def main():
        store = Store()
        user = derived(fetch, name="user")
        for thing in (user, store.get(user), atom(1), lazy(list)):
            assert not hasattr(thing, probe)
            assert inspect.getattr_static(thing, probe, None) is None
        await store.close()

    asyncio.run(main())


def test_operations_that_work_on_both() -> None:
    async def main():
        user = derived(fetch, name="user")
        store = Store()
        value = store.get(user)
        assert (await value, await value, await asyncio.gather(value, value)) == (
            {"name": "Ada"},
            {"name": "Ada"},
            [{"name": "Ada"}] * 2,
        )
        assert await asyncio.wait_for(value, 1) == await asyncio.ensure_future(value) == {"name": "Ada"}
        for thing in (user, value, store.get(user)):
            assert str(thing) == repr(thing) == f"{thing!r}" == f"{thing!s}"
            assert (thing == thing, thing != thing, thing == 1, thing != 1) == (True, False, False, True)
            assert thing == mock.ANY
            assert {thing: 1}[thing] == 1
            assert thing in [1, thing]
            assert [1, thing].index(thing) == 1
            assert copy.copy(thing) is thing
            assert copy.deepcopy([thing])[0] is thing
            with pytest.raises(TypeError, match="user"):
                pickle.dumps(thing)
            with pytest.raises(TypeError, match="not JSON serializable"):
                json.dumps(thing)
        await store.close()

    asyncio.run(main())


def test_an_atom_is_formatted_as_its_repr() -> None:
    user = atom(1, name="user")
    assert f"{user}" == repr(user) == format(user) == str(user)
    assert f"{user:>60}" == f"{user!r:>60}"


def test_formatting_an_async_value_says_to_await_it() -> None:
    async def main():
        store = Store()
        value = store.get(derived(fetch, name="user"))
        for use in (lambda: f"{value}", lambda: format(value), lambda: f"{value:>9}"):
            with pytest.raises(TypeError, match=r"user.*await get\(user\)"):
                use()
        assert f"{value!r}" == f"{value!s}" == repr(value)
        await store.close()

    asyncio.run(main())


def test_the_awaiter_is_an_iterator_of_its_own() -> None:
    async def main():
        store = Store()
        user = derived(fetch, name="user")
        pending = store.get(user)
        await pending
        awaiter = pending.__await__()
        assert awaiter is not pending
        assert iter(awaiter) is awaiter
        with pytest.raises(StopIteration) as caught:
            awaiter.send(None) if hasattr(awaiter, "send") else next(awaiter)
        assert caught.value.value == {"name": "Ada"}

        def classic():
            return (yield from store.get(user).__await__())

        with pytest.raises(StopIteration) as caught:
            next(classic())
        assert caught.value.value == {"name": "Ada"}
        for data in ((1, 2), ValueError("data"), StopIteration(3), None):
            held = derived(lambda get, data=data: settled(data))
            await store.get(held)
            assert await store.get(held) is data
            assert (await asyncio.gather(store.get(held)))[0] is data
        await store.close()

    asyncio.run(main())


async def settled(data):
    return data
