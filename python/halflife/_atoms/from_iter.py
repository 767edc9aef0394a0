"""An *iterator atom* has the newest value of an async iterator: of a websocket, a queue, an observable.

The iterator runs only while the atom is observed, and is closed when the atom is no longer observed.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any, TypeVar

from halflife import _core
from halflife._core import AsyncValue, Atom, leave_frames
from halflife._errors import StoreClosedError
from halflife._support.checks import called_name, check_callable
from halflife._support.internal_atoms import inner_source, part_name
from halflife._support.outcome import Outcome
from halflife._types import Getter, SelfSetter

T = TypeVar("T")
F = TypeVar("F")


def from_iter(
    make_async_iterator: Callable[[], AsyncIterable[T]], *, initial: F, name: str | None = None
) -> Atom[T | F]:
    """An atom that has the newest value of an async iterator while it is observed.

    The iterator is made when the atom becomes observed, and closed when the atom is no longer observed; the next time
    a new iterator is made. In between, reads give the last value. When the iterator ends, its last value stays. When
    the iterator raises, reads raise that error until another iterator gives a value.

    Args:
        make_async_iterator: a function without arguments that returns an async iterator, such as an async generator
            function.
        initial: the value before the first value of the iterator.
        name: shown in errors and graphs; the name of the function by default.

    Raises:
        TypeError: `make_async_iterator` is not callable; or, on a read, it has returned no async iterator.
        NoEventLoopError: no event loop is running when the atom becomes observed.

    Example:
        >>> async def ticks():
        ...     async for message in websocket:
        ...         yield message
        >>> last_tick = from_iter(ticks, initial=None)
    """
    check_callable(make_async_iterator, "from_iter", "make_async_iterator", "", may_be="stream")
    state = inner_source(Outcome(initial), "newest of an iterator", name=part_name(name, "newest"))

    def read(get: Getter) -> T | F:
        outcome: Outcome[T | F] = get(state)
        return outcome.get()

    def on_mount(set: SelfSetter) -> Callable[[], None]:
        feed = _Feed(set.store, state, make_async_iterator)
        feeding = feed.run()
        try:
            task = set.store._driver.spawn(feeding, name="halflife iterator")
        except BaseException:
            feeding.close()  # Without this, Python warns that the coroutine was never awaited.
            raise

        def stop() -> None:
            feed.active = False
            task.cancel()

        return stop

    read.__name__ = called_name(make_async_iterator, "<lambda>")
    return _core.make(Atom, "derived", read, name=name, on_mount=on_mount)


class _Feed:
    """One iterator that feeds one store while the atom is observed."""

    def __init__(self, store: Any, state: Atom[Any], make_async_iterator: Callable[[], AsyncIterable[Any]]) -> None:
        self._store = store
        self._state = state
        self._make = make_async_iterator
        #: False when the atom is no longer observed: values of an iterator that is slow to end are dropped.
        self.active = True

    async def run(self) -> None:
        """Set each value until the iterator ends, fails or is no longer wanted; then close the iterator."""
        iterator: AsyncIterator[Any] | None = None
        try:
            iterator = _iterator_of(self._make())
            async for value in iterator:
                if not self.active:
                    return
                self._show(Outcome(value))
        except Exception as error:
            # The error is kept, and the frames of its traceback hold the store, the atom and the iterator's locals.
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            leave_frames(error)
            self._show(Outcome.failed(error))
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()

    def _show(self, outcome: Outcome[Any]) -> None:
        if not self.active:
            return
        try:
            self._store.set(self._state, outcome)
        except StoreClosedError:
            self.active = False
        except Exception as error:  # The error of a subscriber does not end the iterator.
            self._store._report(error, self._state)


def _iterator_of(made: object) -> AsyncIterator[Any]:
    if isinstance(made, AsyncIterable) and not isinstance(made, (Atom, AsyncValue)):
        return aiter(made)
    close = getattr(made, "close", None)
    if close is not None:
        close()  # A coroutine: the function was meant to be an async generator.
    raise TypeError(
        "from_iter: make_async_iterator must give an async iterator (an async def that yields), got "
        f"{type(made).__name__}"
    )
