"""What a mutation invalidates is fetched once, when no mutation of that key runs or waits, however the calls ended."""

from typing import Any

import pytest

from fetch_server import quiet
from mutation_server import World, append

pytestmark = pytest.mark.asyncio


async def test_a_key_is_fetched_once_after_the_last_of_several_mutations() -> None:
    async with World() as world:
        seen = await world.watch("todos")
        add = world.client.mutation(world.backend.send, key=("todos",), update=append, invalidates=[("todos",)])
        for number in (1, 2, 3):
            add(number)
        await quiet()
        for number in (1, 0):
            world.backend.table[("todos",)].append(number)
            await world.backend.calls[number].answer()
            assert world.backend.fetches[("todos",)] == 1
        world.backend.table[("todos",)] = [1, 2, 3]
        await world.backend.calls[2].answer()
        assert (world.backend.fetches[("todos",)], world.data("todos")) == (2, [1, 2, 3])
        assert seen == [[1], [1, 2], [1, 2, 3]]


async def test_several_saves_each_followed_by_a_refetch_never_flip_an_edit_back() -> None:
    async with World() as world:
        seen = await world.watch("flag", data=[0])
        world.backend.is_slow = True

        def put(draft: list[Any], value: Any) -> None:
            draft[0] = value

        save = world.client.mutation(world.backend.send, key=("flag",), update=put, invalidates=[("flag",)])
        for number in (1, 2, 3, 4):
            save(number)
            await quiet()
            await world.backend.release()  # The refetch after the save before arrives while this one runs.
            world.backend.table[("flag",)] = [number]
            await world.backend.calls[-1].answer()
        await world.backend.release()
        assert seen == [[1], [2], [3], [4]]
        assert world.data("flag") == [4]


async def test_polling_against_edits_never_hides_an_edit() -> None:
    async with World() as world:
        world.backend.table[("flag",)] = [0]
        query = world.client.query(("flag",), world.backend.fetch, interval=1.0)
        seen: list[Any] = []
        world.store.subscribe(query, lambda _: None)
        world.store.subscribe(query.data, seen.append)
        await quiet()
        seen.clear()
        save = world.client.mutation(
            world.backend.send, key=("flag",), update=lambda draft, value: draft.__setitem__(0, value)
        )
        for number in (1, 2, 3):
            save(number)
            await world.clock.advance(2.5)  # Two polls see the server as it was.
            world.backend.table[("flag",)] = [number]
            await world.backend.calls[-1].answer()
            await world.clock.advance(1.0)
        assert seen == [[1], [2], [3]]
        assert world.backend.fetches[("flag",)] >= 8


async def test_invalidates_holds_however_the_call_ended_if_it_was_sent() -> None:
    async with World() as world:
        await world.watch("todos")
        save = world.client.mutation(world.backend.send, invalidates=[("todos",)], scope="s")
        failing, cancelled, unsent = save(1), save(2), save(3)
        await quiet()
        unsent.cancel()
        await world.backend.calls[0].answer(OSError("no"))
        assert world.backend.fetches[("todos",)] == 1  # The second one still runs, and will invalidate it.
        cancelled.cancel()
        await quiet()
        assert world.backend.fetches[("todos",)] == 2
        with pytest.raises(OSError, match="no"):
            failing.result()


async def test_a_call_that_was_never_sent_invalidates_nothing_and_releases_what_waited_for_it() -> None:
    async with World() as world:
        await world.watch("todos")
        first = world.client.mutation(world.backend.send, invalidates=[("todos",)])
        world.store.set(world.client.online, False)
        waiting = first(1)
        await world.client.invalidate(("other",))
        world.client.invalidate(("todos",))
        await quiet()
        assert world.backend.fetches[("todos",)] == 1
        waiting.cancel()
        world.store.set(world.client.online, True)
        await quiet()
        assert world.backend.fetches[("todos",)] == 2


async def test_a_mutation_that_only_invalidates_holds_the_refetch_back_too() -> None:
    async with World() as world:
        await world.watch("todos", 1)
        edit = world.client.mutation(world.backend.send, key=("todos", 1), update=append, invalidates=["todos"])
        touch = world.client.mutation(world.backend.send, invalidates=[("todos",)])
        edit("a")
        touch("b")
        await quiet()
        await world.backend.calls[0].answer()
        assert world.backend.fetches[("todos", 1)] == 1
        await world.backend.calls[1].answer()
        assert world.backend.fetches[("todos", 1)] == 2


async def test_keys_wait_only_for_mutations_of_their_own() -> None:
    async with World() as world:
        await world.watch("todos", 1)
        await world.watch("todos", 2)
        edit = world.client.mutation(
            world.backend.send, key=lambda v: ("todos", v), update=append, invalidates=[("todos",)]
        )
        hold = world.client.mutation(world.backend.send, key=lambda v: ("todos", v), update=append)
        edit(1)
        hold(2)
        await quiet()
        await world.backend.calls[0].answer()
        assert world.backend.fetches == {("todos", 1): 2, ("todos", 2): 1}
        await world.backend.calls[1].answer()
        assert world.backend.fetches == {("todos", 1): 2, ("todos", 2): 2}


