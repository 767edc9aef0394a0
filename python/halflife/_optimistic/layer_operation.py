"""A *layer operation* changes the layers of an atom; it is set on the atom in the place of a value."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from halflife._core import LayerLog

R = TypeVar("R")


class OperationKind(enum.Enum):
    """What an operation means to the source of the data below the layers."""

    #: Applies or rolls back layers: apply, rollback, rollback_all.
    EDIT = "edit"
    #: May confirm an edit: commit, commit_all, update, set.
    CONFIRM = "confirm"
    #: Puts other data below the layers: set_base.
    SET_BASE = "set_base"
    #: Edits the data below the layers: edit_base.
    EDIT_BASE = "edit_base"


@final
@dataclass(frozen=True, slots=True, eq=False)
class LayerOperation(Generic[R]):
    """A function of the layers. A target sets it on its atom, whose write calls `apply` with the log."""

    apply: Callable[[LayerLog], R]
    kind: OperationKind

    @property
    def confirms(self) -> bool:
        """Whether the operation changes confirmed data, which makes answers of earlier requests outdated."""
        return self.kind is not OperationKind.EDIT
