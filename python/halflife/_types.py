"""The *types* users write in signatures: kinds of atoms, and what reads, writes and mounts are given.

Nothing here runs; these are protocols and aliases for type checkers. They tell apart what an atom may be
used for; at run time all atoms are of one native type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from halflife._core import ActionAtom, AsyncAtom, AsyncValue, Atom, HasData, HasError, Loading, SourceAtom, WritableAtom
from halflife._drivers.abort_signal import AbortSignal as Signal
from halflife._drivers.clock import Clock, TimerHandle

if TYPE_CHECKING:
    from halflife._optimistic.editable import Editable
    from halflife._store.store import Store

__all__ = [
    "ActionAtom",
    "AsyncAtom",
    "Clock",
    "Equals",
    "Getter",
    "Loadable",
    "OnMount",
    "SelfSetter",
    "Setter",
    "Signal",
    "SourceAtom",
    "TimerHandle",
    "WritableAtom",
]

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


class Getter(Protocol):
    """What a read or write gets atoms with: `get(a)`."""

    @overload
    def __call__(self, a: AsyncAtom[T], /) -> AsyncValue[T]: ...
    @overload
    def __call__(self, a: Editable[T], /) -> T | AsyncValue[T]: ...
    @overload
    def __call__(self, a: Atom[T], /) -> T: ...


class Setter(Protocol):
    """What a write sets atoms with: `set(a, value)`, `set(action, *args)`."""

    @property
    def store(self) -> Store:
        """The store that is being written to."""
        ...

    @overload
    def __call__(self, a: SourceAtom[T], value: T, /) -> None: ...
    @overload
    def __call__(self, a: WritableAtom[Any, P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, a: ActionAtom[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, a: AsyncAtom[Any], /, *args: Any) -> Any: ...


class SelfSetter(Protocol):
    """What `on_mount` sets its own atom with: `set(value)`."""

    #: The store in which the atom became observed.
    @property
    def store(self) -> Store: ...

    #: Set the atom itself.
    def __call__(self, *args: Any) -> Any: ...


#: How an atom tells whether a new value counts as the old one.
Equals: TypeAlias = Callable[[T, T], bool] | Literal["deep"]
#: Called when an atom becomes observed; what it returns is called when it is observed no more.
OnMount: TypeAlias = Callable[[SelfSetter], Callable[[], object] | None]
#: What is shown of an atom that may be loading.
Loadable: TypeAlias = Loading[T] | HasData[T] | HasError[T]
