"""`pending_at` follows the rows of a list when they move: is this row still being saved?

A row is pending if a pending edit has inserted or changed it. Each row has a unique name, by which the model
finds the edits that did so.
"""

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import pytest

from halflife import Store, draft_atom, lens, pending_at
from layer_values import plain_copy, same

REPLAYS = pytest.mark.parametrize("replay", ["selective", "always"])
Edit = Callable[[Any], object]


@dataclasses.dataclass
class Board:
    title: str
    columns: dict[str, list[Any]]


def rows(*names: int) -> list[Any]:
    def cells(name: int) -> list[Any]:
        return [{"name": name * 10 + place, "v": 0} for place in range(2)]

    return [{"name": name, "n": 0, "cells": cells(name)} for name in names]


SHAPES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], tuple[Any, ...]]] = {
    "a list": (lambda: rows(1, 2, 3), lambda value: value, ()),
    "a dict of lists": (lambda: {"done": rows(7), "todo": rows(1, 2, 3)}, lambda value: value["todo"], ("todo",)),
    "a list of lists": (lambda: [rows(7), rows(1, 2, 3)], lambda value: value[1], (1,)),
    "a tuple": (lambda: {"pair": (rows(7), rows(1, 2, 3))}, lambda value: value["pair"][1], ("pair", 1)),
    "a record": (
        lambda: Board("b", {"todo": rows(1, 2, 3)}),
        lambda value: value.columns["todo"],
        ("columns", "todo"),
    ),
}


def draw_edit(choose: Callable[[Any], Any], find: Callable[[Any], Any], count: int) -> Edit:
    """Draw an edit of the list that works on drafts and on plain values."""
    i, j = choose(range(4)), choose(range(4))

    def edit(value: Any) -> None:
        found = find(value)
        table[kind](found)

    def move(found: Any) -> None:
        found.insert(j, found.pop(i))

    def filtered(found: Any) -> None:
        found[:] = [row for row in found if row["name"] % 3]

    table: dict[str, Edit] = {
        "edit": lambda found: found[i].update(n=found[i]["n"] + 1),
        "edit cell": lambda found: found[i]["cells"][j % 2].update(v=count),
        "insert": lambda found: found.insert(i, *rows(count)),
        "append": lambda found: found.append(*rows(count)),
        "pop": lambda found: found.pop(i),
        "delete": lambda found: found.__delitem__(slice(i, i + 1)),
        "reverse": lambda found: found.reverse(),
        "sort": lambda found: found.sort(key=lambda row: -row["name"]),
        "move": move,
        "filter": filtered,
        "reverse cells": lambda found: found[i]["cells"].reverse(),
        "edit and reverse": lambda found: (found[i].update(n=9), found.reverse()),
        "swap": lambda found: found.__setitem__(slice(i, i + 2), list(found[i : i + 2])[::-1]),
    }
    kind = choose(list(table))
    edit.__name__ = f"{kind} {i} {j}"
    return edit


def pending_names(base: Any, find: Callable[[Any], Any], layers: list[tuple[Edit, bool]]) -> tuple[list[Any], set[int]]:
    """The visible rows, and the names of the pending ones."""
    value, pending = plain_copy(base), set()
    for edit, is_pending in layers:
        before = {row["name"]: plain_copy(row) for row in find(value)}
        attempt = plain_copy(value)
        try:
            edit(attempt)
        except IndexError:
            continue
        value = attempt
        for row in find(value):
            if row["name"] not in before:
                pending.discard(row["name"])  # another row of the same name
            if is_pending and not same(before.get(row["name"]), row):
                pending.add(row["name"])
    return find(value), pending & {row["name"] for row in find(value)}


