"""Drafts of lists do what lists do."""

# ruff: noqa: RUF005, SIM300 - operators are what is tested, with a draft on either side

import copy
import itertools
import sys
from collections.abc import MutableSequence, Sequence

import pytest

from draft_twins import check_twins, in_turn
from halflife import RevokedDraftError, current, is_draft, produce, produce_with_patches

BASES = [
    [],
    [1],
    [3, 1, 2, 1],
    [{"x": 1}, [2], {3}, 4],
    [[3], [1], [2], [1]],
    [[], [[]], [[[]]]],
    [{"n": 2}, {"n": 1}, {"n": 3}],
]


def assign(key, value):
    return lambda d: d.__setitem__(key, value)


def remove(key):
    return lambda d: d.__delitem__(key)


def in_place(name, value):
    def operation(d):
        return getattr(d, name)(value)

    return operation


def plus_equals(d):
    d += (7, [8])
    d[-1].append(9)


def times_equals(d):
    d *= 2
    if d and hasattr(d[0], "update"):
        d[0].update([("k", 5)])
    elif d and hasattr(d[0], "append"):
        d[0].append("k")


def sort_by_size(d):
    d.sort(key=lambda item: len(item) if hasattr(item, "__len__") else -1)


def sort_by_name_downwards(d):
    d.sort(key=lambda item: item["n"], reverse=True)
    d[0]["n"] = 100


def edit_after_sorting(d):
    first = d[0]
    d.sort()
    first.append(9)


def edit_after_reversing(d):
    last = d[-1]
    d.reverse()
    last["n"] = 5
    d[0]["m"] = 6


def append_while_iterating(d):
    for item in d:
        if len(d) < 8:
            d.append(item)


def pop_while_iterating(d):
    return [d.pop() for _ in d]


def swap_ends(d):
    d[0], d[-1] = d[-1], d[0]


def rotate(d):
    d.append(d.pop(0))


def insert_then_edit(d):
    d.insert(0, {"n": 0})
    d[0]["n"] += 1
    d.insert(-1, [])
    d[-2].append(1)


