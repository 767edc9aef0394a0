"""*Hydration*: settled values of one store, as JSON-able data under the atoms' names, shown in another.

A value is kept by name until its atom is read, and shown then. The names of a derived atom's inputs travel
with it: it counts as settled until one of them changes. If an input has no name, nobody could tell, so the
value is shown while the atom runs again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from halflife._checks import check_atom
from halflife._core import Atom
from halflife._layered import LayeredAtom
from halflife._naming import atoms_named
from halflife._repr import abbreviated

if TYPE_CHECKING:
    from halflife._store import Store

_VERSION = 1


def dehydrate(store: Store, atoms: Iterable[Atom[Any]]) -> dict[str, Any]:
    """See `Store.dehydrate`."""
    wanted: dict[str, Atom[Any]] = {}
    if isinstance(atoms, Atom) or not isinstance(atoms, Iterable):
        raise TypeError(f"dehydrate() takes several atoms, such as a list of them, not {abbreviated(atoms)}")
    for atom in atoms:
        check_atom(atom, "dehydrate", "each of atoms")
        name = atom.explicit_name
        if name is None:
            raise ValueError(f"{atom!r} has no explicit name; give it one: atom(..., name='...')")
        if wanted.setdefault(name, atom) is not atom:
            raise ValueError(f"two atoms are both named {name!r}; names of dehydrated atoms must be unique")
    for atom in wanted.values():
        if not atom.is_async:
            with suppress(Exception):  # its error is its own affair: it is left out
                store.get(atom)
    inputs_of = {row[0]: row[7] for row in store._snapshot()}
    data: dict[str, Any] = {}
    for name, atom in wanted.items():
        state, value = store._peek(atom)
        if state != "value":
            continue
        entry: dict[str, Any] = {"value": _confirmed(store, atom, value)}
        if atom.kind not in ("source", "lazy"):
            names = [one.explicit_name for one in inputs_of.get(atom, ())]
            entry["inputs"] = None if None in names else names
        data[name] = entry
    return {"version": _VERSION, "atoms": data}


def _confirmed(store: Store, atom: Atom[Any], value: object) -> object:
    """The value, less the edits that may still be taken back."""
    instead = store._instead(atom)
    return instead._site(store).base() if isinstance(instead, LayeredAtom) else value


class Hydrated:
    """The values that wait for their atoms to be read."""

    def __init__(self, data: object) -> None:
        entries = data.get("atoms") if isinstance(data, Mapping) and data.get("version") == _VERSION else None
        if not isinstance(entries, Mapping):
            raise ValueError("hydrate() takes what dehydrate() gave")  # noqa: TRY004 - it is data, not an argument
        for name, entry in entries.items():
            if not isinstance(name, str) or not _is_entry(entry):
                raise ValueError(f"hydrate(): the entry {abbreviated(name)} is not one of dehydrate()")
        self._entries = dict(entries)

    def update(self, other: Hydrated) -> None:
        """Later data replaces earlier data."""
        self._entries.update(other._entries)

    def show(self, store: Store, atom: Atom[Any]) -> None:
        """The atom is about to be read for the first time: show what waits for it."""
        name = atom.explicit_name
        entry = self._entries.pop(name, None) if name is not None else None
        if entry is None:
            return
        if atom.kind in ("source", "lazy"):
            store._adopt(atom, entry["value"], [], False)  # noqa: FBT003 - native, positional only
            return
        inputs = [_input(store, atom, one) for one in entry.get("inputs") or ()]
        known = entry.get("inputs") is not None and None not in inputs
        if known or atom.is_async:
            given = [one for one in inputs if one is not None] if known else []
            store._adopt(atom, entry["value"], given, not known)


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, Mapping) or "value" not in entry:
        return False
    inputs = entry.get("inputs")
    return inputs is None or (isinstance(inputs, list) and all(isinstance(name, str) for name in inputs))


def _input(store: Store, atom: Atom[Any], name: str) -> Atom[Any] | None:
    """The input of this name; None if there is none, or no telling which."""
    candidates = [one for one in atoms_named(name) if one is not atom]
    if len(candidates) > 1:
        candidates = [one for one in candidates if store._is_known(one)] or candidates
    return candidates[0] if len(candidates) == 1 else None
