"""A *focus* finds a part of a value: the function of a lens, or the row of an item of a split.

Pending layers hold focuses within their recipes, so the focus of a lens holds the lens and its root only weakly.
"""

from collections.abc import Callable
from typing import Any, Protocol
from weakref import ref

from halflife._core import Atom
from halflife._errors import LensError


class Focus(Protocol):
    """Finds a part of a value. Its `str` is its name in messages."""

    def part_of(self, value: Any) -> Any:
        """The part of a value, or a draft of the part of a draft; raises LensError."""


class LensFocus:
    """The focus of a lens: a function."""

    __slots__ = ("_find", "_lens", "_root")

    def __init__(self, find: Callable[[Any], Any], root: Atom[Any]) -> None:
        self._find = find
        self._root = ref(root)
        self._lens: ref[Atom[Any]] | None = None

    def belongs_to(self, lens: Atom[Any]) -> None:
        """Name the lens in messages; called once, when the lens is made."""
        self._lens = ref(lens)

    def __str__(self) -> str:
        lens = self._lens() if self._lens is not None else None
        return lens.name if lens is not None else f"a lens of {self._root_name()}"

    def _root_name(self) -> str:
        root = self._root()
        return root.name if root is not None else "an atom"

    def part_of(self, value: Any) -> Any:
        """The part of a value, or a draft of the part of a draft."""
        try:
            return self._find(value)
        except RecursionError:
            raise  # The graph unwinds the stack and evaluates the inputs first.
        except Exception as error:
            raise LensError(
                f"{self} does not find its part of {self._root_name()}: {type(error).__name__}: {error}"
            ) from error
