"""A *check* raises for a wrong argument. The message names the function, the argument and what to give instead.

Checks run before anything is made or changed, so a call that raises changes nothing.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any

from halflife._core import Atom, is_function
from halflife._support.reprs import abbreviated
from halflife._support.signatures import Body, Role, check_function


def check_atom(value: object, function: str, argument: str) -> None:
    """Raise `TypeError` unless `value` is an atom that has a value: actions and effects have none."""
    if not isinstance(value, Atom):
        raise TypeError(f"{function}: {argument} must be an atom, got {_described(value)}")
    if value.kind in ("action", "effect"):
        raise TypeError(f"{function}: {argument} must be an atom with a value; {value.name} is an {value.kind}")


def check_callable(
    value: object,
    function: str,
    argument: str,
    parameters: str,
    *,
    least: int | None = None,
    more: bool = False,
    may_be: Body = "plain",
) -> bool:
    """Raise `TypeError` unless `value` is a function that can be called with certain positional arguments.

    Args:
        value: The argument that the user gave. An atom does not count as a function.
        function: The function that the user has called.
        argument: The name of the argument.
        parameters: What `value` is called with, in words between commas ("the value, the action").
        least: The least number of them that it must take; by default all.
        more: Whether the user gives further arguments when it is called.
        may_be: Whether it may be an `async def`, or an async generator.

    Returns:
        Whether calling `value` gives a coroutine.
    """
    count = parameters.count(",") + 1 if parameters else 0
    most = -1 if more else count
    return check_function(value, Role(function, argument, parameters, count if least is None else least, most, may_be))


def check_initial(value: object, function: str) -> None:
    """Raise `TypeError` if `value` is a bare coroutine, which could be awaited only once, in one store."""
    if inspect.iscoroutine(value):
        raise TypeError(
            f"{function}: initial is a coroutine, which can be awaited only once, in one store; use"
            " lazy(lambda: coroutine_function()) or derived(async_function)"
        )


def check_equals(value: object, function: str) -> None:
    """Raise `TypeError` unless `value` is a rule of equality: None, "deep" or a function of two values."""
    if value is None or (isinstance(value, str) and value == "deep"):
        return
    if not is_function(value):
        raise TypeError(f'{function}: equals must be None, "deep" or a function of two values, got {_described(value)}')
    check_callable(value, function, "equals", "the old value, the new value")


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
    """The name of `function`, or `otherwise` if it has no name of its own (a lambda, a partial)."""
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        return otherwise
    return name


def _described(value: object) -> str:
    return f"{type(value).__name__}: {abbreviated(value, 60)}"
