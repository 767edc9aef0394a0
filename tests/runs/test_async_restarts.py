"""Async runs 11: the runs that a flush restarts start in one loop tick, dependents before their inputs.

A dependent that ends in its first step, or reads another input, drops the old input, whose run then does not
start. A dependent that waits first keeps its old inputs until its run ends.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from halflife import Store, atom, derived, effect, loadable, resource, unwrap
from halflife.testing import events


class World:
    """Async atoms over the selection `sel`; each fetch records its inputs."""

    def __init__(self) -> None:
        self.sel = atom(1, name="sel")
        self.fetched: list[Any] = []
        self.detail = self.fetch("detail", self.sel)

    def fetch(self, name: str, *inputs: Any) -> Any:
        async def read(get: Any) -> Any:
            parts = [get(one) for one in inputs]
            self.fetched.append((name, *parts))
            await asyncio.sleep(0)
            return (name, *parts)

        return derived(read, name=name)

    def stream(self) -> Any:
        async def read(get: Any) -> AsyncIterator[Any]:
            value = get(self.sel)
            self.fetched.append(("detail", value))
            yield ("first", value)
            await asyncio.sleep(0)
            yield ("detail", value)

        return derived(read)

    def resource(self) -> Any:
        async def fetch(value: Any) -> Any:
            self.fetched.append(("detail", value))
            return ("detail", value)

        return resource(lambda get: (get(self.sel),), fetch)

    def in_a_thread(self) -> Any:
        def fetch(value: Any) -> Any:
            self.fetched.append(("detail", value))
            return ("detail", value)

        return resource(lambda get: (get(self.sel),), fetch, thread=True)

    def plain(self) -> Any:
        async def fetch(value: Any) -> Any:
            self.fetched.append(("detail", value))
            return ("detail", value)

        return derived(lambda get: fetch(get(self.sel)))

    def over(self, *inputs: Any) -> Any:
        """An async atom that awaits its inputs while something is selected."""

        async def read(get: Any) -> Any:
            if get(self.sel) is None:
                return None
            return [await get(one) for one in inputs]

        return derived(read)

    def chain(self) -> Any:
        async def between(get: Any) -> Any:
            return await get(self.detail)

        return derived(between)

    def chain_that_reads(self) -> Any:
        async def between(get: Any) -> Any:
            get(self.sel)
            return await get(self.detail)

        return derived(between)

    def viewed(self, view: Any) -> Any:
        shown = view(self.detail)

        async def read(get: Any) -> Any:
            return get(shown)

        return derived(read)


DETAILS = {
    "async": lambda world: world.detail,
    "stream": World.stream,
    "resource": World.resource,
    "thread": World.in_a_thread,
    "plain": World.plain,
    "chain": World.chain,
    "chain that reads": World.chain_that_reads,
    "sync": lambda world: derived(lambda get: get(world.detail)),
    "loadable": lambda world: world.viewed(loadable),
    "unwrap": lambda world: world.viewed(lambda one: unwrap(one, 0)),
}


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("look", ["subscribed", "loadable", "from an effect", "through another"])
@pytest.mark.parametrize("kind", DETAILS)
def test_an_input_that_its_dependent_dropped_does_not_fetch(kind: str, look: str) -> None:
    async def main() -> None:
        world = World()
        detail = DETAILS[kind](world)
        view = world.over(detail)
        async with Store() as store:
            if look == "subscribed":
                store.subscribe(view, lambda value: None)
            elif look == "loadable":
                store.subscribe(loadable(view), lambda value: None)
            elif look == "through another":
                store.subscribe(world.over(view), lambda value: None)
            else:

                def run(get: Any, set: Any) -> None:
                    get(view)

                store.observe(effect(run))
            await store.value(view)
            for _ in range(2):
                world.fetched.clear()
                store.set(world.sel, None)
                await store.settled()
                assert world.fetched == []
                assert store._invariant() is None
                assert store._pending_runs == 0
                store.set(world.sel, 2)
                await store.settled()
                assert world.fetched in ([("detail", 2)], [("detail", (2,))])
                store.set(world.sel, 1)
                await store.settled()

    asyncio.run(main())


def test_a_dropped_input_whose_run_was_under_way_does_not_fetch_again() -> None:
    async def main() -> None:
        world = World()
        view = world.over(world.detail)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert world.fetched == [("detail", 1)]
            store.set(world.sel, None)
            await store.settled()
            assert world.fetched == [("detail", 1)]
            assert store.get(view).result() is None

    asyncio.run(main())


def test_a_diamond_is_let_go_of_as_a_whole() -> None:
    async def main() -> None:
        world = World()
        left, right = world.fetch("left", world.sel, world.detail), world.chain()
        view = world.over(left, right)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            await store.settled()
            world.fetched.clear()
            store.set(world.sel, None)
            await store.settled()
            assert world.fetched == []

    asyncio.run(main())


def test_a_dropped_input_fetches_for_another_observer() -> None:
    async def main() -> None:
        world = World()
        view = world.over(world.detail)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            store.subscribe(world.detail, lambda value: None)
            await store.settled()
            world.fetched.clear()
            store.set(world.sel, None)
            await store.settled()
            assert world.fetched == [("detail", None)]

    asyncio.run(main())


def test_a_dropped_input_fetches_for_a_waiter() -> None:
    async def main() -> None:
        world = World()
        view = world.over(world.detail)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            await store.settled()
            store.set(world.sel, None)
            assert await store.value(world.detail) == ("detail", None)

    asyncio.run(main())


@pytest.mark.parametrize("sync", [False, True])
def test_a_page_that_was_left_does_not_fetch(sync: bool) -> None:
    async def main() -> None:
        world = World()
        tab = atom(0)
        pages = [world.fetch(f"page {n}", world.sel) for n in range(3)]

        async def read(get: Any) -> Any:
            return await get(pages[get(tab)])

        view = derived(lambda get: get(pages[get(tab)])) if sync else derived(read)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            await store.settled()
            for number in (1, 2, 0):
                world.fetched.clear()
                with store.batch():
                    store.set(tab, number)
                    store.set(world.sel, number + 10)
                await store.settled()
                assert world.fetched == [(f"page {number}", number + 10)]
                assert (await store.value(view)) == (f"page {number}", number + 10)
                assert store._invariant() is None

    asyncio.run(main())


def test_a_dependent_that_waits_first_keeps_its_inputs_which_start_with_it() -> None:
    async def main() -> None:
        world = World()
        order: list[str] = []
        gate = asyncio.Event()

        async def read(get: Any) -> Any:
            if get(world.sel) > 1:
                order.append("waits")
                await gate.wait()
            return await get(world.detail)

        view = derived(read)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            await store.settled()
            world.fetched.clear()
            store.set(world.sel, 2)
            await asyncio.sleep(0)
            assert (order, world.fetched) == (["waits"], [("detail", 2)])
            gate.set()
            await store.settled()
            assert world.fetched == [("detail", 2)]

    asyncio.run(main())


def test_independent_fetches_start_together_and_dependents_come_first() -> None:
    async def main() -> None:
        world = World()
        started: list[str] = []

        def fetch(name: str, *inputs: Any) -> Any:
            async def read(get: Any) -> Any:
                get(world.sel)
                started.append(name)
                for one in inputs:
                    await get(one)
                await asyncio.sleep(0)

            return derived(read, name=name)

        one, other = fetch("one"), fetch("other")
        middle = fetch("middle", one, other)
        top = fetch("top", middle)
        async with Store() as store:
            store.subscribe(top, lambda value: None)
            await store.settled()
            started.clear()
            store.set(world.sel, 2)
            await asyncio.sleep(0)
            assert started[:2] == ["top", "middle"]
            assert set(started[2:]) == {"one", "other"}

    asyncio.run(main())


def test_a_restart_by_an_effect_belongs_to_the_same_pass() -> None:
    async def main() -> None:
        world = World()
        shown = atom(True)

        async def read(get: Any) -> Any:
            return await get(world.detail) if get(shown) else None

        def hide(get: Any, set: Any) -> None:
            set(shown, get(world.sel) == 1)

        async with Store() as store:
            store.subscribe(derived(read), lambda value: None)
            store.observe(effect(hide))
            await store.settled()
            world.fetched.clear()
            store.set(world.sel, 2)
            await store.settled()
            assert world.fetched == []

    asyncio.run(main())


def test_the_log_has_no_event_of_a_run_that_did_not_start() -> None:
    async def main() -> None:
        world = World()
        view = world.over(world.detail)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            await store.settled()
            log = events(store)
            store.set(world.sel, None)
            await store.settled()
            assert [event.atom for event in log.of("run")] == [view]

    asyncio.run(main())


READS: dict[str, Any] = {
    "get": Store.get,
    "loadable": lambda store, one: store.get(loadable(one)),
    "unwrap": lambda store, one: store.get(unwrap(one, 0)),
    "a sync reader": lambda store, one: store.get(derived(lambda get: get(one))),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("kind", DETAILS)
def test_a_dropped_input_starts_at_the_next_read(kind: str, read: str) -> None:
    async def main() -> None:
        world = World()
        detail = DETAILS[kind](world)
        view = world.over(detail)
        async with Store() as store:
            store.subscribe(view, lambda value: None)
            await store.settled()
            world.fetched.clear()
            store.set(world.sel, None)
            await store.settled()
            assert world.fetched == []
            READS[read](store, detail)
            await store.settled()
            assert world.fetched in ([("detail", None)], [("detail", (None,))])
            await store.value(detail)
            assert store.get(loadable(detail)).state == "hasData"
            assert len(world.fetched) == 1
            assert store._invariant() is None

    asyncio.run(main())


@pytest.mark.parametrize("read_meanwhile", [False, True])
def test_a_run_cancelled_while_its_received_input_is_pending_starts_at_the_next_read(read_meanwhile: bool) -> None:
    async def main() -> None:
        number = atom(0)
        gates: list[asyncio.Event] = []
        tasks: list[Any] = []

        async def parity(get: Any) -> int:
            value = get(number)
            gates.append(asyncio.Event())
            await gates[-1].wait()
            return value % 2

        async def reads(get: Any) -> int:
            received = await get(low)
            tasks.append(asyncio.current_task())
            if len(tasks) == 1:
                await asyncio.Event().wait()
            return received

        low, high = derived(parity), derived(reads)
        async with Store() as store:
            store.get(high)
            await turns()
            gates[0].set()
            await turns()
            store.set(number, 2)
            store.get(low)
            await turns()
            tasks[0].cancel()
            await turns()
            if read_meanwhile:
                store.get(high)
                await turns()
            gates[1].set()
            await turns()
            store.get(high)
            await store.settled()
            assert store.get(high).result() == 0
            assert (len(gates), len(tasks)) == (2, 2)
            assert store._invariant() is None

    asyncio.run(main())
