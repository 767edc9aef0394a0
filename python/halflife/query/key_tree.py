"""A *key tree* finds the values of all keys that begin with certain parts, at the cost of what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from halflife.query.keys import KeyPart, QueryKey

V = TypeVar("V")


class _Node(Generic[V]):
    """The keys that begin with the parts on the path to this node."""

    __slots__ = ("below", "values")

    def __init__(self) -> None:
        self.below: dict[KeyPart, _Node[V]] = {}
        #: The value of the key that ends here; a list of one, or empty.
        self.values: list[V] = []


class KeyTree(Generic[V]):
    """Values by key."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root: _Node[V] = _Node()

    def add(self, key: QueryKey, value: V) -> None:
        """Set the value of a key."""
        node = self._root
        for part in key.parts:
            node = node.below.setdefault(part, _Node())
        node.values = [value]

    def remove(self, key: QueryKey) -> None:
        """Remove a key; harmless if it is not there."""
        path = [self._root]
        for part in key.parts:
            following = path[-1].below.get(part)
            if following is None:
                return
            path.append(following)
        path[-1].values = []
        for part in reversed(key.parts):
            node = path.pop()
            if node.values or node.below:
                return
            del path[-1].below[part]

    def below(self, prefix: QueryKey) -> Iterator[V]:
        """The values of the keys that begin with the parts of `prefix`, in the order in which they were added."""
        node = self._root
        for part in prefix.parts:
            following = node.below.get(part)
            if following is None:
                return
            node = following
        waiting = [node]
        while waiting:
            node = waiting.pop()
            yield from node.values
            waiting.extend(reversed(node.below.values()))

    def along(self, key: QueryKey) -> Iterator[V]:
        """The values of the keys that are a prefix of `key`, the shortest first."""
        node = self._root
        yield from node.values
        for part in key.parts:
            following = node.below.get(part)
            if following is None:
                return
            node = following
            yield from node.values
