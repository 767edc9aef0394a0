"""Drafts of records: fields are edited by attribute, and the class's own code runs with the draft as self."""

import collections
import copy
import dataclasses
import functools
import gc
import pickle
import sys
import weakref
from typing import ClassVar, NamedTuple

import attrs
import msgspec
import numpy
import pydantic
import pytest

from draft_twins import in_turn
from halflife import (
    Patch,
    PatchError,
    RevokedDraftError,
    apply_patches,
    current,
    is_draft,
    original,
    produce,
    produce_with_patches,
)


@dataclasses.dataclass
class Plain:
    name: str
    tags: list = dataclasses.field(default_factory=list)
    inner: object = None


@dataclasses.dataclass(frozen=True)
class Frozen:
    name: str
    tags: list = dataclasses.field(default_factory=list)
    inner: object = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slotted:
    name: str
    tags: list = dataclasses.field(default_factory=list)
    inner: object = None


class Tuple(NamedTuple):
    name: str
    tags: list
    inner: object = None


@attrs.define
class Defined:
    name: str
    tags: list = attrs.Factory(list)
    inner: object = None


@attrs.frozen(slots=False)
class AttrsFrozen:
    name: str
    tags: list = attrs.Factory(list)
    inner: object = None


class Struct(msgspec.Struct):
    name: str
    tags: list = []
    inner: object = None


class FrozenStruct(msgspec.Struct, frozen=True):
    name: str
    tags: list = []
    inner: object = None


class Model(pydantic.BaseModel):
    name: str
    tags: list = []
    inner: object = None


class FrozenModel(pydantic.BaseModel, frozen=True):
    name: str
    tags: list = []
    inner: object = None


CLASSES = [
    Plain,
    Frozen,
    Slotted,
    Tuple,
    Defined,
    AttrsFrozen,
    Struct,
    FrozenStruct,
    Model,
    FrozenModel,
]


def make(cls, **fields):
    return cls(**{"name": "ada", "tags": [1], "inner": {"x": 1}, **fields})


def check(base, recipe, expected):
    """Check the result, that the base is unchanged, and that the patches lead there and back."""
    before = copy.deepcopy(base)
    new, patches, inverse = produce_with_patches(base, recipe)
    assert type(new) is type(base)
    assert new == expected
    assert base == before
    assert apply_patches(base, patches) == expected
    assert apply_patches(new, inverse) == before
    return new


@pytest.mark.parametrize("cls", CLASSES)
def test_fields_are_edited_by_attribute_and_what_no_edit_touched_is_shared(cls):
    base = make(cls)

    def recipe(d):
        assert (d.name, d.tags, d.inner) == ("ada", [1], {"x": 1})
        d.name = "eve"
        d.inner["x"] += 1

    new = check(base, recipe, make(cls, name="eve", inner={"x": 2}))
    assert new.tags is base.tags


@pytest.mark.parametrize("cls", CLASSES)
def test_records_nest_in_everything(cls):
    base = {"all": [make(cls, inner=make(cls))], "one": make(cls)}

    def recipe(d):
        d["all"][0].inner.tags.append(2)
        d["all"].append(make(cls, name="new"))
        d["all"][1].name = "newer"
        d["one"].inner = d["all"][0].tags

    new, patches, inverse = produce_with_patches(base, recipe)
    assert new == {
        "all": [make(cls, inner=make(cls, tags=[1, 2])), make(cls, name="newer")],
        "one": make(cls, inner=[1]),
    }
    assert new["all"][0].tags is base["all"][0].tags
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base


@pytest.mark.parametrize("cls", CLASSES)
def test_a_recipe_that_changes_nothing_returns_the_record_itself(cls):
    base = make(cls)
    assert produce(base, lambda d: None) is base
    assert produce(base, lambda d: setattr(d, "name", "ada")) is base
    assert produce(base, lambda d: in_turn(setattr(d, "name", "eve"), setattr(d, "name", "ada"))) is base
    assert produce(base, lambda d: setattr(d, "tags", d.tags)) is base


@pytest.mark.parametrize("cls", CLASSES)
def test_only_fields_can_be_set_and_none_can_be_deleted(cls):
    def recipe(d):
        for name in ("missing", "__class__", "__dict__", "__init__", "_hidden"):
            with pytest.raises(AttributeError):
                setattr(d, name, 1)
        for name in ("name", "missing", "__class__"):
            with pytest.raises(AttributeError):
                delattr(d, name)
        with pytest.raises(AttributeError):
            d.missing  # noqa: B018

    base = make(cls)
    assert produce(base, recipe) is base


