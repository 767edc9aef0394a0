"""Drafts of OrderedDict, defaultdict, Counter and deque: an edit does what plain mutation does to a copy."""

import copy
import itertools
import json
import random
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, MutableMapping, MutableSequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FIRST_SEED, MULTIPLIER
from draft_twins import check_twins, in_turn
from halflife import (
    Layers,
    Store,
    apply_patches,
    current,
    draft,
    draft_atom,
    finish,
    from_json_patch,
    is_draft,
    lens,
    original,
    produce,
    produce_with_patches,
    to_json_patch,
)

CASES = max(1, round(300 * MULTIPLIER))

KEYS = ("a", "b", "c", "d", 0)


def ordered() -> OrderedDict[Any, Any]:
    made: OrderedDict[Any, Any] = OrderedDict(a=1, b=[1], c={"x": 1})
    made.move_to_end("a")
    return made


def defaulting() -> defaultdict[Any, Any]:
    return defaultdict(list, {"a": [1], "b": []})


def counting() -> Counter[Any]:
    return Counter("aabbbc")


def bounded() -> deque[Any]:
    return deque([1, [2], 3], 4)


def unbounded() -> deque[Any]:
    return deque([1, [2], 3, {"x": 1}])


MAPPING: list[Callable[[Any], Any]] = [
    lambda d: d["a"],
    lambda d: d["zz"],
    lambda d: d.get("zz"),
    lambda d: "zz" in d,
    lambda d: d.__setitem__("d", 5),
    lambda d: d.__setitem__("a", 9),
    lambda d: d.__delitem__("b"),
    lambda d: d.__delitem__("zz"),
    lambda d: d.pop("a"),
    lambda d: d.pop("zz"),
    lambda d: d.pop("zz", 5),
    lambda d: d.popitem(),
    lambda d: d.setdefault("a", 3),
    lambda d: d.setdefault("n", 3),
    lambda d: d.update({"a": 2, "n": 4}),
    lambda d: d.update([("a", 2), ("n", 4)]),
    lambda d: d.update(a=2, n=4),
    lambda d: d.update(),
    lambda d: d.clear(),
    lambda d: list(d),
    lambda d: list(d.items()),
    lambda d: list(d.values()),
    lambda d: list(reversed(d)),
    lambda d: list(reversed(d.items())),
    lambda d: len(d),
    lambda d: bool(d),
    lambda d: d == d,
    lambda d: d == dict(d),
    lambda d: d.copy(),
    lambda d: copy.copy(d),
    lambda d: copy.deepcopy(d),
    lambda d: d | {"a": 5, "n": 6},
    lambda d: {"a": 5, "n": 6} | d,
    lambda d: d.__ior__({"a": 5, "n": 6}) is d,
    lambda d: in_turn(d.pop("a"), d.update(a=7)),
    lambda d: in_turn(d.clear(), d.update(c=1, a=2)),
]

ORDERED: list[Callable[[Any], Any]] = [
    lambda d: d.move_to_end("b"),
    lambda d: d.move_to_end("a", last=False),
    lambda d: d.move_to_end("a", True),
    lambda d: d.move_to_end("zz"),
    lambda d: d.popitem(last=False),
    lambda d: d.popitem(last=True),
    lambda d: d.pop("a", default=4),
    lambda d: d.pop(key="zz", default=4),
    lambda d: d.setdefault("a", default=4),
    lambda d: d == OrderedDict(reversed(list(d.items()))),
    lambda d: d | OrderedDict(a=5),
    lambda d: OrderedDict(a=5) | d,
    lambda d: in_turn(d.move_to_end("b"), d.move_to_end("c", last=False), d.update(b=3)),
    lambda d: in_turn(d.move_to_end("b"), d["b"].append(5)),
    lambda d: in_turn(d["b"].append(5), d.move_to_end("b"), d.move_to_end("a")),
]

