"""A *patch* is one step from one value to another; patches are minimal, invertible and immutable."""

import copy
import dataclasses
import pickle

import pytest

from draft_twins import in_turn
from halflife import HalflifeError, Patch, PatchError, apply_patches, draft, produce, produce_with_patches


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    tags: tuple = ()


# --- Patch


def test_a_patch_has_its_parts_and_shows_them():
    patch = Patch("add", ("a", 0), {"x": 1})
    assert (patch.op, patch.path, patch.value, patch.from_) == ("add", ("a", 0), {"x": 1}, None)
    assert repr(patch) == "Patch('add', ('a', 0), {'x': 1})"
    assert repr(Patch("remove", ("a",))) == "Patch('remove', ('a',))"
    assert repr(Patch("move", ("a",), from_=["b"])) == "Patch('move', ('a',), from_=('b',))"
    for one in (patch, Patch("move", ("a",), from_=("b",)), Patch("remove", [])):
        assert eval(repr(one)) == one  # noqa: S307 - what repr() promises
        assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301
        assert copy.deepcopy(one) == one


def test_patches_are_compared_by_their_parts():
    assert Patch("add", ("a",), 1) == Patch("add", ["a"], 1)
    assert Patch("add", ("a",), 1) != Patch("add", ("a",), 2)
    assert Patch("add", ("a",), 1) != Patch("replace", ("a",), 1)
    assert Patch("copy", ("a",), from_=("b",)) != Patch("copy", ("a",), from_=("c",))
    assert Patch("add", ("a",), 1) != ("add", ("a",), 1)
    with pytest.raises(TypeError):
        hash(Patch("remove", ()))
    with pytest.raises(TypeError):
        Patch("remove", ()) < Patch("remove", ())  # noqa: B015


def test_a_patch_matches_patterns():
    match Patch("move", ("a",), from_=("b",)):
        case Patch("move", (key,), from_=(source,)):
            assert (key, source) == ("a", "b")
        case _:
            raise AssertionError("not matched")


def test_a_patch_cannot_be_changed():
    patch = Patch("add", ("a",), 1)
    for name in ("op", "path", "value", "from_", "new"):
        with pytest.raises(AttributeError):
            setattr(patch, name, 1)
    with pytest.raises(TypeError):
        Patch.op = "x"
    path = ["a"]
    patch = Patch("add", path, 1)
    path.append("b")
    assert patch.path == ("a",)


def test_wrong_arguments_of_patch_are_refused():
    for arguments in ((), ("add",), ("add", "a/b"), ("add", 5), ("add", None), (1, 2, 3, 4, 5)):
        with pytest.raises(TypeError):
            Patch(*arguments)
    for arguments in (("ad", ()), (None, ()), (["add"], ()), ("move", ()), ("copy", (), 1), ("add", (), 1, ("b",))):
        with pytest.raises(ValueError):
            Patch(*arguments)


def test_a_patch_holds_no_draft():
    d = draft({"a": [1]})
    patch = Patch("add", (), d["a"])
    d["a"].append(2)
    assert patch.value == [1]


# --- patches of recipes


def patches_of(base, recipe):
    new, patches, inverse = produce_with_patches(base, recipe)
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base
    return [(patch.op, patch.path, patch.value) if patch.from_ is None else patch for patch in patches]


def test_each_change_of_a_dict_is_one_patch_and_an_undone_change_is_none():
    base = {"a": 1, "b": {"x": 1}, "c": 3, "e": 4}

    def recipe(d):
        d["a"] = 5
        d["a"] = 6
        d["b"]["x"] = 2
        del d["c"]
        d["new"] = {"y": 1}
        d["new"]["y"] = 2
        d["gone"] = 1
        del d["gone"]
        d["e"] = {"y": [1]}
        d["e"]["y"].append(2)

    assert patches_of(base, recipe) == [
        ("replace", ("a",), 6),
        ("remove", ("c",), None),
        ("replace", ("e",), {"y": [1, 2]}),
        ("add", ("new",), {"y": 2}),
        ("replace", ("b", "x"), 2),
    ]


def test_changed_and_then_removed_is_removed():
    def recipe(d):
        d["b"]["x"] = 2
        del d["b"]

    assert patches_of({"b": {"x": 1}}, recipe) == [("remove", ("b",), None)]


