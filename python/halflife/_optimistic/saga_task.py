"""A *saga* under way: the task of its effect, and the handle by which it is awaited and cancelled."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

from halflife._core import Atom
from halflife._drivers.cancellation import CancelledError
from halflife._drivers.deferred_coroutine import DeferredCoroutine
from halflife._drivers.protocol import StoreLike, Task, Waits
from halflife._drivers.reports import report_unawaited
from halflife._drivers.scope_locks import Turn
from halflife._drivers.waiting import wait_for_end
from halflife._optimistic.layered_atom import LayeredAtom
from halflife._optimistic.layers import Layer
from halflife._support.copies import refuse_copies
from halflife._support.reprs import abbreviated

R_co = TypeVar("R_co", covariant=True)

SagaStatus: TypeAlias = Literal["running", "success", "error", "cancelled"]


class SagaTask:
    """What a saga still has to do, and whether it was told not to."""

    __slots__ = ("_answer", "_atom", "_confirm", "_layer", "_store", "cancelled", "has_answer", "task", "turn")

    def __init__(
        self,
        store: StoreLike,
        atom: LayeredAtom[Any],
        layer: Layer[Any],
        *,
        answer: Callable[[], Any],
        confirm: Callable[[Layer[Any], Any], object],
        turn: Turn,
    ) -> None:
        self._store = store
        self._atom = atom
        self._layer = layer
        self._answer = answer
        self._confirm = confirm
        #: When its effect runs.
        self.turn = turn
        self.cancelled = False
        self.task: Task[Any] | None = None
        #: Whether the effect has succeeded: from then on the edit cannot be taken back.
        self.has_answer = False

    async def run(self) -> Any:
        """The effect, in its turn, and what follows from it."""
        try:
            async with self.turn:
                result = await self._effect()
            self._check_wanted()
            self.has_answer = True
            self._follow(result)
        except BaseException:
            self.take_back()
            raise
        finally:
            self._store._driver.saga_ends(self)
        return result

    def name(self) -> str:
        """Of the atom that is edited."""
        return self._atom.name

    def fetched(self) -> Atom[Any] | None:
        """The async atom whose data is edited."""
        return self._atom._fetched()

    def _check_wanted(self) -> None:
        """An effect may have caught its cancellation."""
        if self.cancelled or self._store.closed:
            raise CancelledError("the saga was cancelled while its effect was running")

    async def _effect(self) -> Any:
        # A task takes its first step when whatever batch it was made in is over.
        if self._layer.status == "rolled_back":
            raise CancelledError("the edit was taken back, or its batch failed, before the effect began")
        answer = self._answer()
        if not inspect.isawaitable(answer):
            raise TypeError(
                f"the effect of a saga of {self._atom.name} must be async, but it returned {abbreviated(answer)}; make"
                " it an `async def`, and call what blocks by `await asyncio.to_thread(...)`"
            )
        return await answer

    def _follow(self, result: Any) -> None:
        try:
            self._confirm(self._layer, result)
        except BaseException:
            # Whatever is wrong with what should follow, the server has accepted the edit.
            if not self._store.closed:
                self._layer.commit()
            raise

    def take_back(self) -> None:
        """Roll the layer back, if it still can be."""
        if not self._store.closed:
            try:
                self._layer.rollback()
            except Exception as error:
                self._store._report(error, self._atom)

    def ended(self, task: Task[Any]) -> None:
        """Also called for a task that was cancelled before its first step."""
        if task.cancelled():
            self.take_back()
        self._store._driver.saga_ends(self)


class SagaHandle(Generic[R_co]):
    """The course of one saga. Awaiting it gives what the effect returned, or raises its error.

    The saga runs whether or not anybody awaits it, and whoever stops waiting does not stop it. An error that
    nobody awaits is reported to the store's `on_error` when the handle is dropped. Awaiting it inside of an effect
    for which the saga waits itself raises CycleError.
    """

    __slots__ = ("__weakref__", "_awaited", "_circles", "_report", "_saga", "_task", "layer")

    __reduce_ex__ = refuse_copies

    def __init__(self, layer: Layer[Any], report: Callable[[BaseException], None]) -> None:
        #: The edit that is shown until the effect has ended.
        self.layer = layer
        self._report = report
        self._saga: SagaTask | None = None
        self._circles: Waits | None = None
        self._task: Task[R_co] | None = None
        self._awaited = False

    def _start(self, store: StoreLike, saga: SagaTask) -> None:
        self._saga = saga
        fetched = saga.fetched()
        if fetched is not None:
            store._driver.saga_begins(saga, fetched)
        self._circles = store._driver.circles
        task = store._driver.start_task(DeferredCoroutine(saga.run), f"halflife saga of {saga.name()}")
        self._task = saga.task = task
        self._task.add_done_callback(saga.ended)

    @property
    def status(self) -> SagaStatus:
        """running, success, error or cancelled."""
        task = self._task
        if task is None:
            return "success"
        if (self._saga is not None and self._saga.cancelled) or task.cancelled():
            return "cancelled"
        if not task.done():
            return "running"
        return "error" if task.exception() is not None else "success"

    def done(self) -> bool:
        """Whether the effect has ended."""
        return self._task is None or self._task.done()

    def result(self) -> R_co:
        """What the effect returned; raises its error, or asyncio.InvalidStateError while it runs."""
        if self._task is None:
            return cast("R_co", None)  # there was no effect
        self._awaited = self._awaited or self._task.done()
        return self._task.result()

    def cancel(self) -> bool:
        """Cancel the effect and take the edit back, at once; False if the saga has ended."""
        task, saga = self._task, self._saga
        if task is None or saga is None or task.done() or saga.cancelled or saga.has_answer:
            return False
        saga.cancelled = True
        saga.take_back()
        task.cancel("the saga was cancelled")
        return True

    def rollback(self) -> bool:
        """The same as `cancel`."""
        return self.cancel()

    def __await__(self) -> Generator[Any, None, R_co]:
        task = self._task
        if task is not None and not task.done():
            assert self._circles is not None
            yield from wait_for_end(task, self._circles)
        return self.result()

    def __del__(self) -> None:
        task = self._task
        if self._awaited or task is None:
            return
        report = self._report
        if task.done():
            report_unawaited(task, report)
        else:
            task.add_done_callback(lambda task: report_unawaited(task, report))

    def __repr__(self) -> str:
        return f"<SagaHandle of {self.layer._layers._target.name()}, {self.status}>"
