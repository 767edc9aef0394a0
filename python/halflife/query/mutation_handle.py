"""A *mutation handle* is the result of calling a mutation: it can be awaited, cancelled and, if kept, sent again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Protocol, TypeVar, final

from halflife._drivers.endings import Ending
from halflife._optimistic.edit_handle import EditHandle, EditStatus
from halflife._optimistic.layers import Layer
from halflife.query.mutation_calls import MutationCall
from halflife.query.tickets import Work

R_co = TypeVar("R_co", covariant=True)


class Caller(Protocol):
    """What a handle asks for its call."""

    #: The store of the client.
    @property
    def store(self) -> Any: ...

    def cancel(self, call: MutationCall) -> bool: ...
    def retry(self, call: MutationCall) -> bool: ...


@final
class MutationHandle(EditHandle[R_co]):
    """One call of a mutation. Awaiting the handle gives the server's answer, or raises the error of the call.

    The call goes on whether or not anybody awaits it, and cancelling a task that awaits it does not cancel the call.
    An error that nobody awaits is reported to the store's `on_error`, once, when the handle is dropped.

    Example:
        >>> handle = add({"title": "buy milk"})
        >>> try:
        ...     todo = await handle
        ... except MutationCancelled:
        ...     pass
    """

    __slots__ = ("_call", "_caller")

    _task: Ending[R_co]

    def __init__(self, call: MutationCall, caller: Caller, report: Callable[[BaseException], None]) -> None:
        super().__init__(call.ending, report)
        self._call = call
        self._caller = caller

    @property
    def variables(self) -> Any:
        """What the mutation was called with."""
        return self._call.variables

    @property
    def layer(self) -> Layer[Any] | None:
        """The edit, the first of them if there are several; None if the call edits nothing."""
        return next(iter(self.layers), None)

    @property
    def layers(self) -> tuple[Layer[Any], ...]:
        """The edits, one for each key."""
        return tuple(edit.layer for edit in self._call.edits.values())

    @property
    def status(self) -> EditStatus:
        """The state of the newest try: running (also while it waits), success, error or cancelled."""
        if not self.done():
            return "running"
        if self._task.cancelled():
            return "cancelled"
        return "error" if self._task.exception() is not None else "success"

    def cancel(self) -> bool:
        """Cancel the call, or give up a kept one, and roll its edits back, at once; False if it has ended."""
        if not self._caller.cancel(self._call):
            return False
        self._awaited = True  # An error of a kept call that was given up is known.
        return True

    def retry(self) -> bool:
        """Send a kept call again (see `keep_on`), at the end of its scope.

        Returns:
            False if there is nothing to send: the call runs, or was refused, confirmed, cancelled or given up.

        Raises:
            NoEventLoopError: No event loop is running.
        """
        if not self._caller.retry(self._call):
            return False
        self._awaited = False
        return True

    def wait(self) -> Coroutine[Any, Any, R_co]:
        """The same as awaiting the handle, as a coroutine: `await handle.wait()`.

        Raises:
            MutationCancelled: When awaited: the call was cancelled or given up.
            Exception: When awaited: the error of the call.
        """
        return Work(self._wait)

    async def _wait(self) -> R_co:
        return await self

    def __await__(self) -> Generator[Any, None, R_co]:
        if not self._task.done():
            yield from self._task.wait(self._caller.store._driver.circles)
        return self.result()

    def __repr__(self) -> str:
        return f"<MutationHandle of {self._call.plan.name}, {self.status}>"
