"""All orders of mutate, refetch and source changes of a resource, in each kind of call, against the model `Law`.

Each operation takes effect when it is called; at the end of the loop tick the server gets a request for the fetch
that is due then. An unobserved resource sends no request before it is read, except after a refetch, whose run
begins with the next loop tick.
"""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from halflife import RunCancelledError, Store, StoreClosedError, action, atom, resource
from halflife.testing import ManualClock

UNKNOWN = object()


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


class Law:
    """The expected data, notifications and requests of a resource with a source."""

    def __init__(self, *, observed: bool, known: bool) -> None:
        self.observed = observed
        self.source: int | None = 1
        self.latest: Any = "data 1" if known else UNKNOWN
        self.fetched_for: int | None = 1 if known else None
        self.fetching: tuple[int, Any] | None = None if known else (1, False)
        self.starts = False  # a run begins at the end of the tick
        self.asked: list[tuple[int, Any, Any]] = [(1, False, None)] if known else []
        self.told: list[Any] = []
        self.shown: Any = self.latest

    def do(self, name: str, number: int) -> None:
        if name == "mutate":
            self.latest, self.fetched_for, self.fetching = f"mutated {number}", self.source, None
        elif name == "refetch":
            self.starts = True
            if self.source is not None:
                self.fetching = (self.source, f"info {number}")
        else:
            self.source = None if name == "off" else number
            self.fetching, self.starts = None, self.observed or self.starts
            if self.source is None:
                self.fetched_for = None
            else:
                self.fetching = (self.source, False)

    def pass_ends(self) -> None:
        if self.fetching is not None and self.starts:
            self.asked.append((*self.fetching, self.data()))
        elif self.fetching is None and self.observed and self.data() != self.shown:
            self.shown = self.data()
            self.told.append(self.shown)
        self.starts = False

    def is_read(self, *, under_way: bool) -> None:
        """The resource is read, and the server answers its fetch."""
        if self.fetching is not None:
            if not under_way:
                self.asked.append((*self.fetching, self.data()))
            self.latest = f"data {self.fetching[0]}"
            self.fetching = None
        self.starts = False
        self.pass_ends()

    def data(self) -> Any:
        return None if self.latest is UNKNOWN else self.latest


class World:
    """A resource whose server records its requests and answers while the gate is open."""

    def __init__(self) -> None:
        self.source: Any = atom(1)
        self.asked: list[tuple[int, Any, Any]] = []
        self.told: list[Any] = []
        self.errors: list[BaseException] = []
        self.cancelled = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.resource: Any = resource(self.source, self._fetch, name="user")
        self.store = Store(on_error=self.errors.append)

    async def _fetch(self, value: int, info: Any) -> str:
        self.asked.append((value, info.refetching, info.previous))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return f"data {value}"

    def do(self, name: str, number: int, set: Callable[..., Any]) -> None:
        if name == "mutate":
            set(self.resource.mutate, f"mutated {number}")
        elif name == "refetch":
            set(self.resource.refetch, f"info {number}")
        else:
            set(self.source, None if name == "off" else number)


STEPS = ("mutate", "refetch", "source", "off")


def in_one_pass(world: World, steps: list[tuple[str, int]]) -> None:
    for name, number in steps:
        world.do(name, number, world.store.set)


def in_a_batch(world: World, steps: list[tuple[str, int]]) -> None:
    with world.store.batch():
        in_one_pass(world, steps)


def in_a_batch_with_reads(world: World, steps: list[tuple[str, int]]) -> None:
    with world.store.batch():
        for name, number in steps:
            world.do(name, number, world.store.set)
            world.store.get(world.resource.latest)
            world.store.get(world.resource.state)


def in_an_action(world: World, steps: list[tuple[str, int]]) -> None:
    @action
    def act(get, set):
        for name, number in steps:
            world.do(name, number, set)

    world.store.set(act)


def in_an_async_action(world: World, steps: list[tuple[str, int]]) -> None:
    @action
    async def act(get, set):
        for name, number in steps:
            world.do(name, number, set)

    world.store.set(act)


def each_in_its_pass(world: World, steps: list[tuple[str, int]]) -> None:
    raise NotImplementedError


PLACES = [in_one_pass, in_a_batch, in_a_batch_with_reads, in_an_action, in_an_async_action, each_in_its_pass]


@pytest.mark.asyncio
@pytest.mark.parametrize("length", [1, 2, 3, 4])
@pytest.mark.parametrize("start", ["observed", "read once", "never read"])
@pytest.mark.parametrize("place", PLACES)
async def test_each_order_does_what_the_law_says(place: Any, start: str, length: int) -> None:
    if place is in_a_batch_with_reads and start != "observed":
        return  # a read would send a request as well
    for names in itertools.product(STEPS, repeat=length):
        steps = [(name, number) for number, name in enumerate(names, 2)]
        world, law = World(), Law(observed=start == "observed", known=start != "never read")
        async with world.store as store:
            if start != "never read":
                await store.value(world.resource)
            if start == "observed":
                store.subscribe(world.resource, lambda value, told=world.told: told.append(value.result()))
            world.gate.clear()
            passes = [[step] for step in steps] if place is each_in_its_pass else [steps]
            for one in passes:
                for name, number in one:
                    law.do(name, number)
                under_way = law.starts
                if place is each_in_its_pass:
                    in_one_pass(world, one)
                else:
                    place(world, one)
                shown = store.get(world.resource.latest) if start == "observed" else law.data()
                if place is not in_an_async_action:
                    assert shown == law.data(), (names, "at once")
                await quiet()
                law.pass_ends()
                assert world.asked == law.asked, names
            law.starts = under_way
            world.gate.set()
            law.is_read(under_way=under_way)
            value = await store.value(world.resource)
            await quiet()
            assert value == law.data(), names
            assert world.asked == law.asked, names
            assert world.told == law.told, names
            assert store.get(world.resource.latest) == law.data(), names
            state = "ready" if law.latest is not UNKNOWN else "unresolved"
            assert store.get(world.resource.state) == state, names
            assert world.errors == []
            assert store._pending_runs == 0
            assert store._invariant() is None


