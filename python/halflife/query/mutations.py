"""A *mutation* changes data on the server: each call edits the cached data at once, and tells the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar, final

from halflife._core import SourceAtom
from halflife._support.copies import refuse_copies
from halflife._support.internal_atoms import inner_source
from halflife.query.mutation_cache import MutationCache
from halflife.query.mutation_calls import MutationCall
from halflife.query.mutation_handle import MutationHandle
from halflife.query.mutation_plan import MutationPlan
from halflife.query.mutation_state import MutationState

V_contra = TypeVar("V_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


@final
class Mutation(Generic[V_contra, R_co]):
    """A function that changes data on the server, with its optimistic edit. Made by `QueryClient.mutation`.

    Example:
        >>> add = client.mutation(create_todo, key=("todos",), update=lambda draft, todo: draft.append(todo))
        >>> handle = add({"title": "buy milk"})
        >>> todo = await handle
    """

    __slots__ = ("__weakref__", "_cache", "newest", "plan", "state")

    __reduce_ex__ = refuse_copies

    def __init__(self, cache: MutationCache, plan: MutationPlan) -> None:
        self._cache = cache
        self.plan = plan
        #: The call whose state is shown; None if there is none.
        self.newest: MutationCall | None = None
        #: An atom of the state of the newest call.
        self.state: SourceAtom[MutationState[R_co]] = inner_source(MutationState(), f"mutation {plan.name}")

    def __call__(self, variables: V_contra = None) -> MutationHandle[R_co]:  # type: ignore[assignment]
        """Edit the data at once, and tell the server as soon as it may be told.

        Returns:
            A handle to await or to drop.

        Raises:
            NoEventLoopError: No event loop is running; nothing is changed then.
            RuntimeError: This is inside of a call of the same scope; nothing is changed then.
            Exception: The error of `update` or of another function of the variables; nothing is changed then.
        """
        call = self._cache.start(self, variables)
        return MutationHandle(call, self._cache, self._report())

    def _report(self) -> Callable[[BaseException], None]:
        driver, state = self._cache.store._driver, self.state

        def report(error: BaseException) -> None:
            driver.report(error, state)

        return report

    def reset(self) -> None:
        """The state is idle until the next call; calls that run go on."""
        self._cache.reset(self)

    def __repr__(self) -> str:
        return f"<Mutation {self.plan.name}>"
