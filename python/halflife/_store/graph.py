"""The *graph* of a store: its atoms and their dependencies, with values, states and counts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from halflife._core import Atom
from halflife._errors import StoreClosedError
from halflife._support.reprs import abbreviated


@dataclass(frozen=True, slots=True, eq=False)
class GraphNode:
    """One atom in one store. `state` is unread, stale, value, error or loading; counts are since the start."""

    atom: Atom[Any]
    name: str
    kind: str
    state: str
    value: Any
    observed: bool
    runs: int
    subscribers: int
    inputs: tuple[Atom[Any], ...]

    def __repr__(self) -> str:
        return f"<GraphNode of {self.name}: {self.state}, {abbreviated(self.value)}>"


class Graph:
    """A snapshot of a store's atoms.

    Example:
        >>> from halflife import Store, atom, derived
        >>> count = atom(1, name="count")
        >>> double = derived(lambda get: get(count) * 2, name="double")
        >>> with Store() as store:
        ...     _ = store.get(double)
        ...     print(store.graph())
        count = 1
        double = 2 <- count
    """

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self.nodes = tuple(
            GraphNode(atom, atom.name, kind, state, value, observed, runs, subscribers, tuple(dict.fromkeys(inputs)))
            for atom, kind, state, value, observed, runs, subscribers, inputs in rows
        )
        self._number = {id(node.atom): number for number, node in enumerate(self.nodes)}

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, atom: Atom[Any]) -> GraphNode:
        """The node of an atom; KeyError if the store has none."""
        return self.nodes[self._number[id(atom)]]

    def _edges(self) -> list[tuple[int, int]]:
        return [
            (self._number[id(one)], number)
            for number, node in enumerate(self.nodes)
            for one in node.inputs
            if id(one) in self._number
        ]

    def mermaid(self) -> str:
        """The graph in Mermaid's language; inputs on the left."""
        lines = ["flowchart LR"]
        for number, node in enumerate(self.nodes):
            text = _mermaid_text(f"{node.name}: {_state(node)}")
            opening, closing = ("([", "])") if node.kind in ("source", "lazy") else ("[", "]")
            lines.append(f'    n{number}{opening}"{text}"{closing}')
        lines += [f"    n{one} --> n{other}" for one, other in self._edges()]
        return "\n".join(lines)

    def dot(self) -> str:
        """The graph in Graphviz's language."""
        lines = ["digraph store {", "    rankdir=LR;"]
        for number, node in enumerate(self.nodes):
            text = f"{node.name}: {_state(node)}".replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
            style = "solid" if node.observed else "dashed"
            lines.append(f'    n{number} [label="{text}", style={style}];')
        lines += [f"    n{one} -> n{other};" for one, other in self._edges()]
        return "\n".join([*lines, "}"])

    def __str__(self) -> str:
        lines = []
        for node in self.nodes:
            inputs = ", ".join(one.name for one in node.inputs)
            lines.append(f"{node.name} = {_state(node)}" + (f" <- {inputs}" if inputs else ""))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Graph of {len(self.nodes)} atoms>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/vnd.mermaid": self.mermaid()}


def _state(node: GraphNode) -> str:
    if node.state in ("value", "error"):
        return abbreviated(node.value, 40)
    return node.state


def _mermaid_text(text: str) -> str:
    replaced = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"}
    return "".join(replaced.get(letter, letter) for letter in text.replace("\n", " "))


def counts_of(store: Any) -> tuple[int, int, int] | None:
    """The numbers of atoms, of observed and of pending ones; None if another thread might change them meanwhile."""
    home = store._driver.home
    if home.is_nowhere():
        return 0, 0, 0
    if not home.is_here():
        return None
    with suppress(StoreClosedError, RuntimeError):  # Another task may have a batch open.
        rows = store._snapshot()
        return len(rows), sum(row[4] for row in rows), sum(row[2] == "loading" for row in rows)
    return None
