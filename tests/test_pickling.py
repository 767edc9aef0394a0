"""Pickling and copying: a clear error, or a copy; never the end of the process."""

import copy
import pickle
from typing import Any

import pytest

from halflife import Store, action, atom, derived, effect

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {protocol}": lambda one, protocol=protocol: pickle.dumps(one, protocol) for protocol in range(6)},
    "reduce": lambda one: one.__reduce__(),
}


@pytest.mark.parametrize("way", COPIES)
def test_a_store_and_its_subscriptions_say_that_they_cannot_be_copied(way: str) -> None:
    with Store() as store:
        subscription = store.subscribe(atom(1), print)
        observed = store.observe(effect(lambda get, set: None))
        for one in (store, subscription, observed):
            with pytest.raises(TypeError, match=f"{type(one).__name__}.*cannot be pickled"):
                COPIES[way](one)
        assert subscription.active


def objects_of(store: Store) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    store.set(action(lambda get, set: kept.update(get=get, set=set)))
    store.get(derived(lambda get: kept.update(reader=get)))
    kept["hook"] = None
    store.subscribe(atom(1, on_mount=lambda set: kept.update(hook=set)), print)
    return {**kept, "atom": atom(1), "derived": derived(lambda get: 1), "batch": store.batch(), "graph": store.graph()}


@pytest.mark.parametrize("way", COPIES)
def test_nothing_else_ends_the_process(apart, way: str) -> None:
    apart(
        f"""
        import sys
        sys.path.insert(0, "tests")
        from test_pickling import COPIES, objects_of
        with Store() as store:
            for one in objects_of(store).values():
                try:
                    COPIES[{way!r}](one)
                except Exception:
                    pass
        """
    )
