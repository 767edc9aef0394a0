"""An *override* gives an atom another value in one store, or lets it follow another atom there: for tests and previews.

The atom's own read, initial value and mount hook are not used in that store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from halflife._atoms.reset import DefaultAtom
from halflife._atoms.resource import ResourceAtom
from halflife._core import Atom, StoreBase
from halflife._optimistic.draft_atom import draft_atom
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._support.reprs import abbreviated

_VALUELESS = ("action", "effect")


def override(store: StoreBase, overrides: object) -> dict[Atom[Any], Atom[Any]]:
    """Override atoms in the native store; returns the atoms that follow another atom, with that atom.

    Raises:
        TypeError: `overrides` is no mapping of atoms, or an action or effect would be overridden with something else.
        ValueError: Atoms would follow each other in a circle.
    """
    if not isinstance(overrides, Mapping):
        raise TypeError(f"overrides must be a dict with atoms as keys, not {abbreviated(overrides)}")
    given: dict[Atom[Any], object] = {}
    for atom, instead in overrides.items():
        _check(atom, instead)
        given[atom] = instead if isinstance(instead, Atom) else _with_value(atom, instead)
    following: dict[Atom[Any], Atom[Any]] = {}
    for atom, instead in given.items():
        if isinstance(instead, Atom):
            following[atom] = _followed(atom, given)
            store._override(atom, following[atom], True)  # noqa: FBT003 - native, positional only
        else:
            store._override(atom, instead, False)  # noqa: FBT003 - native, positional only
    return following


def _check(atom: object, instead: object) -> None:
    if not isinstance(atom, Atom):
        raise TypeError(f"overrides must be a dict with atoms as keys; a key is {abbreviated(atom)}")
    kind = instead.kind if isinstance(instead, Atom) else "value"
    if kind == atom.kind:
        return
    if atom.kind in _VALUELESS:
        raise TypeError(
            f"overrides: {atom.name} is an {atom.kind} and can follow an {atom.kind} only, not {_shown(instead)}"
        )
    if kind in _VALUELESS:
        raise TypeError(f"overrides: {atom.name} cannot follow {_shown(instead)}, which has no value")


def _shown(instead: object) -> str:
    return f"the {instead.kind} {instead.name}" if isinstance(instead, Atom) else abbreviated(instead)


def _with_value(atom: Atom[Any], value: object) -> object:
    """The value; for an atom of a kind that offers more than reads and sets, an atom of that kind with the value."""
    if isinstance(atom, DefaultAtom):
        return atom._with_default(value)
    if isinstance(atom, LayeredAtom) and atom.kind == "derived":
        return draft_atom(value)
    if isinstance(atom, ResourceAtom):
        return atom._with_data(value)
    return value


def _followed(atom: Atom[Any], given: Mapping[Atom[Any], object]) -> Atom[Any]:
    """The atom at the end of a chain of atoms that follow each other."""
    path = [atom]
    while isinstance(following := given.get(path[-1]), Atom):
        if following in path:
            names = " → ".join(one.name for one in (*path, following))
            raise ValueError(f"overrides: atoms follow each other in a circle: {names}")
        path.append(following)
    return path[-1]
