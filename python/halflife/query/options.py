"""The *options* of queries: checked once where they are given, and resolved per key, the narrowest first.

The order is: the call, the query, the longest prefix of `QueryClient.set_defaults`, a shorter one, the client.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, Literal, TypeAlias, TypeVar, final, overload

from halflife._core import Atom, is_function
from halflife._support.checks import check_callable, check_seconds
from halflife._support.reprs import abbreviated
from halflife._support.signatures import is_plainly_async
from halflife._support.unset import UNSET
from halflife.query.breakers import CircuitBreaker
from halflife.query.keys import query_key
from halflife.query.retries import Retry

T = TypeVar("T")

Fetcher: TypeAlias = Callable[..., Any]
StaleTime: TypeAlias = float | Literal["static"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QueryDefaults:
    """The options of all queries of a client, unless a narrower one is given.

    Args:
        cache_enabled: Whether answers are kept; if not, an answer is only for those who await it.
        cache_size: The most entries that a client keeps; observed ones and those with pending edits come on top.
        ttl: Seconds after which an entry that nobody observes is forgotten.
        stale_time: Seconds for which data is fresh; `math.inf` is fresh until it is invalidated, "static" for ever.
        retry: What to do when an attempt fails.
        optimistic: Whether collections show their writes before the server has agreed.
        background_refetch: Whether stale data is fetched again by observers, readers, focus and reconnect.
        refetch_on_focus: Whether stale observed data is fetched again when `client.focused` becomes True; "always"
            fetches fresh data too.
        refetch_on_reconnect: The same when `client.online` becomes True.
        dedupe: Whether all who want a key share one fetch.
        structural_sharing: Whether equal parts of fetched data are the old objects; a function `fn(old, new)` gives
            the data to keep.
    """

    cache_enabled: bool = True
    cache_size: int = 1000
    ttl: float = 300.0
    stale_time: StaleTime = 60.0
    retry: Retry = field(default_factory=Retry)
    optimistic: bool = False
    background_refetch: bool = True
    refetch_on_focus: bool | Literal["always"] = True
    refetch_on_reconnect: bool | Literal["always"] = True
    dedupe: bool = True
    structural_sharing: bool | Callable[[Any, Any], Any] = True

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            checked = _CHECKS[one.name]("QueryDefaults", one.name, value)
            object.__setattr__(self, one.name, value if checked is None else checked)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The resolved options of one use of a key."""

    cache_enabled: bool = True
    ttl: float = 300.0
    stale_time: StaleTime = 60.0
    retry: Retry = field(default_factory=Retry)
    optimistic: bool = False
    background_refetch: bool = True
    refetch_on_focus: bool | Literal["always"] = True
    refetch_on_reconnect: bool | Literal["always"] = True
    dedupe: bool = True
    structural_sharing: bool | Callable[[Any, Any], Any] = True
    enabled: Any = True
    network_mode: Literal["online", "always", "offline_first"] = "online"
    keep_previous: bool = False
    placeholder: Any = UNSET
    initial: Any = UNSET
    initial_updated_at: float | None = None
    select: Callable[[Any], Any] | None = None
    interval: Any = None
    interval_in_background: bool = False
    tags: tuple[Any, ...] = ()
    fallback: Any = UNSET
    throw: bool = False
    thread: bool = False
    breaker: CircuitBreaker | None = None
    reduce: Callable[[Any, Any], Any] | None = None
    refetch_mode: Literal["reset", "append", "replace"] = "reset"
    use_once: bool = False

    @property
    def stale_after(self) -> float:
        """The seconds for which data is fresh."""
        return math.inf if self.stale_time == "static" else float(self.stale_time)

    @property
    def is_static(self) -> bool:
        """Whether an invalidation leaves the data fresh."""
        return self.stale_time == "static"


def defaults_as_settings(defaults: QueryDefaults) -> Settings:
    """The settings of a client without narrower options."""
    given = {one.name: getattr(defaults, one.name) for one in fields(defaults) if one.name != "cache_size"}
    return Settings(**given)


