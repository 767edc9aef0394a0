"""The *hydration machine*: random orders of hydrate, set, read, subscribe, dehydrate, settle, refresh and drop.

Two stores share the atoms. Values computed in the first store begin with "s", those of the second with "c". The
*model*: a hydrated value is visible, and nothing runs for it, as long as none of its sources was set to another
value and no atom between was run again. If a source has another value now, the atom must be computed. If a source
was set back, both are right.
"""

import asyncio
import gc
import itertools
import json
import weakref
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from halflife import AsyncValue, HasData, Store, atom, derived, family, loadable, resource, unwrap

NUMBERS = itertools.count()

#: The inputs of each derived atom, by names. "tag", "id" and "secret" are sources; "secret" has no explicit name.
INPUTS: dict[str, tuple[str, ...]] = {
    "title": ("id",),
    "heading": ("title", "tag"),
    "user": ("id",),
    "posts": ("user", "tag"),
    "member": ("id",),
    "article": ("tag",),
    "badge": ("user",),
    "open": ("id", "secret"),
}
SOURCES = ("id", "tag", "secret")
ASYNC = ("user", "posts", "member", "article", "open")
#: Atoms with unnamed inputs, for which a store cannot know whether a hydrated value is still valid.
UNKNOWN_INPUTS = ("badge", "open")


def sources_of(name: str) -> set[str]:
    """The sources that an atom is derived from."""
    if name in SOURCES:
        return {name}
    return set().union(*(sources_of(one) for one in INPUTS[name]))


def above(name: str) -> set[str]:
    """The direct and indirect dependents of an atom."""
    direct = {one for one, inputs in INPUTS.items() if name in inputs}
    return direct.union(*(above(one) for one in direct))


