"""Hooks of mutations: awaited, in order, and without a say in the outcome."""

import asyncio
from typing import Any

import pytest

from fetch_server import quiet
from mutation_server import World, append

pytestmark = pytest.mark.asyncio


def hooks(log: list[Any]) -> dict[str, Any]:
    """Two async hooks and two plain ones, which note their arguments."""

    async def on_mutate(variables: Any) -> None:
        await asyncio.sleep(0)
        log.append(("mutate", variables))

    async def on_success(result: Any, variables: Any) -> None:
        await asyncio.sleep(0)
        log.append(("success", result, variables))

    return {
        "on_mutate": on_mutate,
        "on_success": on_success,
        "on_error": lambda error, variables: log.append(("error", error, variables)),
        "on_settled": lambda result, error, variables: log.append(("settled", result, error, variables)),
    }


async def test_hooks_are_awaited_in_order_and_the_handle_ends_after_them() -> None:
    async with World() as world:
        log: list[Any] = []

        async def send(variables: Any) -> str:
            log.append(("send", variables))
            return "yes"

        assert await world.client.mutation(send, **hooks(log))(1) == "yes"
        assert log == [("mutate", 1), ("send", 1), ("success", "yes", 1), ("settled", "yes", None, 1)]


async def test_a_failure_calls_on_error_and_on_settled() -> None:
    async with World() as world:
        log: list[Any] = []
        handle = world.client.mutation(world.backend.send, **hooks(log))(1)
        await quiet()
        error = OSError("no")
        await world.backend.calls[0].answer(error)
        with pytest.raises(OSError, match="no"):
            await handle
        assert log == [("mutate", 1), ("error", error, 1), ("settled", None, error, 1)]


async def test_a_hook_that_fails_is_reported_and_changes_nothing() -> None:
    async with World() as world:
        await world.watch("todos")
        errors = [ValueError(str(number)) for number in range(4)]

        def failing(number: int) -> Any:
            def hook(*_: Any) -> None:
                raise errors[number]

            return hook

        add = world.client.mutation(
            world.backend.send,
            key=("todos",),
            update=append,
            on_mutate=lambda v: failing(0)(),
            on_success=lambda r, v: failing(1)(),
            on_error=lambda e, v: failing(2)(),
            on_settled=lambda r, e, v: failing(3)(),
        )
        handle = add(1)
        await quiet()
        await world.backend.calls[0].answer("yes")
        assert (await handle, world.data("todos"), world.reported) == ("yes", [1], [errors[0], errors[1], errors[3]])
        failed = add(2)
        await quiet()
        await world.backend.calls[1].answer(OSError("no"))
        with pytest.raises(OSError, match="no"):
            await failed
        assert (world.data("todos"), world.reported[3:]) == ([1], [errors[0], errors[2], errors[3]])


async def test_the_edit_shows_and_the_order_of_the_scope_is_kept_while_on_mutate_runs() -> None:
    async with World() as world:
        await world.watch("todos")

        async def on_mutate(variables: float) -> None:
            await world.clock.sleep(variables)

        add = world.client.mutation(world.backend.send, key=("todos",), update=append, scope="s", on_mutate=on_mutate)
        add(2.0)
        add(1.0)
        assert world.data("todos") == [2.0, 1.0]
        await world.clock.advance(1.5)
        assert world.backend.sent == []
        await world.clock.advance(0.5)
        assert world.backend.sent == [2.0]
        await world.backend.calls[0].answer()
        assert world.backend.sent == [2.0, 1.0]


async def test_a_cancelled_call_is_settled_once_and_is_no_error() -> None:
    async with World() as world:
        log: list[Any] = []
        handle = world.client.mutation(world.backend.send, **hooks(log))(1)
        await quiet()
        await quiet()
        handle.cancel()
        await quiet()
        assert [event[0] for event in log] == ["mutate", "settled"]
        assert type(log[1][2]).__name__ == "MutationCancelled"


async def test_a_hook_may_await_an_invalidation_of_the_edited_key() -> None:
    async with World() as world:
        await world.watch("todos")

        async def refetch(*_: Any) -> None:
            await world.client.invalidate(("todos",))

        add = world.client.mutation(
            world.backend.send, key=("todos",), update=append, on_settled=lambda r, e, v: refetch()
        )
        handle = add(1)
        await quiet()
        world.backend.table[("todos",)] = [1]
        await world.backend.calls[0].answer("yes")
        assert (await handle, world.data("todos"), world.backend.fetches[("todos",)]) == ("yes", [1], 2)


async def test_each_call_of_one_request_has_its_own_hooks() -> None:
    async with World() as world:
        log: list[Any] = []
        save = world.client.mutation(world.backend.send, debounce=1.0, **hooks(log))
        save(1)
        save(2)
        await world.clock.advance(1.0)
        await world.backend.calls[0].answer("yes")
        assert sorted(event for event in log if event[0] == "mutate") == [("mutate", 1), ("mutate", 2)]
        assert [event for event in log if event[0] != "mutate"] == [
            ("success", "yes", 1),
            ("settled", "yes", None, 1),
            ("success", "yes", 2),
            ("settled", "yes", None, 2),
        ]
