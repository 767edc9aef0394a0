"""Mutations together with options of queries, circuit breakers, actions, layers and closed stores."""

import asyncio
from typing import Any

import pytest

from fetch_server import quiet
from halflife import (
    CircuitBreaker,
    CircuitOpenError,
    QueryClient,
    Retry,
    Store,
    StoreClosedError,
    action,
    pending_at,
    query_options,
)
from halflife.testing import ManualClock, events
from mutation_server import World, append

pytestmark = pytest.mark.asyncio


async def test_the_key_may_be_the_value_of_query_options() -> None:
    async with World() as world:
        todos = query_options(("todos",), world.backend.fetch)
        world.store.subscribe(world.client.query(todos), lambda _: None)
        await quiet()
        add = world.client.mutation(world.backend.send, key=todos, update=append, invalidates=[todos])
        other = world.client.mutation(
            world.backend.send,
            updates=lambda v: {todos: lambda draft: draft.append(v)},
            post_effect=lambda result, v: {todos: lambda draft: draft.append(result)},
        )
        add(1)
        other(2)
        assert world.client.get_data(todos) == [1, 2]
        await quiet()
        await world.backend.calls[1].answer(3)
        assert (world.client.get_data(todos), world.reported) == ([1, 2, 3], [])


@pytest.mark.parametrize("nothing", [None, False])
async def test_a_key_that_is_none_or_false_edits_nothing(nothing: Any) -> None:
    async with World() as world:
        add = world.client.mutation(world.backend.send, key=lambda v: nothing, update=append)
        handle = add(1)
        assert (handle.layers, len(world.client._cache)) == ((), 0)


async def test_update_may_be_left_out_when_the_answer_makes_the_edit() -> None:
    async with World() as world:
        seen = await world.watch("todos", data=["milk"])
        add = world.client.mutation(
            world.backend.send, key=("todos",), post_effect=lambda draft, result, v: draft.append((v, result))
        )
        handle = add("tea")
        assert (handle.layer.status, seen) == ("pending", [])
        await quiet()
        await world.backend.calls[0].answer(7)
        assert (world.data("todos"), seen) == (["milk", ("tea", 7)], [["milk", ("tea", 7)]])


async def test_pending_edits_are_layers_of_the_data_of_a_query() -> None:
    async with World() as world:
        await world.watch("todos", data=[{"done": False}])
        query = world.client.query(("todos",), world.backend.fetch)
        is_pending = pending_at(query.data, 0)
        check = world.client.mutation(
            world.backend.send, key=("todos",), update=lambda draft, v: draft[0].update(done=v)
        )
        assert world.store.get(is_pending) is False
        handle = check(True)
        assert (world.store.get(is_pending), world.store.layers(query.data).pending) == (True, 1)
        await quiet()
        await world.backend.calls[0].answer()
        assert (world.store.get(is_pending), world.store.layers(query.data).pending) == (False, 0)
        assert handle.status == "success"


async def test_an_edit_that_was_rolled_back_by_hand_before_it_was_sent_is_not_sent() -> None:
    async with World() as world:
        await world.watch("todos")
        add = world.client.mutation(world.backend.send, key=("todos",), update=append, scope="s")
        add(1)
        second = add(2)
        await quiet()
        second.layer.rollback()
        await world.backend.calls[0].answer()
        assert (world.backend.sent, second.status) == ([1], "cancelled")


async def test_each_attempt_asks_the_circuit_breaker_and_a_refused_call_was_not_sent() -> None:
    async with World() as world:
        await world.watch("todos")
        breaker = CircuitBreaker(threshold=1, timeout=60.0)
        save = world.client.mutation(world.backend.send, breaker=breaker, invalidates=["todos"], retry=3)
        first = save(1)
        await quiet()
        await world.backend.calls[0].answer(OSError("down"))
        await world.clock.advance(1.0)
        with pytest.raises(CircuitOpenError):
            await first
        assert (world.store.get(breaker.state), world.backend.fetches[("todos",)]) == ("open", 2)
        second = save(2)
        with pytest.raises(CircuitOpenError):
            await second
        await quiet()
        assert (world.backend.sent, world.backend.fetches[("todos",)]) == ([1], 2)
        assert world.store.get(save.state).failure_count == 1


