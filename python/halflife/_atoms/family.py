"""A *family* is a function from a parameter to an atom that gives the same atom for the same parameter.

A family holds its members strongly, so a family with many parameters needs limits: `max_size`, `ttl`, or calls of
`remove`. Limits never evict a member that is observed in any store.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Generic, NoReturn, Protocol, Self, SupportsIndex, TypeVar, final, overload

from halflife._core import Atom
from halflife._support.checks import called_name, check_callable, check_seconds
from halflife._support.reprs import abbreviated
from halflife._support.typed_key import PLAIN, TypedKey, typed_key

#: The most observed members that one call skips. Each call adds at most one member, so this is enough.
_SPARED_A_CALL = 2

P = TypeVar("P")
P_contra = TypeVar("P_contra", contravariant=True)
P1 = TypeVar("P1")
P2 = TypeVar("P2")
P3 = TypeVar("P3")
A = TypeVar("A", bound=Atom[Any])
A_co = TypeVar("A_co", bound=Atom[Any], covariant=True)


class HasNow(Protocol):
    """Something that gives the time, such as a store's clock."""

    #: The time in seconds since some fixed moment.
    def now(self) -> float: ...


class _Params(tuple[Any, ...]):
    """The parameters of a member that has several, as opposed to one parameter that is a tuple."""

    __slots__ = ()


class Make(Protocol[P_contra, A_co]):
    """A function that makes the member for a parameter."""

    #: The atom for `param`.
    def __call__(self, param: P_contra, /) -> A_co: ...


class _MonotonicClock:
    """The clock of families that are given none; a family belongs to no store."""

    def now(self) -> float:
        return time.monotonic()


class _Member(Generic[P, A]):
    """An atom, its parameter, and the time of its last use."""

    __slots__ = ("atom", "param", "used")

    def __init__(self, param: P, atom: A, used: float) -> None:
        self.param = param
        self.atom = atom
        self.used = used


