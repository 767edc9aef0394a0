"""`optimistic(atom)`: an edit with its server call, the number of pending edits, and rolling all of them back."""

import asyncio
from typing import Any

import pytest

from fetch_server import quiet
from halflife import NoEventLoopError, Store, atom, default_store, draft_atom, lens, optimistic

pytestmark = pytest.mark.asyncio


class Server:
    """A server whose answers the test triggers."""

    def __init__(self) -> None:
        self.answers: list[asyncio.Future[Any]] = []

    async def call(self) -> Any:
        answer = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return await answer


async def test_the_edit_is_shown_at_once_and_pending_until_the_server_has_answered() -> None:
    server, todos = Server(), draft_atom(["buy milk"])
    async with Store() as store:
        edits = optimistic(todos, store)
        counts: list[int] = []
        with store.subscribe(edits.pending, counts.append):
            handle = edits.update(lambda draft: draft.append("call Ada"), server.call)
            assert (store.get(todos), store.get(edits.pending)) == (["buy milk", "call Ada"], 1)
            await quiet()
            server.answers[0].set_result(None)
            assert await handle is None
            assert (store.get(todos), store.get(edits.pending)) == (["buy milk", "call Ada"], 0)
        assert counts == [1, 0]


async def test_a_recipe_may_return_the_new_value() -> None:
    server, todos = Server(), draft_atom([{"id": 1, "text": "buy milk"}])
    async with Store() as store:
        edits = optimistic(todos, store)
        handle = edits.update(lambda before: [*before, {"id": "tmp", "text": "call Ada"}], server.call)
        assert [todo["id"] for todo in store.get(todos)] == [1, "tmp"]
        await quiet()
        server.answers[0].set_result([{"id": 1, "text": "buy milk"}, {"id": 2, "text": "call Ada"}])
        assert len(await handle) == 2
        assert [todo["id"] for todo in store.get(todos)] == [1, 2]


async def test_the_servers_whole_value_takes_the_place_of_the_recipe_under_later_edits() -> None:
    server, todos = Server(), draft_atom(["a"])
    async with Store() as store:
        edits = optimistic(todos, store)
        first = edits.update(lambda draft: draft.append("tmp"), server.call)
        second = edits.update(lambda draft: draft.append("later"), server.call)
        await quiet()
        server.answers[0].set_result(["a", "from the server"])
        await first
        assert store.get(todos) == ["a", "from the server", "later"]
        server.answers[1].set_exception(OSError("refused"))
        with pytest.raises(OSError, match="refused"):
            await second
        assert store.get(todos) == ["a", "from the server"]


async def test_only_the_one_that_fails_is_taken_back() -> None:
    server, count = Server(), draft_atom(0)
    async with Store() as store:
        edits = optimistic(count, store)
        handles = [edits.update(lambda value, step=step: value + step, server.call) for step in (1, 10, 100)]
        assert store.get(count) == 111
        await quiet()
        server.answers[1].set_exception(OSError("refused"))
        with pytest.raises(OSError, match="refused"):
            await handles[1]
        assert (store.get(count), store.get(edits.pending)) == (101, 2)
        server.answers[0].set_result(None)
        server.answers[2].set_result(None)
        await handles[0]
        await handles[2]
        assert (store.get(count), store.get(edits.pending)) == (101, 0)


async def test_all_can_be_taken_back() -> None:
    server, count = Server(), draft_atom(0)
    async with Store() as store:
        edits = optimistic(count, store)
        for step in (1, 10):
            edits.update(lambda value, step=step: value + step, server.call)
        edits.rollback_all()
        assert (store.get(count), store.get(edits.pending)) == (0, 0)
        await store.close()
    assert server.answers == []


async def test_on_a_lens_the_servers_value_is_that_of_the_part() -> None:
    server = Server()
    post = draft_atom({"likes": {"count": 7}, "title": "Draft"})
    async with Store() as store:
        edits = optimistic(lens(post, lambda value: value["likes"]), store)
        handle = edits.update(lambda draft: draft.update(count=8), server.call)
        await quiet()
        server.answers[0].set_result({"count": 12})
        await handle
        assert store.get(post) == {"likes": {"count": 12}, "title": "Draft"}


async def test_without_a_store_it_is_the_default_one() -> None:
    count = draft_atom(0)

    async def call() -> None:
        """Succeed."""

    edits = optimistic(count)
    store = default_store()
    await edits.update(lambda value: value + 1, call)
    assert store.get(count) == 1
    await store.close()


async def test_wrong_arguments_are_refused() -> None:
    async with Store() as store:
        with pytest.raises(TypeError, match="optimistic: the atom must be a draft atom"):
            optimistic(atom(1), store)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="store must be a Store"):
            optimistic(draft_atom(1), 5)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="server_call must be callable"):
            optimistic(draft_atom(1), store).update(lambda value: value, 5)  # type: ignore[arg-type]


async def test_the_repr_names_the_atom() -> None:
    assert repr(optimistic(draft_atom(1, name="likes"))) == "<optimistic updates of likes>"


def without_a_loop() -> None:
    async def call() -> None:
        """Never awaited."""

    count = draft_atom(0)
    with Store() as store:
        with pytest.raises(NoEventLoopError):
            optimistic(count, store).update(lambda value: value + 1, call)
        assert store.get(count) == 0


async def test_without_a_loop_nothing_is_changed() -> None:
    await asyncio.to_thread(without_a_loop)
