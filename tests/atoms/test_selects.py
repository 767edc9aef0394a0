"""Slices: atoms of a part of another atom's value, which change only when the part does."""

import asyncio
import gc
import weakref

import pytest

from halflife import Store, atom, derived, select
from halflife._support.memoize import KEPT


def name_of(user: dict[str, object]) -> object:
    return user["name"]


def test_it_shows_a_part_of_the_value() -> None:
    user = atom({"name": "Ada", "visits": 1})
    with Store() as store:
        assert store.get(select(user, name_of)) == "Ada"


def test_a_slice_notifies_only_of_changes_of_the_part() -> None:
    user = atom({"name": "Ada", "visits": 1})
    seen: list[object] = []
    runs: list[object] = []

    @derived
    def greeting(get):
        runs.append(get(select(user, name_of)))
        return f"Hello {get(select(user, name_of))}"

    with Store() as store, store.subscribe(greeting, seen.append):
        store.set(user, {"name": "Ada", "visits": 2})
        assert (seen, runs) == ([], ["Ada"])
        store.set(user, {"name": "Bob", "visits": 2})
        assert (seen, runs) == (["Hello Bob"], ["Ada", "Bob"])


def test_the_function_runs_once_for_each_value() -> None:
    calls: list[object] = []
    user = atom(1)

    def slice_of(value: int) -> int:
        calls.append(value)
        return value

    with Store() as store:
        for _ in range(3):
            store.get(select(user, slice_of))
        store.set(user, 2)
        store.get(select(user, slice_of))
    assert calls == [1, 2]


def test_the_same_arguments_give_the_same_atom() -> None:
    user, other = atom({}), atom({})
    assert select(user, name_of) is select(user, name_of)
    assert select(user, name_of) is not select(other, name_of)
    assert select(user, name_of) is not select(user, len)
    assert select(user, name_of) is not select(user, name_of, equals="deep")


def test_equals_decides_what_counts_as_a_change() -> None:
    user = atom({"tags": ["a"]})
    seen: list[object] = []
    tags = select(user, lambda value: value["tags"], equals="deep")
    with Store() as store, store.subscribe(tags, seen.append):
        store.set(user, {"tags": ["a"]})
        store.set(user, {"tags": ["b"]})
    assert seen == [["b"]]


def test_an_error_in_the_function_is_raised_and_goes_with_the_next_value() -> None:
    user = atom({})
    name = select(user, name_of)
    with Store() as store:
        with pytest.raises(KeyError):
            store.get(name)
        store.set(user, {"name": "Ada"})
        assert store.get(name) == "Ada"


@pytest.mark.asyncio
async def test_a_slice_of_an_async_atom_is_awaited() -> None:
    @derived
    async def user(get):
        return {"name": "Ada"}

    name = select(user, name_of)
    assert name.is_async
    async with Store() as store:
        assert await store.get(name) == "Ada"


@pytest.mark.asyncio
async def test_a_slice_of_an_atom_that_holds_something_to_await_waits_too() -> None:
    user = atom(asyncio.get_running_loop().create_future())
    name = select(user, name_of)
    async with Store() as store:
        waiting = store.get(name)
        user.initial.set_result({"name": "Ada"})
        assert await waiting == "Ada"
        store.set(user, {"name": "Grace"})
        assert await store.value(name) == "Grace"


def test_it_dies_with_its_atom() -> None:
    user = atom({"name": "Ada"})
    name = weakref.ref(select(user, name_of))
    with Store() as store:
        made = name()
        assert made is not None
        store.get(made)
        del made
        gc.collect()
        assert name() is not None
        del user
        gc.collect()
        assert name() is None


def test_a_fresh_function_at_every_call_does_not_fill_the_memory() -> None:
    user = atom(1)
    made = [weakref.ref(select(user, lambda value: value)) for _ in range(3 * KEPT)]
    gc.collect()
    assert sum(reference() is not None for reference in made) == KEPT
    assert made[-1]() is not None


def test_an_old_slice_that_is_still_held_stays_the_same_atom() -> None:
    user = atom({"name": "Ada"})
    name = select(user, name_of)
    for _ in range(3 * KEPT):
        select(user, lambda value: value)
    assert select(user, name_of) is name


def test_it_is_named_after_its_atom_and_function() -> None:
    user = atom({}, name="user")
    assert select(user, name_of).name == "user.name_of"
    assert select(user, lambda value: value).name == "user.slice"


def test_an_unhashable_function_gives_an_atom_that_is_not_remembered() -> None:
    class Slice:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, value: int) -> int:
            return value + 1

    number = atom(1)
    with Store() as store:
        assert store.get(select(number, Slice())) == 2


@pytest.mark.parametrize("wrong", [None, 1, lambda get: 1])
def test_an_argument_that_is_no_atom_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="select: a must be an atom"):
        select(wrong, name_of)  # type: ignore[call-overload]


def test_a_function_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="select: fn must be callable"):
        select(atom(1), "name")  # type: ignore[call-overload]


def test_a_wrong_equals_is_refused() -> None:
    with pytest.raises(TypeError, match="select: equals must be"):
        select(atom(1), name_of, equals="shallow")  # type: ignore[call-overload]
