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


def check_decorated(value: object, decorator: str) -> None:
    """Raise `TypeError` unless `value` is a function that a decorator of async functions can wrap."""
    if not is_function(value):
        raise TypeError(f"{decorator}: the decorated object must be an async function, got {_described(value)}")
    if inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        raise TypeError(
            f"{decorator}: the decorated function must be async without yield; {called_name(value, 'it')} yields"
        )


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


def check_seconds(
    value: object, function: str, argument: str, *, positive: bool = False, infinite: bool = False
) -> float:
    """Return `value` as a float; raise unless it is a number of seconds: finite if not `infinite`, and not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{function}: {argument} must be a number of seconds, got {_described(value)}")
    seconds = _as_float(value)
    if not (math.isfinite(seconds) or (infinite and seconds > 0)) or seconds < 0 or (positive and seconds == 0):
        wanted = "positive" if positive else "not negative"
        wanted = wanted if infinite else f"finite and {wanted}"
        raise ValueError(f"{function}: {argument} must be {wanted}, got {abbreviated(value)}")
    return seconds


def check_number(
    value: object, function: str, argument: str, *, least: float, most: float = math.inf, above: bool = False
) -> float:
    """Return `value` as a float; raise unless it is a finite number from `least` (or above it) to `most`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{function}: {argument} must be a number, got {_described(value)}")
    number = _as_float(value)
    if not math.isfinite(number) or not least <= number <= most or (above and number == least):
        wanted = f"above {least:g}" if above else f"at least {least:g}"
        wanted += f" and at most {most:g}" if most < math.inf else " and finite"
        raise ValueError(f"{function}: {argument} must be {wanted}, got {abbreviated(value)}")
    return number


def check_count(value: object, function: str, argument: str, *, least: int = 1) -> int:
    """Return `value`; raise unless it is an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{function}: {argument} must be an int, got {_described(value)}")
    if value < least:
        raise ValueError(f"{function}: {argument} must be at least {least}, got {abbreviated(value)}")
    return value


def check_flag(value: object, function: str, argument: str) -> None:
    """Raise `TypeError` unless `value` is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{function}: {argument} must be True or False, got {_described(value)}")


def check_clock(value: Any, function: str, argument: str) -> Any:
    """Return `value`; raise `TypeError` unless it has the methods of a clock."""
    for method in ("now", "call_later", "sleep"):
        if isinstance(value, type) or not callable(getattr(value, method, None)):
            raise TypeError(
                f"{function}: {argument} must be a clock with now(), call_later() and sleep(), got {_described(value)}"
            )
    return value


def called_name(function: Callable[..., Any], otherwise: str) -> str:
    """The name of `function`, or `otherwise` if it has no name of its own (a lambda, a partial)."""
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        return otherwise
    return name


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an int beyond any float
        return math.inf if value > 0 else -math.inf


def _described(value: object) -> str:
    return f"{type(value).__name__}: {abbreviated(value, 60)}"
