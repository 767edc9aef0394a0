"""Edits: one nested edit, and a thousand in one recipe, of a state with 10,000 items.

By hand means: copy the containers on the way to the edit, set the entry, and write the patch and
its inverse down. patchdiff and pyrsistent do what they offer: pyrsistent knows no patches, and
starts from a state that was made persistent before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comparison import Comparison, Work, repeated
from rows import Row, than

SIZE = 10_000
PLACE = 5_000
PLACES = [index * 7_919 % SIZE for index in range(1_000)]
"""A thousand places all over the list, no two the same."""


def state() -> dict[str, Any]:
    """An application's state: 10,000 items in a list, three containers down."""
    items = [{"id": index, "text": f"task {index}", "done": False, "tags": ["home"]} for index in range(SIZE)]
    return {"user": {"name": "Ada", "settings": {"theme": "dark"}}, "todos": {"title": "All", "items": items}}


def edit_one(draft: Any) -> None:
    draft["todos"]["items"][PLACE]["done"] = True


def edit_many(draft: Any) -> None:
    items = draft["todos"]["items"]
    for place in PLACES:
        items[place]["done"] = True


# --- by hand


def one_by_hand(base: dict[str, Any]) -> Any:
    todos = base["todos"]
    items = todos["items"].copy()
    items[PLACE] = {**items[PLACE], "done": True}
    return {**base, "todos": {**todos, "items": items}}


def one_by_hand_with_patches(base: dict[str, Any]) -> Any:
    todos = base["todos"]
    items = todos["items"].copy()
    before = items[PLACE]
    items[PLACE] = {**before, "done": True}
    path = ("todos", "items", PLACE, "done")
    patches = [{"op": "replace", "path": path, "value": True}]
    inverse = [{"op": "replace", "path": path, "value": before["done"]}]
    return {**base, "todos": {**todos, "items": items}}, patches, inverse


def many_by_hand(base: dict[str, Any]) -> Any:
    todos = base["todos"]
    items = todos["items"].copy()
    for place in PLACES:
        items[place] = {**items[place], "done": True}
    return {**base, "todos": {**todos, "items": items}}


def many_by_hand_with_patches(base: dict[str, Any]) -> Any:
    todos = base["todos"]
    items = todos["items"].copy()
    patches, inverse = [], []
    for place in PLACES:
        before = items[place]
        items[place] = {**before, "done": True}
        path = ("todos", "items", place, "done")
        patches.append({"op": "replace", "path": path, "value": True})
        inverse.append({"op": "replace", "path": path, "value": before["done"]})
    inverse.reverse()
    return {**base, "todos": {**todos, "items": items}}, patches, inverse


# --- the libraries


def work(call: Callable[[dict[str, Any]], Any], places: list[int], *, patches: bool) -> Work:
    """The work of a function that makes the new state of the old one, checked once."""
    base = state()
    result = call(base)
    after = result[0] if patches else result
    expected = state()
    for place in places:
        expected["todos"]["items"][place]["done"] = True
    right = after == expected and base == state()
    if patches:
        right = right and len(result[1]) == len(result[2]) == len(places)
    return Work(repeated(lambda: call(base), len(places)), "" if right else "wrong result")


def halflife(recipe: Callable[[Any], None], places: list[int], *, patches: bool) -> Work:
    from halflife import produce, produce_with_patches

    make = produce_with_patches if patches else produce
    return work(lambda base: make(base, recipe), places, patches=patches)


def patchdiff(recipe: Callable[[Any], None], places: list[int]) -> Work:
    from patchdiff import produce

    return work(lambda base: produce(base, recipe), places, patches=True)


def pyrsistent(places: list[int]) -> Work:
    from pyrsistent import freeze, thaw

    base = freeze(state())

    def edit() -> Any:
        todos = base["todos"]
        evolver = todos["items"].evolver()
        for place in places:
            evolver[place] = evolver[place].set("done", True)
        return base.set("todos", todos.set("items", evolver.persistent()))

    right = all(thaw(edit())["todos"]["items"][place]["done"] for place in places)
    return Work(repeated(edit, len(places)), "" if right else "wrong result")


ONE, MANY = [PLACE], PLACES
COMPARISONS = (
    Comparison(
        Row("draft_one", "one nested edit, patches and inverse", "edit", final=than("by hand", 1.2)),
        {
            "floor": lambda: work(one_by_hand_with_patches, ONE, patches=True),
            "halflife": lambda: halflife(edit_one, ONE, patches=True),
            "patchdiff": lambda: patchdiff(edit_one, ONE),
        },
    ),
    Comparison(
        Row("draft_one_plain", "one nested edit, the new state alone", "edit"),
        {
            "floor": lambda: work(one_by_hand, ONE, patches=False),
            "halflife": lambda: halflife(edit_one, ONE, patches=False),
            "pyrsistent": lambda: pyrsistent(ONE),
        },
    ),
    Comparison(
        Row("draft_many", "1,000 edits in one recipe, patches and inverse", "edit", final=than("by hand", 1.5)),
        {
            "floor": lambda: work(many_by_hand_with_patches, MANY, patches=True),
            "halflife": lambda: halflife(edit_many, MANY, patches=True),
            "patchdiff": lambda: patchdiff(edit_many, MANY),
        },
    ),
    Comparison(
        Row("draft_many_plain", "1,000 edits in one recipe, the new state alone", "edit"),
        {
            "floor": lambda: work(many_by_hand, MANY, patches=False),
            "halflife": lambda: halflife(edit_many, MANY, patches=False),
            "pyrsistent": lambda: pyrsistent(MANY),
        },
    ),
)
