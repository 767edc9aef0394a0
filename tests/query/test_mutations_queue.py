"""Scopes, calls put together, and the network: when a call of a mutation is sent."""

import asyncio
import itertools
from typing import Any

import pytest

from fetch_server import quiet
from halflife import MutationCancelled, Retry
from mutation_server import World, append

pytestmark = pytest.mark.asyncio


def online(world: World, value: bool) -> None:
    world.store.set(world.client.online, value)


def paused(world: World) -> list[Any]:
    return [state.variables for state in world.store.get(world.client.mutations) if state.is_paused]


# --- scopes


async def test_calls_of_one_scope_run_one_after_another_and_their_edits_show_at_once() -> None:
    async with World() as world:
        await world.watch("todos")
        add = world.client.mutation(world.backend.send, key=("todos",), update=append, scope="todos")
        other = world.client.mutation(world.backend.send, scope=lambda v: "todos")
        for call, variables in ((add, 1), (other, 2), (add, 3)):
            call(variables)
        assert world.data("todos") == [1, 3]
        await quiet()
        assert (world.backend.sent, world.running()) == ([1], 3)
        await world.backend.calls[0].answer()
        assert world.backend.sent == [1, 2]
        await world.backend.calls[1].answer()
        await world.backend.calls[2].answer()
        assert (world.backend.sent, world.running()) == ([1, 2, 3], 0)


async def test_other_scopes_and_other_clients_do_not_wait() -> None:
    async with World() as world:
        from halflife.query.client import QueryClient

        send = world.client.mutation(world.backend.send, scope=lambda v: v[0])
        elsewhere = QueryClient(world.store).mutation(world.backend.send, scope="a")
        for variables in ("a1", "a2", "b1"):
            send(variables)
        elsewhere("elsewhere")
        await quiet()
        assert world.backend.sent == ["a1", "b1", "elsewhere"]


async def test_a_failed_head_releases_the_next_one() -> None:
    async with World() as world:
        send = world.client.mutation(world.backend.send, scope="s")
        handles = [send(1), send(2)]
        await quiet()
        await world.backend.calls[0].answer(OSError("no"))
        assert (world.backend.sent, handles[0].status) == ([1, 2], "error")
        await world.backend.calls[1].answer("yes")
        assert await handles[1] == "yes"
        with pytest.raises(OSError, match="no"):
            handles[0].result()


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_cancelling_a_member_does_not_break_the_chain(cancelled: int) -> None:
    async with World() as world:
        send = world.client.mutation(world.backend.send, scope="s")
        handles = [send(number) for number in range(3)]
        await quiet()
        assert handles[cancelled].cancel() is True
        for _ in range(3):
            await quiet()
            for call in world.backend.calls:
                if not (call.is_cancelled or call._answer.done()):
                    await call.answer("yes")
        assert [handle.status for handle in handles] == [
            "cancelled" if number == cancelled else "success" for number in range(3)
        ]
        assert world.backend.sent == ([0, 1, 2] if cancelled == 0 else [n for n in range(3) if n != cancelled])


async def test_a_call_inside_of_a_call_of_the_same_scope_is_an_error_and_changes_nothing() -> None:
    async with World() as world:
        await world.watch("todos")
        errors: list[Exception] = []

        async def nested(variables: int) -> None:
            if variables == 0:
                try:
                    await inner(1)
                except RuntimeError as error:
                    errors.append(error)

        inner = world.client.mutation(nested, key=("todos",), update=append, scope="s")
        await inner(0)
        assert (len(errors), "same scope" in str(errors[0]), world.data("todos")) == (1, True, [0])


async def test_a_hook_may_call_and_await_a_mutation_of_the_same_scope() -> None:
    async with World() as world:
        done: list[int] = []

        async def note(variables: int) -> None:
            done.append(variables)

        async def again(result: None, variables: int) -> None:
            if variables < 3:
                await step(variables + 1)

        step = world.client.mutation(note, scope="s", on_success=again)
        await step(1)
        assert done == [1, 2, 3]


# --- calls put together