@pytest.mark.parametrize("cls", CLASSES)
def test_paths_to_reserved_attributes_are_refused(cls):
    base = make(cls)
    for name in ("__class__", "__dict__", "__init__", "missing"):
        for patch in (
            Patch("replace", (name,), 1),
            Patch("add", (name,), 1),
            Patch("remove", (name,)),
            Patch("replace", (name, "x"), 1),
            Patch("copy", ("name",), from_=(name,)),
            Patch("test", (name,), 1),
        ):
            with pytest.raises(PatchError):
                apply_patches(base, [patch])
    with pytest.raises(PatchError, match="removed"):
        apply_patches(base, [Patch("remove", ("name",))])


@pytest.mark.parametrize("cls", CLASSES)
def test_a_draft_passes_for_a_record_of_its_class(cls):
    def recipe(d):
        assert isinstance(d, cls)
        assert d.__class__ is cls
        assert d == make(cls)
        assert make(cls) == d
        assert d != make(cls, name="eve")
        assert repr(d) == f"<draft of {make(cls)!r}>"
        assert not isinstance(d, (dict, list, set, tuple)) or cls is Tuple
        match d:
            case cls(name=name, inner={"x": x}):
                d.name = name + str(x)
        with pytest.raises(TypeError):
            hash(d)
        with pytest.raises(TypeError, match="pickle current"):
            pickle.dumps(d)

    assert produce(make(cls), recipe).name == "ada1"


@pytest.mark.parametrize("cls", CLASSES)
def test_copies_are_plain(cls):
    def recipe(d):
        shallow, deep = copy.copy(d), copy.deepcopy(d)
        assert not is_draft(shallow)
        assert type(shallow) is type(deep) is cls
        assert shallow.tags is d.tags
        deep.tags.append(5)
        assert current(d) == make(cls)
        assert current(d) is original(d)

    base = make(cls)
    assert produce(base, recipe) is base


@pytest.mark.parametrize("cls", CLASSES)
def test_a_draft_and_its_iterators_end_with_the_recipe(cls):
    kept = []
    produce(make(cls), lambda d: kept.extend([d, d.tags]))
    d, tags = kept
    for use in (lambda: d.name, lambda: setattr(d, "name", 1), lambda: d == d, lambda: copy.copy(d), lambda: len(tags)):
        with pytest.raises(RevokedDraftError):
            use()
    assert repr(d) == str(d) == "<revoked draft>"
    assert not isinstance(d, cls)


# --- code of the record's class


@dataclasses.dataclass(frozen=True)
class Account:
    cents: int = 0
    log: list = dataclasses.field(default_factory=list)
    limit: ClassVar[int] = 100

    @property
    def euros(self):
        return self.cents / 100

    @euros.setter
    def euros(self, euros):
        self.cents = round(euros * 100)

    def pay(self, cents):
        if cents > self.limit:
            raise ValueError("too much")
        self.cents += cents
        self.log.append(cents)
        return self

    @classmethod
    def empty(cls):
        return cls()

    @staticmethod
    def currency():
        return "EUR"

    @functools.cached_property
    def doubled(self):
        return self.cents * 2

    def __len__(self):
        return len(self.log)

    def __getitem__(self, index):
        return self.log[index]

    def __setitem__(self, index, value):
        self.log[index] = value

    def __delitem__(self, index):
        del self.log[index]

    def __iter__(self):
        return iter(self.log)

    def __contains__(self, cents):
        return cents in self.log

    def __lt__(self, other):
        return self.cents < other.cents

    def __add__(self, other):
        return Account(self.cents + other.cents)

    def __neg__(self):
        return Account(-self.cents)

    def __str__(self):
        return f"{self.euros} {self.currency()}"

    def __format__(self, spec):
        return f"{self.cents:{spec}}" if spec else str(self)


class Savings(Account):
    def pay(self, cents):
        return super().pay(cents * 2)