def test_lists_are_told_apart_by_identity():
    base = [{"n": n} for n in range(20)]
    assert patches_of(base, lambda d: d.insert(0, {"n": 1})) == [("add", (0,), {"n": 1})]
    assert patches_of(base, lambda d: d.__delitem__(0)) == [("remove", (0,), None)]
    assert patches_of(base, lambda d: d.insert(15, d.pop(2))) == [Patch("move", (15,), from_=(2,))]
    assert patches_of(base, lambda d: d[3].update(n=0)) == [("replace", (3, "n"), 0)]
    assert patches_of(base, lambda d: d.__setitem__(3, 0)) == [("replace", (3,), 0)]

    def move_and_edit(d):
        moved = d.pop(0)
        d.append(moved)
        moved["n"] = "edited"
        d[0]["n"] = "also"

    assert patches_of(base, move_and_edit) == [
        Patch("move", (19,), from_=(0,)),
        ("replace", (0, "n"), "also"),
        ("replace", (19, "n"), "edited"),
    ]


def test_members_of_sets_are_added_and_removed():
    found = patches_of({"s": {1, 2}}, lambda d: in_turn(d["s"].add(3), d["s"].discard(1)))
    assert sorted((op, path) for op, path, _ in found) == [("add", ("s", 3)), ("remove", ("s", 1))]


def test_fields_of_records_are_replaced():
    assert patches_of([Point(1)], lambda d: setattr(d[0], "x", 2)) == [("replace", (0, "x"), 2)]


def test_a_whole_that_was_replaced_is_one_patch():
    assert patches_of({"a": 1}, lambda d: [1]) == [("replace", (), [1])]
    assert patches_of(1, lambda value: 2) == [("replace", (), 2)]


def test_patches_share_nothing_with_later_drafts():
    base = {"a": []}
    new, patches, _ = produce_with_patches(base, lambda d: d.update(b={"x": [1]}))
    later = produce(new, lambda d: d["b"]["x"].append(2))
    assert patches[0].value == {"x": [1]}
    assert later["b"] == {"x": [1, 2]}
    assert apply_patches(base, patches) == new


# --- applying


def test_each_operation_does_what_it_says():
    base = {"a": [1, 2], "b": {"c": 3}, "s": {1}, "p": Point(1)}
    for patches, expected in [
        ([Patch("add", ("a", 1), 9)], {**base, "a": [1, 9, 2]}),
        ([Patch("add", ("a", 2), 9)], {**base, "a": [1, 2, 9]}),
        ([Patch("add", ("a", "-"), 9)], {**base, "a": [1, 2, 9]}),
        ([Patch("add", ("b", "c"), 9)], {**base, "b": {"c": 9}}),
        ([Patch("add", ("s", 5), 5)], {**base, "s": {1, 5}}),
        ([Patch("replace", ("p", "x"), 5)], {**base, "p": Point(5)}),
        ([Patch("remove", ("a", 0))], {**base, "a": [2]}),
        ([Patch("remove", ("s", 1))], {**base, "s": set()}),
        ([Patch("replace", (), 5)], 5),
        ([Patch("replace", (), {"x": 1}), Patch("add", ("y",), 2)], {"x": 1, "y": 2}),
        ([Patch("move", ("b", "d"), from_=("a",))], {"b": {"c": 3, "d": [1, 2]}, "s": {1}, "p": Point(1)}),
        ([Patch("copy", ("b", "d"), from_=("a",))], {**base, "b": {"c": 3, "d": [1, 2]}}),
        ([Patch("test", ("a", 1), 2), Patch("remove", ("a", 1))], {**base, "a": [1]}),
        ([Patch("replace", ("a", 0), {})], {**base, "a": [{}, 2]}),
        ([Patch("replace", ("s", 1), 5)], {**base, "s": {5}}),
        ([Patch("add", ("p", "x"), 5)], {**base, "p": Point(5)}),
        ([Patch("move", ("a", 1), from_=("a", 0)), Patch("move", ("a", 0), from_=("a", 0))], {**base, "a": [2, 1]}),
        ([Patch("move", ("b",), from_=("b", "c")), Patch("move", (), from_=())], {**base, "b": 3}),
        ([Patch("add", (), 7), Patch("test", (), 7)], 7),
        ([Patch("move", (), from_=("a",)), Patch("add", ("-",), 9)], [1, 2, 9]),
        ([Patch("copy", ("d",), from_=()), Patch("add", ("a", "-"), 9)], {**base, "a": [1, 2, 9], "d": base}),
        ([], base),
    ]:
        before = copy.deepcopy(base)
        assert apply_patches(base, patches) == expected
        assert base == before


