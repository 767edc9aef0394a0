"""A *reset* undoes sets: `RESET`, set instead of a value, restores the first value of the atom.

Two kinds of atoms can be reset: `resettable` goes back to its initial value, `with_default` to its computed value.
"""

import enum
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast, overload

from halflife import _core
from halflife._core import Atom
from halflife._support.checks import called_name, check_equals, check_initial
from halflife._support.internal_atoms import inner_source, part_name, weak_self
from halflife._support.signatures import inspect_read
from halflife._types import AsyncAtom, Equals, Getter, OnMount, Setter, Signal, SourceAtom, WritableAtom

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reset(enum.Enum):
    """The type of `RESET`: an enum of one member, so that type checkers can tell it from a value."""

    RESET = "RESET"

    def __repr__(self) -> str:
        return "RESET"


RESET: Final = Reset.RESET
ResetType: TypeAlias = Literal[Reset.RESET]


class DefaultAtom(Atom[T_co]):
    """An atom that can be reset. Made by `resettable` and `with_default`."""

    __slots__ = ("_with_default",)

    #: Makes an atom of the same kind that a reset restores to this value.
    _with_default: Callable[[Any], Atom[Any]]


def resettable(
    initial: T,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, [T | ResetType], None]:
    """A source atom that `store.set(a, RESET)` restores to `initial`.

    A function given to `store.update` may return `RESET` too.

    Args:
        initial: the first value, and the value after a reset.
        name: shown in errors and graphs.
        equals: when a new value counts as the old one, as for `atom`.
        on_mount: called when the atom becomes observed, as for `atom`.

    Raises:
        TypeError: `initial` is a bare coroutine, or an argument is of the wrong type.

    Example:
        >>> page = resettable(1)
        >>> store.set(page, 7)
        >>> store.set(page, RESET)
        >>> store.get(page)
        1
    """
    check_equals(equals, "resettable")
    check_initial(initial, "resettable")

    def write(get: Getter, set: Setter, value: T | ResetType) -> None:
        set(itself(), initial if value is RESET else value)

    made: DefaultAtom[T] = _core.make(
        DefaultAtom, "source", initial, write, name=name, equals=equals, on_mount=on_mount
    )
    made._with_default = lambda value: resettable(value, equals=equals)
    itself = weak_self(made)
    return cast("WritableAtom[T, [T | ResetType], None]", made)


# One overload for each number of arguments, because mypy infers no lambda for a union of functions. A
# function that returns a coroutine fits the other overloads too: the first overload that fits counts.
@overload
def with_default(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter], AsyncIterator[T]],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def with_default(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter, Signal], AsyncIterator[T]],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def with_default(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter], Coroutine[Any, Any, T]],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def with_default(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    read: Callable[[Getter, Signal], Coroutine[Any, Any, T]],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> AsyncAtom[T]: ...
@overload
def with_default(
    read: Callable[[Getter], T],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, [T | ResetType], None]: ...
@overload
def with_default(
    read: Callable[[Getter, Signal], T],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, [T | ResetType], None]: ...
def with_default(
    read: Callable[..., Any],
    *,
    name: str | None = None,
    equals: Equals[Any] | None = None,
    on_mount: OnMount | None = None,
) -> Any:
    """An atom that follows `read` until it is set; `RESET` makes it follow again.

    While it has a value that was set, changes of the inputs of `read` do not run it. A `read` that is a coroutine
    function makes an async atom, which shows a value that was set as settled data.

    Args:
        read: ``read(get)`` or ``read(get, signal)``, as for `derived`.
        name: shown in errors and graphs; the name of `read` by default.
        equals: when a new value counts as the old one, as for `atom`.
        on_mount: called when the atom becomes observed, as for `atom`.

    Raises:
        TypeError: an argument is of the wrong type.

    Example:
        >>> price = atom(10)
        >>> offer = with_default(lambda get: get(price) - 1)
        >>> store.get(offer)
        9
        >>> store.set(offer, 5)
        >>> store.set(price, 20)
        >>> store.get(offer)
        5
        >>> store.set(offer, RESET)
        >>> store.get(offer)
        19
    """
    check_equals(equals, "with_default")
    # The value that was set, in a list; an empty list to follow `read`. A list, so that each set is a change: a reset
    # must also undo a hydrated value, which leaves this atom as it is.
    override = inner_source([], "override of a default", name=part_name(name, "override"))

    def write(get: Getter, set: Setter, value: object) -> None:
        set(override, [] if value is RESET else [value])

    body = _following(read, override)
    body.__name__ = called_name(read, "<lambda>")
    made: DefaultAtom[Any] = _core.make(
        DefaultAtom, "derived", body, write, name=name, equals=equals, on_mount=on_mount
    )
    made._with_default = lambda value: with_default(lambda get: value, equals=equals)
    return made


def _following(read: Callable[..., Any], override: SourceAtom[Any]) -> Callable[..., Any]:
    """A read of the same kind as `read`, which returns the value that was set if there is one."""
    is_async, is_stream, wants_signal = inspect_read(read, "with_default")

    def call(get: Getter, signal: Signal) -> Any:
        return read(get, signal) if wants_signal else read(get)

    def follow(get: Getter) -> Any:
        was_set = get(override)
        return was_set[0] if was_set else read(get)

    def follow_with_signal(get: Getter, signal: Signal) -> Any:
        was_set = get(override)
        return was_set[0] if was_set else read(get, signal)

    async def follow_run(get: Getter, signal: Signal) -> Any:
        was_set = get(override)
        return was_set[0] if was_set else await call(get, signal)

    async def follow_stream(get: Getter, signal: Signal) -> AsyncGenerator[Any, None]:
        was_set = get(override)
        if was_set:
            yield was_set[0]
            return
        stream = call(get, signal)
        try:
            async for item in stream:
                yield item
        finally:
            # Closing this generator does not close the one inside it.
            await stream.aclose()

    if is_stream:
        return follow_stream
    if is_async:
        return follow_run
    return follow_with_signal if wants_signal else follow