async def test_the_failure_count_counts_every_failed_attempt() -> None:
    async with World() as world:
        counts: list[int] = []
        save = world.client.mutation(world.backend.send, retry=Retry(max_retries=1, initial_delay=1.0))
        world.store.subscribe(save.state, lambda state: counts.append(state.failure_count))
        handle = save(1)
        await quiet()
        await world.backend.calls[0].answer(OSError("one"))
        await world.clock.advance(1.0)
        await world.backend.calls[1].answer(OSError("two"))
        assert counts == [0, 1, 2]
        with pytest.raises(Exception, match="two"):
            handle.result()


async def test_a_call_of_the_same_scope_by_an_action_inside_of_a_call_is_an_error() -> None:
    async with World() as world:
        errors: list[Exception] = []

        async def call(get: Any, set: Any) -> None:
            try:
                await save(2)
            except RuntimeError as error:
                errors.append(error)

        nested = action(call)

        async def send(variables: int) -> None:
            if variables == 1:
                await world.store.set(nested)

        save = world.client.mutation(send, scope="s")
        await save(1)
        assert "same scope" in str(errors[0])
        await save(2)


async def test_cancelling_a_call_cancels_its_on_mutate() -> None:
    async with World() as world:
        log: list[str] = []

        async def on_mutate(variables: Any) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

        handle = world.client.mutation(world.backend.send, on_mutate=on_mutate)(1)
        await quiet()
        assert handle.cancel() is True
        await quiet()
        assert (log, world.backend.sent, handle.status) == (["cancelled"], [], "cancelled")


@pytest.mark.parametrize("options", [{}, {"key": "todos", "update": append}])
async def test_a_call_on_a_closed_store_is_an_error(options: dict[str, Any]) -> None:
    store = Store()
    save = QueryClient(store).mutation(lambda v: v, **options)
    await store.close()
    with pytest.raises(StoreClosedError):
        save(1)


async def test_pauses_retries_and_what_happens_to_layers_are_events() -> None:
    async with World() as world:
        await world.watch("todos")
        log = events(world.store)
        add = world.client.mutation(
            world.backend.send, key=("todos",), update=append, retry=Retry(max_retries=1, initial_delay=1.0)
        )
        world.store.set(world.client.online, False)
        add("a")
        world.store.set(world.client.online, True)
        await quiet()
        error = OSError("down")
        await world.backend.calls[0].answer(error)
        await world.clock.advance(1.0)
        await world.backend.calls[1].answer()
        entry = world.client._cache.all_entries()[0]
        assert log.details("paused", add.state) == ["a"]
        assert log.details("retried", add.state) == [error]
        assert [kind for kind in log.kinds(entry.data) if kind in ("applied", "confirmed", "rolled_back")] == [
            "applied",
            "confirmed",
        ]


async def test_an_error_of_a_subscriber_does_not_break_a_call() -> None:
    clock = ManualClock()
    reported: list[BaseException] = []
    async with Store(clock=clock, on_error=reported.append) as store:
        client = QueryClient(store)
        client.set_data("todos", [])
        query = client.query(("todos",))

        def fail(data: Any) -> None:
            raise ZeroDivisionError

        store.subscribe(query.data, fail)

        async def send(variables: int) -> int:
            return variables

        handle = client.mutation(
            send, key="todos", update=append, post_effect=lambda draft, result, v: draft.append(result)
        )(1)
        assert await handle == 1
        assert client.get_data("todos") == [1, 1]
        assert reported
        assert {type(error) for error in reported} == {ZeroDivisionError}


async def test_many_calls_of_a_scope_are_sent_in_order() -> None:
    async with World() as world:
        sent: list[int] = []

        async def send(variables: int) -> None:
            sent.append(variables)

        save = world.client.mutation(send, scope="s")
        handles = [save(number) for number in range(2000)]
        await handles[-1]
        assert sent == list(range(2000))
        assert world.running() == 0