class HydrationMachine(RuleBasedStateMachine):
    """See the module's docstring. Tests plant bugs by overriding `make_store`."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.set_debug(False)  # ten times faster
        self.number = next(NUMBERS)  # for unique names: a name shared by two living atoms is ambiguous
        self.origin = "s"
        self.runs: Counter[str] = Counter()
        self.reported: list[BaseException] = []
        self.values = {"id": 1, "tag": 1, "secret": 1}  # the sources' values in the second store, in the model
        self.touched: set[str] = set()  # atoms with a state in the second store
        self.waiting: set[str] = set()  # atoms whose hydrated value waits for the first read
        self.saved: set[str] = set()  # atoms that may still have, or wait with, a hydrated value
        self.disturbed: set[str] = set()  # ... of which an input was set or run since
        self.base: dict[str, dict[str, int]] = {}  # the sources' values for which a hydrated value is valid
        self.later: dict[str, int] | None = None  # the same for the value that waits for the next member
        self.unsettled = False
        self.subscriptions: list[tuple[str, Any]] = []
        self.told: list[tuple[str, Any]] = []

    def make_store(self) -> Store:
        return Store(on_error=self.reported.append)

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def do(self, step: Any) -> Any:
        async def inside() -> Any:
            try:
                return step()
            finally:
                for _ in range(4):  # the started runs read their inputs
                    await asyncio.sleep(0)

        return self.wait(inside())

    # --- the atoms

    def name_of(self, name: str) -> str:
        return f"{name} {self.number}"

    def made(self, name: str, *parts: Any) -> str:
        self.runs[name] += 1
        return f"{self.origin} {name} of {', '.join(map(str, parts))}"

    @initialize(number=st.integers(1, 3), tag=st.integers(1, 3))
    def begin(self, number: int, tag: int) -> None:
        own, made = self.name_of, self.made
        source_id, source_tag = atom(1, name=own("id")), atom(1, name=own("tag"))
        secret = atom(1)

        def computed(name: str, *inputs: Any) -> Any:
            return derived(lambda get: made(name, *map(get, inputs)), name=own(name))

        def fetched(name: str, *inputs: Any) -> Any:
            async def read(get: Any) -> Any:
                parts = [get(one) for one in inputs]
                parts = [await part if isinstance(part, AsyncValue) else part for part in parts]
                made_of = made(name, *parts)
                await asyncio.sleep(0)
                return made_of

            return derived(read, name=own(name))

        async def fetch(value: Any) -> Any:
            made_of = made("article", value)
            await asyncio.sleep(0)
            return made_of

        title, user = computed("title", source_id), fetched("user", source_id)
        self.family: Any = family(lambda param: fetched(param, source_id))
        self.atoms: dict[str, Any] = {
            "id": source_id,
            "tag": source_tag,
            "secret": secret,
            "title": title,
            "heading": computed("heading", title, source_tag),
            "user": user,
            "posts": fetched("posts", user, source_tag),
            "article": resource(source_tag, fetch, name=own("article")),
            "badge": computed("badge", unwrap(user, "nobody")),
            "open": fetched("open", source_id, secret),
        }
        first = self.do(self.make_store)
        self.do(lambda: first.set(source_id, number))
        self.do(lambda: first.set(source_tag, tag))
        self.given = {"id": number, "tag": tag}
        for name in (*SOURCES, *INPUTS):
            self.wait(first.value(self.atom_of(name)))
        self.wait(first.value(self.atom_of("badge")))
        data = self.do(lambda: first.dehydrate([self.atom_of(name) for name in self.names()]))
        self.data = json.loads(json.dumps(data))
        assert {self.plain(name) for name in self.data["atoms"]} == set(self.names())
        self.shown = {self.plain(name): entry["value"] for name, entry in self.data["atoms"].items()}
        self.wait(first.close())
        self.origin = "c"
        self.runs.clear()
        self.store = self.do(self.make_store)

    def atom_of(self, name: str) -> Any:
        return self.family(name) if name == "member" else self.atoms[name]

    def names(self) -> list[str]:
        return ["id", "tag", *INPUTS]

    def plain(self, name: str) -> str:
        return name.rpartition(" ")[0]

    # --- the model

    def touch(self, name: str) -> None:
        """Note that the atom was read or set: it has a state from now on, and so have its inputs."""
        if name in self.touched:
            return
        self.touched.add(name)
        if name in self.waiting:
            self.waiting.discard(name)
            if name in SOURCES:
                self.values[name] = self.given[name]
        for one in INPUTS.get(name, ()):
            self.touch(one)

    def value_of(self, source: str) -> int:
        """The source's value, or the hydrated value that waits for the first read."""
        return self.given[source] if source in self.waiting else self.values[source]

    def outdates(self, source: str) -> None:
        for name in above(source):
            self.disturbed.add(name)
        self.unsettled = True

    def must_be_computed(self, name: str) -> bool:
        if name not in self.saved or name in UNKNOWN_INPUTS:
            return True
        return any(self.value_of(source) != value for source, value in self.base[name].items())

    def must_be_saved(self, name: str) -> bool:
        return name in self.saved and name not in self.disturbed and name not in UNKNOWN_INPUTS

    def computed(self, name: str) -> str:
        """The value of the atom if computed now; its inputs may be hydrated values."""
        parts = [self.value_of(one) if one in SOURCES else self.settled(one) for one in INPUTS[name]]
        return f"c {name} of {', '.join(map(str, parts))}"

    def settled(self, name: str) -> Any:
        return self.wait(self.store.value(self.atom_of(name)))

    def check(self, name: str) -> None:
        """Read the atom, wait until it settles, and compare."""
        self.touch(name)
        if name in SOURCES:
            assert self.do(lambda: self.store.get(self.atoms[name])) == self.values[name]
            return
        runs = self.runs[name]
        value = self.settled(name)
        self.wait(self.store.settled())
        value = self.settled(name)
        if self.must_be_saved(name):
            assert value == self.shown[name], (name, value)
            assert self.runs[name] == runs, f"{name} has run"
        elif self.must_be_computed(name) or value != self.shown[name]:
            assert value == self.computed(name), (name, value)
            self.is_computed(name)

    def is_computed(self, name: str) -> None:
        self.saved.discard(name)
        for one in above(name):
            self.disturbed.add(one)

    # --- rules

    names_of_any, names_of_derived = st.sampled_from(["id", "tag", *INPUTS]), st.sampled_from([*INPUTS])

    @rule()
    def hydrate(self) -> None:
        self.do(lambda: self.store.hydrate(self.data))
        if "member" in self.touched:
            self.later = {"id": self.value_of("id")}
        for name in self.names():
            if name in self.touched:
                continue
            self.waiting.add(name)
            self.saved.add(name)
        for name in INPUTS:
            if name in self.waiting:
                self.base[name] = {source: self.value_of(source) for source in sources_of(name)}
                # Do not clear the mark if an input may be about to change.
                between = {one for one in INPUTS if name in above(one) and one in self.touched}
                if not (between and self.unsettled):
                    self.disturbed.discard(name)

    @rule(name=st.sampled_from(SOURCES), value=st.integers(1, 3), batched=st.booleans())
    def set(self, name: str, value: int, batched: bool) -> None:
        self.touch(name)

        def work() -> None:
            if not batched:
                self.store.set(self.atoms[name], value)
                return
            with self.store.batch():
                self.store.set(self.atoms[name], 99)
                self.store.set(self.atoms[name], value)

        if value != self.values[name]:
            self.values[name] = value
            self.outdates(name)
        self.do(work)

    @rule(name=names_of_any)
    def read(self, name: str) -> None:
        self.touch(name)
        runs = self.runs[name]
        value = self.do(lambda: self.store.get(self.atom_of(name)))
        if name in SOURCES:
            assert value == self.values[name]
        elif self.must_be_saved(name):
            value = value.result() if isinstance(value, AsyncValue) else value
            assert (value, self.runs[name]) == (self.shown[name], runs), name
        else:
            self.unsettled = True

    @rule(name=names_of_derived)
    def look(self, name: str) -> None:
        """A hydrated value is visible at once, also while it is refreshed."""
        waits = name in self.waiting and name not in self.disturbed
        self.touch(name)
        state = self.do(lambda: self.store.get(loadable(self.atom_of(name), keep_previous=True)))
        if waits and (name in ASYNC or name not in UNKNOWN_INPUTS):
            assert isinstance(state, HasData)
            assert state.data == self.shown[name]
            assert state.refreshing == (name in UNKNOWN_INPUTS)
        if not self.must_be_saved(name):
            self.unsettled = True

    @rule(name=names_of_any)
    def check_one(self, name: str) -> None:
        self.check(name)

    @rule(name=names_of_derived)
    def subscribe(self, name: str) -> None:
        self.touch(name)

        def told(value: Any) -> None:
            shown = value.result() if isinstance(value, AsyncValue) else value
            self.told.append((name, shown))
            assert not self.must_be_saved(name), f"a subscriber of {name} is told of {shown}, which is no news"

        self.subscriptions.append((name, self.do(lambda: self.store.subscribe(self.atom_of(name), told))))
        if not self.must_be_saved(name):
            self.unsettled = True

    @rule(place=st.integers(0, 20))
    def unsubscribe(self, place: int) -> None:
        if self.subscriptions:
            self.do(self.subscriptions.pop(place % len(self.subscriptions))[1])

    @rule(name=names_of_derived)
    def refresh(self, name: str) -> None:
        self.touch(name)
        self.outdates(name)
        self.is_computed(name)
        self.do(lambda: self.store.refresh(self.atom_of(name)))

    @rule()
    def settle(self) -> None:
        self.wait(self.store.settled())
        for name in {name for name, _ in self.subscriptions}:
            self.check(name)
        self.unsettled = bool(self.store._pending_runs)

    @rule()
    def dehydrate(self) -> None:
        """Dehydrating starts no run and contains all settled values."""
        runs, pending = dict(self.runs), self.store._pending_runs
        found = self.do(lambda: self.store.dehydrate([self.atom_of(name) for name in self.names()]))["atoms"]
        for name in self.names():
            self.touch(name)
        values = {self.plain(name): entry["value"] for name, entry in found.items()}
        assert {name: count for name, count in self.runs.items() if name in ASYNC and count} == {
            name: count for name, count in runs.items() if name in ASYNC and count
        }
        assert self.store._pending_runs == pending
        for name in ("id", "tag"):
            assert values[name] == self.values[name]
        assert {"title", "heading"} <= set(values)
        for name in INPUTS:
            if self.must_be_saved(name):
                assert values[name] == self.shown[name], name
            elif name in values and name in ASYNC:
                assert self.settled(name) == values[name], name

    @rule()
    def drop_the_member(self) -> None:
        """A new member of the same name gets the value that still waits."""
        self.wait(self.store.settled())
        for name, subscription in self.subscriptions:
            if name == "member":
                self.do(subscription)
        self.subscriptions = [one for one in self.subscriptions if one[0] != "member"]
        dropped = weakref.ref(self.family("member"))
        self.family.clear()
        if dropped() is not None:
            gc.collect()
        if "member" in self.touched:
            self.touched.discard("member")
            self.saved.discard("member")
            if self.later is not None:
                self.waiting.add("member")
                self.saved.add("member")
                self.disturbed.add("member")  # perhaps
                self.base["member"], self.later = self.later, None

    @rule()
    def carry_on_to_another_store(self) -> None:
        """Dehydrate all settled values into another store: it shows them, and nothing runs."""
        for name in self.names():
            self.check(name)
        data = json.loads(json.dumps(self.do(lambda: self.store.dehydrate([self.atom_of(n) for n in self.names()]))))
        assert {self.plain(name) for name in data["atoms"]} == set(self.names())
        other = self.do(self.make_store)
        self.do(lambda: other.hydrate(data))
        runs = dict(self.runs)
        for name in self.names():
            if name not in UNKNOWN_INPUTS:
                value = self.wait(other.value(self.atom_of(name)))
                assert value == data["atoms"][self.name_of(name)]["value"], name
        assert self.runs == runs
        self.wait(other.close())

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert self.reported == []
        if hasattr(self, "store"):
            assert self.store._invariant() is None

    def teardown(self) -> None:
        try:
            if hasattr(self, "store"):
                self.carry_on_to_another_store()
                self.wait(self.store.close())
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.wait(asyncio.sleep(0))
            self.loop.close()
