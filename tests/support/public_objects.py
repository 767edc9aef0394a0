"""One object of each public kind: definitions, values, and work under way."""

import asyncio
from typing import Any

from halflife import (
    RESET,
    AbortSignal,
    HasData,
    Layers,
    Loading,
    OptimisticUpdater,
    Store,
    action,
    atom,
    derived,
    draft,
    draft_atom,
    editable,
    effect,
    family,
    lens,
    loadable,
    optimistic,
    produce_with_patches,
    resource,
    select,
    split,
    unwrap,
)


def definitions() -> dict[str, Any]:
    """Objects with an identity: copying returns the object itself, pickling is refused."""
    todos = draft_atom({"a": [1]})
    numbers = split(atom([1, 2]))
    user = derived(fetch)
    with Store() as store:
        item = store.get(numbers)[0]
    return {
        "source atom": atom(1),
        "derived atom": derived(lambda get: 1),
        "async atom": user,
        "action": action(lambda get, set: None),
        "effect": effect(lambda get, set: None),
        "loadable atom": loadable(user),
        "unwrap": unwrap(user),
        "select": select(user, len),
        "draft atom": todos,
        "lens": lens(todos, lambda value: value["a"]),
        "split": numbers,
        "item": item,
        "editable": editable(user),
        "resource": resource(atom(1), lambda value: value),
        "family": family(atom),
    }


def values() -> dict[str, Any]:
    """Objects whose copies are equal and of the same type."""
    patches = produce_with_patches({"a": [1]}, lambda value: value["a"].append(2))[1]
    return {
        "loading": Loading(),
        "loading with previous": Loading([1]),
        "data": HasData({"a": [1]}),
        "refreshing data": HasData(None, refreshing=True),
        "patch": patches[0],
        "patches": patches,
        "RESET": RESET,
    }


async def fetch(get: Any) -> dict[str, int]:
    return {"id": 1}


async def never(*_: Any) -> None:
    await asyncio.Event().wait()


def views(value: Any) -> dict[str, Any]:
    return {"keys": value.keys(), "values": value.values(), "items": value.items(), "iterator": iter(value)}


async def under_way(store: Store) -> dict[str, Any]:
    """Objects of work under way, which refuse to be copied or pickled."""
    kept: dict[str, Any] = {}
    todos = draft_atom({"a": [1]})

    @derived
    async def user(get, signal):
        kept.update({"getter of a run": get, "signal": signal})
        return 1

    async def info_kept(value, info):
        kept["info"] = info
        return value

    @action
    async def rename(get, set):
        kept.update({"getter of an action": get, "setter of an action": set})

    renaming = store.set(rename)
    await renaming
    await store.value(user)
    await store.value(resource(atom(1), info_kept))
    hooked = atom(1, on_mount=lambda set: kept.update({"setter of a hook": set}))
    seen = effect(lambda get, set: kept.update({"getter of an effect": get, "setter of an effect": set}))
    store.get(derived(lambda get: kept.update(getter=get)))
    layers, own, updater = store.layers(todos), Layers({"a": 1}), OptimisticUpdater({"a": 1})
    return {
        **kept,
        "store": store,
        "subscription": store.subscribe(hooked, print),
        "observed effect": store.observe(seen),
        **kept,
        "batch": store.batch(),
        "awaited": store.get(user).__await__(),
        "changes": store.changes(user),
        "layers": layers,
        "layer": layers.apply(lambda value: value["a"].append(2)),
        "layers outside of stores": own,
        "layer outside of stores": own.apply(lambda value: value.update(a=2)),
        "optimistic": optimistic(todos, store),
        "updater": updater,
        "handle of an updater": updater.apply(lambda value: value.update(a=2)),
        "saga": store.saga(todos).update(lambda value: None),
        "handle of a saga": store.mutate(todos, None, never),
        "handle of an action": renaming,
        "call": store.call(len, ()),
        "closing": Store().close(),
        "new signal": AbortSignal(),
        **views(draft({"a": 1})),
    }
