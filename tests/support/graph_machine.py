"""The *machine* performs random operations on a store and on the model that checks it.

The machine uses the store through a `Subject`, so that a test can replace it by a broken one.
"""

import contextlib
import gc
import weakref
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from graph_oracle import BoomError, Derived, Effect, Model, Node, Source, Watcher, outcome_of
from halflife import Store, atom, derived, effect


class Subject:
    """The store under test."""

    def __init__(self) -> None:
        self.store = Store()

    def atom(self, value: Any, name: str, on_mount: Callable[..., Any]) -> Any:
        return atom(value, name=name, on_mount=on_mount)

    def derived(self, read: Callable[..., Any], name: str, on_mount: Callable[..., Any]) -> Any:
        return derived(read, name=name, on_mount=on_mount)

    def effect(self, run: Callable[..., Any], name: str) -> Any:
        return effect(run, name=name)

    def get(self, one: Any) -> Any:
        return self.store.get(one)

    def set(self, one: Any, value: Any) -> None:
        self.store.set(one, value)

    def refresh(self, one: Any) -> Any:
        return self.store.refresh(one)

    def subscribe(self, one: Any, callback: Callable[..., Any], on_error: Callable[..., Any]) -> Callable[[], Any]:
        return self.store.subscribe(one, callback, on_error)

    def observe(self, one: Any) -> Callable[[], Any]:
        return self.store.observe(one)

    def batch(self) -> contextlib.AbstractContextManager[None]:
        return self.store.batch()


class BatchFailedError(Exception):
    pass


INDEX = st.integers(0, 30)
VALUE = st.integers(0, 4)
SETS = st.lists(st.tuples(INDEX, VALUE), max_size=2)
REACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), INDEX, VALUE),
        st.tuples(st.just("raise"), INDEX, VALUE),
        st.tuples(st.just("subscribe"), INDEX, VALUE),
        st.tuples(st.just("unsubscribe"), INDEX, VALUE),
        st.tuples(st.just("read"), INDEX, VALUE),
        st.tuples(st.just("failing batch"), INDEX, VALUE),
        st.tuples(st.just("batch"), INDEX, VALUE),
    ),
    max_size=3,
)
STEP = st.one_of(
    st.tuples(st.just("set"), INDEX, VALUE),
    st.tuples(st.just("set"), INDEX, VALUE),
    st.tuples(st.just("read"), INDEX),
)
BATCH = st.recursive(
    st.tuples(st.just("batch"), st.lists(STEP, max_size=4), st.booleans()),
    lambda inner: st.tuples(st.just("batch"), st.lists(STEP | inner, max_size=4), st.booleans()),
    max_leaves=3,
)


