"""A *wish* is what was asked of a resource since its last run: another value, or to fetch again. The last counts."""

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, final

from halflife._support.equality import same
from halflife._support.unset import UNSET, UnsetType

T = TypeVar("T")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Override(Generic[T]):
    """The wish that a value takes the place of the data, and the source value it was meant for."""

    value: T
    source: Any | UnsetType

    def is_for(self, wanted: Any) -> bool:
        """Whether it is the data of this source value. Where the source is not known it is of any."""
        return _is_for(self.source, wanted)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Refetch(Generic[T]):
    """The wish to fetch again, and the value that no run had put in place of the data yet when it was made."""

    info: Any
    source: Any | UnsetType
    over: Override[T] | None

    def is_for(self, wanted: Any) -> bool:
        """Whether this source value is fetched again, and not for the first time."""
        return _is_for(self.source, wanted)


Wish: TypeAlias = Override[T] | Refetch[T]


class Memory(Generic[T]):
    """What one store remembers of a resource from run to run."""

    __slots__ = ("fetched_for", "latest", "off", "wish")

    def __init__(self, initial: T | None) -> None:
        self.latest: T | UnsetType = UNSET if initial is None else initial
        # The source value of the last data that arrived.
        self.fetched_for: Any | UnsetType = UNSET
        # Whether the last run found that there is nothing to fetch.
        self.off = False
        # The last one that a run has dealt with.
        self.wish: Wish[T] | None = None

    def take(self, wish: Wish[T] | None, wanted: Any) -> tuple[bool, bool, Any]:
        """Deal with a wish.

        Returns:
            Whether the last data is what was wished for, so that there is nothing to fetch; whether a fetch was; and
            what was said about that.
        """
        if wish is self.wish:
            return False, False, None
        self.wish = wish
        override = wish.over if isinstance(wish, Refetch) else wish
        if override is not None:
            self.latest = override.value  # also where it was meant for an earlier source value
            if override.is_for(wanted):
                self.keep(override.value, wanted)
        if isinstance(wish, Refetch):
            return False, wish.is_for(wanted), wish.info
        return override is not None and override.is_for(wanted), False, None

    def keep(self, data: T, source: Any) -> T:
        self.latest = data
        self.fetched_for = source
        self.off = False
        return data

    def rest(self) -> T | None:
        """Fetch nothing; the next fetch is a first one, whatever it is for."""
        self.fetched_for = UNSET
        self.off = True
        return self.latest_or_none()

    def latest_or_none(self) -> T | None:
        return None if self.latest is UNSET else self.latest


def _is_for(source: Any | UnsetType, wanted: Any) -> bool:
    return source is UNSET or wanted is UNSET or same(source, wanted)
