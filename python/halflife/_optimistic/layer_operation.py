"""A *layer operation* changes the layers of an atom; it is set on the atom in the place of a value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from halflife._core import LayerLog

R = TypeVar("R")


@final
@dataclass(frozen=True, slots=True, eq=False)
class LayerOperation(Generic[R]):
    """What a target sets on its atom. The atom's write makes the log, and calls `apply` with it."""

    apply: Callable[[LayerLog], R]
    #: Whether it may confirm an edit, which makes answers of earlier requests outdated.
    confirms: bool
