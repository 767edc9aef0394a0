"""An *infinite result* is the state of an infinite query at one moment: its pages, and whether there are more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar, final

from halflife._core import same
from halflife.query.pages import Page
from halflife.query.results import QueryResult, same_result

T_co = TypeVar("T_co", covariant=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class InfiniteResult(QueryResult[T_co]):
    """The state of an infinite query; the value of the atom that `QueryClient.infinite` makes. `data` is the pages.

    Example:
        >>> result = store.get(feed)
        >>> for post in result.items:
        ...     show(post)
        >>> if result.has_more and not result.is_loading_more:
        ...     feed.load_more()
    """

    #: The items of all pages.
    items: list[Any] = field(default_factory=list)
    #: The pages that are kept, in order.
    pages: list[Page[Any]] = field(default_factory=list)
    #: Whether there is a page after the last one.
    has_more: bool = False
    #: Whether there is a page before the first one.
    has_previous: bool = False
    #: Whether `load_more` is under way.
    is_loading_more: bool = False
    #: Whether `load_previous` is under way.
    is_loading_previous: bool = False


def same_infinite_result(one: Any, other: Any) -> bool:
    """Whether two results show the same state."""
    return (
        same_result(one, other)
        and same(one.pages, other.pages)
        and (one.has_more, one.has_previous) == (other.has_more, other.has_previous)
        and (one.is_loading_more, one.is_loading_previous) == (other.is_loading_more, other.is_loading_previous)
    )
