"""An *internal atom* is a part of another atom; users see it only in graphs and errors.

Names are computed when they are needed. So the functions of atoms carry the rule for their name, and internal atoms
have a fixed label, because the user's code assigns the atom that they are a part of.
"""

import weakref
from collections.abc import Callable
from typing import Any

from halflife import _core
from halflife._core import Atom, SourceAtom


def inner_source(initial: object, label: str, *, name: str | None = None, equals: Any = None) -> SourceAtom[Any]:
    """A source atom for a part of another atom's state."""
    return _core.make(SourceAtom, "source", initial, name=name, equals=equals, label=label)


def inner_lazy(
    factory: Callable[[], object], label: str, *, name: str | None = None, holds_value: bool = False
) -> SourceAtom[Any]:
    """A source atom for the state of another atom in each store; `holds_value` if that state refers to this atom."""
    return _core.make(SourceAtom, "lazy", factory, name=name, label=label, holds_value=holds_value)


def part_name(name: str | None, part: str) -> str | None:
    """The explicit name of a part of an atom that has an explicit name, for hydration."""
    return f"{name}.{part}" if name is not None else None


def weak_self(made: Atom[Any]) -> Callable[[], Any]:
    """A weak reference to an atom for its own functions; a strong one would make every such atom a cycle."""
    reference = weakref.ref(made)

    def itself() -> Atom[Any]:
        alive = reference()
        assert alive is not None  # The code that sets the atom holds it.
        return alive

    return itself


def describe(
    function: Callable[..., Any],
    short: str,
    full: Callable[..., str],
    *atoms: Atom[Any],
    prefers_assigned_name: bool = False,
) -> None:
    """Set the name of an atom made from `function`: `full(*names of atoms)`, and `short` in tracebacks.

    With `prefers_assigned_name`, a name to which the user's code assigns the atom takes precedence.
    """
    function.__name__ = short
    function.describe_name = full  # type: ignore[attr-defined]
    function.named_after = atoms  # type: ignore[attr-defined]
    function.prefers_assigned_name = prefers_assigned_name  # type: ignore[attr-defined]