DEFAULTING: list[Callable[[Any], Any]] = [
    lambda d: d["new"].append(1),
    lambda d: in_turn(d["new"].append(1), d["new"].append(2)),
    lambda d: d["new"],
    lambda d: d.get("new"),
    lambda d: d.__missing__("new"),
    lambda d: d.default_factory is list,
    lambda d: d.pop("new", None),
    lambda d: d["a"].extend(d["new"]),
    lambda d: d | defaultdict(int, z=1),
]

COUNTING: list[Callable[[Any], Any]] = [
    lambda d: d["zz"],
    lambda d: d["zz"] + d["a"],
    lambda d: d.update("abz"),
    lambda d: d.update(Counter("abz")),
    lambda d: d.update({"a": -5}),
    lambda d: d.update(a=2, b=3),
    lambda d: d.update(d),
    lambda d: d.update(5),
    lambda d: d.subtract("abz"),
    lambda d: d.subtract(a=2),
    lambda d: d.subtract(Counter("aaa")),
    lambda d: d.most_common(),
    lambda d: d.most_common(1),
    lambda d: list(d.elements()),
    lambda d: d.total(),
    lambda d: d + Counter("ab"),
    lambda d: Counter("ab") + d,
    lambda d: d - Counter("ab"),
    lambda d: d & Counter("ab"),
    lambda d: d | Counter("ab"),
    lambda d: +d,
    lambda d: -d,
    lambda d: d <= Counter("aabbbcc"),
    lambda d: d > Counter("a"),
    lambda d: d == Counter("aabbbc"),
    lambda d: d.__iadd__(Counter("abz")) is d,
    lambda d: d.__isub__(Counter("aab")) is d,
    lambda d: d.__iand__(Counter("ab")) is d,
    lambda d: d.__ior__(Counter("abzz")) is d,
    lambda d: d.__iadd__(d) is d,
    lambda d: in_turn(d.subtract("aaaaa"), d.__iadd__(Counter())),
    lambda d: d.fromkeys("ab"),
]

SEQUENCE: list[Callable[[Any], Any]] = [
    lambda d: d.append(5),
    lambda d: d.append([5]),
    lambda d: d.appendleft(5),
    lambda d: d.appendleft([5]),
    lambda d: d.extend([5, 6]),
    lambda d: d.extend(range(9)),
    lambda d: d.extend(d),
    lambda d: d.extend(5),
    lambda d: d.extendleft([5, 6]),
    lambda d: d.extendleft(range(9)),
    lambda d: d.extendleft(d),
    lambda d: d.pop(),
    lambda d: d.popleft(),
    lambda d: in_turn(d.clear(), d.append(1)),
    lambda d: in_turn(d.clear(), d.pop()),
    lambda d: in_turn(d.clear(), d.popleft()),
    lambda d: d.rotate(),
    lambda d: d.rotate(2),
    lambda d: d.rotate(-1),
    lambda d: d.rotate(1001),
    lambda d: d.rotate("x"),
    lambda d: d.insert(1, 5),
    lambda d: d.insert(-1, 5),
    lambda d: d.insert(99, 5),
    lambda d: in_turn(d.append(1), d.insert(0, 2), d.insert(0, 3)),
    lambda d: d.remove(3),
    lambda d: d.remove([2]),
    lambda d: d.remove("zz"),
    lambda d: d.index(3),
    lambda d: d.index(3, 1),
    lambda d: d.index(3, 0, 1),
    lambda d: d.index("zz"),
    lambda d: d.count(3),
    lambda d: [2] in d,
    lambda d: d.reverse(),
    lambda d: d[0],
    lambda d: d[-1],
    lambda d: d[99],
    lambda d: d[0:1],
    lambda d: d["a"],
    lambda d: d.__setitem__(0, 9),
    lambda d: d.__setitem__(-1, 9),
    lambda d: d.__setitem__(99, 9),
    lambda d: d.__delitem__(1),
    lambda d: d.__delitem__(99),
    lambda d: len(d),
    lambda d: list(d),
    lambda d: list(reversed(d)),
    lambda d: d.copy(),
    lambda d: copy.copy(d),
    lambda d: d.maxlen,
    lambda d: d + deque([1]),
    lambda d: deque([1]) + d,
    lambda d: d + d,
    lambda d: d + [1],  # noqa: RUF005
    lambda d: d * 2,
    lambda d: 2 * d,
    lambda d: d.__iadd__([7, 8, 9]) is d,
    lambda d: d.__imul__(2) is d,
    lambda d: d.__imul__(0) is d,
    lambda d: d == deque([1, [2], 3]),
    lambda d: d < deque([5]),
    lambda d: d == list(d),
    lambda d: d[1].append(5),
    lambda d: in_turn(d[1].append(5), d.rotate(1), d[2].append(6)),
    lambda d: in_turn(d.rotate(1), d.appendleft(0), d.pop()),
    lambda d: [d.append(item) for item in d],
    lambda d: d.sort(),
]

