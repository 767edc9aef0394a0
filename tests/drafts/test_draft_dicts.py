"""Drafts of dicts do what dicts do."""

# ruff: noqa: SIM300 - which side of an operator a draft is on is what is tested

import copy
import json
import pickle
from collections.abc import ItemsView, KeysView, Mapping, MutableMapping, Sequence, ValuesView

import pytest

from draft_twins import check_twins
from halflife import RecipeError, RevokedDraftError, current, is_draft, produce, produce_with_patches

BASES = [
    {},
    {"a": 1},
    {"a": 1, "b": [1, {"x": 2}], "c": {"d": {"e": 3}}, 7: "seven", (1, 2): None},
    {"a": {}, "b": [], "c": set(), None: 0},
]


def assign(key, value):
    return lambda d: d.__setitem__(key, value)


def remove(key):
    return lambda d: d.__delitem__(key)


def edit_deep(d):
    d["c"]["d"]["e"] += 1
    d["b"].append(4)


def set_after_delete(d):
    del d["a"]
    d["a"] = 2


def delete_added(d):
    d["new"] = 1
    del d["new"]


def clear_and_fill(d):
    d.clear()
    d["z"] = 1
    d["a"] = 2


def merge(d):
    d |= {"a": 5, "z": {"y": 1}}
    d["z"]["y"] += 1


def edit_what_was_put_in(d):
    d["new"] = {"list": []}
    d["new"]["list"].append(1)


def edit_default(d):
    d.setdefault("new", []).append(1)
    d.setdefault("new", [7]).append(2)


def change_values_while_iterating(d):
    for key in d:
        d[key] = key


def delete_while_iterating(d):
    for key in d:
        del d[key]


def add_while_iterating(d):
    for value in d.values():
        d["new"] = value


def view_sees_later_edits(d):
    keys, values, items = d.keys(), d.values(), d.items()
    d["later"] = 1
    return list(keys)[-1], list(values)[-1], list(items)[-1], len(keys)


