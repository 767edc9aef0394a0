"""Pickling and copying: a copy that is equal, the object itself, or a clear `TypeError`; never anything else."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import halflife
from halflife import HasError, Loading, Store, derived, draft, produce
from public_objects import definitions, fetch, never, under_way, values

PUBLIC: list[Any] = [getattr(halflife, name) for name in halflife.__all__]
ERRORS = [one for one in PUBLIC if isinstance(one, type) and issubclass(one, BaseException)]
COPIES: dict[str, Callable[[Any], Any]] = {"copy": copy.copy, "deepcopy": copy.deepcopy}
PICKLES: dict[str, Callable[[Any], Any]] = {
    f"pickle {protocol}": lambda one, protocol=protocol: pickle.loads(pickle.dumps(one, protocol))  # noqa: S301
    for protocol in range(6)
}
WAYS = {**COPIES, **PICKLES}


@pytest.mark.parametrize("way", WAYS)
def test_a_definition_is_itself_when_it_is_copied_and_cannot_be_pickled(way: str) -> None:
    for name, one in definitions().items():
        if way in COPIES:
            assert WAYS[way](one) is one, name
        else:
            with pytest.raises(TypeError, match=r"cannot be pickled.*import it"):
                WAYS[way](one)


@pytest.mark.parametrize("way", WAYS)
def test_a_value_has_equal_copies(way: str) -> None:
    for name, one in values().items():
        made = WAYS[way](one)
        assert (type(made), made) == (type(one), one), name
    assert WAYS[way](Loading()) is Loading()
    made = WAYS[way](HasError(KeyError("no"), [1]))
    assert (type(made.error), made.error.args, made.previous) == (KeyError, ("no",), [1])
    for error in ERRORS:
        made = WAYS[way](error("what was wrong"))
        assert (type(made), made.args) == (error, ("what was wrong",))


@pytest.mark.asyncio
@pytest.mark.parametrize("way", [*WAYS, "__reduce_ex__"])
async def test_objects_of_work_under_way_refuse_to_be_copied(way: str) -> None:
    reduce_ex = lambda one: one.__reduce_ex__(4)  # noqa: E731
    async with Store(on_error=print) as store:
        parts = await under_way(store)
        assert len(parts) >= 30
        for name, one in parts.items():
            with pytest.raises(TypeError, match=r"pickle"):
                WAYS.get(way, reduce_ex)(one)
            if name not in {"changes", "iterator"}:
                with pytest.raises(TypeError, match=rf"{type(one).__name__} cannot be pickled or copied"):
                    WAYS.get(way, reduce_ex)(one)
        assert parts["subscription"].active
        assert parts["layer"].status == "pending"


@pytest.mark.asyncio
@pytest.mark.parametrize("way", WAYS)
async def test_an_async_value_belongs_to_its_store(way: str) -> None:
    async with Store() as store:
        user, waiting = store.get(derived(fetch)), store.get(derived(never))
        await user
        for one in (user, waiting):
            if way in COPIES:
                assert WAYS[way](one) is one
            else:
                with pytest.raises(TypeError, match="await get"):
                    WAYS[way](one)


@pytest.mark.parametrize("way", PICKLES)
def test_a_draft_is_taken_out_before_it_is_pickled(way: str) -> None:
    kept: list[Any] = []
    produce({"a": [1], "b": {2}}, lambda value: kept.extend([value, value["a"], value["b"]]))
    opened = draft({"a": [1], "b": {2}})
    for one in (*kept, opened, opened["a"], opened["b"]):
        with pytest.raises(TypeError, match="current"):
            PICKLES[way](one)


def test_a_refused_copy_of_a_handle_reports_nothing(apart) -> None:
    assert (
        apart(
            """
            import asyncio, copy, gc
            from halflife import Store, action, draft_atom
            async def main():
                async with Store() as store:
                    async def save(value): pass
                    todos = draft_atom({})
                    for handle in (store.mutate(todos, None, save), store.set(action(save_of))):
                        await handle
                        for way in (copy.copy, copy.deepcopy):
                            try:
                                way(handle)
                            except TypeError:
                                pass
                        del handle
                        gc.collect()
            async def save_of(get, set): pass
            asyncio.run(main())
            print("ok")
            """
        )
        == "ok\n"
    )
