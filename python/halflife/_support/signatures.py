"""The *signatures* of user functions, looked at once, when the function is given.

What counts is what a function really takes: of a wrapper that passes on what it gets, a partial, a method or a
callable object, what is left for the caller to give. The native half passes most functions by itself
(`_core.plainly_takes`), and asks here about the others, among them all that are refused.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

from halflife._core import is_function, plainly_takes
from halflife._support.reprs import abbreviated

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

#: What to do instead of giving an async function.
_STARTS = "start what is async by an async action, or as a task"
_EDITS = "do it before, or in the effect of a saga, or between draft(value) and finish(d)"

#: How many arguments a built-in takes that does not tell.
_UNKNOWN = 9


#: What a function may be, next to a plain one.
Body: TypeAlias = Literal["plain", "async", "stream"]


class Arity(NamedTuple):
    """How many positional arguments a function takes."""

    required: int
    optional: int
    #: Whether it takes any number more.
    starred: bool

    def takes(self, least: int, most: int) -> bool:
        """Whether it can be called with some number of arguments from `least` to `most` (negative: or with more)."""
        return (self.starred or self.required + self.optional >= least) and (most < 0 or self.required <= most)

    def __str__(self) -> str:
        required = f"{self.required} required positional argument{'' if self.required == 1 else 's'}"
        if self.starred:
            return f"{required} and any number more"
        return f"{required} and {self.optional} optional" if self.optional else required


def inspect_read(read: Callable[..., Any], call: str = "derived", argument: str = "read") -> tuple[bool, bool, bool]:
    """Whether a read is async, is a stream, and takes a signal.

    Raises:
        TypeError: It takes neither (get) nor (get, signal).
    """
    wanted = f"{call}: {argument} must be read(get) or read(get, signal)"
    if not is_function(read):
        raise TypeError(f"{call}: {argument} must be callable, as read(get) or read(get, signal), got {_given(read)}")
    try:
        arity = arity_of(read)
    except TypeError as error:
        raise TypeError(f"{wanted}; {error}") from None
    if arity.optional == _UNKNOWN:
        arity = Arity(1, 0, False)  # noqa: FBT003 - called with get
    if not arity.takes(1, 2):
        raise TypeError(f"{wanted}; {described(read)} takes {arity}")
    is_stream = inspect.isasyncgenfunction(_body(read))
    return is_stream or is_async(read), is_stream, arity.required == 2


class Role(NamedTuple):
    """What a function is given for."""

    #: What the user has called.
    call: str
    #: The argument of that call.
    argument: str
    #: What the function is called with, in words; empty for nothing.
    parameters: str
    #: The fewest positional arguments that it may take.
    least: int
    #: The most it may require; negative if the user gives the rest.
    most: int
    may_be: Body = "plain"


def check_function(function: Any, role: Role) -> bool:
    """Whether calling a function that was given as an argument gives a coroutine.

    Raises:
        TypeError: It cannot be called so; or it is a generator, or async, and cannot be here.
    """
    call, argument, parameters, least, most, may_be = role  # the native half gives a plain tuple
    if plainly_takes(function, least, most):
        return False
    wanted = f"a function of {parameters}" if parameters else "a function without arguments"
    if not is_function(function):
        raise TypeError(f"{call}: {argument} must be callable, {wanted}, got {_given(function)}")
    body = _body(function)
    awaited = is_coroutine_function(body)
    streams = inspect.isasyncgenfunction(body)
    if (streams and may_be != "stream") or inspect.isgeneratorfunction(body):
        raise TypeError(
            f"{call}: {argument} must be {wanted} without yield; {described(function)} is "
            f"{'an async' if streams else 'a'} generator, and calling it runs nothing"
        )
    if awaited and may_be == "stream":
        raise TypeError(
            f"{call}: {argument} must be {wanted} that yields; {described(function)} is async without a yield"
        )
    if awaited and may_be == "plain":
        raise TypeError(
            f"{call}: {argument} must be a plain function, because nobody awaits it; {described(function)} is async: "
            + (_EDITS if parameters.startswith("the draft") else _STARTS)
        )
    try:
        arity = arity_of(function)
    except TypeError as error:
        raise TypeError(f"{call}: {argument} must be {wanted}; {error}") from None
    if not arity.takes(least, most):
        raise TypeError(
            f"{call}: {argument} is called with {parameters or 'no arguments'}, but {described(function)} takes"
            f" {arity}; give {wanted}"
        )
    return awaited


def arity_of(function: Callable[..., Any]) -> Arity:
    """How many positional arguments a function takes.

    Raises:
        TypeError: It cannot be called with positional arguments alone.
    """
    if inspect.isbuiltin(function) and inspect.ismodule(function.__self__):
        return _arity_of_builtin(function)
    return _arity_of(function)


#: `operator.is_` and the like are given again and again.
@functools.lru_cache(maxsize=64)
def _arity_of_builtin(function: Callable[..., Any]) -> Arity:
    return _arity_of(function)


def _arity_of(function: Callable[..., Any]) -> Arity:
    try:
        parameters = parameters_of(function)
    except (ValueError, TypeError):  # a builtin that does not tell
        return Arity(0, _UNKNOWN, True)  # noqa: FBT003
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise TypeError(
                f"{described(function)} needs the keyword argument {parameter.name!r}, which nobody gives it"
            )
    positional = [one.default is one.empty for one in parameters if one.kind in _POSITIONAL]
    starred = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    return Arity(sum(positional), len(positional) - sum(positional), starred)


def given_count(function: Callable[..., Any], most: int, unknown: int) -> int:
    """How many of up to `most` arguments to call a function with: those it requires, all if it takes any number.

    `unknown` for a builtin that does not tell.
    """
    arity = arity_of(function)
    if arity.optional == _UNKNOWN:
        return unknown
    return most if arity.starred else min(most, arity.required)


def is_async(function: object) -> bool:
    """Whether calling it would give a coroutine or an async generator."""
    body = _body(function)
    return is_coroutine_function(body) or inspect.isasyncgenfunction(body)


def is_coroutine_function(body: object) -> bool:
    """Whether calling it gives a coroutine; `AsyncMock` and marked functions say so of themselves."""
    return inspect.iscoroutinefunction(body)


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
    call = _call_of(function)
    if call is not None:
        return _without_bound(parameters_of(call), 1, {})
    parameters = list(inspect.signature(function, follow_wrapped=False).parameters.values())
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None and any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return parameters_of(wrapped)
    return parameters


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


def _call_of(function: object) -> Any:
    """The Python function behind an object that is called by its class's `__call__`; None for others."""
    if inspect.isroutine(function) or isinstance(function, type) or inspect.iscoroutinefunction(function):
        return None
    call = getattr(type(function), "__call__", None)  # noqa: B004 - the method is wanted
    return call if inspect.isfunction(call) else None


def _body(function: Any) -> Any:
    """The function behind partials, bound methods, callable objects, and wrappers that pass on what they get."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif inspect.isfunction(function):
            wrapped = getattr(function, "__wrapped__", None)
            own = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
            if wrapped is None or not function.__code__.co_flags & inspect.CO_VARARGS or own:
                return function
            function = wrapped
        else:
            call = _call_of(function)
            if call is None:
                return function
            function = call


def described(function: object) -> str:
    """A function's name for messages, or its repr."""
    return getattr(function, "__qualname__", None) or abbreviated(function)


def _given(value: object) -> str:
    return f"{type(value).__name__}: {abbreviated(value, 60)}"
