"""The *environment* of a client is what a user interface tells it: whether it is online, focused and visible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from halflife import _core
from halflife._core import SourceAtom
from halflife._support.internal_atoms import inner_source
from halflife._support.reprs import abbreviated
from halflife._types import Getter, Setter


@final
class Environment:
    """Three atoms that a user interface sets, and the function that is called when one changes."""

    __slots__ = ("_changed", "_store", "focused", "online", "visible")

    def __init__(self, store: Any, changed: Callable[[str, bool], None]) -> None:
        self._store = store
        self._changed = changed
        self.online = self._made("online")
        self.focused = self._made("focused")
        self.visible = self._made("visible")

    def is_online(self) -> bool:
        """Whether the network is there."""
        return bool(self._store.get(self.online))

    def is_visible(self) -> bool:
        """Whether the program is visible."""
        return bool(self._store.get(self.visible))

    def _made(self, name: str) -> SourceAtom[bool]:
        own = inner_source(True, name)  # noqa: FBT003 - native, positional only
        changed = self._changed

        def read(get: Getter) -> bool:
            return bool(get(own))

        def write(get: Getter, set: Setter, value: bool) -> None:  # noqa: FBT001 - the value of the atom
            if not isinstance(value, bool):
                raise TypeError(f"client.{name} is True or False, got {abbreviated(value)}")
            if get(own) is not value:
                set(own, value)
                changed(name, value)

        read.__name__ = name
        return _core.make(SourceAtom, "derived", read, write)
