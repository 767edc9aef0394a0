"""Targets of sagas: a lens, an atom of a family, an atom set to a tuple; and that ended sagas leave no memory."""

import asyncio
import gc
import weakref
from dataclasses import dataclass
from typing import Any

import pytest

from fetch_server import quiet
from halflife import LensError, SagaHandle, Store, draft_atom, lens, pending_at
from saga_server import Server, add, adding, todos_atom


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

    async def test_an_update_after_which_the_lens_finds_nothing_is_taken_back(self) -> None:
        server = Server()
        rows = draft_atom([{"id": 1}, {"id": 2}])
        second = lens(rows, lambda value: next(row for row in value if row["id"] == 2))
        async with Store() as store:
            before = store.get(rows)
            with pytest.raises(LensError):
                store.mutate(second, lambda draft: draft.update(id=3), server.save)
            await quiet()
            assert (server.asked, store.layers(rows).pending) == ([], 0)
            assert store.get(rows) == before

    async def test_the_effect_gets_what_its_own_update_showed(self) -> None:
        server, todos = Server(), todos_atom()
        async with Store() as store:

            def add_more(value: Any) -> None:
                if value["order"] == ["a"]:
                    store.update(todos, adding("b"))

            with store.subscribe(todos, add_more):
                store.mutate(todos, add("a"), server.save)
            await quiet()
            assert [value["order"] for value, _ in server.asked] == [["a"]]
            assert store.get(todos)["order"] == ["a", "b"]
            await store.close()

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
    """A member of a reference cycle, watched by a weak reference."""


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
