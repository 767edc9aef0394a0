"""*Routes* map paths to loaders that fetch ahead what a page needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, final

from halflife._support.reprs import abbreviated
from halflife._support.signatures import Role, check_async_function

F = TypeVar("F", bound=Callable[..., Coroutine[Any, Any, Any]])

_PART = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@final
class Routes:
    """Loaders by the pattern of a path, for `QueryClient.prefetch_route`.

    Example:
        >>> routes = Routes()
        >>> @routes.loader("/users/{id}")
        ... async def load_user(client, id):
        ...     await client.prefetch(("user", id), fetch_user)
        >>> client = QueryClient(store, routes=routes)
        >>> await client.prefetch_route("/users/7")
        True
    """

    __slots__ = ("_loaders",)

    def __init__(self) -> None:
        # By pattern: its regular expression and its loader, in the order in which they were given.
        self._loaders: dict[str, tuple[re.Pattern[str], Callable[..., Coroutine[Any, Any, Any]]]] = {}

    def loader(self, pattern: str) -> Callable[[F], F]:
        """Decorate an async function of the client, which also gets the named parts of the path as keyword arguments.

        Args:
            pattern: A path; `{name}` stands for one part, without a slash.

        Raises:
            TypeError: The pattern is no str; or the loader is not async, or does not take the client and the parts.
            ValueError: The pattern is no path, names a part twice, or has a loader already.
        """
        compiled = _compiled(pattern)
        if pattern in self._loaders:
            raise ValueError(f"loader: the pattern {pattern!r} has a loader already")

        def decorate(function: F) -> F:
            check_async_function(function, Role("loader", "loader", "the client", 1, 1, "async"), compiled.groupindex)
            if pattern in self._loaders:
                raise ValueError(f"loader: the pattern {pattern!r} has a loader already")
            self._loaders[pattern] = (compiled, function)
            return function

        return decorate

    def match(self, path: str) -> tuple[Callable[..., Coroutine[Any, Any, Any]], dict[str, str]] | None:
        """The loader of the first pattern that matches, and the text of the named parts; None if none matches."""
        if not isinstance(path, str):
            raise TypeError(f"match: path must be a str, got {abbreviated(path)}")
        for compiled, function in self._loaders.values():
            found = compiled.fullmatch(path)
            if found is not None:
                return function, found.groupdict()
        return None


def _compiled(pattern: object) -> re.Pattern[str]:
    if not isinstance(pattern, str):
        raise TypeError(f"loader: pattern must be a str, got {abbreviated(pattern)}")
    names = _PART.findall(pattern)
    rest = _PART.sub("", pattern)
    if not pattern.startswith("/") or "{" in rest or "}" in rest:
        raise ValueError(f"loader: {pattern!r} is no pattern of a path, such as '/users/{{id}}'")
    if len(set(names)) != len(names):
        raise ValueError(f"loader: the pattern {pattern!r} names a part twice")
    pieces = _PART.split(pattern)
    return re.compile(
        "".join(f"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    )
