"""The *filters* of a mutation name the keys that it invalidates: the beginning of a key, or a dict of conditions.

A filter may also be asked of one entry, so that a key is not fetched while a mutation runs that will invalidate it.
"""

from __future__ import annotations

from typing import Any

from halflife._core import is_function
from halflife._support.reprs import abbreviated
from halflife.query.entries import Entry
from halflife.query.filters import Filter, info_of, make_filter
from halflife.query.options import QueryOptions

_CONDITIONS = frozenset({"key", "exact", "tag", "where"})


def make_filters(given: Any, function: str, argument: str) -> tuple[Filter, ...]:
    """The filters that the user gave: one of them, or a list or set of them; None is none.

    Raises:
        TypeError: A part of them is not a filter.
    """
    if given is None:
        return ()
    each = given if isinstance(given, (list, set, frozenset)) or _is_of_keys(given) else (given,)
    return tuple(_filter(one, function, argument) for one in each)


def _is_of_keys(given: Any) -> bool:
    """Whether a tuple holds filters, instead of being the parts of one key."""
    return isinstance(given, tuple) and bool(given) and all(_is_filter(one) for one in given)


def _is_filter(one: Any) -> bool:
    return isinstance(one, (tuple, list, QueryOptions)) or _is_conditions(one)


def _is_conditions(one: Any) -> bool:
    return isinstance(one, dict) and bool(one) and set(one) <= _CONDITIONS


def _filter(one: Any, function: str, argument: str) -> Filter:
    call = f"{function}: {argument}"
    if one is None or isinstance(one, bool):
        raise TypeError(f"{call} has {one} in it; give the beginning of a key, or a dict such as {{'tag': 'todos'}}")
    if is_function(one):
        raise TypeError(
            f"{call} has a function in it, {abbreviated(one, 60)}; give it as {{'where': fn}}, or give a function of"
            " the result and the variables in the place of the list"
        )
    if _is_conditions(one):
        return make_filter(call, one.get("key"), one.get("exact", False), one.get("tag"), one.get("where"))
    return make_filter(call, one, False, None, None)  # noqa: FBT003 - not exact


def fits(chosen: Filter, entry: Entry) -> bool:
    """Whether the conditions of a filter hold for an entry."""
    prefix = chosen.prefix
    if prefix is not None:
        parts = entry.key.parts
        if parts[: len(prefix.parts)] != prefix.parts or (chosen.exact and parts != prefix.parts):
            return False
    if chosen.tag is not None and chosen.tag not in entry.tags:
        return False
    return chosen.where is None or bool(chosen.where(info_of(entry)))
