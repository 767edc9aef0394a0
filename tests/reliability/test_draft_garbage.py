"""Drafts leave nothing behind: no cycle, no reference, no class, and no deep chain that fills the stack."""

import dataclasses
import gc
import sys
import weakref

import pytest

from halflife import (
    Patch,
    RevokedDraftError,
    apply_patches,
    current,
    draft,
    finish,
    produce,
    produce_with_patches,
)


class Watched:
    """A leaf watched by a weak reference."""


def is_gone(reference):
    gc.collect()
    return reference() is None


@dataclasses.dataclass
class Node:
    value: object
    next: object = None


def test_values_are_given_back_when_the_recipe_is_over_without_the_collector():
    gc.disable()
    try:
        old, given = Watched(), [Watched()]
        seen, gone = weakref.ref(given[0]), weakref.ref(old)
        base = {"a": {"old": old}, "l": [{}], "s": {1}}
        drafts = []

        def recipe(d):
            d["a"]["new"] = given.pop()
            del d["a"]["old"]
            d["l"].append(d["l"][0])
            drafts.extend([weakref.ref(d), weakref.ref(d["a"]), weakref.ref(d["l"][0])])

        new = produce(base, recipe)
        assert [reference() for reference in drafts] == [None, None, None]
        del old, base, recipe
        assert gone() is None
        assert seen() is not None
        del new
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("function", [produce, produce_with_patches])
def test_references_are_balanced_in_every_case(function):
    leaf = Watched()
    base = {"a": {"x": leaf}, "l": [leaf, {"y": leaf}], "s": {leaf}, "n": Node(leaf, Node(leaf))}

    def edit(d):
        d["a"]["z"] = [leaf, {"w": leaf}]
        d["a"]["z"][1]["v"] = leaf
        d["l"].insert(0, d["l"].pop())
        d["l"][0]["y"] = [leaf]
        d["s"].discard(leaf)
        d["s"].add((leaf, leaf))
        d["n"].next.value = {"deep": leaf}
        d["n"].next.value["deep"] = d["a"]
        d["gone"] = leaf
        del d["gone"]
        for _ in d.items():
            list(d["l"])
        current(d)
        repr(d)

    def fail(d):
        edit(d)
        raise ZeroDivisionError

    def cycle(d):
        d["a"]["up"] = d

    def run():
        function(base, edit)
        function(base, lambda d: {"x": d["a"], "y": [leaf]})
        for recipe in (fail, cycle, lambda d: d["l"].pop(), lambda d: d["a"][[]]):
            with pytest.raises(Exception):  # noqa: B017 - whichever
                function(base, recipe)
        applied = function(base, edit)
        if function is produce_with_patches:
            apply_patches(base, applied[1])
            apply_patches(applied[0], applied[2])
            with pytest.raises(ValueError):
                apply_patches(base, [*applied[1], Patch("remove", ("nothing",))])

    run()
    gc.collect()
    before = sys.getrefcount(leaf), sys.getrefcount(base), len(gc.get_objects())
    for _ in range(50):
        run()
    gc.collect()
    after = sys.getrefcount(leaf), sys.getrefcount(base), len(gc.get_objects())
    assert after[:2] == before[:2]
    assert after[2] - before[2] < 50


def test_an_abandoned_session_is_collected():
    leaf = Watched()
    gone = weakref.ref(leaf)
    d = draft({"a": {"leaf": leaf}, "l": [[]]})
    d["l"].append({"up": d["a"], "plain": [leaf]})
    d["l"][0].append(d["l"][1])
    d["s"] = {"leaf": leaf}
    iterator, view = iter(d["a"]), d.keys()
    assert view
    d["a"]["loop"] = [iterator, view]  # leaves that close a cycle
    del d, leaf, iterator, view
    assert is_gone(gone)


def test_a_part_keeps_its_session_alive():
    part = draft({"a": {"b": [1]}})["a"]["b"]
    gc.collect()
    part.append(2)
    assert part == [1, 2]
    iterator = iter(draft([1, 2]))
    gc.collect()
    assert list(iterator) == [1, 2]


def test_a_finished_session_keeps_nothing():
    leaf = Watched()
    gone = weakref.ref(leaf)
    d = draft({"a": [leaf]})
    part = d["a"]
    part.append(1)
    assert len(finish(d)["a"]) == 2
    del leaf
    assert is_gone(gone)
    with pytest.raises(RevokedDraftError):
        part.append(1)


def test_a_collected_session_ends_drafts_that_are_still_held():
    seen = []

    class Looking:
        def __init__(self, d):
            self.draft = d

        def __del__(self):
            try:
                seen.append(self.draft["n"])
            except RevokedDraftError:
                seen.append("over")

    d = draft({"n": 1})
    d["looking"] = Looking(d)
    del d
    gc.collect()
    assert seen
    assert seen[0] in {1, "over"}


def test_finalizers_of_dropped_objects_may_use_the_draft():
    class Dropped:
        def __init__(self, d):
            self.draft = d

        def __del__(self):
            self.draft["dropped"] = self.draft.get("dropped", 0) + 1

    def recipe(d):
        d["a"] = Dropped(d)
        d["a"] = Dropped(d)
        del d["a"]
        d["l"].append(Dropped(d))
        d["l"].clear()
        d["l"].extend([Dropped(d), Dropped(d)])
        d["l"][:] = []

    assert produce({"l": []}, recipe)["dropped"] == 5


@pytest.mark.parametrize("kind", ["list", "dict", "record"])
def test_deep_values_are_freed_without_filling_the_stack(kind, apart):
    apart(f"""
        import dataclasses, gc, threading
        threading.stack_size(4096 * 1024)  # with less, Python 3.13 cannot drop plain records this deep

        @dataclasses.dataclass
        class Node:
            next: object

        wrap, unwrap = {{
            "list": (lambda value: [value], lambda d: d[0]),
            "dict": (lambda value: {{"next": value}}, lambda d: d["next"]),
            "record": (Node, lambda d: d.next),
        }}[{kind!r}]

        def deep(depth=50_000):
            value = []
            for _ in range(depth):
                value = wrap(value)
            return value

        def bottom(d):
            while type(d).__name__ != "ListDraft" or len(d):
                d = unwrap(d)
            return d

        def main():
            def recipe(d):
                kept.append(d)
                bottom(d).append(1)

            kept = []
            new = produce(deep(), recipe)
            new, patches, inverse = produce_with_patches(deep(), recipe)
            apply_patches(new, inverse)
            del new, patches, inverse
            session = draft(deep())
            bottom(session).append(deep())
            del session
            gc.collect()
            session = draft(deep())
            bottom(session)
            finish(session)
            produce([], lambda d: d.append(deep()))
            produce(deep(), lambda d: [])

        thread = threading.Thread(target=main)
        thread.start()
        thread.join()
    """)


def test_drafts_have_weak_references():
    def recipe(d):
        for part in (d, d["d"], d["l"], d["s"], d["n"]):
            assert weakref.ref(part)() is part

    produce({"d": {}, "l": [], "s": {1}, "n": Node(1)}, recipe)


def test_types_of_drafts_cannot_be_made_or_extended():
    def recipe(d):
        for part in (d, d["l"], d["s"], d["n"], d.keys(), iter(d)):
            cls = type(part)
            with pytest.raises(TypeError):
                cls()
            with pytest.raises(TypeError):
                type("Sub", (cls,), {})

    produce({"l": [], "s": {1}, "n": Node(1)}, recipe)