async def test_calls_within_the_time_become_one_request_with_the_last_variables() -> None:
    async with World() as world:
        seen = await world.watch("title", data=[""])
        rename = world.client.mutation(
            world.backend.send, key=("title",), update=lambda draft, v: draft.__setitem__(0, v), debounce=0.5
        )
        handles = []
        for text in ("h", "ha", "half"):
            handles.append(rename(text))
            await world.clock.advance(0.3)
        assert (seen, world.backend.sent) == ([["h"], ["ha"], ["half"]], [])
        await world.clock.advance(0.2)
        assert world.backend.sent == ["half"]
        await world.backend.calls[0].answer("saved")
        assert [await handle for handle in handles] == ["saved"] * 3
        assert (world.data("title"), [handle.variables for handle in handles]) == (["half"], ["h", "ha", "half"])
        rename("life")
        await world.clock.advance(0.5)
        assert world.backend.sent == ["half", "life"]


async def test_merge_makes_the_variables_of_the_request_and_a_cancelled_call_takes_its_own_out() -> None:
    async with World() as world:
        patch = world.client.mutation(
            world.backend.send, scope="s", debounce=1.0, merge=lambda earlier, later: {**earlier, **later}
        )
        first, second, third = patch({"a": 1}), patch({"b": 2}), patch({"a": 3})
        assert second.cancel() is True
        await world.clock.advance(1.0)
        assert world.backend.sent == [{"a": 3}]
        assert third.cancel() is True
        assert first.status == "running"
        assert world.backend.calls[0].is_cancelled is False
        await world.backend.calls[0].answer("yes")
        assert (await first, second.status, third.status) == ("yes", "cancelled", "cancelled")


async def test_one_failure_takes_all_edits_of_the_request_back() -> None:
    async with World() as world:
        await world.watch("todos")
        add = world.client.mutation(world.backend.send, key=("todos",), update=append, debounce=1.0)
        handles = [add(1), add(2)]
        await world.clock.advance(1.0)
        await world.backend.calls[0].answer(OSError("no"))
        assert (world.data("todos"), [handle.status for handle in handles]) == ([], ["error", "error"])
        for handle in handles:
            with pytest.raises(OSError, match="no"):
                handle.result()


async def test_cancelling_all_calls_of_a_request_sends_nothing_and_frees_the_scope() -> None:
    async with World() as world:
        paced = world.client.mutation(world.backend.send, scope="s", debounce=1.0)
        direct = world.client.mutation(world.backend.send, scope="s")
        handles = [paced(1), paced(2)]
        direct(3)
        await quiet()
        assert world.backend.sent == []  # In the order of the scope.
        for handle in handles:
            handle.cancel()
        await quiet()
        assert world.backend.sent == [3]
        await world.clock.advance(2.0)
        assert world.backend.sent == [3]


async def test_a_request_without_one_of_its_calls_is_another_one_for_the_server() -> None:
    async with World() as world:
        save = world.client.mutation(world.backend.send, debounce=1.0, retry=Retry(max_retries=2, initial_delay=1.0))
        first, second = save(1), save(2)
        await world.clock.advance(1.0)
        await world.backend.calls[0].answer(OSError("one"))
        await world.clock.advance(1.0)
        await world.backend.calls[1].answer(OSError("two"))
        second.cancel()
        await world.clock.advance(2.0)
        keys = [call.context.idempotency_key for call in world.backend.calls]
        assert (world.backend.sent, keys[0] == keys[1], keys[1] == keys[2]) == ([2, 2, 1], True, False)
        await world.backend.calls[2].answer("yes")
        assert await first == "yes"


async def test_a_request_does_not_wait_for_the_on_mutate_of_a_cancelled_call() -> None:
    async with World() as world:
        save = world.client.mutation(
            world.backend.send, debounce=1.0, on_mutate=lambda variables: world.clock.sleep(variables)
        )
        save(0.5)
        slow = save(9.0)
        await world.clock.advance(2.0)
        assert world.backend.sent == []
        slow.cancel()
        await quiet()
        assert world.backend.sent == [0.5]


async def test_a_call_of_another_mutation_of_the_scope_is_not_overtaken() -> None:
    async with World() as world:
        paced = world.client.mutation(world.backend.send, scope="s", debounce=1.0)
        direct = world.client.mutation(world.backend.send, scope="s")
        paced(1)
        direct(2)
        paced(3)
        await world.clock.advance(1.0)
        for number in range(3):
            await world.backend.calls[number].answer()
        assert world.backend.sent == [1, 2, 3]


