"""*Debugging*: with HALFLIFE_DEBUG=1 in the environment, recipes and values are checked for mistakes that break layers.

Each recipe is called twice, on two drafts of one value, and must do the same both times. A value that was handed out
must be unchanged at the next edit. A recipe must not change a leaf in place whose class drafts do not know. These
checks are slow, so without the variable none of them is called.
"""

import os
import pickle
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from operator import is_
from typing import Any, TypeAlias, cast

from halflife._core import current, is_draft, parts_of, produce
from halflife._errors import RecipeError
from halflife._support.checks import called_name
from halflife._support.draftable import is_mutable
from halflife._support.reprs import abbreviated

#: Whether the program runs in debug mode.
ENABLED = os.environ.get("HALFLIFE_DEBUG", "") not in ("", "0")

#: How many of the values that were handed out are remembered.
_REMEMBERED = 256
#: Values that were handed out, by identity, and the parts of each at that time.
_handed_out: OrderedDict[int, tuple[Any, list[tuple[Any, Any]]]] = OrderedDict()


def checked(recipe: Callable[..., Any]) -> Callable[..., Any]:
    """A recipe that calls `recipe` twice, and raises `RecipeError` unless it does the same both times."""

    def twice(draft: Any, *args: Any) -> Any:
        base = _plain(draft)  # Another recipe may have edited the draft before.
        check = watch_leaves(base)
        first: list[Any] = []

        def once(other: Any) -> None:
            result = recipe(other, *args)
            first.append(None if result is other else _plain(result))

        expected = produce(base, once)
        check()
        result = recipe(draft, *args)
        found = _plain(draft)
        where = difference(expected, found)
        if where is None and result is not draft:
            where = difference(first[0], _plain(result))
        if where is not None:
            raise RecipeError(
                f"the recipe {called_name(recipe, 'lambda')} is not a pure function of its draft: called twice with"
                f" the same value, it gave two results{where}; make ids, times and random numbers outside of it"
            )
        return result

    twice.__name__ = called_name(recipe, "recipe")
    return twice


def hand_out(value: Any) -> None:
    """Remember a value that becomes visible now."""
    if parts_of(value) is None and not is_mutable(value):
        return
    _handed_out[id(value)] = value, list(_parts(value))
    _handed_out.move_to_end(id(value))
    if len(_handed_out) > _REMEMBERED:
        _handed_out.popitem(last=False)


def check_handed_out(value: Any, name: str) -> None:
    """Raise `RecipeError` if the value was changed in place since it was handed out."""
    known = _handed_out.get(id(value))
    if known is None or known[0] is not value:
        return
    where = _first_difference(known[1], _parts(value))
    if where is not None:
        del _handed_out[id(value)]  # Reported once.
        raise RecipeError(
            f"the value of {name} was changed in place after it was handed out{where}; values are shared, so edit"
            " them by a recipe only: store.update(a, recipe), or produce(value, recipe)"
        )


def watch_leaves(value: Any) -> Callable[[], None]:
    """Remember the mutable leaves of a value; calling the result raises if one was edited in place since then."""
    noted = [(path, leaf, look) for path, leaf, look in _mutable_leaves(value) if look is not None]

    def check() -> None:
        for path, leaf, look in noted:
            if _fingerprint(leaf) != look:
                raise RecipeError(
                    f"a recipe edited {abbreviated(leaf, 40)}{_at(path)} in place, which the value below it shares:"
                    f" drafts do not know the class {type(leaf).__qualname__}; put another object in its place, or"
                    " register the class with draftable"
                )

    return check


def difference(one: Any, other: Any) -> str | None:
    """Where two values differ, in words for a message; None if they do not. The order of dicts counts."""
    return None if one is other else _first_difference(_parts(one), _parts(other))


#: The path of a part of a value: the path of its container, the container, and the key. None for the value itself.
Path: TypeAlias = "tuple[Path, Any, Any] | None"
#: A part of a value: the object, and the data by which it is compared: of a container the keys, of a mutable leaf a
#: fingerprint.
Look: TypeAlias = tuple[Any, Any]


def _parts(value: Any) -> Iterator[tuple[Path, Look]]:
    """Every part of a value with its path, containers before their contents. Iterative, as values may nest deeply."""
    left: list[tuple[Path, Any]] = [(None, value)]
    met: set[int] = set()
    while left:
        path, here = left.pop()
        parts = parts_of(here)
        if parts is None:
            look = _fingerprint(here) if is_mutable(here) else here
            yield path, (here, look)
            continue
        if isinstance(here, (set, frozenset)):
            yield path, (here, frozenset(key for key, _ in parts))
            continue
        yield path, (here, _shape(here, parts))
        if id(here) in met:
            continue  # The container was visited before, or contains itself.
        met.add(id(here))
        left.extend(((path, here, key), part) for key, part in reversed(parts))


_SUBSCRIPTED = (dict, list, tuple, deque)


def _shape(container: Any, parts: list[tuple[Any, Any]]) -> Any:
    if isinstance(container, (list, tuple, deque)):
        return len(parts)
    return [key for key, _ in parts]


def _mutable_leaves(value: Any) -> Iterator[tuple[Path, Any, bytes | None]]:
    for path, (here, look) in _parts(value):
        if parts_of(here) is None and is_mutable(here):
            yield path, here, look


def _fingerprint(leaf: Any) -> bytes | None:
    """A hash of the pickle of a mutable leaf; None if it cannot be pickled. Nothing is ever unpickled."""
    try:
        return blake2b(pickle.dumps(leaf)).digest()
    except Exception:
        return None


def _first_difference(one: Iterable[tuple[Path, Look]], other: Iterable[tuple[Path, Look]]) -> str | None:
    # Both give the same paths up to the first difference, because a container comes before its contents.
    for (path, (mine, looked)), (_, (theirs, looks)) in zip(one, other, strict=False):
        if type(mine) is not type(theirs) or not _looks_alike(looked, looks):
            return f"{_at(path)}: {abbreviated(mine, 40)} and {abbreviated(theirs, 40)}"
    return None


def _looks_alike(one: Any, other: Any) -> bool:
    if one is other:
        return True
    try:
        return type(one) is type(other) and bool(one == other or (one != one and other != other))
    except Exception:
        return True


def _at(path: Path) -> str:
    """A path in the words of a message."""
    steps: list[str] = []
    while path is not None:
        path, container, key = path
        by_key = isinstance(container, _SUBSCRIPTED) and (isinstance(container, dict) or isinstance(key, int))
        steps.append(f"[{key!r}]" if by_key else f".{key}")
    return f" at {abbreviated_path(steps)}" if steps else ""


def abbreviated_path(steps: list[str]) -> str:
    """The path to a part, given its steps from the part up to the root; of a long path only the start and the end."""
    down = steps[::-1]
    return "".join(down if len(down) <= _LONGEST else [*down[: _LONGEST // 2], "...", *down[-_LONGEST // 2 :]])


_LONGEST = 20


def _plain(value: Any) -> Any:
    """A value without drafts in it."""
    if is_draft(value):
        return current(value)
    kind = type(value)
    try:
        if kind in (list, tuple, set, frozenset):
            parts = [_plain(item) for item in value]
            return value if all(map(is_, parts, value)) else kind(parts)
        if kind is dict:
            return {key: _plain(item) for key, item in cast(dict[Any, Any], value).items()}
    except RecursionError:
        pass  # Drafts nested that deeply are not replaced.
    return value
