"""*Map edits*: edits of dicts in the oracles' recipes; rows of the table in `layer_recipes`."""

from typing import Any

from layer_recipes import KNOTS, MissingError, Step, kind, row


@row("map")
def set_key(root: Any, it: Any, step: Step) -> Any:
    it[step.key] = step.make(step.value)


@row("map")
def set_two_keys(root: Any, it: Any, step: Step) -> Any:
    it[step.key] = step.make(step.value)
    it[step.key2] = step.make(step.value2)


@row("map")
def delete_key(root: Any, it: Any, step: Step) -> Any:
    del it[step.key]


@row("map")
def pop_key(root: Any, it: Any, step: Step) -> Any:
    return it.pop(step.key)


@row("map")
def pop_key_if_there(root: Any, it: Any, step: Step) -> Any:
    return it.pop(step.key, "none")


@row("map")
def pop_the_last(root: Any, it: Any, step: Step) -> Any:
    return it.popitem()[1]


@row("map")
def set_default(root: Any, it: Any, step: Step) -> Any:
    return it.setdefault(step.key, step.make(step.value))


@row("map")
def set_default_and_edit(root: Any, it: Any, step: Step) -> Any:
    found = it.setdefault(step.key, step.make({"n": 0}))
    found["n"] = step.i


@row("map")
def update_map(root: Any, it: Any, step: Step) -> Any:
    it.update({step.key: step.make(step.value), step.key2: step.make(step.value2)})


@row("map")
def clear_map(root: Any, it: Any, step: Step) -> Any:
    it.clear()


@row("map")
def refill(root: Any, it: Any, step: Step) -> Any:
    it.clear()
    it.update({step.key: step.make(step.value), "n": step.i})


@row("map")
def rename_key(root: Any, it: Any, step: Step) -> Any:
    it[step.key2] = it.pop(step.key)


@row("map")
def delete_and_add_again(root: Any, it: Any, step: Step) -> Any:
    it[step.key] = it.pop(step.key)


@row("map")
def delete_and_add_anew(root: Any, it: Any, step: Step) -> Any:
    it.pop(step.key, None)
    it[step.key] = step.make(step.value)


@row("map")
def count_up(root: Any, it: Any, step: Step) -> Any:
    it["n"] += 1
    return it["n"]


@row("map")
def count_from_nothing(root: Any, it: Any, step: Step) -> Any:
    it["m"] = it.get("m", 0) + step.j


@row("map")
def set_and_revert(root: Any, it: Any, step: Step) -> Any:
    before = it[step.key]
    it[step.key] = step.make(step.value)
    it[step.key] = before


@row("map")
def edit_put_in(root: Any, it: Any, step: Step) -> Any:
    it[step.key] = step.make({"n": 0, "in": {"n": 1}})
    it[step.key]["in"]["n"] += step.j


@row("map")
def if_key(root: Any, it: Any, step: Step) -> Any:
    if step.key in it:
        it[step.key2] = step.make(step.value)
    else:
        it[step.key] = step.make(step.value2)


@row("map")
def must_have_key(root: Any, it: Any, step: Step) -> Any:
    it["m"] = step.i
    if step.key not in it:
        raise MissingError(step.key)
    it[step.key2] = step.make(step.value)


@row("map")
def must_not_have_key(root: Any, it: Any, step: Step) -> Any:
    if step.key in it:
        raise MissingError(step.key)
    it[step.key] = step.make(step.value)


@row("map")
def set_each_value(root: Any, it: Any, step: Step) -> Any:
    for key in list(it):
        if kind(it[key]) == "leaf":
            it[key] = step.make(step.value)


@row("map")
def edit_each_value(root: Any, it: Any, step: Step) -> Any:
    for value in it.values():
        if kind(value) == "map":
            value["n"] = step.i


@row("map")
def drop_the_leaves(root: Any, it: Any, step: Step) -> Any:
    for key, value in list(it.items()):
        if kind(value) == "leaf":
            del it[key]


@row("map")
def note_the_keys(root: Any, it: Any, step: Step) -> Any:
    it["m"] = ",".join(map(str, it))


@row("map", KNOTS)
def same_at_two_keys(root: Any, it: Any, step: Step) -> Any:
    it[step.key2] = it[step.key]
    if kind(it[step.key]) == "map":
        it[step.key2]["n"] = step.i
