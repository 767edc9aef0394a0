"""Subscribing with `immediate=True`: the first call comes before `subscribe` returns, if there is a settled value."""

import asyncio
import logging
from typing import Any

import pytest

from counted_users import Users, quiet
from halflife import Store, StoreClosedError, action, atom, derived, effect, loadable, unwrap


def test_the_callback_is_called_before_subscribe_returns_and_after_each_change() -> None:
    count = atom(1)
    double = derived(lambda get: get(count) * 2)
    told: list[Any] = []
    with Store() as store:
        subscription = store.subscribe(double, told.append, immediate=True)
        assert told == [2]
        store.set(count, 1)
        assert told == [2]
        store.set(count, 2)
        assert told == [2, 4]
        subscription()
        store.set(count, 3)
        assert told == [2, 4]


def test_without_immediate_no_callback_is_called_at_once() -> None:
    told: list[int] = []
    with Store() as store:
        store.subscribe(atom(1), told.append, immediate=False)
    assert told == []


def test_immediate_is_keyword_only() -> None:
    with Store() as store, pytest.raises(TypeError):
        store.subscribe(atom(1), print, None, True)


def test_only_the_new_subscriber_is_called() -> None:
    count = atom(1)
    told: list[str] = []
    with Store() as store:
        store.subscribe(count, lambda value: told.append("old"))
        store.subscribe(count, lambda value: told.append("new"), immediate=True)
        assert told == ["new"]
        store.set(count, 2)
        assert told == ["new", "old", "new"]


class TestErrors:
    BROKEN = derived(lambda get: 1 // 0, name="broken")

    def test_an_error_of_the_atom_goes_to_the_subscribers_on_error(self) -> None:
        told: list[BaseException] = []
        with Store() as store:
            store.subscribe(self.BROKEN, print, told.append, immediate=True)
            assert [type(error) for error in told] == [ZeroDivisionError]

    def test_without_it_an_error_of_the_atom_goes_to_the_stores_on_error_for_each_subscriber(self) -> None:
        told: list[BaseException] = []
        with Store(on_error=told.append) as store:
            store.subscribe(self.BROKEN, print, immediate=True)
            assert [type(error) for error in told] == [ZeroDivisionError]
            store.subscribe(self.BROKEN, print, immediate=True)
            assert len(told) == 2

    def test_without_any_on_error_an_error_of_the_atom_goes_to_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR, logger="halflife"), Store() as store:
            store.subscribe(self.BROKEN, print, immediate=True)
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert "broken" in caplog.text

    def test_an_error_of_the_callback_is_raised_and_there_is_no_subscription(self) -> None:
        calls: list[int] = []

        def fail(value: int) -> None:
            calls.append(value)
            raise KeyError(value)

        count = atom(1)
        with Store() as store:
            with pytest.raises(ExceptionGroup) as caught:
                store.subscribe(count, fail, immediate=True)
            assert [type(error) for error in caught.value.exceptions] == [KeyError]
            store.set(count, 2)
            assert calls == [1]

    def test_with_on_error_an_error_of_the_callback_goes_there_and_the_subscription_stays(self) -> None:
        told: list[BaseException] = []

        def fail(value: int) -> None:
            raise KeyError(value)

        count = atom(1)
        with Store(on_error=told.append) as store:
            subscription = store.subscribe(count, fail, immediate=True)
            assert subscription.active
            store.set(count, 2)
            assert [error.args for error in told] == [(1,), (2,)]