TWINS = [
    *itertools.product([ordered], [*MAPPING, *ORDERED]),
    *itertools.product([defaulting], [*MAPPING, *DEFAULTING]),
    *itertools.product([counting], [*MAPPING, *COUNTING]),
    *itertools.product([bounded, unbounded], SEQUENCE),
]


@pytest.mark.parametrize(("make", "operation"), TWINS, ids=[make.__name__ for make, _ in TWINS])
def test_each_method_does_what_it_does_to_a_copy(make: Callable[[], Any], operation: Callable[[Any], Any]) -> None:
    check_twins(make(), operation)
    check_twins({"nested": [make()]}, lambda value: operation(value["nested"][0]))


# --- random sequences of operations


def step_of(base: Any, choose: Callable[[Any], Any]) -> Callable[[Any], Any]:
    key, other, number = choose(KEYS), choose(KEYS), choose(range(-2, 4))
    if isinstance(base, deque):
        return choose(
            [
                lambda d: d.append([number]),
                lambda d: d.appendleft([number]),
                lambda d: d.extendleft([number, [number]]),
                lambda d: d.rotate(number),
                lambda d: d.popleft() if d else None,
                lambda d: d.pop() if d else None,
                lambda d: d.reverse(),
                lambda d: d.__setitem__(number % len(d), [key]) if d else None,
                lambda d: d.__delitem__(number % len(d)) if d else None,
                lambda d: [item.append(number) for item in d if hasattr(item, "append")] and None,
                lambda d: d.insert(number, key) if d.maxlen is None else None,
            ]
        )
    steps: list[Callable[[Any], Any]] = [
        lambda d: d.__setitem__(key, number),
        lambda d: d.pop(key, None),
        lambda d: d.popitem() if d else None,
        lambda d: d.setdefault(key, number),
        lambda d: in_turn(d.pop(key, None), d.__setitem__(key, number)),
    ]
    if isinstance(base, OrderedDict):
        steps += [
            lambda d: d.move_to_end(key) if key in d else None,
            lambda d: d.move_to_end(key, last=False) if key in d else None,
            lambda d: d.popitem(last=False) if d else None,
            lambda d: d.__setitem__(key, [number]),
            lambda d: d[key].append(number) if hasattr(d.get(key), "append") else None,
            lambda d: d.__setitem__(other, d[key]) if key in d else None,
        ]
    elif isinstance(base, defaultdict):
        steps = [
            lambda d: d[key].append(number),
            lambda d: d[key].insert(0, other),
            lambda d: d.pop(key, None),
            lambda d: d[key].extend(d[other]) if key != other else None,
        ]
    else:
        steps += [
            lambda d: d.update([key, other]),
            lambda d: d.subtract([key, other]),
            lambda d: in_turn(d.__iadd__(Counter([key]))),
            lambda d: d[key] + 1,
        ]
    return choose(steps)


def play(steps: list[Callable[[Any], Any]]) -> Callable[[Any], None]:
    def recipe(value: Any) -> None:
        for step in steps:
            step(value)

    return recipe


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, deque):
        return one.maxlen == other.maxlen and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.mark.parametrize("make", [ordered, defaulting, counting, bounded, unbounded], ids=lambda make: make.__name__)
