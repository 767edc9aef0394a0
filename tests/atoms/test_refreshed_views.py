"""`refresh` of a view of an atom refreshes the atom; and initial values of resources that are off."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from halflife import (
    Loading,
    Store,
    all_loaded,
    atom,
    debounced,
    derived,
    draft_atom,
    editable,
    initial_from,
    lens,
    loadable,
    resource,
    select,
    split,
    unwrap,
)

VIEWS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda a: a,
    "loadable": loadable,
    "loadable that keeps data": lambda a: loadable(a, keep_previous=True),
    "unwrap": lambda a: unwrap(a, []),
    "select": lambda a: select(a, len),
    "select of an unwrap": lambda a: select(unwrap(a, []), len),
    "unwrap of a select": lambda a: unwrap(select(a, len), 0),
    "loadable of a loadable": lambda a: loadable(loadable(a)),
    "all_loaded": lambda a: all_loaded(a, a),
    "editable": editable,
    "lens of an editable": lambda a: lens(editable(a), lambda value: value[0]),
    "split": lambda a: split(unwrap(a, [])),
    "debounced": lambda a: debounced(unwrap(a, []), 1),
    "throttled select": lambda a: select(debounced(unwrap(a, []), 1), len),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("is_observed", [True, False])
async def test_the_viewed_atom_runs_again_once(kind: str, *, is_observed: bool) -> None:
    runs = 0

    async def read(get: Any) -> Any:
        nonlocal runs
        runs += 1
        return [runs]

    source = derived(read)
    view = VIEWS[kind](source)
    async with Store() as store:
        subscription = store.subscribe(view, lambda value: None) if is_observed else None
        store.get(view)
        await store.settled()
        assert runs == 1
        given = store.refresh(view)
        if kind == "loadable":
            assert given == Loading([1])
        await store.settled()
        assert runs == 2
        assert await store.value(source) == [2]
        if subscription is not None:
            subscription()


@pytest.mark.asyncio
async def test_each_of_several_viewed_atoms_runs_again() -> None:
    runs: list[str] = []

    def make(name: str) -> Any:
        async def read(get: Any) -> str:
            runs.append(name)
            return name

        return derived(read)

    one, other = make("one"), make("other")
    both = all_loaded(one, all_loaded(one, other))
    async with Store() as store:
        store.get(both)
        await store.settled()
        runs.clear()
        store.refresh(both)
        await store.settled()
        assert sorted(runs) == ["one", "other"]


@pytest.mark.asyncio
async def test_the_atoms_of_a_resource_refresh_it() -> None:
    asked: list[int] = []

    async def fetch(value: int) -> int:
        asked.append(value)
        return len(asked)

    count = resource(atom(1), fetch)
    async with Store() as store:
        await store.get(count)
        for view in (count.latest, count.state, loadable(count)):
            store.refresh(view)
            await store.settled()
        assert (len(asked), store.get(count.latest)) == (4, 4)


def test_a_slice_of_a_source_atom_runs_itself_again_and_its_loadable_cannot() -> None:
    runs: list[int] = []
    letters = atom("abc", name="letters")
    size = select(letters, lambda value: (runs.append(1), len(value))[1])
    root = draft_atom({"a": 1})
    with Store() as store:
        assert store.get(size) == 3
        assert store.refresh(size) == 3
        assert len(runs) == 2
        assert store.refresh(lens(root, lambda value: value["a"])) == 1
        for source in (letters, loadable(letters), unwrap(letters, 0)):
            with pytest.raises(TypeError, match="only a derived atom can be run again"):
                store.refresh(source)


@pytest.mark.asyncio
class TestInitialValuesOfResources:
    @pytest.mark.parametrize("off", [None, False])
    @pytest.mark.parametrize("is_observed", [True, False])
    async def test_a_resource_that_is_off_keeps_the_fallback_until_there_is_data(
        self, off: Any, *, is_observed: bool
    ) -> None:
        async def fetch(value: Any) -> str:
            return f"data of {value}"

        source: Any = atom(off)
        name = initial_from(resource(source, fetch), "fallback")
        async with Store() as store:
            told: list[Any] = []
            subscription = store.subscribe(name, told.append) if is_observed else None
            assert store.get(name) == "fallback"
            await store.settled()
            assert store.get(name) == "fallback"
            store.set(source, 7)
            store.get(name)
            await store.settled()
            assert store.get(name) == "data of 7"
            store.set(source, off)
            store.get(name)
            await store.settled()
            store.set(source, 8)
            store.get(name)
            await store.settled()
            assert store.get(name) == "data of 7"
            assert told == (["data of 7"] if is_observed else [])
            if subscription is not None:
                subscription()

    async def test_a_resource_that_is_off_gives_its_initial_or_mutated_value(self) -> None:
        async def fetch(value: Any) -> str:
            raise AssertionError

        off: Any = atom(None)
        async with Store() as store:
            with_initial = initial_from(resource(off, fetch, initial="initial"), "fallback")
            store.get(with_initial)
            await store.settled()
            assert store.get(with_initial) == "initial"
            put_in = resource(off, fetch)
            name = initial_from(put_in, "fallback")
            assert store.get(name) == "fallback"
            await store.settled()
            store.set(put_in.mutate, "put in")
            store.get(name)
            await store.settled()
            assert store.get(name) == "put in"

    async def test_a_slice_of_a_resource_that_is_off_is_not_computed(self) -> None:
        async def fetch(value: Any) -> dict[str, str]:
            return {"name": "Ada"}

        source: Any = atom(None)
        user = resource(source, fetch)
        name = initial_from(user, {"name": ""})
        async with Store() as store:
            with store.subscribe(name, lambda value: None):
                await asyncio.sleep(0)
                assert store.get(name) == {"name": ""}
                store.set(source, 1)
                await store.settled()
                assert store.get(name) == {"name": "Ada"}