def narrowed(settings: Settings, options: Mapping[str, Any]) -> Settings:
    """The settings with checked options in the place of some."""
    return replace(settings, **options) if options else settings


@final
@dataclass(frozen=True, slots=True, eq=False)
class QueryOptions(Generic[T]):
    """A key, its fetcher and options as one value; made by `query_options`."""

    key: Any
    fetcher: Fetcher | None
    options: Mapping[str, Any]


@overload
def query_options(key: Any, fetcher: Callable[..., AsyncIterator[T]], **options: Any) -> QueryOptions[list[T]]: ...
@overload
def query_options(key: Any, fetcher: Callable[..., Awaitable[T]], **options: Any) -> QueryOptions[T]: ...
@overload
def query_options(key: Any, fetcher: Callable[..., Any] | None = None, **options: Any) -> QueryOptions[Any]: ...
def query_options(key: Any, fetcher: Callable[..., Any] | None = None, **options: Any) -> QueryOptions[Any]:
    """A key, its fetcher and options as one value, given wherever those three can be given.

    Args:
        key: A key, or a function of `get` that returns one.
        fetcher: ``fetcher(key)`` or ``fetcher(key, ctx)``.
        options: Options of `QueryClient.query`.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or not an allowed value.

    Example:
        >>> user_options = query_options(("user", 1), fetch_user, stale_time=10)
        >>> user = client.query(user_options)
        >>> data = await client.fetch(user_options)
    """
    if not is_function(key):
        query_key(key, "query_options")
    check_fetcher(fetcher, "query_options", thread=bool(options.get("thread", False)))
    return QueryOptions(key, fetcher, check_options("query_options", options))


def check_fetcher(fetcher: Any, function: str, *, thread: bool = False) -> None:
    """Raise `TypeError` unless the fetcher can be called with a key, or a key and a context."""
    if fetcher is None:
        return
    if is_plainly_async(fetcher) and not thread:
        check_callable(fetcher, function, "fetcher", "the key, the context", least=1, may_be="async")
        return
    if inspect.isgeneratorfunction(fetcher):
        raise TypeError(f"{function}: fetcher is a generator, and calling it fetches nothing; make it `async def`")
    if inspect.isasyncgenfunction(_plain(fetcher)):
        check_callable(fetcher, function, "fetcher", "the key, the context", least=1, may_be="stream")
        return
    is_async = check_callable(fetcher, function, "fetcher", "the key, the context", least=1, may_be="async")
    if is_async and thread:
        raise TypeError(f"{function}: thread=True is for a plain fetcher, and this one is async")


def _plain(fetcher: Any) -> Any:
    while hasattr(fetcher, "func") and hasattr(fetcher, "keywords"):
        fetcher = fetcher.func
    return getattr(fetcher, "__func__", fetcher)


