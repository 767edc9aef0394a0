"""A *row* is an item of a list as a recipe finds it in the draft of the list.

Recipes run again when an earlier edit is rolled back, and that moves rows. So a recipe finds its row by key or value,
and does not rely on the position that the item had when the recipe was made.
"""

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, Generic, TypeVar, final

from halflife._atoms.split_reconciler import KeyedItems
from halflife._core import check_not_edited, is_draft, original, same_deep
from halflife._errors import LensError
from halflife._support.typed_key import TypedKey

T = TypeVar("T")
Recipe = Callable[[Any], Any]


@final
class Row(Generic[T]):
    """The focus of an item: finds the item's row in the list, or in a draft of it.

    With keys, it is the row with the item's key. Without keys, it is the nearest row with the item's value; if no row
    has that value and the number of rows is unchanged, it is the row at the item's position. `split` matches items to
    values by the same rule.
    """

    __slots__ = ("_count", "_key", "_key_of", "_name", "_position", "_value")

    def __init__(
        self,
        name: str,
        key: TypedKey | None,
        key_of: Callable[[Any], TypedKey | None],
        at: KeyedItems[T],
        position: int,
    ) -> None:
        self._name = name
        self._key = key
        self._key_of = key_of
        self._position = position
        self._value = at.values[position]
        self._count = len(at.values)

    def __str__(self) -> str:
        return self._name

    def find(self, rows: Sequence[Any]) -> int | None:
        """The position of the row, None if it is not in the list."""
        if self._key is not None:
            return _nearest(rows, self._position, lambda row: self._key_of(row) == self._key)
        position = _nearest(rows, self._position, lambda row: same_deep(_plain(row), self._value))
        return self._position if position is None and len(rows) == self._count else position

    def part_of(self, value: Any) -> Any:
        """The row of a list, or a draft of the row of a draft."""
        position = self.find(value)
        if position is None:
            raise LensError(f"{self} is no longer in the list")
        return value[position]


@final
class Gap(Generic[T]):
    """The position before an item; if the item is gone, before the next item that is still there, or the end.

    The item is found as a `Row` is. `moved`: the old position of the row that moves to the gap; the list that `find`
    gets does not contain that row.
    """

    __slots__ = ("_at", "_count", "_expected", "_key_of", "_position")

    def __init__(
        self,
        key_of: Callable[[Any], TypedKey | None],
        at: KeyedItems[T],
        position: int,
        moved: int | None = None,
    ) -> None:
        self._key_of = key_of
        self._at = at
        self._position = position
        self._expected = position - (moved is not None and moved < position)
        self._count = len(at.values) - (moved is not None)

    def find(self, rows: Sequence[Any]) -> int:
        """The position at which to insert."""
        at = self._at
        if self._position == len(at.values):
            return len(rows)
        items = at.items[self._position :]
        key, expected = items[0].item_id.key, self._expected
        if key is not None and expected < len(rows) and self._key_of(rows[expected]) == key:
            return expected  # The usual case; does not compute the keys of the other rows.
        keys = {self._key_of(row): position for position, row in enumerate(rows)} if key is not None else {}
        for offset, item in enumerate(items):
            found = keys.get(item.item_id.key) if key is not None else self._nearest_value(rows, offset)
            if found is not None:
                return found
            if key is None and offset == 0 and len(rows) == self._count:
                return expected
        return len(rows)

    def _nearest_value(self, rows: Sequence[Any], offset: int) -> int | None:
        value = self._at.values[self._position + offset]
        return _nearest(rows, self._expected + offset, lambda row: same_deep(_plain(row), value))


def on_rows(operation: Callable[[Any], None]) -> Recipe:
    """A recipe for a list or a tuple, made from an operation on a list."""

    def edit(rows: Any) -> Any:
        if not isinstance(rows, tuple):
            operation(rows)
            return None
        changed = list(rows)
        operation(changed)
        if len(changed) == len(rows) and all(map(is_, changed, rows)):
            return None
        return tuple(changed)

    return edit


def putting_row(row: Row[T], value: T) -> Recipe:
    """A recipe for the list that replaces a row."""

    def put(rows: Any) -> None:
        rows[_position(row, rows)] = value

    return on_rows(put)


def editing_row(row: Row[Any], recipe: Recipe) -> Recipe:
    """A recipe for the list that edits a row; the return value of `recipe` counts as in `produce`."""

    def edit(rows: Any) -> None:
        position = _position(row, rows)
        part = rows[position]
        result = recipe(part)
        if result is None or result is part:
            return
        check_not_edited(part, row, result)
        rows[position] = result

    return on_rows(edit)


def inserting_row(gap: Gap[T], value: T) -> Recipe:
    """A recipe for the list that inserts a new row at a gap."""

    def insert(rows: Any) -> None:
        position = gap.find(rows)
        if position == len(rows):
            rows.append(value)
        else:
            rows.insert(position, value)

    return on_rows(insert)


def appending_row(value: object) -> Recipe:
    """A recipe for the list that appends a new row; it reads no other row."""

    def append(rows: Any) -> None:
        rows.append(value)

    return on_rows(append)


def removing_row(row: Row[Any]) -> Recipe:
    """A recipe for the list that removes a row, if it is there."""

    def remove(rows: Any) -> None:
        position = row.find(rows)
        if position is not None:
            del rows[position]

    return on_rows(remove)


def moving_row(row: Row[T], gap: Gap[T]) -> Recipe:
    """A recipe for the list that moves a row to a gap, if the row is there."""

    def move(rows: Any) -> None:
        position = row.find(rows)
        if position is not None:
            value = rows.pop(position)
            rows.insert(gap.find(rows), value)

    return on_rows(move)


def _position(row: Row[Any], rows: Any) -> int:
    position = row.find(rows)
    if position is None:
        raise LensError(f"{row} is no longer in the list")
    return position


def _nearest(rows: Sequence[Any], expected: int, is_it: Callable[[Any], bool]) -> int | None:
    """The position of the row that satisfies `is_it` and is nearest to the expected position."""
    for distance in range(max(expected + 1, len(rows) - expected)):
        for position in (expected - distance, expected + distance) if distance else (expected,):
            if 0 <= position < len(rows) and is_it(rows[position]):
                return position
    return None


def _plain(row: Any) -> Any:
    return original(row) if is_draft(row) else row
