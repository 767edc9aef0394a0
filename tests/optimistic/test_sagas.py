"""Sagas: an edit that is visible at once, an effect that calls the server, and the rollback when the effect fails."""

import asyncio
import gc
import logging
from typing import Any

import pytest

from fetch_server import quiet
from halflife import NoEventLoopError, Store, atom
from saga_server import Server, add, adding, todos_atom


@pytest.mark.asyncio
class TestSteps:
    async def test_the_edit_is_shown_at_once_and_confirmed_when_the_effect_succeeds(self) -> None:
        server, todos = Server(), todos_atom()
        seen: list[Any] = []
        async with Store() as store:
            with store.subscribe(todos, lambda value: seen.append(value["order"])):
                handle = store.saga(todos).update(add("a")).effect(server.save).run()
                assert (seen, handle.status, server.asked) == ([["a"]], "running", [])
                await quiet()
                assert server.asked == [(store.get(todos), "a")]
                assert store.layers(todos).pending == 1
                await server.answer(0, "saved")
                assert (await handle, handle.status, handle.result()) == ("saved", "success", "saved")
                assert (seen, store.layers(todos).pending) == ([["a"]], 0)

    async def test_when_the_effect_fails_the_edit_alone_is_taken_back(self) -> None:
        server, todos = Server(), todos_atom()
        reported: list[BaseException] = []
        async with Store(on_error=reported.append) as store:
            first = store.mutate(todos, add("a"), server.save)
            second = store.mutate(todos, add("b"), server.save)
            store.update(todos, adding("c"))
            await quiet()
            await server.answer(0, OSError("refused"))
            with pytest.raises(OSError, match="refused"):
                await first
            assert (first.status, second.status) == ("error", "running")
            assert store.get(todos)["order"] == ["b", "c"]
            await server.answer(1, None)
            assert await second is None
            assert store.get(todos) == {"order": ["b", "c"], "items": {"b": {"text": "milk"}, "c": {"text": "milk"}}}
            del first
            gc.collect()
        assert reported == []

    async def test_the_post_effect_runs_in_the_place_of_the_update(self) -> None:
        server, todos = Server(), todos_atom()

        def use_server_id(draft: Any, result: dict[str, str]) -> None:
            draft["items"][result["id"]] = draft["items"].pop("tmp")
            draft["order"][draft["order"].index("tmp")] = result["id"]

        async with Store() as store:
            handle = store.mutate(todos, add("tmp"), server.save, use_server_id)
            later = store.mutate(todos, add("b"), server.save)
            await quiet()
            await server.answer(0, {"id": "id-7"})
            assert await handle == {"id": "id-7"}
            assert store.get(todos)["order"] == ["id-7", "b"]
            assert list(store.get(todos)["items"]) == ["id-7", "b"]
            await server.answer(1, OSError("refused"))
            with pytest.raises(OSError, match="refused"):
                await later
            assert store.get(todos) == {"order": ["id-7"], "items": {"id-7": {"text": "milk"}}}

    async def test_a_post_effect_that_raises_confirms_the_edit_as_it_is_and_is_the_sagas_error(self) -> None:
        server, todos = Server(), todos_atom()

        def fail(draft: Any, result: Any) -> None:
            draft["order"].clear()
            raise ValueError("post")

        async with Store() as store:
            store.update(todos, adding("a"))
            handle = store.mutate(todos, add("b"), server.save, fail)
            await quiet()
            await server.answer(0, None)
            with pytest.raises(ValueError, match="post"):
                await handle
            assert (handle.status, store.get(todos)["order"], store.layers(todos).pending) == ("error", ["a", "b"], 0)

    async def test_without_an_update_the_effect_gets_the_current_value(self) -> None:
        server, todos = Server(), todos_atom()
        seen: list[Any] = []
        async with Store() as store:
            before = store.get(todos)
            with store.subscribe(todos, seen.append):
                handle = (
                    store.saga(todos).effect(server.save).post_effect(lambda draft, result: add(result)(draft)).run()
                )
                await quiet()
                assert (server.asked, seen) == ([(before, None)], [])
                await server.answer(0, "a")
                await handle
            assert [value["order"] for value in seen] == [["a"]]

    async def test_without_an_effect_the_edit_is_confirmed_at_once(self) -> None:
        todos = todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("a"))
            assert (handle.status, handle.done(), store.layers(todos).pending) == ("success", True, 0)
            assert await handle is None
            assert (handle.cancel(), store.get(todos)["order"]) == (False, ["a"])

    async def test_an_effect_may_take_only_the_value_or_nothing(self) -> None:
        todos = todos_atom()
        asked: list[Any] = []

        class Hidden:
            """A callable whose signature cannot be read."""

            __signature__ = "none"

            async def __call__(self, *args: Any) -> None:
                asked.append(("hidden", len(args)))

        async def one(next_value: Any, retries: int = 3) -> None:
            asked.append((next_value["order"], retries))

        async def none() -> None:
            asked.append("none")

        async def many(*args: Any) -> None:
            asked.append(len(args))

        async with Store() as store:
            for effect in (one, none, many, Hidden()):
                await store.mutate(todos, add("a"), effect)
        assert asked == [(["a"], 3), "none", 2, ("hidden", 2)]

    async def test_a_builder_can_be_run_again_and_is_not_changed_by_its_steps(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            base = store.saga(todos).update(add("a"))
            with_effect = base.effect(server.save)
            base.run()
            with_effect.run()
            with_effect.run()
            await quiet()
            assert len(server.asked) == 2
            await store.close()

    async def test_an_effect_returns_any_awaitable(self) -> None:
        todos, server = todos_atom(), Server()
        async with Store() as store:
            handle = store.mutate(todos, add("a"), lambda value, context: server.save(value, context))
            await quiet()
            await server.answer(0, 5)
            assert await handle == 5

    async def test_each_operation_tells_subscribers_once(self) -> None:
        server, todos = Server(), todos_atom()
        seen: list[Any] = []
        async with Store() as store:
            with store.subscribe(todos, lambda value: seen.append(value["order"])):
                handle = store.mutate(todos, add("tmp"), server.save, lambda draft, result: draft["order"].append("x"))
                await quiet()
                await server.answer(0, None)
                await handle
        assert seen == [["tmp"], ["tmp", "x"]]

    async def test_after_a_confirmation_by_hand_the_post_effect_still_counts(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("tmp"), server.save, lambda draft, result: draft["order"].append(result))
            await quiet()
            store.layers(todos).commit_all()
            await server.answer(0, "x")
            await handle
            assert store.get(todos)["order"] == ["tmp", "x"]

    async def test_an_edit_rolled_back_by_hand_stays_rolled_back(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("tmp"), server.save, lambda draft, result: draft["order"].append(result))
            await quiet()
            store.layers(todos).rollback_all()
            await server.answer(0, "x")
            assert (await handle, store.get(todos)["order"]) == ("x", [])


@pytest.mark.asyncio
class TestErrors:
    async def test_an_error_that_nobody_awaits_is_reported_once(self) -> None:
        reported: list[BaseException] = []
        server, todos = Server(), todos_atom()
        async with Store(on_error=reported.append) as store:
            store.mutate(todos, add("a"), server.save)
            await quiet()
            await server.answer(0, OSError("refused"))
            gc.collect()
            assert [str(error) for error in reported] == ["refused"]
            assert store.get(todos)["order"] == []
        assert len(reported) == 1

    async def test_without_on_error_it_is_one_log_record(self, caplog: Any) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            with caplog.at_level(logging.ERROR):
                store.mutate(todos, add("a"), server.save)
                await quiet()
                await server.answer(0, OSError("refused"))
                gc.collect()
        assert [record.message for record in caplog.records] == ["unhandled error in todos: OSError('refused')"]

    async def test_a_handle_dropped_after_the_error_reports_it_then(self) -> None:
        reported: list[BaseException] = []
        server, todos = Server(), todos_atom()
        async with Store(on_error=reported.append) as store:
            handle = store.mutate(todos, add("a"), server.save)
            await quiet()
            await server.answer(0, OSError("refused"))
            assert (handle.status, reported) == ("error", [])
            del handle
            gc.collect()
            assert [str(error) for error in reported] == ["refused"]

    async def test_a_waiter_that_gives_up_stops_neither_the_effect_nor_the_report(self) -> None:
        reported: list[BaseException] = []
        server, todos = Server(), todos_atom()
        async with Store(on_error=reported.append) as store:
            handle = store.mutate(todos, add("a"), server.save)

            async def wait(awaited: Any) -> None:
                await awaited

            waiter = asyncio.ensure_future(wait(handle))
            await quiet()
            waiter.cancel()
            await quiet()
            assert (waiter.cancelled(), handle.status, server.cancelled) == (True, "running", 0)
            await server.answer(0, OSError("refused"))
            del handle, waiter
            gc.collect()
            assert [str(error) for error in reported] == ["refused"]

    async def test_several_may_await_one_handle(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("a"), server.save)

            async def wait() -> Any:
                return await handle

            waiters = [asyncio.ensure_future(wait()) for _ in range(3)]
            await quiet()
            await server.answer(0, "saved")
            assert await asyncio.gather(*waiters) == ["saved"] * 3
            assert await handle == "saved"

    async def test_a_sync_effect_says_what_to_do_and_the_edit_is_taken_back(self) -> None:
        todos = todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("a"), lambda value, context: 5)  # type: ignore[arg-type,return-value]
            with pytest.raises(TypeError, match=r"effect of a saga of todos must be async.*to_thread"):
                await handle
            assert store.get(todos)["order"] == []

    async def test_wrong_steps_are_refused_before_anything_is_changed(self) -> None:
        todos = todos_atom()

        async def asynchronous(*args: Any) -> None:
            """Never awaited."""

        async def stream(value: Any, context: Any) -> Any:
            yield 1

        async with Store() as store:
            before = store.get(todos)
            for wrong, message in (
                ((asynchronous,), "update must be a plain function"),
                ((5,), "update must be callable"),
                ((add("a"), 5), "effect must be callable"),
                ((add("a"), stream), "without yield"),
                ((add("a"), asynchronous, asynchronous), "post_effect must be a plain function"),
                ((add("a"), None, add("b")), "post_effect follows an effect"),
            ):
                with pytest.raises(TypeError, match=message):
                    store.mutate(todos, *wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="scope must be a str"):
                store.mutate(todos, add("a"), asynchronous, scope=5)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="must be a draft atom"):
                store.saga(atom(1))  # type: ignore[arg-type]
            assert (store.get(todos) is before, store.layers(todos).pending) == (True, 0)

    async def test_an_update_that_raises_changes_nothing_and_starts_nothing(self) -> None:
        server, todos = Server(), todos_atom()

        def fail(draft: Any) -> None:
            raise KeyError("update")

        async with Store() as store:
            with pytest.raises(KeyError, match="update"):
                store.mutate(todos, fail, server.save)
            await quiet()
            assert (server.asked, store.layers(todos).pending) == ([], 0)

    async def test_errors_of_subscribers_are_reported_and_the_handle_is_returned(self) -> None:
        reported: list[BaseException] = []
        server, todos = Server(), todos_atom()

        def fail(value: Any) -> None:
            raise ValueError("subscriber")

        async with Store(on_error=reported.append) as store:
            with store.subscribe(todos, fail):
                handle = store.mutate(todos, add("a"), server.save, lambda draft, result: add("b")(draft))
                await quiet()
                await server.answer(0, None)
                await handle
            assert [str(error) for error in reported] == ["subscriber"] * 2
            assert store.get(todos)["order"] == ["a", "b"]


def test_without_a_loop_nothing_is_changed() -> None:
    server, todos = Server(), todos_atom()
    with Store() as store:
        before = store.get(todos)
        with pytest.raises(NoEventLoopError, match="running event loop"):
            store.mutate(todos, add("a"), server.save)
        with pytest.raises(NoEventLoopError, match="running event loop"):
            store.set(todos, (add("a"), server.save))
        assert (store.get(todos) is before, store.layers(todos).pending) == (True, 0)
        handle = store.mutate(todos, add("a"))
        assert (handle.status, store.get(todos)["order"]) == ("success", ["a"])
