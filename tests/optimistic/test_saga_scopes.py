"""Serial scopes: the value an effect gets when its turn comes, sagas started inside a scope, and ends in each phase."""

import asyncio
from typing import Any

import pytest

from fetch_server import quiet
from halflife import Store, action, draft_atom, lens
from saga_server import Server, add, todos_atom

pytestmark = pytest.mark.asyncio


async def test_a_queued_effect_gets_the_visible_value_at_its_start_without_edits_refused_meanwhile() -> None:
    server, todos = Server(), todos_atom()
    async with Store(on_error=lambda error: None) as store:
        for key in "abc":
            store.mutate(todos, add(key), server.save, scope="one")
        await quiet()
        assert [value["order"] for value, _ in server.asked] == [["a", "b", "c"]]
        await server.answer(0, OSError("refused"))
        assert server.asked[1][0] == {"order": ["b", "c"], "items": {"b": {"text": "milk"}, "c": {"text": "milk"}}}
        store.update(todos, lambda draft: draft["order"].append("x"))
        await server.answer(1, None)
        assert [value["order"] for value, _ in server.asked[2:]] == [["b", "c", "x"]]
        await server.answer(2, None)


async def test_through_a_lens_a_queued_effect_gets_the_visible_part_at_its_start() -> None:
    server = Server()
    root = draft_atom({"likes": {"count": 0}, "other": 1})
    likes = lens(root, lambda value: value["likes"])

    def like(draft: Any) -> None:
        draft["count"] += 1

    async with Store(on_error=lambda error: None) as store:
        handles = [store.saga(likes, scope="likes").update(like).effect(server.save).run() for _ in range(3)]
        await quiet()
        await server.answer(0, OSError("refused"))
        await server.answer(1, None)
        await server.answer(2, None)
        assert [value for value, _ in server.asked] == [{"count": 3}, {"count": 2}, {"count": 2}]
        assert [handle.status for handle in handles] == ["error", "success", "success"]
        assert store.get(root) == {"likes": {"count": 2}, "other": 1}


async def test_without_a_scope_the_effect_gets_what_its_update_showed() -> None:
    server, todos = Server(), todos_atom()
    async with Store() as store:
        for key in "ab":
            store.mutate(todos, add(key), server.save)
        await quiet()
        assert [value["order"] for value, _ in server.asked] == [["a"], ["a", "b"]]
        await store.close()


@pytest.mark.parametrize("way", ["at once", "in a task", "in another scope", "without a scope", "in an action"])
async def test_a_saga_that_is_started_inside_of_its_own_scope_raises_and_changes_nothing(way: str) -> None:
    todos = todos_atom()
    async with Store() as store:

        async def save(value: Any) -> None:
            raise AssertionError

        async def start() -> None:
            await store.mutate(todos, add("b"), save, scope="one")

        @action
        async def act(get: Any, set: Any) -> None:
            await start()

        async def effect(value: Any) -> None:
            if way == "in a task":
                await asyncio.create_task(start())
            elif way == "in another scope":
                await store.mutate(todos, None, lambda _: start(), scope="two")
            elif way == "without a scope":
                await store.mutate(todos, None, lambda _: start())
            elif way == "in an action":
                await store.set(act)
            else:
                await start()

        handle = store.mutate(todos, add("a"), effect, scope="one")
        with pytest.raises(RuntimeError, match="started inside of an effect of the same scope"):
            await asyncio.wait_for(handle, 5)
        assert (handle.status, store.get(todos)["order"]) == ("error", [])


async def test_a_scope_can_be_used_again_once_the_effect_has_ended_and_in_other_stores() -> None:
    todos = todos_atom()
    later: list[asyncio.Task[Any]] = []
    ended = asyncio.Event()
    async with Store() as store, Store() as other:

        async def nothing(value: Any) -> str:
            return "done"

        async def start() -> Any:
            await ended.wait()
            return await store.mutate(todos, add("b"), nothing, scope="one")

        async def effect(value: Any) -> Any:
            later.append(asyncio.create_task(start()))
            return await other.mutate(todos, add("c"), nothing, scope="one")

        def after(draft: Any, result: Any) -> None:
            store.get(todos)

        assert await store.mutate(todos, add("a"), effect, after, scope="one") == "done"
        ended.set()
        assert await later[0] == "done"
        assert store.get(todos)["order"] == ["a", "b"]


