"""Guarantee 9 for runs: atoms that a pending run of an observed atom reads are mounted by the end of that step."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest

from halflife import RunCancelledError, Store, atom, derived, from_iter, loadable, resource, unwrap


class Diary:
    """Source atoms that record when they are mounted and unmounted."""

    def __init__(self) -> None:
        self.mounted: list[str] = []
        self.lines: list[str] = []

    def source(self, name: str, value: Any = 1) -> Any:
        def on_mount(set: Any) -> Callable[[], None]:
            self.mounted.append(name)
            self.lines.append(f"+{name}")

            def unmount() -> None:
                self.mounted.remove(name)
                self.lines.append(f"-{name}")

            return unmount

        return atom(value, name=name, on_mount=on_mount)


async def never() -> None:
    await asyncio.get_running_loop().create_future()


def at_once(source: Any) -> Any:
    async def read(get: Any) -> None:
        get(source)
        await never()

    return derived(read)


def after_an_await(source: Any) -> Any:
    async def read(get: Any) -> None:
        await asyncio.sleep(0)
        get(source)
        await never()

    return derived(read)


def in_a_gather(source: Any) -> Any:
    async def part(get: Any) -> None:
        await asyncio.sleep(0)
        get(source)
        await never()

    async def read(get: Any) -> None:
        await asyncio.gather(part(get), part(get))

    return derived(read)


def in_a_task_of_its_own(source: Any) -> Any:
    async def part(get: Any) -> None:
        get(source)

    async def read(get: Any) -> None:
        await asyncio.create_task(part(get))
        await never()

    return derived(read)


def in_a_callback(source: Any) -> Any:
    async def read(get: Any) -> None:
        asyncio.get_running_loop().call_soon(get, source)
        await never()

    return derived(read)


def in_a_stream(source: Any) -> Any:
    async def read(get: Any) -> AsyncIterator[int]:
        yield 1
        get(source)
        await never()
        yield 2

    return derived(read)


def in_a_plain_read_that_returns_a_coroutine(source: Any) -> Any:
    return derived(lambda get: after_an_await_of(get, source))


async def after_an_await_of(get: Any, source: Any) -> None:
    await asyncio.sleep(0)
    get(source)
    await never()


def through_a_sync_derived(source: Any) -> Any:
    return after_an_await(derived(lambda get: get(source)))


def through_a_chain_of_pending_runs(source: Any) -> Any:
    below = after_an_await(source)

    async def read(get: Any) -> Any:
        return await get(below)

    async def above(get: Any) -> Any:
        return await get(middle)

    middle = derived(read)
    return derived(above)


def in_the_source_of_a_resource(source: Any) -> Any:
    async def fetch(value: Any) -> None:
        await never()

    return resource(source, fetch)


KINDS = [
    at_once,
    after_an_await,
    in_a_gather,
    in_a_task_of_its_own,
    in_a_callback,
    in_a_stream,
    in_a_plain_read_that_returns_a_coroutine,
    through_a_sync_derived,
    through_a_chain_of_pending_runs,
    in_the_source_of_a_resource,
]
kinds = pytest.mark.parametrize("kind", KINDS)


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def subscribed(store: Store, one: Any) -> Callable[[], Any]:
    return store.subscribe(one, lambda value: None)


def looked_at(store: Store, one: Any) -> Callable[[], Any]:
    return store.subscribe(loadable(one), lambda value: None)


def unwrapped(store: Store, one: Any) -> Callable[[], Any]:
    return store.subscribe(unwrap(one, None), lambda value: None)


def awaited(store: Store, one: Any) -> Callable[[], Any]:
    task = asyncio.get_running_loop().create_task(store.value(one))
    return task.cancel


def through_another_run(store: Store, one: Any) -> Callable[[], Any]:
    async def read(get: Any) -> Any:
        return await get(one)

    return subscribed(store, derived(read))


@pytest.mark.parametrize("look", [subscribed, looked_at, unwrapped, awaited, through_another_run])
@kinds
def test_an_atom_that_a_run_reads_is_mounted_while_the_run_is_observed(kind: Any, look: Any) -> None:
    async def main() -> None:
        diary = Diary()
        one = kind(diary.source("s"))
        async with Store() as store:
            leave = look(store, one)
            await turns()
            assert diary.mounted == ["s"]
            assert store._invariant() is None
            leave()
            await turns()
            # An unobserved run goes on, and the atom that it awaits stays mounted until the run ends.
            awaited = look is through_another_run or kind is through_a_chain_of_pending_runs
            assert diary.lines == (["+s"] if awaited else ["+s", "-s"])
            assert store._invariant() is None
        assert diary.lines == ["+s", "-s"]

    asyncio.run(main())


@kinds
def test_an_unobserved_run_mounts_nothing(kind: Any) -> None:
    async def main() -> None:
        diary = Diary()
        one = kind(diary.source("s"))
        async with Store() as store:
            store.get(one)
            if kind is not through_a_chain_of_pending_runs:  # in that case one run waits for another
                await turns()
                assert diary.lines == []
            leave = subscribed(store, one)
            await turns()
            assert diary.lines == ["+s"]
            leave()

    asyncio.run(main())


def test_an_atom_is_mounted_at_the_end_of_the_step_that_reads_it() -> None:
    async def main() -> None:
        diary = Diary()
        first, second = diary.source("first"), diary.source("second")
        seen: list[list[str]] = []

        async def read(get: Any) -> None:
            get(first)
            await asyncio.sleep(0)
            seen.append(list(diary.mounted))
            get(second)
            await asyncio.sleep(0)
            seen.append(list(diary.mounted))

        async with Store() as store:
            store.subscribe(derived(read), lambda value: None)
            assert diary.mounted == []
            await asyncio.sleep(0)
            assert diary.mounted == ["first"]
            await store.settled()
            assert seen == [["first"], ["first", "second"]]

    asyncio.run(main())


def test_a_waiter_gets_the_value_that_on_mount_sets() -> None:
    async def main() -> None:
        async def push(set: Any) -> None:
            await asyncio.sleep(0)
            set("data")

        tasks: list[Any] = []
        socket = atom(None, on_mount=lambda set: tasks.append(asyncio.ensure_future(push(set))))

        async def read(get: Any) -> str:
            while get(socket) is None:
                await never()
            return get(socket)

        async def over(get: Any) -> str:
            return await get(below)

        below = derived(read)
        async with Store() as store:
            assert await asyncio.wait_for(store.value(derived(over)), 5) == "data"

    asyncio.run(main())


def test_an_iterator_is_started_by_whoever_awaits_a_run_over_it() -> None:
    async def main() -> None:
        closed: list[int] = []

        async def ticks() -> AsyncIterator[int]:
            try:
                yield 1
                yield 2
                await never()
            finally:
                closed.append(1)

        feed = from_iter(ticks, initial=0)

        async def read(get: Any) -> int:
            await asyncio.sleep(0)
            if get(feed) < 2:
                await never()
            return get(feed)

        async with Store() as store:
            assert await asyncio.wait_for(store.value(derived(read)), 5) == 2
            await turns()
            assert closed == [1]

    asyncio.run(main())


def test_a_set_by_on_mount_restarts_the_run_that_read_the_atom() -> None:
    async def main() -> None:
        source = atom(0, on_mount=lambda set: set(10))

        async def read(get: Any) -> int:
            value = get(source)
            await asyncio.sleep(0)
            return value

        async with Store() as store:
            assert await store.value(derived(read)) == 10

    asyncio.run(main())


def test_a_hook_that_fails_is_reported_and_the_run_goes_on() -> None:
    async def main() -> None:
        errors: list[BaseException] = []

        def fail(set: Any) -> None:
            raise LookupError("no socket")

        source = atom(1, on_mount=fail)

        async def read(get: Any) -> int:
            value = get(source)
            await asyncio.sleep(0)
            return value

        async with Store(on_error=errors.append) as store:
            assert await store.value(derived(read)) == 1
            assert [str(error) for error in errors] == ["no socket"]

    asyncio.run(main())


# --- unmounting


class Switched:
    """A run that reads `left` or `right`, chosen by `switch`, and waits."""

    def __init__(self) -> None:
        self.diary = Diary()
        self.switch = atom("left")
        self.sources = {name: self.diary.source(name) for name in ("left", "right")}
        self.gate = asyncio.Event()

        async def read(get: Any) -> Any:
            which = get(self.switch)
            await asyncio.sleep(0)
            value = get(self.sources[which])
            await self.gate.wait()
            return value

        self.atom = derived(read)


def test_an_atom_that_the_new_run_does_not_read_is_unmounted_when_it_ends() -> None:
    async def main() -> None:
        it = Switched()
        async with Store() as store:
            leave = subscribed(store, it.atom)
            await turns()
            store.set(it.switch, "right")
            await turns()
            assert it.diary.lines == ["+left", "+right"]
            it.gate.set()
            await store.settled()
            assert it.diary.lines == ["+left", "+right", "-left"]
            leave()
            assert it.diary.lines == ["+left", "+right", "-left", "-right"]
            assert store._invariant() is None

    asyncio.run(main())


def test_an_atom_read_in_another_order_is_not_remounted() -> None:
    async def main() -> None:
        diary = Diary()
        turned = atom(False)
        left, right = diary.source("left"), diary.source("right")

        async def read(get: Any) -> int:
            one, other = (right, left) if get(turned) else (left, right)
            total = get(one)
            await asyncio.sleep(0)
            return total + get(other)

        async with Store() as store:
            leave = subscribed(store, derived(read))
            await store.settled()
            for value in (True, False):
                store.set(turned, value)
                await store.settled()
                assert store._invariant() is None
            assert diary.lines == ["+left", "+right"]
            leave()
            assert diary.mounted == []

    asyncio.run(main())


@pytest.mark.parametrize("cause", ["leaves", "cancelled", "closed", "superseded", "fails"])
def test_the_source_is_let_go_when_the_run(cause: str) -> None:
    async def main() -> None:
        it = Switched()
        async with Store(on_error=lambda error: None) as store:
            waiter = asyncio.ensure_future(store.value(it.atom))
            await turns()
            assert it.diary.mounted == ["left"]
            if cause == "leaves":
                waiter.cancel()
            elif cause == "cancelled":
                (task,) = store._driver._runs
                task.cancel()
            elif cause == "closed":
                await store.close()
            elif cause == "superseded":
                store.set(it.switch, "right")
                await turns()
                waiter.cancel()
            else:
                store.set(it.sources["left"], "ends")
                it.gate.set()
            with suppress(asyncio.CancelledError, RunCancelledError, Exception):
                await waiter
            await turns()
            assert it.diary.mounted == []
            if not store.closed:
                assert store._invariant() is None

    asyncio.run(main())
