"""`Layers` of a value outside any store."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from halflife import (
    Layers,
    Store,
)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


class TestFreeStandingLayers:
    def test_layers_need_no_store(self) -> None:
        layers = Layers({"likes": 7, "title": "Draft"})
        like = layers.apply(lambda draft: draft.update(likes=draft["likes"] + 1))
        layers.apply(lambda draft: draft.update(title="Layers"))
        assert like.rollback() is True
        assert (layers.visible, layers.pending) == ({"likes": 7, "title": "Layers"}, 1)
        layers.commit_all()
        assert layers.base == {"likes": 7, "title": "Layers"}

    def test_values_may_be_records_and_scalars(self) -> None:
        @dataclass(frozen=True)
        class Point:
            x: int
            tags: list[str]

        def edit(draft: Any) -> None:
            draft.tags.append("a")

        layers = Layers(Point(1, []))
        layers.apply(edit)
        assert layers.visible == Point(1, ["a"])
        assert layers.base == Point(1, [])
        number = Layers(1)
        number.update(lambda value: value + 1)
        assert (number.visible, number.base) == (2, 2)

    def test_conflicts_go_to_on_error(self) -> None:
        told: list[BaseException] = []
        layers: Layers[dict[str, Any]] = Layers({}, on_error=told.append)
        make = layers.apply(lambda draft: draft.update(a=[]))
        layers.apply(lambda draft: draft["a"].append(1))
        make.rollback()
        assert [type(error) for error in told] == [KeyError]

    def test_an_on_error_that_fails_is_logged(self, caplog: Any) -> None:
        def on_error(error: BaseException) -> None:
            raise ValueError("on_error")

        for told in (on_error, None):
            layers: Layers[dict[str, Any]] = Layers({}, on_error=told)
            make = layers.apply(lambda draft: draft.update(a=[]))
            layers.apply(lambda draft: draft["a"].append(1))
            make.rollback()
        assert ["on_error of layers failed" in record.message for record in caplog.records] == [True, False]

    def test_both_ways_to_replay_give_the_same(self) -> None:
        shown = []
        for replay in ("selective", "always"):
            layers: Layers[Any] = Layers({"a": 1, "b": 1}, replay=replay)  # type: ignore[arg-type]
            first = layers.apply(lambda draft: draft.update(a=draft["a"] * 10))
            layers.apply(lambda draft: draft.update(b=draft["a"] + 1))
            first.rollback()
            shown.append(layers.visible)
        assert shown == [{"a": 1, "b": 2}] * 2

    def test_an_operation_within_a_recipe_is_refused(self) -> None:
        layers = Layers({"a": 1})
        with pytest.raises(RuntimeError, match="being changed"):
            layers.apply(lambda draft: layers.rollback_all())
        assert layers.pending == 0

    def test_wrong_options_are_refused(self) -> None:
        with pytest.raises(ValueError, match="replay"):
            Layers({}, replay="never")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="replay"):
            Layers({}, replay=True)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="on_error"):
            Layers({}, on_error=5)  # type: ignore[arg-type]
