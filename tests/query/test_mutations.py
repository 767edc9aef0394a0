"""Mutations: a call edits the data at once, tells the server, and is confirmed, or taken back alone."""

import asyncio
import gc
from typing import Any

import pytest

from fetch_server import quiet
from halflife import (
    MutationCancelled,
    MutationHandle,
    MutationState,
    NoEventLoopError,
    QueryClient,
    Retry,
    SagaHandle,
    Store,
)
from halflife._optimistic.edit_handle import EditHandle
from mutation_server import World, append

pytestmark = pytest.mark.asyncio


async def test_a_call_edits_at_once_and_is_confirmed_by_the_answer() -> None:
    async with World() as world:
        seen = await world.watch("todos", data=["milk"])
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        handle = add("tea")
        assert (world.data("todos"), handle.status, handle.done(), handle.variables) == (
            ["milk", "tea"],
            "running",
            False,
            "tea",
        )
        await quiet()
        assert world.backend.sent == ["tea"]
        await world.backend.calls[0].answer("created")
        assert (await handle, handle.result(), handle.status, handle.layer.status) == (
            "created",
            "created",
            "success",
            "folded",
        )
        assert (world.data("todos"), seen) == (["milk", "tea"], [["milk", "tea"]])
        assert handle.cancel() is handle.rollback() is handle.retry() is False
        assert world.reported == []


async def test_a_failure_takes_exactly_its_own_edit_back() -> None:
    async with World() as world:
        await world.watch("todos", data=["milk"])
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        handles = [add(name) for name in ("a", "b", "c")]
        await quiet()
        error = ValueError("no")
        await world.backend.calls[1].answer(error)
        assert world.data("todos") == ["milk", "a", "c"]
        with pytest.raises(ValueError, match="no") as caught:
            await handles[1]
        assert caught.value is error
        await world.backend.calls[2].answer()
        await world.backend.calls[0].answer()
        assert (world.data("todos"), [handle.status for handle in handles]) == (
            ["milk", "a", "c"],
            ["success", "error", "success"],
        )


async def test_handles_have_one_base_with_those_of_sagas() -> None:
    assert issubclass(MutationHandle, EditHandle)
    assert issubclass(SagaHandle, EditHandle)


async def test_a_mutation_without_an_edit_only_tells_the_server() -> None:
    async with World() as world:
        save = world.client.mutation(world.backend.send)
        handle = save()
        assert (handle.layer, handle.layers) == (None, ())
        await quiet()
        await world.backend.calls[0].answer(7)
        assert (await handle.wait(), world.backend.sent) == (7, [None])


async def test_wait_is_a_coroutine_that_tasks_can_run() -> None:
    async with World() as world:
        handle = world.client.mutation(world.backend.send)(1)
        waiting = asyncio.create_task(handle.wait())
        await quiet()
        await world.backend.calls[0].answer("done")
        assert await waiting == "done"


async def test_a_function_of_the_variables_alone_and_a_plain_one_work() -> None:
    async with World() as world:

        async def double(variables: int) -> int:
            return variables * 2

        assert await world.client.mutation(double)(4) == 8
        assert await world.client.mutation(lambda variables: double(variables))(5) == 10
        assert await world.client.mutation(lambda variables: variables + 1)(6) == 7


async def test_the_state_follows_the_newest_call() -> None:
    async with World() as world:
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        shown: list[tuple[str, Any, Any]] = []
        world.store.subscribe(
            add.state,
            lambda _: shown.append(
                (
                    world.store.get(add.state).status,
                    world.store.get(add.state).variables,
                    world.store.get(add.state).data,
                )
            ),
        )
        assert world.store.get(add.state).status == "idle"
        first, second = add(1), add(2)
        await quiet()
        await world.backend.calls[0].answer("one")
        assert world.store.get(add.state).status == "loading"
        assert first.status == "success"
        await world.backend.calls[1].answer("two")
        assert second.status == "success"
        assert shown == [("loading", 1, None), ("loading", 2, None), ("success", 2, "two")]


async def test_the_state_has_the_variables_the_time_the_error_and_flags() -> None:
    async with World() as world:
        add = world.client.mutation(world.backend.send, retry=Retry(max_retries=1, initial_delay=1.0))
        handle = add({"title": "tea"})
        state = world.store.get(add.state)
        assert (state.is_loading, state.is_error, state.is_paused, state.error, state.data) == (
            True,
            False,
            False,
            None,
            None,
        )
        assert (state.variables, state.failure_count) == ({"title": "tea"}, 0)
        assert state.submitted_at is not None
        await quiet()
        await world.backend.calls[0].answer(OSError("first"))
        assert world.store.get(add.state).failure_count == 1
        await world.clock.advance(1.0)
        await world.backend.calls[1].answer(OSError("second"))
        with pytest.raises(Exception, match="second"):
            await handle
        state = world.store.get(add.state)
        assert (state.status, state.is_error, state.is_loading) == ("error", True, False)
        assert isinstance(state, MutationState)
        assert [call.context.attempt for call in world.backend.calls] == [1, 2]
        assert len({call.context.idempotency_key for call in world.backend.calls}) == 1
        add.reset()
        assert world.store.get(add.state).status == "idle"
        assert world.states() == [("error", {"title": "tea"})]  # Only `dismiss` removes it there.


