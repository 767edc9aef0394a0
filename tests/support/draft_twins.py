"""*Twins*: an operation must return, raise and change the same on a draft as on a plain copy."""

import copy
from collections import defaultdict, deque
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from halflife import apply_patches, current, is_draft, produce, produce_with_patches

Operation = Callable[[Any], Any]


def in_turn(*_done: Any) -> None:
    """Allows several steps in one lambda, which then returns None."""


def plain(value: Any) -> Any:  # noqa: PLR0911 - a case a kind
    """The plain value of a draft, a view, an iterator, or a container with drafts in it."""
    if is_draft(value):
        return current(value)
    if isinstance(value, (KeysView, ValuesView, ItemsView, Iterator)):
        return [plain(item) for item in value]
    if type(value) in {list, tuple}:
        return type(value)(plain(item) for item in value)
    if isinstance(value, deque):
        return deque(map(plain, value), value.maxlen)
    if isinstance(value, dict):
        entries = {key: plain(item) for key, item in value.items()}
        if isinstance(value, defaultdict):
            return defaultdict(value.default_factory, entries)
        return entries if type(value) is dict else type(value)(entries)
    return value


def strictly_equal(one: Any, other: Any) -> bool:
    """Equal, of the same types all the way down, and dicts in the same order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, deque) and one.maxlen != other.maxlen:
        return False
    if type(one) in {list, tuple, deque}:
        return len(one) == len(other) and all(map(strictly_equal, one, other))
    if isinstance(one, dict):
        return strictly_equal(list(one), list(other)) and strictly_equal(list(one.values()), list(other.values()))
    if type(one) in {set, frozenset}:
        return strictly_equal(sorted(one, key=repr), sorted(other, key=repr))
    return bool(one == other)


def outcome(operation: Operation, value: Any) -> tuple[str, Any]:
    try:
        given = operation(value)
        return ("gave", "itself" if given is value else plain(given))
    except Exception as error:
        return ("raised", type(error))


def touch(draft: Any) -> None:
    """Make drafts of all parts, as a recipe does that reads before it edits."""
    parts = list(draft.values()) if hasattr(draft, "values") else [] if hasattr(draft, "discard") else list(draft)
    for part in parts:
        if is_draft(part):
            touch(part)


def move(draft: Any) -> None:
    """Insert and remove an item of each list: the lists are equal, but count as edited and moved."""
    parts = list(draft.values()) if hasattr(draft, "values") else [] if hasattr(draft, "discard") else list(draft)
    for part in parts:
        if is_draft(part):
            move(part)
    if hasattr(draft, "insert"):
        draft.insert(0, None)
        del draft[0]


def check_twins(base: Any, operation: Operation) -> None:
    """Check the operation on a fresh draft, on one that was read before, and on one that was edited before."""
    expected_value = copy.deepcopy(base)
    expected = outcome(operation, expected_value)
    before = copy.deepcopy(base)
    for prepare in (None, touch, move):
        seen = []

        def recipe(draft, prepare=prepare, seen=seen):
            if prepare is not None:
                prepare(draft)
            seen.append(outcome(operation, draft))
            assert strictly_equal(current(draft), expected_value), (current(draft), expected_value)

        new = produce(base, recipe)
        assert strictly_equal(seen[0], expected), (prepare, seen[0], expected)
        assert strictly_equal(new, expected_value), (prepare, new, expected_value)
        assert strictly_equal(base, before)
        new, patches, inverse = produce_with_patches(base, recipe)
        assert strictly_equal(new, expected_value)
        applied, back = apply_patches(base, patches), apply_patches(new, inverse)
        assert applied == new, patches
        assert back == base, inverse
        assert strictly_equal(base, before)
