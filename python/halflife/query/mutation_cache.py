"""The *mutation cache* of a client knows the calls of its mutations that run, wait, or failed (until dismissed)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, final
from weakref import WeakSet

from halflife import _core
from halflife._core import Atom, SourceAtom
from halflife._drivers.cancellation import CancelledError
from halflife._drivers.deferred_coroutine import DeferredCall
from halflife._drivers.protocol import Task
from halflife._errors import MutationCancelled, RetryError
from halflife._events import is_of_subscribers
from halflife._support.internal_atoms import describe, inner_source
from halflife._types import Getter
from halflife.query.entry_cache import EntryCache
from halflife.query.filters import Filter
from halflife.query.mutation_calls import Called, MutationCall
from halflife.query.mutation_queue import MutationQueue
from halflife.query.mutation_requests import MutationRequest
from halflife.query.mutation_state import MutationState
from halflife.query.owed_filters import OwedFilters


@final
class MutationCache:
    """The calls of all mutations of one client."""

    def __init__(self, entries: EntryCache) -> None:
        self.entries = entries
        self.store = entries.store
        # A new object with each change of a call: what is derived from it is computed only if somebody looks.
        self._changes: SourceAtom[object] = inner_source(object(), "changes of mutations")
        #: The states of the calls that run, wait, or failed and were not dismissed; in the order of the calls.
        self.states: Atom[tuple[MutationState[Any], ...]] = self._derived("mutations", self._states_now)
        #: How many calls run or wait.
        self.running_count: Atom[int] = self._derived("is_mutating", self._running_now)
        self.queue = MutationQueue(entries, self, self.show)
        self.owed = OwedFilters(entries)
        self._calls: dict[MutationCall, MutationRequest | None] = {}
        # Those whose atoms show a call.
        self._mutations: WeakSet[Called] = WeakSet()
        # Whether several calls end at once, so that what they owe is looked at once.
        self._is_ending = False
        self.store._driver.on_loop.add(self.queue.loop_changed)
        self.store._driver.on_close.add(self._closed)

    def _closed(self) -> None:
        """The store was closed, which cancels the tasks: tell those who await a call."""
        self.queue.clear("the store was closed")
        for call in self._calls:
            if call.status == "loading":
                call.ending.cancel(MutationCancelled("the store of the mutation was closed"))

    # --- calling

    def start(self, mutation: Called, variables: Any) -> MutationCall:
        """Call a mutation.

        Raises:
            NoEventLoopError: No event loop is running.
            RuntimeError: This is inside of a mutation of the same scope.
            Exception: The error of one of the user's functions. Nothing is changed then.
        """
        plan = mutation.plan
        recipes = plan.edits(variables, self.store.get)
        scope = plan.scope_of(variables)
        self._ready()
        self.queue.check(scope, plan.name)
        call = MutationCall(mutation, self.entries, variables)
        with self._batch():
            call.apply(recipes)
            self._hold(call)
            self._calls[call] = None
            mutation.newest = call
            self._mutations.add(mutation)
            if plan.on_mutate is not None:
                self._prepare(call)
            self._calls[call] = self.queue.add(call, scope)
            self.show(call)
        return call

    def _ready(self) -> None:
        self.entries.ready()
        self.queue.loop_changed()

    def _prepare(self, call: MutationCall) -> None:
        """Run `on_mutate`; the call is sent after it."""
        body = DeferredCall(lambda: self._hook(call, call.plan.on_mutate, call.variables))
        task = call.preparation = self.entries.start_task(body, f"halflife on_mutate of {call.plan.name}")
        call.ending.works_in(task)
        task.add_done_callback(lambda task: self._prepared(call, task))

    def _prepared(self, call: MutationCall, task: Task[Any]) -> None:
        call.is_prepared = True
        request = self._calls.get(call)
        if request is None or call.status != "loading" or self.store.closed:
            return
        if task.cancelled():
            self.cancel(call, f"the on_mutate of {call.plan.name} was cancelled")
        else:
            call.ending.works_in(None)
            self.queue.look(request)

    def retry(self, call: MutationCall) -> bool:
        """Send a kept call again; False if it is not kept."""
        request = self._calls.get(call)
        if request is None or not call.is_kept or self.store.closed:
            return False
        self._ready()
        self.queue.check(request.scope, "retry")
        with self._batch():
            for one in request.calls:  # Those that were one request stay one.
                one.status, one.error, one.failure_count, one.is_kept = "loading", None, 0, False
                one.ending.renew()
                self._hold(one)
            self.queue.add_again(request)
            for one in request.calls:
                self.show(one)
        return True

    # --- what is shown

    def show(self, call: MutationCall) -> None:
        """Show the state of a call."""
        if self.store.closed:
            return
        call.shown = call.state_now()
        with self.store.batch():
            if call.mutation.newest is call:
                self.store.set(call.mutation.state, call.shown)
            self._show_all()

    def _show_all(self) -> None:
        self.store.set(self._changes, object())

    def _states_now(self) -> tuple[MutationState[Any], ...]:
        return tuple(call.shown for call in self._calls)

    def _running_now(self) -> int:
        return sum(call.status == "loading" for call in self._calls)

    def _derived(self, name: str, compute: Callable[[], Any]) -> Any:
        changes = self._changes

        def read(get: Getter) -> Any:
            get(changes)
            return compute()

        describe(read, name, lambda: name)
        return _core.make(Atom, "derived", read)

    def reset(self, mutation: Called) -> None:
        """The atom of a mutation shows nothing until the next call."""
        mutation.newest = None
        self.store.set(mutation.state, MutationState())

    def dismiss(self, state: MutationState[Any]) -> bool:
        """Forget a failed call; a kept one is given up. False if the call has not failed, or was dismissed."""
        call = state._call
        if not isinstance(call, MutationCall) or call not in self._calls or call.status != "error":
            return False
        if call.is_kept:
            return self.cancel(call)
        del self._calls[call]
        self._show_all()
        return True

    # --- the end of a request

    async def succeeded(self, request: MutationRequest, result: Any) -> None:
        """The server has answered."""
        calls = list(request.calls)
        if self._ends_with_store(calls):
            return
        with self._batch():
            for call in calls:
                call.confirm(result)
                call.status, call.data = "success", result
                self._settled(call)
        self._end(request, calls, result)
        try:
            for call in calls:
                await self._hook(call, call.plan.on_success, result, call.variables)
                await self._hook(call, call.plan.on_settled, result, None, call.variables)
                call.ending.resolve(result)
        finally:
            for call in calls:
                if not call.ending.done():
                    call.ending.resolve(result)

    async def failed(self, request: MutationRequest, error: Exception) -> None:
        """The request has failed for good."""
        calls = list(request.calls)
        if self._ends_with_store(calls):
            return
        is_kept = self._is_kept(request, error)
        with self._batch():
            for call in calls:
                call.status, call.error, call.is_kept = "error", error, is_kept
                call.failure_count += 1
                if not is_kept:
                    call.roll_back()
                    call.forget_edits()
                self.show(call)
        self._end(request, calls, None)
        try:
            for call in calls:
                await self._hook(call, call.plan.on_error, error, call.variables)
                await self._hook(call, call.plan.on_settled, None, error, call.variables)
                self._fail(call, error)
        finally:
            for call in calls:
                self._fail(call, error)

    @staticmethod
    def _fail(call: MutationCall, error: Exception) -> None:
        # A hook may have given the call up, or sent it again.
        if not call.ending.done() and call.error is error:
            call.ending.fail(error)

    def _is_kept(self, request: MutationRequest, error: Exception) -> bool:
        cause = error.__cause__ if isinstance(error, RetryError) else error
        try:
            return request.plan.is_kept(cause if isinstance(cause, Exception) else error)
        except Exception as own:
            self.store._report(own)
            return False

    def attempt_failed(self, request: MutationRequest, error: Exception) -> None:
        """An attempt has failed, and there will be another one."""
        for call in request.calls:
            call.failure_count += 1
            self.store._driver.note("retried", call.mutation.state, error)
            self.show(call)

    def paused(self, request: MutationRequest) -> None:
        """The next attempt has to wait for the network."""
        self.queue.paused(request)

    def lost(self, request: MutationRequest) -> None:
        """The task of a request was cancelled, but not by its client, or its event loop was closed."""
        if self._ends_with_store(list(request.calls)):
            return
        for call in list(request.calls):
            self.cancel(call, f"the task of the mutation {call.plan.name} was cancelled")

    def undone(self, call: MutationCall) -> None:
        """The edit of a call was rolled back, or its batch failed, before the call was sent."""
        self.cancel(call, "the edit was rolled back, or its batch failed, before the mutation was sent")

    def _ends_with_store(self, calls: list[MutationCall]) -> bool:
        if not self.store.closed:
            return False
        for call in calls:
            call.ending.cancel(MutationCancelled("the store of the mutation was closed"))
        return True

    # --- cancelling

    def cancel(self, call: MutationCall, reason: str | None = None) -> bool:
        """Cancel a call, or give up a kept one, and roll its edits back. False if it has ended."""
        request = self._calls.get(call)
        if self.store.closed or request is None or not (call.status == "loading" or call.is_kept):
            return False
        was_kept = call.is_kept
        error = MutationCancelled(reason or f"the mutation {call.plan.name} was cancelled")
        call.status, call.error, call.is_kept, call.is_paused = "cancelled", None, False, False
        with self._batch():
            call.roll_back()
            self._settled(call)
        request.remove(call)
        call.stop_preparation()
        call.ending.cancel(error)
        if not request.calls:
            request.stop("cancelled")
            self.queue.leave(request)
        elif not was_kept:
            self.queue.look(request)  # It may have waited for the `on_mutate` of this call.
        if not was_kept:
            self._release([call], None, is_sent=request.is_sent)
            self._settle_cancelled(call, error)
        self.owed.look()
        return True

    def _settle_cancelled(self, call: MutationCall, error: MutationCancelled) -> None:
        if call.plan.on_settled is None or not self.entries.is_ready():
            return
        body = DeferredCall(lambda: self._hook(call, call.plan.on_settled, None, error, call.variables))
        self.entries.start_task(body, f"halflife on_settled of {call.plan.name}")

    def clear(self) -> None:
        """Forget all calls; their layers are dropped with the data."""
        calls = list(self._calls)
        self._calls.clear()
        self.queue.clear("the client was cleared")
        self.owed.clear()
        with self._batch():
            for call in calls:
                call.status = "cancelled"
                call.stop_preparation()
                call.forget_edits()
            for mutation in list(self._mutations):
                self.reset(mutation)
            self._show_all()
        for call in calls:
            call.release()
            call.ending.cancel(MutationCancelled("the client was cleared"))

    # --- after the end

    def _hold(self, call: MutationCall) -> None:
        """The call runs or waits: the keys that it edits or invalidates are not fetched for others that have ended."""
        call.hold()
        self.owed.hold(call.plan.known_filters)

    def _settled(self, call: MutationCall) -> None:
        """The call is over, and has not failed."""
        call.forget_edits()
        self._calls.pop(call, None)
        self.show(call)

    def _end(self, request: MutationRequest, calls: list[MutationCall], result: Any) -> None:
        """A request has ended: the next one of its scope goes on, and what it has invalidated is fetched again."""
        self._release(calls, result, is_sent=request.is_sent)
        self.queue.leave(request)
        self.owed.look()

    def _release(self, calls: list[MutationCall], result: Any, *, is_sent: bool) -> None:
        """Calls do not run or wait any more: note what they have invalidated."""
        self._is_ending = True
        try:
            for call in calls:
                call.release()
        finally:
            self._is_ending = False
        for call in calls:
            self.owed.release(call.plan.known_filters)
            self.owed.owe(self._filters(call, result) if is_sent else ())
            for edit in call.edits.values():
                if edit.is_wrong:
                    edit.is_wrong = False
                    self.owed.owe((Filter(edit.entry.key, exact=True),))

    def _filters(self, call: MutationCall, result: Any) -> tuple[Filter, ...]:
        try:
            return call.plan.filters(result, call.variables)
        except Exception as error:
            self.store._report(error, call.mutation.state)
            return ()

    def mutation_ended(self) -> None:
        """A saga or a call that edits the data of an entry has ended."""
        if not self._is_ending:
            self.owed.look()

    async def _hook(self, call: MutationCall, hook: Callable[..., Any] | None, *arguments: Any) -> None:
        """Call and await one of the user's functions. An error is reported, and changes nothing."""
        if hook is None:
            return
        try:
            answer = hook(*arguments)
            if inspect.isawaitable(answer):
                await answer
        except CancelledError:
            raise
        except Exception as error:
            self.store._report(error, call.mutation.state)

    @contextmanager
    def _batch(self) -> Iterator[None]:
        """A batch whose subscribers' errors are reported, because the code that makes it has no caller."""
        try:
            with self.store.batch():
                yield
        except ExceptionGroup as error:
            if not is_of_subscribers(error):
                raise
            self.store._report(error, self.states)
