"""Classes registered with `draftable`, and objects of classes that drafts do not know."""

import array
import collections
import copy
import dataclasses
import enum
import fractions
import functools
import os
import pathlib
import re
import subprocess
import sys
import types
import uuid
from collections import Counter, OrderedDict, UserDict, defaultdict, deque
from datetime import date
from decimal import Decimal
from textwrap import dedent
from typing import Any

import numpy
import pytest

from halflife import (
    Layers,
    RecipeError,
    Store,
    apply_patches,
    atom,
    derived,
    draft,
    draft_atom,
    draftable,
    editable,
    finish,
    is_draft,
    lens,
    produce,
    produce_with_patches,
)
from halflife._optimistic import debugging as debugging_module


@draftable
class Settings:
    language = "en"

    def __init__(self) -> None:
        self.theme = "dark"
        self.tags: list[Any] = []
        self._size = 1

    @property
    def size(self) -> int:
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        self._size = value * 10

    @functools.cached_property
    def shown(self) -> str:
        return f"{self.theme} {len(self.tags)}"

    def add(self, tag: Any) -> None:
        self.tags.append(tag)

    def __eq__(self, other: object) -> bool:
        mine, theirs = dict(vars(self)), dict(vars(other))
        mine.pop("shown", None)
        theirs.pop("shown", None)
        return type(other) is Settings and mine == theirs

    __hash__ = None  # type: ignore[assignment]


@draftable
class Slotted:
    __slots__ = ("__weakref__", "items", "name")

    def __init__(self) -> None:
        self.items: list[Any] = []

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Slotted
            and self.items == other.items
            and getattr(self, "name", 0) == getattr(other, "name", 0)
        )

    __hash__ = None  # type: ignore[assignment]


class BothBase:
    __slots__ = ("__secret", "left")


@draftable
class Both(BothBase):
    def __init__(self) -> None:
        self.left, self.right = [1], [2]
        self._BothBase__secret = {"x": 1}


def both_ways(base: Any, recipe: Any) -> Any:
    before = copy.deepcopy(base)
    new, patches, inverse = produce_with_patches(base, recipe)
    assert (base, type(new)) == (before, type(base))
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base
    return new


def test_attributes_and_methods_edit_the_draft() -> None:
    base = Settings()

    def recipe(draft: Any) -> None:
        draft.theme = "light"
        draft.add("a")
        draft.tags.append(["b"])
        draft.size = 2
        draft.new = {"x": 1}
        draft.new["x"] = 2

    new = both_ways(base, recipe)
    assert (new.theme, new.tags, new.size, new.new, new.language) == ("light", ["a", ["b"]], 20, {"x": 2}, "en")
    nested = both_ways({"list": [Settings()]}, lambda value: value["list"][0].add(1))
    assert nested["list"][0].tags == [1]


def test_attributes_can_be_deleted() -> None:
    def recipe(draft: Any) -> None:
        del draft.theme
        assert not hasattr(draft, "theme")
        with pytest.raises(AttributeError, match="theme"):
            del draft.theme

    new = both_ways(Settings(), recipe)
    assert not hasattr(new, "theme")


def test_untouched_parts_are_shared_and_no_edit_returns_the_base() -> None:
    base = Settings()
    assert produce(base, lambda draft: None) is base
    assert produce(base, lambda draft: setattr(draft, "theme", "dark")) is base
    assert produce(base, lambda draft: setattr(draft, "theme", "x")).tags is base.tags


def test_cached_values_are_computed_anew() -> None:
    base = Settings()
    assert base.shown == "dark 0"

    def recipe(draft: Any) -> None:
        assert draft.shown == "dark 0"
        draft.add(1)
        assert draft.shown == "dark 1"

    assert produce(base, recipe).shown == "dark 1"
    assert base.shown == "dark 0"


