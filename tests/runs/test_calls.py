"""Calling: any function, on the store's loop, from any thread."""

import asyncio
import concurrent.futures
import threading
from functools import partial
from typing import Any

import pytest

from counted_users import quiet
from halflife import HalflifeError, Store, StoreClosedError, WrongThreadError, atom, derived

pytestmark = pytest.mark.asyncio

NUMBER = atom(1, name="number")


async def elsewhere(work: Any) -> Any:
    """The result of `work` in another thread, while this loop goes on."""
    return await asyncio.to_thread(work)


class Awaited:
    """A callable object whose call is async."""

    async def __call__(self, value: int) -> int:
        await asyncio.sleep(0)
        return value


async def double(value: int) -> int:
    await asyncio.sleep(0)
    return value * 2


class TestAPlainFunction:
    async def test_a_call_runs_in_the_stores_thread_and_returns_a_future(self) -> None:
        async with Store() as store:

            def several(value: int, *more: int) -> tuple[int, tuple[int, ...], int]:
                with store.batch():
                    store.set(NUMBER, value)
                return store.get(NUMBER), more, threading.get_ident()

            future = await elsewhere(lambda: store.call(several, 5, 6, 7))
            assert isinstance(future, concurrent.futures.Future)
            assert await asyncio.wrap_future(future) == (5, (6, 7), threading.get_ident())

    async def test_its_error_is_the_futures(self) -> None:
        async with Store() as store:
            future = await elsewhere(lambda: store.call(lambda: 1 // 0))
            with pytest.raises(ZeroDivisionError):
                await asyncio.wrap_future(future)

    @pytest.mark.parametrize("kind", [asyncio.CancelledError, GeneratorExit, ValueError])
    async def test_its_error_is_of_no_concern_to_the_loop(self, kind: type[BaseException]) -> None:
        told: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

        def fail() -> None:
            raise kind

        async with Store() as store:
            future = store.call(fail)
            await quiet()
            with pytest.raises(kind):
                future.result()
        assert told == []

    async def test_calls_of_one_thread_are_made_in_order(self) -> None:
        done: list[int] = []
        async with Store() as store:
            await elsewhere(lambda: [store.call(done.append, number) for number in range(50)][-1].result(60))
        assert done == list(range(50))

    async def test_a_call_cancelled_in_time_is_not_made(self) -> None:
        done: list[int] = []
        async with Store() as store:
            future = store.call(done.append, 1)
            assert future.cancel()
            await quiet()
        assert done == []

    async def test_arguments_that_are_not_callable_are_refused_at_once(self) -> None:
        async with Store() as store:
            for wrong in (5, None, NUMBER):
                with pytest.raises(TypeError, match=r"call.*fn"):
                    store.call(wrong)


class TestAnAsyncFunction:
    @pytest.mark.parametrize(
        "function",
        [double, partial(double), Awaited(), lambda value: double(value)],
        ids=["def", "partial", "object", "lambda"],
    )
    async def test_it_runs_as_a_task_of_the_store(self, function: Any) -> None:
        async with Store() as store:
            future = store.call(function, 21)
            await quiet()
            assert future.result(timeout=0) in (42, 21)

    async def test_settled_waits_for_it_and_closing_cancels_it(self) -> None:
        started, gate, ended = asyncio.Event(), asyncio.Event(), []

        async def work() -> str:
            started.set()
            try:
                await gate.wait()
            finally:
                ended.append("ended")
            return "done"

        store = Store()
        future = store.call(work)
        await started.wait()
        settling = asyncio.ensure_future(store.settled())
        await quiet()
        assert not settling.done()
        gate.set()
        await settling
        assert future.result() == "done"
        gate.clear()
        future = store.call(work)
        await quiet()
        await store.close()
        assert (future.cancelled(), ended) == (True, ["ended", "ended"])

    async def test_its_error_is_the_futures_and_nobody_else_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        async def fail() -> None:
            await asyncio.sleep(0)
            raise KeyError("no")

        reported: list[BaseException] = []
        async with Store(on_error=reported.append) as store:
            future = store.call(fail)
            await quiet()
            with pytest.raises(KeyError, match="no"):
                future.result()
        assert (reported, caplog.records) == ([], [])

    async def test_cancelling_the_future_cancels_the_task(self) -> None:
        events: list[str] = []

        async def work() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                events.append("cancelled")
                raise

        async with Store() as store:
            future = store.call(work)
            await quiet()
            assert await elsewhere(future.cancel)
            await quiet()
            assert events == ["cancelled"]

    async def test_the_value_of_an_async_atom_can_be_had_from_any_thread(self) -> None:
        user = derived(lambda get: double(get(NUMBER)))
        async with Store() as store:
            assert await elsewhere(lambda: store.call(store.value, user).result(60)) == 2


class TestTheFuture:
    @pytest.mark.parametrize("wait", ["result", "exception"])
    async def test_the_stores_own_thread_cannot_wait_for_it(self, wait: str) -> None:
        async with Store() as store:
            for ask in (
                lambda: store.post(NUMBER, 2),
                lambda: store.call(store.get, NUMBER),
                lambda: store.call(double, 2),
            ):
                future = ask()
                with pytest.raises(WrongThreadError, match="own thread") as caught:
                    getattr(future, wait)()
                assert isinstance(caught.value, (HalflifeError, RuntimeError))
                await quiet()
                getattr(future, wait)()

    async def test_inside_of_a_call_too(self) -> None:
        async with Store() as store:
            future = store.call(lambda: store.call(store.get, NUMBER).result())
            await quiet()
            assert isinstance(future.exception(), WrongThreadError)

    async def test_another_thread_waits_as_usual(self) -> None:
        async with Store() as store:
            assert await elsewhere(lambda: store.post(NUMBER, 2).result(timeout=60)) is None
            assert await elsewhere(lambda: store.call(store.get, NUMBER).exception(timeout=60)) is None


class TestAfterClosing:
    async def test_it_raises(self) -> None:
        store = Store()
        await store.close()
        with pytest.raises(StoreClosedError):
            store.call(print)
        with pytest.raises(StoreClosedError):
            store.post(NUMBER, 1)

    async def test_calls_that_had_not_begun_fail_at_once(self) -> None:
        store = Store()
        called: list[int] = []
        futures = [store.call(called.append, 1), store.post(NUMBER, 2), store.call(double, 2)]
        cancelled = store.call(called.append, 2)
        cancelled.cancel()
        store.close()
        for future in futures:
            with pytest.raises(StoreClosedError):
                future.result(timeout=0)
        await quiet()
        assert called == []
