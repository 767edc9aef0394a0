"""An error that a store keeps holds no frame of the run that it came from, so a failed atom is freed like any other."""

import asyncio
import contextlib
import gc
import traceback
import types
import weakref

import pytest

from halflife import Store, atom, derived, loadable, unwrap


class Local:
    """A local variable of a run, watched by a weak reference."""


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
            names = []
            try:
                await store.value(made)
            except LookupError as error:
                names = [entry.name for entry in traceback.extract_tb(error.__traceback__)]
            assert {"user", "helper"} & set(names)
            await store.settled()
            gc.collect()
            held = [kept() for kept in KEPT]
            assert held == [None] * len(held)
            assert KEPT
        KEPT.clear()

    for _ in range(10):
        await one()
    for _ in range(3):  # the loop runs the callbacks of ended tasks
        await asyncio.sleep(0)
    gc.collect()
    assert len(store.graph().nodes) == before
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


def plain():
    @derived
    def broken(get):
        held = local()
        raise LookupError(type(held))

    return broken


def above_another():
    below = plain()

    @derived
    def above(get):
        held = local()
        try:
            return get(below)
        except LookupError as error:
            raise LookupError(type(held)) from error

    return above


def handled_meanwhile():
    """The error's context is the error being handled, whose traceback has frames of the run."""

    @derived
    def broken(get):
        held = local()
        try:
            raise KeyError(type(held))  # noqa: TRY301 - it must have a traceback
        except KeyError:
            raise LookupError("again")  # noqa: B904 - an error in a handler

    return broken


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("make", [plain, above_another, handled_meanwhile], ids=lambda make: make.__name__)
def test_the_caller_of_a_failed_read_frees_the_atom(make, look, observed):
    store = Store(on_error=lambda error: None)

    def page():
        made = make()
        seen = LOOKS[look](made)
        subscription = store.subscribe(seen, lambda value: None) if observed else None
        for shown in (made, seen):
            try:
                raise KeyError("what the caller is handling")  # noqa: TRY301 - it must have a traceback
            except KeyError:
                with contextlib.suppress(LookupError):
                    store.get(shown)
        if subscription is not None:
            subscription.unsubscribe()

    for _ in range(5):
        page()
    gc.collect()
    assert [kept() for kept in KEPT] == [None] * len(KEPT)
    assert KEPT
    KEPT.clear()
    assert len(store.graph().nodes) == 0


def test_an_error_is_printed_the_same_with_and_without_its_frames():
    def tell(error):
        return "".join(traceback.format_exception(error))

    def fail(divisor):
        held = [divisor]

        def inner():
            return sum(1 / value for value in held)

        return inner()

    with Store() as store:
        broken = derived(lambda get: fail(0))
        try:
            store.get(broken)
        except ZeroDivisionError as error:
            kept = error
        before = tell(kept)
        assert {"fail", "inner", "<genexpr>"} <= {entry.name for entry in traceback.extract_tb(kept.__traceback__)}
        gc.collect()
        assert tell(kept) == before
        gc.collect()
        with pytest.raises(ZeroDivisionError) as raised:
            store.get(broken)
        assert tell(raised.value).splitlines()[-12:] == before.splitlines()[-12:]
        frames = [frame for frame, _ in traceback.walk_tb(kept.__traceback__)]
        ended = [frame for frame in frames if frame.f_code.co_name in {"fail", "inner", "<genexpr>"}]
        assert [(frame.f_locals, frame.f_back) for frame in ended] == [({}, None)] * 3
        for frame in ended:
            frame.clear()
        traceback.TracebackException.from_exception(kept, capture_locals=True)


def test_the_frames_of_a_running_function_stay_until_it_ends():
    store = Store()
    broken = plain()
    KEPT.clear()

    def page():
        held = local()
        try:
            store.get(broken)
        except LookupError as error:
            gc.collect()
            places = {frame.f_code.co_name: frame for frame, _ in traceback.walk_tb(error.__traceback__)}
            assert places["page"].f_locals["held"] is held
            assert places["broken"].f_locals == {}

    page()
    gc.collect()
    assert [kept() for kept in KEPT] == [None, None]
    KEPT.clear()


def test_errors_share_traceback_entries_along_a_chain():
    """Each atom of a chain keeps the error with its own traceback, which contains the tracebacks of its inputs."""
    store = Store()
    atoms = [plain()]
    for _ in range(200):
        atoms.append(derived(lambda get, below=atoms[-1]: get(below)))
    with pytest.raises(LookupError) as raised:
        store.get(atoms[-1])
    del raised
    gc.collect()
    made = [value for value in gc.get_objects() if isinstance(value, types.TracebackType)]
    assert len(made) < 1_000


def test_without_errors_the_collector_is_not_watched(apart):
    printed = apart("""
import gc
from halflife import Store, derived
store = Store()
fine, broken = derived(lambda get: 1), derived(lambda get: 1 / 0)
store.get(fine)
print(len(gc.callbacks))
for _ in range(2):
    try:
        store.get(broken)
    except ZeroDivisionError:
        pass
print(len(gc.callbacks))
gc.callbacks.clear()
gc.collect()
broken = derived(lambda get: 1 / 0)
try:
    store.get(broken)
except ZeroDivisionError:
    pass
print(len(gc.callbacks))
""")
    assert printed.split() == ["0", "1", "1"]
