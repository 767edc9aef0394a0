"""A *memo* remembers, on an atom, the atoms that were made from it with the same arguments.

So `select(user, name_of)` is one atom however often it is written. A memo lives on the atom and dies
with it. It keeps the atoms used last; older ones stay known only while somebody else holds them, so
that a fresh lambda on every call cannot fill the memory.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, TypeVar, cast
from weakref import WeakValueDictionary

from halflife._core import Atom

_AnyAtom = TypeVar("_AnyAtom", bound=Atom[Any])

#: How many atoms one memo keeps alive by itself.
KEPT = 128

_MEMO_KEY = "halflife.memos"


class _Memo:
    """The atoms made from one atom, by their arguments."""

    __slots__ = ("kept", "made")

    def __init__(self) -> None:
        # Every atom made and still alive.
        self.made: WeakValueDictionary[Hashable, Atom[Any]] = WeakValueDictionary()
        # The ones used last, oldest first; this is what keeps them alive.
        self.kept: OrderedDict[Hashable, Atom[Any]] = OrderedDict()


def remember(source: Atom[Any], key: Hashable, make: Callable[[], _AnyAtom]) -> _AnyAtom:
    """The atom that `make` made for `source` and `key` before, or makes now.

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