async def test_mutations_do_not_retry_unless_told() -> None:
    async with World() as world:
        handle = world.client.mutation(world.backend.send)(1)
        await quiet()
        error = OSError("down")
        await world.backend.calls[0].answer(error)
        await world.clock.advance(100.0)
        with pytest.raises(OSError, match="down") as caught:
            await handle
        assert caught.value is error
        assert world.backend.sent == [1]


async def test_an_error_has_a_place_until_it_is_dismissed() -> None:
    async with World() as world:
        add = world.client.mutation(world.backend.send)
        remove = world.client.mutation(world.backend.send)
        handles = [add(1), remove(2), add(3)]
        assert world.states() == [("loading", 1), ("loading", 2), ("loading", 3)]
        assert world.running() == 3
        await quiet()
        await world.backend.calls[1].answer(ValueError("no"))
        await world.backend.calls[2].answer()
        assert (world.states(), world.running()) == ([("loading", 1), ("error", 2)], 1)
        running, failed = world.store.get(world.client.mutations)
        assert world.client.dismiss(running) is False
        assert world.client.dismiss(failed) is True
        assert world.client.dismiss(failed) is False
        assert world.states() == [("loading", 1)]
        await world.backend.calls[0].answer()
        assert (world.states(), world.running()) == ([], 0)
        assert world.client.dismiss(MutationState()) is False
        with pytest.raises(ValueError, match="no"):
            handles[1].result()


async def test_cancelling_takes_the_edit_back_at_once_and_stops_the_call() -> None:
    async with World() as world:
        await world.watch("todos", data=["milk"])
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        handle = add("tea")
        await quiet()
        assert handle.cancel() is True
        assert (world.data("todos"), handle.status, handle.done(), handle.cancel()) == (
            ["milk"],
            "cancelled",
            True,
            False,
        )
        assert world.store.get(add.state).status == "cancelled"
        assert (world.states(), world.running()) == ([], 0)
        with pytest.raises(MutationCancelled):
            await handle
        with pytest.raises(MutationCancelled):
            handle.result()
        await quiet()
        call = world.backend.calls[0]
        assert (call.is_cancelled, call.context.signal.aborted) == (True, True)
        assert world.reported == []


async def test_a_call_that_is_cancelled_before_its_first_step_is_never_sent() -> None:
    async with World() as world:
        await world.watch("todos")
        handle = world.client.mutation(world.backend.send, key=("todos",), update=append, invalidates=[("todos",)])("a")
        handle.cancel()
        await quiet()
        assert (world.backend.sent, world.data("todos"), world.backend.fetches[("todos",)]) == ([], [], 1)


async def test_a_function_that_swallows_its_cancellation_is_not_heard() -> None:
    async with World() as world:
        await world.watch("todos")
        started = asyncio.Event()

        async def stubborn(variables: Any) -> str:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return "saved all the same"
            return ""

        handle = world.client.mutation(stubborn, key=("todos",), update=append)("a")
        await started.wait()
        handle.cancel()
        await quiet()
        assert (handle.status, world.data("todos"), world.states()) == ("cancelled", [], [])


async def test_cancelling_one_who_awaits_does_not_cancel_the_call() -> None:
    async with World() as world:
        handle = world.client.mutation(world.backend.send)(1)
        waiting = asyncio.create_task(handle.wait())
        await quiet()
        waiting.cancel()
        await quiet()
        assert handle.status == "running"
        await world.backend.calls[0].answer("there")
        assert await handle == "there"


async def test_a_dropped_error_is_reported_once_and_an_awaited_one_never() -> None:
    async with World() as world:
        save = world.client.mutation(world.backend.send)
        save("dropped")
        handle = save("awaited")
        late = save("dropped later")
        await quiet()
        errors = [ValueError(f"no {number}") for number in range(3)]
        for call, error in zip(world.backend.calls, errors, strict=True):
            await call.answer(error)
        with pytest.raises(ValueError, match="no 1"):
            await handle
        gc.collect()
        assert world.reported == [errors[0]]
        del late, handle
        gc.collect()
        assert world.reported == [errors[0], errors[2]]


