"""The *types* that users write in signatures: kinds of atoms, and the arguments of reads, writes and mount hooks.

Nothing here runs; these are protocols and aliases for type checkers, which distinguish the uses of atoms. At run time
all atoms have one native type.
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
    """The first argument of reads and writes, which gets the value of an atom: `get(a)`."""

    @overload
    def __call__(self, a: AsyncAtom[T], /) -> AsyncValue[T]: ...
    @overload
    def __call__(self, a: Editable[T], /) -> T | AsyncValue[T]: ...
    @overload
    def __call__(self, a: Atom[T], /) -> T: ...


class Setter(Protocol):
    """The second argument of writes, which sets atoms: `set(a, value)`, `set(action, *args)`."""

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
    """The argument of `on_mount`, which sets the mounted atom itself: `set(value)`."""

    #: The store in which the atom became observed.
    @property
    def store(self) -> Store: ...

    #: Set the atom itself.
    def __call__(self, *args: Any) -> Any: ...


#: The rule by which an atom decides whether a new value counts as the old one.
Equals: TypeAlias = Callable[[T, T], bool] | Literal["deep"]
#: Called when an atom becomes observed; the function that it returns is called when the atom is no longer observed.
OnMount: TypeAlias = Callable[[SelfSetter], Callable[[], object] | None]
#: The value of the loadable of an atom.
Loadable: TypeAlias = Loading[T] | HasData[T] | HasError[T]