@pytest.mark.asyncio
@pytest.mark.parametrize("after", STEPS)
@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("observed", [True, False])
async def test_nothing_is_asked_after_close(before: str, after: str, observed: bool) -> None:
    world = World()
    if observed:
        world.store.subscribe(world.resource, world.told.append)
    await world.store.value(world.resource)
    world.gate.clear()
    world.do(before, 2, world.store.set)
    await quiet()
    asked = list(world.asked)
    under_way = len(asked) - 1
    await world.store.close()
    with pytest.raises(StoreClosedError):
        world.do(after, 3, world.store.set)
    await quiet()
    assert world.asked == asked
    assert world.cancelled == under_way
    assert world.errors == []


async def fails(data: Any) -> Any:
    raise KeyError(data)


async def is_cancelled(data: Any) -> Any:
    raise asyncio.CancelledError


async def succeeds(data: Any) -> Any:
    return "later"


@pytest.mark.asyncio
@pytest.mark.parametrize("fn", [fails, is_cancelled, succeeds])
@pytest.mark.parametrize("place", ["plain", "batch", "action"])
async def test_an_async_function_is_refused_and_changes_nothing(fn: Any, place: str) -> None:
    world = World()
    async with world.store as store:
        store.subscribe(world.resource, lambda value: world.told.append(value.result()))
        await store.value(world.resource)

        def mutate(given: Any) -> None:
            if place == "batch":
                with store.batch():
                    store.set(world.resource.mutate, given)
            elif place == "action":
                store.set(action(lambda get, set: set(world.resource.mutate, given)))
            else:
                store.set(world.resource.mutate, given)

        for given in (fn, lambda data: fn(data), asyncio.get_running_loop().create_future(), fn(None)):
            with pytest.raises(TypeError, match=r"user\.mutate"):
                mutate(given)
        await quiet()
        assert await store.value(world.resource) == "data 1"
        assert (world.told, world.errors, len(world.asked)) == (["data 1"], [], 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("observed", [True, False])
async def test_mutate_to_none_is_data_and_a_function_that_returns_none_for_a_dict_is_refused(observed: bool) -> None:
    source = atom(1)

    async def fetch(value: int) -> Any:
        return {"id": value}

    user: Any = resource(source, fetch, name="user")
    async with Store() as store:
        if observed:
            store.subscribe(user, lambda value: None)
        data = await store.value(user)
        with pytest.raises(TypeError, match="user"):
            store.set(user.mutate, lambda latest: latest.update(name="Ada"))
        assert await store.value(user) is data
        assert store.set(user.mutate, None) is None
        assert await store.value(user) is None
        assert (store.get(user.state), store.get(user.latest)) == ("ready", None)
        assert store.set(user.mutate, lambda latest: [latest]) == [None]
        assert await store.value(user) == [None]


@pytest.mark.asyncio
@pytest.mark.parametrize("place", ["plain", "batch", "action"])
@pytest.mark.parametrize("observed", [True, False])
async def test_refetch_twice_asks_once_and_a_raise_in_a_batch_asks_nothing(place: str, observed: bool) -> None:
    world = World()
    async with world.store as store:
        if observed:
            store.subscribe(world.resource, lambda value: None)
        await store.value(world.resource)

        def twice(set: Any) -> list[Any]:
            return [set(world.resource.refetch), set(world.resource.refetch)]

        if place == "batch":
            with store.batch():
                values = twice(store.set)
        elif place == "action":
            values = store.set(action(lambda get, set: twice(set)))
        else:
            values = twice(store.set)
        assert await asyncio.gather(*values) == ["data 1"] * 2
        assert len(world.asked) == 2
        with pytest.raises(ZeroDivisionError), store.batch():
            store.set(world.resource.mutate, "gone")
            store.set(world.resource.refetch)
            raise ZeroDivisionError
        await quiet()
        assert await store.value(world.resource) == "data 1"
        assert store.get(world.resource.latest) == "data 1"
        assert len(world.asked) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["fails", "is cancelled"])
@pytest.mark.parametrize("observed", [True, False])
async def test_a_refetch_over_a_mutate_that_fails_keeps_the_mutated_data(how: str, observed: bool) -> None:
    outcomes: list[Any] = []
    errors: list[BaseException] = []

    async def fetch(value: int) -> Any:
        await asyncio.sleep(0)
        if outcomes:
            raise outcomes.pop()
        return "fetched"

    user: Any = resource(atom(1), fetch, name="user")
    async with Store(on_error=errors.append) as store:
        if observed:
            store.subscribe(user, lambda value: None)
        await store.value(user)
        outcomes.append(KeyError("no") if how == "fails" else asyncio.CancelledError())
        store.set(user.mutate, "mutated")
        refetched = store.set(user.refetch)
        assert store.get(user.latest) == "mutated"
        assert store.get(user.state) == "refreshing"
        with pytest.raises(KeyError if how == "fails" else RunCancelledError):
            await refetched
        assert store.get(user.latest) == "mutated"
        if how == "fails":
            assert store.get(user.state) == "errored"
        assert await store.set(user.refetch) == "fetched"
        assert (store.get(user.latest), store.get(user.state)) == ("fetched", "ready")
