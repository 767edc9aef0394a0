"""`get` and the signal of a read, kept after its end: those of a run say how the run ended.

`get` of a plain read registers late reads.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from halflife import (
    AsyncValue,
    Store,
    StoreClosedError,
    Superseded,
    atom,
    derived,
    resource,
)
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class World:
    """A store, some atoms, and the kept `get`, `set` and signal."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.number = atom(1, name="number")
        self.other = atom(5, name="other")
        self.fetched = derived(_five, name="fetched")
        self.get: Any = None
        self.set: Any = None
        self.signal: Any = None
        self.kept: list[Any] = []  # keeps the atoms alive

    def keep(self, one: Any) -> Any:
        self.kept.append(one)
        return one


async def _five(get: Any) -> int:
    await asyncio.sleep(0)
    return 5


# --- runs


def coroutine(world: World, body: Callable[[], Any]) -> Any:
    async def read(get: Any, signal: Any) -> Any:
        world.get, world.signal = get, signal
        get(world.number)
        await asyncio.sleep(0)
        return await body()

    return derived(read, name="user")


def signal_only(world: World, body: Callable[[], Any]) -> Any:
    async def read(get: Any, signal: Any) -> Any:
        world.get, world.signal = get, signal
        get(world.number)
        await asyncio.sleep(0)
        return await body()

    return derived(read, name="user", cancel="signal")


def stream(world: World, body: Callable[[], Any]) -> Any:
    async def read(get: Any, signal: Any) -> Any:
        world.get, world.signal = get, signal
        get(world.number)
        yield 0
        yield await body()

    return derived(read, name="user")


def of_a_resource(world: World, body: Callable[[], Any]) -> Any:
    def source(get: Any) -> Any:
        return get(world.number)

    async def fetch(value: Any, info: Any) -> Any:
        world.signal = info.signal
        return await body()

    return resource(source, fetch, name="user")


RUNS = [coroutine, signal_only, stream, of_a_resource]


async def ends_well(world: World, make: Any) -> str:
    async def body() -> int:
        return 1

    await world.store.value(world.keep(make(world, body)))
    return "ended (well)"


async def ends_in_an_observed_atom(world: World, make: Any) -> str:
    async def body() -> int:
        return 1

    world.store.subscribe(world.keep(make(world, body)), ignore)
    await quiet()
    return "ended (well)"


async def fails(world: World, make: Any) -> str:
    async def body() -> int:
        raise KeyError("no user")

    with pytest.raises(KeyError):
        await world.store.value(world.keep(make(world, body)))
    return "ended (with an error)"


async def is_cancelled(world: World, make: Any) -> str:
    async def body() -> int:
        raise asyncio.CancelledError

    one = world.keep(make(world, body))
    waiter = asyncio.ensure_future(world.store.value(one))
    await quiet()
    assert waiter.exception() is not None
    return "ended (because it was cancelled)"


async def ends_and_is_followed_by_a_newer_run(world: World, make: Any) -> str:
    async def body() -> int:
        return 1

    one = world.keep(make(world, body))
    await world.store.value(one)
    get, signal = world.get, world.signal
    world.store.set(world.number, 2)
    await world.store.value(one)
    assert world.signal is not signal
    world.get, world.signal = get, signal
    return "ended (well)"


ENDS = [ends_well, ends_in_an_observed_atom, fails, is_cancelled, ends_and_is_followed_by_a_newer_run]


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("make", RUNS)
async def test_a_run_that_has_ended_says_so(make: Any, end: Any) -> None:
    async with Store(on_error=lambda error: None) as store:
        world = World(store)
        how = await end(world, make)
        if world.get is not None:
            for asked in (world.other, world.fetched, world.number):
                with pytest.raises(RuntimeError) as caught:
                    world.get(asked)
                assert not isinstance(caught.value, asyncio.CancelledError)
                assert "user" in str(caught.value)
                assert how in str(caught.value)
        assert (world.signal.aborted, world.signal.reason) == (False, None)
        world.signal.raise_if_aborted()
        world.signal.add_callback(lambda: None)
        with pytest.raises(RuntimeError, match=r"run of user .* ended"):
            await world.signal.wait()
        assert store._pending_runs == 0
        assert store._invariant() is None


