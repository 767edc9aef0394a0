"""A *refresh* runs a derived atom again although none of its inputs changed.

`store.refresh(a)` does that for any derived atom. `refreshable` makes an atom that is refreshed by setting it without
a value, so that code that can set it can refresh it.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar, overload

from halflife import _core
from halflife._core import Atom
from halflife._support.checks import check_callable, check_equals
from halflife._support.internal_atoms import weak_self
from halflife._support.signatures import inspect_read
from halflife._types import AsyncAtom, Equals, Getter, OnMount, Setter, Signal, WritableAtom

T = TypeVar("T")


# One overload for each number of arguments, because mypy infers no lambda for a union of functions. A
# function that returns a coroutine fits the other overloads too: the first overload that fits counts.
@overload
def refreshable(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter], AsyncIterator[T]],
    write: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def refreshable(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter, Signal], AsyncIterator[T]],
    write: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def refreshable(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter], Coroutine[Any, Any, T]],
    write: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def refreshable(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter, Signal], Coroutine[Any, Any, T]],
    write: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def refreshable(
    read: Callable[[Getter], T],
    write: None = None,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, [], T]: ...
@overload
def refreshable(
    read: Callable[[Getter, Signal], T],
    write: None = None,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, [], T]: ...
@overload
def refreshable(
    read: Callable[[Getter], T],
    write: Callable[..., Any],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, ..., Any]: ...
@overload
def refreshable(
    read: Callable[[Getter, Signal], T],
    write: Callable[..., Any],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, ..., Any]: ...
def refreshable(
    read: Callable[..., Any],
    write: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    equals: Equals[Any] | None = None,
    on_mount: OnMount | None = None,
) -> Any:
    """A derived atom that `store.set(a)`, without a value, runs again.

    The set returns what `store.get(a)` returns after it: the new value, or for an async `read` an `AsyncValue` to
    await. Also usable as a decorator.

    Args:
        read: ``read(get)`` or ``read(get, signal)``, as for `derived`.
        write: ``write(get, set, *args)``, called when the atom is set *with* arguments.
        name: shown in errors and graphs; the name of `read` by default.
        equals: when a new value counts as the old one, as for `atom`.
        on_mount: called when the atom becomes observed, as for `atom`.

    Raises:
        TypeError: an argument is of the wrong type; or, from `set`, a value is set and there is no `write`.

    Example:
        >>> @refreshable
        ... async def news(get):
        ...     return await fetch_news()
        >>> await store.set(news)
    """
    inspect_read(read, "refreshable")
    if write is not None:
        check_callable(write, "refreshable", "write", "get, set", more=True, may_be="async")
    check_equals(equals, "refreshable")

    def refresh_or_write(get: Getter, set: Setter, *args: Any) -> Any:
        refreshed = itself()
        if not args:
            return set.store.refresh(refreshed)
        if write is None:
            raise TypeError(
                f"{refreshed.name} takes no value, because it has no write; set it without a value to run it again"
            )
        return write(get, set, *args)

    made: Atom[Any] = _core.make(Atom, "derived", read, refresh_or_write, name=name, equals=equals, on_mount=on_mount)
    itself = weak_self(made)
    return made
