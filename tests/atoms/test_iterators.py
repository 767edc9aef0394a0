"""Atoms fed by async iterators while they are observed."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable

import pytest

from halflife import Store, derived, from_iter
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


class Channel:
    """A source of values for tests: each value sent arrives at every open iterator."""

    def __init__(self) -> None:
        self.queues: list[asyncio.Queue[object]] = []
        self.opened = 0
        self.closed = 0

    async def listen(self) -> AsyncIterator[object]:
        self.opened += 1
        queue: asyncio.Queue[object] = asyncio.Queue()
        self.queues.append(queue)
        try:
            while True:
                value = await queue.get()
                if isinstance(value, Exception):
                    raise value
                if value is StopAsyncIteration:
                    return
                yield value
        finally:
            self.closed += 1
            self.queues.remove(queue)

    async def send(self, *values: object) -> None:
        for value in values:
            for queue in list(self.queues):
                queue.put_nowait(value)
        await quiet()


async def quiet() -> None:
    await ManualClock().advance(0)


async def test_unobserved_it_shows_its_initial_value_and_opens_nothing() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    async with Store() as store:
        assert store.get(ticks) == 0
        await quiet()
        assert channel.opened == 0


async def test_observed_it_shows_each_value() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    seen: list[object] = []
    async with Store() as store:
        with store.subscribe(ticks, seen.append):
            await quiet()
            await channel.send(1)
            assert store.get(ticks) == 1
            await channel.send(2, 2, 3)
        assert seen == [1, 2, 3]


async def test_dependents_follow_it() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=1)
    doubled = derived(lambda get: get(ticks) * 2)
    seen: list[int] = []
    async with Store() as store:
        with store.subscribe(doubled, seen.append):
            await quiet()
            await channel.send(5)
    assert seen == [10]


async def test_the_iterator_is_opened_once_for_all_subscribers_and_closed_after_the_last() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    async with Store() as store:
        one = store.subscribe(ticks, lambda value: None)
        other = store.subscribe(ticks, lambda value: None)
        await quiet()
        assert (channel.opened, channel.closed) == (1, 0)
        one.unsubscribe()
        await quiet()
        assert (channel.opened, channel.closed) == (1, 0)
        other.unsubscribe()
        await quiet()
        assert (channel.opened, channel.closed) == (1, 1)


async def test_unobserved_again_it_shows_the_last_value() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None):
            await quiet()
            await channel.send(7)
        assert store.get(ticks) == 7
        await quiet()
        assert store.get(ticks) == 7


async def test_observed_again_it_opens_a_new_iterator() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    async with Store() as store:
        for value in (1, 2):
            with store.subscribe(ticks, lambda value: None):
                await quiet()
                await channel.send(value)
                assert store.get(ticks) == value
            await quiet()
        assert (channel.opened, channel.closed) == (2, 2)


async def test_values_of_an_iterator_that_is_slow_to_end_are_ignored() -> None:
    release = asyncio.Event()

    async def stubborn() -> AsyncIterator[int]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
        yield 99

    ticks = from_iter(stubborn, initial=0)
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None):
            await quiet()
        await quiet()
        release.set()
        await quiet()
        assert store.get(ticks) == 0


async def test_when_the_iterator_ends_its_last_value_stays() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None):
            await quiet()
            await channel.send(1, StopAsyncIteration)
            assert channel.closed == 1
            assert store.get(ticks) == 1


async def test_an_error_of_the_iterator_is_raised_by_reads_until_a_next_one_gives_a_value() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    errors: list[Exception] = []
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None, on_error=errors.append):
            await quiet()
            await channel.send(1, ValueError("line is down"))
            assert [str(error) for error in errors] == ["line is down"]
            with pytest.raises(ValueError, match="line is down"):
                store.get(ticks)
        with pytest.raises(ValueError, match="line is down"):
            store.get(ticks)
        with store.subscribe(ticks, lambda value: None, on_error=errors.append):
            await quiet()
            await channel.send(2)
            assert store.get(ticks) == 2


@pytest.mark.parametrize("given", ["value", "coroutine", "generator"])
async def test_a_factory_that_gives_no_async_iterator_is_an_error_that_says_so(given: str) -> None:
    async def coroutine() -> int:
        return 1

    def make() -> object:
        return {"value": lambda: 5, "coroutine": coroutine, "generator": lambda: (one for one in [])}[given]()

    ticks = from_iter(make, initial=0)  # type: ignore[arg-type]
    errors: list[Exception] = []
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None, on_error=errors.append):
            await quiet()
        assert len(errors) == 1
        assert isinstance(errors[0], TypeError)
        assert f"must give an async iterator (an async def that yields), got {given.replace('value', 'int')}" in str(
            errors[0]
        )


async def test_an_error_in_the_factory_is_the_atoms_error() -> None:
    def make() -> AsyncIterator[int]:
        raise OSError("no route")

    ticks = from_iter(make, initial=0)
    errors: list[Exception] = []
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None, on_error=errors.append):
            await quiet()
    assert [str(error) for error in errors] == ["no route"]


async def test_an_error_of_a_subscriber_does_not_end_the_iterator() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    errors: list[BaseException] = []

    def fail(value: object) -> None:
        if value == 1:
            raise ValueError("bad subscriber")

    async with Store(on_error=lambda error, *rest: errors.append(error)) as store:
        with store.subscribe(ticks, fail):
            await quiet()
            await channel.send(1, 2)
            assert store.get(ticks) == 2
    assert len(errors) == 1
    assert "bad subscriber" in repr(errors[0])


async def test_each_store_has_an_iterator_of_its_own() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    async with Store() as one, Store() as other:
        with one.subscribe(ticks, lambda value: None), other.subscribe(ticks, lambda value: None):
            await quiet()
            assert channel.opened == 2
            channel.queues[0].put_nowait(5)
            await quiet()
            assert sorted([one.get(ticks), other.get(ticks)]) == [0, 5]  # type: ignore[type-var]


async def test_closing_the_store_closes_the_iterator() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    store = Store()
    store.subscribe(ticks, lambda value: None)
    await quiet()
    await store.close()
    await quiet()
    assert (channel.opened, channel.closed) == (1, 1)


async def test_an_iterator_that_fails_while_it_is_closed_does_not_make_an_error_of_the_atom() -> None:
    async def fragile() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise OSError("lost on the way out") from error

    ticks = from_iter(fragile, initial=0)
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None):
            await quiet()
        await quiet()
        assert store.get(ticks) == 1


async def test_an_iterator_that_closes_its_store_ends() -> None:
    store = Store()

    async def closing() -> AsyncIterator[int]:
        store.dispose()
        yield 1

    store.subscribe(from_iter(closing, initial=0), lambda value: None)
    await quiet()
    assert store.closed


async def test_it_does_not_keep_settled_from_ending() -> None:
    channel = Channel()
    ticks = from_iter(channel.listen, initial=0)
    async with Store() as store:
        with store.subscribe(ticks, lambda value: None):
            await quiet()
            await channel.send(1)
            await asyncio.wait_for(store.settled(), 5)


async def test_it_is_freed_with_its_state() -> None:
    channel = Channel()
    async with Store() as store:
        ticks = from_iter(channel.listen, initial=0)
        with store.subscribe(ticks, lambda value: None):
            await quiet()
        await quiet()
        gone = weakref.ref(ticks)
        del ticks
        gc.collect()
        assert gone() is None


async def test_it_is_named_after_its_factory() -> None:
    channel = Channel()
    assert from_iter(channel.listen, initial=0).name == "listen"
    assert from_iter(channel.listen, initial=0, name="ticks").name == "ticks"


@pytest.mark.parametrize("wrong", [None, 5, "iter"])
async def test_a_factory_that_is_no_function_is_refused(wrong: Callable[[], AsyncIterator[int]]) -> None:
    with pytest.raises(TypeError, match="from_iter: make_async_iterator must be callable"):
        from_iter(wrong, initial=0)