def empty_bit_by_bit(d):
    while d:
        del d[len(d) // 2]


SLICES = [
    slice(None),
    slice(1, 3),
    slice(3, 1),
    slice(None, None, 2),
    slice(None, None, -1),
    slice(-2, None),
    slice(3, 0, -2),
    slice(10, 20),
    slice(0, 0),
]

OPERATIONS = [
    lambda d: d[0],
    lambda d: d[-1],
    lambda d: d[10],
    lambda d: d["a"],
    lambda d: d[True],
    lambda d: d[10**30],
    *(lambda d, s=s: d[s] for s in SLICES),
    *(assign(s, [7, [8]]) for s in SLICES),
    *(assign(s, "ab") for s in SLICES),
    *(assign(s, []) for s in SLICES),
    *(assign(s, 5) for s in SLICES),
    *(remove(s) for s in SLICES),
    lambda d: d.__setitem__(slice(1, 1), d),
    lambda d: d.__setitem__(slice(None, None, -1), d[:]),
    lambda d: d.__setitem__(slice(None, None, 0), []),
    lambda d: d.__setitem__(slice(0, 1), (item for item in d)),
    assign(0, 9),
    assign(-1, {"new": [1]}),
    assign(10, 9),
    assign(-10, 9),
    assign("a", 9),
    remove(0),
    remove(-1),
    remove(10),
    remove("a"),
    len,
    bool,
    list,
    tuple,
    iter,
    lambda d: list(reversed(d)),
    lambda d: d.copy(),
    copy.copy,
    copy.deepcopy,
    lambda d: 1 in d,
    lambda d: {"x": 1} in d,
    lambda d: [2] in d,
    lambda d: d.index(1),
    lambda d: d.index([2]),
    lambda d: d.index(1, 2),
    lambda d: d.index(1, -3, -1),
    lambda d: d.index(1, 0, 10**30),
    lambda d: d.index(99),
    lambda d: d.index(),
    lambda d: d.index(1, "a"),
    lambda d: d.count(1),
    lambda d: d.count([1]),
    lambda d: d + [9],
    lambda d: [9] + d,
    lambda d: d + d,
    lambda d: d + (9,),
    lambda d: d * 2,
    lambda d: 2 * d,
    lambda d: d * 0,
    lambda d: d * "a",
    lambda d: d == [1],
    lambda d: [1] == d,
    lambda d: d != d.copy(),
    lambda d: d < [2],
    lambda d: [2] >= d,
    lambda d: d == (1,),
    lambda d: d < 5,
    hash,
    lambda d: d.append(5),
    lambda d: d.append({"deep": [1]}),
    lambda d: d.append(d[0]),
    lambda d: d.extend([5, [6]]),
    lambda d: d.extend(d),
    lambda d: d.extend(itertools.islice(d[:], 2)),
    lambda d: d.extend([]),
    lambda d: d.extend(5),
    lambda d: d.insert(0, 5),
    lambda d: d.insert(-1, 5),
    lambda d: d.insert(100, 5),
    lambda d: d.insert(-100, 5),
    lambda d: d.insert("a", 5),
    lambda d: d.insert(0),
    lambda d: d.pop(),
    lambda d: d.pop(0),
    lambda d: d.pop(-2),
    lambda d: d.pop(10),
    lambda d: d.pop("a"),
    lambda d: d.pop(0, 1),
    lambda d: d.remove(1),
    lambda d: d.remove({"x": 1}),
    lambda d: d.remove(99),
    lambda d: d.remove(d[-1]),
    lambda d: d.clear(),
    lambda d: d.sort(),
    lambda d: d.sort(reverse=True),
    lambda d: d.sort(key=str),
    lambda d: d.sort(str),
    lambda d: d.sort(key=5),
    lambda d: d.sort(unknown=5),
    lambda d: d.reverse(),
    in_place("__iadd__", [1]),
    in_place("__imul__", 0),
    in_place("__imul__", 1),
    in_place("__imul__", 3),
    in_place("__imul__", "a"),
    in_place("__iadd__", 5),
    plus_equals,
    times_equals,
    sort_by_size,
    sort_by_name_downwards,
    edit_after_sorting,
    edit_after_reversing,
    append_while_iterating,
    pop_while_iterating,
    swap_ends,
    rotate,
    insert_then_edit,
    empty_bit_by_bit,
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("base", BASES)
def test_the_draft_of_a_list_does_what_a_list_does(base, operation):
    check_twins(base, operation)


def test_the_draft_of_a_list_is_a_mutable_sequence_and_no_list():
    def recipe(d):
        assert isinstance(d, MutableSequence)
        assert isinstance(d, Sequence)
        assert not isinstance(d, list)

    produce([], recipe)


def test_it_matches_patterns():
    def recipe(d):
        match d:
            case {}:
                raise AssertionError("a sequence is no mapping")
            case [first, {"x": x}, *rest]:
                d[0] = (first, x, rest)

    assert produce([1, {"x": 2}, 3, 4], recipe)[0] == (1, 2, [3, 4])


def test_it_is_unpacked():
    def recipe(d):
        one, (two, *three) = d
        assert (one, two, three) == (1, 2, [3, 4])
        assert max(*d[1]) == 4
        assert sorted(d[1], reverse=True) == [4, 3, 2]
        assert sum(d[1]) == 9

    produce([1, [2, 3, 4]], recipe)


def test_elements_are_drafts_each_time_the_same_one():
    def recipe(d):
        first = d[0]
        assert first is d[0] is d[-2] is next(iter(d)) is d[:1][0] is d.copy()[0]
        d.reverse()
        assert first is d[1]
        d.sort(key=len)
        assert first in d
        popped = d.pop(d.index(first))
        assert popped is first
        d.append(first)
        first["x"] = 5

    assert produce([{"x": 1}, {"y": 1, "z": 2}], recipe) == [{"y": 1, "z": 2}, {"x": 5}]


def test_comprehensions_over_a_draft_give_drafts():
    def recipe(d):
        for item in [item for item in d if item["n"] > 1]:
            item["big"] = True

    assert produce([{"n": 1}, {"n": 2}], recipe) == [{"n": 1}, {"n": 2, "big": True}]


def test_a_container_that_comes_twice_by_repetition_is_one():
    def recipe(d):
        d *= 2
        d[0].append(1)
        assert d == [[1], [1]]

    assert produce([[]], recipe) == [[1], [1]]


def test_removing_finds_by_identity_before_equality_and_equal_elements_before_later_ones():
    def recipe(d):
        d.remove(d[1])  # equal to the first item, which is removed, as in a list

    base = [{"n": 1}, {"n": 1}, {"n": 2}]
    new = produce(base, recipe)
    assert new == [{"n": 1}, {"n": 2}]
    assert new[1] is base[2]


def test_sorting_what_is_sorted_changes_nothing():
    base = [1, 2, {"x": 1}]
    new, patches, inverse = produce_with_patches(base, lambda d: d.sort(key=lambda item: item == {"x": 1}))
    assert new is base
    assert patches == inverse == []
    assert produce(base, lambda d: in_turn(d.append(1), d.pop())) is base
    assert produce(base, lambda d: in_turn(d.reverse(), d.reverse())) is base


def test_a_list_that_is_edited_while_it_is_sorted_says_so():
    def recipe(d):
        with pytest.raises(ValueError, match="modified during sort"):
            d.sort(key=lambda item: d.append(item) or item)
        assert d == [2, 1, 2, 1]
        d.clear()

    assert produce([2, 1], recipe) == []


def test_a_sort_whose_key_fails_leaves_the_list_as_it_was():
    base = [1, "a"]

    def recipe(d):
        with pytest.raises(TypeError):
            d.sort()
        with pytest.raises(ZeroDivisionError):
            d.sort(key=lambda item: 1 / 0)

    assert produce(base, recipe) is base


def test_a_users_equality_may_edit_the_list_that_is_searched():
    class Meddler:
        target = None

        def __eq__(self, other):
            if Meddler.target is not None:
                Meddler.target.clear()
            return False

        __hash__ = None

    def recipe(d):
        Meddler.target = d
        assert 5 not in d
        assert d == []
        d.extend([Meddler(), 5])
        with pytest.raises(ValueError):
            d.remove(5)
        Meddler.target = None

    assert produce([Meddler(), 5], recipe) == []


def test_a_users_index_may_edit_the_list_that_it_indexes():
    class Clearing:
        def __init__(self, target):
            self.target = target

        def __index__(self):
            self.target.clear()
            return 0

    def recipe(d):
        for operation in (
            lambda: d[Clearing(d)],
            lambda: d.pop(Clearing(d)),
            lambda: d.__setitem__(Clearing(d), 1),
            lambda: d.__delitem__(Clearing(d)),
        ):
            d[:] = [1, 2]
            with pytest.raises(IndexError):
                operation()
        d[:] = [1, 2]
        d[Clearing(d) : 2] = [7]
        d.insert(Clearing(d), 8)
        d *= Clearing([])

    assert produce([], recipe) == []


def test_an_iterator_over_a_list_follows_its_edits_as_a_lists_does():
    def walk(d):
        forth, back = iter(d), reversed(d)
        seen = [next(forth), next(back)]
        del d[1:]
        seen.append(list(forth))
        d.append(5)
        return [*seen, list(forth), list(back), list(back)]  # an exhausted iterator stays exhausted

    def recipe(d):
        assert walk(d) == walk([1, 2, 3])

    assert produce([1, 2, 3], recipe) == [1, 5]


def test_a_draft_and_its_iterators_end_with_the_recipe():
    kept = []
    produce([[1], 2], lambda d: kept.extend([d, d[0], iter(d), reversed(d)]))
    d, child, *iterators = kept
    for gone in (d, child):
        uses = (len, list, bool, current, copy.copy, lambda g: g[0], lambda g: g.append(1), lambda g: g.sort())
        for use in (*uses, lambda g: 1 in g, lambda g: g + [], lambda g: g * 2, lambda g: g.__setitem__(0, 1)):
            with pytest.raises(RevokedDraftError):
                use(gone)
    for iterator in iterators:
        with pytest.raises(RevokedDraftError):
            next(iterator)


def test_copies_of_a_draft_are_plain_and_share_its_drafts():
    def recipe(d):
        for made in (d.copy(), copy.copy(d), d[:], list(d), d + [], d * 1):
            assert type(made) is list
            assert made[0] is d[0]
        assert not is_draft(copy.deepcopy(d)[0])

    produce([[1]], recipe)


def test_one_step_is_one_patch():
    base = [{"n": n} for n in range(50)]
    for recipe in (
        lambda d: d.insert(0, {"n": "new"}),
        lambda d: d.insert(25, {"n": "new"}),
        lambda d: d.append({"n": "new"}),
        lambda d: d.__delitem__(0),
        lambda d: d.__delitem__(25),
        lambda d: d.insert(40, d.pop(3)),
        lambda d: d.insert(3, d.pop(40)),
        lambda d: d.__setitem__(7, 7),
        lambda d: d[7].update(n=0),
    ):
        _, patches, inverse = produce_with_patches(base, recipe)
        assert len(patches) == len(inverse) == 1


class Hinting:
    """Yields two values; its length hint is huge."""

    def __init__(self):
        self.left = [1, 2]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop(0)

    def __length_hint__(self):
        return sys.maxsize


@pytest.mark.parametrize(
    "edit",
    [
        lambda draft: draft.extend(Hinting()),
        lambda draft: draft.__iadd__(Hinting()) and None,
        lambda draft: draft.__setitem__(slice(1, 1), Hinting()),
    ],
    ids=["extend", "+=", "slice"],
)
def test_length_hints_are_ignored(edit):
    assert produce([1], edit) == [1, 1, 2]
