"""The *name* of an atom, found when somebody asks: an error, a graph, a repr.

An atom that was given no name is called like its function, or like the variable that holds it. That is
looked up late, in the frames and modules of the moment, so that making an atom costs nothing for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any
from weakref import WeakSet

from halflife._core import Atom

_named: dict[str, WeakSet[Atom[Any]]] = {}


def find_name(atom: Atom[Any]) -> str:
    """The name of an atom that was given none."""
    function: Any = atom.read
    describe = getattr(function, "describe_name", None)
    if describe is not None:
        return str(describe())
    if atom.kind in ("loadable", "unwrap"):
        return f"{atom.kind}({function.name})"
    name = getattr(function, "__name__", None)
    if isinstance(name, str) and name != "<lambda>":
        return name
    code = getattr(function, "__code__", None)
    described = f"unnamed {atom.kind} atom" if code is None else f"<lambda at line {code.co_firstlineno}>"
    return _variable(atom) or described


def _variable(atom: Atom[Any]) -> str | None:
    frame: FrameType | None = sys._getframe()  # the documented way to look at one's callers
    depth = 0
    found: str | None = None
    while frame and depth < 50:  # whoever has the variable is near
        if not frame.f_code.co_filename.startswith(_OWN_FOLDER):
            variables = frame.f_locals
            for name, value in list(variables.items()):
                if value is atom:
                    found = name  # the outermost is its own: further in there are parameters of helpers
                    break
            value = None
            # Before Python 3.13 a function's frame keeps this copy of its variables until it ends, and with it
            # all that they held. Three references: the frame's, ours, and the argument.
            if _COPIES_LOCALS and frame.f_code.co_flags & CO_OPTIMIZED and sys.getrefcount(variables) <= 3:
                variables.clear()
        frame = frame.f_back
        depth += 1
    if found is not None:
        return found
    if _in_modules is not None:
        return _in_modules().get(id(atom))
    return next((name for name, value in _module_variables() if value is atom), None)


def _module_variables() -> Iterator[tuple[str, Any]]:
    for module in list(sys.modules.values()):
        namespace = getattr(module, "__dict__", None)
        if isinstance(namespace, dict):
            yield from list(namespace.items())


@contextmanager
def many_names() -> Iterator[None]:
    """Names are about to be asked for, of many living atoms: look through the modules only once."""
    global _in_modules  # noqa: PLW0603 - it is of this moment

    @cache
    def in_modules() -> dict[int, str]:
        found: dict[int, str] = {}
        for name, value in _module_variables():
            if issubclass(type(value), Atom):
                found.setdefault(id(value), name)
        return found

    _in_modules = in_modules
    try:
        yield
    finally:
        _in_modules = None


_in_modules: Callable[[], dict[int, str]] | None = None
_COPIES_LOCALS = sys.version_info < (3, 13)


#: Variables of our own functions say nothing.
_OWN_FOLDER = __file__.rpartition("_naming")[0]


def note_name(atom: Atom[Any]) -> None:
    """An atom with an explicit name was made: hydration finds atoms by name."""
    name = atom.explicit_name
    if name is None:
        return
    known = _named.get(name)
    if known is None:
        _named[name] = known = WeakSet()
        if len(_named) % 1000 == 0:  # names of families come and go
            for gone in [key for key, atoms in _named.items() if not atoms and key != name]:
                del _named[gone]
    known.add(atom)


def atoms_named(name: str) -> list[Atom[Any]]:
    """The living atoms that were given this name."""
    return list(_named.get(name, ()))