async def test_a_key_that_is_loaded_while_it_waits_is_fetched_again_as_well() -> None:
    async with World() as world:
        edit = world.client.mutation(world.backend.send, key=("todos",), update=append, invalidates=[("todos",)])
        hold = world.client.mutation(world.backend.send, key=("todos",), update=append)
        hold("held")
        edit("edited")
        await quiet()
        await world.backend.calls[1].answer()
        await world.watch("todos", data=["edited"])
        assert (world.data("todos"), world.backend.fetches[("todos",)]) == (["edited", "held"], 1)
        world.backend.table[("todos",)] = ["edited", "held"]
        await world.backend.calls[0].answer()
        assert (world.data("todos"), world.backend.fetches[("todos",)]) == (["edited", "held"], 2)


async def test_data_that_was_fetched_while_it_waited_is_stale_afterwards() -> None:
    async with World() as world:
        await world.client.fetch("todos", world.backend.fetch)
        hold = world.client.mutation(world.backend.send, key=("todos",), update=append)
        touch = world.client.mutation(world.backend.send, invalidates=["todos"])
        hold("held")
        touch("touched")
        await quiet()
        await world.backend.calls[1].answer()
        await world.client.fetch("todos", world.backend.fetch)
        assert world.backend.fetches[("todos",)] == 2
        await world.backend.calls[0].answer()
        await world.client.fetch("todos", world.backend.fetch)
        assert world.backend.fetches[("todos",)] == 3


async def test_data_that_nobody_observes_is_stale_and_not_fetched() -> None:
    async with World() as world:
        await world.client.fetch(("todos",), world.backend.fetch)
        save = world.client.mutation(world.backend.send, invalidates=[("todos",)])
        save(1)
        await quiet()
        await world.backend.calls[0].answer()
        assert world.backend.fetches[("todos",)] == 1
        await world.client.fetch(("todos",), world.backend.fetch)
        assert world.backend.fetches[("todos",)] == 2


async def test_invalidates_may_be_a_function_and_may_name_tags_and_conditions() -> None:
    async with World() as world:
        for name in ("a", "b", "c"):
            query = world.client.query((name,), world.backend.fetch, tags=(f"tag {name}",))
            world.store.subscribe(query, lambda _: None)
        await quiet()
        given: list[Any] = []

        def filters(result: Any, variables: Any) -> Any:
            given.append((result, variables))
            return [{"tag": "tag a"}, {"where": lambda info: info.key == ("b",)}]

        save = world.client.mutation(world.backend.send, invalidates=filters)
        save(1)
        failing = save(2)
        await quiet()
        await world.backend.calls[0].answer("yes")
        assert world.backend.fetches == {("a",): 2, ("b",): 2, ("c",): 1}
        await world.backend.calls[1].answer(OSError("no"))
        assert world.backend.fetches == {("a",): 3, ("b",): 3, ("c",): 1}
        assert given == [("yes", 1), (None, 2)]
        with pytest.raises(OSError, match="no"):
            failing.result()


async def test_a_function_of_filters_that_fails_is_reported() -> None:
    async with World() as world:
        save = world.client.mutation(world.backend.send, invalidates=lambda result, variables: result.missing)
        handle = save(1)
        await quiet()
        await world.backend.calls[0].answer("yes")
        assert await handle == "yes"
        assert [type(error) for error in world.reported] == [AttributeError]


@pytest.mark.parametrize(
    ("filters", "fetched"),
    [
        ([("a",)], [("a", 1), ("a", 2)]),
        ("a", [("a", 1), ("a", 2)]),
        (("a", 1), [("a", 1)]),
        ((("a", 1), ("b", 1)), [("a", 1), ("b", 1)]),
        ([("a", 1), "b"], [("a", 1), ("b", 1)]),
        ([{"key": "a", "exact": True}], []),
        ([{"key": ("a", 2), "exact": True}], [("a", 2)]),
        (None, []),
        ([], []),
    ],
    ids=str,
)
async def test_filters_may_be_given_in_these_ways(filters: Any, fetched: list[Any]) -> None:
    async with World() as world:
        for key in (("a", 1), ("a", 2), ("b", 1)):
            await world.watch(*key)
        save = world.client.mutation(world.backend.send, invalidates=filters)
        save(1)
        await quiet()
        await world.backend.calls[0].answer()
        assert sorted(key for key, count in world.backend.fetches.items() if count == 2) == fetched


async def test_an_answer_that_is_older_than_a_confirmation_is_dropped_and_asked_again_once() -> None:
    async with World() as world:
        seen = await world.watch("todos")
        world.backend.is_slow = True
        world.client.invalidate()
        add = world.client.mutation(world.backend.send, key=("todos",), update=append, invalidates=[("todos",)])
        add(1)
        await quiet()
        world.backend.table[("todos",)] = [1]
        await world.backend.calls[0].answer()
        await world.backend.release()
        assert (seen, world.backend.fetches[("todos",)]) == ([[1]], 3)


async def test_a_saga_of_the_key_holds_the_refetch_back_too() -> None:
    async with World() as world:
        await world.watch("todos")
        query = world.client.query(("todos",), world.backend.fetch)
        from saga_server import Server

        server = Server()
        handle = world.store.mutate(query.data, lambda draft: draft.append("saga"), server.save)
        touch = world.client.mutation(world.backend.send, invalidates=[("todos",)])
        touch(1)
        await quiet()
        await world.backend.calls[0].answer()
        assert world.backend.fetches[("todos",)] == 1
        await server.answer(0, "yes")
        await handle
        await quiet()
        assert world.backend.fetches[("todos",)] == 2
