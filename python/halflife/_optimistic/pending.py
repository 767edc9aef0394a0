"""What is *pending*: edits that are shown and not yet confirmed, at some place in an atom's value."""

from collections.abc import Hashable
from typing import Any, cast

from halflife import _core
from halflife._core import Atom
from halflife._optimistic.layered_atom import LayeredAtom, check_layered, layered_instead
from halflife._support.internal_atoms import describe
from halflife._support.memoize import remember
from halflife._types import Getter


def pending_at(atom: LayeredAtom[Any], *path: Any) -> Atom[bool]:
    """Whether an edit at or below a place in the atom's value is shown that is not confirmed yet, as an atom.

    So a row can tell that it is still being saved. A position of a list means the item that stands there now,
    also after inserts, removals and moves: it is pending if a pending edit has put it in, or has changed it. The
    same arguments give the same atom.

    Args:
        atom: a draft atom, an editable or a lens.
        path: keys, indexes and attribute names from the value on; none for the whole value.

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
    """How many edits of the atom are shown and not confirmed yet, as an atom."""

    def make() -> Atom[int]:
        def read(get: Getter) -> int:
            log = layered_instead(cast(Any, get).store, atom)._log(get)
            return log.pending if log is not None else 0

        describe(read, "pending", "pending({})".format, atom)
        return _core.make(Atom, "derived", read)

    return remember(atom, "pending_count", make)


def _typed(key: Any) -> Hashable:
    """A key of a path by which an atom is remembered: 1 and True are two places."""
    return type(key), key
