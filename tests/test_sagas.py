"""Sagas: an edit that is shown now, an effect that tells the server, and what is taken back when it fails."""

import asyncio
import gc
import logging
import weakref
from dataclasses import dataclass
from typing import Any

import pytest

from fetch_server import quiet
from halflife import NoEventLoopError, SagaHandle, Store, StoreClosedError, action, atom, draft_atom, lens, pending_at


class Server:
    """Answers when it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.cancelled = 0
        self.answers: list[asyncio.Future[Any]] = []

    async def save(self, next_value: Any, context: Any) -> Any:
        self.asked.append((next_value, context))
        answer = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def answer(self, number: int, result: Any) -> None:
        if isinstance(result, BaseException):
            self.answers[number].set_exception(result)
        else:
            self.answers[number].set_result(result)
        await quiet()


def todos_atom() -> Any:
    return draft_atom({"order": [], "items": {}}, name="todos")


def add(key: str, text: str = "milk") -> Any:
    def recipe(draft: Any) -> str:
        draft["items"][key] = {"text": text}
        draft["order"].append(key)
        return key

    return recipe


def adding(key: str) -> Any:
    """`add` as a direct update, whose return value would count."""

    def recipe(draft: Any) -> None:
        add(key)(draft)

    return recipe


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

    async def test_a_post_effect_that_raises_takes_the_edit_back_and_is_the_sagas_error(self) -> None:
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
            assert (handle.status, store.get(todos)["order"], store.layers(todos).pending) == ("error", ["a"], 0)

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
            """A function whose parameters cannot be known."""

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

    async def test_confirmed_by_somebody_else_the_post_effect_still_counts(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:
            handle = store.mutate(todos, add("tmp"), server.save, lambda draft, result: draft["order"].append(result))
            await quiet()
            store.layers(todos).commit_all()
            await server.answer(0, "x")
            await handle
            assert store.get(todos)["order"] == ["tmp", "x"]

    async def test_taken_back_by_somebody_else_it_stays_so(self) -> None:
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
        assert [record.message for record in caplog.records] == [
            "an error of todos that nobody handles: OSError('refused')"
        ]

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

            async def wait() -> None:
                await handle

            waiter = asyncio.ensure_future(wait())
            await quiet()
            waiter.cancel()
            await quiet()
            assert (waiter.cancelled(), handle.status, server.cancelled) == (True, "running", 0)
            await server.answer(0, OSError("refused"))
            del handle, waiter, wait
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
            with pytest.raises(TypeError, match="takes a draft atom"):
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

    async def test_what_subscribers_raise_is_reported_and_the_handle_is_given(self) -> None:
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
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass
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

    async def test_others_go_on(self) -> None:
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

    async def test_one_that_is_taken_out_of_the_middle_does_not_break_the_chain(self) -> None:
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


@pytest.mark.asyncio
class TestPlaces:
    async def test_on_a_lens_update_effect_and_post_effect_see_the_part(self) -> None:
        server = Server()
        todos = draft_atom({"items": {"a": {"text": "milk"}, "b": {"text": "Ada"}}})
        first = lens(todos, lambda value: value["items"]["a"])
        async with Store() as store:
            handle = store.mutate(
                first, lambda draft: draft.update(text="bread"), server.save, lambda draft, result: draft.update(result)
            )
            await quiet()
            assert server.asked == [({"text": "bread"}, None)]
            assert store.get(pending_at(first)) is True
            store.update(todos, lambda draft: draft["items"]["b"].update(text="Grace"))
            await server.answer(0, {"text": "BREAD"})
            await handle
            assert store.get(todos) == {"items": {"a": {"text": "BREAD"}, "b": {"text": "Grace"}}}

    async def test_the_tuple_form_works_for_draft_atoms_and_lenses(self) -> None:
        big = draft_atom(
            {
                "big_list": [{"name": "a", "count": 42}, {"name": "j", "count": 89}],
                "another": {"date": None, "number": 1},
            }
        )
        another = lens(big, lambda value: value["another"])
        sent: list[Any] = []

        async def set_name(new_object: Any) -> None:
            sent.append(new_object["name"])
            if new_object["name"] == "bad":
                raise OSError("refused")

        async with Store() as store:
            handle = store.set(another, (lambda draft: draft.update(name="good"), set_name))
            assert isinstance(handle, SagaHandle)
            assert store.get(another)["name"] == "good"
            await handle
            handle = store.set(another, (lambda draft: draft.update(name="bad"), set_name))
            store.update(another, lambda draft: draft.update(number=2))
            with pytest.raises(OSError, match="refused"):
                await handle
            assert store.get(another) == {"date": None, "number": 2, "name": "good"}
            handle = store.set(
                big,
                (
                    lambda draft: draft["big_list"].append({"name": "z"}),
                    lambda value, context: set_name({"name": "z"}),
                    lambda draft, result: draft["big_list"].append("post"),
                ),
            )
            assert len(store.get(big)["big_list"]) == 3
            await handle
            assert store.get(big)["big_list"][2:] == [{"name": "z"}, "post"]
            assert sent == ["good", "bad", "z"]

    async def test_other_tuples_are_values(self) -> None:
        pair = draft_atom((1, 2))
        async with Store() as store:
            for value in ((3, 4), (3, 4, 5), (len, 5), ()):
                assert store.set(pair, value) is None
                assert store.get(pair) is value

    async def test_whether_a_relationship_has_a_direction(self) -> None:
        @dataclass(frozen=True)
        class RelationshipKind:
            id: str
            has_direction: bool

        kinds = {key: draft_atom(RelationshipKind(key, has_direction=False)) for key in ("owns", "knows")}
        updates: list[Any] = []

        async def update_relationship_kind(id: str, patch: dict[str, Any]) -> None:
            updates.append((id, patch))
            if id == "knows":
                raise PermissionError(id)

        def set_has_direction(store: Store, id: str, *, has_direction: bool) -> SagaHandle[None]:
            def update(draft: Any) -> None:
                draft.has_direction = has_direction

            async def effect(next_state: RelationshipKind, context: None) -> None:
                await update_relationship_kind(id, {"has_direction": next_state.has_direction})

            return store.saga(kinds[id]).update(update).effect(effect).run()

        async with Store() as store:
            owns = set_has_direction(store, "owns", has_direction=True)
            knows = set_has_direction(store, "knows", has_direction=True)
            assert store.get(kinds["owns"]).has_direction is store.get(kinds["knows"]).has_direction is True
            await owns
            with pytest.raises(PermissionError):
                await knows
            assert (store.get(kinds["owns"]).has_direction, store.get(kinds["knows"]).has_direction) == (True, False)
            assert updates == [("owns", {"has_direction": True}), ("knows", {"has_direction": True})]


class Sentinel:
    """Something to put in a cycle, and to ask for."""


def collected(build: Any) -> bool:
    sentinel = Sentinel()
    gone = weakref.ref(sentinel)
    kept = asyncio.run(build(sentinel))
    del sentinel
    gc.collect()
    del kept
    gc.collect()
    return gone() is None


class TestGarbage:
    def test_a_handle_and_its_recipes_can_hold_each_other(self) -> None:
        async def build(sentinel: Sentinel) -> Any:
            store, todos = Store(), todos_atom()
            kept: dict[str, Any] = {"sentinel": sentinel, "store": store}

            async def effect(value: Any, context: Any) -> Any:
                return len(kept)

            def post(draft: Any, result: Any) -> None:
                draft["order"].append(len(kept))

            kept["handle"] = store.mutate(todos, lambda draft: draft["order"].append(len(kept)), effect, post)
            await kept["handle"]
            return store

        assert collected(build)

    def test_an_effect_that_failed_can_be_collected(self) -> None:
        async def build(sentinel: Sentinel) -> Any:
            reported: list[Any] = []
            store, todos = Store(on_error=reported.append), todos_atom()

            async def effect(value: Any, context: Any) -> None:
                local = (sentinel, store)
                raise ValueError(local)

            store.mutate(todos, add("a"), effect)
            await store.settled()
            gc.collect()
            assert len(reported) == 1
            reported.clear()
            return store

        assert collected(build)

    def test_a_store_closed_in_the_middle_can_be_collected(self) -> None:
        async def build(sentinel: Sentinel) -> Any:
            store, todos = Store(), todos_atom()

            async def effect(value: Any, context: Any) -> Any:
                await asyncio.Event().wait()
                return sentinel

            handle = store.mutate(todos, add("a"), effect)
            await quiet()
            await store.close()
            return handle

        assert collected(build)

    def test_a_loop_that_ends_before_the_effect_began_leaves_no_warning(self) -> None:
        async def build(sentinel: Sentinel) -> Any:
            store, todos = Store(), todos_atom()

            async def effect(value: Any, context: Any) -> Any:
                return sentinel

            return store.mutate(todos, add("a"), effect)

        assert collected(build)

    def test_the_atom_of_an_ended_saga_is_freed(self) -> None:
        async def main() -> None:
            async with Store() as store:
                todos = todos_atom()

                async def effect(value: Any, context: Any) -> None:
                    """Succeed."""

                await store.mutate(todos, add("a"), effect)
                gone = weakref.ref(todos)
                del todos, effect
                await quiet()
                gc.collect()
                assert gone() is None

        asyncio.run(main())
