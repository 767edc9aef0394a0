"""Atoms that tell whether edits are *pending*: visible, and not confirmed yet."""

from collections.abc import Hashable
from typing import Any, cast

from halflife import _core
from halflife._core import Atom
from halflife._optimistic.layered_atom import LayeredAtom, check_layered, layered_instead
from halflife._support.internal_atoms import describe
from halflife._support.memoize import remember
from halflife._types import Getter


def pending_at(atom: LayeredAtom[Any], *path: Any) -> Atom[bool]:
    """An atom that tells whether an unconfirmed edit is visible at or below a path in the value of `atom`.

    So a row can show that it is still being saved. An index of a list means the item that is at that index now, also
    after inserts, removals and moves: it is pending if a pending edit has inserted or changed it. The same arguments
    give the same atom.

    Args:
        atom: a draft atom, an editable or a lens.
        path: keys, indexes and attribute names from the value on; no path means the whole value.

    Raises:
        TypeError: `atom` has no layers.

    Example:
        >>> todos = draft_atom({"a": {"done": False}, "b": {"done": False}})
        >>> layer = store.layers(todos).apply(lambda draft: draft["a"].update(done=True))
        >>> store.get(pending_at(todos, "a")), store.get(pending_at(todos, "b"))
        (True, False)
    """
    check_layered(atom, "pending_at")

    def make() -> Atom[bool]:
        def read(get: Getter) -> bool:
            instead = layered_instead(cast(Any, get).store, atom)
            where = instead._path(get)
            log = instead._log(get)
            return log is not None and where is not None and log.is_pending_at((*where, *path))

        describe(
            read,
            "pending_at",
            lambda name: f"pending_at({', '.join([name, *map(repr, path)])})",
            atom,
            prefers_assigned_name=True,
        )
        return _core.make(Atom, "derived", read)

    return remember(atom, ("pending_at", *map(_typed, path)), make)


def pending_count(atom: LayeredAtom[Any]) -> Atom[int]:
    """An atom that gives the number of edits of `atom` that are visible and not confirmed yet."""

    def make() -> Atom[int]:
        def read(get: Getter) -> int:
            log = layered_instead(cast(Any, get).store, atom)._log(get)
            return log.pending if log is not None else 0

        describe(read, "pending", "pending({})".format, atom)
        return _core.make(Atom, "derived", read)

    return remember(atom, "pending_count", make)


def _typed(key: Any) -> Hashable:
    """A key of a path, for remembering the atom: the keys 1 and True are different."""
    return type(key), key
