"""A *layered atom* is one whose value is edited by recipes, and may have layers in each store.

What a store knows of an atom's layers is a *book*, and a *version* says at which page it stands. The version is
the value of a hidden source atom, so that a batch that fails puts the version back like any other value; the
book is then turned back to it when it is opened next.
"""

import threading
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias, TypeVar

from halflife._core import AsyncValue, Atom, LayerLog
from halflife._drivers.protocol import StoreLike
from halflife._events import is_of_subscribers
from halflife._optimistic import debugging
from halflife._optimistic.layer_target import Known, Recipe, Site
from halflife._support.internal_atoms import inner_source
from halflife._types import Getter, Setter, SourceAtom

T = TypeVar("T")
R = TypeVar("R")

#: What a write of a layered atom is given besides the value: nothing to set it, True for a recipe, or one of
#: these for an operation on its layers, which is then the value.
CHANGES: Final = "changes"
CONFIRMS: Final = "confirms"
How: TypeAlias = Literal["changes", "confirms"] | bool | None


class LayeredAtom(SourceAtom[T]):
    """An atom that is edited by recipes."""

    __slots__ = ()

    @abstractmethod
    def _site(self, store: StoreLike) -> Site:
        """Where its layers are in a store."""

    @abstractmethod
    def _log(self, get: Getter) -> LayerLog | None:
        """Its layers in the store that is being read, None if there are none; read as an input."""

    def _fetched(self) -> Atom[Any] | None:
        """The async atom whose data is edited; None if no data is fetched."""
        return None

    def _path(self, get: Getter) -> tuple[Any, ...] | None:  # noqa: ARG002 - only a lens looks
        """Where its value is in the value that the layers edit; None if it is not there."""
        return ()


def layered_instead(store: StoreLike, atom: LayeredAtom[Any]) -> LayeredAtom[Any]:
    """The atom whose layers the store has in the place of this one's.

    Raises:
        TypeError: The store overrides it with an atom that has no layers.
    """
    instead = store._instead(atom)
    if not isinstance(instead, LayeredAtom):
        raise TypeError(
            f"in this store {atom.name} follows {instead.name}, which has no layers; let it follow a draft atom"
        )
    return instead


class Book:
    """The layers of one atom in one store. Knows neither: recipes in it must be all that keeps an atom alive."""

    __slots__ = ("answer", "confirmed_at", "conflicts", "current", "known", "log")

    def __init__(self, base: object, *, always: bool, answer: object = None) -> None:
        #: Errors of layers that have just become conflicted, to be reported.
        self.conflicts: list[BaseException] = []
        conflicts = self.conflicts
        self.log = LayerLog(base, always, lambda _, error: conflicts.append(error))
        #: Its layers by id.
        self.known = Known()
        #: Which state of a fetch the base has come from, for an editable.
        self.answer = answer
        #: The moment of the last confirmation, until an answer has come that was asked after it.
        self.confirmed_at: int | None = None

    def take_conflicts(self) -> list[BaseException]:
        taken = self.conflicts[:]
        self.conflicts.clear()
        return taken


class Version:
    """The layers of one atom in one store between two operations."""

    __slots__ = ("_saved", "_state", "book")

    def __init__(self, book: Book | None) -> None:
        #: The layers, None if there are none.
        self.book = book
        # In which state the log is now.
        self._state = book.log.state if book is not None else 0
        # How to get the book back to here. A version that no batch may bring back is gone, and this with it.
        self._saved: tuple[object, object, int | None, int] | None = None

    def opened(self) -> Book | None:
        """The book, at this version: what failed after it, or was interrupted, is undone."""
        book = self.book
        if book is not None and book.log.state != self._state:
            if self._saved is not None:
                saved, book.answer, book.confirmed_at, newest = self._saved
                book.log.restore(saved)
                book.known.forget_after(newest)
            book.conflicts.clear()
            self._state = book.log.state
        return book

    def leave(self) -> None:
        """An operation is about to leave this version, which comes back if it, or a batch around it, fails."""
        book = self.book
        if book is not None and self._saved is None:
            self._saved = book.log.save(), book.answer, book.confirmed_at, book.known.newest

    def rebased(self) -> None:
        """Newly fetched data has been taken in, which makes no other version of it."""
        if self.book is not None:
            self._state = self.book.log.state


#: Of an atom without layers.
EMPTY: Final = Version(None)


