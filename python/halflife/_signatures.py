"""The *signatures* of user functions, looked at once, when the atom is made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from halflife._core import is_function
from halflife._repr import abbreviated

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def inspect_read(read: Callable[..., Any]) -> tuple[bool, bool, bool]:
    """Whether a read is async, is a stream, and takes a signal.

    Raises:
        TypeError: It takes neither (get) nor (get, signal).
    """
    required, optional, starred = _positional(read)
    if starred and optional == 9:
        required = 1  # a builtin that does not tell is called with get
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


def is_async(function: object) -> bool:
    """Whether calling it would give a coroutine or an async generator."""
    body = _unwrapped(function)
    return inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body)


def _positional(function: Callable[..., Any]) -> tuple[int, int, bool]:
    """How many positional parameters are required and optional, and whether there is a *args."""
    try:
        parameters = parameters_of(function)
    except (ValueError, TypeError):  # a builtin that does not tell
        return 0, 9, True
    required = sum(p.kind in _POSITIONAL and p.default is p.empty for p in parameters)
    optional = sum(p.kind in _POSITIONAL and p.default is not p.empty for p in parameters)
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise TypeError(
                f"{_described(function)} needs the keyword argument {parameter.name!r}, which nobody gives it"
            )
    return required, optional, starred


def parameters_of(function: Any) -> list[inspect.Parameter]:
    """The parameters that a callable really takes.

    `functools.wraps` makes a wrapper claim the parameters of what it wraps. That counts only if the wrapper
    passes on whatever it gets (`*args`); one with parameters of its own takes those.

    Raises:
        ValueError, TypeError: It does not tell, as some builtins.
    """
    if isinstance(function, functools.partial):
        return _without_bound(parameters_of(function.func), len(function.args), function.keywords)
    if inspect.ismethod(function):
        return _without_bound(parameters_of(function.__func__), 1, {})
    parameters = list(inspect.signature(function, follow_wrapped=False).parameters.values())
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None and _passes_on(parameters):
        return parameters_of(wrapped)
    return parameters


def _passes_on(parameters: list[inspect.Parameter]) -> bool:
    return any(one.kind is one.VAR_POSITIONAL for one in parameters)


def _without_bound(
    parameters: list[inspect.Parameter], count: int, keywords: dict[str, Any]
) -> list[inspect.Parameter]:
    """What is left to give when some arguments have been."""
    positional = sum(one.kind in _POSITIONAL for one in parameters)
    left = parameters[min(count, positional) :]
    for index, one in enumerate(left):
        if one.name in keywords and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
            # From here on only keywords can be given.
            behind = [each for each in left[index + 1 :] if each.kind is not each.VAR_POSITIONAL]
            return left[:index] + [
                each.replace(kind=each.KEYWORD_ONLY) if each.kind in _POSITIONAL else each
                for each in behind
                if each.name not in keywords
            ]
    return left


def _unwrapped(function: Any) -> Any:
    """The function behind partials, bound methods, callable objects, and wrappers that pass on what they get."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif inspect.isfunction(function):
            wrapped = getattr(function, "__wrapped__", None)
            if wrapped is None or not function.__code__.co_flags & inspect.CO_VARARGS or _is_async(function):
                return function
            function = wrapped
        else:
            call = getattr(type(function), "__call__", None)  # noqa: B004 - the method is wanted
            if inspect.isroutine(function) or isinstance(function, type) or not inspect.isfunction(call):
                return function
            function = call


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def check_takes(function: Any, count: int, where: str, argument: str, parameters: str) -> None:
    """Raise `TypeError` unless a callable can be called with `count` positional arguments, and ends at once."""
    if is_async(function):
        raise TypeError(f"{where}: {argument} must be a plain function of {parameters}, not an async one")
    try:
        required, optional, starred = _positional(function)
    except TypeError as error:
        raise TypeError(f"{where}: {argument} is called with {parameters}, but {error}") from None
    if required > count or (required + optional < count and not starred):
        raise TypeError(
            f"{where}: {argument} is called with {parameters}, and {_described(function)} takes"
            f" {required if required > count else required + optional}"
        )


def _described(function: object) -> str:
    return getattr(function, "__qualname__", None) or abbreviated(function)
