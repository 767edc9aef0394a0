"""Layers over a base that is absent wait: the visible value is absent, too, and no recipe is called.

The first data runs the pending layers in order, as if it had replaced other data. Data can also go again.
"""

import copy
import pickle
from functools import partial
from typing import Any

import pytest

from halflife._core import LayerLog, LayerState
from halflife._support.absent import ABSENT


def count(draft: Any) -> None:
    draft["n"] += 1


def refuse(draft: Any) -> None:
    raise ValueError(draft["n"])


class Log:
    """A log over an absent base, with the conflicts that it reports."""

    def __init__(self, make: Any) -> None:
        self.conflicts: list[tuple[LayerState, BaseException]] = []
        self.log: LayerLog = make(ABSENT, on_conflict=lambda layer, error: self.conflicts.append((layer, error)))


@pytest.fixture(params=[LayerLog, partial(LayerLog, always=True)], ids=["selective", "always"])
def made(request: pytest.FixtureRequest) -> Log:
    return Log(request.param)


@pytest.fixture
def log(made: Log) -> LayerLog:
    return made.log


def test_the_mark_is_one_object() -> None:
    assert copy.copy(ABSENT) is copy.deepcopy(ABSENT) is pickle.loads(pickle.dumps(ABSENT)) is ABSENT  # noqa: S301 - our own
    assert repr(ABSENT) == str(ABSENT) == "ABSENT"


def test_layers_wait_without_a_call_and_run_in_order_over_the_first_data(log: LayerLog) -> None:
    first = log.apply(lambda draft: [count(draft)])
    second = log.apply(lambda draft: draft.update(n=draft["n"] * 10))
    assert log.visible is log.base is ABSENT
    assert (first.status, first.context, log.pending, log.length, log.recipe_calls) == ("pending", None, 2, 2, 0)
    log.set_base({"n": 1})
    assert (log.base, log.visible) == ({"n": 1}, {"n": 20})
    assert (first.status, second.status, first.context, log.recipe_calls) == ("pending", "pending", None, 2)


def test_a_recipe_that_fails_on_the_first_data_is_conflicted_and_reported_once(made: Log) -> None:
    log = made.log
    failing = log.apply(refuse)
    log.apply(count)
    log.set_base({"n": 1})
    assert (failing.status, log.visible) == ("conflicted", {"n": 2})
    assert [(layer, str(error)) for layer, error in made.conflicts] == [(failing, "1")]


def test_settling_a_waiting_layer_calls_nothing_and_leaves_nothing(log: LayerLog) -> None:
    plain, answered, followed, rolled_back, kept = (log.apply(count) for _ in range(5))
    assert log.commit(plain)
    assert log.commit(answered, refuse)
    assert log.commit(followed, None, refuse)
    assert log.rollback(rolled_back)
    assert not log.commit(plain)
    assert not log.rollback(rolled_back)
    assert [layer.status for layer in (plain, answered, followed)] == ["folded"] * 3
    assert (log.recipe_calls, log.pending, log.length) == (0, 1, 1)
    log.set_base({"n": 0})
    assert (kept.status, log.visible, log.recipe_calls) == ("pending", {"n": 1}, 1)


def test_a_layer_confirmed_behind_a_pending_one_is_superseded_by_the_first_data(log: LayerLog) -> None:
    log.apply(count)
    behind = log.apply(count)
    updated = log.update(count)
    log.commit(behind, count, count)
    assert (behind.status, updated.status, log.length) == ("confirmed", "confirmed", 3)
    log.set_base({"n": 0})
    assert (behind.status, updated.status, log.visible, log.recipe_calls) == (
        "superseded",
        "superseded",
        {"n": 1},
        1,
    )


def test_an_update_without_data_is_confirmed_at_once_and_does_nothing(log: LayerLog) -> None:
    assert log.update(refuse).status == "folded"
    assert (log.visible, log.length, log.recipe_calls) == (ABSENT, 0, 0)