def test_slots_are_attributes_too() -> None:
    def recipe(draft: Any) -> None:
        draft.items.append(1)
        draft.name = "x"
        with pytest.raises(AttributeError, match="other"):
            draft.other = 1

    new = both_ways(Slotted(), recipe)
    assert (new.items, new.name) == ([1], "x")
    gone = both_ways(new, lambda draft: delattr(draft, "name"))
    assert not hasattr(gone, "name")
    both = produce(Both(), lambda draft: draft.left.append(3) or draft.right.append(4))
    assert (both.left, both.right, both._BothBase__secret) == ([1, 3], [2, 4], {"x": 1})


def test_reserved_names_are_no_attributes_to_edit() -> None:
    for edit in (
        lambda draft: setattr(draft, "__class__", int),
        lambda draft: setattr(draft, "__dict__", {}),
        lambda draft: setattr(draft, "__own__", 1),
    ):
        with pytest.raises(AttributeError):
            produce(Settings(), edit)


def test_an_object_is_copied_by_its_own_copy() -> None:
    @draftable
    class Own:
        def __init__(self) -> None:
            self.items: list[int] = []
            self.copies = 0

        def __copy__(self) -> "Own":
            made = Own()
            made.__dict__.update(vars(self))
            made.copies += 1
            return made

    new = produce(Own(), lambda draft: draft.items.append(1))
    assert (new.items, new.copies) == ([1], 1)

    @draftable
    class Stubborn:
        def __init__(self) -> None:
            self.items: list[int] = []

        def __copy__(self) -> "Stubborn":
            return self

    base = Stubborn()
    with pytest.raises(TypeError, match="gives the object itself"):
        produce(base, lambda draft: draft.items.append(1))
    assert base.items == []


class Shout(dict):
    greeting = "hi"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.note = "kept"

    def louder(self) -> None:
        for key in list(self):
            self[key] = [self[key]]

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)

    def __missing__(self, key: Any) -> str:
        return f"no {key}"


class Tally(Counter):
    pass


class Lines(list):
    pass


class Window(deque):
    pass


class Ordered(OrderedDict):
    pass


class Groups(defaultdict):
    pass


class Bag(set):
    pass


for _cls in (Shout, Tally, Lines, Window, Ordered, Groups, Bag):
    draftable(_cls)


@pytest.mark.parametrize(
    ("make", "edit"),
    [
        (lambda: Shout(a=1), lambda draft: draft.update(b=2)),
        (lambda: Shout(a=1), lambda draft: draft.louder()),
        (lambda: Tally("aab"), lambda draft: draft.update("ab")),
        (lambda: Tally("aab"), lambda draft: draft.subtract("ab")),
        (lambda: Lines([1, [2]]), lambda draft: draft[1].append(3)),
        (lambda: Lines([1, [2]]), lambda draft: draft.insert(0, 3)),
        (lambda: Window([1, 2, 3], 3), lambda draft: draft.appendleft(0)),
        (lambda: Ordered(a=1, b=2), lambda draft: draft.move_to_end("a")),
        (lambda: Groups(list, {"a": [1]}), lambda draft: draft["b"].append(2)),
        (lambda: Bag({1, 2}), lambda draft: draft.add(3)),
    ],
)
def test_a_registered_subclass_is_edited_as_the_container_and_keeps_its_class_and_attributes(
    make: Any, edit: Any
) -> None:
    base = make()
    base.extra = extra = ["x"]
    expected = make()
    edit(expected)
    new = both_ways(base, edit)
    assert new == expected
    assert new.extra is extra
    assert getattr(new, "maxlen", None) == getattr(base, "maxlen", None)
    assert getattr(new, "default_factory", None) is getattr(base, "default_factory", None)
    nested = both_ways({"it": [base]}, lambda value: edit(value["it"][0]))
    assert (nested["it"][0], type(nested["it"][0])) == (expected, type(base))


