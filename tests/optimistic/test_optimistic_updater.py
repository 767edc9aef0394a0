"""`OptimisticUpdater`: optimistic edits of a value outside any store."""

import gc
import weakref
from typing import Any

import pytest

from halflife import OptimisticHandle, OptimisticUpdater, RecipeError


def test_an_edit_is_shown_until_it_is_taken_back() -> None:
    data = {"likes": 7}
    updater = OptimisticUpdater(data)
    handle = updater.apply(lambda draft: draft.update(likes=8))
    assert isinstance(handle, OptimisticHandle)
    assert (updater.value, data) == ({"likes": 8}, {"likes": 7})
    assert handle.rollback() is True
    assert updater.value is data


def test_a_function_that_returns_the_new_value_works_too() -> None:
    updater = OptimisticUpdater(7)
    first = updater.apply(lambda value: value + 1)
    updater.apply(lambda value: value * 10)
    assert updater.value == 80
    first.rollback()
    assert updater.value == 70


def test_a_function_that_edits_and_returns_another_value_is_refused() -> None:
    updater = OptimisticUpdater([1, 2])
    with pytest.raises(RecipeError):
        updater.apply(lambda draft: draft.pop(0))
    assert updater.value == [1, 2]


def test_rolling_back_one_of_three_leaves_the_others() -> None:
    updater: OptimisticUpdater[list[str]] = OptimisticUpdater([])
    _, second, _ = (updater.apply(lambda draft, key=key: draft.append(key)) for key in "abc")
    second.rollback()
    assert updater.value == ["a", "c"]


def test_a_confirmed_edit_stays_when_all_others_are_taken_back() -> None:
    updater: OptimisticUpdater[list[str]] = OptimisticUpdater([])
    _, second, _ = (updater.apply(lambda draft, key=key: draft.append(key)) for key in "abc")
    assert second.commit() is True
    updater.rollback_all()
    assert updater.value == ["b"]


def test_settling_twice_changes_nothing() -> None:
    updater: OptimisticUpdater[list[str]] = OptimisticUpdater([])
    handle = updater.apply(lambda draft: draft.append("a"))
    assert [handle.commit(), handle.commit(), handle.rollback()] == [True, False, False]
    assert updater.value == ["a"]


def test_reprs_show_the_base_and_pending_edits() -> None:
    updater = OptimisticUpdater({"likes": 7})
    handle = updater.apply(lambda draft: draft.update(likes=8))
    assert repr(updater) == "<OptimisticUpdater: 1 pending over {'likes': 7}>"
    assert repr(handle) == "<OptimisticHandle pending>"


def test_an_async_function_is_refused() -> None:
    async def update(draft: Any) -> None:
        """Never awaited."""

    with pytest.raises(TypeError, match="plain function"):
        OptimisticUpdater({}).apply(update)


def test_a_handle_and_its_function_can_hold_each_other() -> None:
    class Sentinel:
        pass

    def build() -> weakref.ref[Sentinel]:
        kept: dict[str, Any] = {"sentinel": Sentinel()}
        kept["handle"] = OptimisticUpdater([]).apply(lambda draft: draft.append(len(kept)))
        return weakref.ref(kept["sentinel"])

    gone = build()
    gc.collect()
    assert gone() is None
