"""A layered atom is told when sagas over it start and end.

It may follow other atoms: then a saga keeps the one that it began with.
"""

import asyncio
import functools
import gc
from collections.abc import Callable
from typing import Any

import pytest

from halflife import Store, draft_atom, lens
from halflife._errors import LensError
from halflife._optimistic.draft_atom import DraftAtom


def in_loop(test: Callable[..., Any]) -> Callable[..., None]:
    """A test that runs the async function `test`."""

    @functools.wraps(test)
    def run(**arguments: Any) -> None:
        asyncio.run(test(**arguments))

    return run


def count(draft: Any) -> None:
    draft["n"] += 1


class Told:
    """What the atoms were told, in order, with what the layers were at that time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[Any] = []
        events = self.events

        def edit_begins(atom: Any, store: Any) -> Callable[[], None]:
            events.append("begins")
            layers = store.layers(atom)

            def edit_ends() -> None:
                events.append("ends" if store.closed else ("ends", layers.pending, layers.visible))

            return edit_ends

        monkeypatch.setattr(DraftAtom, "_edit_begins", edit_begins)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


@in_loop
async def test_the_edit_ends_after_its_layer_is_confirmed(told: Told) -> None:
    todos = draft_atom({"n": 0})

    async def effect(value: Any) -> None:
        told.events.append(("effect", value))

    with Store() as store:
        await store.mutate(todos, count, effect)
    assert told.events == ["begins", ("effect", {"n": 1}), ("ends", 0, {"n": 1})]


@in_loop
async def test_the_edit_ends_after_its_layer_is_rolled_back(told: Told) -> None:
    todos = draft_atom({"n": 0})

    async def effect() -> None:
        raise ValueError("refused")

    with Store() as store, pytest.raises(ValueError, match="refused"):
        await store.mutate(todos, count, effect)
    assert told.events == ["begins", ("ends", 0, {"n": 0})]


@pytest.mark.parametrize("steps", [0, 1, 3], ids="after {} ticks".format)
@in_loop
async def test_a_cancelled_saga_ends_its_edit_once(told: Told, steps: int) -> None:
    todos = draft_atom({"n": 0})

    async def effect() -> None:
        await asyncio.Event().wait()

    with Store() as store:
        handle = store.mutate(todos, count, effect)
        for _ in range(steps):
            await asyncio.sleep(0)
        handle.cancel()
        await store.settled()
        assert handle.status == "cancelled"
        del handle
        gc.collect()
    assert told.events == ["begins", ("ends", 0, {"n": 0})]


@in_loop
async def test_closing_the_store_ends_the_edit_of_a_running_saga(told: Told) -> None:
    todos = draft_atom({"n": 0})

    async def effect() -> None:
        await asyncio.Event().wait()

    store = Store()
    handle = store.mutate(todos, count, effect)
    await asyncio.sleep(0)
    await store.aclose()
    assert handle.status == "cancelled"
    assert told.events == ["begins", "ends"]


@pytest.mark.parametrize("steps", [0, 2], ids="after {} ticks".format)
@pytest.mark.parametrize("ends_by", ["another loop", "close"])
def test_a_saga_whose_loop_was_closed_ends_its_edit(told: Told, ends_by: str, steps: int) -> None:
    todos = draft_atom({"n": 0})
    store = Store()

    async def effect() -> None:
        await asyncio.Event().wait()

    async def start() -> Any:
        handle = store.mutate(todos, count, effect)
        for _ in range(steps):
            await asyncio.sleep(0)
        return handle

    loop = asyncio.new_event_loop()
    handle = loop.run_until_complete(start())
    loop.close()
    if ends_by == "close":
        store.close()
        assert told.events == ["begins", "ends"]
        return

    async def go_on() -> None:
        await store.settled()
        await asyncio.sleep(0)

    asyncio.run(go_on())
    assert (handle.status, store.get(todos)) == ("cancelled", {"n": 0})
    assert told.events == ["begins", ("ends", 0, {"n": 0})]
    store.close()


@in_loop
async def test_a_saga_without_an_effect_tells_nothing(told: Told) -> None:
    todos = draft_atom({"n": 0})
    with Store() as store:
        store.mutate(todos, count)
    assert told.events == []


@in_loop
async def test_a_saga_that_removes_its_own_part_begins_no_edit(told: Told) -> None:
    root = draft_atom({"part": {"n": 0}})
    part = lens(root, lambda value: value["part" if value["part"]["n"] == 0 else "gone"])

    async def effect() -> None:
        told.events.append("effect")

    with Store() as store:
        with pytest.raises(LensError):
            store.mutate(part, count, effect)
        assert (store.layers(root).pending, store.get(root)) == (0, {"part": {"n": 0}})
    assert told.events == []


@in_loop
async def test_a_saga_whose_task_cannot_be_made_ends_its_edit(told: Told) -> None:
    todos = draft_atom({"n": 0})

    def fail(*_: Any) -> None:
        raise MemoryError

    async def effect() -> None:
        told.events.append("effect")

    with Store() as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(store._driver), "start_task", fail)
        with pytest.raises(MemoryError):
            store.mutate(todos, count, effect)
    assert told.events == ["begins", ("ends", 0, {"n": 0})]


@in_loop
async def test_a_saga_over_a_lens_tells_the_root(told: Told) -> None:
    root = draft_atom({"part": {"n": 0}})

    async def effect() -> None:
        told.events.append("effect")

    with Store() as store:
        await store.mutate(lens(root, lambda value: value["part"]), count, effect)
    assert told.events == ["begins", "effect", ("ends", 0, {"part": {"n": 1}})]


# --- an atom that follows another


@pytest.mark.parametrize("through_lens", [False, True], ids=["atom", "lens"])
@pytest.mark.parametrize("succeeds", [True, False], ids=["confirmed", "refused"])
@in_loop
async def test_a_saga_keeps_the_atom_that_it_began_with(
    monkeypatch: pytest.MonkeyPatch, through_lens: bool, succeeds: bool
) -> None:
    first, second = draft_atom({"part": {"n": 0}}), draft_atom({"part": {"n": 10}})
    follower = draft_atom({"part": {"n": 100}})
    now = [first]
    told: list[Any] = []

    def edit_begins(atom: Any, _: Any) -> Callable[[], None]:
        told.append(("begins", atom))
        return lambda: told.append(("ends", atom))

    monkeypatch.setattr(DraftAtom, "_resolved", lambda atom, _: now[0] if atom is follower else atom)
    monkeypatch.setattr(DraftAtom, "_edit_begins", edit_begins)
    edited: Any = lens(follower, lambda value: value["part"]) if through_lens else follower
    update: Any = count if through_lens else lambda draft: count(draft["part"])
    seen: list[Any] = []

    async def effect(value: Any) -> None:
        seen.append(value)
        if not succeeds:
            raise ValueError("refused")

    with Store() as store:
        handle = store.saga(edited, scope="s").update(update).effect(effect).run()
        layers = store.layers(edited)
        now[0] = second
        assert layers.visible == ({"n": 1} if through_lens else {"part": {"n": 1}})
        assert store.get(first) == {"part": {"n": 1}}
        try:
            await handle
        except ValueError:
            assert not succeeds
        assert seen == [layers.visible if succeeds else ({"n": 1} if through_lens else {"part": {"n": 1}})]
        assert [store.get(atom)["part"]["n"] for atom in (first, second, follower)] == [int(succeeds), 10, 100]
        store.layers(edited).update(update)
        assert [store.get(atom)["part"]["n"] for atom in (first, second, follower)] == [int(succeeds), 11, 100]
    assert told == [("begins", first), ("ends", first)]