@REPLAYS
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_are_followed_through_any_edits(shape: str, replay: Any) -> None:
    make, find, path = SHAPES[shape]
    for seed in range(150):
        choose = random.Random(seed).choice
        store = Store(on_error=lambda error: None)
        atom = draft_atom(make(), replay=replay)
        handle = store.layers(atom)
        base, made = make(), []
        for count in range(20, 28):
            edit = draw_edit(choose, find, count)
            try:
                layer = handle.apply(edit)
            except IndexError:
                continue
            made.append((layer, edit))
            what = choose(["commit", "commit", "rollback", "event", None, None])
            if what == "event":
                event = draw_edit(choose, find, count + 100)
                try:
                    handle.edit_base(event)
                except IndexError:
                    continue
                base = plain_copy(base)
                event(base)
            elif what is not None:
                getattr(choose(made)[0], what)()
            live = [(one.status, edit) for one, edit in made if one.status in ("pending", "conflicted", "confirmed")]
            base_now = handle.base
            shown, pending = pending_names(base_now, find, [(edit, status != "confirmed") for status, edit in live])
            assert same(find(store.get(atom)), shown), seed
            found = {row["name"] for place, row in enumerate(shown) if store.get(pending_at(atom, *path, place))}
            assert found == pending, (seed, [(status, edit.__name__) for status, edit in live])


@REPLAYS
def test_the_program_of_the_report(replay: Any) -> None:
    def show(store: Store, atom: Any) -> list[Any]:
        return [(row["id"], store.get(pending_at(atom, place))) for place, row in enumerate(store.get(atom))]

    def start() -> Any:
        atom, store = draft_atom([{"id": 1}, {"id": 2}], replay=replay), Store()
        return atom, store, store.layers(atom)

    atom, store, layers = start()
    first = layers.apply(lambda draft: draft[0].update(text="edited"))
    assert show(store, atom) == [(1, True), (2, False)]
    second = layers.apply(lambda draft: draft.insert(0, {"id": 0}))
    assert show(store, atom) == [(0, True), (1, True), (2, False)]
    assert store.get(pending_at(atom, 0, "id"))
    assert not store.get(pending_at(atom, 1, "id"))
    assert store.get(pending_at(atom, 1, "text"))
    second.commit()
    assert show(store, atom) == [(0, False), (1, True), (2, False)]
    first.commit()
    assert show(store, atom) == [(0, False), (1, False), (2, False)]

    atom, store, layers = start()
    layers.apply(lambda draft: draft[1].update(text="edited"))
    store.update(atom, lambda draft: draft.pop(0) and None)
    assert show(store, atom) == [(2, True)]

    atom, store, layers = start()
    layers.apply(lambda draft: draft[0].update(text="edited"))
    store.update(atom, lambda draft: draft.reverse())
    assert show(store, atom) == [(2, False), (1, True)]

    atom, store, layers = start()
    layers.apply(lambda draft: draft[0].update(text="edited"))
    store.update(atom, lambda draft: [row for row in draft if row["id"] == 1])
    assert show(store, atom) == [(1, True)]

    atom, store, layers = start()
    layers.apply(lambda draft: next(row for row in draft if row["id"] == 2).update(text="edited"))
    layers.edit_base(lambda draft: draft.insert(0, {"id": 0}))
    assert show(store, atom) == [(0, False), (1, False), (2, True)]
    layers.set_base([{"id": 2}, {"id": 1}])
    assert show(store, atom) == [(2, True), (1, False)]


def test_subscribers_and_lenses_are_told_when_the_row_moves() -> None:
    store, atom = Store(), draft_atom({"rows": rows(1, 2)})
    second = pending_at(lens(atom, lambda value: value["rows"]), 1)
    told: list[bool] = []
    store.subscribe(second, told.append)
    edit = store.layers(atom).apply(lambda draft: draft["rows"][0].update(n=1))
    assert told == []
    store.update(atom, lambda draft: draft["rows"].insert(0, *rows(0)))
    assert told == [True]
    edit.commit()
    assert told == [True, False]


def test_a_container_that_is_replaced_is_pending_where_it_differs() -> None:
    store, atom = Store(), draft_atom({"a": {"n": 1, "m": 1}, "b": {}})
    layer = store.layers(atom).apply(lambda draft: draft.update(a={"n": 1, "m": 2}))
    places = [(), ("a",), ("a", "n"), ("a", "m"), ("b",), ("c",)]
    assert [store.get(pending_at(atom, *path)) for path in places] == [True, True, False, True, False, False]
    layer.commit()
    assert not store.get(pending_at(atom))
