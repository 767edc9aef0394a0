"""Kept calls: an error that is no refusal leaves the edit pending, and the call can be sent again."""

from typing import Any

import pytest

from fetch_server import quiet
from halflife import MaxAttemptsExceeded, MutationCancelled, NonRetryableError, Retry
from mutation_server import World, append

pytestmark = pytest.mark.asyncio


async def failed(world: World, error: Exception, **options: Any) -> Any:
    """A call of a mutation that was answered with an error; its handle."""
    add = world.client.mutation(world.backend.send, key=("todos",), update=append, **options)
    handle = add(1)
    await quiet()
    await world.backend.calls[-1].answer(error)
    with pytest.raises(type(error)):
        await handle
    return handle


async def test_a_kept_edit_stays_and_the_call_can_be_sent_again_with_its_key() -> None:
    async with World() as world:
        seen = await world.watch("todos")
        handle = await failed(world, TimeoutError(), keep_on=(TimeoutError,))
        assert (world.data("todos"), handle.status, handle.layer.status) == ([1], "error", "pending")
        assert (world.states(), world.running()) == ([("error", 1)], 0)
        assert handle.retry() is True
        assert (handle.retry(), handle.status, handle.done(), world.states()) == (
            False,
            "running",
            False,
            [("loading", 1)],
        )
        await quiet()
        await world.backend.calls[1].answer("yes")
        assert (await handle, handle.result(), handle.retry()) == ("yes", "yes", False)
        first, second = world.backend.calls
        assert first.context.idempotency_key == second.context.idempotency_key
        assert (world.data("todos"), seen, world.states()) == ([1], [[1]], [])


@pytest.mark.parametrize(
    "keep_on", [TimeoutError, (TimeoutError,), [OSError], lambda error: isinstance(error, OSError)]
)
async def test_keep_on_may_be_classes_or_a_function(keep_on: Any) -> None:
    async with World() as world:
        await world.watch("todos")
        await failed(world, TimeoutError(), keep_on=keep_on)
        assert world.data("todos") == [1]
        refused = await failed(world, ValueError("no"), keep_on=keep_on)
        assert (world.data("todos"), refused.retry()) == ([1], False)


async def test_keep_on_is_asked_of_the_error_under_a_retry() -> None:
    async with World() as world:
        await world.watch("todos")
        asked: list[Exception] = []

        def is_kept(error: Exception) -> bool:
            asked.append(error)
            return True

        error = OSError("down")
        add = world.client.mutation(
            world.backend.send, key=("todos",), update=append, keep_on=is_kept, retry=Retry(max_retries=1)
        )
        handle = add(1)
        await quiet()
        await world.backend.calls[0].answer(OSError("first"))
        await world.clock.advance(1.0)
        await world.backend.calls[1].answer(error)
        with pytest.raises(MaxAttemptsExceeded):
            await handle
        refusing = world.client.mutation(
            world.backend.send, keep_on=is_kept, retry=Retry(retry_if=lambda error, attempt: False)
        )
        other = refusing(2)
        await quiet()
        await world.backend.calls[2].answer(error)
        with pytest.raises(NonRetryableError):
            await other
        assert (asked, world.data("todos")) == ([error, error], [1])


async def test_a_keep_on_that_fails_is_reported_and_the_call_counts_as_refused() -> None:
    async with World() as world:
        await world.watch("todos")
        handle = await failed(world, ValueError("no"), keep_on=lambda error: error.missing)
        assert (world.data("todos"), handle.retry()) == ([], False)
        assert [type(error) for error in world.reported] == [AttributeError]


@pytest.mark.parametrize("how", ["rollback", "cancel", "dismiss"])
async def test_a_kept_call_can_be_given_up(how: str) -> None:
    async with World() as world:
        await world.watch("todos")
        handle = await failed(world, TimeoutError(), keep_on=TimeoutError)
        if how == "dismiss":
            assert world.client.dismiss(world.store.get(world.client.mutations)[0]) is True
        else:
            assert getattr(handle, how)() is True
        assert (world.data("todos"), handle.status, world.states()) == ([], "cancelled", [])
        assert (handle.cancel(), handle.retry()) == (False, False)
        with pytest.raises(MutationCancelled):
            await handle


async def test_a_kept_call_holds_back_neither_its_scope_nor_refetches() -> None:
    async with World() as world:
        await world.watch("todos")
        options: dict[str, Any] = {"keep_on": TimeoutError, "scope": "s", "invalidates": [("todos",)]}
        handle = await failed(world, TimeoutError(), **options)
        assert world.backend.fetches[("todos",)] == 2
        following = world.client.mutation(world.backend.send, scope="s")
        following(2)
        await quiet()
        assert world.backend.sent == [1, 2]
        handle.retry()
        following(3)
        await quiet()
        assert world.backend.sent == [1, 2]
        await world.backend.calls[1].answer()
        assert world.backend.sent == [1, 2, 1]  # At the end of its scope as it was then.
        await world.backend.calls[2].answer("yes")
        assert world.backend.sent == [1, 2, 1, 3]
        assert await handle == "yes"


async def test_a_retry_that_fails_again_is_kept_or_refused_again_and_on_mutate_is_not_called_again() -> None:
    async with World() as world:
        await world.watch("todos")
        log: list[str] = []
        handle = await failed(
            world,
            TimeoutError(),
            keep_on=TimeoutError,
            on_mutate=lambda v: log.append("mutate"),
            on_error=lambda e, v: log.append("error"),
            on_settled=lambda r, e, v: log.append("settled"),
        )
        handle.retry()
        await quiet()
        await world.backend.calls[1].answer(TimeoutError())
        with pytest.raises(TimeoutError):
            await handle
        assert world.data("todos") == [1]
        handle.retry()
        await quiet()
        await world.backend.calls[2].answer(ValueError("no"))
        with pytest.raises(ValueError, match="no"):
            await handle
        assert (world.data("todos"), handle.retry()) == ([], False)
        assert log == ["mutate"] + ["error", "settled"] * 3


