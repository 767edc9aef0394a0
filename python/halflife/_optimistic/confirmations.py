"""A *confirmation* means that the server has accepted an edit. Answers to requests made before may lack the edit.

Such requests are repeated: those of the async atom whose data was edited, and those of all async atoms that it is
computed from, because an outdated answer may arrive at any of them. While none of these atoms is being fetched,
nothing is repeated: there is no answer under way that could lack the edit.
"""

from collections.abc import Callable
from operator import is_
from typing import Any, NamedTuple

from halflife import _core
from halflife._core import Atom
from halflife._drivers.protocol import StoreLike
from halflife._support.memoize import remember


class _Link(NamedTuple):
    """An atom that the data is computed from; one row of `StoreLike._chain`."""

    #: None if the atom was garbage collected.
    atom: Atom[Any] | None
    #: When the run that gave the value, and the newest run, made their requests; None if there is no such run.
    answered: int | None
    asked: int | None
    #: Whether a newer value is being fetched or computed, and whether one has to be.
    is_under_way: bool
    is_pending: bool
    #: The indexes of the rows of its inputs.
    inputs: list[int]


def ask_again(store: StoreLike, fetched: Atom[Any], since: int) -> None:
    """Repeat the requests made before `since` that the next value of `fetched` will be computed from."""
    if not store._driver.is_ready():
        return
    links = _chain(store, fetched)
    waiting = [index for index, link in enumerate(links) if link.is_under_way]
    _repeat(store, fetched, [links[index] for index in _with_inputs(links, waiting)], since)


def ask_all_again(store: StoreLike, fetched: Atom[Any], since: int) -> None:
    """Repeat all requests made before `since` that the value of `fetched` was computed from."""
    if store._driver.is_ready():
        _repeat(store, fetched, _chain(store, fetched), since)


def answered_before(store: StoreLike, fetched: Atom[Any], since: int) -> list[Atom[Any]]:
    """The atoms with answers to requests made before `since` that the value of `fetched` may be computed from.

    They include pending atoms: a view shows the last data of a pending atom, which comes from older inputs.
    """
    return [
        link.atom
        for link in _chain(store, fetched)
        if link.atom is not None and (link.is_pending or (link.answered is not None and link.answered < since))
    ]


def answers(atom: Atom[Any]) -> Atom[Any]:
    """A loadable of the atom that changes with every answer, even an equal one."""
    make: Callable[[], Atom[Any]] = lambda: _core.make(Atom, "loadable", atom, equals=is_)  # noqa: E731
    return remember(atom, "answers", make)


def _chain(store: StoreLike, fetched: Atom[Any]) -> list[_Link]:
    return [_Link(*row) for row in store._chain(fetched)]


def _with_inputs(links: list[_Link], indexes: list[int]) -> list[int]:
    """The indexes of links and of all their inputs, dependents before their inputs."""
    found = dict.fromkeys(indexes)
    waiting = list(found)
    while waiting:
        for index in links[waiting.pop()].inputs:
            if index not in found:
                found[index] = None
                waiting.append(index)
    return sorted(found)


def _repeat(store: StoreLike, fetched: Atom[Any], links: list[_Link], since: int) -> None:
    # A run that has not taken its first step is left alone: it makes its request after the confirmation.
    atoms = [link.atom for link in links if link.atom is not None and link.asked is not None and link.asked < since]
    if not atoms:
        return
    store._driver.hold(atoms, fetched)
    with store.batch():
        for atom in atoms:
            store.refresh(atom)
