"""A *hold* keeps the runs of an atom from starting until the sagas over its data have ended.

A saga changes the data at the server at some moment before it ends. Data that is fetched while the saga is running
may lack its edit, and would have to be fetched again at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from halflife._core import Atom, Run
from halflife._drivers.protocol import RunningSaga, StoreLike


class Holds:
    """The running sagas of one store by the data they edit, and the runs that wait for their end."""

    __slots__ = ("_counts", "_held", "_running", "_runs", "_sagas")

    def __init__(self) -> None:
        self._running: set[RunningSaga] = set()
        #: The async atom whose data each running saga edits. Others edit data that is not fetched by an atom.
        self._sagas: dict[RunningSaga, Atom[Any]] = {}
        #: The number of running sagas that edit the data of an atom.
        self._counts: dict[Atom[Any], int] = {}
        #: Atoms whose runs must not start.
        self._held: set[Atom[Any]] = set()
        #: The runs of these atoms that the graph has begun, in order.
        self._runs: dict[Atom[Any], Run] = {}

    def saga_begins(self, saga: RunningSaga, fetched: Atom[Any] | None) -> None:
        """Called when a saga starts. `fetched`: the async atom whose data it edits, if there is one."""
        self._running.add(saga)
        if fetched is None:
            return
        self._sagas[saga] = fetched
        self._counts[fetched] = self._counts.get(fetched, 0) + 1

    def saga_ends(self, saga: RunningSaga, chain: Callable[[Atom[Any]], Iterable[Atom[Any]]]) -> list[Run]:
        """Called when a saga has ended; returns the runs that need not wait any longer. Later calls do nothing.

        Args:
            saga: the same object as for `saga_begins`.
            chain: returns an async atom and all atoms that it is computed from.
        """
        self._running.discard(saga)
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
        """Whether a running saga edits the data of this atom."""
        return fetched in self._counts

    def edited(self, chain: Callable[[Atom[Any]], Iterable[Atom[Any]]]) -> set[Atom[Any]]:
        """The atoms from which the data that running sagas edit is computed."""
        return {atom for fetched in self._counts for atom in chain(fetched)}

    def hold(self, atoms: Iterable[Atom[Any]]) -> None:
        """Let runs of these atoms wait from now on."""
        self._held.update(atoms)

    def keeps(self, run: Run) -> bool:
        """Whether a run that the graph has begun must wait; if so, it is kept."""
        if run.atom not in self._held:
            return False
        self._runs[run.atom] = run
        return True

    def drop(self, run: Run) -> None:
        """Forget a run that was superseded."""
        if self._runs.get(run.atom) is run:
            del self._runs[run.atom]

    def behind(self, task: object) -> list[Atom[Any]]:
        """The atoms whose runs wait for the saga that this task runs; they may wait for other sagas too."""
        if not self._runs or not any(saga.task is task for saga in self._sagas):
            return []
        return list(self._runs)

    def release(self, atom: Atom[Any]) -> Run | None:
        """Release the held run of an atom, and return it."""
        return self._runs.pop(atom, None)

    def end_lost(self, store: StoreLike | None = None) -> None:  # noqa: ARG002 - called with the store by `soon`
        """End the sagas whose loop was closed: their tasks take no further step."""
        for saga in list(self._running):
            if saga.task is None or saga.task.get_loop().is_closed():
                self._running.discard(saga)
                saga.lost()

    def clear(self) -> list[Run]:
        """Called when the loop of the sagas was closed: forget them, and return the runs that waited."""
        runs = list(self._runs.values())
        for kept in (self._sagas, self._counts, self._held, self._runs):
            kept.clear()
        return runs


def atoms_below(store: StoreLike, fetched: Atom[Any]) -> list[Atom[Any]]:
    """An async atom and all atoms that its value is computed from, without those that were garbage collected."""
    return [atom for atom, *_ in store._chain(fetched) if atom is not None]
