"""Objects that belong to a running task or a store cannot be pickled or copied: handles, layers, signals."""

from typing import NoReturn, SupportsIndex


def refuse_copies(self: object, protocol: SupportsIndex, /) -> NoReturn:
    """The `__reduce_ex__` of such a class. Without it, copies of handles report errors of their own.

    Raises:
        TypeError: always.
    """
    raise TypeError(
        f"a {type(self).__name__} cannot be pickled or copied, because it takes part in what is under way in this"
        " process; pickle or copy the values themselves"
    )