def test_attributes_of_such_a_draft_are_read_and_not_edited() -> None:
    base = Shout(a=1)
    base.list = [1]

    def recipe(draft: Any) -> None:
        assert (draft.note, draft.greeting, draft["zz"], draft.get("zz")) == ("kept", "hi", "no zz", None)
        with pytest.raises(AttributeError, match="cannot set 'note'"):
            draft.note = "x"
        with pytest.raises(AttributeError, match="original"):
            draft.list  # noqa: B018
        with pytest.raises(AttributeError, match="has no attribute 'zzz'"):
            draft.zzz  # noqa: B018

    assert produce(base, recipe) is base


def test_an_attribute_of_the_object_goes_before_one_of_its_class() -> None:
    @draftable
    class Titled(list):  # type: ignore[type-arg]
        title = "none"

        @property
        def loud(self) -> str:
            return self.title.upper()

    base = Titled([1])
    read: list[str] = []
    produce(base, lambda draft: read.extend([draft.title, draft.loud]))
    base.title = "ours"
    produce(base, lambda draft: read.extend([draft.title, draft.loud]))
    assert read == ["none", "NONE", "ours", "OURS"]


def test_a_registered_wrapper_of_a_container_works_through_its_methods() -> None:
    @draftable
    class Wrapped(UserDict):
        pass

    new = both_ways(Wrapped(a=1), lambda draft: draft.update(b=2))
    assert new == Wrapped(a=1, b=2)
    draftable(types.SimpleNamespace)
    try:
        assert both_ways({"n": types.SimpleNamespace(x=1)}, lambda value: setattr(value["n"], "x", 2))["n"].x == 2
    finally:
        from halflife import _core
        from halflife._support import draftable as module

        module._registered.discard(types.SimpleNamespace)
        module.drafted_built_ins.discard(types.SimpleNamespace)
        _core.forget_class(types.SimpleNamespace)


def test_a_subclass_of_a_registered_class_is_not_registered() -> None:
    class Child(Settings):
        pass

    with pytest.raises(TypeError, match="draftable"):
        produce(Child(), lambda draft: draft.add(1))
    draftable(Child)
    assert produce(Child(), lambda draft: draft.add(1)).tags == [1]


def test_classes_that_cannot_be_registered_are_refused_and_known_ones_unchanged() -> None:
    for wrong in (5, "Settings", None, Settings()):
        with pytest.raises(TypeError, match="draftable: needs a class"):
            draftable(wrong)  # type: ignore[type-var]
    for fixed in (str, int, frozenset, type("T", (tuple,), {}), enum.Enum, object):
        with pytest.raises(TypeError, match="cannot change"):
            draftable(fixed)

    @draftable
    @dataclasses.dataclass
    class Known:
        x: int
        double: int = dataclasses.field(init=False)

        def __post_init__(self) -> None:
            self.double = self.x * 2

    assert produce(Known(1), lambda draft: setattr(draft, "x", 4)).double == 8
    assert draftable(dict) is dict
    assert draftable(deque) is deque


def test_layers_and_atoms_over_them() -> None:
    for replay in ("selective", "always"):
        layers = Layers({"s": Settings()}, replay=replay)
        first = layers.apply(lambda value: value["s"].add("a"))
        layers.apply(lambda value: setattr(value["s"], "theme", "light"))
        layers.apply(lambda value: delattr(value["s"], "_size"))
        first.rollback()
        assert (layers.visible["s"].tags, layers.visible["s"].theme) == ([], "light")
        assert not hasattr(layers.visible["s"], "_size")
        layers.commit_all()
        assert layers.base["s"].theme == "light"
    with Store() as store:
        root = draft_atom(Settings(), name="settings")
        store.update(lens(root, lambda value: value.tags), lambda tags: tags.append(1))
        assert store.get(root).tags == [1]


def test_setting_an_equal_object_shares_only_equal_parts() -> None:
    layers = Layers({"s": Settings(), "o": Shout(a=1)})
    before = layers.visible
    layers.set_base({"s": Settings(), "o": Shout(a=1)})
    assert layers.visible is before
    other = Shout(a=1)
    other.note = "another"
    layers.set_base({"s": Settings(), "o": other})
    assert layers.visible["o"].note == "another"


# --- unknown classes


class Unknown:
    def __init__(self) -> None:
        self.items: list[int] = []


