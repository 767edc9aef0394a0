"""Conflicts and the order of settling: a layer that is confirmed while it is in conflict keeps its recipe.

Only the success or failure of each edit counts, not when it is reported. The expected value is computed by
applying the recipes to copies.
"""

from collections.abc import Callable, Iterator
from itertools import permutations, product
from typing import Any

import pytest

from halflife import Layers, Store, draft_atom
from halflife._core import LayerLog
from layer_values import plain_copy, same

REPLAYS = pytest.mark.parametrize("always", [False, True], ids=["selective", "always"])
Recipe = Callable[[Any], Any]
MISSING = (KeyError, ValueError, IndexError)


def base() -> Any:
    return {"k": 0, "rows": [{"id": 1}], "n": 0}


def pop(draft: Any) -> None:
    draft.pop("k")


def put(draft: Any) -> None:
    draft["k"] = 1


def add_ten(draft: Any) -> None:
    draft["k"] += 10


def double(draft: Any) -> None:
    draft["n"] = draft["k"] * 2


def need_n(draft: Any) -> None:
    if not draft["n"]:
        raise ValueError("n")
    draft["rows"][0]["n"] = draft["n"]


def half_done(draft: Any) -> None:
    draft["rows"].append({"half": True})
    draft["k"] += 1


def clear(draft: Any) -> None:
    draft["rows"].clear()


def add_row(draft: Any) -> None:
    draft["rows"].append({"id": 2})


def name_first(draft: Any) -> None:
    draft["rows"][0]["name"] = "first"


def use_server_id(draft: Any) -> None:
    draft["server"] = draft["k"] * 100


CHAINS = {
    "a key that is taken away": [pop, put, add_ten],
    "a chain of conflicts": [pop, put, double, need_n],
    "half an edit": [pop, put, half_done, half_done],
    "rows that are gone": [clear, add_row, name_first, name_first],
}


def applied(value: Any, parts: list[Recipe]) -> Any:
    """The value after all recipes of a layer; unchanged if one of them raises."""
    attempt = plain_copy(value)
    try:
        for part in parts:
            part(attempt)
    except MISSING:
        return value
    return attempt


def settle_in_all_orders(layers_of: list[list[Recipe]], *, always: bool) -> Iterator[LayerLog]:
    """Settle the layers in every order with every combination of successes; yield the log after each."""
    numbers = range(len(layers_of))
    for order, succeeds in product(permutations(numbers), product([True, False], repeat=len(layers_of))):
        log = LayerLog(base(), always)
        layers = [log.apply(parts[0]) for parts in layers_of]
        parts_of = {number: parts[:1] for number, parts in enumerate(layers_of)}
        for place in order:
            before = log.visible
            if not succeeds[place]:
                assert log.rollback(layers[place])
                del parts_of[place]
            elif len(layers_of[place]) == 1:
                assert log.commit(layers[place])
                assert log.visible is before
            else:
                assert log.commit(layers[place], None, layers_of[place][1])
                parts_of[place] = layers_of[place]
            right = base()
            for parts in parts_of.values():
                right = applied(right, parts)
            assert same(log.visible, right), (order, succeeds, place)
        assert log.visible is log.base
        assert (log.length, log.pending) == (0, 0)
        assert [layer.status for layer in layers] == ["folded" if counts else "rolled_back" for counts in succeeds]
        yield log


@REPLAYS
@pytest.mark.parametrize("name", CHAINS)
def test_only_success_counts_also_for_layers_in_conflict(name: str, *, always: bool) -> None:
    for _ in settle_in_all_orders([[edit] for edit in CHAINS[name]], always=always):
        pass


@REPLAYS
def test_a_then_recipe_waits_while_its_layer_is_in_conflict(*, always: bool) -> None:
    for _ in settle_in_all_orders([[pop], [put], [add_ten, use_server_id]], always=always):
        pass


def conflicted(always: bool = False) -> tuple[LayerLog, Any, Any, list[BaseException]]:
    """A log, its oldest layer, a layer in conflict until the oldest is rolled back, and the reported errors."""
    told: list[BaseException] = []
    log = LayerLog(base(), always, lambda layer, error: told.append(error))
    oldest, second, last = (log.apply(edit) for edit in (pop, put, add_ten))
    log.rollback(second)
    assert (last.status, len(told)) == ("conflicted", 1)
    return log, oldest, last, told


@REPLAYS
def test_the_answer_of_a_server_takes_the_place_of_a_recipe_that_is_in_conflict(*, always: bool) -> None:
    log, oldest, last, _ = conflicted(always)
    assert log.commit(last, lambda draft: draft.update(n=5))
    assert (last.status, log.visible["n"]) == ("confirmed", 5)
    log.rollback(oldest)
    assert log.base == {"k": 0, "rows": [{"id": 1}], "n": 5}