async def test_a_dropped_cancelled_call_is_no_error() -> None:
    async with World() as world:
        world.client.mutation(world.backend.send)(1).cancel()
        await quiet()
        gc.collect()
        assert world.reported == []


async def test_several_keys_are_edited_confirmed_and_taken_back_together_with_one_notification() -> None:
    async with World() as world:
        await world.watch("a", data=[1])
        await world.watch("b", data=[2])
        queries = [world.client.query((name,), world.backend.fetch) for name in "ab"]
        from halflife import derived

        both = derived(lambda get: (get(queries[0].data), get(queries[1].data)))
        seen: list[Any] = []
        world.store.subscribe(both, seen.append)
        move = world.client.mutation(
            world.backend.send,
            updates=lambda v: {("a",): lambda draft: draft.remove(v), "b": lambda draft: draft.append(v)},
        )
        handle = move(1)
        assert seen == [([], [2, 1])]
        assert [layer.status for layer in handle.layers] == ["pending", "pending"]
        await quiet()
        await world.backend.calls[0].answer(OSError("no"))
        assert seen == [([], [2, 1]), ([1], [2])]
        assert handle.status == "error"
        again = move(1)
        await quiet()
        await world.backend.calls[1].answer()
        assert seen == [([], [2, 1]), ([1], [2]), ([], [2, 1])]
        assert [layer.status for layer in again.layers] == ["folded", "folded"]
        with pytest.raises(OSError, match="no"):
            handle.result()


async def test_an_update_that_fails_changes_nothing_and_binds_nothing() -> None:
    async with World() as world:
        await world.watch("a", data=[1])
        seen = await world.watch("b", data=[2])
        move = world.client.mutation(
            world.backend.send,
            updates=lambda v: {("b",): lambda draft: draft.append(v), ("a",): lambda draft: draft.remove(v)},
        )
        with pytest.raises(ValueError):
            move(9)
        await quiet()
        assert (world.data("a"), world.data("b"), seen, world.states()) == ([1], [2], [], [])
        assert (world.store.get(move.state).status, world.backend.sent) == ("idle", [])
        await world.client.invalidate()
        assert world.backend.fetches[("b",)] == 2  # Nothing holds the refetch back.


async def test_a_call_needs_an_event_loop_and_changes_nothing_without_one() -> None:
    def without_loop() -> None:
        with Store() as store:
            client = QueryClient(store)
            client.set_data("todos", ["milk"])
            add = client.mutation(lambda v: v, key="todos", update=append)
            with pytest.raises(NoEventLoopError):
                add("tea")
            assert (client.get_data("todos"), store.get(add.state).status) == (["milk"], "idle")

    await asyncio.to_thread(without_loop)


async def test_post_effect_edits_at_the_position_of_the_edit() -> None:
    async with World() as world:
        seen = await world.watch("todos", data=["milk"])
        add = world.client.mutation(
            world.backend.send,
            key=("todos",),
            update=lambda draft, v: draft.append(f"temporary {v}"),
            post_effect=lambda draft, result, v: draft.__setitem__(draft.index(f"temporary {v}"), f"{v} {result}"),
        )
        handle, other = add("tea"), add("rum")
        await quiet()
        await world.backend.calls[0].answer(7)
        assert seen[-1] == ["milk", "tea 7", "temporary rum"]
        assert await handle == 7
        await world.backend.calls[1].answer(8)
        assert await other == 8
        assert seen[-1] == ["milk", "tea 7", "rum 8"]


async def test_server_takes_the_place_of_the_edit() -> None:
    async with World() as world:
        await world.watch("todos", data=["milk"])
        add = world.client.mutation(
            world.backend.send,
            key=("todos",),
            update=append,
            server=lambda draft, result, v: draft.append((result, v)),
        )
        add("tea")
        await quiet()
        await world.backend.calls[0].answer(7)
        assert world.data("todos") == ["milk", (7, "tea")]


async def test_post_effect_of_several_keys_may_leave_some_out() -> None:
    async with World() as world:
        await world.watch("a")
        await world.watch("b")
        both = world.client.mutation(
            world.backend.send,
            updates=lambda v: {key: lambda draft: draft.append(v) for key in ("a", "b")},
            post_effect=lambda result, v: {"b": lambda draft: draft.append((result, v))},
        )
        both(1)
        await quiet()
        await world.backend.calls[0].answer("yes")
        assert (world.data("a"), world.data("b"), world.reported) == ([1], [1, ("yes", 1)], [])