class TestPostEffects:
    @pytest.mark.parametrize("on", ["atom", "lens"])
    async def test_a_post_effect_that_raises_confirms_the_edit_as_it_is(self, on: str) -> None:
        reported: list[BaseException] = []
        server = Server()
        root = draft_atom({"a": {"n": 0}})
        target = root if on == "atom" else lens(root, lambda value: value["a"])

        def edit(draft: Any) -> None:
            (draft["a"] if on == "atom" else draft)["n"] = 1

        def fail(draft: Any, result: Any) -> None:
            (draft["a"] if on == "atom" else draft)["n"] = 2
            raise ValueError("post")

        async with Store(on_error=reported.append) as store:
            told: list[Any] = []
            with store.subscribe(root, told.append):
                handle = store.mutate(target, edit, server.save, fail)
                older = store.layers(root).apply(lambda draft: draft["a"].update(m=1))
                await quiet()
                await server.answer(0, "result")
                assert (handle.status, handle.layer.status) == ("error", "folded")
                with pytest.raises(ValueError, match="post"):
                    await handle
                assert not handle.cancel()
                older.rollback()
                assert store.get(root) == {"a": {"n": 1}}
            assert told == [{"a": {"n": 1}}, {"a": {"n": 1, "m": 1}}, {"a": {"n": 1}}]
            dropped = store.mutate(target, edit, server.save, fail)
            await quiet()
            await server.answer(1, None)
            del dropped
            assert [str(error) for error in reported] == ["post"]

    async def test_a_handle_cannot_be_cancelled_once_the_server_has_agreed(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handle: Any = None
            cancelled: list[bool] = []

            def cancel(draft: Any, result: Any) -> None:
                cancelled.append(handle.cancel())
                draft["order"].append(result)

            handle = store.mutate(todos, add("a"), server.save, cancel)
            with store.subscribe(todos, lambda value: cancelled.append(handle.rollback())):
                await quiet()
                await server.answer(0, "b")
            assert await handle is not None
            assert (handle.status, set(cancelled)) == ("success", {False})
            assert store.get(todos)["order"] == ["a", "b"]


@pytest.mark.parametrize("phase", ["before the first step", "queued", "running", "ended"])
@pytest.mark.parametrize("way", ["cancel", "rollback", "layer", "rollback_all"])
async def test_an_end_in_each_phase_takes_back_that_edit_and_lets_the_next_one_have_its_turn(
    phase: str, way: str
) -> None:
    server, todos = Server(), todos_atom()
    async with Store(on_error=lambda error: None) as store:
        first = store.mutate(todos, add("a"), server.save, scope="one") if phase == "queued" else None
        if first is not None:
            await quiet()
        handle = store.mutate(todos, add("b"), server.save, scope="one")
        if phase != "before the first step":
            await quiet()
        if phase == "ended":
            await server.answer(0, None)
        ended = {
            "cancel": handle.cancel,
            "rollback": handle.rollback,
            "layer": handle.layer.rollback,
            "rollback_all": store.layers(todos).rollback_all,
        }[way]()
        assert ended is (None if way == "rollback_all" else phase != "ended")
        last = store.mutate(todos, add("c"), server.save, scope="one")
        await quiet()
        while not last.done():
            await server.answer(len(server.asked) - 1, None)
        await last
        stays = [] if way == "rollback_all" or first is None else ["a"]
        stays += ["b"] if phase == "ended" else []
        assert store.get(todos)["order"] == [*stays, "c"]
        assert store.layers(todos).pending == 0
