"""The *signatures* of user functions, checked once, when the user gives the function.

The arguments that the caller can give count: for a wrapper that passes its arguments on, a partial, a method or a
callable object these are the remaining ones. The native module accepts most functions by itself
(`_core.plainly_takes`), and calls this module for the others, and to explain every refusal.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from types import FunctionType
from typing import Any, Literal, NamedTuple, TypeAlias

from halflife._core import is_function, plainly_takes
from halflife._support.reprs import abbreviated

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

#: Advice to users who give an async function.
_STARTS = "start async work by an async action, or as a task"
_EDITS = "do it before, or in the effect of a saga, or between draft(value) and finish(d)"

_COROUTINE = inspect.CO_COROUTINE

#: The number of optional arguments assumed of a built-in without a signature.
_UNKNOWN = 9


#: The kind of function that is allowed, besides a plain one.
Body: TypeAlias = Literal["plain", "async", "stream"]


class Arity(NamedTuple):
    """The numbers of positional arguments that a function takes."""

    required: int
    optional: int
    #: Whether it takes any number of further arguments.
    starred: bool

    def takes(self, least: int, most: int) -> bool:
        """Whether it can be called with a number of arguments from `least` to `most`, or more if `most` is negative."""
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
    """The use of a function that the user gives."""

    #: The function that the user has called.
    call: str
    #: The name of the argument.
    argument: str
    #: The arguments of the function, in words; empty if there are none.
    parameters: str
    #: The fewest positional arguments that it may take.
    least: int
    #: The most that it may require; negative if the user gives further arguments.
    most: int
    may_be: Body = "plain"


def check_function(function: Any, role: Role) -> bool:
    """Check a function that the user gives as an argument. Returns whether calling it gives a coroutine.

    Raises:
        TypeError: It cannot be called like that; or it is a generator function or async, which is not allowed here.
    """
    call, argument, parameters, least, most, may_be = role  # The native module gives a plain tuple.
    if plainly_takes(function, least, most):
        return False
    if may_be == "async" and is_plainly_async(function):
        arity = _plain_arity(function)
        if arity is not None and arity.takes(least, most):
            return True
    wanted = f"a function of {parameters}" if parameters else "a function without arguments"
    awaited = _check_body(function, Role(*role), wanted)
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


def check_async_function(function: Any, role: Role, keywords: Collection[str]) -> None:
    """Check an async function that is called with one argument, and with further ones by keyword.

    Raises:
        TypeError: It cannot be called like that, or is not async.
    """
    named = f"and {', '.join(keywords)} as keyword argument{'s' * (len(keywords) > 1)}"
    wanted = f"an async function of {role.parameters}" + (f", {named}" if keywords else "")
    if not _check_body(function, role, wanted):
        raise TypeError(f"{role.call}: {role.argument} must be {wanted}; {described(function)} is not async")
    try:
        inspect.Signature(parameters_of(function)).bind(None, **dict.fromkeys(keywords))
    except TypeError as error:
        raise TypeError(f"{role.call}: {role.argument} must be {wanted}; {described(function)}: {error}") from None


def _check_body(function: Any, role: Role, wanted: str) -> bool:
    """Check that a function is of the allowed kind. Returns whether calling it gives a coroutine."""
    call, argument, parameters, _, _, may_be = role
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
            f"{call}: {argument} must be a plain function: its result is not awaited, but {described(function)} is"
            " async: " + (_EDITS if parameters.startswith("the draft") else _STARTS)
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


#: Cached, because functions such as `operator.is_` are given often.
@functools.lru_cache(maxsize=64)
def _arity_of_builtin(function: Callable[..., Any]) -> Arity:
    return _arity_of(function)


def is_plainly_async(function: object) -> bool:
    """Whether it is an `async def` without a yield, and without attributes that could give it another signature."""
    return type(function) is FunctionType and not function.__dict__ and bool(function.__code__.co_flags & _COROUTINE)


def _plain_arity(function: Any) -> Arity | None:
    """The arity of a plain function, or None if it is not as plain as that. `inspect.signature` takes far longer."""
    if type(function) is not FunctionType or function.__dict__:
        return None
    code, defaults = function.__code__, function.__defaults__
    if code.co_kwonlyargcount > len(function.__kwdefaults__ or ()):
        return None
    optional = len(defaults) if defaults else 0
    return Arity(code.co_argcount - optional, optional, bool(code.co_flags & inspect.CO_VARARGS))


def _arity_of(function: Callable[..., Any]) -> Arity:
    plain = _plain_arity(function)
    if plain is not None:
        return plain
    try:
        parameters = parameters_of(function)
    except (ValueError, TypeError):  # A built-in without a signature.
        return Arity(0, _UNKNOWN, True)  # noqa: FBT003
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise TypeError(
                f"{described(function)} needs the keyword argument {parameter.name!r}, which it is not called with"
            )
    positional = [one.default is one.empty for one in parameters if one.kind in _POSITIONAL]
    starred = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    return Arity(sum(positional), len(positional) - sum(positional), starred)


def given_count(function: Callable[..., Any], most: int, unknown: int) -> int:
    """The number of arguments, up to `most`, to call a function with: those that it requires; all for `*args`.

    `unknown` for a built-in without a signature.
    """
    arity = arity_of(function)
    if arity.optional == _UNKNOWN:
        return unknown
    return most if arity.starred else min(most, arity.required)


def is_async(function: object) -> bool:
    """Whether calling it gives a coroutine or an async generator."""
    body = _body(function)
    return is_coroutine_function(body) or inspect.isasyncgenfunction(body)


def is_coroutine_function(body: object) -> bool:
    """Whether calling it gives a coroutine, as for `AsyncMock` and functions marked as coroutine functions."""
    return inspect.iscoroutinefunction(body)


def parameters_of(function: Any) -> list[inspect.Parameter]:
    """The parameters that a callable really has.

    `functools.wraps` gives a wrapper the signature of the wrapped function. That signature counts only if the wrapper
    passes all its arguments on (`*args`); otherwise the wrapper's own parameters count.

    Raises:
        ValueError, TypeError: It has no signature, as some built-ins.
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
    """The parameters that remain when some arguments are bound."""
    positional = sum(one.kind in _POSITIONAL for one in parameters)
    left = parameters[min(count, positional) :]
    for index, one in enumerate(left):
        if one.name in keywords and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
            # The following parameters can only be given by keyword.
            behind = [each for each in left[index + 1 :] if each.kind is not each.VAR_POSITIONAL]
            return left[:index] + [
                each.replace(kind=each.KEYWORD_ONLY) if each.kind in _POSITIONAL else each
                for each in behind
                if each.name not in keywords
            ]
    return left


def _call_of(function: object) -> Any:
    """The Python function `__call__` of a callable object's class; None for other callables."""
    if inspect.isroutine(function) or isinstance(function, type) or inspect.iscoroutinefunction(function):
        return None
    call = getattr(type(function), "__call__", None)  # noqa: B004 - the method is wanted
    return call if inspect.isfunction(call) else None


def _body(function: Any) -> Any:
    """The function behind partials, bound methods, callable objects, and wrappers that pass their arguments on."""
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