async def test_a_merge_that_fails_fails_the_calls() -> None:
    async with World() as world:
        patch = world.client.mutation(world.backend.send, debounce=1.0, merge=lambda earlier, later: earlier / 0)
        handles = [patch(1), patch(2)]
        await world.clock.advance(1.0)
        for handle in handles:
            with pytest.raises(ZeroDivisionError):
                await handle
        assert world.backend.sent == []


# --- the network


async def test_offline_calls_are_paused_and_resumed_one_after_another_in_order() -> None:
    async with World() as world:
        await world.watch("todos")
        online(world, False)
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        remove = world.client.mutation(world.backend.send)
        handles = [add(1), remove(2), add(3)]
        assert (world.store.get(add.state).is_paused, world.store.get(add.state).is_loading) == (True, True)
        assert (paused(world), world.running(), world.data("todos")) == ([1, 2, 3], 3, [1, 3])
        await world.store.settled()
        assert world.backend.sent == []
        online(world, True)
        await quiet()
        assert (world.backend.sent, paused(world)) == ([1], [2, 3])
        meanwhile = add(4)
        await quiet()
        assert world.backend.sent == [1, 4]  # Calls made meanwhile wait only for their scope.
        await world.backend.calls[0].answer("one")
        assert world.backend.sent == [1, 4, 2]
        await world.backend.calls[2].answer(OSError("no"))
        assert world.backend.sent == [1, 4, 2, 3]  # One that fails does not stop the others.
        await world.backend.calls[3].answer("three")
        await world.backend.calls[1].answer("four")
        assert [handle.status for handle in (*handles, meanwhile)] == ["success", "error", "success", "success"]
        with pytest.raises(OSError, match="no"):
            handles[1].result()


async def test_scopes_hold_while_calls_are_resumed() -> None:
    async with World() as world:
        always = world.client.mutation(world.backend.send, scope="s", network_mode="always")
        send = world.client.mutation(world.backend.send, scope="s")
        always(1)
        await quiet()
        online(world, False)
        send(2)
        always(3)
        online(world, True)
        await quiet()
        assert world.backend.sent == [1]
        for number in range(3):
            await world.backend.calls[number].answer()
        assert world.backend.sent == [1, 2, 3]


async def test_a_call_that_waits_for_its_scope_is_paused_when_the_network_goes() -> None:
    async with World() as world:
        send = world.client.mutation(world.backend.send, scope="s")
        send(1)
        send(2)
        await quiet()
        online(world, False)
        assert paused(world) == [2]
        await world.backend.calls[0].answer()
        assert world.backend.sent == [1]
        online(world, True)
        await quiet()
        assert world.backend.sent == [1, 2]


async def test_retries_pause_while_offline_and_go_on_with_the_attempts_that_are_left() -> None:
    async with World() as world:
        send = world.client.mutation(world.backend.send, retry=Retry(max_retries=2, initial_delay=1.0))
        first = send(1)
        await quiet()
        online(world, False)
        second = send(2)
        await world.backend.calls[0].answer(OSError("lost"))
        await world.clock.advance(1.0)
        assert (world.backend.sent, paused(world)) == ([1], [1, 2])
        await world.store.settled()
        online(world, True)
        await quiet()
        assert (world.backend.sent, world.backend.calls[1].context.attempt) == ([1, 1], 2)
        await world.backend.calls[1].answer("one")
        assert world.backend.sent == [1, 1, 2]
        await world.backend.calls[2].answer("two")
        assert (await first, await second) == ("one", "two")


async def test_network_modes() -> None:
    async with World() as world:
        online(world, False)
        retry = Retry(max_retries=1, initial_delay=1.0)
        always = world.client.mutation(world.backend.send, network_mode="always", retry=retry)
        first = world.client.mutation(world.backend.send, network_mode="offline_first", retry=retry)
        always("always")
        first("first")
        await quiet()
        assert world.backend.sent == ["always", "first"]
        for number in range(2):
            await world.backend.calls[number].answer(OSError("offline"))
        await world.clock.advance(1.0)
        assert (world.backend.sent, paused(world)) == (["always", "first", "always"], ["first"])
        online(world, True)
        await quiet()
        assert world.backend.sent == ["always", "first", "always", "first"]


