"""Source atoms that take their first value from a loading atom."""

import asyncio
import gc
import weakref

import pytest

from halflife import Store, atom, derived, initial_from


@pytest.mark.asyncio
async def test_it_shows_its_fallback_until_the_other_atom_has_a_value() -> None:
    loaded = asyncio.Event()

    @derived
    async def user(get):
        await loaded.wait()
        return "Ada"

    name = initial_from(user, "unknown")
    seen: list[str] = []
    async with Store() as store:
        with store.subscribe(name, seen.append):
            assert store.get(name) == "unknown"
            loaded.set()
            await store.settled()
            assert store.get(name) == "Ada"
    assert seen == ["Ada"]


@pytest.mark.asyncio
async def test_the_fallback_is_none_by_default() -> None:
    @derived
    async def user(get):
        return "Ada"

    async with Store() as store:
        assert store.get(initial_from(user)) is None


@pytest.mark.parametrize("observed", [True, False])
@pytest.mark.asyncio
async def test_after_its_first_value_it_follows_the_other_atom_no_more(observed: bool) -> None:
    number = atom(1)

    @derived
    async def squared(get):
        return get(number) ** 2

    first = initial_from(squared)
    async with Store() as store:
        subscription = store.subscribe(first, lambda value: None) if observed else None
        await store.get(squared)
        await store.settled()
        assert store.get(first) == 1
        store.set(number, 5)
        assert await store.get(squared) == 25
        assert store.get(first) == 1
        if subscription is not None:
            subscription.unsubscribe()


@pytest.mark.asyncio
async def test_once_it_has_its_value_the_other_atom_runs_no_more_for_it() -> None:
    number = atom(1)
    runs: list[int] = []

    @derived
    async def squared(get):
        runs.append(get(number))
        return get(number) ** 2

    first = initial_from(squared)
    async with Store() as store:
        with store.subscribe(first, lambda value: None):
            await store.settled()
            assert (store.get(first), runs) == (1, [1])
            store.set(number, 2)
            await store.settled()
            assert (store.get(first), runs) == (1, [1])
            assert not squared.is_observed


@pytest.mark.asyncio
async def test_it_can_be_set_and_keeps_what_was_set() -> None:
    number = atom(1)

    @derived
    async def squared(get):
        return get(number) ** 2

    first = initial_from(squared)
    async with Store() as store:
        with store.subscribe(first, lambda value: None):
            await store.settled()
            store.set(first, 100)
            store.set(number, 2)
            await store.settled()
            assert store.get(first) == 100
            store.update(first, lambda value: value + 1)
            assert store.get(first) == 101


@pytest.mark.asyncio
async def test_the_first_value_does_not_overwrite_a_set() -> None:
    loaded = asyncio.Event()

    @derived
    async def user(get):
        await loaded.wait()
        return "Ada"

    name = initial_from(user, "")
    async with Store() as store:
        with store.subscribe(name, lambda value: None):
            store.set(name, "typed")
            loaded.set()
            await store.settled()
            assert store.get(name) == "typed"


@pytest.mark.asyncio
async def test_none_can_be_a_first_value() -> None:
    @derived
    async def nothing(get):
        return None

    first = initial_from(nothing, "fallback")
    async with Store() as store:
        with store.subscribe(first, lambda value: None):
            await store.settled()
            assert store.get(first) is None


@pytest.mark.asyncio
async def test_an_error_leaves_the_fallback_until_there_is_a_value() -> None:
    works = atom(False)

    @derived
    async def user(get):
        if not get(works):
            raise OSError("down")
        return "Ada"

    name = initial_from(user, "unknown")
    async with Store(on_error=lambda *error: None) as store:
        with store.subscribe(name, lambda value: None):
            await store.settled()
            assert store.get(name) == "unknown"
            store.set(works, True)
            await store.settled()
            assert store.get(name) == "Ada"


@pytest.mark.asyncio
async def test_each_store_takes_a_first_value_of_its_own() -> None:
    number = atom(1)

    @derived
    async def squared(get):
        return get(number) ** 2

    first = initial_from(squared)
    async with Store() as one, Store() as other:
        other.set(number, 3)
        for store in (one, other):
            await store.get(squared)
        assert (one.get(first), other.get(first)) == (1, 9)
        one.set(first, 0)
        assert (one.get(first), other.get(first)) == (0, 9)


def test_a_sync_atom_gives_its_value_at_once() -> None:
    number = atom(1)
    first = initial_from(number)
    with Store() as store:
        assert store.get(first) == 1
        store.set(number, 2)
        assert store.get(first) == 1


def test_one_that_was_set_before_it_is_observed_never_reads_the_other_atom() -> None:
    runs: list[int] = []

    @derived
    def number(get):
        runs.append(1)
        return 1

    first = initial_from(number)
    with Store() as store:
        store.set(first, 5)
        with store.subscribe(first, lambda value: None):
            assert store.get(first) == 5
            assert not number.is_observed
    assert runs == []


def test_its_state_is_freed_with_it() -> None:
    number = atom(1)
    with Store() as store:
        first = initial_from(number)
        with store.subscribe(first, lambda value: None):
            store.set(first, 2)
        gone = weakref.ref(first)
        del first
        gc.collect()
        assert gone() is None


def test_its_name_says_where_its_value_comes_from() -> None:
    assert initial_from(atom(1), name="draft").name == "draft"
    assert initial_from(atom(1, name="user")).name == "initial_from(user)"


@pytest.mark.parametrize("wrong", [None, 1, lambda get: 1])
def test_an_argument_that_is_no_atom_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="initial_from: a must be an atom"):
        initial_from(wrong)  # type: ignore[arg-type]
