"""Words: the few calls a shape is written in, before a dialect puts a library's own in their place.

A shape (`shapes.py`) is written once, with these words. A `Dialect` replaces each word in the
source text by the native form of one library and compiles the result, so that every library is
timed on the same source text and no adapter call is ever timed. The words themselves are never
called: what stands here gives them a name and a type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

Node = Any


class Bench(NamedTuple):
    """One shape, built and ready to be timed in one library."""

    update: Callable[[Sequence[int]], object]
    """The timed part: once per value. It is given 1, 2, 1, 2, ... so that each set changes the
    value, and an even number of them, so that the next call changes it as well. What it returns
    is dropped outside the timed part."""
    check: Callable[[], bool]
    """Whether the values are right after an update whose last value was 2."""
    runs: int | None
    """How many user functions (derived and observers) must run per value, no more and no fewer;
    None where that is not counted."""
    unit: int
    """How many units (functions, reads, sets) one value is divided into."""


class NotReplacedError(RuntimeError):
    """A word was called as it stands: the shape was not put through a dialect."""


def source(value: int) -> Node:
    """A source atom."""
    raise NotReplacedError("source")


def derived(function: Callable[[], object]) -> Node:
    """A derived atom; the function is a lambda without parameters, or made by `reading`."""
    raise NotReplacedError("derived")


def reading(function: Callable[[], object]) -> Callable[[], object]:
    """Marks a nested `def` as a function for `derived`; its parameter is put in by the dialect."""
    raise NotReplacedError("reading")


def read(node: Node) -> Any:
    """The value, read inside a derived atom's function (and so: tracked)."""
    raise NotReplacedError("read")


def outside(node: Node) -> Any:
    """The value, read from outside."""
    raise NotReplacedError("outside")


def write(node: Node, value: int) -> None:
    """A set; it stands as a statement of its own."""
    raise NotReplacedError("write")


def observe(node: Node) -> None:
    """One observer: a Python function that hands the new value to `sink`."""
    raise NotReplacedError("observe")


def observe_bare(node: Node) -> None:
    """One observer: `sink` itself, a built-in, where a library can call it without a lambda."""
    raise NotReplacedError("observe_bare")


def batch() -> AbstractContextManager[object]:
    """One flush for all the sets inside."""
    raise NotReplacedError("batch")
