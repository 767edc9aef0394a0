"""An *initial value* may have to be loaded: `initial_from` makes a source atom that takes it when it has loaded."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from halflife import _core
from halflife._atoms.resource import ResourceAtom
from halflife._core import Atom, HasData, Loading, loadable
from halflife._support.async_face import async_face
from halflife._support.checks import check_atom
from halflife._support.internal_atoms import describe, inner_lazy, inner_source, part_name
from halflife._support.unset import UNSET
from halflife._types import Getter, SelfSetter, Setter, SourceAtom

T = TypeVar("T")
F = TypeVar("F")


class _Taken:
    """The first value that one store has taken; unset before."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: Any = UNSET


@overload
def initial_from(a: Atom[T], *, name: str | None = None) -> SourceAtom[T | None]: ...
@overload
def initial_from(a: Atom[T], fallback: F, *, name: str | None = None) -> SourceAtom[T | F]: ...
def initial_from(a: Atom[Any], fallback: Any = None, *, name: str | None = None) -> SourceAtom[Any]:
    """A source atom that takes its first value from `a` as soon as `a` has one, and is independent of `a` from then on.

    A form that edits a loaded value is an example: later loads do not overwrite the text that the user has typed.
    Until `a` has a value the atom shows `fallback`, also if `a` has failed or is a resource that is off. Setting the
    atom before that makes it independent too. Each store takes its own first value, when the atom is observed or read.

    Args:
        a: the atom that gives the first value: an async atom, a resource or a query.
        fallback: the value before that.
        name: shown in errors and graphs.

    Raises:
        TypeError: `a` is not an atom.

    Example:
        >>> name = initial_from(select(user, lambda value: value["name"]), fallback="")
    """
    check_atom(a, "initial_from", "a")
    look = _when_fetched(a) if isinstance(a, ResourceAtom) else loadable(async_face(a))
    own = inner_source(UNSET, "own value", name=part_name(name, "own"))
    taken = inner_lazy(_Taken, "first value", name=part_name(name, "first"))

    def read(get: Getter) -> Any:
        value = get(own)
        if value is not UNSET:
            return value
        first = get(taken)
        if first.value is UNSET:
            state = get(look)
            if not isinstance(state, HasData):
                return fallback
            # Unobserved atoms are not notified, so the first value is taken when it is first read.
            first.value = state.data
        return first.value

    def write(get: Getter, set: Setter, value: Any) -> None:
        set(own, value)

    def on_mount(set: SelfSetter) -> Callable[[], None] | None:
        store = set.store
        if store.get(own) is not UNSET:
            return None

        def take(state: object) -> None:
            # With a value of its own, the atom no longer depends on `a`, which need not load for it any more.
            if isinstance(state, HasData) and store.get(own) is UNSET:
                first = store.get(taken)
                store.set(own, state.data if first.value is UNSET else first.value)
                subscription.unsubscribe()

        subscription = store.subscribe(look, take)
        take(store.get(look))
        return subscription.unsubscribe

    describe(read, "initial_from", "initial_from({})".format, a, prefers_assigned_name=True)
    return _core.make(SourceAtom, "derived", read, write, name=name, on_mount=on_mount)


def _when_fetched(a: ResourceAtom[Any]) -> Atom[Any]:
    """The loadable of a resource, but loading while the resource is off and has no data."""
    look = loadable(a)

    def read(get: Getter) -> Any:
        state = get(look)
        return Loading() if isinstance(state, HasData) and get(a.state) == "unresolved" else state

    return _core.make(Atom, "derived", read)