OPERATIONS = [
    lambda d: d["a"],
    lambda d: d["missing"],
    lambda d: d[7],
    lambda d: d[7.0],
    lambda d: d[[]],
    lambda d: d.get("a"),
    lambda d: d.get("missing"),
    lambda d: d.get("missing", 5),
    lambda d: d.get(),
    lambda d: d.get({}),
    lambda d: len(d),
    lambda d: bool(d),
    lambda d: "a" in d,
    lambda d: "missing" in d,
    lambda d: [] in d,
    list,
    lambda d: list(reversed(d)),
    lambda d: dict(d),
    lambda d: {**d},
    lambda d: d.copy(),
    lambda d: copy.copy(d),
    lambda d: copy.deepcopy(d),
    lambda d: d.keys(),
    lambda d: d.values(),
    lambda d: d.items(),
    lambda d: list(reversed(d.keys())),
    lambda d: list(reversed(d.values())),
    lambda d: list(reversed(d.items())),
    lambda d: d.keys() & {"a", "z"},
    lambda d: {"a", "z"} & d.keys(),
    lambda d: d.keys() | ["z"],
    lambda d: d.keys() - {"a"},
    lambda d: d.keys() ^ {"a", "z"},
    lambda d: d.keys() == {"a"},
    lambda d: d.keys() != {"a"},
    lambda d: d.keys() <= {"a", "b", "c", 7, (1, 2), None},
    lambda d: d.keys() < {"a"},
    lambda d: d.keys() >= {"a"},
    lambda d: d.keys() > {"a"},
    lambda d: d.keys() <= [],
    lambda d: d.keys().isdisjoint(["a"]),
    lambda d: d.keys() == d.keys(),
    lambda d: d.items() == d.items(),
    lambda d: d.items() == d,
    lambda d: ("a", 1) in d.items(),
    lambda d: ("a", 2) in d.items(),
    lambda d: "a" in d.items(),
    lambda d: ("c", {"d": {"e": 3}}) in d.items(),
    lambda d: 1 in d.values(),
    lambda d: {"d": {"e": 3}} in d.values(),
    lambda d: "a" in d.keys(),  # noqa: SIM118 - the view is meant
    lambda d: d == {"a": 1},
    lambda d: {"a": 1} == d,
    lambda d: d != {"a": 1},
    lambda d: d == d.copy(),
    lambda d: d < {},
    lambda d: d == 1,
    lambda d: hash(d),
    lambda d: hash(d.keys()),
    lambda d: d | {"z": 1},
    lambda d: {"z": 1} | d,
    lambda d: d | d,
    lambda d: d | [("z", 1)],
    lambda d: d + {},
    assign("a", 2),
    assign("a", 1),
    assign("new", {"x": []}),
    assign("b", None),
    assign([], 1),
    assign((1, 2), "pair"),
    assign(7.0, 1),
    remove("a"),
    remove("missing"),
    remove([]),
    remove((1, 2)),
    lambda d: d.setdefault("a", 9),
    lambda d: d.setdefault("new"),
    lambda d: d.setdefault("new", 9),
    lambda d: d.setdefault(),
    lambda d: d.pop("a"),
    lambda d: d.pop("c"),
    lambda d: d.pop("missing"),
    lambda d: d.pop("missing", None),
    lambda d: d.pop(),
    lambda d: d.popitem(),
    lambda d: d.clear(),
    lambda d: d.update({"a": 2, "z": 3}),
    lambda d: d.update([("a", 2), ("z", 3)], y=4),
    lambda d: d.update(z=1),
    lambda d: d.update(),
    lambda d: d.update({}, {}),
    lambda d: d.update(5),
    lambda d: d.update(d),
    lambda d: d.update(b=d.get("c")),
    edit_deep,
    set_after_delete,
    delete_added,
    clear_and_fill,
    merge,
    edit_what_was_put_in,
    edit_default,
    change_values_while_iterating,
    delete_while_iterating,
    add_while_iterating,
    view_sees_later_edits,
    lambda d: [d.popitem() for _ in list(d)],
    lambda d: d["b"].__setitem__(1, d["c"]),
    lambda d: [value.clear() for value in d.values() if hasattr(value, "clear")] and None,
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("base", BASES)
def test_the_draft_of_a_dict_does_what_a_dict_does(base, operation):
    check_twins(base, operation)


def recipe_result(base, recipe):
    """The result of a recipe that only reads."""
    seen = []
    produce(base, lambda d: seen.append(recipe(d)))
    return seen[0]


def test_the_draft_of_a_dict_is_a_mutable_mapping_and_no_dict():
    base = {"a": {}}
    assert recipe_result(base, lambda d: isinstance(d, MutableMapping) and isinstance(d["a"], Mapping))
    assert not recipe_result(base, lambda d: isinstance(d, (dict, Sequence)))
    assert recipe_result(base, lambda d: isinstance(d.keys(), KeysView))
    assert recipe_result(base, lambda d: isinstance(d.values(), ValuesView))
    assert recipe_result(base, lambda d: isinstance(d.items(), ItemsView))


def test_the_repr_says_that_it_is_a_draft():
    assert recipe_result({"a": [1]}, repr) == "<draft of {'a': [1]}>"
    assert recipe_result({"a": 1}, lambda d: repr(d.keys())) == "<draft of dict_keys(['a'])>"
    assert recipe_result({"a": 1}, lambda d: repr(d.items())) == "<draft of dict_items([('a', 1)])>"


def test_it_matches_patterns():
    def recipe(d):
        match d:
            case [*_]:
                raise AssertionError("a mapping is no sequence")
            case {"kind": "user", "name": {"first": first}, **rest}:
                d["greeting"] = f"hello {first} {sorted(rest)}"

    assert produce({"kind": "user", "name": {"first": "Ada"}, "z": 1}, recipe)["greeting"] == "hello Ada ['z']"


def test_its_current_value_is_json():
    assert recipe_result({"a": [1, {"b": None}]}, lambda d: json.dumps(current(d))) == '{"a": [1, {"b": null}]}'


def test_it_is_not_pickled():
    with pytest.raises(TypeError, match="pickle current"):
        produce({}, pickle.dumps)
    with pytest.raises(TypeError):
        produce({}, lambda d: pickle.dumps(iter(d)))


def test_copies_share_drafts_with_their_draft():
    def recipe(d):
        for made in (d.copy(), copy.copy(d), dict(d), d | {}):
            assert type(made) is dict
            assert made["a"] is d["a"]
        assert not is_draft(copy.deepcopy(d)["a"])
        copy.deepcopy(d)["a"]["x"] = 9

    assert produce({"a": {"x": 1}}, recipe) == {"a": {"x": 1}}


def test_values_are_drafts_each_time_the_same_one():
    def recipe(d):
        assert d["a"] is d["a"] is d.get("a") is next(iter(d.values())) is dict(d.items())["a"]
        taken = d.pop("a")
        taken["x"] = 2
        d["b"] = taken
        assert d["b"] is taken

    assert produce({"a": {"x": 1}}, recipe) == {"b": {"x": 2}}


def test_subclasses_of_dict_that_nobody_registered_are_leaves():
    class Own(dict):
        pass

    own = Own(a=1)
    assert recipe_result({"own": own}, lambda d: d["own"]) is own


def test_reading_changes_nothing():
    base = {"a": {"b": [1]}, "s": {1}}

    def recipe(d):
        repr(d)
        list(d.items())
        d["a"]["b"].copy()
        d.get("zz")
        d == {}  # noqa: B015

    new, patches, inverse = produce_with_patches(base, recipe)
    assert new is base
    assert patches == inverse == []


def test_an_edit_in_the_middle_of_an_iteration_is_noticed_once_and_for_all():
    def recipe(d):
        iterator = iter(d)
        next(iterator)
        d["new"] = 1
        for _ in range(2):
            with pytest.raises(RuntimeError, match="changed size during iteration"):
                next(iterator)
        backwards = reversed(d)
        del d["a"]
        d["again"] = 1
        with pytest.raises(RuntimeError, match="keys changed"):
            list(backwards)

    produce({"a": 1, "b": 2}, recipe)


def test_an_iteration_goes_on_over_the_copy_that_the_first_edit_makes():
    def recipe(d):
        seen = []
        for key, value in d.items():
            seen.append(key)
            if key == "b":
                d["a"] = 10
                d["c"] = value
        assert seen == ["a", "b", "c"]

    holes = dict.fromkeys("xabc", 1)
    del holes["x"]
    assert produce(holes, recipe) == {"a": 10, "b": 1, "c": 1}


def test_keys_of_a_users_own_class_are_asked_for_their_hash_and_equality():
    class Key:
        def __init__(self, name):
            self.name = name

        def __hash__(self):
            if self.name == "bad":
                raise ValueError("no hash")
            return 1

        def __eq__(self, other):
            if "worse" in {self.name, other.name}:
                raise ValueError("no ==")
            return isinstance(other, Key) and self.name == other.name

    base = {Key("a"): 1}

    def recipe(d):
        d[Key("a")] += 1
        d[Key("b")] = 5
        for name in ("bad", "worse"):
            for operation in (d.__getitem__, d.__contains__, d.get, d.pop, d.__delitem__):
                with pytest.raises(ValueError):
                    operation(Key(name))
            with pytest.raises(ValueError):
                d[Key(name)] = 1

    new = produce(base, recipe)
    assert [(key.name, value) for key, value in new.items()] == [("a", 2), ("b", 5)]
    assert next(iter(new)) is next(iter(base))


def test_a_draft_and_its_iterators_end_with_the_recipe():
    kept = []

    def recipe(d):
        iterator = iter(d.values())
        kept.extend([d, d["a"], iter(d), iterator, reversed(d)])
        kept.extend([d.keys(), d.values(), d.items()])

    produce({"a": {"x": 1}, "b": 2}, recipe)
    d, child, *iterators = kept[:5]
    views = kept[5:]
    for gone in (d, child):
        uses = (len, list, bool, current, lambda g: g["a"], lambda g: g.get("a"), lambda g: g.keys(), lambda g: g == g)
        for use in (*uses, lambda g: g.update(a=1), lambda g: g.clear(), lambda g: "a" in g, copy.copy, copy.deepcopy):
            with pytest.raises(RevokedDraftError):
                use(gone)
        assert repr(gone) == "<revoked draft>"
        assert is_draft(gone)
    for iterator in iterators:
        with pytest.raises(RevokedDraftError):
            next(iterator)
    for view in views:
        for use in (len, list, repr, lambda v: 1 in v):
            with pytest.raises(RevokedDraftError):
                use(view)


def test_a_view_is_combined_as_dict_views_are():
    def recipe(d):
        assert d.keys() & d.keys() == {"a", "b"}
        assert ("a", 1) in d.items()
        assert d.items() & {("a", 1), ("z", 1)} == {("a", 1)}
        assert {"a": 1}.items() <= d.items()
        assert d.keys() == {"a": 0, "b": 0}.keys()
        assert d.items() != {("a", 1)}
        with pytest.raises(TypeError):
            d.values() | {1}

    produce({"a": 1, "b": 2}, recipe)


def test_a_cycle_is_refused_and_leaves_the_base_alone():
    base = {"a": {}}
    with pytest.raises(RecipeError, match="contain itself"):
        produce(base, lambda d: d["a"].update(up=d))
    assert base == {"a": {}}
