"""A *check* refuses a wrong argument at once, naming the function, the argument and what to give instead.

Checks run before anything is made or changed, so that a refused call leaves no trace.
"""

import inspect
import math
from collections.abc import Callable
from types import FunctionType
from typing import Any

from halflife._core import Atom, is_function
from halflife._repr import abbreviated
from halflife._signatures import check_takes

_UNUSUAL = inspect.CO_VARARGS | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def check_atom(value: object, function: str, argument: str) -> None:
    """Raise `TypeError` unless `value` is an atom that has a value: actions and effects have none."""
    if not isinstance(value, Atom):
        raise TypeError(f"{function}: {argument} must be an atom, got {_described(value)}")
    if value.kind in ("action", "effect"):
        raise TypeError(f"{function}: {argument} must be an atom with a value; {value.name} is an {value.kind}")


def check_callable(value: object, function: str, argument: str, parameters: str | None = None) -> None:
    """Raise `TypeError` unless `value` can be called; an atom cannot, it is read.

    With `parameters` ("the value, the action"), unless it is plain and takes as many.
    """
    if not is_function(value):
        raise TypeError(f"{function}: {argument} must be callable, got {_described(value)}")
    if parameters is None:
        return
    count = parameters.count(",") + 1
    if type(value) is FunctionType and value.__code__.co_argcount == count and not value.__kwdefaults__:
        code = value.__code__
        if not code.co_kwonlyargcount and not code.co_flags & _UNUSUAL:
            return  # most functions: nothing to look up
    check_takes(value, count, function, argument, parameters)


def check_initial(value: object, function: str) -> None:
    """Raise `TypeError` if `value` is a bare coroutine: it could be awaited once only, in one store."""
    if inspect.iscoroutine(value):
        raise TypeError(
            f"{function}: initial is a coroutine, which can be awaited only once, in one store; use"
            " lazy(lambda: coroutine_function()) or derived(async_function)"
        )


def check_equals(value: object, function: str) -> None:
    """Raise `TypeError` unless `value` says how to compare: None, "deep" or a function of two values."""
    if value is not None and value != "deep" and not is_function(value):
        raise TypeError(f'{function}: equals must be None, "deep" or callable, got {_described(value)}')


def check_seconds(value: object, function: str, argument: str, *, positive: bool = False) -> float:
    """Return `value` as a float; raise unless it is a finite number of seconds, not negative (or positive)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{function}: {argument} must be a number of seconds, got {_described(value)}")
    seconds = float(value)
    if not math.isfinite(seconds) or seconds < 0 or (positive and seconds == 0):
        wanted = "finite and positive" if positive else "finite and not negative"
        raise ValueError(f"{function}: {argument} must be {wanted}, got {value!r}")
    return seconds


def called_name(function: Callable[..., Any], otherwise: str) -> str:
    """The name a user gave `function`, or `otherwise` when it has none of its own (a lambda, a partial)."""
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        return otherwise
    return name


def _described(value: object) -> str:
    return f"{type(value).__name__}: {abbreviated(value, 60)}"