@final
class Family(Generic[P, A]):
    """The atoms of a family, by parameter. Made by `family`."""

    def __init__(
        self, make: Callable[..., A], max_size: int | None, ttl: float | None, clock: HasNow, name: str
    ) -> None:
        self._make = make
        self._max_size = max_size
        self._ttl = ttl
        self._clock = clock
        self._limited = max_size is not None or ttl is not None
        #: The name of the function that makes the members.
        self.name = name
        self.__doc__ = make.__doc__
        self.__wrapped__ = make
        # In the order of last use when there are limits. Families are shared by threads: every change is
        # one atomic operation, and no lock is held while the user's function is called.
        self._members: OrderedDict[TypedKey, _Member[P, A]] = OrderedDict()
        # The number of calls until members are searched again; see _evict_over_size.
        self._rest = 0
        # No member expires before this moment.
        self._looks_again = -math.inf

    @overload
    def __call__(self, param: P, /) -> A: ...
    @overload
    def __call__(self: "Family[tuple[P1, P2], A]", one: P1, two: P2, /) -> A: ...
    @overload
    def __call__(self: "Family[tuple[P1, P2, P3], A]", one: P1, two: P2, three: P3, /) -> A: ...
    def __call__(self, param: Any, /, *more: Any) -> A:
        """The atom for `param`, or for several parameters; made at the first call.

        Raises:
            TypeError: A parameter is not hashable, or the function given to `family` takes another number of
                parameters, or returned no atom.
        """
        if more:
            param = _Params((param, *more))
        kind = type(param)
        key = (kind, param) if kind in PLAIN else self._key(param)
        if not self._limited:
            member = self._members.get(key)
            return member.atom if member is not None else self._added(key, param, 0.0).atom
        now = 0.0
        if self._ttl is not None:
            now = self._clock.now()
            if now >= self._looks_again:
                self._evict_expired(now, _SPARED_A_CALL)
        member = self._members.get(key)
        if member is not None and self._has_expired(key, member, now):
            self._members.pop(key, None)
            member = None
        if member is None:
            member = self._added(key, param, now)
        else:
            member.used = now
            self._touch(key)
        if self._max_size is not None and len(self._members) > self._max_size:
            self._evict_over_size(key)
        return member.atom

    @overload
    def remove(self, param: P, /) -> bool: ...
    @overload
    def remove(self: "Family[tuple[P1, P2], A]", one: P1, two: P2, /) -> bool: ...
    @overload
    def remove(self: "Family[tuple[P1, P2, P3], A]", one: P1, two: P2, three: P3, /) -> bool: ...
    def remove(self, param: Any, /, *more: Any) -> bool:
        """Forget the atom of `param`, observed or not; returns whether there was one.

        Give several parameters as to the family, or as the tuple from the iteration. An atom that is still held can
        be used further; the next call makes a new one.
        """
        keys = [self._key(_Params((param, *more)))] if more else self._keys(param)
        return any(self._members.pop(key, None) is not None for key in keys)

    def clear(self) -> None:
        """Forget all atoms, observed or not."""
        self._members.clear()

    def __len__(self) -> int:
        self._evict_now()
        return len(self._members)

    def __contains__(self, param: object) -> bool:
        """Whether there is an atom for `param`; several parameters are given as a tuple."""
        keys = self._keys(param)
        if self._max_size is not None and len(self._members) > self._max_size:
            self._evict_over_size(None)
        for key in keys:
            member = self._members.get(key)
            if member is not None:
                return self._ttl is None or not self._has_expired(key, member, self._clock.now())
        return False

    def __iter__(self) -> Iterator[P]:
        """The parameters at the start of the iteration; several parameters of one member as a tuple."""
        self._evict_now()
        params: Any = [member.param for member in list(self._members.values())]
        found: list[Any] = [tuple(param) if type(param) is _Params else param for param in params]
        return iter(found)

    def __copy__(self) -> Self:
        return self  # Copying gives the same object, as for atoms and functions.

    def __deepcopy__(self, memo: object, /) -> Self:
        return self

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError(f"family {self.name!r} cannot be pickled: a family is a definition; import it instead")

    def __repr__(self) -> str:
        return f"<family {self.name!r} of {len(self._members)}>"

    def _key(self, param: object) -> TypedKey:
        return typed_key(param, self._described, "parameter")

    def _keys(self, param: object) -> list[TypedKey]:
        """The key of one parameter; of a tuple, also the key of several parameters."""
        keys = [self._key(param)]
        if type(param) is tuple:
            keys.append(self._key(_Params(param)))
        return keys

    def _described(self) -> str:
        return f"family {self.name!r}"

    def _added(self, key: TypedKey, param: Any, now: float) -> _Member[P, A]:
        made = self._make(*param) if type(param) is _Params else self._make(param)
        if not isinstance(made, Atom):
            raise TypeError(
                f"family {self.name!r} must make atoms, but for {abbreviated(param)}"
                f" its function returned {type(made).__name__}"
            )
        # Another thread, or the function itself, may have made a member meanwhile: the first one counts.
        member: _Member[Any, Any] = _Member(param, made, now)
        return self._members.setdefault(key, member)

    def _touch(self, key: TypedKey) -> None:
        with suppress(KeyError):  # Another thread has removed the member; the caller still gets its atom.
            self._members.move_to_end(key)

    def _oldest(self) -> tuple[TypedKey, _Member[P, A]] | None:
        with suppress(StopIteration, RuntimeError):  # Empty, or changed by another thread just now.
            return next(iter(self._members.items()))
        return None

    def _has_expired(self, key: TypedKey, member: _Member[P, A], now: float) -> bool:
        if self._ttl is None or now - member.used < self._ttl:
            return False
        if not member.atom.is_observed:
            return True
        member.used = now  # Being observed is being used.
        self._touch(key)
        return False

    def _evict_now(self) -> None:
        if self._ttl is not None:
            self._evict_expired(self._clock.now(), len(self._members))
        if self._max_size is not None and len(self._members) > self._max_size:
            self._evict_over_size(None)

    def _evict_expired(self, now: float, most_spared: int) -> None:
        """Drop expired members; stop after skipping several that are observed."""
        assert self._ttl is not None
        spared = 0
        # Members are in the order of last use, so the first one that has not expired ends the search.
        for _ in range(len(self._members)):
            oldest = self._oldest()
            if oldest is None:
                break
            key, member = oldest
            if now - member.used < self._ttl:
                self._looks_again = member.used + self._ttl
                return
            if self._has_expired(key, member, now):
                self._members.pop(key, None)
            elif (spared := spared + 1) >= most_spared:
                return  # The next call continues here.
        self._looks_again = now + self._ttl

    def _evict_over_size(self, spared: TypedKey | None) -> None:
        """Drop the least recently used members that are not observed, except the newest."""
        assert self._max_size is not None
        if self._rest > 0:
            self._rest -= 1
            return
        for _ in range(len(self._members)):
            oldest = self._oldest()
            if oldest is None or len(self._members) <= self._max_size:
                return
            key, member = oldest
            if key == spared or member.atom.is_observed:
                if self._ttl is not None:
                    member.used = self._clock.now()  # Being observed is being used.
                self._touch(key)
            else:
                self._members.pop(key, None)
        # All are observed. A search at every call would take quadratic time.
        self._rest = len(self._members) // 8


