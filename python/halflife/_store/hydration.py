"""*Hydration* moves settled values from one store to another, as JSON-able data under the names of the atoms.

A value is kept by name until its atom is read for the first time. The data of a derived atom contains the names of its
inputs: the value counts as settled until one of these inputs changes. If an input has no name, changes of it cannot
be seen, so the value is only shown until the atom has run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from halflife._core import Atom
from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._support.checks import check_atom
from halflife._support.naming import atoms_named
from halflife._support.reprs import abbreviated

_VERSION = 1


class HydratedStore(StoreLike, Protocol):
    """What hydration needs of a store."""

    #: Bring an atom up to date, unless that needs an async run; whether the atom has settled.
    def _settle(self, a: Atom[Any], /) -> bool: ...

    #: One row for each atom of the store; see `Graph`.
    def _snapshot(self) -> list[tuple[Any, ...]]: ...

    #: The state and the value of an atom, without computing anything.
    def _peek(self, a: Atom[Any], /) -> tuple[str, Any]: ...

    #: Whether the atom has a state in the store.
    def _is_known(self, a: Atom[Any], /) -> bool: ...

    #: When the atom changed last in the store; 0 if it has no state there.
    def _stamp(self, a: Atom[Any], /) -> int: ...

    #: Show a hydrated value as settled until one of its inputs has a later stamp than the one given here.
    def _adopt(
        self,
        a: Atom[Any],
        value: object,
        inputs: list[Atom[Any]],
        stamps: list[int],
        refreshing: bool,  # noqa: FBT001 - native
        /,
    ) -> None: ...


def dehydrate(store: HydratedStore, atoms: Iterable[Atom[Any]]) -> dict[str, Any]:
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
    settled = [name for name, atom in wanted.items() if store._settle(atom)]
    inputs_of = {row[0]: row[7] for row in store._snapshot()}
    data: dict[str, Any] = {}
    for name in settled:
        atom = wanted[name]
        state, value = store._peek(atom)
        if state != "value":
            continue
        entry: dict[str, Any] = {"value": _confirmed(store, atom, value)}
        shown = store._instead(atom)
        if shown.kind not in ("source", "lazy"):
            names = [one.explicit_name for one in inputs_of.get(shown, ())]
            entry["inputs"] = None if None in names else names
        data[name] = entry
    return {"version": _VERSION, "atoms": data}


def _confirmed(store: HydratedStore, atom: Atom[Any], value: object) -> object:
    """The value without edits that may still be rolled back."""
    instead = store._instead(atom)
    return instead._resolved(store)._target(store).base() if isinstance(instead, LayeredAtom) else value


class Hydrated:
    """The hydrated values whose atoms were not read yet."""

    def __init__(self, data: object) -> None:
        entries = data.get("atoms") if isinstance(data, Mapping) and data.get("version") == _VERSION else None
        if not isinstance(entries, Mapping):
            raise ValueError("hydrate() takes the data that dehydrate() returned")  # noqa: TRY004 - it is data, not an argument
        for name, entry in entries.items():
            if not isinstance(name, str) or not _is_entry(entry):
                raise ValueError(f"hydrate(): the entry {abbreviated(name)} is not from dehydrate()")
        self._entries = dict(entries)
        # When the inputs had the values that the derived values were computed from: at hydration, or when an input
        # got its state in this store, because it could not be set before.
        self._stamps: WeakKeyDictionary[Atom[Any], int] = WeakKeyDictionary()

    def note_inputs(self, store: HydratedStore) -> None:
        """Record the stamps of the inputs, so that a later set counts as a change."""
        for name in {one for entry in self._entries.values() for one in entry.get("inputs") or ()}:
            for atom in atoms_named(name):
                if store._is_known(atom):
                    self._stamps[atom] = store._stamp(atom)

    def update(self, other: Hydrated) -> None:
        """Add later data; it replaces earlier data of the same name."""
        self._entries.update(other._entries)
        self._stamps.update(other._stamps)

    def show(self, store: HydratedStore, atom: Atom[Any]) -> None:
        """Called when the atom gets its state in the store: show its hydrated value."""
        name = atom.explicit_name
        entry = self._entries.pop(name, None) if name is not None else None
        if entry is not None:
            self._show(store, atom, entry)
        if store._stamp(atom):
            self._stamps.setdefault(atom, store._stamp(atom))

    def _show(self, store: HydratedStore, atom: Atom[Any], entry: Mapping[str, Any]) -> None:
        if atom.kind in ("source", "lazy"):
            store._adopt(atom, entry["value"], [], [], False)  # noqa: FBT003 - native, positional only
            return
        inputs = [_input(store, atom, one) for one in entry.get("inputs") or ()]
        given = [one for one in inputs if one is not None]
        known = entry.get("inputs") is not None and len(given) == len(inputs)
        if not known and not atom.is_async:
            return
        if not known:
            given = []
        stamps = [self._stamps.get(one, 0) for one in given]
        store._adopt(atom, entry["value"], given, stamps, not known)


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, Mapping) or "value" not in entry:
        return False
    inputs = entry.get("inputs")
    return inputs is None or (isinstance(inputs, list) and all(isinstance(name, str) for name in inputs))


def _input(store: HydratedStore, atom: Atom[Any], name: str) -> Atom[Any] | None:
    """The input of this name; None if there is no such atom, or several."""
    candidates = [one for one in atoms_named(name) if one is not atom]
    if len(candidates) > 1:
        candidates = [one for one in candidates if store._is_known(one)] or candidates
    return candidates[0] if len(candidates) == 1 else None
