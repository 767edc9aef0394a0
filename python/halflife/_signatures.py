"""The *signatures* of user functions, looked at once, when the atom is made."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, cast

from halflife._core import is_function
from halflife._repr import abbreviated

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def inspect_read(read: Callable[..., Any]) -> tuple[bool, bool, bool]:
    """Whether a read is async, is a stream, and takes a signal.

    Raises:
        TypeError: It takes neither (get) nor (get, signal).
    """
    required, optional, starred = _positional(read)
    if required > 2 or (required == 0 and not optional and not starred):
        raise TypeError(
            f"{_described(read)} cannot be a read: it takes {required} required positional arguments;"
            " a read is read(get) or read(get, signal)"
        )
    body = _unwrapped(read)
    is_stream = inspect.isasyncgenfunction(body)
    return is_stream or inspect.iscoroutinefunction(body), is_stream, required == 2


def check_write(write: Callable[..., Any], expected: str) -> bool:
    """Whether a write or effect is async.

    Raises:
        TypeError: It cannot be called with (get, set).
    """
    if not is_function(write):
        raise TypeError(f"expected a function {expected}, not {abbreviated(write)}")
    code = getattr(write, "__code__", None)
    body = _unwrapped(write)
    is_async = inspect.iscoroutinefunction(body)
    if inspect.isasyncgenfunction(body):
        raise TypeError(f"{_described(write)} is an async generator; {expected} returns a value")
    if code is None or code.co_argcount < 2:
        required, optional, starred = _positional(write)
        if required + optional < 2 and not starred:
            raise TypeError(f"{_described(write)} must take at least get and set: {expected}")
    return is_async


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it would give a coroutine or an async generator."""
    body = _unwrapped(function)
    return inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body)


def _positional(function: Callable[..., Any]) -> tuple[int, int, bool]:
    """How many positional parameters are required and optional, and whether there is a *args."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):  # a builtin that does not tell
        return 1, 0, True
    required = sum(p.kind in _POSITIONAL and p.default is p.empty for p in parameters)
    optional = sum(p.kind in _POSITIONAL and p.default is not p.empty for p in parameters)
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise TypeError(
                f"{_described(function)} needs the keyword argument {parameter.name!r}, which nobody gives it"
            )
    return required, optional, starred


def _unwrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function behind partials, bound methods and callable objects."""
    body: Any = function
    while hasattr(body, "func"):
        body = body.func
    if not inspect.isroutine(body) and hasattr(type(body), "__call__"):  # noqa: B004 - the method is wanted
        body = type(body).__call__
    return cast("Callable[..., Any]", body)


def _described(function: object) -> str:
    return getattr(function, "__qualname__", None) or abbreviated(function)