def test_untouched_parts_are_shared_by_patches():
    base = {"a": {"x": 1}, "b": {"y": 1}}
    new = apply_patches(base, [Patch("replace", ("a", "x"), 2)])
    assert new["b"] is base["b"]
    assert apply_patches(base, [Patch("replace", ("a", "x"), 1)]) is base
    for change_nothing in (
        [Patch("add", ("c",), 1), Patch("remove", ("c",))],
        [Patch("move", ("a",), from_=("a",)), Patch("test", ("b", "y"), 1)],
    ):
        assert apply_patches(base, change_nothing) is base
    rows = [1, 2]
    assert apply_patches(rows, [Patch("add", (0,), 7), Patch("remove", (0,))]) is rows
    members = {1}
    assert apply_patches(members, [Patch("add", (1,), 1)]) is members
    assert apply_patches(base, []) is base


def test_a_later_patch_does_not_change_the_value_of_an_earlier_one():
    patches = [
        Patch("add", ("list",), {"deep": [1]}),
        Patch("add", ("list", "deep", 1), 2),
        Patch("copy", ("other",), from_=("list",)),
        Patch("add", ("other", "deep", 0), 0),
    ]
    before = copy.deepcopy(patches)
    for _ in range(2):
        assert apply_patches({}, patches) == {"list": {"deep": [1, 2]}, "other": {"deep": [0, 1, 2]}}
    assert patches == before


BAD = [
    ({"a": 1}, Patch("remove", ("b",)), "nothing"),
    ({"a": 1}, Patch("replace", ("b",), 1), "nothing"),
    ({"a": 1}, Patch("add", ("b", "c"), 1), "nothing"),
    ({"a": 1}, Patch("add", ("a", "c"), 1), "no parts"),
    ({"a": None}, Patch("add", ("a", "c"), 1), "no parts"),
    ({"a": (1,)}, Patch("replace", ("a", 0), 1), "no parts"),
    (5, Patch("add", ("a",), 1), "no parts"),
    ([1], Patch("add", (5,), 1), "position"),
    ([1], Patch("add", (-1,), 1), "position"),
    ([1], Patch("replace", (1,), 1), "position"),
    ([1], Patch("remove", ("-",)), "position"),
    ([1], Patch("remove", ("x",)), "position"),
    ([1], Patch("remove", (True,)), "position"),
    ([1], Patch("remove", (10**40,)), "position"),
    ({"s": {1}}, Patch("remove", ("s", 2)), "nothing"),
    ({"a": {}}, Patch("move", ("a", "b"), from_=("a",)), "into itself"),
    ({"a": {}}, Patch("move", ("a",), from_=()), "into itself"),
    ({"a": {}}, Patch("move", ("b",), from_=("c",)), "nothing"),
    ({"a": {}}, Patch("copy", ("b",), from_=("c",)), "nothing"),
    ([1], Patch("test", (1,), 1), "position"),
    ([1], Patch("move", (0,), from_=(1,)), "position"),
    ([1], Patch("copy", (0,), from_=("-",)), "position"),
    ({"s": {1}}, Patch("add", ("s", 1, "b"), 1), "no parts"),
    ({"a": 1}, Patch("test", ("a",), 2), "test"),
    ({"a": 1}, Patch("test", ("a",), True), "test"),
    ({"a": 1}, Patch("remove", ()), "root"),
    ({"a": 1}, Patch("remove", ([],)), "unhashable"),
    (Point(1), Patch("remove", ("x",)), "field"),
    (Point(1), Patch("replace", ("y",), 1), "nothing"),
    (Point(1), Patch("replace", ("__class__",), 1), "nothing"),
    (Point(1), Patch("replace", (0,), 1), "nothing"),
]


@pytest.mark.parametrize(("base", "patch", "why"), BAD)
def test_a_patch_that_fails_is_named_and_nothing_is_changed(base, patch, why):
    before = copy.deepcopy(base)
    fits = Patch("replace", (), base)
    with pytest.raises(PatchError, match=rf"patch 1 \({patch.op} at .*{why}") as caught:
        apply_patches(base, [fits, patch])
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, HalflifeError)
    assert base == before


def test_an_error_of_a_key_is_the_cause():
    with pytest.raises(PatchError) as caught:
        apply_patches({}, [Patch("add", ([],), 1)])
    assert isinstance(caught.value.__cause__, TypeError)


def test_arguments_are_checked():
    for arguments in ((), ({},), ({}, 5), ({}, None), ({}, [1]), ({}, [{"op": "add"}]), ({}, "ab"), ({}, [], 1)):
        with pytest.raises(TypeError):
            apply_patches(*arguments)
    assert apply_patches(base={}, patches=iter([Patch("add", ("a",), 1)])) == {"a": 1}


def test_an_interrupt_goes_through():
    class Interrupting:
        def __hash__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_patches({}, [Patch("add", (Interrupting(),), 1)])
