"""Concurrent edits may settle in any order: between two changes of the base only their success counts.

The tests try all orders of settling, all combinations of successes, and a refetch at every point. The expected
value is computed by applying the recipes to copies.
"""

from functools import partial
from itertools import permutations, product
from typing import Any

import pytest

from halflife._core import LayerLog
from layer_values import plain_copy, same


def todos() -> dict[str, Any]:
    return {
        "order": ["a", "b", "c"],
        "items": {"a": {"text": "A", "done": False}, "b": {"text": "B", "done": False}, "c": {"text": "C"}},
        "count": 3,
    }


def fetched() -> dict[str, Any]:
    """Refetched data, changed by another client: one item added in front, another one removed."""
    return {
        "order": ["s", "c", "a"],
        "items": {"a": {"text": "A!", "done": False}, "c": {"text": "C", "done": True}, "s": {"text": "S"}},
        "count": 9,
    }


def add(draft: Any) -> None:
    draft["items"]["t"] = {"text": "T", "done": False}
    draft["order"].append("t")


def remove(draft: Any) -> None:
    del draft["items"]["b"]
    draft["order"].remove("b")


def edit_the_added(draft: Any) -> None:
    draft["items"]["t"]["done"] = True


def rename(draft: Any) -> None:
    draft["items"]["a"]["text"] += "?"


def rename_another(draft: Any) -> None:
    draft["items"]["c"]["text"] += "?"


def sort(draft: Any) -> None:
    draft["order"].sort(key=lambda key: draft["items"][key]["text"])


def count(draft: Any) -> None:
    draft["count"] += 1


def count_items(draft: Any) -> None:
    draft["count"] = len(draft["items"])


def move_to_front(draft: Any) -> None:
    draft["order"].insert(0, draft["order"].pop())


def reverse(draft: Any) -> None:
    draft["order"].reverse()


def replace_item(draft: Any) -> None:
    draft["items"]["a"] = {"text": "new"}


def move_key(draft: Any) -> None:
    draft["items"]["z"] = draft["items"].pop("c")


def finish_all(draft: Any) -> None:
    for item in draft["items"].values():
        item["done"] = True


def server_text(draft: Any) -> None:
    draft["items"]["a"]["text"] = "from the server"


EDITS = {
    "a list that all of them edit": [add, remove, move_to_front, sort, reverse],
    "edits of one item": [rename, replace_item, rename, finish_all],
    "counters": [count, count_items, add, count],
    "what an older one made": [add, edit_the_added, rename, finish_all],
    "keys that move": [move_key, finish_all, remove, count_items],
    "the same thing twice": [move_to_front, move_to_front, count, count],
}
REPLAYS = pytest.mark.parametrize("always", [False, True], ids=["selective", "always"])


class Truth:
    """The expected value: the base with the edits that count, in the order in which they were made."""

    def __init__(self, edits: list[Any]) -> None:
        self.edits = edits
        self.known: dict[Any, Any] = {}

    def of(self, base: Any, counting: frozenset[int]) -> Any:
        """The value over the base that the function `base` returns."""
        if (base, counting) not in self.known:
            value = base()
            for place in sorted(counting):
                attempt = plain_copy(value)
                try:
                    self.edits[place](attempt)
                except (KeyError, ValueError, IndexError):
                    continue  # the item to edit is gone: the whole edit is left out
                value = attempt
            self.known[base, counting] = value
        return self.known[base, counting]


def settle(log: LayerLog, truth: Truth, *, layers: list[Any], order: Any, succeeds: Any, refetch: int) -> None:
    """Settle the layers in an order; new data arrives before the layer at `refetch` settles."""
    base, counting = todos, frozenset(range(len(layers)))
    settled: set[int] = set()
    for turn, place in enumerate([*order, None]):
        if turn == refetch:
            log.set_base(fetched())
            base, counting = fetched, counting - settled
            assert same(log.visible, truth.of(base, counting))
        if place is None:
            break
        if succeeds[place]:
            log.commit(layers[place])
            settled.add(place)
        else:
            log.rollback(layers[place])
            counting -= {place}
        assert same(log.visible, truth.of(base, counting)), (order, succeeds, refetch, place)
    assert log.visible is log.base
    assert log.length == log.pending == 0


