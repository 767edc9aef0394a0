"""*Other edits* of the oracles' recipes: edits of sets, of records, and of two positions at once."""

from typing import Any

from layer_recipes import KNOTS, MOVES, MissingError, Step, find, kind, row, text

# --- sets


@row("set")
def add(root: Any, it: Any, step: Step) -> Any:
    it.add(step.j)


@row("set")
def discard(root: Any, it: Any, step: Step) -> Any:
    it.discard(step.j)


@row("set")
def remove(root: Any, it: Any, step: Step) -> Any:
    it.remove(step.j)


@row("set")
def unite(root: Any, it: Any, step: Step) -> Any:
    it |= {step.i, step.key}


@row("set")
def subtract(root: Any, it: Any, step: Step) -> Any:
    it -= {step.j, "x"}


@row("set")
def toggle(root: Any, it: Any, step: Step) -> Any:
    if step.j in it:
        it.discard(step.j)
    else:
        it.add(step.j)


@row("set")
def add_size(root: Any, it: Any, step: Step) -> Any:
    it.add(len(it))


@row("set")
def clear_set(root: Any, it: Any, step: Step) -> Any:
    it.clear()


# --- records


@row("record")
def set_name(root: Any, it: Any, step: Step) -> Any:
    it.name = step.make(step.value)


@row("record")
def set_part(root: Any, it: Any, step: Step) -> Any:
    it.part = step.make(step.value)


@row("record")
def edit_part(root: Any, it: Any, step: Step) -> Any:
    it.part["n"] = step.i


@row("record")
def name_by_size(root: Any, it: Any, step: Step) -> Any:
    it.name = len(it.parts)


@row("record")
def lengthen_name(root: Any, it: Any, step: Step) -> Any:
    it.name = f"{text(it.name)}!"
    return it.name


@row("record")
def set_name_and_revert(root: Any, it: Any, step: Step) -> Any:
    before = it.name
    it.name = "?"
    it.name = before


# --- any container, and two positions at once


def put(it: Any, step: Step, value: Any) -> None:
    """Put a value into a container, in the way of its kind."""
    match kind(it):
        case "map":
            it[step.key] = value
        case "list":
            it.insert(step.i, value)
        case "record":
            it.part = value
        case _:
            raise MissingError(step.path)


@row("any")
def raise_after_an_edit(root: Any, it: Any, step: Step) -> Any:
    put(it, step, step.j)
    raise MissingError(step.path)


@row("any")
def note_the_size(root: Any, it: Any, step: Step) -> Any:
    put(it, step, len(find(root, step.other)))


@row("any")
def note_the_text(root: Any, it: Any, step: Step) -> Any:
    put(it, step, text(find(root, step.other)))


@row("any")
def note_equality(root: Any, it: Any, step: Step) -> Any:
    put(it, step, find(root, step.other) == step.value)


@row("any")
def note_whether_there(root: Any, it: Any, step: Step) -> Any:
    put(it, step, step.key2 in find(root, step.other))


@row("any")
def copy_a_leaf(root: Any, it: Any, step: Step) -> Any:
    value = find(root, step.other)["n"]
    put(it, step, value if kind(value) == "leaf" else "deep")


@row("any")
def sum_of_rows(root: Any, it: Any, step: Step) -> Any:
    put(it, step, sum(found["n"] for found in find(root, step.other)))


@row("any")
def edit_if_other(root: Any, it: Any, step: Step) -> Any:
    if len(find(root, step.other)) > step.j:
        put(it, step, step.make(step.value))


@row("any", MOVES)
def take_from_other(root: Any, it: Any, step: Step) -> Any:
    where = find(root, step.other)
    taken = where.pop(step.key2 if kind(where) == "map" else step.i)
    put(find(root, step.path), step, taken)  # the container itself may have been removed
    if kind(taken) == "map":
        taken["m"] = "taken"


@row("any", KNOTS)
def put_other_here_too(root: Any, it: Any, step: Step) -> Any:
    if -1 in step.other + step.path or step.path[: len(step.other)] == step.other:
        raise MissingError(step.other)
    shared = find(root, step.other)
    put(it, step, shared)
    if kind(shared) == "map":
        shared["n"] = step.j
    return shared


@row("any", MOVES)
def wrap(root: Any, it: Any, step: Step) -> Any:
    """Nest the value one level deeper."""
    if kind(it) == "map":
        it[step.key] = [it.pop(step.key), {"n": len(it)}]
    else:
        it[:] = [{"in": found} for found in it]


@row("any")
def look(root: Any, it: Any, step: Step) -> Any:
    """Change nothing; return the present value."""
    return it