class GraphMachine(RuleBasedStateMachine):
    make_subject: type[Subject] = Subject

    def __init__(self) -> None:
        super().__init__()
        self.subject = self.make_subject()
        self.model = Model()
        for value in (0, 1):
            self.add_source(value)

    # --- atoms by number

    def source(self, index: int) -> Source:
        sources = [node for node in self.model.nodes if isinstance(node, Source)]
        return sources[index % len(sources)]

    def node(self, index: int) -> Node:
        return self.model.nodes[-1 - index % len(self.model.nodes)]

    # --- atoms

    def hook(self, node: Node) -> Callable[..., Any]:
        def on_mount(set: Any) -> Callable[[], Any]:
            self.model.mounted(node)
            return lambda: self.model.unmounted(node)

        return on_mount

    @rule(value=VALUE)
    def add_source(self, value: int) -> None:
        node = Source(f"s{len(self.model.nodes)}")
        node.outcome = ("value", value)
        node.atom = self.subject.atom(value, node.name, self.hook(node))
        self.model.nodes.append(node)

    @precondition(lambda self: len(self.model.nodes) < 16)
    @rule(
        inputs=st.lists(INDEX, min_size=1, max_size=4),
        modulus=st.sampled_from([2, 3, 5, 100]),
        raises_at=st.sampled_from([-1, 1, 2]),
        switches=st.booleans(),
        catches=st.booleans(),
        again=st.booleans(),
    )
    def add_derived(self, inputs: list[int], **options: Any) -> None:
        node = Derived(f"d{len(self.model.nodes)}", [self.node(index) for index in inputs], **options)

        def read(get: Callable[[Any], Any]) -> Any:
            self.model.begin_run(node)
            outcome = outcome_of(lambda: node.compute(lambda one: self.receive(node, one, get)))
            self.model.end_run(node, outcome)
            if outcome[0] == "error":
                raise outcome[1]
            return outcome[1]

        node.atom = self.subject.derived(read, node.name, self.hook(node))
        self.model.nodes.append(node)

    def receive(self, node: Node, one: Node, get: Callable[[Any], Any]) -> Any:
        kind, value = outcome = outcome_of(lambda: get(one.atom))
        self.model.received(node, one, outcome)
        if kind == "error":
            raise value
        return value

    # --- reading and writing

    @rule(index=INDEX)
    def read(self, index: int) -> None:
        node = self.node(index)
        with self.model.asking(node):
            outcome = outcome_of(lambda: self.subject.get(node.atom))
        if str(outcome) != str(self.model.truth(node)):
            self.model.object_to(f"{node} is shown as {outcome}, not {self.model.truth(node)}")

    def set_now(self, index: int, value: int) -> None:
        node = self.source(index)
        self.model.set(node, value)
        self.subject.set(node.atom, value)

    @rule(index=INDEX, value=VALUE)
    def set(self, index: int, value: int) -> None:
        self.perform(lambda: self.set_now(index, value))

    @rule(index=INDEX)
    def refresh(self, index: int) -> None:
        node = self.node(index)
        if isinstance(node, Derived):
            node.forced = True

            def refresh() -> None:
                with self.model.asking(node):
                    outcome_of(lambda: self.subject.refresh(node.atom))
                if node.forced:
                    self.model.object_to(f"{node} was refreshed but did not run")

            self.perform(refresh)

    @rule(script=BATCH)
    def batch(self, script: tuple[Any, ...]) -> None:
        self.perform(lambda: self.run_batch(script))

    def run_batch(self, script: tuple[Any, ...]) -> None:
        _, steps, fails = script
        with contextlib.suppress(BatchFailedError), self.subject.batch():
            self.model.begin_batch()
            for step in steps:
                if step[0] == "set":
                    self.set_now(step[1], step[2])
                elif step[0] == "read":
                    self.read(step[1])
                else:
                    self.run_batch(step)
            if fails:
                self.model.abort_batch()
                raise BatchFailedError
            self.model.commit_batch()

    # --- subscribers and effects

    @precondition(lambda self: len(self.model.watchers) < 12)
    @rule(index=INDEX, reactions=REACTIONS)
    def subscribe(self, index: int, reactions: list[Any]) -> None:
        self.perform(lambda: self.subscribe_now(index, reactions))

    def subscribe_now(self, index: int, reactions: list[Any]) -> None:
        node = self.node(index)
        watcher = Watcher(len(self.model.watchers) + 1, node, reactions)

        def called(kind: str, value: Any) -> None:
            self.model.called(watcher, (kind, value))
            with self.model.calling():
                if watcher.reactions:
                    self.react(watcher, *watcher.reactions.popleft())

        with self.model.asking(node):
            self.model.watchers.append(watcher)
            watcher.handle = self.subject.subscribe(
                node.atom, lambda value: called("value", value), lambda error: called("error", error)
            )
        watcher.seen, watcher.told = node.version, node.outcome

    def react(self, watcher: Watcher, what: str, index: int, value: int) -> None:
        if what == "set":
            self.set_now(index, value)
        elif what == "read":
            self.read(index)
        elif what == "subscribe":
            self.subscribe_now(index, [])
        elif what == "unsubscribe":
            self.unsubscribe_now(index)
        elif what.endswith("batch"):
            steps = [("set", index, value), ("read", index + 1), ("set", index + 1, value)]
            self.run_batch(("batch", steps, what == "failing batch"))
        else:
            error = BoomError(f"subscriber {watcher.number}")
            self.model.raised.append(error)
            raise error

    def unsubscribe_now(self, index: int) -> None:
        watchers = [watcher for watcher in self.model.watchers if watcher.handle is not None]
        if watchers:
            watcher = watchers[index % len(watchers)]
            watcher.active = False
            watcher.handle()

    @rule(index=INDEX)
    def unsubscribe(self, index: int) -> None:
        self.perform(lambda: self.unsubscribe_now(index))

    @precondition(lambda self: len(self.model.effects) < 5)
    @rule(inputs=st.lists(INDEX, min_size=1, max_size=3), sets=SETS)
    def observe(self, inputs: list[int], sets: list[Any]) -> None:
        one = Effect(f"e{len(self.model.effects)}", [self.node(index) for index in inputs], sets)

        def run(get: Callable[[Any], Any], set: Callable[..., Any]) -> Callable[[], None]:
            self.model.begin_run(one)
            if one.open or not one.active:
                self.model.object_to(f"{one} runs again before its cleanup, or after its end")
            for node in one.inputs:
                outcome_of(lambda node=node: self.receive(one, node, get))
            self.model.end_run(one, ("value", None))
            one.open += 1
            if one.sets:
                index, value = one.sets.popleft()
                self.model.set(self.source(index), value)
                set(self.source(index).atom, value)
            return lambda: setattr(one, "open", one.open - 1)

        def observe() -> None:
            self.model.effects.append(one)
            try:
                one.handle = self.subject.observe(self.subject.effect(run, one.name))
            except ExceptionGroup:  # `observe` raised, so the effect is not observed
                one.active = False
                self.model.given_up.clear()
                raise

        self.perform(observe)

    @precondition(lambda self: any(one.active for one in self.model.effects))
    @rule(index=INDEX)
    def unobserve(self, index: int) -> None:
        active = [one for one in self.model.effects if one.active]
        one = active[index % len(active)]
        one.active = False
        self.perform(lambda: one.handle())
        if one.open:
            self.model.object_to(f"{one} ended without its cleanup")

    # --- after each step

    def perform(self, act: Callable[[], Any]) -> None:
        raised: list[BaseException] = []
        try:
            act()
        except ExceptionGroup as group:
            raised = list(group.exceptions)
        if raised != self.model.raised:
            self.model.object_to(f"raised {raised}, not {self.model.raised}")
        self.model.settled()

    @invariant()
    def nothing_is_objected(self) -> None:
        if self.model.objections:
            raise AssertionError("; ".join(self.model.objections))
        broken = self.subject.store._invariant()
        assert broken is None, broken

    @invariant()
    def the_graph_tells_the_same(self) -> None:
        graph = self.subject.store.graph()
        known = {row.name: row for row in graph.nodes}
        observed = set(self.model.observed())
        for node in self.model.nodes:
            row = known.get(node.name)
            if row is None:
                assert node.seen is None, f"the graph shows no {node}"
                continue
            shown = (row.runs, row.observed, row.subscribers, [one.name for one in row.inputs])
            subscribers = sum(one.active for one in self.model.watchers if one.node is node)
            expected = (node.runs, node in observed, subscribers, [one.name for one, _ in node.seen or ()])
            assert shown == expected, f"the graph shows {node} as {shown}, not {expected}"

    def teardown(self) -> None:
        """Close the store and drop everything: no atom may stay alive."""
        store = self.subject.store
        store.dispose()
        if not self.model.objections and self.model.hooked:
            raise AssertionError(f"{self.model.hooked} were still mounted after the store was closed")
        dead = [weakref.ref(node.atom) for node in self.model.nodes]
        self.model.nodes.clear()
        self.model.watchers.clear()
        self.model.effects.clear()
        self.__dict__.clear()
        del store
        if len(dead) % 8 == 0:  # not each time: a collection takes longer than everything else
            gc.collect()
            alive = [one() for one in dead if one() is not None]
            assert alive == [], f"the graph shows atoms that are gone: {alive}"
