"""A *saga* applies an edit at once, tells the server, and rolls back only that edit if the server refuses it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast, final

from halflife._drivers.protocol import StoreLike
from halflife._optimistic.layer_target import check_recipe
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.saga_handle import SagaHandle
from halflife._optimistic.saga_plan import SagaPlan, check_effect
from halflife._support.copies import refuse_copies

T = TypeVar("T")
C = TypeVar("C")
D = TypeVar("D")
R = TypeVar("R")
S = TypeVar("S")

__all__ = ["Saga", "SagaHandle"]


@final
@dataclass(frozen=True, slots=True)
class Saga(Generic[T, C, R]):
    """Builds a saga step by step; each call returns a new builder. Made by `Store.saga`."""

    __reduce_ex__ = refuse_copies

    _store: StoreLike
    _atom: LayeredAtom[T]
    _plan: SagaPlan

    def update(self, recipe: Callable[[T], D]) -> "Saga[T, D, Any]":
        """The edit that becomes visible at once. The return value of the recipe is the context."""
        check_recipe(recipe, "update", "recipe")
        return cast("Saga[T, D, Any]", replace(self, _plan=replace(self._plan, update=recipe)))

    def effect(self, effect: Callable[[T, C], Awaitable[S]] | Callable[[T], Awaitable[S]]) -> "Saga[T, C, S]":
        """The async function that tells the server, of the next value and the context, or of the value alone."""
        check_effect(effect, "effect", "effect")
        return cast("Saga[T, C, S]", replace(self, _plan=replace(self._plan, effect=effect)))

    def post_effect(self, recipe: Callable[[T, R], object]) -> "Saga[T, C, R]":
        """The edit ``recipe(draft, result)`` after the effect has succeeded, at the position of the update."""
        check_recipe(recipe, "post_effect", "recipe", "the draft, the result")
        return replace(self, _plan=replace(self._plan, post_effect=recipe))

    def __repr__(self) -> str:
        return f"<Saga over {self._atom.name}>"

    def run(self) -> SagaHandle[R]:
        """Start: the edit becomes visible now, the effect begins when the outermost batch is committed.

        Raises:
            NoEventLoopError: There is an effect, and no event loop is running; nothing is changed then.
            Exception: The error of the update; nothing is changed then.
        """
        return self._plan.start(self._store, self._atom)