def test_methods_and_properties_run_with_the_draft_as_self():
    def recipe(d):
        assert d.pay(10) is d
        assert (d.cents, d.euros, d.limit, d.currency(), d.empty()) == (10, 0.1, 100, "EUR", Account())
        d.euros = 3
        assert d.doubled == 600
        d.cents = 310
        assert d.doubled == 620
        with pytest.raises(ValueError):
            d.pay(101)

    base = Account()
    assert produce(base, recipe) == Account(310, [10])
    assert base == Account()
    assert produce(Savings(), lambda d: d.pay(10) and None) == Savings(20, [20])


def test_operators_and_built_in_functions_find_the_classs_methods():
    def recipe(d):
        d[0] = 7
        del d[1]
        assert (len(d), list(d), 7 in d, 8 in d, d[0], bool(d)) == (1, [7], True, False, 7, True)
        assert d < Account(6)
        assert Account(4) < d
        assert d + Account(1) == Account(1) + d == Account(6)
        assert -d == Account(-5)
        assert (str(d), f"{d}", f"{d:>4}") == ("0.05 EUR", "0.05 EUR", "   5")
        d.log.clear()
        assert not d

    assert produce(Account(5, [1, 2]), recipe) == Account(5)


def test_attributes_that_the_class_does_not_define_are_refused_naming_the_class():
    def recipe(d):
        for operation in (
            lambda: len(d),
            lambda: iter(d),
            lambda: d[0],
            lambda: d.__setitem__(0, 1),
            lambda: 1 in d,
            lambda: d + 1,
            lambda: d < d,
            lambda: -d,
        ):
            with pytest.raises((TypeError, AttributeError), match=r"Plain|unsupported|__setitem__"):
                operation()
        assert d
        assert str(d) == str(Plain("a")).join(["<draft of ", ">"])

    produce(Plain("a"), recipe)


def test_a_class_may_answer_for_attributes_that_it_does_not_have():
    @dataclasses.dataclass
    class Open:
        values: dict

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return self.values[name]

    assert produce(Open({"a": [1]}), lambda d: d.a.append(2)) == Open({"a": [1, 2]})


def test_attributes_beside_the_fields_are_read_only():
    @dataclasses.dataclass
    class More:
        name: str

        def __post_init__(self):
            self.size = len(self.name)
            self.notes = []

    def recipe(d):
        assert d.size == 3
        with pytest.raises(AttributeError, match="no field"):
            d.size = 4
        with pytest.raises(AttributeError, match="original"):
            d.notes  # noqa: B018
        d.name = "four"

    new = produce(More("ada"), recipe)
    assert (new.name, new.size) == ("four", 4)


def test_vars_shows_the_fields_and_takes_no_edits():
    def recipe(d):
        d.name = "eve"
        assert vars(d) == {"name": "eve", "tags": [1], "inner": {"x": 1}}
        assert "name" in dir(d)
        with pytest.raises(TypeError):
            vars(d)["name"] = "bob"

    produce(make(Plain), recipe)
    with pytest.raises(TypeError):
        produce(make(Slotted), lambda d: vars(d))


# --- NamedTuples


def test_the_draft_of_a_named_tuple_is_a_sequence():
    def recipe(d):
        name, tags, inner = d
        assert (name, tags, inner) == ("ada", [1], {"x": 1})
        assert isinstance(d, collections.abc.Sequence)
        assert (d[0], d[-1]["x"], len(d), d[1:2], d.index("ada"), d.count("ada")) == ("ada", 1, 3, ([1],), 0, 1)
        assert "ada" in d
        assert d + (4,) == ("ada", [1], {"x": 1}, 4)  # noqa: RUF005 - the operator is meant
        assert (d * 2)[3] == "ada"
        assert d._fields == ("name", "tags", "inner")
        assert d._asdict()["name"] == "ada"
        d[1].append(2)
        with pytest.raises(TypeError):
            d[0] = 1
        match d:
            case [name, [*_], _]:
                d.name = name.upper()

    assert produce(make(Tuple), recipe) == Tuple("ADA", [1, 2], {"x": 1})


# --- how records are rebuilt


def test_init_only_variables_and_own_constructors_are_gone_round():
    @dataclasses.dataclass
    class WithInitVar:
        total: int
        factor: dataclasses.InitVar[int]

        def __post_init__(self, factor):
            self.total *= factor

    new = produce(WithInitVar(2, 3), lambda d: setattr(d, "total", 7))
    assert new.total == 7

    @dataclasses.dataclass(init=False)
    class OwnInit:
        total: int

        def __init__(self, *parts):
            self.total = sum(parts)

    assert produce(OwnInit(1, 2), lambda d: setattr(d, "total", d.total + 1)) == OwnInit(4)

    @dataclasses.dataclass(slots=True)
    class OwnSlots:
        total: int
        other: list

        def __init__(self, both):
            self.total, self.other = both, [both]

    base = OwnSlots(1)
    new = produce(base, lambda d: setattr(d, "total", 2))
    assert (new.total, new.other) == (2, [1])
    assert new.other is base.other


