"""A *request* to a resource since its last run: to replace the data, or to fetch again. The last request counts."""

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, final

from halflife._core import same
from halflife._support.unset import UNSET, UnsetType

T = TypeVar("T")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Override(Generic[T]):
    """The request to replace the data by a value, and the source value at that time."""

    value: T
    source: Any | UnsetType

    def is_for(self, wanted: Any) -> bool:
        """Whether the value was meant for this source value. It is for any, if the source value was not known."""
        return _is_for(self.source, wanted)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Refetch(Generic[T]):
    """The request to fetch again, and the value from `mutate` that no run had dealt with at that time."""

    info: Any
    source: Any | UnsetType
    over: Override[T] | None

    def is_for(self, wanted: Any) -> bool:
        """Whether the request was to fetch this source value again."""
        return _is_for(self.source, wanted)


Request: TypeAlias = Override[T] | Refetch[T]


class Memory(Generic[T]):
    """The state of a resource in one store between its runs."""

    __slots__ = ("fetched_for", "latest", "off", "request")

    def __init__(self, initial: T | None) -> None:
        self.latest: T | UnsetType = UNSET if initial is None else initial
        # The source value of the last data that arrived.
        self.fetched_for: Any | UnsetType = UNSET
        # Whether the resource was off in the last run.
        self.off = False
        # The last request that a run has dealt with.
        self.request: Request[T] | None = None

    def take(self, request: Request[T] | None, wanted: Any) -> tuple[bool, bool, Any]:
        """Deal with a request.

        Returns:
            Whether the last data is the requested value, so that nothing is fetched; whether a fetch was requested; and
            the value that was passed to `refetch`.
        """
        if request is self.request:
            return False, False, None
        self.request = request
        override = request.over if isinstance(request, Refetch) else request
        if override is not None:
            self.latest = override.value  # Also if the request was made for an earlier source value.
            if override.is_for(wanted):
                self.keep(override.value, wanted)
        if isinstance(request, Refetch):
            return False, request.is_for(wanted), request.info
        return override is not None and override.is_for(wanted), False, None

    def keep(self, data: T, source: Any) -> T:
        self.latest = data
        self.fetched_for = source
        self.off = False
        return data

    def rest(self) -> T | None:
        """Fetch nothing. The next fetch counts as a first fetch, of whatever source value."""
        self.fetched_for = UNSET
        self.off = True
        return self.latest_or_none()

    def latest_or_none(self) -> T | None:
        return None if self.latest is UNSET else self.latest


def _is_for(source: Any | UnsetType, wanted: Any) -> bool:
    return source is UNSET or wanted is UNSET or same(source, wanted)
