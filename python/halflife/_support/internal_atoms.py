"""An *inner atom* is part of how another atom is made; users meet it only in graphs and errors.

Names are worked out when somebody asks for one. So functions carry what to say then, and inner atoms a fixed
label: what the user's code assigns is the whole, not its parts.
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
    """A source atom for what each store remembers of another atom; `holds_value` if that refers to this one."""
    return _core.make(SourceAtom, "lazy", factory, name=name, label=label, holds_value=holds_value)


def part_name(name: str | None, part: str) -> str | None:
    """The explicit name of a part of an atom that has one, so that what is saved of it can be found again."""
    return f"{name}.{part}" if name is not None else None


def weak_self(made: Atom[Any]) -> Callable[[], Any]:
    """How the functions of an atom refer to it: a strong reference would make every such atom a cycle."""
    reference = weakref.ref(made)

    def itself() -> Atom[Any]:
        alive = reference()
        assert alive is not None  # Whoever sets the atom holds it.
        return alive

    return itself


def describe(
    function: Callable[..., Any],
    short: str,
    full: Callable[..., str],
    *atoms: Atom[Any],
    prefers_assigned_name: bool = False,
) -> None:
    """Say how an atom made of `function` is called: `full(*names of atoms)` when asked, `short` in tracebacks.

    With `prefers_assigned_name`, only if the user's code does not assign it under a name.
    """
    function.__name__ = short
    function.describe_name = full  # type: ignore[attr-defined]
    function.named_after = atoms  # type: ignore[attr-defined]
    function.prefers_assigned_name = prefers_assigned_name  # type: ignore[attr-defined]
