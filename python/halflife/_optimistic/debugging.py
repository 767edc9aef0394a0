"""*Debugging*: with HALFLIFE_DEBUG=1 in the environment, recipes and values are watched for what breaks layers.

Each recipe is called twice, on two drafts of one value, and has to do the same. A value that was handed out must not
have been changed in place by the time of the next edit, nor a leaf of a class that drafts do not know by a recipe.
All of it costs time, so without the variable none of this is called.
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

#: How many values that were handed out are remembered.
_REMEMBERED = 256
#: Values that were handed out, by their identity, and what each looked like.
_handed_out: OrderedDict[int, tuple[Any, list[tuple[Any, Any]]]] = OrderedDict()


def checked(recipe: Callable[..., Any]) -> Callable[..., Any]:
    """A recipe that is called twice, and raises `RecipeError` if it does not do the same both times."""

    def twice(draft: Any, *args: Any) -> Any:
        base = _plain(draft)  # another recipe may have edited it before
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
                f" the same value, it did two things{where}; make ids, times and random numbers outside of it"
            )
        return result

    twice.__name__ = called_name(recipe, "recipe")
    return twice


def hand_out(value: Any) -> None:
    """The value is shown from now on."""
    if parts_of(value) is None and not is_mutable(value):
        return
    _handed_out[id(value)] = value, list(_places(value))
    _handed_out.move_to_end(id(value))
    if len(_handed_out) > _REMEMBERED:
        _handed_out.popitem(last=False)


def check_handed_out(value: Any, name: str) -> None:
    """Raise `RecipeError` if somebody has changed the value in place since it was handed out."""
    known = _handed_out.get(id(value))
    if known is None or known[0] is not value:
        return
    where = _first_difference(known[1], _places(value))
    if where is not None:
        del _handed_out[id(value)]  # Said once.
        raise RecipeError(
            f"the value of {name} was changed in place after it was handed out{where}; values are shared, so edit"
            " them by a recipe only: store.update(a, recipe), or produce(value, recipe)"
        )


def watch_leaves(value: Any) -> Callable[[], None]:
    """Note what the mutable leaves of a value look like; the answer raises if one was edited in place since then."""
    noted = [(place, leaf, look) for place, leaf, look in _mutable_leaves(value) if look is not None]

    def check() -> None:
        for place, leaf, look in noted:
            if _fingerprint(leaf) != look:
                raise RecipeError(
                    f"a recipe edited {abbreviated(leaf, 40)}{_at(place)} in place, which the value below it shares:"
                    f" drafts do not know the class {type(leaf).__qualname__}; put another object in its place, or"
                    " register the class with draftable"
                )

    return check


def difference(one: Any, other: Any) -> str | None:
    """Where two values differ, as words for a message; None if nowhere. The order of dicts counts."""
    return None if one is other else _first_difference(_places(one), _places(other))


#: A place in a value: that of the container around it, the container, and the key. The whole value is None.
Place: TypeAlias = "tuple[Place, Any, Any] | None"
#: What is at a place: the object, and what it looked like: of a container its class and keys, of a mutable leaf a
#: fingerprint.
Look: TypeAlias = tuple[Any, Any]


def _places(value: Any) -> Iterator[tuple[Place, Look]]:
    """Every place in a value, containers before what is in them. Values nest as deep as they like."""
    left: list[tuple[Place, Any]] = [(None, value)]
    met: set[int] = set()
    while left:
        place, here = left.pop()
        parts = parts_of(here)
        if parts is None:
            look = _fingerprint(here) if is_mutable(here) else here
            yield place, (here, look)
            continue
        if isinstance(here, (set, frozenset)):
            yield place, (here, frozenset(key for key, _ in parts))
            continue
        yield place, (here, _shape(here, parts))
        if id(here) in met:
            continue  # Seen before, or it contains itself.
        met.add(id(here))
        left.extend(((place, here, key), part) for key, part in reversed(parts))


_SUBSCRIPTED = (dict, list, tuple, deque)


def _shape(container: Any, parts: list[tuple[Any, Any]]) -> Any:
    if isinstance(container, (list, tuple, deque)):
        return len(parts)
    return [key for key, _ in parts]


def _mutable_leaves(value: Any) -> Iterator[tuple[Place, Any, bytes | None]]:
    for place, (here, look) in _places(value):
        if parts_of(here) is None and is_mutable(here):
            yield place, here, look


def _fingerprint(leaf: Any) -> bytes | None:
    """What a mutable leaf looks like, by its pickle; None if it has none. Nothing is ever unpickled."""
    try:
        return blake2b(pickle.dumps(leaf)).digest()
    except Exception:
        return None


def _first_difference(one: Iterable[tuple[Place, Look]], other: Iterable[tuple[Place, Look]]) -> str | None:
    # Both have the same places as far as no container differs, and what differs is met before what is in it.
    for (place, (mine, looked)), (_, (theirs, looks)) in zip(one, other, strict=False):
        if type(mine) is not type(theirs) or not _looks_alike(looked, looks):
            return f"{_at(place)}: {abbreviated(mine, 40)} and {abbreviated(theirs, 40)}"
    return None


def _looks_alike(one: Any, other: Any) -> bool:
    if one is other:
        return True
    try:
        return type(one) is type(other) and bool(one == other or (one != one and other != other))
    except Exception:
        return True


def _at(place: Place) -> str:
    """The path of a place, in the words of a message."""
    steps: list[str] = []
    while place is not None:
        place, container, key = place
        by_key = isinstance(container, _SUBSCRIPTED) and (isinstance(container, dict) or isinstance(key, int))
        steps.append(f"[{key!r}]" if by_key else f".{key}")
    return f" at {abbreviated_path(steps)}" if steps else ""


def abbreviated_path(steps: list[str]) -> str:
    """Steps from a place up to the root, as a path; of a long one the start and the end."""
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
        pass  # Nobody hides drafts that deep.
    return value
