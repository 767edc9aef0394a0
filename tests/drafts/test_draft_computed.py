"""Records whose class computes fields: an edit rebuilds the record as its library does."""

import dataclasses
import functools
import uuid
from typing import Any, NamedTuple

import attrs
import msgspec
import pydantic
import pytest

from halflife import Layers, Patch, PatchError, apply_patches, produce, produce_with_patches


@dataclasses.dataclass
class ByDataclass:
    prices: list[int]
    tags: list[str] = dataclasses.field(default_factory=list)
    total: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.total = sum(self.prices)


@dataclasses.dataclass(frozen=True, slots=True)
class ByFrozen:
    prices: list[int]
    tags: list[str] = dataclasses.field(default_factory=list)
    total: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum(self.prices))


@attrs.define
class ByAttrs:
    prices: list[int] = attrs.field(converter=list)
    tags: list[str] = attrs.field(factory=list, converter=list)
    total: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.total = sum(self.prices)


@attrs.frozen
class ByFrozenAttrs:
    prices: list[int]
    tags: list[str] = attrs.field(factory=list)
    total: int = attrs.field(init=False)

    @total.default
    def _sum(self) -> int:
        return sum(self.prices)


class ByStruct(msgspec.Struct):
    prices: list[int]
    tags: list[str] = msgspec.field(default_factory=list)
    total: int = 0

    def __post_init__(self) -> None:
        self.total = sum(self.prices)


class ByModel(pydantic.BaseModel):
    prices: list[int]
    tags: list[str] = []

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> int:
        return sum(self.prices)


