"""A *mutation call* is one call of a mutation: its variables, its edits, and how it went so far."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, final

from halflife._core import SourceAtom
from halflife._drivers.clock import wall_time
from halflife._drivers.endings import Ending
from halflife._drivers.protocol import Task
from halflife._optimistic.layer_operation import OperationKind
from halflife._optimistic.layer_target import Recipe
from halflife._optimistic.layers import Layer
from halflife.query.entries import Entry
from halflife.query.entry_cache import EntryCache
from halflife.query.keys import QueryKey
from halflife.query.mutation_plan import MutationPlan
from halflife.query.mutation_state import MutationState, MutationStatus


class Called(Protocol):
    """The mutation of a call."""

    @property
    def plan(self) -> MutationPlan: ...

    #: The atom of the state of its newest call.
    @property
    def state(self) -> SourceAtom[MutationState[Any]]: ...

    #: The call that the atom shows; None if it shows none.
    newest: MutationCall | None


@final
class Edit:
    """The layer that a call has over the data of one key."""

    __slots__ = ("_ends", "entry", "is_wrong", "layer")

    def __init__(self, entry: Entry, layer: Layer[Any]) -> None:
        self.entry = entry
        self.layer = layer
        #: Whether the data has to be fetched again, because it may not show what the server has.
        self.is_wrong = False
        self._ends: Callable[[], None] | None = None

    def hold(self) -> None:
        """The call runs or waits: refetches that are owed wait for it."""
        self._ends = self.entry.mutation_begins()

    def release(self) -> None:
        """The call has ended."""
        ends, self._ends = self._ends, None
        if ends is not None:
            ends()

    @property
    def is_open(self) -> bool:
        """Whether the layer is neither confirmed nor rolled back."""
        return self.layer.status in ("pending", "conflicted")


@final
class MutationCall:
    """One call of a mutation."""

    def __init__(self, mutation: Called, entries: EntryCache, variables: Any) -> None:
        self.mutation = mutation
        self.plan = mutation.plan
        self.variables = variables
        #: The edits by key, in the order in which they were made.
        self.edits: dict[QueryKey, Edit] = {}
        self.status: MutationStatus = "loading"
        self.data: Any = None
        self.error: Exception | None = None
        self.failure_count = 0
        #: Whether it waits for the network.
        self.is_paused = False
        #: Whether it failed by an error that is no refusal: the layers stay, and it may be sent again.
        self.is_kept = False
        #: Whether its `on_mutate` has ended.
        self.is_prepared = mutation.plan.on_mutate is None
        #: The task of its `on_mutate`.
        self.preparation: Task[Any] | None = None
        self.ending: Ending[Any] = Ending()
        self.submitted_at = wall_time(entries.clock)
        self.shown: MutationState[Any] = self.state_now()
        self._entries = entries
        self._store = entries.store

    def state_now(self) -> MutationState[Any]:
        """The state of the call at this moment."""
        return MutationState(
            self.data,
            self.error,
            self.status,
            self.variables,
            self.submitted_at,
            self.failure_count,
            self.is_paused,
            _call=self,
        )

    # --- the edits

    def apply(self, recipes: dict[QueryKey, Recipe[Any]]) -> None:
        """Apply the edits, in the batch of the caller.

        Raises:
            Exception: The error of a recipe; the batch has to fail then.
        """
        try:
            for key, recipe in recipes.items():
                entry = self._entries.entry(key)
                self.edits[key] = Edit(entry, self._store.layers(entry.data).apply(recipe))
        except BaseException:
            for edit in self.edits.values():
                self._entries.soon(edit.entry.pin_changed)
            raise
        if self.plan.included is not None:
            for edit in self.edits.values():
                edit.entry.asked_of_answers[edit] = partial(self._ask_included, edit)

    def _ask_included(self, edit: Edit, answer: Any) -> None:
        """Called before a fetched answer is written: if it holds the edit already, the layer gives way to it."""
        included = self.plan.included
        if included is None or not edit.is_open:
            return
        arguments = (answer, self.variables, edit.entry.key.given)
        try:
            is_included = included(*arguments[: 2 if self.plan.updates is None else 3])
        except Exception as error:
            self._store._report(error, edit.entry.data)
            return
        if is_included:
            # A confirmed layer is superseded by the data. The server has not told of it yet, so no fetch is dropped.
            target, state = edit.layer._layers._target, edit.layer._state
            target.operate(lambda log: log.commit(state, None, None, False), kind=OperationKind.EDIT)  # noqa: FBT003
            target.note("confirmed", edit.layer.id)

    @property
    def is_undone(self) -> bool:
        """Whether an edit was rolled back by other means, or was made in a batch that failed."""
        return any(edit.layer.status == "rolled_back" for edit in self.edits.values())

    def confirm(self, result: Any) -> None:
        """Confirm the edits, in the batch of the caller. If that fails, they are confirmed as they are."""
        edits = [edit for edit in self.edits.values() if edit.is_open]
        try:
            settlements = self.plan.settlements(result, self.variables, self.edits, self._store.get)
            with self._store.batch():
                for edit in edits:
                    edit.layer.commit(*settlements[edit.entry.key])
        except Exception as error:
            self._store._report(error, self.mutation.state)
            for edit in self.edits.values():
                edit.layer.commit()
                edit.is_wrong = True

    def roll_back(self) -> None:
        """Roll the edits back, in the batch of the caller."""
        for edit in self.edits.values():
            if not edit.layer.rollback() and edit.layer.status != "rolled_back":
                edit.is_wrong = True  # It was part of a fetched answer.

    def stop_preparation(self) -> None:
        """Cancel its `on_mutate`."""
        task, self.preparation = self.preparation, None
        if task is not None and not task.done() and not task.get_loop().is_closed():
            task.cancel("the mutation was cancelled")

    def forget_edits(self) -> None:
        """The layers are settled."""
        for edit in self.edits.values():
            edit.entry.asked_of_answers.pop(edit, None)

    def hold(self) -> None:
        """The call runs or waits."""
        for edit in self.edits.values():
            edit.hold()

    def release(self) -> None:
        """The call has ended."""
        for edit in self.edits.values():
            edit.release()