@pytest.mark.parametrize("name", ["post_effect", "server"])
async def test_a_failing_post_effect_is_reported_and_the_edit_stays_and_is_fetched_again(name: str) -> None:
    async with World() as world:
        await world.watch("todos", data=["milk"])

        def fail(draft: Any, result: Any, v: Any) -> None:
            draft.clear()
            raise KeyError(result)

        add = world.client.mutation(world.backend.send, key=("todos",), update=append, **{name: fail})
        handle = add("tea")
        await quiet()
        world.backend.is_slow = True
        world.backend.table[("todos",)] = ["milk", "tea of the server"]
        await world.backend.calls[0].answer("yes")
        assert (await handle, world.data("todos")) == ("yes", ["milk", "tea"])
        assert [type(error) for error in world.reported] == [KeyError]
        assert world.backend.fetches[("todos",)] == 2
        await world.backend.release()
        assert world.data("todos") == ["milk", "tea of the server"]


async def test_a_post_effect_for_a_key_that_was_not_edited_is_an_error_and_all_edits_stay() -> None:
    async with World() as world:
        await world.watch("a")
        await world.watch("b")
        both = world.client.mutation(
            world.backend.send,
            updates=lambda v: {"a": lambda draft: draft.append(v)},
            post_effect=lambda result, v: {"b": lambda draft: draft.append(v)},
        )
        handle = both(1)
        await quiet()
        world.backend.table[("a",)] = [1]
        await world.backend.calls[0].answer("yes")
        assert (await handle, world.data("a"), world.data("b")) == ("yes", [1], [])
        assert "not edited" in str(world.reported[0])
        assert dict(world.backend.fetches) == {("a",): 2, ("b",): 1}


async def test_an_edit_of_a_key_without_data_waits_for_it() -> None:
    async with World() as world:
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        handle = add("tea")
        assert (world.data("todos"), handle.layer.status) == (None, "pending")
        await world.watch("todos", data=["milk"])
        assert world.data("todos") == ["milk", "tea"]
        await world.backend.calls[0].answer(OSError("no"))
        assert world.data("todos") == ["milk"]
        with pytest.raises(OSError, match="no"):
            handle.result()


async def test_an_edit_confirmed_before_the_first_data_is_part_of_a_later_fetch() -> None:
    async with World() as world:
        world.backend.is_slow = True
        query = world.client.query(("todos",), world.backend.fetch)
        world.store.subscribe(query, lambda _: None)
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        add("tea")
        await quiet()
        world.backend.table[("todos",)] = ["tea"]
        await world.backend.calls[0].answer()
        await world.backend.release()
        assert (world.data("todos"), world.backend.fetches[("todos",)]) == (["tea"], 2)


async def test_a_call_in_a_batch_that_fails_is_not_sent() -> None:
    async with World() as world:
        await world.watch("todos")
        add = world.client.mutation(world.backend.send, key=("todos",), update=append, invalidates=["todos"])
        with pytest.raises(ZeroDivisionError), world.store.batch():
            handle = add("tea")
            raise ZeroDivisionError
        assert world.data("todos") == []
        await quiet()
        assert (world.backend.sent, handle.status, world.states(), world.running()) == ([], "cancelled", [], 0)
        assert world.backend.fetches[("todos",)] == 1


async def test_closing_the_store_ends_every_call() -> None:
    world = World()
    save = world.client.mutation(world.backend.send, scope="s")
    running, waiting = save(1), save(2)
    awaiting = [asyncio.create_task(handle.wait()) for handle in (running, waiting)]
    await quiet()
    await world.store.close()
    for task in awaiting:
        with pytest.raises(MutationCancelled, match="closed"):
            await task
    assert (running.status, waiting.status, world.backend.calls[0].is_cancelled) == ("cancelled", "cancelled", True)
    assert world.reported == []


async def test_clear_ends_every_call_and_shows_nothing() -> None:
    async with World() as world:
        await world.watch("todos", data=["milk"])
        add = world.client.mutation(world.backend.send, key=("todos",), update=append, invalidates=["todos"], scope="s")
        running, waiting = add("a"), add("b")
        await quiet()
        world.client.clear()
        assert (world.states(), world.running(), world.store.get(add.state).status) == ([], 0, "idle")
        for handle in (running, waiting):
            with pytest.raises(MutationCancelled, match="cleared"):
                await handle
        await quiet()
        assert (world.backend.calls[0].is_cancelled, world.backend.sent) == (True, ["a"])
        assert world.data("todos") is None
        add("c")
        await quiet()
        assert world.backend.sent == ["a", "c"]  # The scope is free.


async def test_awaiting_a_handle_inside_of_its_own_call_is_a_circle() -> None:
    from halflife import CycleError

    async with World() as world:
        handles: list[Any] = []

        async def wait_for_itself(variables: Any) -> Any:
            return await handles[0]

        handles.append(world.client.mutation(wait_for_itself)(1))
        with pytest.raises(CycleError):
            await handles[0]
