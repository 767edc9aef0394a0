"""An *abort signal* tells a run that its result is no longer wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from halflife._core import Atom
from halflife._drivers.waiting import wait_for_call
from halflife._errors import Superseded
from halflife._support.checks import check_callable
from halflife._support.copies import refuse_copies


class AbortSignal:
    """Tells whether a run was superseded, and why. For code that cancelling the task of the run does not stop.

    Example:
        >>> signal = AbortSignal()
        >>> signal.aborted
        False
    """

    __slots__ = ("__weakref__", "_callbacks", "_ended", "_reason")

    __reduce_ex__ = refuse_copies

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], object]] | None = []
        self._reason: str | None = None
        self._ended: Atom[Any] | None = None

    @property
    def aborted(self) -> bool:
        """Whether the run was superseded."""
        return self._callbacks is None

    @property
    def reason(self) -> str | None:
        """The reason in a few words; None while the signal is not aborted."""
        return self._reason

    def raise_if_aborted(self) -> None:
        """Raise Superseded if the signal is aborted."""
        if self._callbacks is None:
            raise Superseded(self._reason)

    def add_callback(self, callback: Callable[[], object]) -> None:
        """Call `callback()` on abort; at once if the signal is already aborted. May be called from any thread."""
        check_callable(callback, "add_callback", "callback", "")
        if self._callbacks is None:
            callback()
        else:
            self._callbacks.append(callback)

    async def wait(self) -> None:
        """Wait until the signal is aborted.

        Raises:
            RuntimeError: The run has ended, so the signal can no longer be aborted.
        """
        if not self.aborted:
            if self._ended is not None:
                raise RuntimeError(
                    f"signal.wait() was called after the run of {self._ended.name} that it belongs to had ended, so"
                    " that it would wait for ever; call it within the run"
                )
            await wait_for_call(self.add_callback)

    def _abort(self, reason: str) -> list[BaseException]:
        """Abort, call the callbacks, and return the errors that they raised. Later calls do nothing."""
        callbacks, self._callbacks = self._callbacks, None
        if callbacks is None:
            return []
        self._reason = reason
        errors: list[BaseException] = []
        for callback in callbacks:
            try:
                callback()
            except Exception as error:
                errors.append(error)
        return errors

    def _end(self, atom: Atom[Any]) -> None:
        """Called when the run has ended without being superseded; `atom` is the atom of the run."""
        self._ended = atom

    def __repr__(self) -> str:
        return f"<AbortSignal, aborted: {self._reason}>" if self.aborted else "<AbortSignal>"


def make_signal() -> Any:
    """Make a signal; called by the native module when a run reads its signal for the first time."""
    return AbortSignal()