def test_fields_that_the_constructor_does_not_take_are_kept_and_can_be_edited():
    @dataclasses.dataclass
    class Counted:
        name: str
        hits: int = dataclasses.field(default=0, init=False)
        seen: list = dataclasses.field(default_factory=list, init=False)

    base = Counted("a")
    base.hits = 3
    base.seen.append(1)
    new, _, inverse = produce_with_patches(base, lambda d: setattr(d, "name", "b"))
    assert (new.name, new.hits, new.seen) == ("b", 3, [1])
    assert new.seen is base.seen
    assert apply_patches(new, inverse) == base

    def recipe(d):
        d.hits += 1
        d.seen.append(2)

    new, patches, _ = produce_with_patches(base, recipe)
    assert (new.hits, new.seen, base.hits, base.seen) == (4, [1, 2], 3, [1])
    assert apply_patches(base, patches) == new


def test_a_constructor_that_refuses_the_result_fails_the_recipe():
    @dataclasses.dataclass(frozen=True)
    class Positive:
        number: int

        def __post_init__(self):
            if self.number < 0:
                raise ValueError("negative")

    base = [Positive(1), Positive(2)]

    def recipe(d):
        d[1].number = 3
        d[0].number = -1

    with pytest.raises(ValueError, match="negative"):
        produce(base, recipe)
    assert base == [Positive(1), Positive(2)]
    with pytest.raises(ValueError, match="negative"):
        apply_patches(base, [Patch("replace", (0, "number"), -1)])


def test_a_field_that_the_constructor_copies_keeps_its_object_if_no_edit_touched_it():
    @dataclasses.dataclass
    class Copying:
        name: str
        tags: list

        def __post_init__(self):
            self.tags = list(self.tags)

    base = Copying("a", [1])
    assert produce(base, lambda d: setattr(d, "name", "b")).tags is base.tags

    @attrs.frozen
    class Converting:
        name: str
        tags: list = attrs.field(converter=list)

    converting = Converting("a", [1])
    assert produce(converting, lambda d: setattr(d, "name", "b")).tags is converting.tags


def test_an_own_replace_is_used():
    @dataclasses.dataclass
    class Versioned:
        name: str
        version: int = 0

        def __replace__(self, **changes):
            return Versioned(**{"name": self.name, "version": self.version + 1, **changes})

    new = produce(Versioned("a"), lambda d: setattr(d, "name", "b"))
    assert new.name == "b"


def test_attrs_private_names_and_fields_without_init():
    @attrs.define
    class Secret:
        _key: str
        count: int = attrs.field(default=0, init=False)

        @property
        def key(self):
            return self._key

    base = Secret("k")
    base.count = 5

    def recipe(d):
        assert d.key == "k"
        d._key = "l"
        d.count += 1

    new = check(base, recipe, produce(base, recipe))
    assert (new._key, new.count) == ("l", 6)

    @attrs.define(init=False)
    class OwnInit:
        total: int

        def __init__(self, *parts):
            self.total = sum(parts)

    assert produce(OwnInit(1, 2), lambda d: setattr(d, "total", 9)).total == 9


def test_attrs_validators_see_the_result():
    @attrs.frozen
    class Checked:
        number: int = attrs.field(validator=attrs.validators.gt(0))

    with pytest.raises(ValueError):
        produce(Checked(1), lambda d: setattr(d, "number", -1))


def test_pydantic_models_are_validated_only_if_they_validate_assignments():
    class Loose(pydantic.BaseModel):
        number: int

    class Strict(pydantic.BaseModel, validate_assignment=True):
        number: int
        tags: list[int] = []

    assert produce(Loose(number=1), lambda d: setattr(d, "number", "x")).number == "x"
    with pytest.raises(pydantic.ValidationError):
        produce(Strict(number=1), lambda d: setattr(d, "number", "x"))
    base = Strict(number=1, tags=[1])
    new = produce(base, lambda d: setattr(d, "number", "2"))
    assert new.number == 2
    assert new.tags is base.tags


