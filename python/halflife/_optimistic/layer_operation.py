"""A *layer operation* changes the layers of an atom; it is set on the atom in the place of a value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from halflife._core import LayerLog

R = TypeVar("R")


@final
@dataclass(frozen=True, slots=True, eq=False)
class LayerOperation(Generic[R]):
    """A function of the layers. A target sets it on its atom, whose write calls `apply` with the log."""

    apply: Callable[[LayerLog], R]
    #: Whether it may confirm an edit, which makes answers of earlier requests outdated.
    confirms: bool
