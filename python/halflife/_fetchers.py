"""A *fetcher* is the function of a resource: ``fetcher(value, info)`` or ``fetcher(value)``, plain or async.

Required positional parameters count, those with a default do not: `def fetch(value, retries=3)` does not
want the info.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any


def wants_info(fetcher: Callable[..., Any]) -> bool:
    """Whether `fetcher` takes the info next to the source value; one that takes any number does."""
    try:
        parameters = inspect.signature(fetcher).parameters.values()
    except (TypeError, ValueError):
        return False  # A builtin that does not tell, such as `int`: made for values, not for us.
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = sum(one.kind in positional and one.default is one.empty for one in parameters)
    return required > 1


def is_async_fetcher(fetcher: Callable[..., Any]) -> bool:
    """Whether calling `fetcher` gives a coroutine, also for partials and objects with an async call."""
    while isinstance(fetcher, functools.partial):
        fetcher = fetcher.func
    return inspect.iscoroutinefunction(fetcher) or inspect.iscoroutinefunction(type(fetcher).__call__)