def test_all_waiting_layers_are_confirmed_or_rolled_back_at_once(log: LayerLog) -> None:
    dropped = [log.apply(count) for _ in range(2)]
    log.rollback_all()
    confirmed = [log.apply(count) for _ in range(2)]
    log.commit_all()
    assert [layer.status for layer in dropped + confirmed] == ["rolled_back"] * 2 + ["folded"] * 2
    log.set_base({"n": 0})
    assert (log.visible, log.recipe_calls) == ({"n": 0}, 0)


def test_a_whole_value_needs_no_base_and_becomes_it(log: LayerLog) -> None:
    waiting, confirmed = log.apply(count), log.update(count)
    whole = {"n": 5}
    put = log.replace(whole)
    assert log.base is whole
    assert (put.status, put.context, waiting.status, confirmed.status) == ("folded", None, "pending", "superseded")
    assert (log.visible, log.length) == ({"n": 6}, 1)


def test_a_pending_whole_value_waits_as_any_layer(log: LayerLog) -> None:
    put = log.replace({"n": 5}, pending=True)
    assert (log.visible, put.status) == (ABSENT, "pending")
    log.set_base({"n": 1})
    assert (log.visible, log.base) == ({"n": 5}, {"n": 1})


def test_an_absent_base_cannot_be_edited(log: LayerLog) -> None:
    log.apply(count)
    state = log.state
    with pytest.raises(TypeError, match="edit_base: there is no data yet"):
        log.edit_base(count)
    assert (log.state, log.base, log.pending, log.recipe_calls) == (state, ABSENT, 1, 0)


def test_the_mark_is_no_value_of_a_layer(log: LayerLog) -> None:
    with pytest.raises(TypeError, match=r"replace\(value\): ABSENT is no value"):
        log.replace(ABSENT)
    log.set_base({"n": 0})
    with pytest.raises(TypeError, match="returned ABSENT, which is no value"):
        log.update(lambda _: ABSENT)
    with pytest.raises(TypeError, match="returned ABSENT"):
        log.edit_base(lambda _: ABSENT)
    assert (log.visible, log.length) == ({"n": 0}, 0)


def test_data_that_goes_takes_confirmed_layers_along_and_leaves_pending_ones(made: Log) -> None:
    log = made.log
    log.set_base({"n": 1})
    first, confirmed = log.apply(count), log.apply(count)
    log.commit(confirmed)
    put = log.replace({"n": 7}, pending=True)
    last = log.apply(count)
    log.set_base(ABSENT)
    assert log.visible is log.base is ABSENT
    calls = log.recipe_calls
    assert [layer.status for layer in (first, confirmed, put, last)] == ["pending", "superseded", "pending", "pending"]
    log.rollback(put)
    log.set_base({"n": 10})
    assert (log.visible, log.recipe_calls - calls) == ({"n": 12}, 2)


def test_a_conflicted_layer_is_pending_without_data_and_may_work_on_the_next(made: Log) -> None:
    log = made.log
    log.set_base({"n": 1})
    layer = log.apply(lambda draft: draft["rows"].append(1) if "rows" in draft else count(draft))
    needs = log.apply(lambda draft: draft.update(n=draft["needed"]) if draft["n"] > 2 else count(draft))
    log.set_base({"n": 5})
    assert (needs.status, len(made.conflicts)) == ("conflicted", 1)
    log.set_base(ABSENT)
    assert (layer.status, needs.status, needs.error, len(made.conflicts)) == ("pending", "pending", None, 1)
    log.set_base({"n": 5})  # It conflicts again, which is news.
    assert (needs.status, len(made.conflicts)) == ("conflicted", 2)
    log.set_base(ABSENT)
    log.set_base({"n": 5, "needed": 7})
    assert (needs.status, needs.error, log.visible["n"], len(made.conflicts)) == ("pending", None, 7, 2)


def test_absent_again_changes_nothing_but_the_confirmed_layers(log: LayerLog) -> None:
    pending, confirmed = log.apply(count), log.update(count)
    log.set_base(ABSENT)
    assert (pending.status, confirmed.status, log.length, log.recipe_calls) == ("pending", "superseded", 1, 0)


