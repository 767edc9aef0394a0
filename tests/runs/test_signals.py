"""Signals: how a run learns that its result is no longer wanted."""

import asyncio
import functools
import threading
from typing import Any

import pytest

from halflife import AbortSignal, Store, Superseded, atom, derived
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class Case:
    """An async atom that gives the test the signals of its runs."""

    def __init__(self, **options: Any) -> None:
        self.key = atom(1)
        self.gate = asyncio.Event()
        self.signals: list[AbortSignal] = []
        self.atom = derived(self._read, **options)

    async def _read(self, get: Any, signal: AbortSignal) -> Any:
        key = get(self.key)
        self.signals.append(signal)
        await self.gate.wait()
        return key


class TestTheSignal:
    def test_a_new_signal_is_not_aborted(self) -> None:
        signal = AbortSignal()
        assert (signal.aborted, signal.reason) == (False, None)
        signal.raise_if_aborted()
        assert "aborted" not in repr(signal)

    def test_a_callback_must_be_a_function(self) -> None:
        with pytest.raises(TypeError, match="add_callback"):
            AbortSignal().add_callback(5)


class TestWhatTakesOne:
    @pytest.mark.asyncio
    async def test_a_read_with_two_required_parameters_does(self) -> None:
        case = Case()
        async with Store() as store:
            store.get(case.atom)
            await quiet()
            assert [type(signal) for signal in case.signals] == [AbortSignal]

    @pytest.mark.asyncio
    async def test_a_default_is_no_required_parameter(self) -> None:
        @derived
        async def user(get, limit=5):
            return limit

        async with Store() as store:
            assert await store.get(user) == 5

    @pytest.mark.asyncio
    async def test_methods_partials_and_callable_objects_do(self) -> None:
        class Reader:
            async def method(self, get, signal):
                return type(signal)

            async def __call__(self, get, signal):
                return type(signal)

        async def three(extra, get, signal):
            return type(signal)

        async with Store() as store:
            for read in (Reader().method, Reader(), functools.partial(three, 1)):
                assert await store.get(derived(read, name="user")) is AbortSignal

    def test_a_sync_read_may_take_a_signal_too(self) -> None:
        seen: list[Any] = []

        @derived
        def plain(get, signal):
            seen.append(signal.aborted)
            return 1

        with Store() as store:
            assert store.get(plain) == 1
        assert seen == [False]

    @pytest.mark.parametrize("read", [lambda: 1, lambda get, signal, more: 1, lambda *, get: 1])
    def test_other_signatures_are_refused(self, read: Any) -> None:
        with pytest.raises(TypeError):
            derived(read)


@pytest.mark.asyncio
class TestAborting:
    async def test_superseding_aborts_it_and_gives_a_reason(self) -> None:
        case = Case()
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                store.set(case.key, 2)
                await quiet()
                first, second = case.signals
                assert (first.aborted, second.aborted) == (True, False)
                assert isinstance(first.reason, str)
                with pytest.raises(Superseded):
                    first.raise_if_aborted()
                second.raise_if_aborted()
                assert "aborted" in repr(first)

    async def test_it_is_aborted_before_the_task_is_cancelled_and_before_set_returns(self) -> None:
        order: list[str] = []
        key = atom(1)

        @derived
        async def user(get, signal):
            if get(key) == 1:
                signal.add_callback(lambda: order.append("signal"))
                try:
                    await asyncio.get_running_loop().create_future()
                except asyncio.CancelledError:
                    order.append("task")
                    raise

        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                store.set(key, 2)
                assert order == ["signal"]
                await quiet()
                assert order == ["signal", "task"]

    async def test_it_is_not_aborted_after_a_normal_end(self) -> None:
        case = Case()
        case.gate.set()
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                store.set(case.key, 2)
                await quiet()
                assert [signal.aborted for signal in case.signals] == [False, False]

    async def test_it_is_not_aborted_by_unsubscribing_unless_the_atom_says_so(self) -> None:
        never, grace = Case(), Case(cancel_on_unmount="grace")
        async with Store() as store:
            for case in (never, grace):
                store.subscribe(case.atom, ignore)()
            await quiet()
            for case in (never, grace):
                store.subscribe(case.atom, ignore)()
            await quiet()
            assert not never.signals[-1].aborted
            assert all(signal.aborted for signal in grace.signals)

    async def test_closing_the_store_aborts_it(self) -> None:
        case = Case()
        store = Store()
        store.get(case.atom)
        await quiet()
        await store.close()
        assert case.signals[0].aborted

    async def test_a_refresh_aborts_it(self) -> None:
        case = Case()
        async with Store() as store:
            store.get(case.atom)
            await quiet()
            store.refresh(case.atom)
            await quiet()
            assert [signal.aborted for signal in case.signals] == [True, False]

    async def test_an_equal_set_aborts_nothing(self) -> None:
        case = Case()
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                store.set(case.key, 1)
                await quiet()
                assert not case.signals[0].aborted


@pytest.mark.asyncio
class TestListening:
    async def test_wait_returns_when_it_is_aborted(self) -> None:
        case = Case(cancel="signal")
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                waiters = [asyncio.ensure_future(case.signals[0].wait()) for _ in range(3)]
                await quiet()
                assert not any(waiter.done() for waiter in waiters)
                store.set(case.key, 2)
                await asyncio.gather(*waiters)
                await case.signals[0].wait()
                case.gate.set()
                await quiet()

    async def test_a_waiter_may_give_up(self) -> None:
        case = Case()
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                waiter = asyncio.ensure_future(case.signals[0].wait())
                await quiet()
                waiter.cancel()
                await quiet()
                store.set(case.key, 2)
                await quiet()
                assert waiter.cancelled()

    async def test_callbacks_are_called_once_in_order_and_at_once_if_it_is_aborted_already(self) -> None:
        case = Case()
        called: list[int] = []
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                for number in range(3):
                    case.signals[0].add_callback(lambda number=number: called.append(number))
                for key in (2, 3):
                    store.set(case.key, key)
                    await quiet()
                assert called == [0, 1, 2]
                case.signals[0].add_callback(lambda: called.append(9))
                assert called == [0, 1, 2, 9]

    async def test_a_callback_that_raises_holds_up_neither_the_others_nor_the_set(self) -> None:
        case = Case()
        called: list[int] = []
        errors: list[BaseException] = []

        def fail() -> None:
            raise KeyError("in a callback")

        async with Store(on_error=errors.append) as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                case.signals[0].add_callback(fail)
                case.signals[0].add_callback(lambda: called.append(1))
                store.set(case.key, 2)
                assert (called, store.get(case.key)) == ([1], 2)
        assert [type(error) for error in errors] == [KeyError]

    async def test_a_callback_may_read_and_set_the_store(self) -> None:
        case, count = Case(), atom(0)
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                case.signals[0].add_callback(lambda: store.set(count, store.get(case.key)))
                store.set(case.key, 2)
                assert store.get(count) == 2

    async def test_another_thread_may_look_at_it_while_a_blocking_function_runs(self) -> None:
        case = Case(cancel="signal")
        stopped = threading.Event()
        async with Store() as store:
            with store.subscribe(case.atom, ignore):
                await quiet()
                signal = case.signals[0]
                signal.add_callback(stopped.set)
                work = asyncio.ensure_future(asyncio.to_thread(lambda: stopped.wait(30) and signal.aborted))
                await asyncio.sleep(0)
                store.set(case.key, 2)
                assert await work is True
                case.gate.set()
                await quiet()
