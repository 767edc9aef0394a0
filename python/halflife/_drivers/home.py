"""The *home* of a store is the thread that may call it, and the event loop on which it runs."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable

from halflife._errors import NoEventLoopError, WrongThreadError


class Home:
    """The thread and the event loop of one store. It has none until it is made in a running loop, entered or used."""

    __slots__ = ("_ident", "_is_foreign", "_loop", "_noted", "_shown_store", "_thread", "_thread_name")

    def __init__(self, shown_store: Callable[[], str]) -> None:
        self._shown_store = shown_store
        self._thread: weakref.ref[threading.Thread] | None = None
        self._ident = 0
        self._thread_name = ""
        self._is_foreign = False
        # The loop of the store's runs, and the one in which the store was made, entered or used last.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._noted: asyncio.AbstractEventLoop | None = None

    # --- the thread

    def claim_thread(self) -> None:
        """Make this thread the store's."""
        thread = threading.current_thread()
        self._thread = weakref.ref(thread)
        self._ident = threading.get_ident()
        self._thread_name = thread.name
        self._is_foreign = _is_foreign(thread)

    def is_nowhere(self) -> bool:
        """Whether the store has no thread yet."""
        return self._thread is None

    def is_here(self) -> bool:
        """Whether this is the store's thread. Idents do not tell, because Python reuses those of ended threads."""
        if self._thread is None or self._ident != threading.get_ident():
            return False
        thread = threading.current_thread()
        return self._thread() is thread or (self._is_foreign and _is_foreign(thread))

    def wrong_thread(self) -> WrongThreadError:
        """The error of a call from another thread."""
        return WrongThreadError(
            f"{self._shown_store()} belongs to thread {self._thread_name!r} and was called from thread"
            f" {threading.current_thread().name!r}; from there use store.post(atom, value) or store.call(fn, *args)"
        )

    # --- the loop

    def note_loop(self) -> None:
        """Remember the running loop, for calls before the first run and after the loop of the runs was closed."""
        try:
            self._noted = asyncio.get_running_loop()
        except RuntimeError:
            return

    def leave(self) -> None:
        """Called when the store was closed: keep no loop alive."""
        self._loop = self._noted = None

    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop of the store's runs if it is open, else the remembered loop if that is open."""
        for loop in (self._loop, self._noted):
            if loop is not None and not loop.is_closed():
                return loop
        return None

    def is_loop(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether the store's runs run on this loop."""
        return self._loop is loop

    def has_lost_loop(self) -> bool:
        """Whether the loop of the store's runs was closed."""
        return self._loop is not None and self._loop.is_closed()

    def take(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called when a run starts on this loop: the store belongs to the loop until the loop is closed.

        Raises:
            NoEventLoopError: The store belongs to another loop that is still open.
        """
        if self._loop is not None and not self._loop.is_closed():
            raise NoEventLoopError(
                f"{self._shown_store()} runs on another event loop that is still open; a store has one loop at a"
                " time: make a store per loop, or use store.post() and store.call() from there"
            )
        self._loop = loop


def _is_foreign(thread: threading.Thread) -> bool:
    """Whether Python has not started the thread; `current_thread` may then return another object at each call."""
    return isinstance(thread, threading._DummyThread)
