"""A *resource* is an async atom that fetches a value for a source value.

It has atoms of its state and its last value, and actions that fetch again or replace the data. The interface is that of
Solid's `createResource`.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast, final, overload

from halflife import _core
from halflife._atoms.resource_requests import Memory, Override, Refetch, Request
from halflife._core import AsyncValue, Atom, HasData, Loading, is_function, loadable, same
from halflife._drivers.protocol import StoreLike
from halflife._drivers.threads import run_in_thread
from halflife._support.checks import called_name, check_atom, check_callable, check_equals
from halflife._support.copies import refuse_copies
from halflife._support.internal_atoms import describe, inner_lazy, inner_source, part_name
from halflife._support.reprs import abbreviated
from halflife._support.signatures import given_count, inspect_read
from halflife._support.unset import UNSET, UnsetType
from halflife._types import ActionAtom, AsyncAtom, Equals, Getter, Loadable, Setter, Signal

S = TypeVar("S")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ResourceState: TypeAlias = Literal["unresolved", "pending", "ready", "refreshing", "errored"]


@final
@dataclass(frozen=True, slots=True)
class ResourceInfo(Generic[T_co]):
    """The second argument of a fetcher, besides the source value.

    Attributes:
        refetching: False for the first fetch of a source value; True for another fetch of the same source value, or
            the value that was passed to `refetch`.
        previous: the last data, None if there is none.
        signal: aborted when the fetch is superseded; may be read in a worker thread.
    """

    __reduce_ex__ = refuse_copies

    refetching: Any
    previous: T_co | None
    signal: Signal

    def __repr__(self) -> str:
        return (
            f"ResourceInfo(refetching={abbreviated(self.refetching)}, previous={abbreviated(self.previous)},"
            f" signal={self.signal!r})"
        )


@final
class ResourceAtom(AsyncAtom[T]):
    """An async atom with actions. Made by `resource`.

    Attributes:
        state: an atom of "unresolved", "pending", "ready", "refreshing" or "errored".
        latest: an atom of the last data, `initial` when there is none; it does not raise the error of a fetch.
        mutate: `store.set(r.mutate, value)` replaces the data by a value, `store.set(r.mutate, fn)` by the result of
            `fn(latest)`; a fetch under way is superseded. The value stays until the next fetch.
        refetch: `store.set(r.refetch, info=None)` fetches again and returns an `AsyncValue`.
    """

    __slots__ = ("_with_data", "latest", "mutate", "refetch", "state")

    #: Makes the atom to follow in a store that overrides this one with data.
    _with_data: Callable[[Any], Atom[Any]]

    state: Atom[ResourceState]
    latest: Atom[T | None]
    mutate: ActionAtom[[T | Callable[[T | None], T]], T]
    refetch: ActionAtom[..., AsyncValue[T]]


# One overload for each kind of fetcher, because mypy infers no lambda for a union of functions.
@overload
def resource(
    source: Atom[S | None] | Callable[[Getter], S | None],
    fetcher: Callable[[S, ResourceInfo[T]], Awaitable[T]],
    *,
    initial: T | None = None,
    name: str | None = None,
    equals: Equals[T] | None = "deep",
    thread: Literal[False] = False,
) -> ResourceAtom[T]: ...
@overload
def resource(
    source: Atom[S | None] | Callable[[Getter], S | None],
    fetcher: Callable[[S], Awaitable[T]],
    *,
    initial: T | None = None,
    name: str | None = None,
    equals: Equals[T] | None = "deep",
    thread: Literal[False] = False,
) -> ResourceAtom[T]: ...
@overload
def resource(
    source: Atom[S | None] | Callable[[Getter], S | None],
    fetcher: Callable[[S, ResourceInfo[T]], T],
    *,
    initial: T | None = None,
    name: str | None = None,
    equals: Equals[T] | None = "deep",
    thread: bool = False,
) -> ResourceAtom[T]: ...
@overload
def resource(
    source: Atom[S | None] | Callable[[Getter], S | None],
    fetcher: Callable[[S], T],
    *,
    initial: T | None = None,
    name: str | None = None,
    equals: Equals[T] | None = "deep",
    thread: bool = False,
) -> ResourceAtom[T]: ...
def resource(
    source: Any,
    fetcher: Callable[..., Any],
    *,
    initial: Any = None,
    name: str | None = None,
    equals: Any = "deep",
    thread: bool = False,
) -> Any:
    """An async atom that fetches a value whenever its source has a new one.

    A source value of None or False turns the resource off (0 and "" do not): nothing is fetched, and the last data,
    or `initial`, stays. An async source is awaited, so that a resource may depend on another one; resources that do
    not depend on each other fetch in parallel.

    Args:
        source: an atom, or ``read(get)``, plain or async.
        fetcher: ``fetcher(value, info)`` or ``fetcher(value)``, plain or async; see `ResourceInfo`.
        initial: the data before the first fetch.
        name: shown in errors and graphs; the name of `fetcher` by default.
        equals: when newly fetched data counts as the old data, which is kept then without a notification: by structure
            (`"deep"`), or by a function of the old and the new data.
        thread: call a plain `fetcher` in a worker thread, where it may block.

    Raises:
        TypeError: `source` is neither an atom nor callable, `fetcher` is not callable, or `thread` is given
            with an async fetcher.

    Example:
        >>> async def fetch_user(user_id, info):
        ...     return await api.get(f"/users/{user_id}")
        >>> user = resource(user_id, fetch_user)
        >>> await store.get(user)
        >>> store.set(user.mutate, lambda latest: {**latest, "name": "Ada"})
        >>> await store.set(user.refetch)
    """
    is_async = check_callable(fetcher, "resource", "fetcher", "the value, the info", least=1, may_be="async")
    check_equals(equals, "resource")
    if not isinstance(thread, bool):
        raise TypeError(f"resource: thread must be True or False, got {type(thread).__name__}")
    if thread and is_async:
        raise TypeError("resource: thread=True is for a plain fetcher; an async one runs on the event loop")
    if isinstance(source, Atom):
        check_atom(source, "resource", "source")
    else:
        inspect_read(source, "resource", "source")
        source = _core.make(Atom, "derived", source, name=part_name(name, "source"))
    fetching: _Fetching[Any, Any] = _Fetching(source, fetcher, initial, name, equals, thread=thread)
    return fetching.make()


class _Fetching(Generic[S, T]):
    """The hidden atoms of one resource, and the functions of its atoms and actions."""

    def __init__(
        self,
        source: Atom[S],
        fetcher: Callable[..., Any],
        initial: T | None,
        name: str | None,
        equals: Equals[T] | None,
        *,
        thread: bool,
    ) -> None:
        self.source = source
        self.fetcher = fetcher
        self.initial = initial
        self.name = name
        self.equals = equals
        self.thread = thread
        self.wants_info = given_count(fetcher, 2, unknown=1) == 2  # A built-in such as `int` gets the value only.
        # Named only if the resource has a name, for hydration.
        self.memory: Atom[Memory[T]] = inner_lazy(lambda: Memory(initial), "memory", name=part_name(name, "memory"))
        # One atom, because the last request counts: a refetch after a mutate fetches, a mutate after a refetch not.
        self.request: Atom[Request[T] | None] = inner_source(None, "wish", name=part_name(name, "wish"))

    def make(self) -> ResourceAtom[T]:
        """The atom that `resource` returns."""

        async def read(get: Getter, signal: Signal) -> T | None:
            return await self.run(get, signal)

        read.__name__ = called_name(self.fetcher, "<lambda>")
        made: ResourceAtom[T] = _core.make(ResourceAtom, "derived", read, name=self.name, equals=self.equals)
        made._with_data = lambda value: inner_source(value, "data of a resource")
        self.made = made
        self.look = loadable(made)

        def read_state(get: Getter) -> ResourceState:
            return self.read_state(get)

        def read_latest(get: Getter) -> T | None:
            return self.read_latest(get)

        def refetch(get: Getter, set: Setter, info: Any = None) -> AsyncValue[T]:
            instead = self.instead(set.store)
            if instead is not None:
                return set(instead.refetch, info) if isinstance(instead, ResourceAtom) else get(made)
            over = self.pending_override(get, get(self.memory))
            set(cast(Any, self.request), Refetch(info, self.known_source(get), over))
            return get(made)

        describe(read_state, "state", "{}.state".format, made)
        describe(read_latest, "latest", "{}.latest".format, made)
        made.state = _core.make(Atom, "derived", read_state, name=part_name(self.name, "state"), views=made)
        made.latest = _core.make(Atom, "derived", read_latest, name=part_name(self.name, "latest"), views=made)
        made.mutate = _core.make(ActionAtom, "action", self.mutate, name=part_name(self.name, "mutate"))
        made.refetch = _core.make(ActionAtom, "action", refetch, name=part_name(self.name, "refetch"))
        return made

    async def run(self, get: Getter, signal: Signal) -> T | None:
        memory = get(self.memory)
        # Read before the first await: a change of these must restart a run that waits for its source.
        request = get(self.request)
        wanted = get(self.source)
        if inspect.isawaitable(wanted):
            wanted = await wanted
        is_answered, is_wanted_again, said = memory.take(request, wanted)
        if is_answered:
            return memory.latest_or_none()
        if _is_off(wanted):
            return memory.rest()
        if is_wanted_again:
            refetching: Any = True if said is None else said
        else:
            refetching = memory.fetched_for is not UNSET and same(memory.fetched_for, wanted)
        info = ResourceInfo(refetching, memory.latest_or_none(), signal)
        data = await self.fetch(wanted, info)
        if not signal.aborted:
            memory.keep(data, wanted)
        return data

    async def fetch(self, wanted: Any, info: ResourceInfo[T]) -> T:
        args = (wanted, info) if self.wants_info else (wanted,)
        if self.thread:
            return cast(T, await run_in_thread(self.fetcher, *args))
        answer = self.fetcher(*args)
        return cast(T, await answer if inspect.isawaitable(answer) else answer)

    def read_state(self, get: Getter) -> ResourceState:  # noqa: PLR0911 - a table
        instead = self.instead(cast(Any, get).store)
        if isinstance(instead, ResourceAtom):
            return get(instead.state)
        if instead is not None:
            return _state_of(get(self.look))
        memory = get(self.memory)
        if _is_off(self.known_source(get)):
            known = memory.latest is not UNSET or self.pending_override(get, memory) is not None
            return "ready" if known else "unresolved"
        # Read in any case, because this changes when a run has dealt with an override.
        state = get(self.look)
        override = self.pending_override(get, memory)
        if override is not None and override is get(self.request) and override.is_for(self.known_source(get)):
            return "ready"
        match state:
            case HasData():
                return "unresolved" if memory.off and memory.latest is UNSET else "ready"
            case Loading():
                return "pending" if override is None and memory.latest is UNSET else "refreshing"
            case _:
                return "errored"

    def read_latest(self, get: Getter) -> T | None:
        instead = self.instead(cast(Any, get).store)
        if isinstance(instead, ResourceAtom):
            return cast("T | None", get(instead.latest))
        if instead is not None:
            seen = get(self.look)
            return seen.data if isinstance(seen, HasData) else seen.previous
        memory = get(self.memory)
        state = None if _is_off(self.known_source(get)) else get(self.look)
        override = self.pending_override(get, memory)
        if override is not None:
            return override.value
        return state.data if isinstance(state, HasData) else memory.latest_or_none()

    def mutate(self, get: Getter, set: Setter, value_or_fn: Any) -> T:
        instead = self.instead(set.store)
        if isinstance(instead, ResourceAtom):
            return cast(T, set(instead.mutate, value_or_fn))
        value = value_or_fn
        if is_function(value_or_fn):
            check_callable(value_or_fn, f"{self.made.name}.mutate", "fn", "the last data")
            before = get(self.made.latest)
            value = value_or_fn(before)
            _core.check_replacement("mutate", self.made, before, value)
        if inspect.isawaitable(value):
            if inspect.iscoroutine(value):
                value.close()
            raise TypeError(f"{self.made.name}.mutate takes the data, or a function that returns it: await it first")
        if instead is not None:
            set(cast(Any, self.made), value)
        else:
            set(cast(Any, self.request), Override(value, self.known_source(get)))
        return cast(T, value)

    def instead(self, store: StoreLike) -> Atom[Any] | None:
        """The atom that the resource follows in this store, if the store overrides it."""
        instead = store._instead(self.made)
        return None if instead is self.made else instead

    def pending_override(self, get: Getter, memory: Memory[T]) -> Override[T] | None:
        """The value from `mutate` that no run has dealt with yet."""
        request = get(self.request)
        if request is memory.request:
            return None
        return request.over if isinstance(request, Refetch) else request

    def known_source(self, get: Getter) -> Any | UnsetType:
        """The source value; unset if it is not available without waiting, or is an error."""
        if self.source.is_async:
            return UNSET
        try:
            wanted = get(self.source)
        except Exception:
            return UNSET
        return UNSET if inspect.isawaitable(wanted) else wanted


def _state_of(state: Loadable[Any]) -> ResourceState:
    """The state of a resource by its loadable."""
    if isinstance(state, Loading):
        return "refreshing" if state.has_previous else "pending"
    return "ready" if isinstance(state, HasData) else "errored"


def _is_off(wanted: Any) -> bool:
    """Whether a source value turns the resource off."""
    return wanted is None or wanted is False
