"""Drafts of sets do what sets do."""

import copy
from collections.abc import MutableSet

import pytest

from draft_twins import check_twins, in_turn
from halflife import RevokedDraftError, is_draft, produce, produce_with_patches

BASES = [set(), {1}, {1, 2, 3, "a", (1, 2), None}, {frozenset({1}), 2}, set(range(100))]


def method(name, *args):
    return lambda d: getattr(d, name)(*args)


def combine_in_place(operator):
    def operation(d):
        return getattr(d, operator)({1, 2, "new"})

    return operation


def pop_all(d):
    popped = set()
    while d:
        popped.add(d.pop())
    return popped


def add_while_iterating(d):
    for _ in d:
        d.add("more")  # a constant, because a set and its copy may iterate in different orders


def discard_and_add_again(d):
    d.discard(1)
    d.add(1)


OPERATIONS = [
    len,
    bool,
    lambda d: set(d),
    lambda d: 1 in d,
    lambda d: 1.0 in d,
    lambda d: "zz" in d,
    lambda d: {1} in d,
    lambda d: [] in d,
    hash,
    lambda d: d[0],
    copy.copy,
    copy.deepcopy,
    lambda d: d.copy(),
    lambda d: d == {1},
    lambda d: {1} == d,
    lambda d: d == frozenset({1}),
    lambda d: d != {1},
    lambda d: d == [1],
    *(lambda d, other=other: (d <= other, d < other, d >= other, d > other) for other in ({1}, {1, 2, 9}, set())),
    *(lambda d, other=other: (other <= d, other < d, other >= d, other > d) for other in ({1}, {1, 2, 9}, set())),
    lambda d: d < [1],
    lambda d: d <= d,
    *(method(name, {1, "z"}) for name in ("union", "intersection", "difference", "symmetric_difference")),
    *(method(name, [1, "z"]) for name in ("isdisjoint", "issubset", "issuperset")),
    *(method(name, [1], (2, "z"), {}) for name in ("union", "intersection", "difference")),
    method("union"),
    method("union", 5),
    method("union", [[]]),
    method("symmetric_difference", [1], [2]),
    *(method(name, {1, "z"}) for name in ("update", "intersection_update", "difference_update")),
    *(method(name, [1], (2, "z"), "ab") for name in ("update", "intersection_update", "difference_update")),
    method("update"),
    method("update", [[]]),
    method("update", 5),
    method("intersection_update"),
    method("symmetric_difference_update", [1, "z"]),
    method("symmetric_difference_update"),
    *(method(name, 1) for name in ("add", "discard", "remove")),
    *(method(name, "zz") for name in ("add", "discard", "remove")),
    *(method(name, []) for name in ("add", "discard", "remove")),
    method("add", (1, 2)),
    method("add", frozenset({1})),
    method("add", 1.0),
    method("discard", True),
    method("remove", 1.0),
    method("add"),
    method("clear"),
    *(combine_in_place(name) for name in ("__iand__", "__ior__", "__ixor__", "__isub__")),
    *(lambda d, name=name: getattr(d, name)([1]) is NotImplemented for name in ("__iand__", "__or__", "__sub__")),
    lambda d: d | {1, "z"},
    lambda d: d & {1, "z"},
    lambda d: d ^ {1, "z"},
    lambda d: d - {1, "z"},
    lambda d: {1, "z"} | d,
    lambda d: {1, "z"} & d,
    lambda d: {1, "z"} ^ d,
    lambda d: {1, "z"} - d,
    lambda d: frozenset({1, "z"}) | d,
    lambda d: {1: 1}.keys() - d,
    lambda d: d | [1],
    lambda d: [1] | d,
    lambda d: d | d,
    lambda d: d ^ d,
    lambda d: d.update(d),
    lambda d: d.difference_update(d),
    lambda d: d.__isub__(d),
    pop_all,
    add_while_iterating,
    discard_and_add_again,
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("base", BASES)
def test_the_draft_of_a_set_does_what_a_set_does(base, operation):
    check_twins(base, operation)


def test_the_draft_of_a_set_is_a_mutable_set_and_no_set():
    def recipe(d):
        assert isinstance(d, MutableSet)
        assert not isinstance(d, (set, frozenset))
        assert repr(d) == "<draft of {1}>"

    produce({1}, recipe)


def test_popping_takes_any_member():
    def recipe(d):
        member = d.pop()
        assert member not in d
        d.add("instead")

    assert len(produce({1, 2}, recipe)) == 2
    with pytest.raises(KeyError):
        produce(set(), lambda d: d.pop())


def test_operators_between_drafts_give_plain_sets():
    def recipe(d):
        one, other = d["one"], d["other"]
        assert one | other == {1, 2, 3}
        assert one & other == {2}
        assert one - other == {1}
        assert one ^ other == {1, 3}
        assert not is_draft(one | other)
        assert one.union(other, [9]) == {1, 2, 3, 9}
        assert not one <= other
        assert not one.isdisjoint(other)
        one |= other
        other -= one
        assert (one, other) == ({1, 2, 3}, set())

    assert produce({"one": {1, 2}, "other": {2, 3}}, recipe) == {"one": {1, 2, 3}, "other": set()}


def test_a_member_removed_and_added_again_is_the_same_object():
    base = {1, "a"}
    new, patches, inverse = produce_with_patches(base, lambda d: d.discard(True))
    assert new == {"a"}
    assert [(patch.op, patch.path, type(patch.path[-1])) for patch in patches] == [("remove", (1,), int)]
    assert type(inverse[0].value) is int


def test_a_recipe_that_changes_nothing_returns_the_base():
    base = {1, 2}
    for recipe in (
        lambda d: d.add(1),
        lambda d: d.discard(3),
        lambda d: in_turn(d.add(3), d.discard(3)),
        lambda d: in_turn(d.clear(), d.update([1, 2])),
        lambda d: d.intersection_update([1, 2, 3]),
    ):
        new, patches, inverse = produce_with_patches(base, recipe)
        assert new is base
        assert patches == inverse == []


def test_members_are_leaves_and_handed_out_as_they_are():
    member = (1, frozenset({2}))
    seen = []
    produce({member}, lambda d: seen.extend(d))
    assert seen[0] is member


def test_subclasses_of_set_are_leaves():
    class Tags(set):
        pass

    tags = Tags({1})
    seen = []
    produce({"tags": tags, "frozen": frozenset()}, lambda d: seen.extend([d["tags"], d["frozen"]]))
    assert seen[0] is tags
    assert type(seen[1]) is frozenset


def test_a_draft_and_its_iterators_end_with_the_recipe():
    kept = []
    produce({1}, lambda d: kept.extend([d, iter(d)]))
    d, iterator = kept
    uses = (len, list, bool, copy.copy, lambda g: 1 in g, lambda g: g.add(1), lambda g: g | {1}, lambda g: g.pop())
    for use in (*uses, lambda g: g.update([2]), lambda g: g.union([2]), lambda g: g.__ior__({2}), lambda g: g == {1}):
        with pytest.raises(RevokedDraftError):
            use(d)
    with pytest.raises(RevokedDraftError):
        next(iterator)


@pytest.mark.parametrize("given", [{1}, frozenset({1}), type("Own", (set,), {})({1})], ids=["set", "frozenset", "own"])
def test_a_set_is_looked_up_as_the_frozenset_of_its_members(given):
    def recipe(draft):
        assert given in draft
        draft.remove(given)
        assert given not in draft
        draft.discard(given)
        with pytest.raises(KeyError):
            draft.remove(given)
        draft.add(frozenset({1}))
        draft.discard(given)

    base = {frozenset({1}), 2}
    assert produce(base, recipe) == {2}
    assert base == {frozenset({1}), 2}


def test_the_draft_of_a_set_is_looked_up_by_its_members_too():
    def recipe(draft):
        draft["sets"].remove(draft["one"])

    assert produce({"sets": {frozenset({1}), 2}, "one": {1}}, recipe)["sets"] == {2}