class Volumes:
    """The books of one layered atom, one for each store that has layers for it."""

    __slots__ = ("_always", "_versions")

    _lock = threading.Lock()

    def __init__(self, *, always: bool) -> None:
        self._always = always
        self._versions: SourceAtom[Version] | None = None

    @property
    def version(self) -> SourceAtom[Version]:
        """The hidden atom, which changes with every operation on the layers. Made when it is first needed."""
        if self._versions is None:
            with self._lock:  # atoms are shared by threads, and all must get the same one
                if self._versions is None:
                    self._versions = inner_source(EMPTY, "layers")
        return self._versions

    def book(self, get: Getter) -> Book | None:
        """The layers in the store, None if there are none. Costs nothing as long as no store has any."""
        return get(self._versions).opened() if self._versions is not None else None

    def log(self, get: Getter) -> LayerLog | None:
        """The layers in the store that is being read, as an input of the read."""
        book = get(self.version).opened()
        return book.log if book is not None else None

    def operate(
        self,
        get: Getter,
        set: Setter,
        atom: LayeredAtom[Any],
        base: Callable[[], tuple[Any, object]],
        operation: Callable[[LayerLog], R],
    ) -> tuple[R, Book]:
        """Change the layers of the atom; `base` gives what is below the first one, and where that came from."""
        before = get(self.version)
        book = before.opened()
        if book is None:
            value, answer = base()
            book = Book(value, always=self._always, answer=answer)
        if debugging.ENABLED:
            debugging.check_handed_out(book.log.visible, atom.name)
        before.leave()
        result = operation(book.log)
        if debugging.ENABLED:
            debugging.hand_out(book.log.visible)
        set(self.version, Version(book))
        return result, book

    def close(self, set: Setter, book: Book) -> None:
        """The book has become empty: forget it, unless a batch around may still fail and fill it again."""
        if not set.store._outer_batch:
            book.known.closed = True
            set(self.version, EMPTY)


class StoreSite:
    """The layers of an atom in a store."""

    __slots__ = ("_atom", "_quiet", "_store", "_volumes")

    def __init__(self, store: StoreLike, atom: LayeredAtom[Any], volumes: Volumes, *, quiet: bool = False) -> None:
        self._store = store
        self._atom = atom
        self._volumes = volumes
        self._quiet = quiet

    def name(self) -> str:
        return self._atom.name

    def visible(self) -> Any:
        return check_settled(self._store.get(self._atom), self._atom)

    def _book(self) -> Book | None:
        self._store.get(self._atom)  # Newly fetched data is taken in by whoever asks.
        return self._volumes.book(self._store.get)

    def log(self) -> LayerLog | None:
        book = self._book()
        return book.log if book is not None else None

    def known(self) -> Known | None:
        book = self._book()
        return book.known if book is not None else None

    def base(self) -> Any:
        log = self.log()
        return log.base if log is not None else self.visible()

    def operate(self, operation: Callable[[LayerLog], R], *, confirms: bool) -> R:
        write: Callable[..., Any] = self._store.set
        result: list[R] = []

        def operate_once(log: LayerLog) -> None:
            result.append(operation(log))

        try:
            write(self._atom, operate_once, CONFIRMS if confirms else CHANGES)
        except ExceptionGroup as error:
            if not (self._quiet and result and is_of_subscribers(error)):
                raise
            self._store._report(error, self._atom)
        finally:
            self._report()
        return result[0]

    def part(self, whole: Any) -> Any:
        return whole

    def quiet(self) -> "StoreSite":
        return StoreSite(self._store, self._atom, self._volumes, quiet=True)

    def _report(self) -> None:
        """Tell of layers that can no longer be applied; not before the operation is complete."""
        if self._store.closed:
            return
        book = self._volumes.book(self._store.get)
        for error in book.take_conflicts() if book is not None else ():
            self._store._report(error, self._atom)

    def whole(self, recipe: Recipe[Any], *, returns: bool) -> Recipe[Any]:  # noqa: ARG002 - it is whole
        return debugging.checked(recipe) if debugging.ENABLED else recipe

    def set(self, value: Any) -> None:
        self.operate(lambda log: log.replace(value), confirms=True)

    def set_base(self, value: Any) -> None:
        self.operate(lambda log: log.set_base(value), confirms=True)


def check_settled(value: T | AsyncValue[T], atom: Atom[Any]) -> T:
    """The value of the atom, unless it is still to come."""
    if isinstance(value, AsyncValue):
        # Said only now: looking for the name of an atom that was given none takes long.
        raise TypeError(f"{atom.name} is async at present: await its value before editing it")
    return value
