"""The *name* of an atom is the name that it was given, that of its function, or that of its first assignment.

The name is determined when the atom is made, but computed when it is needed: for an error, a graph, a repr. Until then
the atom holds only the code object and the offset of the call that made it, so making atoms is cheap. Variables to
which the atom is assigned later do not matter.
"""

from __future__ import annotations

from pathlib import PurePath
from types import CodeType
from typing import Any, cast
from weakref import WeakSet

from halflife._core import Atom
from halflife._support.assignments import assigned_name, is_name

_named: dict[str, WeakSet[Atom[Any]]] = {}


#: A longer name is cut when it is part of another name.
LONGEST_PART = 60


def find_name(atom: Atom[Any]) -> str:
    """The name of an atom that was given no name, and whose function has none."""
    unnamed = [atom]  # A view of a view, and so on: each is named after the next.
    while True:
        later = next((one for one in _named_after(unnamed[-1]) if one._known_name is None), None)
        if later is not None:
            unnamed.append(later)
            continue
        if len(unnamed) == 1:
            return _name_of(atom)
        unnamed.pop().name  # noqa: B018 - known from now on


def _name_of(atom: Atom[Any]) -> str:
    function: Any = atom.read
    if atom.kind in ("loadable", "unwrap"):
        return f"{atom.kind}({_part(function)})"
    describe = getattr(function, "describe_name", None)
    if describe is not None and not function.prefers_assigned_name:
        return str(describe(*map(_part, function.named_after)))
    place: tuple[CodeType, int] | None = atom._place
    assigned = None if place is None else assigned_name(*place)
    if assigned is not None:
        return assigned
    if describe is not None:
        return str(describe(*map(_part, function.named_after)))
    own = getattr(function, "__name__", None)
    if is_name(own) and own != "<lambda>":
        return str(own)
    kind = f"{atom.kind} atom"
    return kind if place is None else f"{kind} at {_line(*place)}"


def _named_after(atom: Atom[Any]) -> tuple[Atom[Any], ...]:
    if atom.kind in ("loadable", "unwrap"):
        return (cast("Atom[Any]", atom.read),)
    return getattr(atom.read, "named_after", ())


def _part(atom: Atom[Any]) -> str:
    name = atom.name
    half = LONGEST_PART // 2
    return name if len(name) <= LONGEST_PART else f"{name[: half - 1]}…{name[-half:]}"


def _line(code: CodeType, offset: int) -> str:
    positions = list(code.co_positions())
    index = offset // 2  # a position for each unit of two bytes
    line = positions[index][0] if 0 <= index < len(positions) else None
    return f"{PurePath(code.co_filename).name}:{code.co_firstlineno if line is None else line}"


def _folder(*parts: str) -> str:
    # The file names of frames are those of the time when the package was compiled.
    separator = "\\" if "\\" in _OWN_FILE else "/"
    return _OWN_FILE.rpartition("_support")[0] + "".join(part + separator for part in parts)


_OWN_FILE = find_name.__code__.co_filename
#: Code of the package itself does not name atoms, except that of its programs.
OWN_FOLDERS = (_folder(), _folder("demo"), _folder("examples"))


def note_name(atom: Atom[Any]) -> None:
    """Called when an atom with an explicit name is made, so that hydration finds it by name."""
    name = atom.explicit_name
    if name is None:
        return
    known = _named.get(name)
    if known is None:
        _named[name] = known = WeakSet()
        if len(_named) % 1000 == 0:  # Members of families, and their names, come and go.
            for gone in [key for key, atoms in _named.items() if not atoms and key != name]:
                del _named[gone]
    known.add(atom)


def atoms_named(name: str) -> list[Atom[Any]]:
    """The living atoms that were given this name."""
    return list(_named.get(name, ()))
