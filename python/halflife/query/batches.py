"""A *batched fetcher* turns the calls for single keys of one pass of the event loop into one call for all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from halflife._drivers.batch_calls import BatchCall
from halflife._errors import MissingKeyError
from halflife._support.checks import called_name, check_callable, check_count
from halflife._support.reprs import abbreviated
from halflife.query.keys import query_key

_NONE = object()


def batched(fetch_many: Callable[[list[Any]], Any], max_size: int = 100) -> Callable[[Any], Coroutine[Any, Any, Any]]:
    """A fetcher of single keys whose calls of one loop pass become one call of `fetch_many`.

    Use it as the fetcher of queries, in families, or await it. A key that several callers want is asked for once. The
    call is cancelled only when all its callers are.

    Args:
        fetch_many: ``await fetch_many(keys)`` gives a mapping by key, or a list in the order of the keys. Keys that
            are equal but of different types (`1` and `True`), lists and dicts need the list.
        max_size: The most keys of one call; more make several calls.

    Returns:
        ``await fetcher(key)``, with the data of the key. Its errors: the error of `fetch_many`, of all its callers;
        `MissingKeyError`, a LookupError, if the mapping has no such key; ValueError, of all, if the list has another
        length; TypeError if the answer is neither.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or out of range; when called, a part of the key.

    Example:
        >>> async def fetch_users(ids):
        ...     return await api.post("/users/search", ids)  # {1: {...}, 2: {...}}
        >>> load_user = batched(fetch_users)
        >>> user = client.query(("user", 1), lambda key: load_user(key[1]))
        >>> ada, grace = await asyncio.gather(load_user(1), load_user(2))
    """
    check_callable(fetch_many, "batched", "fetch_many", "the keys", may_be="async")
    check_count(max_size, "batched", "max_size")
    name = called_name(fetch_many, "fetch_many")
    batches: list[BatchCall] = []

    async def fetch(keys: list[Any]) -> list[tuple[Any, Exception | None]]:
        answer = fetch_many(list(keys))
        if inspect.isawaitable(answer):
            answer = await answer
        return _answers(answer, keys, name)

    async def load(key: Any) -> Any:
        typed = query_key(key, name)
        open_ones = [one for one in batches if one.is_open_here()]
        batch = next((one for one in open_ones if one.has(typed)), None)
        batch = batch or next((one for one in open_ones if one.has_room()), None)
        if batch is None:
            batch = BatchCall(fetch, max_size, batches.remove)
            batches[:] = [one for one in batches if not one.is_lost()]
            batches.append(batch)
        return await batch.wait(typed, key)

    load.__name__ = load.__qualname__ = name
    load.__doc__ = fetch_many.__doc__
    return load


def _answers(answer: Any, keys: list[Any], name: str) -> list[tuple[Any, Exception | None]]:
    """The data or the error of each key."""
    if isinstance(answer, Mapping):
        return [_found(answer, key, name) for key in keys]
    if isinstance(answer, (list, tuple)):
        if len(answer) != len(keys):
            raise ValueError(f"{name} must give one item for each of the {len(keys)} keys, but gave {len(answer)}")
        return [(data, None) for data in answer]
    raise TypeError(
        f"{name} must give a mapping by key, or a list in the order of the keys; got {abbreviated(answer, 60)}"
    )


def _found(answer: Mapping[Any, Any], key: Any, name: str) -> tuple[Any, Exception | None]:
    try:
        data = answer.get(key, _NONE)
    except TypeError:  # Not hashable.
        shown = abbreviated(key, 60)
        return None, TypeError(f"{name} gave a mapping, which cannot have the key {shown}; let it give a list")
    if data is _NONE:
        return None, MissingKeyError(f"{name} gave no data for the key {abbreviated(key, 60)}")
    return data, None
