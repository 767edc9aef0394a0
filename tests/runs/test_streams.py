"""Streams: an async generator publishes each value it yields; the last one settles its atom."""

import asyncio
from typing import Any

import pytest

from halflife import HasData, HasError, Loading, RunCancelledError, Store, atom, derived, loadable, unwrap
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class Tap:
    """A stream that yields the items put in, until an end or an error is put in."""

    END = object()

    def __init__(self) -> None:
        self.key = atom(1)
        self.queues: list[asyncio.Queue[Any]] = []
        self.closed: list[int] = []
        self.atom = derived(self._read, name="tap")

    async def _read(self, get: Any) -> Any:
        get(self.key)
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.queues.append(queue)
        number = len(self.queues)
        try:
            while (value := await queue.get()) is not self.END:
                if isinstance(value, Exception):
                    raise value
                yield value
        finally:
            self.closed.append(number)

    async def put(self, *values: Any) -> None:
        """Let the newest run yield the items."""
        for value in values:
            self.queues[-1].put_nowait(value)
            await quiet()


class TestPublishing:
    async def test_each_value_is_published_at_once_and_the_last_one_settles(self) -> None:
        tap = Tap()
        shown: list[Any] = []
        async with Store() as store:
            with store.subscribe(loadable(tap.atom), shown.append):
                await quiet()
                await tap.put(1, 2, 3, Tap.END)
        assert shown == [
            HasData(1, refreshing=True),
            HasData(2, refreshing=True),
            HasData(3, refreshing=True),
            HasData(3),
        ]

    async def test_it_is_loading_until_the_first_value(self) -> None:
        tap = Tap()
        async with Store() as store:
            assert store.get(loadable(tap.atom)) is Loading()
            await quiet()
            assert store.get(loadable(tap.atom)) is Loading()

    async def test_awaiting_gives_the_settled_value(self) -> None:
        tap = Tap()
        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(tap.atom))
            await quiet()
            await tap.put(1, 2)
            assert not waiter.done()
            assert store.get(tap.atom).state == "loading"
            await tap.put(Tap.END)
            assert await waiter == 2
            assert await store.get(tap.atom) == 2

    async def test_subscribers_of_the_atom_itself_are_called_when_it_settles(self) -> None:
        tap = Tap()
        seen: list[Any] = []
        async with Store() as store:
            with store.subscribe(tap.atom, lambda value: seen.append(value.result())):
                await quiet()
                await tap.put(1, 2)
                assert seen == []
                await tap.put(Tap.END)
        assert seen == [2]

    async def test_changes_gives_each_value(self) -> None:
        tap = Tap()
        async with Store() as store:
            seen: list[Any] = []

            async def watch() -> None:
                async for value in store.changes(tap.atom):
                    seen.append(value)  # noqa: PERF401 - looked at while it goes on

            watcher = asyncio.ensure_future(watch())
            await quiet()
            await tap.put(1, 2, 3, Tap.END)
            assert seen == [1, 2, 3]
            watcher.cancel()
            await quiet()

    async def test_values_that_are_equal_do_not_notify_again(self) -> None:
        tap = Tap()
        shown: list[Any] = []
        async with Store() as store:
            with store.subscribe(loadable(tap.atom), shown.append):
                await quiet()
                await tap.put(1, 1, 1)
        assert shown == [HasData(1, refreshing=True)]

    async def test_unwrap_follows_the_published_values(self) -> None:
        tap = Tap()
        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(unwrap(tap.atom, "?"), shown.append):
                await quiet()
                await tap.put(1, 2, Tap.END)
            assert shown == [1, 2]

    async def test_async_dependents_wait_for_the_settled_value(self) -> None:
        tap = Tap()
        runs: list[Any] = []

        @derived
        async def doubled(get):
            value = await get(tap.atom)
            runs.append(value)
            return value * 2

        async with Store() as store:
            with store.subscribe(doubled, ignore):
                await quiet()
                await tap.put(1, 2)
                assert runs == []
                await tap.put(Tap.END)
                assert await store.get(doubled) == 4
        assert runs == [2]

    async def test_a_stream_may_take_a_signal_and_read_atoms_between_its_values(self) -> None:
        first, second = atom(1), atom(10)
        signals: list[Any] = []

        @derived
        async def both(get, signal):
            signals.append(signal)
            yield get(first)
            await asyncio.sleep(0)
            yield get(second)

        async with Store() as store:
            with store.subscribe(both, ignore):
                assert await store.get(both) == 10
                store.set(second, 20)
                assert await store.get(both) == 20
                store.set(first, 2)
                assert await store.get(both) == 20
        assert [signal.aborted for signal in signals] == [False, False, False]


