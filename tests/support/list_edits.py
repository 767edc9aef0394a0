"""*List edits* of the oracles' recipes; rows of the table in `layer_recipes`."""

from typing import Any

from layer_recipes import KNOTS, MissingError, Step, kind, rank, row


def sliced(it: Any) -> Any:
    """The list itself. Dicts are refused, because since CPython 3.12 a slice can be a key of a dict."""
    if kind(it) != "list":
        raise TypeError("only a list has slices")
    return it


@row("list")
def append(root: Any, it: Any, step: Step) -> Any:
    it.append(step.make(step.value))


@row("list")
def append_row(root: Any, it: Any, step: Step) -> Any:
    it.append(step.make({"id": step.j, "n": 0}))
    it[-1]["n"] = step.i
    return it[-1]


@row("list")
def insert(root: Any, it: Any, step: Step) -> Any:
    it.insert(step.i, step.make(step.value))


@row("list")
def extend(root: Any, it: Any, step: Step) -> Any:
    it.extend([step.make(step.value), step.make(step.value2)])


@row("list")
def pop_last(root: Any, it: Any, step: Step) -> Any:
    return it.pop()


@row("list")
def pop_first(root: Any, it: Any, step: Step) -> Any:
    return it.pop(0)


@row("list")
def delete_item(root: Any, it: Any, step: Step) -> Any:
    del it[step.i]


@row("list")
def set_item(root: Any, it: Any, step: Step) -> Any:
    it[step.i] = step.make(step.value)


@row("list")
def set_slice(root: Any, it: Any, step: Step) -> Any:
    sliced(it)[step.i : step.j] = [step.make(step.value), step.make(step.value2)]


@row("list")
def delete_slice(root: Any, it: Any, step: Step) -> Any:
    del it[step.i : step.j]


@row("list")
def keep_every_other(root: Any, it: Any, step: Step) -> Any:
    del it[1::2]


@row("list")
def reverse(root: Any, it: Any, step: Step) -> Any:
    it.reverse()


@row("list")
def sort(root: Any, it: Any, step: Step) -> Any:
    it.sort(key=rank)


@row("list")
def sort_backwards(root: Any, it: Any, step: Step) -> Any:
    it.sort(key=rank, reverse=True)


@row("list")
def move(root: Any, it: Any, step: Step) -> Any:
    it.insert(step.j, it.pop(step.i))


@row("list")
def swap(root: Any, it: Any, step: Step) -> Any:
    it[step.i], it[step.j] = it[step.j], it[step.i]


@row("list")
def remove_leaf(root: Any, it: Any, step: Step) -> Any:
    it.remove(step.j)


@row("list")
def clear_list(root: Any, it: Any, step: Step) -> Any:
    it.clear()


@row("list")
def edit_each_row(root: Any, it: Any, step: Step) -> Any:
    for found in it:
        if kind(found) == "map":
            found["n"] = step.i


@row("list")
def edit_row_by_id(root: Any, it: Any, step: Step) -> Any:
    for found in it:
        if kind(found) == "map" and found.get("id") == step.j:
            found[step.key] = step.make(step.value)
            return found
    raise MissingError(step.j)


@row("list")
def remove_row_by_id(root: Any, it: Any, step: Step) -> Any:
    for place, found in enumerate(it):
        if kind(found) == "map" and found.get("id") == step.j:
            del it[place]
            break


@row("list")
def insert_or_edit(root: Any, it: Any, step: Step) -> Any:
    for found in it:
        if kind(found) == "map" and found.get("id") == step.j:
            found["n"] = step.i
            break
    else:
        it.append(step.make({"id": step.j, "n": 9}))


@row("list")
def keep_some(root: Any, it: Any, step: Step) -> Any:
    sliced(it)[:] = [found for found in it if kind(found) != "map" or found.get("n") != step.j]


@row("list")
def number_the_rows(root: Any, it: Any, step: Step) -> Any:
    for place, found in enumerate(it):
        if kind(found) == "map":
            found["m"] = place


@row("list")
def append_length(root: Any, it: Any, step: Step) -> Any:
    it.append(len(it))


@row("list")
def append_if_missing(root: Any, it: Any, step: Step) -> Any:
    if step.j not in it:
        it.append(step.j)


@row("list")
def add_in_place(root: Any, it: Any, step: Step) -> Any:
    it += [step.j, step.make(step.value)]


@row("list")
def increment_leaves(root: Any, it: Any, step: Step) -> Any:
    for place in range(len(it)):
        if kind(it[place]) == "leaf":
            it[place] += 1


@row("list", KNOTS)
def repeat_slice(root: Any, it: Any, step: Step) -> Any:
    sliced(it)[step.i : step.i] = it[step.j :]


@row("list", KNOTS)
def append_again(root: Any, it: Any, step: Step) -> Any:
    it.append(it[step.i])
    if kind(it[-1]) == "map":
        it[-1]["n"] = "twice"
