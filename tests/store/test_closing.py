"""Closing acts at once, with a loop or without; its result may be awaited until everything has ended."""

import asyncio
import contextlib
import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from counted_users import Users, ignore, quiet
from halflife import Store, StoreClosedError, action, atom, derived, draft_atom, effect
from halflife.testing import ManualClock

CLOSERS: dict[str, Callable[[Store], Any]] = {
    "close": lambda store: store.close(),
    "dispose": lambda store: store.dispose(),
    "aclose": lambda store: store.aclose(),
}
every_closer = pytest.mark.parametrize("closer", CLOSERS)


@every_closer
class TestAtOnce:
    def test_without_a_loop(self, closer: str) -> None:
        events: list[str] = []
        hooked = atom(1, on_mount=lambda set: lambda: events.append("unmounted"))
        store = Store()
        store.subscribe(hooked, ignore)
        store.observe(effect(lambda get, set: lambda: events.append("ended")))
        CLOSERS[closer](store)
        assert store.closed
        assert sorted(events) == ["ended", "unmounted"]

    def test_the_result_of_close_may_be_dropped_without_a_warning(self, closer: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            store = Store()
            closing = CLOSERS[closer](store)
            assert not asyncio.iscoroutine(closing)
            del closing
            gc.collect()

    @pytest.mark.asyncio
    async def test_in_a_loop_before_anything_is_awaited(self, closer: str) -> None:
        store = Store(clock=ManualClock(), mount_grace=10.0)
        users, events = Users(), []

        @derived
        async def waits(get: Any, signal: Any) -> None:
            signal.add_callback(lambda: events.append("aborted"))
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                events.append("run ended")

        @action
        async def acts(get: Any, set: Any) -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                events.append("action ended")

        store.subscribe(users.atom, ignore)
        store.subscribe(waits, ignore)
        handle = store.set(acts)
        await quiet()
        closing = CLOSERS[closer](store)
        assert store.closed
        assert events == ["aborted"]
        with pytest.raises(StoreClosedError):
            store.get(users.key)
        await closing
        assert sorted(events) == ["aborted", "action ended", "run ended"]
        assert handle.cancelled()

    @pytest.mark.asyncio
    async def test_the_result_of_close_can_be_awaited_any_number_of_times(self, closer: str) -> None:
        store = Store()
        gate = asyncio.Event()

        async def slow() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                await gate.wait()

        store.call(slow)
        await quiet()
        waiters = [asyncio.ensure_future(CLOSERS[closer](store)) for _ in range(3)]
        waiters[0].cancel()
        await quiet()
        assert [waiter.done() for waiter in waiters] == [True, False, False]
        gate.set()
        await asyncio.gather(*waiters[1:])
        await CLOSERS[closer](store)

    @pytest.mark.asyncio
    async def test_again_after_the_end_it_never_raises(self, closer: str) -> None:
        store = Store(name="app")
        subscription = store.subscribe(atom(1), ignore)
        for _ in range(3):
            await CLOSERS[closer](store)
            store.__exit__(None, None, None)
            await store.__aexit__(None, None, None)
            subscription()
            subscription.unsubscribe()
            assert repr(store) == "<Store 'app': closed>"


async def _close_and_go_on(store: Store, events: list[str], closer: str) -> str:
    await asyncio.sleep(0)
    await CLOSERS[closer](store)
    events.append("closed")
    await asyncio.sleep(0)
    events.append("went on")
    return "done"


@every_closer
@pytest.mark.asyncio
class TestTheTaskThatCloses:
    """The task that closes the store is neither cancelled nor waited for, of whatever kind it is."""

    async def test_a_run(self, closer: str) -> None:
        events: list[str] = []
        store = Store()
        closing = derived(lambda get: _close_and_go_on(store, events, closer))
        store.subscribe(closing, ignore)
        for _ in range(6):
            await quiet()
        assert events == ["closed", "went on"]

    async def test_an_async_read(self, closer: str) -> None:
        events: list[str] = []
        store = Store()

        @derived
        async def closing(get: Any) -> str:
            return await _close_and_go_on(store, events, closer)

        store.subscribe(closing, ignore)
        await quiet()
        assert events == ["closed", "went on"]

    async def test_an_action(self, closer: str) -> None:
        events: list[str] = []
        store = Store()

        @action
        async def closing(get: Any, set: Any) -> str:
            return await _close_and_go_on(store, events, closer)

        assert await store.set(closing) == "done"
        assert events == ["closed", "went on"]

    async def test_the_effect_of_a_saga(self, closer: str) -> None:
        events: list[str] = []
        store = Store(on_error=lambda error: events.append(type(error).__name__))

        async def save(value: Any) -> str:
            return await _close_and_go_on(store, events, closer)

        store.mutate(draft_atom({}), lambda draft: draft.update(a=1), save)
        await quiet()
        assert events[:2] == ["closed", "went on"]

    async def test_a_call(self, closer: str) -> None:
        events: list[str] = []
        store = Store()
        future = store.call(_close_and_go_on, store, events, closer)
        await quiet()
        assert (events, future.result(timeout=0)) == (["closed", "went on"], "done")

    async def test_a_subscriber_within_a_run(self, closer: str) -> None:
        events: list[str] = []
        number = atom(0)
        store = Store()
        store.subscribe(number, lambda value: CLOSERS[closer](store))

        @action
        async def sets(get: Any, set: Any) -> str:
            await asyncio.sleep(0)
            set(number, 1)
            await asyncio.sleep(0)
            events.append("went on")
            return "done"

        assert await store.set(sets) == "done"
        assert events == ["went on"]

    async def test_several_tasks_that_close_one_store_all_end(self, closer: str) -> None:
        store = Store()
        ended: list[int] = []

        async def close(number: int) -> None:
            try:
                await CLOSERS[closer](store)
            finally:
                ended.append(number)

        futures = [store.call(close, number) for number in range(3)]
        async with asyncio.timeout(60):
            await quiet()
            await CLOSERS[closer](store)
        assert sorted(ended) == [0, 1, 2] or all(future.done() for future in futures)


@pytest.mark.asyncio
async def test_aclosing_closes_it() -> None:
    async with contextlib.aclosing(Store()) as store:
        assert store.get(atom(1)) == 1
    assert store.closed


@pytest.mark.asyncio
async def test_leaving_the_async_with_block_waits_for_tasks_that_end() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            ended.append("work")

    async with Store() as store:
        store.call(work)
        await quiet()
    assert ended == ["work"]


def test_tasks_of_a_loop_that_does_not_run_are_not_waited_for() -> None:
    store, loop = Store(), asyncio.new_event_loop()
    never = derived(_never)

    async def start() -> None:
        store.subscribe(never, ignore)
        await quiet()

    async def close() -> None:
        async with asyncio.timeout(60):
            await store.close()

    loop.run_until_complete(start())
    asyncio.run(close())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


async def _never(get: Any) -> None:
    await asyncio.get_running_loop().create_future()


CALLS: dict[str, Callable[[Store], Any]] = {
    "value": lambda store: asyncio.run(store.value(atom(1))),
    "settled": lambda store: asyncio.run(store.settled()),
    "until": lambda store: asyncio.run(store.until(atom(1), bool)),
    "changes": lambda store: asyncio.run(anext(store.changes(atom(1)))),
    "enter": lambda store: store.__enter__(),
    "layers": lambda store: store.layers(draft_atom({})).apply(lambda draft: draft.update(a=1)),
    "mutate": lambda store: store.mutate(draft_atom({}), lambda draft: draft.update(a=1)),
    "batch": lambda store: store.batch().__enter__(),
    "post": lambda store: store.post(atom(1), 2),
    "call": lambda store: store.call(print),
}


@pytest.mark.parametrize("call", CALLS)
def test_after_closing_every_other_call_raises(call: str) -> None:
    store = Store()
    store.close()
    with pytest.raises(StoreClosedError):
        CALLS[call](store)