class OwnDict(dict):
    pass


UNKNOWN = [
    Unknown(),
    OwnDict(a=1),
    type("OwnList", (list,), {})([1]),
    type("OwnSet", (set,), {})([1]),
    type("OwnDeque", (deque,), {})([1]),
    bytearray(b"a"),
    array.array("i", [1]),
    numpy.zeros(2),
    types.SimpleNamespace(x=1),
    UserDict(a=1),
    Exception("x"),
    collections.ChainMap({}),
]


@pytest.mark.parametrize("value", UNKNOWN, ids=lambda value: type(value).__name__)
def test_an_unknown_mutable_is_a_leaf_and_refused_as_the_root(value: Any) -> None:
    base = {"x": value, "list": [value, (value,)]}
    found: list[Any] = []
    produce(base, lambda d: found.extend([d["x"], d["list"][0], d["list"][1][0]]))
    assert all(item is value for item in found)
    calls: list[Any] = []
    for use in (
        lambda: produce(value, calls.append),
        lambda: produce_with_patches(value, calls.append),
        lambda: draft(value),
        lambda: draft_atom(value),
        lambda: Layers(value),
    ):
        with pytest.raises(TypeError, match="draftable"):
            use()
    assert calls == []


@pytest.mark.parametrize("value", UNKNOWN[:4], ids=lambda value: type(value).__name__)
def test_an_unknown_object_that_becomes_the_root_later_is_visible_and_recipes_over_it_raise(value: Any) -> None:
    calls: list[Any] = []
    layers = Layers({"a": 1})
    layers.set_base(value)
    assert layers.visible is value
    for use in (layers.apply, layers.update, layers.edit_base):
        with pytest.raises(TypeError, match="draftable"):
            use(calls.append)
    layers.set({"a": 1})
    layers.update(lambda d: d.update(a=2))
    assert layers.visible == {"a": 2}

    errors: list[BaseException] = []
    layers = Layers({"a": 1}, on_error=errors.append)
    layer = layers.apply(lambda d: d.update(a=2))
    layers.set_base(value)
    assert (layers.visible is value, layer.status) == (True, "conflicted")
    assert "draftable" in str(errors[0])
    layers.set_base({"a": 5, "b": 6})
    assert (layers.visible, layer.status) == ({"a": 2, "b": 6}, "pending")

    with Store() as store:
        root = draft_atom({"a": 1}, name="root")
        store.set(root, value)
        assert store.get(root) is value
        for edit in (
            lambda: store.update(root, calls.append),
            lambda: store.layers(root).apply(calls.append),
            lambda: store.mutate(root, calls.append),
        ):
            with pytest.raises(TypeError, match="draftable"):
                edit()
        assert store.get(root) is value
        fetched = derived(lambda get: value)
        shown = editable(fetched)
        assert store.get(shown) is value
        with pytest.raises(TypeError, match="draftable"):
            store.update(shown, calls.append)
        part = lens(draft_atom({"x": value}, name="whole"), lambda whole: whole["x"])
        assert store.get(part) is value
        with pytest.raises(TypeError, match="draftable"):
            store.update(part, calls.append)
        store.set(part, 5)
        assert store.get(part) == 5
    assert calls == []


class Color(enum.Enum):
    red = 1


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int


class Hashed:
    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hashed) and other.x == self.x

    def __hash__(self) -> int:
        return hash(self.x)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        "x",
        b"x",
        1j,
        ...,
        (1, 2),
        frozenset({1}),
        range(3),
        pathlib.Path("x"),
        fractions.Fraction(1, 2),
        Decimal(1),
        uuid.UUID(int=1),
        date(2026, 1, 1),
        Color.red,
        Hashed(1),
        re.compile("x"),
        numpy.float64(1),
        len,
        int,
        test_reserved_names_are_no_attributes_to_edit,
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_immutable_root_is_replaced_by_a_recipe(value: Any) -> None:
    assert produce(value, lambda old: None) is value
    assert produce(value, lambda old: 5) == 5
    layers = Layers(value)
    layers.update(lambda old: 5)
    assert layers.visible == 5
    with Store() as store:
        root = draft_atom(value)
        store.update(root, lambda old: 6)
        assert store.get(root) == 6