@REPLAYS
@pytest.mark.parametrize("how", ["server", "then", "server then"])
def test_an_error_of_the_answer_reaches_the_caller_and_changes_nothing(how: str, *, always: bool) -> None:
    log, oldest, last, told = conflicted(always)

    def refuse(draft: Any) -> None:
        draft["n"] = 9
        raise LookupError("refused")

    if how == "then":
        log.rollback(oldest)  # the last layer applies again, so that its `then` recipe is called
    before = log.visible, log.base, last.status, log.pending
    with pytest.raises(LookupError, match="refused"):
        log.commit(last, *((refuse,) if how == "server" else (None, refuse) if how == "then" else (put, refuse)))
    assert (log.visible, log.base, last.status, log.pending) == before
    assert len(told) == 1


@REPLAYS
def test_a_then_recipe_that_raises_at_the_retry_keeps_the_whole_layer_out(*, always: bool) -> None:
    """The recipe applies again but its `then` recipe raises: the whole layer is left out."""
    log, oldest, last, told = conflicted(always)

    def refuse(draft: Any) -> None:
        raise LookupError("refused")

    assert log.commit(last, None, refuse)  # not called while the layer is in conflict
    assert (last.status, last.error) == ("confirmed", None)
    log.rollback(oldest)
    assert (log.visible, last.status) == (base(), "folded")
    assert [type(error) for error in told] == [KeyError]


@REPLAYS
def test_statuses_and_reports_of_conflicts_that_are_confirmed(*, always: bool) -> None:
    log, oldest, last, told = conflicted(always)
    newer = log.apply(lambda draft: draft.update(n=1))
    assert log.commit(last)
    assert not log.commit(last)
    assert not log.rollback(last)
    assert (last.status, last.context, log.pending, log.length) == ("confirmed", None, 2, 3)
    assert len(told) == 1
    log.edit_base(lambda draft: draft.update(n=7))  # the retry fails: no second report
    assert (last.status, len(told)) == ("confirmed", 1)
    log.rollback(oldest)
    assert (last.status, log.base, log.pending) == ("folded", {"k": 10, "rows": [{"id": 1}], "n": 7}, 1)
    log.rollback(newer)
    assert log.visible == {"k": 10, "rows": [{"id": 1}], "n": 7}


@REPLAYS
def test_new_data_supersedes_a_conflict_that_is_confirmed(*, always: bool) -> None:
    log, oldest, last, _ = conflicted(always)
    log.commit(last)
    log.set_base(base())
    assert (last.status, oldest.status, log.visible) == ("superseded", "pending", {"rows": [{"id": 1}], "n": 0})
    log.rollback(oldest)
    assert log.visible == base()


@REPLAYS
def test_an_event_below_brings_a_confirmed_conflict_back(*, always: bool) -> None:
    log = LayerLog(base(), always)
    oldest = log.apply(lambda draft: draft.update(n=1))
    missing = log.apply(put)
    needs = log.apply(add_ten)
    log.edit_base(pop)
    log.rollback(missing)
    assert needs.status == "conflicted"
    log.commit(needs)
    log.edit_base(lambda draft: draft.update(k=5))
    assert (needs.status, log.visible) == ("confirmed", {"rows": [{"id": 1}], "n": 1, "k": 15})
    log.commit(oldest)
    assert log.base == {"rows": [{"id": 1}], "n": 1, "k": 15}


@REPLAYS
def test_all_are_confirmed_and_those_in_conflict_come_back(*, always: bool) -> None:
    log, oldest, last, _ = conflicted(always)
    second = log.apply(double_if_there)
    log.commit(last)
    log.rollback_all()
    assert (oldest.status, second.status, last.status) == ("rolled_back", "rolled_back", "folded")
    assert log.base == {"k": 10, "rows": [{"id": 1}], "n": 0}
    log, oldest, last, _ = conflicted(always)
    before = log.visible
    log.commit_all()
    assert (oldest.status, last.status, log.visible is before) == ("folded", "folded", True)


def double_if_there(draft: Any) -> None:
    draft["n"] = draft.get("k", 0) * 2


@REPLAYS
def test_a_log_that_is_restored_has_the_conflict_again(*, always: bool) -> None:
    log, oldest, last, _ = conflicted(always)
    saved = log.save()
    log.commit(last)
    log.rollback(oldest)
    assert log.base["k"] == 10
    log.restore(saved)
    assert (oldest.status, last.status, log.pending) == ("pending", "conflicted", 2)
    log.rollback(oldest)
    assert (last.status, log.visible["k"]) == ("pending", 10)


def test_through_the_public_names() -> None:
    """The program of the bug report, with `Layers` and with the layers of an atom."""
    reported: list[BaseException] = []
    with Store(on_error=reported.append) as store:
        for layers in (Layers({"k": 0}, on_error=reported.append), store.layers(draft_atom({"k": 0}))):
            oldest, second, last = (layers.apply(edit) for edit in (pop, put, add_ten))
            second.rollback()
            assert last.commit()
            assert (last.status, layers.pending) == ("confirmed", 1)
            oldest.rollback()
            assert (last.status, layers.visible, layers.pending) == ("folded", {"k": 10}, 0)
    assert [type(error) for error in reported] == [KeyError, KeyError]