@pytest.mark.asyncio
class TestAsyncAtoms:
    async def test_a_pending_atom_calls_when_it_settles(self) -> None:
        users, told = Users(), []
        async with Store() as store:
            store.subscribe(users.atom, lambda value: told.append(value.result()), immediate=True)
            assert told == []
            await store.settled()
            assert told == [10]

    async def test_a_settled_atom_calls_at_once_with_its_async_value(self) -> None:
        users, told = Users(), []
        async with Store() as store:
            value = store.get(users.atom)
            await value
            store.subscribe(users.atom, told.append, immediate=True)
            assert told == [value]
            store.set(users.key, 2)
            assert told == [value]
            await store.settled()
            assert told[1].result() == 20

    async def test_a_refreshing_atom_has_no_settled_value(self) -> None:
        users, told = Users(), []
        async with Store() as store:
            await store.get(users.atom)
            store.set(users.key, 2)
            store.subscribe(users.atom, lambda value: told.append(value.result()), immediate=True)
            assert told == []
            await store.settled()
            assert told == [20]

    async def test_a_loadable_view_always_has_a_value(self) -> None:
        users, told = Users(), []
        async with Store() as store:
            store.subscribe(loadable(users.atom), lambda value: told.append(value.state), immediate=True)
            store.subscribe(unwrap(users.atom, 0), told.append, immediate=True)
            assert told == ["loading", 0]
            await store.settled()
            assert sorted(map(str, told[2:])) == ["10", "hasData"]

    async def test_a_stream_that_has_yielded_is_not_settled(self) -> None:
        gate, told = asyncio.Event(), []

        @derived
        async def stream(get: Any) -> Any:
            yield 1
            await gate.wait()
            yield 2

        async with Store() as store:
            store.get(stream)
            await quiet()
            store.subscribe(stream, lambda value: told.append(value.result()), immediate=True)
            assert told == []
            gate.set()
            await quiet()
            assert told == [2]


class TestWhereItIsCalled:
    def test_in_a_batch_the_call_waits_for_the_end_and_gets_the_committed_value(self) -> None:
        count = atom(1)
        told: list[int] = []
        with Store() as store:
            with store.batch():
                store.set(count, 2)
                store.subscribe(count, told.append, immediate=True)
                store.set(count, 3)
                assert told == []
            assert told == [3]
            store.set(count, 4)
            assert told == [3, 4]

    def test_in_a_batch_without_sets_the_call_comes_at_the_end_too(self) -> None:
        count = atom(1)
        told: list[int] = []
        with Store() as store:
            with store.batch(), store.batch():
                store.subscribe(count, told.append, immediate=True)
            assert told == [1]

    def test_after_a_failed_batch_the_callback_gets_the_value_before(self) -> None:
        count = atom(1)
        told: list[int] = []
        with Store() as store:
            with pytest.raises(KeyError), store.batch():
                store.set(count, 2)
                store.subscribe(count, told.append, immediate=True)
                raise KeyError
            assert told == [1]

    def test_a_subscription_that_ended_within_the_batch_is_not_called(self) -> None:
        told: list[int] = []
        with Store() as store:
            with store.batch():
                store.subscribe(atom(1), told.append, immediate=True)()
            assert told == []

    def test_in_an_action_the_call_waits_for_the_end_too(self) -> None:
        count = atom(1)
        told: list[int] = []
        with Store() as store:

            @action
            def look(get: Any, set: Any) -> None:
                set(count, 2)
                store.subscribe(count, told.append, immediate=True)
                assert told == []

            store.set(look)
            assert told == [2]

    def test_in_a_subscriber_and_in_an_effect(self) -> None:
        count, other = atom(1), atom(10)
        told: list[Any] = []
        with Store() as store:

            def look(value: int) -> None:
                store.subscribe(other, told.append, immediate=True)
                told.append(f"after {value}")

            store.subscribe(count, look)
            store.set(count, 2)
            assert told == [10, "after 2"]
            told.clear()

            @effect
            def watch(get: Any, set: Any) -> None:
                store.subscribe(other, told.append, immediate=True)
                told.append("after")

            store.observe(watch)
            assert told == [10, "after"]

    def test_the_callback_may_use_the_store(self) -> None:
        count = atom(1)
        told: list[int] = []
        with Store() as store:

            def add(value: int) -> None:
                told.append(value)
                if value < 3:
                    store.set(count, value + 1)

            store.subscribe(count, add, immediate=True)
            assert (told, store.get(count), store._invariant()) == ([1, 2, 3], 3, None)

    def test_the_callback_may_close_the_store(self) -> None:
        store = Store()
        subscription = store.subscribe(atom(1), lambda value: store.close(), immediate=True)
        assert (store.closed, subscription.active) == (True, False)
        with pytest.raises(StoreClosedError):
            store.subscribe(atom(1), print, immediate=True)