class ByValidator(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(validate_assignment=True)

    prices: list[int]
    tags: list[str] = []
    total: int = 0

    @pydantic.model_validator(mode="after")
    def _compute(self) -> "ByValidator":
        self.__dict__["total"] = sum(self.prices)
        return self


class _Base(NamedTuple):
    prices: list[int]
    tags: list[str]
    total: int


class ByTuple(_Base):
    __slots__ = ()

    def _replace(self, /, **changes: Any) -> "ByTuple":
        made = _Base._replace(self, **changes)
        return ByTuple(made.prices, made.tags, sum(made.prices))


class ByReplace:
    """A class whose `__replace__` computes the field."""


@dataclasses.dataclass
class ByOwnReplace:
    prices: list[int]
    tags: list[str] = dataclasses.field(default_factory=list)
    total: int = 0

    def __replace__(self, /, **changes: Any) -> "ByOwnReplace":
        fields = {"prices": self.prices, "tags": self.tags} | changes
        return ByOwnReplace(fields["prices"], fields["tags"], sum(fields["prices"]))


KINDS: list[Any] = [
    lambda prices: ByDataclass(prices),
    lambda prices: ByFrozen(prices),
    lambda prices: ByAttrs(prices),
    lambda prices: ByFrozenAttrs(prices),
    lambda prices: ByStruct(prices),
    lambda prices: ByModel(prices=prices),
    lambda prices: ByValidator(prices=prices, total=sum(prices)),
    lambda prices: ByTuple(prices, [], sum(prices)),
    lambda prices: ByOwnReplace(prices, [], sum(prices)),
]
EACH = pytest.mark.parametrize("make", KINDS, ids=lambda make: type(make([1])).__name__)


@EACH
def test_a_computed_field_is_computed_anew(make: Any) -> None:
    base = make([1, 2])

    def edit(draft: Any) -> None:
        draft.prices.append(4)

    new, patches, inverse = produce_with_patches(base, edit)
    assert (new.prices, new.total, base.total, type(new)) == ([1, 2, 4], 7, 3, type(base))
    assert new.tags is base.tags
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base
    assert apply_patches(new, inverse).total == 3
    nested = produce({"it": (base,)}, lambda value: edit(value["it"][0]))
    assert nested["it"][0].total == 7


@EACH
@pytest.mark.parametrize("replay", ["selective", "always"])
def test_a_computed_field_is_computed_under_layers_too(make: Any, replay: Any) -> None:
    layers = Layers({"it": make([1])}, replay=replay)

    def adding(price: int) -> Any:
        return lambda value: value["it"].prices.append(price)

    first, second = layers.apply(adding(10)), layers.apply(adding(100))
    assert layers.visible["it"].total == 111
    renamed = layers.apply(lambda value: value["it"].tags.append("x"))
    assert layers.visible["it"].total == 111
    first.rollback()
    assert layers.visible["it"].total == 101
    second.commit()
    renamed.rollback()
    assert (layers.base["it"].total, layers.visible["it"].total) == (101, 101)
    layers.apply(adding(1000))
    layers.set_base({"it": make([5])})
    assert layers.visible["it"].total == 1005
    layers.rollback_all()
    assert layers.visible["it"].total == 5


def test_a_slot_that_attrs_fills_when_it_is_read_can_be_read_of_a_draft() -> None:
    @attrs.define
    class Box:
        width: int
        parts: list[int] = attrs.field(factory=list)

        @functools.cached_property
        def area(self) -> int:
            return self.width * len(self.parts)

    read = []

    def edit(draft: Any) -> None:
        read.append(draft.area)
        draft.width = 5
        draft.parts.append(1)
        read.append(draft.area)

    base = Box(2, [1, 2])
    assert base.area == 4
    assert produce(base, edit).area == 15
    assert read == [4, 15]
    with pytest.raises(AttributeError, match="volume"):
        produce(base, lambda draft: draft.volume)


def test_an_attribute_that_was_set_and_is_not_computed_is_kept() -> None:
    @dataclasses.dataclass
    class Row:
        name: str
        id: str = dataclasses.field(init=False, default_factory=lambda: uuid.uuid4().hex)
        hits: int = dataclasses.field(init=False, default=0)

    base = Row("a")
    base.hits = 3
    new, _, inverse = produce_with_patches(base, lambda draft: setattr(draft, "name", "b"))
    assert (new.id, new.hits) == (base.id, 3)
    assert apply_patches(new, inverse) == base


def test_converters_and_hooks_of_attrs_run_as_in_evolve() -> None:
    @attrs.define(on_setattr=attrs.setters.convert)
    class Row:
        number: int = attrs.field(converter=int)

    assert produce(Row(1), lambda draft: setattr(draft, "number", "5")) == attrs.evolve(Row(1), number="5")


class Extra(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")

    x: int = 1
    _seen: int = pydantic.PrivateAttr(default=0)


def test_extra_fields_of_pydantic_are_fields() -> None:
    base = Extra(x=1, tags=["a"], note="n")
    base._seen = 7

    def edit(draft: Any) -> None:
        assert (draft.note, draft._seen) == ("n", 7)
        draft.tags.append("b")
        draft.note = "m"
        draft.new = {"deep": []}
        draft.new["deep"].append(1)

    new, patches, inverse = produce_with_patches(base, edit)
    assert new.model_extra == {"tags": ["a", "b"], "note": "m", "new": {"deep": [1]}}
    assert (base.model_extra, new._seen) == ({"tags": ["a"], "note": "n"}, 7)
    assert new.model_fields_set == {"x", "tags", "note", "new"}
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base
    gone = produce(new, lambda draft: delattr(draft, "note"))
    assert gone.model_extra == {"tags": ["a", "b"], "new": {"deep": [1]}}
    assert gone.model_fields_set == {"x", "tags", "new"}
    assert apply_patches(base, [Patch("remove", ("note",))]).model_extra == {"tags": ["a"]}
    assert apply_patches(base, [Patch("add", ("y",), 1)]).y == 1
    with pytest.raises(PatchError):
        apply_patches(base, [Patch("remove", ("x",))])
    with pytest.raises(PatchError):
        apply_patches(base, [Patch("add", ("__own__",), 1)])
    layers = Layers(base)
    layer = layers.apply(edit)
    layers.apply(lambda draft: setattr(draft, "x", 2))
    layer.rollback()
    assert (layers.visible.model_extra, layers.visible.x) == (base.model_extra, 2)


def test_only_what_was_changed_counts_as_set() -> None:
    assert produce(Extra(), lambda draft: setattr(draft, "x", 5)).model_fields_set == {"x"}
    assert produce(Extra(y=1), lambda draft: setattr(draft, "y", 5)).model_fields_set == {"y"}


def test_a_model_without_extra_fields_takes_none() -> None:
    with pytest.raises(AttributeError, match="zz"):
        produce(ByModel(prices=[]), lambda draft: setattr(draft, "zz", 1))
