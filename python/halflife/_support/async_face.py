"""An *async face* is the async atom beside an atom that shows the state of something that loads.

Utilities that wait for data (`initial_from`) use the async face of such an atom, because its own value is a state.
"""

from typing import Any, Protocol, runtime_checkable

from halflife._core import Atom


@runtime_checkable
class HasAsyncFace(Protocol):
    """An atom with an async face, such as a query."""

    @property
    def loaded(self) -> Atom[Any]: ...


def async_face(a: Atom[Any]) -> Atom[Any]:
    """The async face of an atom; the atom itself if it has none."""
    return a.loaded if isinstance(a, HasAsyncFace) else a
