"""A *hold* keeps the runs of an atom from starting until the sagas over its data have ended.

A saga changes the data at the server at some moment before it ends. What is fetched while one is running may
lack its edit and would have to be fetched once more at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from halflife._core import Atom, Run
from halflife._drivers.protocol import RunningSaga, StoreLike


class Holds:
    """The running sagas of one store by the data they edit, and the runs that wait for their end."""

    __slots__ = ("_counts", "_held", "_runs", "_sagas")

    def __init__(self) -> None:
        #: The async atom whose data each running saga edits.
        self._sagas: dict[RunningSaga, Atom[Any]] = {}
        #: How many sagas edit the data of an atom.
        self._counts: dict[Atom[Any], int] = {}
        #: Atoms whose runs must not start.
        self._held: set[Atom[Any]] = set()
        #: The runs of those, as far as the graph has begun them, in the order in which it did.
        self._runs: dict[Atom[Any], Run] = {}

    def saga_begins(self, saga: RunningSaga, fetched: Atom[Any]) -> None:
        """A saga over the data of an async atom starts."""
        self._sagas[saga] = fetched
        self._counts[fetched] = self._counts.get(fetched, 0) + 1

    def saga_ends(self, saga: RunningSaga, chain: Callable[[Atom[Any]], Iterable[Atom[Any]]]) -> list[Run]:
        """A saga has ended; gives the runs that need not wait any longer. Repeating it changes nothing.

        Args:
            saga: what `saga_begins` was given.
            chain: gives an async atom and all that it is computed from.
        """
        fetched = self._sagas.pop(saga, None)
        if fetched is None:
            return []
        self._counts[fetched] -= 1
        if self._counts[fetched] > 0:
            return []
        del self._counts[fetched]
        if not self._held:
            return []
        self._held &= self.edited(chain)
        return [self._runs.pop(atom) for atom in list(self._runs) if atom not in self._held]

    def edits(self, fetched: Atom[Any]) -> bool:
        """Whether a running saga edits the data of this very atom."""
        return fetched in self._counts

    def edited(self, chain: Callable[[Atom[Any]], Iterable[Atom[Any]]]) -> set[Atom[Any]]:
        """All atoms that the data which running sagas edit is computed from."""
        return {atom for fetched in self._counts for atom in chain(fetched)}

    def hold(self, atoms: Iterable[Atom[Any]]) -> None:
        """Runs of these atoms wait from now on."""
        self._held.update(atoms)

    def keeps(self, run: Run) -> bool:
        """Whether a run that the graph has begun has to wait."""
        if run.atom not in self._held:
            return False
        self._runs[run.atom] = run
        return True

    def drop(self, run: Run) -> None:
        """The run was superseded."""
        if self._runs.get(run.atom) is run:
            del self._runs[run.atom]

    def behind(self, task: object) -> list[Atom[Any]]:
        """The atoms whose runs wait for the saga that this task runs, maybe with others."""
        if not self._runs or not any(saga.task is task for saga in self._sagas):
            return []
        return list(self._runs)

    def release(self, atom: Atom[Any]) -> Run | None:
        """The run of an atom that waits for a saga, which need not wait any longer."""
        return self._runs.pop(atom, None)

    def clear(self) -> list[Run]:
        """The loop of the sagas is gone: forget them, and give the runs that waited."""
        runs = list(self._runs.values())
        for kept in (self._sagas, self._counts, self._held, self._runs):
            kept.clear()
        return runs


def atoms_below(store: StoreLike, fetched: Atom[Any]) -> list[Atom[Any]]:
    """An async atom and all atoms that its value is computed from, as far as they are still alive."""
    return [atom for atom, *_ in store._chain(fetched) if atom is not None]