def test_random_edits_match_a_copy_and_their_patches_are_complete(make: Callable[[], Any]) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + CASES):
        choose = random.Random(seed).choice
        base = make()
        recipe = play([step_of(base, choose) for _ in range(choose(range(1, 7)))])
        expected = copy.deepcopy(base)
        recipe(expected)
        before = copy.deepcopy(base)
        new, patches, inverse = produce_with_patches(base, recipe)
        assert same(new, expected), f"HALFLIFE_TEST_SEED={seed}"
        assert same(base, before), f"HALFLIFE_TEST_SEED={seed}"
        assert new is base or not same(new, base), f"HALFLIFE_TEST_SEED={seed}"
        applied, back = apply_patches(base, patches), apply_patches(new, inverse)
        assert (applied, type(applied)) == (new, type(new)), f"HALFLIFE_TEST_SEED={seed}: {patches}"
        assert (back, type(back)) == (base, type(base)), f"HALFLIFE_TEST_SEED={seed}: {inverse}"
        for beside in ("maxlen", "default_factory"):
            kept = getattr(base, beside, None)
            assert getattr(applied, beside, None) is getattr(back, beside, None) is kept


@pytest.mark.parametrize("make", [ordered, defaulting, counting, bounded, unbounded], ids=lambda make: make.__name__)
def test_layers_over_collections_are_the_fold_in_any_order_of_settling(make: Callable[[], Any]) -> None:  # noqa: C901
    for seed in range(FIRST_SEED, FIRST_SEED + CASES // 2):
        choose = random.Random(seed).choice
        base = {"it": make(), "other": 1}
        both = [Layers(base), Layers(base, replay="always")]
        pending: list[tuple[list[Any], Callable[[Any], None]]] = []
        for _ in range(choose(range(2, 8))):
            if pending and choose([True, False]):
                handles, _ = pending.pop(choose(range(len(pending))))
                for handle in handles:
                    handle.rollback()
            else:
                step = step_of(base["it"], choose)

                def recipe(value: Any, step: Any = step) -> None:
                    step(value["it"])

                pending.append(([layers.apply(recipe) for layers in both], recipe))
            expected = copy.deepcopy(base)
            for _, edit in pending:
                edit(expected)
            for layers in both:
                assert same(layers.visible["it"], expected["it"]), f"HALFLIFE_TEST_SEED={seed}"
        for handles, _ in pending:
            for handle in handles:
                handle.commit()
        for layers in both:
            assert same(layers.base["it"], expected["it"]), f"HALFLIFE_TEST_SEED={seed}"
        assert same(base["it"], make())


# --- single operations


def test_the_order_of_an_ordered_dict_is_told_by_as_few_moves_as_there_are() -> None:
    base = OrderedDict.fromkeys("abcdef", 0)
    new, patches, inverse = produce_with_patches(base, lambda d: d.move_to_end("b"))
    assert [(patch.op, patch.path) for patch in patches] == [("move", ("b",))]
    assert list(new) == list("acdefb")
    assert list(apply_patches(new, inverse)) == list(base)
    assert apply_patches(base, from_json_patch(to_json_patch(patches))) == new


def test_a_deque_asks_no_iterable_for_its_length() -> None:
    class Numbers:
        def __iter__(self) -> Any:
            return iter([1, 2])

        def __length_hint__(self) -> int:
            return sys.maxsize

    assert produce(deque([0]), lambda draft: draft.extend(Numbers())) == deque([0, 1, 2])
    assert produce(deque([0]), lambda draft: draft.extendleft(Numbers())) == deque([2, 1, 0])
    with pytest.raises(TypeError):
        produce(deque([0]), lambda draft: draft.extend(5))


def test_an_edit_that_is_undone_in_the_same_recipe_changes_nothing() -> None:
    base = {"o": ordered(), "d": unbounded(), "c": counting(), "f": defaulting()}

    def recipe(value: Any) -> None:
        value["d"].rotate(1)
        value["d"].rotate(-1)
        value["d"].append(1)
        value["d"].pop()
        value["c"].update("a")
        value["c"].subtract("a")
        value["f"]["new"].append(1)
        del value["f"]["new"]
        value["o"].move_to_end("a", last=False)
        value["o"].move_to_end("a")

    assert produce_with_patches(base, recipe) == (base, [], [])
    assert produce(base, recipe) is base


def test_only_containers_on_the_path_are_copied() -> None:
    base = {"q": unbounded(), "o": ordered()}
    new = produce(base, lambda value: value["q"][1].append(5))
    assert new["o"] is base["o"]
    assert new["q"] is not base["q"]
    assert new["q"][3] is base["q"][3]


def test_a_value_made_by_a_default_factory_belongs_to_the_draft() -> None:
    made: list[list[Any]] = []

    def factory() -> list[Any]:
        made.append([])
        return made[-1]

    base = defaultdict(factory)
    new = produce(base, lambda d: d["x"].append(1))
    assert (new, new.default_factory, made, base) == ({"x": [1]}, factory, [[]], {})


def test_drafts_of_collections_are_mappings_or_sequences_and_no_dicts_or_deques() -> None:
    def recipe(value: Any) -> None:
        for key in ("o", "c", "f"):
            assert isinstance(value[key], MutableMapping)
            assert not isinstance(value[key], dict)
        assert isinstance(value["q"], MutableSequence)
        assert not isinstance(value["q"], deque)
        assert is_draft(value["q"])
        match value:
            case {"q": [1, *_], "c": {"a": 2}}:
                pass
            case _:
                pytest.fail("no pattern matches")
        assert repr(value["q"]) == f"<draft of {unbounded()!r}>"
        assert repr(value["o"]) == f"<draft of {ordered()!r}>"
        assert json.dumps(current(value["c"])) == json.dumps(counting())
        assert original(value["q"]) is base["q"]

    base = {"o": ordered(), "c": counting(), "f": defaulting(), "q": unbounded()}
    produce(base, recipe)


def test_a_session_over_a_collection_ends_like_any_other() -> None:
    base = bounded()
    edited = draft(base)
    edited.appendleft(0)
    edited.appendleft(-1)
    new, patches, _ = finish(edited, patches=True)
    assert (new, new.maxlen) == (deque([-1, 0, 1, [2]]), 4)
    assert apply_patches(base, patches) == new


def test_atoms_and_lenses_over_them() -> None:
    with Store() as store:
        todos = draft_atom({"q": deque([{"n": 1}]), "c": Counter()}, name="todos")
        first = lens(todos, lambda value: value["q"][0])
        store.update(first, lambda d: d.update(n=2))
        store.update(todos, lambda d: d["c"].update("aab"))
        layer = store.layers(todos).apply(lambda d: d["q"].appendleft({"n": 0}))
        assert store.get(first) == {"n": 0}
        layer.rollback()
        assert store.get(todos) == {"q": deque([{"n": 2}]), "c": Counter(a=2, b=1)}


def test_independent_counts_are_not_counted_again() -> None:
    layers = Layers({"c": Counter()})
    calls: list[str] = []

    def count(name: str) -> Any:
        def recipe(d: Any) -> None:
            calls.append(name)
            d["c"][name] += 1

        return recipe

    first, _ = layers.apply(count("a")), layers.apply(count("b"))
    calls.clear()
    first.rollback()
    assert (layers.visible["c"], calls) == (Counter(b=1), [])


@given(st.lists(st.integers(0, 3)), st.permutations(list("abcd")))
def test_any_order_can_be_reached_and_left_by_patches(values: list[int], order: list[str]) -> None:
    base = OrderedDict(zip("abcd", values, strict=False))

    def recipe(d: Any) -> None:
        for key in order:
            if key in d:
                d.move_to_end(key)

    new, patches, inverse = produce_with_patches(base, recipe)
    assert apply_patches(base, patches) == new
    assert apply_patches(new, inverse) == base
