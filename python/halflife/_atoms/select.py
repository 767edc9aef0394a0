"""A *slice* is an atom for a part of another atom's value: it changes only when that part does."""

from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from halflife import _core
from halflife._core import AsyncValue, Atom
from halflife._support.checks import called_name, check_atom, check_callable, check_equals
from halflife._support.internal_atoms import describe
from halflife._support.later_slice import LaterSlice
from halflife._support.memoize import remember
from halflife._types import AsyncAtom, Equals, Getter

T = TypeVar("T")
S = TypeVar("S")


@overload
def select(a: AsyncAtom[T], fn: Callable[[T], S], equals: Equals[S] | None = None) -> AsyncAtom[S]: ...
@overload
def select(a: Atom[T], fn: Callable[[T], S], equals: Equals[S] | None = None) -> Atom[S]: ...
def select(a: Atom[Any], fn: Callable[[Any], S], equals: Equals[S] | None = None) -> Any:
    """An atom for the part `fn(value)` of the value of `a`; it changes only when the part does.

    The same arguments give the same atom. A slice of an async atom is an async atom.

    Args:
        a: the atom that has the whole value.
        fn: ``fn(value)`` gives the part; called when `a` has changed.
        equals: when a new part counts as the old one, as for `atom`.

    Raises:
        TypeError: an argument is of the wrong type.

    Example:
        >>> user = atom({"name": "Ada", "visits": 1})
        >>> name = select(user, lambda value: value["name"])
        >>> store.get(name)
        'Ada'
    """
    check_atom(a, "select", "a")
    check_callable(fn, "select", "fn", "the value")
    check_equals(equals, "select")

    def make() -> Atom[S]:
        def read(get: Getter) -> S | LaterSlice[S]:
            value = get(a)
            # The value of a source atom may be awaitable for a while; then the slice has to wait too.
            return LaterSlice(value, fn) if isinstance(value, AsyncValue) else fn(value)

        async def read_async(get: Getter) -> S:
            return fn(await cast(AsyncValue[Any], get(a)))

        body: Callable[..., Any] = read_async if a.is_async else read
        own = called_name(fn, "")
        describe(body, own or "slice", lambda name: f"{name}.{own or 'slice'}", a, prefers_assigned_name=not own)
        return _core.make(Atom, "derived", body, equals=equals, views=a)

    return remember(a, ("select", fn, equals), make)