async def test_going_offline_again_stops_the_resuming() -> None:
    async with World() as world:
        online(world, False)
        send = world.client.mutation(world.backend.send)
        for number in (1, 2, 3):
            send(number)
        online(world, True)
        await quiet()
        online(world, False)
        await world.backend.calls[0].answer()
        assert (world.backend.sent, paused(world)) == ([1], [2, 3])
        online(world, True)
        await quiet()
        assert world.backend.sent == [1, 2]


async def test_resume_paused_returns_at_once_while_offline_and_else_waits_for_the_end() -> None:
    async with World() as world:
        online(world, False)
        send = world.client.mutation(world.backend.send)
        send(1)
        send(2)
        await world.client.resume_paused()
        assert (world.backend.sent, paused(world)) == ([], [1, 2])
        online(world, True)
        resumed = asyncio.ensure_future(world.client.resume_paused())
        again = asyncio.ensure_future(world.client.resume_paused())
        await quiet()
        assert world.backend.sent == [1]
        await world.backend.calls[0].answer()
        assert not resumed.done()
        await world.backend.calls[1].answer()
        assert (resumed.done(), again.done(), world.backend.sent) == (True, True, [1, 2])


async def test_a_paused_call_can_be_cancelled() -> None:
    async with World() as world:
        await world.watch("todos")
        online(world, False)
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        handles = [add(1), add(2)]
        handles[0].cancel()
        assert (paused(world), world.data("todos")) == ([2], [2])
        online(world, True)
        await quiet()
        assert world.backend.sent == [2]
        with pytest.raises(MutationCancelled):
            await handles[0]


async def test_reconnecting_refetches_when_the_resumed_calls_have_ended() -> None:
    async with World() as world:
        await world.watch("todos")
        await world.watch("other")
        online(world, False)
        await world.clock.advance(1000.0)  # Everything is stale.
        add = world.client.mutation(world.backend.send, key=("todos",), update=append)
        add(1)
        add(2)
        online(world, True)
        await quiet()
        assert sum(world.backend.fetches.values()) == 2
        await world.backend.calls[0].answer()
        assert sum(world.backend.fetches.values()) == 2
        world.backend.table[("todos",)] = [1, 2]
        await world.backend.calls[1].answer()
        assert world.backend.fetches == {("todos",): 2, ("other",): 2}
        assert world.data("todos") == [1, 2]


async def test_an_awaited_paused_call_ends_with_the_store() -> None:
    world = World()
    online(world, False)
    handle = world.client.mutation(world.backend.send)(1)
    waiting = asyncio.create_task(handle.wait())
    await quiet()
    await world.store.close()
    with pytest.raises(MutationCancelled, match="closed"):
        await waiting
    assert handle.status == "cancelled"


async def test_an_awaited_paused_call_goes_on_to_wait_when_it_runs() -> None:
    async with World() as world:
        online(world, False)
        handle = world.client.mutation(world.backend.send)(1)
        waiting = asyncio.create_task(handle.wait())
        await quiet()
        online(world, True)
        await quiet()
        await world.backend.calls[0].answer("yes")
        assert await waiting == "yes"


@pytest.mark.parametrize("order", list(itertools.permutations(["offline", "call 1", "call 2", "answer"])), ids=str)
async def test_in_every_order_of_network_and_calls_each_is_sent_once(order: tuple[str, ...]) -> None:
    async with World() as world:
        send = world.client.mutation(world.backend.send, scope="s")
        handles = []
        for step in order:
            if step == "offline":
                online(world, False)
            elif step == "answer":
                for call in world.backend.calls:
                    if not call._answer.done():
                        await call.answer()
            else:
                handles.append(send(step))
            await quiet()
        online(world, True)
        for _ in range(3):
            await quiet()
            for call in world.backend.calls:
                if not call._answer.done():
                    await call.answer()
        assert world.backend.sent == [step for step in order if step.startswith("call")]
        assert (world.running(), [handle.status for handle in handles]) == (0, ["success", "success"])
