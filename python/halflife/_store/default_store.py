"""The *default store* is the store of programs that need only one."""

from __future__ import annotations

from halflife._store.store import Store

_default: Store | None = None


def default_store() -> Store:
    """The store of programs that need only one; made on first use, and again after it was closed.

    Example:
        >>> from halflife import atom, default_store
        >>> count = atom(1)
        >>> default_store().get(count)
        1
    """
    global _default  # noqa: PLW0603 - that is what a default is
    if _default is None or _default.closed:
        _default = Store(name="default")
    return _default
