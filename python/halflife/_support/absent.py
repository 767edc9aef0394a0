"""*Absent* marks data that has not arrived yet, or is gone: the base of layers that wait for it.

`None` cannot mark it, because `None` is data like any other.
"""

import enum
from typing import Final, Literal, TypeAlias


class Absent(enum.Enum):
    """The type of `ABSENT`: an enum of one member, so that type checkers can narrow on `is ABSENT`."""

    ABSENT = "ABSENT"

    def __repr__(self) -> str:
        return "ABSENT"

    __str__ = __repr__


ABSENT: Final = Absent.ABSENT
AbsentType: TypeAlias = Literal[Absent.ABSENT]
