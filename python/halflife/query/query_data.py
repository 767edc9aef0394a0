"""The *data* of a query is a layered atom: what the query shows, edited by recipes and optimistic layers.

It has no layers of its own. Edits go to the data of the entry whose key the query has at that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, final

from halflife import _core
from halflife._core import Atom, LayerLog
from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layer_operation import LayerOperation
from halflife._optimistic.layer_target import LayerTarget
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.saga_plan import SagaPlan
from halflife._support.internal_atoms import describe
from halflife._types import Getter, Setter
from halflife.query.entries import Entry

T = TypeVar("T")


class EditedQuery(Protocol):
    """What the data asks its query."""

    #: The entry of the present key; TypeError if the query has none, or shows a selection.
    def edited_entry(self, get: Callable[[Atom[Any]], Any]) -> Entry: ...

    #: The same, as a part of a read; None if the query has no key.
    def shown_entry(self, get: Getter) -> Entry | None: ...

    #: The atom of the whole result.
    def result_atom(self) -> Atom[Any]: ...


@final
class QueryData(LayeredAtom[T]):
    """The data of a query; None while there is none."""

    __slots__ = ("_query",)

    _query: EditedQuery

    def _resolved(self, store: StoreLike) -> LayeredAtom[Any]:
        return self._query.edited_entry(store.get).data

    def _target(self, store: StoreLike) -> LayerTarget:
        return self._resolved(store)._target(store)

    def _log(self, get: Getter) -> LayerLog | None:
        entry = self._query.shown_entry(get)
        return entry.data._log(get) if entry is not None else None


def make_query_data(query: EditedQuery, name: Callable[[], str], explicit_name: str | None) -> QueryData[Any]:
    """The data atom of a query."""

    def read(get: Getter) -> Any:
        return get(query.result_atom()).data

    def write(get: Getter, set: Setter, value: Any, is_recipe: bool = False) -> Any:  # noqa: FBT001, FBT002 - native
        data = query.edited_entry(get).data
        if is_recipe:
            return set.store.update(data, value)
        plan = SagaPlan.of_tuple(value) if type(value) is not LayerOperation else None
        if plan is not None:
            return plan.start(set.store, data)
        return set(cast(Any, data), value)

    describe(read, "data", lambda: f"{name()}.data")
    made: QueryData[Any] = _core.make(
        QueryData, "derived", read, write, recipes=True, name=explicit_name, views=query.result_atom()
    )
    made._query = query
    return made
