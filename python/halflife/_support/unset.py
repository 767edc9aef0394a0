"""*Unset* marks a value that was not set yet. `None` cannot, because `None` is a value like any other."""

import enum
from typing import Final, Literal, TypeAlias


class Unset(enum.Enum):
    """The type of `UNSET`: an enum of one member, so that type checkers can narrow on `is UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
UnsetType: TypeAlias = Literal[Unset.UNSET]
