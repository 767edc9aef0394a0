"""An *observer* tells an entry that an observed query shows it, and with which options.

Each query has one hidden observer atom per entry. The query reads it, so that it is mounted and unmounted with the
query; when the key of the query changes, another observer atom takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, final

from halflife import _core
from halflife._core import SourceAtom, is_function
from halflife._types import SelfSetter
from halflife.query.keys import QueryKey
from halflife.query.options import Fetcher, Settings
from halflife.query.owner import Owner


class ObservedEntry(Protocol):
    """What an observer tells its entry."""

    @property
    def key(self) -> QueryKey: ...
    @property
    def owner(self) -> Owner: ...
    @property
    def state(self) -> Any: ...

    def add_observer(self, observer: Observer) -> None: ...
    def remove_observer(self, observer: Observer) -> None: ...


@final
class Observer:
    """One observed use of an entry."""

    __slots__ = ("__weakref__", "_result", "atom", "entry", "fetcher", "fetches", "settings", "version")

    def __init__(
        self,
        entry: ObservedEntry,
        fetcher: Fetcher | None,
        settings: Settings,
        *,
        fetches: bool,
        version: int,
        result: Callable[[], Any],
    ) -> None:
        self.entry = entry
        self.settings = settings
        #: Whether it has the data fetched; a disabled query only shows it.
        self.fetches = fetches
        self.fetcher: Any = fetcher
        #: The version of the defaults that the settings were resolved with.
        self.version = version
        self._result = result
        self.atom: SourceAtom[None] = _core.make(
            SourceAtom, "source", None, label=f"observer of {entry.key!r}", on_mount=self._mount
        )

    def _mount(self, set: SelfSetter) -> Callable[[], None]:  # noqa: ARG002 - it sets nothing
        self.entry.add_observer(self)
        return self._unmount

    def _unmount(self) -> None:
        self.entry.remove_observer(self)

    def interval(self) -> float | None:
        """Seconds until the next refetch, None if there is none."""
        interval = self.settings.interval
        if is_function(interval):
            try:
                interval = interval(self._result())
            except Exception as error:
                self.entry.owner.store._report(error, self.entry.state)
                return None
        return float(interval) if interval else None

    @property
    def polls_hidden(self) -> bool:
        """Whether it fetches by interval while the program is not visible."""
        return self.settings.interval is not None and self.settings.interval_in_background
