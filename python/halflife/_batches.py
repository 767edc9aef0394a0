"""A *batch* is a with block of sets that take effect together, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from halflife._core import Atom
    from halflife._store import Store

R = TypeVar("R")


class Batch:
    """The with block of `Store.batch()`."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store._begin_batch()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._store._commit_batch()
        else:
            self._store._abort_batch()


def quiet_batch(store: Store, change: Callable[[], R], atom: Atom[Any] | None = None) -> R:
    """Change atoms in one batch. What subscribers raise is reported, because the caller is not who could handle it."""
    store._begin_batch()
    try:
        result = change()
    except BaseException:
        store._abort_batch()
        raise
    try:
        store._commit_batch()
    except Exception as error:
        store._report(error, atom)
    return result
