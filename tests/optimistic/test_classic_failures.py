"""The classic failures of optimistic edits that are rolled back by inverse patches.

In each test an edit waits for the server, something else happens meanwhile, and the edit fails. The result is
always the value without the failed edit.
"""

from typing import Any

import pytest

from halflife import Layers

BOTH = pytest.mark.parametrize("replay", ["selective", "always"])


@BOTH
def test_a_push_fails_after_somebody_has_inserted_before_it(replay: Any) -> None:
    layers = Layers(["a"], replay=replay)
    push = layers.apply(lambda draft: draft.append("temporary"))
    layers.update(lambda draft: draft.insert(0, "new"))
    assert layers.visible == ["new", "a", "temporary"]
    push.rollback()
    assert layers.visible == ["new", "a"]  # by inverse patches: ["new", "temporary"], or ["new", "a", "temporary"]
    assert layers.base is layers.visible


@BOTH
def test_a_removal_fails_after_somebody_has_edited_beside_it(replay: Any) -> None:
    layers = Layers([{"text": "a"}, {"text": "b"}, {"text": "c"}], replay=replay)
    removal = layers.apply(lambda draft: draft.__delitem__(0))

    def edit_b(draft: Any) -> None:
        next(row for row in draft if row["text"] == "b")["text"] = "B!"

    layers.update(edit_b)
    assert layers.visible == [{"text": "B!"}, {"text": "c"}]
    removal.rollback()
    assert layers.visible == [{"text": "a"}, {"text": "B!"}, {"text": "c"}]  # inverse patches would lose the edit


@BOTH
def test_a_removal_fails_after_another_removal(replay: Any) -> None:
    layers = Layers(["a", "b", "c"], replay=replay)
    first = layers.apply(lambda draft: draft.remove("a"))
    second = layers.apply(lambda draft: draft.remove("b"))
    assert layers.visible == ["c"]
    first.rollback()
    assert layers.visible == ["a", "c"]  # inverse patches would bring "b" back, too
    second.commit()
    assert layers.visible == layers.base == ["a", "c"]


@BOTH
def test_an_edit_fails_whose_item_another_edit_has_removed(replay: Any) -> None:
    layers = Layers([{"id": 1, "n": 0}, {"id": 2, "n": 0}], replay=replay)
    edit = layers.apply(lambda draft: draft[1].update(n=5))
    removal = layers.apply(lambda draft: draft.pop(0)["id"])
    assert layers.visible == [{"id": 2, "n": 5}]
    assert removal.context == 1
    edit.rollback()
    assert layers.visible == [{"id": 2, "n": 0}]  # inverse patches would raise: the path does not resolve
    removal.rollback()
    assert layers.visible is layers.base
    assert layers.base == [{"id": 1, "n": 0}, {"id": 2, "n": 0}]


@BOTH
def test_the_first_of_two_sets_of_one_field_fails(replay: Any) -> None:
    layers = Layers({"n": 1}, replay=replay)
    first = layers.apply(lambda draft: draft.update(n=2))
    second = layers.apply(lambda draft: draft.update(n=3))
    first.rollback()
    assert layers.visible == {"n": 3}  # inverse patches would give 1 and lose the second set, which is still pending
    second.commit()
    assert layers.base == {"n": 3}


@BOTH
def test_a_deletion_fails_inside_a_parent_that_was_replaced(replay: Any) -> None:
    layers = Layers({"o": {"k": 1, "l": 2}}, replay=replay)
    deletion = layers.apply(lambda draft: draft["o"].__delitem__("k"))
    layers.update(lambda draft: draft.update(o={"other": True}))
    deletion.rollback()
    assert layers.visible == {"o": {"other": True}}  # inverse patches would write "k" into the new object


@BOTH
def test_a_pending_edit_goes_over_data_that_was_fetched_anew(replay: Any) -> None:
    layers = Layers(["a", "b", "c"], replay=replay)
    removal = layers.apply(lambda draft: draft.remove("a"))
    layers.set_base(["s", "a", "b", "c"])
    assert layers.visible == ["s", "b", "c"]  # patches would remove "s", or overwrite each item
    removal.rollback()
    assert layers.visible == ["s", "a", "b", "c"]


@BOTH
def test_the_first_of_two_pushes_fails(replay: Any) -> None:
    layers = Layers([1], replay=replay)
    first = layers.apply(lambda draft: draft.append(2))
    second = layers.apply(lambda draft: draft.append(3))
    first.rollback()
    assert layers.visible == [1, 3]  # an inverse patch that sets the length would remove both
    second.commit()
    assert layers.base == [1, 3]


# --- failures of snapshots


@BOTH
def test_a_failure_takes_nothing_else_along(replay: Any) -> None:
    layers = Layers(["s"], replay=replay)
    a, b, c = (layers.apply(lambda draft, name=name: draft.append(name)) for name in "ABC")
    b.rollback()
    assert layers.visible == ["s", "A", "C"]  # restoring a snapshot would give ["s", "A"]
    c.commit()
    a.rollback()
    assert layers.visible == layers.base == ["s", "C"]


@BOTH
def test_a_counter_loses_the_step_that_failed_and_no_other(replay: Any) -> None:
    layers = Layers({"likes": 0}, replay=replay)

    def add(number: int) -> Any:
        return lambda draft: draft.update(likes=draft["likes"] + number)

    one, ten = layers.apply(add(1)), layers.apply(add(10))
    one.rollback()
    assert layers.visible == {"likes": 10}  # an inverse patch would give 0
    ten.commit(server=lambda draft: draft.update(likes=100))
    assert layers.visible == {"likes": 100}
