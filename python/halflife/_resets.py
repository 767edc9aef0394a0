"""A *reset* takes back what was set: `RESET`, set instead of a value, restores what the atom began with.

Two kinds of atom understand it: `resettable` goes back to its initial value, `with_default` goes back
to following a computation.
"""

import enum
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from halflife import _core
from halflife._checks import called_name, check_callable, check_equals
from halflife._core import Atom
from halflife._inner import inner_source
from halflife._signatures import inspect_read
from halflife._types import Equals, Getter, OnMount, Read, Setter, WritableAtom
from halflife._unset import UNSET, UnsetType

T = TypeVar("T")


class Reset(enum.Enum):
    """The type of `RESET`: an enum of one member, so that type checkers know it from a value."""

    RESET = "RESET"

    def __repr__(self) -> str:
        return "RESET"


RESET: Final = Reset.RESET
ResetType: TypeAlias = Literal[Reset.RESET]


def resettable(
    initial: T,
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> WritableAtom[T, [T | ResetType], None]:
    """A source atom that `store.set(a, RESET)` takes back to `initial`.

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
    state = inner_source(initial, "resettable state", equals=equals)

    def write(get: Getter, set: Setter, value: T | ResetType) -> None:
        set(state, initial if value is RESET else value)

    # A lambda has no name of its own: the atom is called like the variable that holds it.
    return _core.make(Atom, "derived", lambda get: get(state), write, name=name, equals=equals, on_mount=on_mount)


def with_default(
    read: Read[T],
    *,
    name: str | None = None,
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> Any:
    """An atom that follows `read` until it is set; `RESET` makes it follow again.

    While it shows what was set, nothing that `read` would read can make it run. A `read` that is a
    coroutine function makes an async atom, which shows a value that was set as settled data.

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
    check_callable(read, "with_default", "read")
    check_equals(equals, "with_default")
    override = inner_source(UNSET, "override of a default", equals=equals)
    is_async, is_stream, wants_signal = inspect_read(read)

    def call(get: Getter, signal: Any) -> Any:
        return read(get, signal) if wants_signal else read(get)

    def write(get: Getter, set: Setter, value: T | ResetType) -> None:
        set(override, UNSET if value is RESET else value)

    def follow(get: Getter) -> T:
        value: T | UnsetType = get(override)
        return cast(T, read(get)) if value is UNSET else value

    def follow_with_signal(get: Getter, signal: Any) -> T:
        value: T | UnsetType = get(override)
        return cast(T, read(get, signal)) if value is UNSET else value

    async def follow_run(get: Getter, signal: Any) -> T:
        value: T | UnsetType = get(override)
        return cast(T, await call(get, signal)) if value is UNSET else value

    async def follow_stream(get: Getter, signal: Any) -> AsyncIterator[T]:
        value: T | UnsetType = get(override)
        if value is not UNSET:
            yield value
            return
        stream = call(get, signal)
        try:
            async for item in stream:
                yield item
        finally:
            # Closing this generator does not close the one inside it.
            await stream.aclose()

    body: Callable[..., Any]
    if is_stream:
        body = follow_stream
    elif is_async:
        body = follow_run
    else:
        body = follow_with_signal if wants_signal else follow
    body.__name__ = called_name(read, "<lambda>")
    return _core.make(Atom, "derived", body, write, name=name, equals=equals, on_mount=on_mount)
