"""An error that a store keeps holds no frame of the run that it came from, so a failed atom is freed like any other."""

import asyncio
import gc
import weakref

import pytest

from halflife import Store, atom, derived, loadable, unwrap


class Local:
    """What a run has in a variable."""


KEPT: list[weakref.ref[Local]] = []


def local():
    made = Local()
    KEPT.append(weakref.ref(made))
    return made


async def helper(held):
    await asyncio.sleep(0)
    raise LookupError("gone")


def at_once():
    @derived
    async def user(get):
        held = local()
        raise LookupError(type(held))

    return user


def after_an_await():
    @derived
    async def user(get):
        held = local()
        await helper(held)

    return user


def with_a_cause():
    @derived
    async def user(get):
        held = local()
        try:
            await helper(held)
        except LookupError as error:
            raise LookupError("again") from error

    return user


def in_a_task_group():
    @derived
    async def user(get):
        held = local()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(helper(held))
        except* LookupError as group:
            raise LookupError("in a group") from group

    return user


def in_a_stream():
    @derived
    async def user(get):
        held = local()
        yield 1
        await helper(held)

    return user


def of_a_plain_read():
    async def fetch(get):
        await helper(local())

    return derived(lambda get: fetch(get))


FAILING = [at_once, after_an_await, with_a_cause, in_a_task_group, in_a_stream, of_a_plain_read]
LOOKS = {
    "itself": lambda made: made,
    "loadable": loadable,
    "unwrap": unwrap,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("make", FAILING, ids=lambda make: make.__name__)
async def test_nothing_of_a_failed_run_stays(make, look):
    store = Store(on_error=lambda error: None)
    before = len(store.graph().nodes)

    async def one():
        made = make()
        seen = LOOKS[look](made)
        with store.subscribe(seen, lambda value: None):
            with pytest.raises(LookupError) as raised:
                await store.value(made)
            assert any(entry.name in {"user", "helper"} for entry in raised.traceback)
            del raised
            await store.settled()
            gc.collect()
            held = [kept() for kept in KEPT]
            assert held == [None] * len(held)
            assert KEPT
        KEPT.clear()
        del made, seen  # the error was raised in this frame, too, and its traceback keeps it

    for _ in range(10):
        await one()
    gc.collect()
    assert len(store.graph().nodes) <= before + 2  # of the last round, whose error pytest still holds
    store.dispose()


@pytest.mark.asyncio
async def test_a_task_that_raised_into_a_run_and_goes_on_is_left_alone():
    shared = asyncio.get_running_loop().create_future()
    going_on = []

    async def background():
        try:
            raise LookupError("told to the run")  # noqa: TRY301 - it must have a traceback
        except LookupError as error:
            shared.set_exception(error)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        going_on.append("still")

    task = asyncio.create_task(background())

    @derived
    async def user(get):
        await asyncio.shield(shared)

    with Store() as store:
        with pytest.raises(LookupError):
            await store.value(user)
        await task
    assert going_on == ["still"]


@pytest.mark.asyncio
async def test_the_traceback_names_the_places_and_does_not_grow():
    with Store(on_error=lambda error: None) as store:
        user = after_an_await()
        lengths = []
        for _ in range(3):
            with pytest.raises(LookupError) as raised:
                await store.value(user)
            names = [entry.name for entry in raised.traceback]
            assert names[-2:] == ["user", "helper"]
            lengths.append(len(names))
        assert lengths[1] == lengths[2] <= lengths[0]
        assert store.get(atom(1)) == 1
