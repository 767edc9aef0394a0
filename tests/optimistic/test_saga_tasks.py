"""Running sagas: cancelling them, closing their store, batches around them, and serial scopes."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from fetch_server import quiet
from halflife import SagaHandle, Store, StoreClosedError, action
from saga_server import Server, add, todos_atom


@pytest.mark.asyncio
class TestCancelling:
    async def test_the_effect_is_cancelled_and_the_edit_taken_back_at_once(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            for cancel in (SagaHandle.cancel, SagaHandle.rollback):
                handle = store.mutate(todos, add("a"), server.save)
                await quiet()
                assert cancel(handle) is True
                assert (handle.status, store.get(todos)["order"], cancel(handle)) == ("cancelled", [], False)
                with pytest.raises(asyncio.CancelledError):
                    await handle
            assert (server.cancelled, store.layers(todos).pending) == (2, 0)

    async def test_before_the_effect_began_it_never_begins(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("a"), server.save)
            handle.cancel()
            await quiet()
            assert (server.asked, handle.status, handle.done()) == ([], "cancelled", True)

    async def test_an_effect_that_does_not_mind_being_cancelled_is_not_heard(self) -> None:
        todos = todos_atom()
        started = asyncio.Event()

        async def stubborn(value: Any, context: Any) -> str:
            started.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return "saved anyway"

        async with Store() as store:
            handle = store.mutate(todos, add("a"), stubborn, lambda draft, result: draft["order"].append(result))
            await started.wait()
            handle.cancel()
            with pytest.raises(asyncio.CancelledError):
                await handle
            assert (handle.status, store.get(todos)["order"]) == ("cancelled", [])

    async def test_after_the_end_there_is_nothing_to_cancel(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("a"), server.save)
            await quiet()
            await server.answer(0, 1)
            assert (handle.cancel(), handle.status, store.get(todos)["order"]) == (False, "success", ["a"])

    async def test_other_sagas_go_on(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            first = store.mutate(todos, add("a"), server.save)
            second = store.mutate(todos, add("b"), server.save)
            await quiet()
            first.cancel()
            assert store.get(todos)["order"] == ["b"]
            await server.answer(1, "saved")
            assert await second == "saved"


@pytest.mark.asyncio
class TestStore:
    async def test_closing_the_store_cancels_what_is_under_way(self) -> None:
        server, todos = Server(), todos_atom()
        reported: list[BaseException] = []
        store = Store(on_error=reported.append)
        handle = store.mutate(todos, add("a"), server.save)
        unstarted = store.mutate(todos, add("b"), server.save)
        await quiet()
        later = store.mutate(todos, add("c"), server.save)
        await store.close()
        assert [one.status for one in (handle, unstarted, later)] == ["cancelled"] * 3
        assert (server.cancelled, len(server.asked), reported) == (2, 2, [])
        with pytest.raises(StoreClosedError):
            store.mutate(todos, add("d"), server.save)

    async def test_settled_waits_for_effects(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            store.mutate(todos, add("a"), server.save)
            settled = asyncio.ensure_future(store.settled())
            await quiet()
            assert not settled.done()
            await server.answer(0, None)
            await settled
            assert store.layers(todos).pending == 0

    async def test_effects_begin_when_the_outermost_batch_is_committed(self) -> None:
        server, todos = Server(), todos_atom()
        seen: list[Any] = []
        async with Store() as store:
            with store.subscribe(todos, lambda value: seen.append(value["order"])), store.batch():
                with store.batch():
                    store.mutate(todos, add("a"), server.save)
                    store.mutate(todos, add("b"), server.save)
                assert server.asked == []
            assert seen == [["a", "b"]]
            await quiet()
            assert [asked[0]["order"] for asked in server.asked] == [["a"], ["a", "b"]]
            await store.close()

    async def test_effects_of_a_batch_that_failed_never_begin(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            with pytest.raises(KeyError), store.batch():
                handle = store.mutate(todos, add("a"), server.save)
                raise KeyError
            assert store.get(todos)["order"] == []
            with pytest.raises(asyncio.CancelledError):
                await handle
            assert (server.asked, handle.status, store.layers(todos).pending) == ([], "cancelled", 0)

    async def test_effects_of_an_action_that_failed_never_begin(self) -> None:
        server, todos = Server(), todos_atom()
        handles: list[Any] = []

        @action
        def fail(get: Any, set: Any) -> None:
            handles.append(set.store.mutate(todos, add("a"), server.save))
            raise KeyError

        async with Store() as store:
            with pytest.raises(KeyError):
                store.set(fail)
            await quiet()
            assert (server.asked, handles[0].status, store.get(todos)["order"]) == ([], "cancelled", [])


@pytest.mark.asyncio
class TestScopes:
    async def test_effects_of_one_scope_run_one_after_another_in_order(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handles = [store.mutate(todos, add(key), server.save, scope="todo-7") for key in "abc"]
            other = store.mutate(todos, add("x"), server.save, scope="todo-8")
            assert store.get(todos)["order"] == ["a", "b", "c", "x"]
            await quiet()
            assert [context for _, context in server.asked] == ["a", "x"]
            await server.answer(1, None)
            await other
            await server.answer(0, OSError("refused"))
            assert [context for _, context in server.asked] == ["a", "x", "b"]
            handles[2].cancel()
            last = store.saga(todos, scope="todo-7").update(add("d")).effect(server.save).run()
            await quiet()
            assert len(server.asked) == 3
            await server.answer(2, None)
            assert [context for _, context in server.asked] == ["a", "x", "b", "d"]
            await server.answer(3, None)
            await last
            assert [handle.status for handle in handles] == ["error", "success", "cancelled"]
            with pytest.raises(OSError, match="refused"):
                await handles[0]
            assert store.get(todos)["order"] == ["b", "x", "d"]

    async def test_a_saga_cancelled_in_the_middle_does_not_break_the_chain(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handles = [store.mutate(todos, add(key), server.save, scope="one") for key in "abc"]
            await quiet()
            handles[1].cancel()
            await quiet()
            assert [context for _, context in server.asked] == ["a"]
            await server.answer(0, None)
            assert [context for _, context in server.asked] == ["a", "c"]
            await server.answer(1, None)
            await handles[2]
            assert store.get(todos)["order"] == ["a", "c"]
