"""A *query result* is the state of a query at one moment: its data, its error, and the fetch under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from halflife._core import same
from halflife._support.reprs import abbreviated

T_co = TypeVar("T_co", covariant=True)

QueryStatus: TypeAlias = Literal["idle", "loading", "success", "error"]
FetchStatus: TypeAlias = Literal["fetching", "paused", "idle"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class QueryResult(Generic[T_co]):
    """The state of a query; the value of the atom that `QueryClient.query` makes.

    Example:
        >>> match store.get(user):
        ...     case QueryResult(status="success", data=data):
        ...         show(data)
        ...     case QueryResult(status="error", error=error):
        ...         show_error(error)
    """

    #: The data with its optimistic edits; None if there is none.
    data: T_co | None = None
    #: The error of the last fetch; None if it did not fail.
    error: Exception | None = None
    #: Which data there is: `idle` (none, and nothing fetches it), `loading` (none yet), `success`, or `error` (the
    #: last fetch failed, whether or not there is data).
    status: QueryStatus = "idle"
    #: What goes on: `fetching`, `paused` (waits for the network) or `idle`.
    fetch_status: FetchStatus = "idle"
    #: When the data arrived, in seconds of wall-clock time; None if there is none.
    last_updated: float | None = None
    #: How many attempts of the fetch under way have failed.
    failure_count: int = 0
    #: The number of the attempt under way, from 1; 0 if nothing is fetched.
    attempt: int = 0
    #: Whether the data is older than the query's `stale_time`, was invalidated, or is not there.
    is_stale: bool = True
    #: Whether the data is a placeholder, or that of the key before.
    is_placeholder: bool = False
    #: Whether the data is the query's `fallback`.
    is_fallback: bool = False
    #: Whether the fetch under way replaces data that is there.
    is_refetching: bool = False
    _refetch: Callable[[], Awaitable[QueryResult[Any]]] | None = field(default=None, kw_only=True)

    @property
    def is_loading(self) -> bool:
        """Whether there is no data yet."""
        return self.status == "loading"

    @property
    def is_fetching(self) -> bool:
        """Whether a fetch is under way."""
        return self.fetch_status == "fetching"

    @property
    def is_paused(self) -> bool:
        """Whether a fetch waits for the network."""
        return self.fetch_status == "paused"

    @property
    def is_error(self) -> bool:
        """Whether the last fetch failed."""
        return self.status == "error"

    def refetch(self) -> Awaitable[QueryResult[T_co]]:
        """Fetch again, now. Awaiting it gives the new result and never raises the error of the fetch.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        if self._refetch is None:
            raise TypeError("this result was not made by a query, so there is nothing to fetch again")
        return self._refetch()

    def __repr__(self) -> str:
        parts = [f"status={self.status!r}", f"fetch_status={self.fetch_status!r}"]
        if self.data is not None:
            parts.append(f"data={abbreviated(self.data)}")
        if self.error is not None:
            parts.append(f"error={abbreviated(self.error)}")
        parts += [flag for flag in ("is_stale", "is_placeholder", "is_fallback") if getattr(self, flag)]
        return f"<{type(self).__name__} {', '.join(parts)}>"


_FIELDS = (
    "status",
    "fetch_status",
    "last_updated",
    "failure_count",
    "attempt",
    "is_stale",
    "is_placeholder",
    "is_fallback",
    "is_refetching",
)


def same_result(one: Any, other: Any) -> bool:
    """Whether two results show the same state; data is compared by the rule of atoms."""
    if type(one) is not type(other) or not isinstance(one, QueryResult):
        return False
    return (
        one.error is other.error
        and same(one.data, other.data)
        and all(getattr(one, name) == getattr(other, name) for name in _FIELDS)
    )