def check_options(function: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, checked and normalized.

    Raises:
        TypeError: An option is unknown or of the wrong type.
        ValueError: An option is not an allowed value.
    """
    checked: dict[str, Any] = {}
    for name, value in options.items():
        check = _CHECKS.get(name)
        if check is None or name == "cache_size":
            raise TypeError(f"{function}: there is no option {name!r}; known are {', '.join(sorted(_CHECKS))}")
        result = check(function, name, value)
        checked[name] = value if result is None else result
    return checked


# --- the check of each option; returns the value to keep, or None for the value itself


def _a_bool(function: str, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{function}: {name} must be True or False, got {_given(value)}")


def _a_bool_or_always(function: str, name: str, value: Any) -> None:
    if value != "always":
        if isinstance(value, str):
            raise ValueError(f'{function}: {name} must be True, False or "always", got {_given(value)}')
        _a_bool(function, name, value)


def _seconds_or_inf(function: str, name: str, value: Any) -> float:
    if value == math.inf and not isinstance(value, bool):
        return math.inf
    return check_seconds(value, function, name)


def _a_stale_time(function: str, name: str, value: Any) -> StaleTime:
    if isinstance(value, str):
        if value != "static":
            raise ValueError(f'{function}: {name} must be a number of seconds or "static", got {_given(value)}')
        return "static"
    return _seconds_or_inf(function, name, value)


def _a_size(function: str, name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{function}: {name} must be an int, got {_given(value)}")
    if value < 1:
        raise ValueError(f"{function}: {name} must be positive, got {value}")


def _a_retry(function: str, name: str, value: Any) -> Retry:
    if isinstance(value, bool):
        return Retry(enabled=value)
    if isinstance(value, int):
        return Retry(max_retries=value)
    if not isinstance(value, Retry):
        raise TypeError(f"{function}: {name} must be a Retry, an int or a bool, got {_given(value)}")
    return value


def _a_breaker(function: str, name: str, value: Any) -> None:
    if value is not None and not isinstance(value, CircuitBreaker):
        raise TypeError(f"{function}: {name} must be a CircuitBreaker or None, got {_given(value)}")


def _one_of(*allowed: str) -> Callable[[str, str, Any], None]:
    def check(function: str, name: str, value: Any) -> None:
        if not isinstance(value, str):
            raise TypeError(f"{function}: {name} must be one of {', '.join(map(repr, allowed))}, got {_given(value)}")
        if value not in allowed:
            raise ValueError(f"{function}: {name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")

    return check


def _an_enabled(function: str, name: str, value: Any) -> None:
    if isinstance(value, (bool, Atom)):
        return
    if not is_function(value):
        raise TypeError(f"{function}: {name} must be a bool, an atom or a function of get, got {_given(value)}")
    check_callable(value, function, name, "get")


def _an_interval(function: str, name: str, value: Any) -> Any:
    if value is None:
        return None
    if is_function(value):
        check_callable(value, function, name, "the result")
        return value
    return check_seconds(value, function, name, positive=True)


def _a_function(parameters: str, *, or_bool: bool = False) -> Callable[[str, str, Any], None]:
    def check(function: str, name: str, value: Any) -> None:
        if value is None or (or_bool and isinstance(value, bool)):
            if value is None and or_bool:
                raise TypeError(f"{function}: {name} must be a bool or a function, got None")
            return
        check_callable(value, function, name, parameters)

    return check


def _a_moment(function: str, name: str, value: Any) -> float | None:
    return None if value is None else check_seconds(value, function, name)


def _some_tags(function: str, name: str, value: Any) -> tuple[Any, ...]:
    tags = tuple(value) if isinstance(value, (tuple, list, set, frozenset)) else (value,)
    for tag in tags:
        if is_function(tag):
            check_callable(tag, function, name, "the data")
        else:
            query_key(tag, function, name)
    return tags


def _anything(function: str, name: str, value: Any) -> None:
    pass


def _given(value: Any) -> str:
    return f"{type(value).__name__}: {abbreviated(value, 60)}"


_CHECKS: dict[str, Callable[[str, str, Any], Any]] = {
    "cache_enabled": _a_bool,
    "cache_size": _a_size,
    "ttl": _seconds_or_inf,
    "stale_time": _a_stale_time,
    "retry": _a_retry,
    "optimistic": _a_bool,
    "background_refetch": _a_bool,
    "refetch_on_focus": _a_bool_or_always,
    "refetch_on_reconnect": _a_bool_or_always,
    "dedupe": _a_bool,
    "structural_sharing": _a_function("the old data, the new data", or_bool=True),
    "enabled": _an_enabled,
    "network_mode": _one_of("online", "always", "offline_first"),
    "keep_previous": _a_bool,
    "placeholder": _anything,
    "initial": _anything,
    "initial_updated_at": _a_moment,
    "select": _a_function("the data"),
    "interval": _an_interval,
    "interval_in_background": _a_bool,
    "tags": _some_tags,
    "fallback": _anything,
    "throw": _a_bool,
    "thread": _a_bool,
    "breaker": _a_breaker,
    "reduce": _a_function("the data, the piece"),
    "refetch_mode": _one_of("reset", "append", "replace"),
    "use_once": _a_bool,
}
