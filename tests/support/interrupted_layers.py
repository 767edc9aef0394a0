"""Operations on layers to interrupt, and the state of a log to compare before and after."""

from collections.abc import Callable
from typing import Any

import pytest

from halflife import Layers, Store, draft_atom

REPLAYS = pytest.mark.parametrize("replay", ["selective", "always"])


def count(draft: Any) -> None:
    draft["n"] = draft["n"] + 1


def copy(draft: Any) -> None:
    draft["copies"] = [*draft["copies"], draft["n"]]


OPERATIONS: dict[str, Callable[[Any, list[Any]], object]] = {
    "apply": lambda layers, made: layers.apply(count),
    "rollback": lambda layers, made: made[0].rollback(),
    "commit": lambda layers, made: made[0].commit(),
    "commit server": lambda layers, made: made[0].commit(lambda draft: draft.update(n=7)),
    "commit then": lambda layers, made: made[1].commit(then=count),
    "update": lambda layers, made: layers.update(copy),
    "set": lambda layers, made: layers.set({"n": 5, "copies": []}),
    "set_base": lambda layers, made: layers.set_base({"n": 3, "copies": []}),
    "edit_base": lambda layers, made: layers.edit_base(count),
    "rollback_all": lambda layers, made: layers.rollback_all(),
    "commit_all": lambda layers, made: layers.commit_all(),
}


def state_of(layers: Any, made: list[Any]) -> Any:
    return layers.visible, layers.base, layers.pending, [layer.status for layer in made]


def start(replay: Any, *, own: bool) -> tuple[Any, list[Any], Any]:
    base = {"n": 0, "copies": []}
    store = Store()
    atom = draft_atom(base, replay=replay)
    layers = Layers(base, replay=replay) if own else store.layers(atom)
    made = [layers.apply(count), layers.apply(copy), layers.apply(count), layers.apply(copy)]
    made[2].commit()
    return layers, made, (store, atom)