@pytest.mark.asyncio
@pytest.mark.parametrize("make", RUNS)
@pytest.mark.parametrize("by", ["set", "refresh", "batch"])
async def test_a_superseded_run_raises_superseded(make: Any, by: str) -> None:
    gate = asyncio.Event()
    async with Store(on_error=lambda error: None) as store:
        world = World(store)
        one = make(world, gate.wait)
        with store.subscribe(one, ignore):
            await quiet()
            get, signal = world.get, world.signal
            if by == "set":
                store.set(world.number, 2)
            elif by == "refresh":
                store.refresh(one)
            else:
                with store.batch():
                    store.set(world.number, 2)
                    store.set(world.number, 3)
            for _ in range(2):  # also after the newer run has ended
                if get is not None:
                    with pytest.raises(Superseded, match="user"):
                        get(world.other)
                assert signal.aborted
                assert signal.reason == "superseded"
                with pytest.raises(Superseded):
                    signal.raise_if_aborted()
                await signal.wait()
                gate.set()
                await quiet()


@pytest.mark.asyncio
@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("make", RUNS)
async def test_a_run_of_a_closed_store_raises_store_closed_error(make: Any, ended: bool) -> None:
    gate = asyncio.Event()
    store = Store()
    world = World(store)
    store.get(world.keep(make(world, gate.wait)))
    await quiet()
    if ended:
        gate.set()
        await quiet()
    await store.close()
    if world.get is not None:
        with pytest.raises(StoreClosedError):
            world.get(world.other)
    if not ended:
        assert world.signal.aborted
        await world.signal.wait()


@pytest.mark.asyncio
async def test_an_async_value_read_by_a_run_works_after_the_run_has_ended() -> None:
    kept: list[AsyncValue[Any]] = []
    number, gate, runs = atom(1), asyncio.Event(), []

    @derived
    async def below(get):
        value = get(number)
        await gate.wait()
        return value

    @derived
    async def above(get):
        runs.append(1)
        kept.append(get(below))
        return "done"

    async with Store() as store:
        assert await store.value(above) == "done"
        waiter = asyncio.ensure_future(store.value(below))
        await quiet()
        gate.set()
        assert await kept[0] == 1
        assert await waiter == 1
        store.set(number, 2)
        assert await kept[0] == 2  # awaiting gives the newest value, and registers no dependency
        assert await store.value(above) == "done"
        assert runs == [1]


# --- plain reads: `get` registers late reads


@pytest.mark.parametrize("fails", [False, True])
def test_get_of_a_plain_read_registers_late(fails: bool) -> None:
    kept: list[Any] = []
    number, other, runs = atom(1), atom(5), []

    @derived
    def plain(get):
        kept.append(get)
        runs.append(get(number))
        if fails:
            raise KeyError

    with Store(on_error=lambda error: None) as store:
        store.subscribe(plain, ignore)
        assert kept[0](other) == 5
        store.set(other, 6)
        assert len(runs) == 2
    with pytest.raises(StoreClosedError):
        kept[0](other)


@pytest.mark.asyncio
@pytest.mark.parametrize("fails", [False, True])
async def test_the_signal_of_a_plain_read_is_never_aborted(fails: bool) -> None:
    kept: list[Any] = []

    @derived
    def plain(get, signal):
        kept.append(signal)
        if fails:
            raise KeyError

    async with Store(on_error=lambda error: None) as store:
        store.subscribe(plain, ignore)
        assert not kept[0].aborted
        with pytest.raises(RuntimeError, match=r"run of plain .* ended"):
            await kept[0].wait()


def test_get_of_an_atom_that_was_dropped_says_so() -> None:
    kept: list[Any] = []
    number, other = atom(1), atom(5)
    with Store() as store:
        store.get(derived(lambda get: kept.append(get) or get(number)))
        gc.collect()
        with pytest.raises(RuntimeError, match="dropped") as caught:
            kept[0](other)
        assert not isinstance(caught.value, StoreClosedError)
    with pytest.raises(StoreClosedError):
        kept[0](other)