def test_pydantic_keeps_private_attributes_extra_ones_and_no_stale_cache():
    class Full(pydantic.BaseModel, extra="allow"):
        name: str
        _secret: int = pydantic.PrivateAttr(default=7)

        @functools.cached_property
        def shout(self):
            return self.name.upper()

        @pydantic.computed_field
        @property
        def size(self) -> int:
            return len(self.name)

    base = Full(name="ada", more=5)
    assert base.shout == "ADA"

    def recipe(d):
        assert (d._secret, d.more, d.size, d.shout) == (7, 5, 3, "ADA")
        d.name = "evelyn"
        assert (d.size, d.shout) == (6, "EVELYN")

    new = produce(base, recipe)
    assert (new.name, new._secret, new.more, new.shout, new.size) == ("evelyn", 7, 5, "EVELYN", 6)


def test_a_cached_property_of_the_old_record_is_not_taken_over():
    base = Account(5)
    assert base.doubled == 10
    assert produce(base, lambda d: setattr(d, "cents", 7)).doubled == 14


def test_a_field_that_was_never_set_can_be_set():
    @dataclasses.dataclass
    class Partial:
        name: str
        late: list = dataclasses.field(init=False)

    def recipe(d):
        with pytest.raises(AttributeError):
            d.late  # noqa: B018
        d.late = []
        d.late.append(1)

    base = Partial("a")
    assert not hasattr(base, "late")
    assert produce(base, recipe).late == [1]
    assert produce(base, lambda d: setattr(d, "name", "b")).name == "b"


def test_inherited_fields_and_generic_records_are_edited_too():
    @dataclasses.dataclass
    class Child(Plain):
        extra: int = 0

    class Point(pydantic.BaseModel):
        x: int

    class Point3(Point):
        z: int

    assert produce(Child("a", extra=1), lambda d: setattr(d, "extra", 2)) == Child("a", extra=2)
    assert produce(Point3(x=1, z=2), lambda d: setattr(d, "x", 3)) == Point3(x=3, z=2)


# --- leaves


class Own:
    def __init__(self):
        self.parts = []


@dataclasses.dataclass
class Computed:
    name: str

    @property
    def name(self):
        return "computed"

    @name.setter
    def name(self, value):
        pass


class OwnTuple(tuple):
    __slots__ = ()


@pytest.mark.parametrize(
    "leaf",
    [
        Own(),
        Computed("x"),
        numpy.zeros(3),
        OwnTuple((1, 2)),
        sys.version_info,
        frozenset({1}),
        range(3),
        bytearray(b"x"),
        Plain,
        len,
        ...,
    ],
    ids=lambda leaf: type(leaf).__name__,
)
def test_objects_of_other_classes_are_leaves_and_handed_out_unchanged(leaf):
    seen = []
    base = {"leaf": leaf, "list": [leaf]}
    produce(base, lambda d: seen.extend([d["leaf"], d["list"][0], *d["list"], *d["list"].copy()]))
    assert all(found is leaf for found in seen)
    new, _, inverse = produce_with_patches(base, lambda d: d.update(leaf=5))
    assert new["leaf"] == 5
    assert inverse[0].value is leaf
    assert produce(new, lambda d: d.update(leaf=leaf))["leaf"] is leaf
    assert produce({}, lambda d: d.update(list=[leaf]))["list"][0] is leaf


def test_arrays_are_replaced_and_never_compared():
    array = numpy.array([1, 2])
    base = {"array": array}
    same = numpy.array([1, 2])
    new, _, inverse = produce_with_patches(base, lambda d: d.update(array=same))
    assert new["array"] is same
    assert apply_patches(new, inverse)["array"] is array
    assert produce(base, lambda d: d.update(array=array)) is base


def test_a_collected_class_is_forgotten():
    def use():
        @dataclasses.dataclass
        class Short:
            x: int

        class Lived:
            pass

        assert produce(Short(1), lambda d: setattr(d, "x", 2)) == Short(2)
        lived = Lived()
        assert produce({"a": lived}, lambda d: d.update(b=d["a"]))["b"] is lived
        return weakref.ref(Short), weakref.ref(Lived)

    for _ in range(3):
        gone = use()
        gc.collect()
        assert [ref() for ref in gone] == [None, None]
