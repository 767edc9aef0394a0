"""*Debugging*: with HALFLIFE_DEBUG=1 in the environment, recipes and values are watched for what breaks layers.

Each recipe is called twice, on two drafts of one value, and has to do the same. And a value that was handed out
must not have been changed in place by the time of the next edit. Both cost time, so without the variable none
of this is called.
"""

import dataclasses
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from halflife._checks import called_name
from halflife._core import current, is_draft, produce
from halflife._errors import RecipeError
from halflife._repr import abbreviated

#: Whether the program runs in debug mode.
ENABLED = os.environ.get("HALFLIFE_DEBUG", "") not in ("", "0")

#: How many values that were handed out are remembered.
_REMEMBERED = 256
#: Values that were handed out, by their identity, and a copy of each as it was.
_handed_out: OrderedDict[int, tuple[Any, Any]] = OrderedDict()


def checked(recipe: Callable[..., Any]) -> Callable[..., Any]:
    """A recipe that is called twice, and raises `RecipeError` if it does not do the same both times."""

    def twice(draft: Any, *args: Any) -> Any:
        base = current(draft) if is_draft(draft) else draft  # another recipe may have edited it before
        first: list[Any] = []

        def once(other: Any) -> None:
            result = recipe(other, *args)
            first.append(None if result is other else _plain(result))

        expected = produce(base, once)
        result = recipe(draft, *args)
        found = current(draft) if is_draft(draft) else draft
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
    if not isinstance(value, _CONTAINERS) and not dataclasses.is_dataclass(value):
        return
    _handed_out[id(value)] = value, _copied(value)
    _handed_out.move_to_end(id(value))
    if len(_handed_out) > _REMEMBERED:
        _handed_out.popitem(last=False)


def check_handed_out(value: Any, name: str) -> None:
    """Raise `RecipeError` if somebody has changed the value in place since it was handed out."""
    known = _handed_out.get(id(value))
    if known is None or known[0] is not value:
        return
    where = difference(known[1], value)
    if where is not None:
        del _handed_out[id(value)]  # Said once.
        raise RecipeError(
            f"the value of {name} was changed in place after it was handed out{where}; values are shared, so edit"
            " them by a recipe only: store.update(a, recipe), or produce(value, recipe)"
        )


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """Where two values differ, as words for a message; None if nowhere. The order of dicts counts."""
    if one is other:
        return None
    here = f" at {path}" if path else ""
    if type(one) is not type(other):
        return f"{here}: {abbreviated(one, 40)} and {abbreviated(other, 40)}"
    pairs = _parts(one, other)
    if pairs is None:
        same = one == other or (one != one and other != other)
        return None if same else f"{here}: {abbreviated(one, 40)} and {abbreviated(other, 40)}"
    if not pairs[0]:
        return f"{here}: {abbreviated(one, 40)} and {abbreviated(other, 40)}"
    return next((found for step, left, right in pairs[1] if (found := difference(left, right, path + step))), None)


_CONTAINERS = (dict, list, tuple, set, frozenset)


def _parts(one: Any, other: Any) -> tuple[bool, list[tuple[str, Any, Any]]] | None:
    """Whether two containers have the same shape, and what is in both; None for what is no container."""
    if isinstance(one, dict):
        rows = [(f"[{key!r}]", value, other.get(key)) for key, value in one.items()]
        return list(one) == list(other), rows
    if isinstance(one, (list, tuple)):
        rows = [(f"[{index}]", left, right) for index, (left, right) in enumerate(zip(one, other, strict=False))]
        return len(one) == len(other), rows
    if dataclasses.is_dataclass(one):
        fields = [field.name for field in dataclasses.fields(one)]
        return True, [(f".{name}", getattr(one, name, None), getattr(other, name, None)) for name in fields]
    return None


def _copied(value: Any) -> Any:
    """A copy of the plain containers in a value; what else is in it is kept as it is."""
    kind = type(value)
    if kind is dict:
        return {key: _copied(item) for key, item in value.items()}
    if kind in (list, tuple):
        return kind(_copied(item) for item in value)
    if kind is set:
        return set(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        copy = object.__new__(kind)
        for field in dataclasses.fields(value):
            object.__setattr__(copy, field.name, _copied(getattr(value, field.name, None)))
        return copy
    return value


def _plain(value: Any) -> Any:
    """A value without drafts in it."""
    if is_draft(value):
        return current(value)
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return kind(_plain(item) for item in value)
    if kind is dict:
        return {key: _plain(item) for key, item in cast(dict[Any, Any], value).items()}
    return value