@overload
def family(
    make: Callable[[P1, P2, P3], A],
    *,
    max_size: int | None = None,
    ttl: float | None = None,
    clock: HasNow | None = None,
) -> Family[tuple[P1, P2, P3], A]: ...
@overload
def family(
    make: Callable[[P1, P2], A],
    *,
    max_size: int | None = None,
    ttl: float | None = None,
    clock: HasNow | None = None,
) -> Family[tuple[P1, P2], A]: ...
@overload
def family(
    make: Make[P, A],
    *,
    max_size: int | None = None,
    ttl: float | None = None,
    clock: HasNow | None = None,
) -> Family[P, A]: ...
@overload
def family(
    make: None = None,
    *,
    max_size: int | None = None,
    ttl: float | None = None,
    clock: HasNow | None = None,
) -> Callable[[Make[P, A]], Family[P, A]]: ...
def family(
    make: Callable[..., Any] | None = None,
    *,
    max_size: int | None = None,
    ttl: float | None = None,
    clock: HasNow | None = None,
) -> Any:
    """Make a family of atoms: one atom for each parameter, made at the first call.

    Also usable as a decorator, with or without options. Parameters of different types are different:
    `1`, `True` and `1.0` are three parameters, inside tuples and frozensets too.

    Args:
        make: ``make(param) -> atom``, with one positional parameter or several.
        max_size: when there are more members, the least recently used ones are forgotten.
        ttl: seconds after its last use after which a member is forgotten.
        clock: gives the time for `ttl`, such as a `halflife.testing.ManualClock`.

    Members that are observed in any store are never forgotten by a limit.

    Raises:
        TypeError: `make` is not callable, or an option is of the wrong type.
        ValueError: `max_size` is less than 1, or `ttl` is not positive.

    Example:
        >>> @family(max_size=1000)
        ... def user(user_id):
        ...     @derived
        ...     async def one(get):
        ...         return await fetch_user(user_id)
        ...     return one
        >>> user(7) is user(7)
        True
        >>> repository = family(lambda owner, name: atom(f"{owner}/{name}"))
        >>> repository("ada", "engine") is repository("ada", "engine")
        True
    """
    if max_size is not None:
        if isinstance(max_size, bool) or not isinstance(max_size, int):
            raise TypeError(f"family: max_size must be an int or None, got {type(max_size).__name__}")
        if max_size < 1:
            raise ValueError(f"family: max_size must be at least 1, got {max_size}")
    if ttl is not None:
        ttl = check_seconds(ttl, "family", "ttl", positive=True)
    if clock is not None and not callable(getattr(clock, "now", None)):
        raise TypeError(f"family: clock must have a method now(), got {type(clock).__name__}")
    time_source = clock if clock is not None else _MonotonicClock()

    def wrap(function: Callable[..., Any]) -> Family[Any, Any]:
        check_callable(function, "family", "make", "the parameter", more=True)
        return Family(function, max_size, ttl, time_source, called_name(function, "family"))

    return wrap if make is None else wrap(make)
