"""A *report* tells of an error that has no caller: it calls the store's `on_error`, or writes one log record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from halflife._core import Atom
from halflife._events import is_of_subscribers

logger = logging.getLogger("halflife")


def warn(message: str) -> None:
    """Write one log record at WARNING."""
    logger.warning(message)


def report(error: BaseException, atom: Atom[Any] | None, on_error: Callable[[BaseException], object] | None) -> None:
    """Report an error; of the group of errors that subscribers raised, each by itself."""
    if isinstance(error, ExceptionGroup) and is_of_subscribers(error):
        for one in error.exceptions:
            report(one, atom, on_error)
    elif on_error is not None:
        try:
            on_error(error)
        except Exception:
            logger.exception("the store's on_error failed on %r", error)
    else:
        where = f" in {atom.name}" if atom is not None else ""
        logger.error("unhandled error%s: %r", where, error, exc_info=error)