def test_a_plain_atom_may_hold_anything() -> None:
    value = Unknown()
    with Store() as store:
        assert store.get(atom(value)) is value


# --- debug mode


@pytest.fixture
def debugging(monkeypatch: Any) -> Any:
    monkeypatch.setattr(debugging_module, "ENABLED", True)
    yield
    debugging_module._handed_out.clear()


@pytest.mark.parametrize(
    ("leaf", "edit"),
    [
        (Unknown(), lambda leaf: leaf.items.append(1)),
        (OwnDict(a=1), lambda leaf: leaf.update(b=2)),
        (bytearray(b"a"), lambda leaf: leaf.extend(b"b")),
        (numpy.zeros(2), lambda leaf: leaf.fill(1)),
        (types.SimpleNamespace(x=1), lambda leaf: setattr(leaf, "x", 2)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_debug_mode_finds_a_leaf_that_a_recipe_edits_in_place(debugging: Any, leaf: Any, edit: Any) -> None:
    with Store() as store:
        for use in (store.update, lambda root, recipe: store.layers(root).apply(recipe)):
            root = draft_atom({"deep": [{"leaf": copy.deepcopy(leaf)}]}, name="root")
            with pytest.raises(RecipeError, match=r"\['deep'\]\[0\]\['leaf'\] in place.*draftable"):
                use(root, lambda d: edit(d["deep"][0]["leaf"]))
    with pytest.raises(RecipeError, match="in place"):
        Layers({"leaf": copy.deepcopy(leaf)}).apply(lambda d: edit(d["leaf"]))
    layers = Layers({"leaf": copy.deepcopy(leaf)})
    edit(layers.visible["leaf"])
    with pytest.raises(RecipeError, match="changed in place after it was handed out"):
        layers.apply(lambda d: d.update(a=1))


def test_debug_mode_never_fails_itself(debugging: Any) -> None:
    class Unpicklable:
        def __reduce_ex__(self, protocol: Any) -> Any:
            raise ValueError("no pickle")

        def __eq__(self, other: object) -> bool:
            raise ValueError("no ==")

        __hash__ = None  # type: ignore[assignment]

    deep: Any = []
    for _ in range(20_000):
        deep = [deep]
    tail = Unknown()
    chain: Any = tail
    for _ in range(10_000):
        chain.items = [Unknown()]
        chain = chain.items[0]
    base = {"deep": deep, "un": Unpicklable(), "chain": tail, "lambda": lambda: 1, "nan": float("nan")}
    with Store() as store:
        root = draft_atom(base, name="root")
        store.update(root, lambda d: d.update(a=1))
        layer = store.layers(root).apply(lambda d: d.update(b=[d["deep"], d["un"]]))
        store.layers(root).apply(lambda d: d["deep"])
        layer.rollback()
        assert store.get(root)["a"] == 1
    while deep:
        deep = deep.pop()


def test_with_the_variable_produce_and_sessions_are_watched_too() -> None:
    program = dedent("""
        from halflife import *
        from types import SimpleNamespace
        def check(use):
            try:
                use()
            except RecipeError as error:
                print("in place" in str(error))
        base = {"n": SimpleNamespace(x=[1])}
        check(lambda: produce(base, lambda d: d["n"].x.append(1)))
        check(lambda: produce_with_patches(base, lambda d: setattr(d["n"], "y", 1)))
        d = draft(base)
        d["n"].x.append(2)
        check(lambda: finish(d))
        produce(base, lambda d: d.update(n=SimpleNamespace(x=5)))
    """)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "HALFLIFE_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "True", "True"]


def test_a_session_over_a_registered_class() -> None:
    edited = draft(Settings())
    edited.add(1)
    assert is_draft(edited.tags)
    assert finish(edited).tags == [1]
