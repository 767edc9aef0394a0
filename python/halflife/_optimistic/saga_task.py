"""A *saga task* runs the effect of a saga, and confirms the edit or rolls it back when the effect has ended."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from halflife._core import Atom
from halflife._drivers.cancellation import CancelledError
from halflife._drivers.protocol import StoreLike, Task
from halflife._drivers.scope_locks import Turn
from halflife._optimistic.layer_group import LayerGroup
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._support.reprs import abbreviated


class SagaTask:
    """The part of a saga that runs as a task."""

    __slots__ = (
        "_answer",
        "_atom",
        "_confirm",
        "_edit_ends",
        "_group",
        "_store",
        "_turn",
        "cancelled",
        "has_answer",
        "task",
    )

    def __init__(
        self,
        store: StoreLike,
        atom: LayeredAtom[Any],
        group: LayerGroup,
        *,
        answer: Callable[[], Any],
        confirm: Callable[[Any], object],
        turn: Turn,
    ) -> None:
        self._store = store
        self._atom = atom
        self._group = group
        self._answer = answer
        self._confirm = confirm
        self._turn = turn
        # What the atom gave to be told when the saga has ended; None before the start and after the end.
        self._edit_ends: Callable[[], None] | None = None
        self.cancelled = False
        self.task: Task[Any] | None = None
        #: Whether the effect has succeeded: from then on the edit cannot be rolled back.
        self.has_answer = False

    async def run(self) -> Any:
        """Run the effect in its turn, and confirm the edit or roll it back."""
        try:
            async with self._turn:
                result = await self._effect()
            self._check_wanted()
            self.has_answer = True
            self._follow(result)
        except BaseException:
            self.roll_back()
            raise
        finally:
            self.end()
        return result

    def begin(self) -> None:
        """Called when the saga starts: tell the atom that is edited, and the driver."""
        self._edit_ends = self._group.edit_begins()
        self._store._driver.saga_begins(self, self.fetched())

    def end(self) -> None:
        """Called when the saga has ended and its layers are settled. Later calls do nothing."""
        edit_ends, self._edit_ends = self._edit_ends, None
        try:
            if edit_ends is not None:
                edit_ends()
        finally:
            self._store._driver.saga_ends(self)

    def lost(self) -> None:
        """Called when the loop of the task was closed: the saga counts as cancelled."""
        self.cancelled = True
        self.roll_back()
        self.end()

    def name(self) -> str:
        """The name of the atom that is edited."""
        return self._atom.name

    def fetched(self) -> Atom[Any] | None:
        """The async atom whose data is edited."""
        return self._atom._fetched()

    def _check_wanted(self) -> None:
        """Raise `CancelledError` if the saga was cancelled and its effect has caught the cancellation."""
        if self.cancelled or self._store.closed:
            raise CancelledError("the saga was cancelled while its effect was running")

    async def _effect(self) -> Any:
        # The task takes its first step only after the batch in which it was made.
        if self._group.is_rolled_back:
            raise CancelledError("the edit was rolled back, or its batch failed, before the effect began")
        answer = self._answer()
        if not inspect.isawaitable(answer):
            raise TypeError(
                f"the effect of a saga of {self._atom.name} must be async, but it returned {abbreviated(answer)}; make"
                " it an `async def`, and call what blocks by `await asyncio.to_thread(...)`"
            )
        return await answer

    def _follow(self, result: Any) -> None:
        """Confirm the edit. If the post effect fails, confirm it all the same: the server has accepted it."""
        try:
            self._confirm(result)
        except BaseException:
            if not self._store.closed:
                self._group.confirm()
            raise

    def roll_back(self) -> None:
        """Roll the layer back, if that is still possible."""
        if not self._store.closed:
            try:
                self._group.roll_back()
            except Exception as error:
                self._store._report(error, self._atom)

    def ended(self, task: Task[Any]) -> None:
        """Called when the task has ended, also if it was cancelled before its first step."""
        if task.cancelled():
            self.roll_back()
        self.end()
