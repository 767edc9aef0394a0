"""An *editable* is an async atom's data with local edits over it, which stay while the data is fetched again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, final

from halflife import _core, _debugging
from halflife._checks import check_atom
from halflife._core import Atom, HasData, HasError, LayerLog, Loading, loadable
from halflife._inner import describe, weak_self
from halflife._layer_sites import Recipe, check_recipe
from halflife._layered import CONFIRMS, How, LayeredAtom, StoreSite, Volumes, check_settled
from halflife._memos import remember
from halflife._saga_steps import SagaSteps
from halflife._types import AsyncAtom, Getter, Setter

if TYPE_CHECKING:
    from halflife._store import Store

T = TypeVar("T")
R = TypeVar("R")


@final
class Editable(LayeredAtom[T]):
    """The data of an async atom with pending edits over it. Made by `editable`."""

    __slots__ = ("_editing",)

    _editing: "_Editing[T]"

    def _site(self, store: "Store") -> StoreSite:
        return StoreSite(store, self, self._editing.volumes)

    def _log(self, get: Getter) -> LayerLog | None:
        get(cast(Atom[T], self))  # Newly fetched data is below the layers.
        return self._editing.volumes.log(get)


def editable(async_atom: AsyncAtom[T], *, name: str | None = None) -> Editable[T]:
    """An atom of the data of an async atom that can be edited.

    Until the first data its value is an `AsyncValue` to await; from then on it is a plain value: the data that
    was fetched last, with the local edits over it. It does not go back to loading when the data is fetched again.

    What `store.update(e, recipe)` and `store.set(e, value)` do is *pending*: it stays over newly fetched data
    until ``store.layers(e).commit_all()`` or ``rollback_all()``, or until a mutation (`Store.mutate`) has ended.
    An answer of a fetch that began before an edit was confirmed would take that edit away, so it is dropped, and
    the data is fetched again. The same arguments give the same atom.

    Args:
        async_atom: any atom whose value arrives later, such as a resource.
        name: shown in errors and graphs.

    Raises:
        TypeError: `async_atom` is not an atom; or, when edited, there is no data yet.

    Example:
        >>> profile = editable(resource(user_id, fetch_profile))
        >>> await store.value(profile)
        {'name': 'Ada', 'city': 'London'}
        >>> store.update(profile, lambda draft: draft.update(city="Turin"))
        >>> store.layers(profile).pending
        1
    """
    check_atom(async_atom, "editable", "async_atom")

    def make() -> Editable[T]:
        editing: _Editing[T] = _Editing(async_atom)
        made: Editable[T] = _core.make(Editable, "derived", editing.reader(), editing.write, recipes=True, name=name)
        made._editing = editing
        editing.itself = weak_self(made)
        return made

    return make() if name is not None else remember(async_atom, "editable", make)


class _Editing(Generic[T]):
    """What an editable does when it is read or written."""

    itself: Callable[[], Editable[T]]

    def __init__(self, fetched: Atom[T]) -> None:
        self.fetched = fetched
        self.look = loadable(fetched)
        self.volumes = Volumes(always=False)

    def reader(self) -> Callable[[Getter], Any]:
        """The read of the atom."""

        def read(get: Getter) -> Any:
            version = get(self.volumes.version)
            answer: Any = get(self.look)
            if not _has_data(answer):
                return get(self.fetched)
            book = version.opened()
            if book is None:
                return _data_of(answer)
            if isinstance(answer, HasData) and answer is not book.answer:
                book.answer = answer
                book.log.set_base(answer.data)
                if book.conflicts:
                    store = cast(Any, get).store
                    # Later: whoever is told may want to write, and this is a read.
                    store._driver.report_soon(book.take_conflicts(), self.itself())
            return book.log.visible

        describe(read, "editable", lambda: f"editable({self.fetched.name})")
        return read

    def write(self, get: Getter, set: Setter, value: Any, how: How = None) -> Any:
        if how is None:
            steps = SagaSteps.of_tuple(value)
            if steps is not None:
                return steps.start(set.store, self.itself())
            self.change(get, set, lambda log: log.replace(value, pending=True))
            return None
        if how is True:
            self.update(get, set, value)
            return None
        result = self.change(get, set, value)
        if how == CONFIRMS:
            self.fetch_again(set.store)
        return result

    def update(self, get: Getter, set: Setter, recipe: Recipe[T]) -> None:
        check_recipe(recipe, "update", "recipe")
        if _debugging.ENABLED:
            recipe = _debugging.checked(recipe)
        self.change(get, set, lambda log: log.apply(recipe, returns=True))

    def change(self, get: Getter, set: Setter, operation: Callable[[LayerLog], R]) -> R:
        """Operate on the layers; what is shown is read from them."""
        atom = self.itself()
        check_settled(get(cast(Atom[T], atom)), atom)  # Newly fetched data is below what comes now.

        def base() -> tuple[T, object]:
            answer = get(self.look)
            return _data_of(answer), answer

        result, book = self.volumes.operate(get, set, atom, base, operation)
        answer = get(self.look)
        if book.log.length == 0 and _has_data(answer) and book.log.base is _data_of(answer):
            self.volumes.close(set, book)
        return result

    def fetch_again(self, store: "Store") -> None:
        """An edit was confirmed. What was asked before cannot tell of it: ask again, and drop that answer."""
        if store._driver.is_ready():
            for atom in _under_way(store, self.fetched):
                store.refresh(atom)


def _has_data(answer: Any) -> bool:
    return isinstance(answer, HasData) or (isinstance(answer, (Loading, HasError)) and answer.has_previous)


def _data_of(answer: Any) -> Any:
    return answer.data if isinstance(answer, HasData) else answer.previous


def _under_way(store: "Store", fetched: Atom[Any]) -> list[Atom[Any]]:
    """The atom and those that it reads, as far as they are being fetched, inputs first."""
    if store._peek(fetched)[0] != "loading":
        return []
    inputs_of = {row[0]: row[7] for row in store._snapshot()}
    found: dict[Atom[Any], None] = {}
    waiting = [fetched]
    while waiting:
        atom = waiting.pop()
        is_view = atom.kind in ("loadable", "unwrap")
        if atom in found or not (is_view or store._peek(atom)[0] == "loading"):
            continue
        if atom.kind == "derived" and not atom.is_stream:  # a stream goes on telling by itself
            found[atom] = None
        waiting.extend(inputs_of.get(atom, ()))
    return list(reversed(found))
