"""Waits that could never end raise: each circle of runs, actions, sagas and calls, closed by each way of waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from halflife import (
    CycleError,
    Store,
    action,
    derived,
    draft_atom,
    editable,
    loadable,
    unwrap,
)
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


async def ended(store: Store, waiting: Awaitable[Any]) -> BaseException | None:
    """The error of an awaitable that must end without help from outside."""
    task: asyncio.Future[Any] = asyncio.ensure_future(_awaited(waiting))
    for _ in range(100):
        await quiet()
    assert task.done(), "it waits for ever"
    assert store._pending_runs == 0
    return task.exception()


async def _awaited(waiting: Awaitable[Any]) -> Any:
    return await waiting


Wait = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


async def directly(made: Callable[[], Awaitable[Any]]) -> Any:
    return await made()


async def in_gather(made: Callable[[], Awaitable[Any]]) -> Any:
    return await asyncio.gather(made(), asyncio.sleep(0))


async def in_wait_for(made: Callable[[], Awaitable[Any]]) -> Any:
    return await asyncio.wait_for(made(), 60)


async def in_timeout(made: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(60):
        return await made()


async def in_a_task_group(made: Callable[[], Awaitable[Any]]) -> Any:
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_awaited(made()))
    except* CycleError as errors:
        raise errors.exceptions[0] from None
    return task.result()


async def in_wait(made: Callable[[], Awaitable[Any]]) -> Any:
    done, _ = await asyncio.wait([asyncio.ensure_future(_awaited(made()))])
    return done.pop().result()


async def in_as_completed(made: Callable[[], Awaitable[Any]]) -> Any:
    for one in asyncio.as_completed([_awaited(made())]):
        return await one
    raise AssertionError


async def in_shield(made: Callable[[], Awaitable[Any]]) -> Any:
    return await asyncio.shield(_awaited(made()))


async def in_a_task_that_is_awaited_later(made: Callable[[], Awaitable[Any]]) -> Any:
    task = asyncio.ensure_future(_awaited(made()))
    for _ in range(5):
        await asyncio.sleep(0)
    return await task


async def in_a_task_of_a_task(made: Callable[[], Awaitable[Any]]) -> Any:
    return await asyncio.create_task(in_gather(made))


WAYS: list[Wait] = [
    directly,
    in_gather,
    in_wait_for,
    in_timeout,
    in_a_task_group,
    in_wait,
    in_as_completed,
    in_shield,
    in_a_task_that_is_awaited_later,
    in_a_task_of_a_task,
]


class World:
    """Starts a run, stream, action, saga or call that executes `body`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.draft = draft_atom({})

    def run(self, body: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        async def first(get: Any) -> Any:
            return await body()

        return self.store.get(derived(first, name="first"))

    def stream(self, body: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        async def first(get: Any) -> Any:
            yield await body()

        return self.store.get(derived(first, name="first"))

    def plain_read(self, body: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        return self.store.get(derived(lambda get: _awaited(body()), name="first"))

    def action(self, body: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        async def first(get: Any, set: Any) -> Any:
            return await body()

        return self.store.set(action(first, name="first"))

    def saga(self, body: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        async def effect(shown: Any) -> Any:
            return await body()

        first = draft_atom({}, name="first")
        return self.store.mutate(first, lambda draft: draft.update(a=1), effect)

    def call(self, body: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        async def first() -> Any:
            return await body()

        return asyncio.wrap_future(self.store.call(first))


WAITERS = ["run", "stream", "plain_read", "action", "saga", "call"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("waiter", WAITERS)
async def test_settled_inside_of_work_that_it_waits_for(waiter: str, way: Wait) -> None:
    async with Store(on_error=lambda error: None) as store:
        store._enter()
        error = await ended(store, getattr(World(store), waiter)(lambda: way(store.settled)))
        assert isinstance(error, CycleError)
        assert "settled()" in str(error)
        assert ("call" if waiter == "call" else "first") in str(error)


def of_value(store: Store, one: Any) -> Awaitable[Any]:
    return store.value(one)


def of_get(store: Store, one: Any) -> Awaitable[Any]:
    return store.get(one)


def of_refreshed(store: Store, one: Any) -> Awaitable[Any]:
    return store.get(one)


def of_until(store: Store, one: Any) -> Awaitable[Any]:
    return store.until(one, lambda value: True)


def of_changes(store: Store, one: Any) -> Awaitable[Any]:
    return anext(store.changes(one))


def of_a_dependent(store: Store, one: Any) -> Awaitable[Any]:
    async def above(get: Any) -> Any:
        return await get(one)

    return store.value(derived(above))


def of_what_returns_it(store: Store, one: Any) -> Awaitable[Any]:
    return store.value(derived(lambda get: get(one)))


READS = [of_value, of_get, of_until, of_changes, of_a_dependent, of_what_returns_it]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("read", READS)
async def test_a_run_that_awaits_itself_by_the_store(read: Any, way: Wait) -> None:
    @derived
    async def lonely(get):
        return await way(lambda: read(store, lonely))

    async with Store() as store:
        error = await ended(store, store.value(lonely))
        assert isinstance(error, CycleError)
        assert "lonely → " in str(error)
        with pytest.raises(CycleError):  # the error is settled, like any other
            await store.get(lonely)


@pytest.mark.parametrize("way", WAYS)
async def test_a_run_that_awaits_itself_by_its_own_get(way: Wait) -> None:
    @derived
    async def lonely(get):
        return await way(lambda: get(lonely))

    async with Store() as store:
        error = await ended(store, store.value(lonely))
        assert isinstance(error, CycleError)
        assert "lonely → lonely" in str(error)


@pytest.mark.parametrize("view", [loadable, unwrap])
async def test_a_view_of_itself_too(view: Any) -> None:
    @derived
    async def lonely(get):
        await asyncio.sleep(0)
        return get(view(lonely))

    async with Store() as store:
        with pytest.raises(CycleError, match="lonely"):
            await store.value(lonely)


@pytest.mark.parametrize("length", [2, 3, 5])
@pytest.mark.parametrize("by_store", ["all", "first", "last", "every other", "none"])
async def test_a_chain_of_runs_in_a_circle(length: int, by_store: str) -> None:
    atoms: list[Any] = []

    def link(number: int) -> Any:
        async def read(get: Any) -> Any:
            below = atoms[(number + 1) % length]
            away = {
                "all": True,
                "first": number == 0,
                "last": number == length - 1,
                "every other": number % 2 == 0,
                "none": False,
            }
            return await (store.value(below) if away[by_store] else get(below))

        return derived(read, name=f"link{number}")

    atoms += [link(number) for number in range(length)]
    async with Store() as store:
        error = await ended(store, store.value(atoms[0]))
        assert isinstance(error, CycleError)
        assert all(one.name in str(error) for one in atoms)
        assert store._invariant() is None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("waiter", ["run", "action", "saga"])
@pytest.mark.parametrize("other", ["action", "saga"])
async def test_two_runs_actions_or_sagas_that_wait_for_each_other(waiter: str, other: str, way: Wait) -> None:
    reported: list[BaseException] = []
    async with Store(on_error=reported.append) as store:
        world, handles = World(store), []

        async def started() -> Any:
            await asyncio.sleep(0)  # `handle` is assigned now
            return await way(lambda: getattr(World(store), other)(lambda: _awaited(handles[0])))

        handles.append(getattr(world, waiter)(started))
        error = await ended(store, handles[0])
        assert isinstance(error, CycleError)
        assert "first" in str(error)
        await store.settled()


@pytest.mark.parametrize("kind", ["action", "saga"])
async def test_work_that_waits_for_itself(kind: str) -> None:
    async with Store() as store:
        handles: list[Any] = []

        async def body() -> Any:
            await asyncio.sleep(0)
            return await handles[0]

        handles.append(getattr(World(store), kind)(body))
        error = await ended(store, handles[0])
        assert isinstance(error, CycleError)
        assert f"{kind} {'of ' if kind == 'saga' else ''}first" in str(error)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("kinds", [["action"], ["saga"], ["action", "saga"]])
async def test_a_circle_of_waits_disturbs_no_other_work(kinds: list[str], count: int) -> None:
    async with Store(on_error=lambda error: None) as store:
        handles: list[Any] = []
        gate = asyncio.Event()

        def body(number: int) -> Any:
            async def wait() -> Any:
                await asyncio.sleep(0)
                return await handles[(number + 1) % count]

            return wait

        handles += [getattr(World(store), kinds[number % len(kinds)])(body(number)) for number in range(count)]
        innocent = World(store).action(lambda: _awaited(gate.wait()))
        error = await ended(store, asyncio.gather(*handles))
        assert isinstance(error, CycleError)
        assert not innocent.done()
        gate.set()
        assert await innocent is True


async def test_two_sagas_of_one_scope_of_which_the_first_waits_for_the_second() -> None:
    draft, handles = draft_atom({}, name="edited"), []

    async def first(shown: Any) -> Any:
        await asyncio.sleep(0)
        return await handles[1]

    async def second(shown: Any) -> Any:
        return "second"

    async with Store() as store:
        handles.append(store.mutate(draft, lambda value: value.update(a=1), first, scope="s"))
        handles.append(store.mutate(draft, lambda value: value.update(b=1), second, scope="s"))
        assert isinstance(await ended(store, handles[0]), CycleError)
        assert await handles[1] == "second"
        assert store.get(draft) == {"b": 1}


async def test_an_effect_that_awaits_the_data_it_edits_is_not_kept_waiting_for_itself() -> None:
    fetches: list[int] = []

    @derived
    async def fetched(get):
        fetches.append(1)
        await asyncio.sleep(0)
        return {"n": len(fetches)}

    shown = editable(fetched)
    async with Store(on_error=lambda error: None) as store:
        with store.subscribe(shown, lambda value: None):
            await store.value(fetched)
            started = asyncio.Event()

            async def looks(value: Any) -> Any:
                await started.wait()
                return await store.value(fetched)

            slow = store.mutate(shown, lambda value: value.update(a=1), looks)
            await quiet()
            await store.mutate(shown, lambda value: value.update(b=1), _nothing)  # its fetch waits for `slow`
            store.refresh(fetched)
            await quiet()
            started.set()
            assert await ended(store, slow) is None
            await store.settled()
            assert store._invariant() is None


async def _nothing(shown: Any) -> None:
    pass