def settle_in_all_orders(edits: list[Any], points: Any, *, always: bool) -> None:
    truth = Truth(edits)
    for order in permutations(range(len(edits))):
        for succeeds in product([True, False], repeat=len(edits)):
            for refetch in points:
                log = LayerLog(todos(), always)
                layers = [log.apply(edit) for edit in edits]
                settle(log, truth, layers=layers, order=order, succeeds=succeeds, refetch=refetch)


@REPLAYS
@pytest.mark.parametrize("name", EDITS)
def test_four_edits_in_all_orders_with_a_refetch_at_every_point(name: str, *, always: bool) -> None:
    settle_in_all_orders(EDITS[name][:4], range(-1, 5), always=always)


@pytest.mark.parametrize("refetch", range(-1, 6))
def test_five_edits_in_all_orders_with_a_refetch_at(refetch: int) -> None:
    settle_in_all_orders(EDITS["a list that all of them edit"], [refetch], always=False)


@REPLAYS
def test_the_answer_of_the_server_counts_in_its_place_in_every_order(*, always: bool) -> None:
    """The second of four edits succeeds with an answer that differs from its prediction."""
    edits = [rename, count, rename, finish_all]
    answered = [rename, server_text, rename, finish_all]
    before, after = Truth(edits), Truth(answered)
    for order in permutations(range(4)):
        for succeeds in product([True, False], repeat=3):
            log = LayerLog(todos(), always)
            layers = [log.apply(edit) for edit in edits]
            counting, truth = frozenset(range(4)), before
            for place in order:
                if place == 1:
                    log.commit(layers[1], server_text)
                    truth = after
                elif succeeds[place - (place > 1)]:
                    log.commit(layers[place])
                else:
                    log.rollback(layers[place])
                    counting -= {place}
                assert same(log.visible, truth.of(todos, counting)), (order, succeeds)
            assert log.visible is log.base


@REPLAYS
def test_a_then_recipe_counts_in_its_layers_place_in_every_order(*, always: bool) -> None:
    """The server's id replaces a temporary id, also under a later edit that used the temporary one."""

    def use_server_id(draft: Any) -> None:
        draft["items"]["t9"] = draft["items"].pop("t")
        draft["order"][draft["order"].index("t")] = "t9"

    def add_for_good(draft: Any) -> None:
        add(draft)
        use_server_id(draft)

    def finish_by_either_id(draft: Any) -> None:
        key = "t9" if "t9" in draft["items"] else "t"
        draft["items"][key]["done"] = True

    edits = [move_to_front, add, finish_by_either_id, reverse]
    before, after = Truth(edits), Truth([move_to_front, add_for_good, finish_by_either_id, reverse])
    for order in permutations(range(4)):
        log = LayerLog(todos(), always)
        layers = [log.apply(edit) for edit in edits]
        truth = before
        for place in order:
            if place == 1:
                log.commit(layers[1], None, use_server_id)
                truth = after
            else:
                log.commit(layers[place])
            assert same(log.visible, truth.of(todos, frozenset(range(4)))), order
        assert log.visible is log.base
        assert log.visible["items"]["t9"]["done"] is True


@REPLAYS
def test_a_rollback_at_any_later_time_is_as_if_the_edit_had_never_been_made(*, always: bool) -> None:
    """Other edits are confirmed, answered or rolled back before one edit fails, and an event edits the base.

    The event edits a key that no layer edits and goes below all layers. At that time the edit that later fails
    keeps confirmed layers above it from folding into the base.
    """
    others = EDITS["a list that all of them edit"]
    later = [
        lambda log, layers: log.commit(layers[0]),
        lambda log, layers: log.rollback(layers[1]),
        lambda log, layers: log.update(count),
        lambda log, layers: log.edit_base(rename_another),
        lambda log, layers: log.commit(layers[2], server_text),
    ]
    for place, order in product(range(len(others) + 1), permutations(range(len(later)))):
        logs = []
        for with_it in (False, True):
            log = LayerLog(todos(), always)
            layers = [log.apply(edit) for edit in others[:place]]
            failing = [log.apply(partial(finish_all_and, count))] if with_it else []
            layers += [log.apply(edit) for edit in others[place:]]
            for number in order:
                later[number](log, layers)
            assert [log.rollback(one) for one in failing] == [True] * with_it
            logs.append(log)
        assert same(logs[0].visible, logs[1].visible), (place, order)
        assert same(logs[0].base, logs[1].base), (place, order)
        assert logs[0].pending == logs[1].pending


def finish_all_and(edit: Any, draft: Any) -> None:
    finish_all(draft)
    edit(draft)
