"""Arguments of writers, effects, hooks, sagas and recipes, kept after the call: each still works or says why not."""

import asyncio
from typing import Any

import pytest

from halflife import RevokedDraftError, Store, StoreClosedError, action, atom, derived, draft_atom, effect
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


# --- writers and effects: their `get` and `set` belong to the store


@pytest.mark.asyncio
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("kind", ["action", "setter"])
async def test_get_and_set_of_a_writer_work_until_the_store_is_closed(kind: str, is_async: bool, fails: bool) -> None:
    kept: list[Any] = []
    other = atom(5)

    def plain_write(get: Any, set: Any) -> None:
        kept[:] = [get, set]
        if fails:
            raise KeyError("no")

    async def async_write(get: Any, set: Any) -> None:
        await asyncio.sleep(0)
        plain_write(get, set)

    write = async_write if is_async else plain_write
    one = action(write) if kind == "action" else derived(lambda get: get(other), write)
    async with Store() as store:
        try:
            handle = store.set(one)
            if handle is not None:
                await handle
        except KeyError:
            assert fails
        get, set = kept
        seen: list[Any] = []
        store.subscribe(other, seen.append)
        set(other, 6)
        assert (get(other), seen) == (6, [6])
        assert store.get(one) == 6 if kind == "setter" else True
    for use in (lambda: get(other), lambda: set(other, 7)):
        with pytest.raises(StoreClosedError):
            use()


def test_get_of_an_effect_says_that_the_effect_has_ended_and_set_goes_on() -> None:
    kept: list[Any] = []
    number, other, runs = atom(1), atom(5), []

    @effect
    def watch(get, set):
        kept[:] = [get, set]
        runs.append(get(number))

    with Store() as store:
        subscription = store.observe(watch)
        get, set = kept
        assert get(other) == 5
        subscription.unsubscribe()
        with pytest.raises(RuntimeError, match=r"effect watch .* ended") as caught:
            get(other)
        assert not isinstance(caught.value, StoreClosedError)
        set(other, 6)
        assert store.get(other) == 6
        assert runs == [1]
    for use in (lambda: get(other), lambda: set(other, 7)):
        with pytest.raises(StoreClosedError):
            use()


def test_set_of_on_mount_sets_its_atom_until_the_store_is_closed() -> None:
    kept: list[Any] = []
    mounted = atom(0, on_mount=kept.append)
    with Store() as store:
        store.subscribe(mounted, ignore)()
        kept[0](1)
        assert store.get(mounted) == 1
    with pytest.raises(StoreClosedError):
        kept[0](2)


# --- sagas and recipes


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["well", "error", "cancelled", "rolled back"])
async def test_the_draft_of_each_recipe_of_a_saga_is_over_and_values_are_kept(end: str) -> None:
    drafts: list[Any] = []
    shown: list[Any] = []
    edited = draft_atom({"a": {"b": 1}}, name="edited")
    gate = asyncio.Event()

    def update(draft: Any) -> Any:
        drafts.append(draft)
        drafts.append(draft["a"])
        draft["a"]["b"] = 2

    async def save(value: Any, context: Any) -> None:
        shown.append(value)
        await gate.wait()
        if end == "error":
            raise KeyError

    def follow(draft: Any, result: Any) -> None:
        drafts.append(draft)

    async with Store(on_error=lambda error: None) as store:
        handle = store.mutate(edited, update, save, follow)
        await quiet()
        if end == "cancelled":
            handle.cancel()
        elif end == "rolled back":
            handle.layer.rollback()
        gate.set()
        await quiet()
        for draft in drafts:
            with pytest.raises(RevokedDraftError):
                draft["a"]
            with pytest.raises(RevokedDraftError):
                draft.update(a=1)
            with pytest.raises(RevokedDraftError):
                len(draft)
        assert shown == [{"a": {"b": 2}}]
        assert store.get(edited) == {"a": {"b": 2 if end == "well" else 1}}
        assert len(drafts) >= (3 if end == "well" else 2)
