"""The *chain machine*: chains of async atoms, dropped dependencies, mounted inputs, batches with reads, closing.

The *model*: a fetch starts only if its result is wanted. `detail` and the pages are wanted while the choosing atom
chooses them, or by an observer, waiter or read of their own. A link of the chain runs again only if an input that
it received was replaced. Atoms read by a pending run of an observed atom are mounted. A batch runs only the atoms
that it reads.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from halflife import Store, atom, derived, from_iter

LINKS = 4
ASYNC = (*(f"link{number}" for number in range(LINKS)), "detail", "chosen", "page1", "page2", "tabbed", "poll", "news")


class ChainMachine(RuleBasedStateMachine):
    """See the module's docstring. Tests plant bugs by overriding `make_store`."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.set_debug(False)  # ten times faster
        self.complaints: list[Any] = []
        self.loop.set_exception_handler(lambda loop, context: self.complaints.append(context))
        self.reported: list[BaseException] = []
        self.wrong: list[str] = []
        self.values: dict[str, Any] = {"number": 1, "chosen id": 1, "tab": 1, "version": 1}
        self.runs: Counter[str] = Counter()
        self.received: dict[str, Any] = {}  # the input that each link's last ended run received
        self.wanted: set[str] = set()  # atoms read, refreshed or awaited since they settled
        self.subscriptions: list[tuple[str, Any]] = []
        self.waiters: list[tuple[str, asyncio.Task[Any]]] = []
        self.pending: list[asyncio.Future[None]] = []
        self.mounted = 0
        self.iterating = 0

    def make_store(self) -> Store:
        return Store(on_error=self.reported.append)

    def do(self, step: Any) -> Any:
        """Call `step` inside the loop, and let the loop tick a few times."""

        async def inside() -> Any:
            try:
                return step()
            finally:
                for _ in range(8):
                    await asyncio.sleep(0)

        return self.loop.run_until_complete(inside())

    # --- the atoms

    @initialize()
    def begin(self) -> None:
        self.sources: dict[str, Any] = {name: atom(value, name=name) for name, value in self.values.items()}
        feed = atom(7, name="feed", on_mount=self._mount)
        self.atoms: dict[str, Any] = {}
        for number in range(LINKS):
            self._link(number)
        pages = {number: self._fetched(f"page{number}", "version") for number in (1, 2)}
        detail = self._fetched("detail", "chosen id")
        stream = from_iter(self._items, initial=0)

        async def chosen(get: Any) -> Any:
            self.starts("chosen")
            return None if get(self.sources["chosen id"]) is None else await get(detail)

        async def tabbed(get: Any) -> Any:
            self.starts("tabbed")
            return await get(pages[get(self.sources["tab"])])

        async def poll(get: Any) -> Any:
            self.starts("poll")
            value = get(feed)
            await self.answered()
            return value

        async def news(get: Any) -> Any:
            self.starts("news")
            value = get(stream)
            await self.answered()
            return value

        for read in (chosen, tabbed, poll, news):
            self.atoms[read.__name__] = derived(read)
        self.total = derived(self._total, name="total")
        self.store = self.do(self.make_store)
        self.do(lambda: self.store.history(100_000))

    def _mount(self, set_it: Any) -> Any:
        self.mounted += 1

        def unmount() -> None:
            self.mounted -= 1

        return unmount

    async def _items(self) -> Any:
        self.iterating += 1
        try:
            await self.loop.create_future()
            yield 1
        finally:
            self.iterating -= 1

    def _total(self, get: Any) -> int:
        self.runs["total"] += 1
        return get(self.sources["number"]) + get(self.sources["version"])

    def _link(self, number: int) -> None:
        name = f"link{number}"
        below = self.sources["number"] if number == 0 else self.atoms[f"link{number - 1}"]

        async def read(get: Any) -> int:
            self.starts(name)
            value = get(below) if number == 0 else await get(below)
            self.received[name] = value
            if number % 2 == 0:
                await self.answered()
            return (value + number) // 2 if number == 1 else value + number

        self.atoms[name] = derived(read, name=name)

    def _fetched(self, name: str, source: str) -> Any:
        async def read(get: Any) -> Any:
            self.starts(name)
            value = get(self.sources[source])
            await self.answered()
            return f"{name} {value}"

        self.atoms[name] = derived(read, name=name)
        return self.atoms[name]

    async def answered(self) -> None:
        answer = self.loop.create_future()
        self.pending.append(answer)
        await answer

    # --- the model

    def model(self, name: str) -> Any:
        number = self.values["number"]
        if name.startswith("link"):
            for place in range(int(name[4:]) + 1):
                number = (number + place) // 2 if place == 1 else number + place
            return number
        chosen, tab, version = self.values["chosen id"], self.values["tab"], self.values["version"]
        return {
            "detail": f"detail {chosen}",
            "chosen": None if chosen is None else f"detail {chosen}",
            "page1": f"page1 {version}",
            "page2": f"page2 {version}",
            "tabbed": f"page{tab} {version}",
            "poll": 7,
            "news": 0,
        }[name]

    def observers(self, name: str) -> bool:
        waits = any(one == name and not task.done() for one, task in self.waiters)
        return waits or any(one == name for one, _ in self.subscriptions)

    def starts(self, name: str) -> None:
        """A run takes its first step: check that its result is wanted."""
        self.runs[name] += 1
        if self.observers(name) or name in self.wanted:
            self.check_reason(name)
            return
        wanted = {
            "detail": self.values["chosen id"] is not None,
            "page1": self.values["tab"] == 1,
            "page2": self.values["tab"] == 2,
        }
        if not wanted.get(name, name.startswith("link")):
            self.wrong.append(f"{name} runs although nobody wants it, with {self.values}")
        self.check_reason(name)

    def want(self, name: str | None) -> None:
        """Note that the atom and its inputs are read or run again."""
        if name is None:
            return
        below = range(int(name[4:])) if name.startswith("link") else ()
        self.wanted.update((name, *(f"link{number}" for number in below)))

    def check_reason(self, name: str) -> None:
        if not name.startswith("link") or name == "link0" or name not in self.received or name in self.wanted:
            return
        below = self.atoms[f"link{int(name[4:]) - 1}"]
        state, value = self.store._peek(below)
        if state == "value" and value == self.received[name]:
            self.wrong.append(f"{name} runs again although it has received {value} already")

    # --- rules

    names = st.sampled_from(ASYNC + ("chosen", "tabbed") * 4)

    @rule(name=st.sampled_from(["number", "chosen id", "tab", "version"]), value=st.sampled_from([None, 1, 2]))
    def set(self, name: str, value: int | None) -> None:
        self.change({name: value})
        self.do(lambda: self.store.set(self.sources[name], self.values[name]))

    def change(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self.values[name] = value if value is not None or name == "chosen id" else 1

    @rule(
        values=st.dictionaries(
            st.sampled_from(["number", "chosen id", "tab", "version"]), st.sampled_from([None, 1, 2]), max_size=4
        ),
        read=st.none() | names,
        refresh=st.none() | names,
        fails=st.booleans(),
    )
    def batch(self, values: dict[str, Any], read: str | None, refresh: str | None, fails: bool) -> None:
        before = dict(self.values)
        self.change(values)
        after = self.values
        for name in (read, refresh):
            self.want(name)

        def inside() -> None:
            runs = dict(self.runs)
            for name in values:
                self.store.set(self.sources[name], 50)
                self.store.set(self.sources[name], after[name])
                if read is not None:
                    self.store.get(self.atoms[read])
            if refresh is not None:
                self.store.refresh(self.atoms[refresh])
            if dict(self.runs) != runs:
                self.wrong.append(f"something runs in a batch that reads {read}")
            if fails:
                self.values = before
                raise KeyError

        def work() -> None:
            runs = dict(self.runs)
            with suppress(KeyError), self.store.batch():
                inside()
            if self.runs["total"] - runs.get("total", 0) > 1:
                self.wrong.append("an observed atom runs more than once for a batch")

        self.do(work)

    @rule(name=names)
    def subscribe(self, name: str) -> None:
        self.wanted.add(name)

        def told(value: Any) -> None:
            if value.result() != self.model(name):
                self.wrong.append(f"a subscriber of {name} is told of {value.result()}, not {self.model(name)}")

        self.subscriptions.append((name, None))
        subscription = self.do(lambda: self.store.subscribe(self.atoms[name], told))
        self.subscriptions[-1] = (name, subscription)

    @rule()
    def observe_the_total(self) -> None:
        self.do(lambda: self.store.subscribe(self.total, lambda value: None))

    @rule(place=st.integers(0, 20))
    def unsubscribe(self, place: int) -> None:
        if self.subscriptions:
            self.do(self.subscriptions.pop(place % len(self.subscriptions))[1])

    @rule(name=names)
    def wait(self, name: str) -> None:
        self.wanted.add(name)

        async def waiting() -> None:
            value = await self.store.value(self.atoms[name])
            if value != self.model(name):
                self.wrong.append(f"a waiter of {name} gets {value}, not {self.model(name)}")

        self.do(lambda: self.waiters.append((name, self.loop.create_task(waiting()))))

    @rule(place=st.integers(0, 20))
    def give_up(self, place: int) -> None:
        if self.waiters:
            self.do(self.waiters.pop(place % len(self.waiters))[1].cancel)

    @rule(name=names)
    def refresh(self, name: str) -> None:
        self.wanted.add(name)
        self.do(lambda: self.store.refresh(self.atoms[name]))

    @rule(place=st.integers(0, 20))
    def answer(self, place: int) -> None:
        if self.pending:
            answer = self.pending.pop(place % len(self.pending))
            self.do(lambda: answer.done() or answer.set_result(None))

    @rule(name=st.sampled_from(["chosen", "tabbed"]), value=st.sampled_from([None, 1, 2]))
    def choose_another_when_all_is_settled(self, name: str, value: int | None) -> None:
        """Choose another input when all is settled, so that the dropped input is outdated, too."""
        if not self.observers(name):
            self.subscribe(name)
        self.answer_everything()
        changes = {"chosen id": value} if name == "chosen" else {"tab": value, "version": 3 - self.values["version"]}
        self.batch(changes, None, None, fails=False)

    @rule()
    def answer_everything(self) -> None:
        for _ in range(30):
            while self.pending:
                answer = self.pending.pop()
                self.do(lambda answer=answer: answer.done() or answer.set_result(None))
            self.do(lambda: None)
        assert self.store._pending_runs == 0
        assert all(task.done() for _, task in self.waiters), "somebody still waits"
        self.waiters.clear()
        self.wanted.clear()
        for name in {name for name, _ in self.subscriptions}:
            value = self.do(lambda name=name: self.store.get(self.atoms[name]))
            assert value.done, f"{name} is observed and not settled"
            assert value.result() == self.model(name)

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert not self.wrong, self.wrong
        assert not self.complaints, self.complaints
        assert not self.reported, self.reported
        if not hasattr(self, "store") or self.store.closed:
            return
        assert self.store._invariant() is None
        assert self.mounted == self.observers("poll"), "a run that waits has read the feed, which is not mounted"
        assert self.iterating == self.observers("news"), "a run that waits has read a stream, which is not fed"
        started = Counter(event.atom.name for event in self.store.history() if event.kind == "run")
        for name in ASYNC:
            assert started[name] == self.runs[name], f"events of {name}"
        self.wanted = {name for name in self.wanted if self.store._peek(self.atoms[name])[0] != "value"}

    def teardown(self) -> None:
        try:
            if hasattr(self, "store"):
                if len(self.pending) % 2:  # close with fetches pending
                    self.loop.run_until_complete(self.store.close())
                else:
                    self.answer_everything()
                    self.loop.run_until_complete(self.store.close())
                assert (self.mounted, self.iterating, self.wrong, self.complaints) == (0, 0, [], [])
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.close()
