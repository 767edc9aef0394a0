"""A *memo* remembers, on an atom, the atoms that were made from it with the same arguments.

So `select(user, name_of)` gives the same atom at every call. A memo is stored on the atom and freed with it. It holds
the most recently used atoms strongly, and older ones weakly, so that a new lambda at every call cannot fill the memory.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, TypeVar, cast
from weakref import WeakValueDictionary

from halflife._core import Atom

_AnyAtom = TypeVar("_AnyAtom", bound=Atom[Any])

#: The number of atoms that one memo holds strongly.
KEPT = 128

_MEMO_KEY = "halflife.memos"


class _Memo:
    """The atoms made from one atom, by their arguments."""

    __slots__ = ("kept", "made")

    def __init__(self) -> None:
        # Every atom made and still alive.
        self.made: WeakValueDictionary[Hashable, Atom[Any]] = WeakValueDictionary()
        # The most recently used atoms, oldest first; held strongly.
        self.kept: OrderedDict[Hashable, Atom[Any]] = OrderedDict()


def remember(source: Atom[Any], key: Hashable, make: Callable[[], _AnyAtom]) -> _AnyAtom:
    """The atom for `source` and `key`; `make` makes it at the first call.

    Atoms are shared by threads, so each step is one atomic operation and of two atoms made at the same
    time the first one is returned to both. An unhashable `key` is not remembered.
    """
    memo = source._memo(_MEMO_KEY, _Memo)
    try:
        found = memo.kept.get(key)
    except TypeError:
        return make()
    if found is None:
        found = memo.made.get(key)
        if found is None:
            found = memo.made.setdefault(key, make())
        memo.kept[key] = found
    with suppress(KeyError):  # Another thread may have just dropped the same entry.
        memo.kept.move_to_end(key)
        while len(memo.kept) > KEPT:
            memo.kept.popitem(last=False)
    return cast(_AnyAtom, found)
