"""Peers: the libraries that are compared, each as one dialect in a file of its own name."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

from dialect import Dialect

MODULES = {"floor": "halflife_floor", "halflife": "halflife", "signified": "signified", "reaktiv": "reaktiv"}
"""Each peer and the module it is imported as, in the order of the table's columns."""
DISTRIBUTIONS = {"halflife": "halflife-state"}
"""Those that are installed under another name."""


def named(name: str, *, closure: bool = False) -> Dialect:
    """The dialect of that name; with `closure`, the floor is the bare function objects."""
    module = import_module(f"peers.{name}")
    dialect: Dialect = module.CLOSURE if closure and name == "floor" else module.DIALECT
    return dialect


def installed() -> list[str]:
    """The names of the peers that can be imported here."""
    return [name for name, module in MODULES.items() if find_spec(module) is not None]


def versions(names: list[str]) -> dict[str, str]:
    """The release of each peer that is one; the floor has none."""
    return {name: version(DISTRIBUTIONS.get(name, name)) for name in names if name != "floor"}
