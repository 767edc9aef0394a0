"""*Operations* on a log of layers, as plain data, and how random ones are drawn; see `layer_machine`."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from halflife._support.absent import ABSENT
from layer_oracle import OPEN
from layer_recipes import Choose, Whole, draw_recipe, draw_update, draw_value
from layer_values import plain_copy

if TYPE_CHECKING:
    from layer_machine import Subject

#: The name and the arguments.
Operation = tuple[Any, ...]

OPERATIONS = [
    *["apply"] * 24,
    *["update"] * 3,
    *["replace", "apply update", "apply replace"],
    *["rollback"] * 8,
    *["commit"] * 5,
    *["commit server", "commit then", "commit then", "commit both", "commit whole"],
    *["set_base", "set_base", "set_base as it came", "set_base absent", "edit_base", "edit_base"],
    *["save", "save", "restore", "restore", "rollback_all", "commit_all"],
]


def draw_operation(choose: Choose, shape: str, model: "Subject", name: str) -> Operation:
    """An operation that, most of the time, applies to the present state."""
    log = model.log
    present = model.present if log.base is ABSENT else log.base
    layer = partial(draw_layer, choose, model)
    value = partial(draw_value, choose, shape)
    # While the base is absent, recipes are drawn that would work on the value before.
    edit = partial(draw_working, choose, shape, model.present, draw_recipe)
    update = partial(draw_working, choose, shape, model.present, draw_update)
    draw: dict[str, Callable[[], Operation]] = {
        "apply": lambda: ("apply", edit()),
        "apply update": lambda: ("apply", update(), True),
        "apply replace": lambda: ("replace", value(), True),
        "update": lambda: ("update", update()),
        "replace": lambda: ("replace", value()),
        "rollback": lambda: ("rollback", layer()),
        "commit": lambda: ("commit", layer(), None, None),
        "commit server": lambda: ("commit", layer(), edit(), None),
        "commit then": lambda: ("commit", layer(), None, edit()),
        "commit both": lambda: ("commit", layer(), edit(), edit()),
        "commit whole": lambda: ("commit", layer(), Whole(value(), None), None, True),
        "set_base": lambda: ("set_base", value()),
        "set_base as it came": lambda: ("set_base", plain_copy(log.base) if choose([True, False]) else value(), False),
        "set_base absent": lambda: ("set_base", ABSENT),
        "edit_base": lambda: ("edit_base", draw_working(choose, shape, present, draw_update)),
    }
    return draw[name]() if name in draw else (name,)


def draw_working(choose: Choose, shape: str, value: Any, draw: Callable[[Choose, str], Any]) -> Any:
    """A recipe that succeeds on the value, if four attempts find one. It can still fail later, without older layers."""
    for _ in range(4):
        recipe = draw(choose, shape)
        with contextlib.suppress(Exception):
            recipe(plain_copy(value))
            break
    return recipe


def draw_layer(choose: Choose, model: "Subject") -> int:
    """The number of a layer, counted from the last: mostly an open one, preferably in conflict."""
    statuses = [layer.status for layer in reversed(model.layers)]
    places = [place for place, status in enumerate(statuses) if status in OPEN]
    conflicted = [place for place in places if statuses[place] == "conflicted"]
    if conflicted and choose([True, False]):
        return choose(conflicted)
    return choose(places if places and choose([True] * 8 + [False]) else range(9))
