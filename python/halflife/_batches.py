"""A *batch* is a with block of sets that take effect together, or not at all."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halflife._store import Store


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