async def test_a_kept_call_that_is_retried_offline_is_paused() -> None:
    async with World() as world:
        await world.watch("todos")
        handle = await failed(world, TimeoutError(), keep_on=TimeoutError)
        world.store.set(world.client.online, False)
        assert handle.retry() is True
        assert world.store.get(world.client.mutations)[0].is_paused is True
        world.store.set(world.client.online, True)
        await quiet()
        await world.backend.calls[1].answer("yes")
        assert await handle == "yes"


async def test_calls_of_one_kept_request_are_sent_again_together() -> None:
    async with World() as world:
        await world.watch("todos")
        add = world.client.mutation(
            world.backend.send,
            key=("todos",),
            update=append,
            debounce=1.0,
            keep_on=TimeoutError,
            merge=lambda a, b: a + b,
        )
        handles = [add(1), add(2)]
        await world.clock.advance(1.0)
        await world.backend.calls[0].answer(TimeoutError())
        for handle in handles:
            with pytest.raises(TimeoutError):
                await handle
        assert handles[0].retry() is True
        assert handles[1].retry() is False
        await quiet()
        await world.backend.calls[1].answer("yes")
        assert [await handle for handle in handles] == ["yes", "yes"]
        assert world.backend.sent == [3, 3]


async def test_fetched_data_lies_below_a_kept_edit() -> None:
    async with World() as world:
        await world.watch("todos")
        await failed(world, TimeoutError(), keep_on=TimeoutError)
        world.backend.table[("todos",)] = ["new"]
        await world.client.invalidate()
        assert world.data("todos") == ["new", 1]


# --- edits that fetched data holds already


async def included_world(world: World, **options: Any) -> Any:
    await world.watch("todos")
    add = world.client.mutation(
        world.backend.send,
        key=("todos",),
        update=append,
        included=lambda data, variables: variables in data,
        post_effect=lambda draft, result, variables: draft.append(result),
        **options,
    )
    handle = add(1)
    await quiet()
    world.backend.table[("todos",)] = ["new", 1]
    world.client.invalidate()
    await quiet()
    return handle


async def test_a_pending_edit_gives_way_to_fetched_data_that_holds_it() -> None:
    async with World() as world:
        query = world.client.query(("todos",), world.backend.fetch)
        handle = await included_world(world)
        assert world.data("todos") == [1]  # The invalidation waits for the mutation of the key.
        await query.refetch()
        assert (world.data("todos"), handle.layer.status) == (["new", 1], "folded")
        await world.backend.calls[0].answer("not appended")
        assert (await handle, world.data("todos")) == ("not appended", ["new", 1])


async def test_an_included_edit_that_is_refused_takes_nothing_back_and_is_fetched_again() -> None:
    async with World() as world:
        query = world.client.query(("todos",), world.backend.fetch)
        handle = await included_world(world)
        await query.refetch()
        before = world.backend.fetches[("todos",)]
        world.backend.is_slow = True
        world.backend.table[("todos",)] = ["new"]
        await world.backend.calls[0].answer(ValueError("no"))
        assert world.data("todos") == ["new", 1]
        assert world.backend.fetches[("todos",)] == before + 1
        await world.backend.release()
        assert world.data("todos") == ["new"]
        with pytest.raises(ValueError, match="no"):
            await handle


async def test_included_is_asked_once_per_answer_and_not_for_data_set_by_hand() -> None:
    async with World() as world:
        await world.watch("a", data=[0])
        await world.watch("b", data=[0])
        asked: list[Any] = []

        def included(data: Any, variables: Any, key: Any) -> bool:
            asked.append((data, variables, key))
            return False

        move = world.client.mutation(
            world.backend.send,
            updates=lambda v: {(name,): lambda draft: draft.append(v) for name in "ab"},
            included=included,
        )
        move(1)
        await quiet()
        world.client.set_data("a", [7])
        assert asked == []
        await world.client.query(("a",), world.backend.fetch).refetch()
        assert asked == [([0], 1, ("a",))]
        await world.backend.calls[0].answer()
        await world.client.query(("a",), world.backend.fetch).refetch()
        assert len(asked) == 1


async def test_an_included_that_fails_is_reported_and_the_edit_stays() -> None:
    async with World() as world:
        await world.watch("todos")
        add = world.client.mutation(
            world.backend.send, key=("todos",), update=append, included=lambda data, variables: data.missing
        )
        add(1)
        await world.client.query(("todos",), world.backend.fetch).refetch()
        assert world.data("todos") == [1]
        assert [type(error) for error in world.reported] == [AttributeError]


async def test_a_kept_edit_gives_way_as_well_and_can_be_sent_again() -> None:
    async with World() as world:
        await world.watch("todos")
        handle = await failed(
            world, TimeoutError(), keep_on=TimeoutError, included=lambda data, variables: variables in data
        )
        world.backend.table[("todos",)] = [1]
        await world.client.query(("todos",), world.backend.fetch).refetch()
        assert world.data("todos") == [1]
        handle.retry()
        await quiet()
        await world.backend.calls[1].answer("yes")
        assert (await handle, world.data("todos")) == ("yes", [1])