class TestEnding:
    async def test_a_stream_that_ends_without_a_yield_is_an_error(self) -> None:
        tap = Tap()
        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(tap.atom))
            await quiet()
            await tap.put(Tap.END)
            with pytest.raises(RuntimeError, match="tap"):
                await waiter

    async def test_a_stream_that_fails_after_some_values_is_an_error_with_the_last_value_as_previous(self) -> None:
        tap = Tap()
        async with Store() as store:
            with store.subscribe(loadable(tap.atom), ignore):
                await quiet()
                error = KeyError("broken off")
                await tap.put(1, 2, error)
                assert store.get(loadable(tap.atom)) == HasError(error, 2)
                assert tap.closed == [1]

    async def test_its_finally_runs_when_it_ends(self) -> None:
        tap = Tap()
        async with Store() as store:
            store.get(tap.atom)
            await quiet()
            await tap.put(1)
            assert tap.closed == []
            await tap.put(Tap.END)
            assert tap.closed == [1]


class TestSuperseding:
    @pytest.mark.parametrize("yielded", [0, 1, 3])
    async def test_superseding_closes_the_generator_and_its_finally_runs(self, yielded: int) -> None:
        tap = Tap()
        async with Store() as store:
            with store.subscribe(tap.atom, ignore):
                await quiet()
                await tap.put(*range(yielded))
                store.set(tap.key, 2)
                await quiet()
                assert (tap.closed, len(tap.queues)) == ([1], 2)
                await tap.put(7, Tap.END)
                assert await store.get(tap.atom) == 7
                assert tap.closed == [1, 2]

    async def test_it_is_loading_again_with_the_last_published_value_as_previous(self) -> None:
        tap = Tap()
        async with Store() as store:
            with store.subscribe(loadable(tap.atom), ignore):
                await quiet()
                await tap.put(1, 2)
                store.set(tap.key, 2)
                assert store.get(loadable(tap.atom)) == Loading(2)
                assert store.get(loadable(tap.atom, keep_previous=True)) == HasData(2, refreshing=True)
                await quiet()
                await tap.put(5)
                assert store.get(loadable(tap.atom)) == HasData(5, refreshing=True)

    async def test_a_superseded_stream_that_goes_on_is_not_shown_and_is_closed_at_its_next_value(self) -> None:
        key, gate = atom(1), asyncio.Event()
        closed: list[int] = []

        @derived(cancel="signal")
        async def stubborn(get):
            mine = get(key)
            try:
                yield (mine, 1)
                if mine == 1:
                    await gate.wait()
                for number in range(2, 100):
                    yield (mine, number)
            finally:
                closed.append(mine)

        shown: list[Any] = []
        async with Store() as store:
            with store.subscribe(loadable(stubborn), shown.append):
                await quiet()
                store.set(key, 2)
                await quiet()
                assert closed == [2]
                shown.clear()
                gate.set()
                await quiet()
                assert (closed, shown) == ([2, 1], [])

    async def test_closing_the_store_closes_the_generator(self) -> None:
        tap = Tap()
        store = Store()
        store.get(tap.atom)
        await quiet()
        await tap.put(1)
        await store.close()
        assert tap.closed == [1]

    async def test_a_generator_with_a_slow_cleanup_does_not_hold_up_the_next_run(self) -> None:
        key, gate = atom(1), asyncio.Event()
        cleaned: list[int] = []

        @derived
        async def slow(get):
            mine = get(key)
            try:
                yield mine
                await asyncio.get_running_loop().create_future() if mine == 1 else None
            finally:
                if mine == 1:
                    await gate.wait()
                cleaned.append(mine)

        async with Store() as store:
            with store.subscribe(slow, ignore):
                await quiet()
                store.set(key, 2)
                assert await store.get(slow) == 2
                assert cleaned == [2]
                gate.set()
                await quiet()
        assert cleaned == [2, 1]

    async def test_a_stream_cancelled_from_outside_is_run_cancelled_error(self) -> None:
        tasks: list[Any] = []

        @derived
        async def endless(get):
            tasks.append(asyncio.current_task())
            yield 1
            await asyncio.get_running_loop().create_future()

        async with Store() as store:
            waiter = asyncio.ensure_future(store.value(endless))
            await quiet()
            tasks[0].cancel()
            with pytest.raises(RunCancelledError, match="endless"):
                await waiter


class TestSettled:
    async def test_a_stream_that_has_yielded_does_not_count_as_pending(self) -> None:
        tap = Tap()
        async with Store() as store:
            store.get(tap.atom)
            waiter = asyncio.ensure_future(store.settled())
            await quiet()
            assert not waiter.done()
            await tap.put(1)
            assert waiter.done()
            await store.settled()

    async def test_an_endless_stream_nobody_observes_keeps_running_by_default(self) -> None:
        tap = Tap()
        async with Store() as store:
            store.subscribe(tap.atom, ignore)()
            await quiet()
            await tap.put(1)
            assert tap.closed == []
            assert store.get(loadable(tap.atom)) == HasData(1, refreshing=True)

    async def test_cancel_on_unmount_closes_it(self) -> None:
        closed: list[int] = []

        @derived(cancel_on_unmount="grace")
        async def endless(get):
            try:
                yield 1
                await asyncio.get_running_loop().create_future()
            finally:
                closed.append(1)

        async with Store() as store:
            with store.subscribe(endless, ignore):
                await quiet()
                assert closed == []
            await quiet()
            assert closed == [1]