def test_an_edit_of_the_base_that_waited_is_gone_with_the_base(log: LayerLog) -> None:
    log.set_base({"n": 1})
    oldest = log.apply(count)
    log.update(count)
    log.edit_base(count)  # Waits for the confirmed layer, and would be made again after it.
    log.set_base(ABSENT)
    log.rollback(oldest)
    assert log.base is log.visible is ABSENT
    log.set_base({"n": 1})
    assert log.visible == {"n": 1}


def test_a_waiting_layer_is_pending_at_the_whole_value_only(log: LayerLog) -> None:
    assert not log.is_pending_at(())
    layer = log.apply(count)
    assert log.is_pending_at(())
    assert not log.is_pending_at(("n",))
    log.set_base({"n": 1})
    assert log.is_pending_at(("n",))
    log.set_base(ABSENT)
    log.update(count)
    log.commit(layer)
    assert not log.is_pending_at(())


def test_a_saved_log_is_restored_over_both_kinds_of_base(log: LayerLog) -> None:
    first = log.apply(count)
    absent = log.save()
    log.set_base({"n": 1})
    second = log.apply(count)
    present = log.save()
    log.set_base(ABSENT)
    log.commit(first)
    put = log.replace({"n": 9})
    log.restore(present)
    assert (log.base, log.visible) == ({"n": 1}, {"n": 3})
    assert [layer.status for layer in (first, second, put)] == ["pending", "pending", "rolled_back"]
    log.restore(absent)
    assert log.visible is log.base is ABSENT
    assert (first.status, second.status, log.pending) == ("pending", "rolled_back", 1)
    log.set_base({"n": 1})
    assert log.visible == {"n": 2}


@pytest.mark.parametrize("arrives", ["set_base", "replace"])
def test_an_interrupt_while_the_first_data_arrives_leaves_the_base_absent(log: LayerLog, arrives: str) -> None:
    interrupted = [True]

    def interrupt(draft: Any) -> None:
        if interrupted.pop():
            raise KeyboardInterrupt
        count(draft)

    first, second = log.apply(count), log.apply(interrupt)
    confirmed = log.update(count)
    with pytest.raises(KeyboardInterrupt):
        getattr(log, arrives)({"n": 1})
    assert log.visible is log.base is ABSENT
    assert [layer.status for layer in (first, second, confirmed)] == ["pending", "pending", "confirmed"]
    interrupted.append(False)
    getattr(log, arrives)({"n": 1})
    assert (log.visible, confirmed.status) == ({"n": 3}, "superseded")


# --- data that is taken as it came


def test_data_as_it_came_is_the_base_with_all_its_objects(log: LayerLog) -> None:
    old = {"a": {"n": 1}, "b": [{"n": 1}]}
    log.set_base(old)
    log.apply(lambda draft: draft["a"].update(n=2))
    new = copy.deepcopy(old)
    log.set_base(new, shared=False)
    assert log.base is new
    assert log.visible == {"a": {"n": 2}, "b": [{"n": 1}]}
    assert log.visible["b"] is new["b"]
    log.set_base(copy.deepcopy(old))  # By default, equal parts are the old objects.
    assert log.base is new
    assert log.visible["b"] is new["b"]


def test_data_as_it_came_takes_the_place_of_an_equal_leaf(log: LayerLog) -> None:
    class Alike:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Alike)

        __hash__ = None  # type: ignore[assignment]

    old, new = Alike(), Alike()
    log.set_base({"leaf": old, "n": 0})
    log.apply(count)
    log.set_base({"leaf": new, "n": 0}, shared=False)
    assert log.base["leaf"] is log.visible["leaf"] is new


def test_equal_data_as_it_came_calls_no_recipe_of_parts_that_are_equal() -> None:
    log = LayerLog({"a": {"n": 0}, "b": {"n": 0}})
    log.apply(lambda draft: count(draft["a"]))
    log.set_base({"a": {"n": 0}, "b": {"n": 1}}, shared=False)
    assert (log.visible, log.recipe_calls) == ({"a": {"n": 1}, "b": {"n": 1}}, 1)
