"""A naive *model* of the graph that checks a store and records objections.

The model has no heights, queues or back-links: it computes each value from the sources. The machine reports every
read, run, notification and mount as it happens. The model checks the values received, the reason of each run, and
the values and the order of notifications. It collects `objections` instead of raising, since an error raised
inside a read would become the atom's value.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Outcome = tuple[str, Any]  # ("value", value) or ("error", error)


class BoomError(Exception):
    """The error of the oracle's atoms."""


def outcome_of(compute: Callable[[], Any]) -> Outcome:
    try:
        return "value", compute()
    except BoomError as error:
        return "error", error


def alike(one: Outcome, other: Outcome) -> bool:
    """Whether the outcomes are equal values, or the same error object."""
    return one[0] == other[0] and (one[1] is other[1] if one[0] == "error" else one[1] == other[1])


def shows(one: Outcome, other: Outcome) -> bool:
    """Whether the outcomes are equal, where errors are equal by their messages."""
    return one[0] == other[0] and str(one[1]) == str(other[1])


class Node:
    """An atom in the model: its definition, its last result, and the inputs read for it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.atom: Any = None
        self.outcome: Outcome = ("value", None)
        self.version = 0
        self.seen: list[tuple[Node, int]] | None = None
        self.reading: list[tuple[Node, int]] | None = None  # set while the node runs
        self.forced = False
        self.runs = 0

    def __repr__(self) -> str:
        return self.name


class Source(Node):
    pass


class Derived(Node):
    """A sum of inputs; the first input selects the others. The read may raise, and may catch errors."""

    def __init__(
        self, name: str, inputs: list[Node], *, modulus: int, raises_at: int, switches: bool, catches: bool, again: bool
    ) -> None:
        super().__init__(name)
        self.inputs = inputs
        self.modulus, self.raises_at = modulus, raises_at
        self.switches, self.catches, self.again = switches, catches, again

    def compute(self, ask: Callable[[Node], Any]) -> int:
        def get(node: Node) -> int:
            if not self.catches:
                return ask(node)
            kind, value = outcome_of(lambda: ask(node))
            return value if kind == "value" else 7

        first, rest = get(self.inputs[0]), self.inputs[1:]
        if self.switches and rest:
            rest = [rest[first % len(rest)]]
        total = first + sum([get(node) for node in rest])
        if self.again:
            total += get(self.inputs[0])
        total %= self.modulus
        if total == self.raises_at:
            raise BoomError(f"{self.name} at {total}")
        return total


class Effect(Node):
    """An effect that reads its inputs, then performs the next set of its list."""

    def __init__(self, name: str, inputs: list[Node], sets: Iterable[Any]) -> None:
        super().__init__(name)
        self.inputs = inputs
        self.sets = deque(sets)
        self.active = True
        self.open = 0  # runs whose cleanup is due
        self.handle: Any = None


class Watcher:
    """A subscriber; each call performs the next entry of its list."""

    def __init__(self, number: int, node: Node, reactions: Iterable[Any]) -> None:
        self.number, self.node = number, node
        self.reactions = deque(reactions)
        self.active = True
        self.excused = False  # subscribed in a batch that failed, and saw values that were rolled back
        self.seen: int | None = None
        self.told: Outcome = ("value", None)
        self.handle: Any = None


class Model:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.watchers: list[Watcher] = []
        self.effects: list[Effect] = []
        self.hooked: list[Node] = []
        self.objections: list[str] = []
        self.raised: list[BoomError] = []  # by subscribers of this flush
        self.given_up: list[Node] = []  # unmounted while an effect that reads them began to be observed
        self._versions = 0
        self._truths: dict[Node, Outcome] = {}
        self._batches: list[dict[Node, tuple[Any, ...]]] = []
        self._newcomers: list[int] = []  # the number of subscribers when each batch began
        self._stack: list[Node] = []  # the nodes being run
        self._asked: list[Node] = []  # the nodes being read from outside
        self._last_called = 0
        self._last_effect = -1
        self._effects_began = 0
        self._round_began = 0  # the newest version at the beginning of this round of calls
        self._told_by_set = True  # the newest change was not made by a subscriber
        self._calling = False  # a subscriber is being called
        self._quiet = False  # a batch has just ended: values that were set back must not notify

    def object_to(self, what: str) -> None:
        self.objections.append(what)

    # --- true values

    def truth(self, node: Node) -> Outcome:
        if isinstance(node, Source):
            return node.outcome
        if node not in self._truths:
            assert isinstance(node, Derived)
            self._truths[node] = outcome_of(lambda: node.compute(self._true_value))
        return self._truths[node]

    def _true_value(self, node: Node) -> Any:
        kind, value = self.truth(node)
        if kind == "error":
            raise value
        return value

    @staticmethod
    def outdated(node: Node) -> bool:
        return node.forced or node.seen is None or any(one.version != version for one, version in node.seen)

    @staticmethod
    def behind(roots: Iterable[Node]) -> list[Node]:
        """The nodes and all their inputs, transitively."""
        found = dict.fromkeys(roots)
        work = list(found)
        while work:
            for one, _ in work.pop().seen or ():
                if one not in found:
                    found[one] = None
                    work.append(one)
        return list(found)

    def observed(self, *, surely: bool = False, settled: bool = False) -> list[Node]:
        """The observed nodes; `surely` omits effects being observed for the first time, `settled` such subscribers."""
        roots = [one.node for one in self.watchers if one.active and not (settled and one.seen is None)]
        effects = [one for one in self.effects if one.active and not (surely and one.handle is None)]
        return self.behind([*roots, *effects])

    # --- operations from outside

    def _new_version(self, node: Node) -> None:
        self._versions += 1
        node.version = self._versions

    def _save(self, node: Node) -> None:
        if self._batches:
            self._batches[-1].setdefault(node, (node.outcome, node.version, node.seen, node.forced))

    def set(self, source: Source, value: Any) -> None:
        if source.outcome[1] == value:
            return
        self._save(source)
        source.outcome = ("value", value)
        self._new_version(source)
        self._truths.clear()
        self._told_by_set = not self._calling
        self._quiet = False

    def begin_batch(self) -> None:
        self._batches.append({})
        self._newcomers.append(len(self.watchers))

    def commit_batch(self) -> None:
        saved = self._batches.pop()
        self._newcomers.pop()
        if self._batches:
            for node, state in saved.items():
                self._batches[-1].setdefault(node, state)
            return
        for node, (outcome, version, *_) in saved.items():
            if isinstance(node, Source) and node.outcome == outcome:  # set back to its old value: counts as never set
                for other in self.observed():
                    seen = [
                        (one, version if one is node and at == node.version else at) for one, at in other.seen or ()
                    ]
                    other.seen = seen if other.seen is not None else None
                node.version = version
        self._quiet = not self._calling

    def abort_batch(self) -> None:
        for node, state in self._batches.pop().items():
            node.outcome, node.version, node.seen, node.forced = state
        for watcher in self.watchers[self._newcomers.pop() :]:
            watcher.excused = True
        self._truths.clear()

    @contextmanager
    def asking(self, node: Node) -> Iterator[None]:
        """The node is read from outside: only nodes that it needs may run."""
        before = {one: one.runs for one in self.nodes}
        observed, needed = self.observed(), set(self.behind([node]))
        self._asked.append(node)
        try:
            yield
        finally:
            self._asked.pop()
        needed.update(self.behind([node]))
        if not self._batches:  # inside a batch, observed nodes wait for the end of the batch
            needed.update(observed, self.observed())
        for one in self.nodes:
            if one.runs != before.get(one, 0) and one not in needed:
                self.object_to(f"{one} ran although {node}, which was read, does not need it")

    # --- reports of the store

    def begin_run(self, node: Node) -> None:
        if node.reading is not None:
            self.object_to(f"{node} runs inside of itself")
        if not self.outdated(node):
            self.object_to(f"{node} ran although nothing that it had read has changed")
        observed = node in self.observed()
        if not (self._asked or self._stack or (observed and not self._batches)):
            self.object_to(f"{node} ran although nobody looks, or before the end of a batch")
        if node.seen is not None or node in self.observed(settled=True):
            self._save(node)
        if isinstance(node, Effect):
            self._check_order(node)
        node.reading = []
        self._stack.append(node)

    def _check_order(self, effect: Effect) -> None:
        number = self.effects.index(effect)
        if number <= self._last_effect or self._last_effect < 0:  # a new round begins
            before = [one for one, at in effect.seen or () if at != one.version <= self._effects_began]
            if before and self._last_effect >= 0:
                self.object_to(f"{effect} ran after {self.effects[self._last_effect]}")
            self._effects_began = self._versions
        self._last_effect = number

    def received(self, node: Node, one: Node, outcome: Outcome) -> None:
        if not shows(outcome, self.truth(one)):
            self.object_to(f"{node} received {outcome} from {one}, not {self.truth(one)}")
        if node.reading is None:
            self.object_to(f"{node} reads but does not run")
        elif all(known is not one for known, _ in node.reading):
            node.reading.append((one, one.version))

    def end_run(self, node: Node, outcome: Outcome) -> None:
        self._stack.pop()
        if isinstance(node, Derived) and not shows(outcome, self.truth(node)):
            self.object_to(f"{node} became {outcome}, not {self.truth(node)}")
        if node.seen is None or not alike(node.outcome, outcome):
            self._new_version(node)
        node.outcome = outcome
        node.seen, node.reading = node.reading, None
        node.forced = False
        node.runs += 1

    def called(self, watcher: Watcher, outcome: Outcome) -> None:
        node, who = watcher.node, f"subscriber {watcher.number} of {watcher.node}"
        if not watcher.active or self._batches:
            self.object_to(f"{who} was called after it had unsubscribed, or before the end of a batch")
        if watcher.seen == node.version:
            self.object_to(f"{who} was told of no change")
        if not shows(outcome, self.truth(node)):
            self.object_to(f"{who} was told {outcome}, not {self.truth(node)}")
        if self._quiet and alike(outcome, watcher.told):
            self.object_to(f"{who} was told of a value that was set and set back in a batch")
        if watcher.number <= self._last_called or self._last_called == 0:  # a new round begins
            if node.version <= self._round_began:
                self.object_to(f"{who} was called after subscriber {self._last_called}")
            self._round_began = self._versions
        for other in self.observed():
            if isinstance(other, Derived) and self.outdated(other):
                self.object_to(f"{who} was called before {other} was computed")
            if isinstance(other, Effect) and self._told_by_set and self.outdated(other):
                self.object_to(f"{who} was called before {other} had run")
        watcher.seen, watcher.told = node.version, outcome
        self._last_called = watcher.number

    @contextmanager
    def calling(self) -> Iterator[None]:
        """A subscriber is being called."""
        self._calling = True
        try:
            yield
        finally:
            self._calling = False

    def mounted(self, node: Node) -> None:
        if node in self.hooked or node not in self.observed():
            self.object_to(f"{node} was mounted again, or for nobody")
        for one, _ in node.seen or ():
            if one not in self.hooked:
                self.object_to(f"{node} was mounted before {one}, which it reads")
        self.hooked.append(node)

    def unmounted(self, node: Node) -> None:
        if node not in self.hooked or node in self.observed(surely=True):
            self.object_to(f"{node} was unmounted twice, or while it was observed")
            return
        if node in self.observed():  # allowed if `observe` of the effect fails
            self.given_up.append(node)
        self.hooked.remove(node)
        for other in self.hooked:
            if node not in self.given_up and any(one is node for one, _ in other.seen or ()):
                self.object_to(f"{node} was unmounted before {other}, which reads it")

    # --- after each step

    def settled(self) -> None:
        """At rest, all observed nodes must be current and mounted, and all subscribers notified."""
        observed = self.observed()
        for node in observed:
            if not isinstance(node, Source) and self.outdated(node):
                self.object_to(f"{node} is observed but was not computed")
            elif not isinstance(node, Effect) and not shows(node.outcome, self.truth(node)):
                self.object_to(f"{node} is {node.outcome}, not {self.truth(node)}")
        for watcher in self.watchers:
            news = watcher.seen != watcher.node.version and not alike(watcher.told, watcher.node.outcome)
            if watcher.active and news and not watcher.excused:
                self.object_to(f"subscriber {watcher.number} of {watcher.node} was not told of {watcher.node.outcome}")
            watcher.seen, watcher.told = watcher.node.version, watcher.node.outcome
            watcher.excused = False
        expected = [node for node in observed if not isinstance(node, Effect)]
        if set(self.hooked) != set(expected):
            self.object_to(f"mounted are {self.hooked}, observed {expected}")
        if self.given_up:
            self.object_to(f"{self.given_up} were unmounted while they were observed")
        if self._stack or self._asked:
            self.object_to("something is still running")
        self.raised.clear()
        self._last_called = self._round_began = self._effects_began = 0
        self._last_effect = -1
        self._told_by_set = True
        self._quiet = False
