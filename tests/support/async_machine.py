"""The *async machine*: random operations on async atoms whose fetches end when a rule ends them.

In the *model* each atom's value is a function of the sources. When all fetches have ended, every atom must have
this value. Until then every visible value must be right at its moment: no result of a superseded run, and no
mixture of old and new inputs.
"""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from async_definitions import BrokenError, Definition, options
from halflife import AsyncValue, HasData, HasError, Loading, RunCancelledError, Store, atom, derived, loadable
from halflife.testing import ManualClock

SOURCES = 3


class AsyncMachine(RuleBasedStateMachine):
    """See the module's docstring. Tests plant bugs by overriding `make_store`."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.complaints: list[Any] = []
        self.loop.set_exception_handler(lambda loop, context: self.complaints.append(context))
        self.reported: list[BaseException] = []
        self.values = [0] * SOURCES  # the sources' values in the model
        self.versions: Counter[Any] = Counter()  # how often each value of the model has changed
        self.atoms: list[Any] = []
        self.definitions: list[Definition] = []
        self.pending: list[asyncio.Future[None]] = []
        self.subscriptions: list[Any] = []
        self.waiters: list[asyncio.Task[None]] = []
        self.wrong: list[str] = []
        self.received: dict[int, dict[Any, int]] = {}  # the versions of the inputs that each atom's last run received
        self.cancelled: set[int] = set()
        self.refreshed: set[int] = set()
        self.awaitable: set[int] = set()  # sources whose last value is an awaitable
        self.current_get: dict[int, Any] = {}

    def make_store(self) -> Store:
        return Store(on_error=self.reported.append)

    def do(self, step: Any) -> Any:
        """Call `step` inside the loop."""

        async def inside() -> Any:
            return step()

        return self.loop.run_until_complete(inside())

    # --- the model

    def model(self, key: Any) -> tuple[str, Any]:
        """The expected outcome of a source ("s", n), a sync derived atom ("d", n) or an async atom ("a", n)."""
        kind, number = key
        if kind == "s":
            return "value", self.values[number]
        if kind == "d":
            return "value", self.values[number] // 2
        definition = self.definitions[number]
        parts = []
        for one in definition.before + definition.after:
            state, part = self.model(one)
            if state == "error":
                return state, part
            parts.append(part)
        try:
            return "value", definition.made_of(parts)
        except BrokenError as error:
            return "error", str(error)

    def all_keys(self) -> list[Any]:
        kinds = [(kind, number) for kind in "sd" for number in range(SOURCES)]
        return kinds + [("a", number) for number in range(len(self.atoms))]

    def change(self, values: list[int]) -> None:
        """Set the sources to these values, and count a new version of each value that changes."""
        before = {key: self.model(key) for key in self.all_keys()}
        self.values = values
        for key in self.all_keys():
            if self.model(key) != before[key]:
                self.versions[key] += 1

    def arrives(self, place: int, *, later: bool) -> None:
        """Note whether a source's value is awaitable; its readers see a switch as a change, too."""
        if later != (place in self.awaitable):
            self.awaitable ^= {place}
            for kind in "sd":
                self.versions[kind, place] += 1

    # --- the atoms

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        self.sources = [atom(0, name=f"s{number}") for number in range(SOURCES)]
        self.halves = [derived(self._half(source)) for source in self.sources]
        for number in range(data.draw(st.integers(1, 4), label="atoms")):
            below = st.sampled_from(self.all_keys())
            before = data.draw(st.lists(below, max_size=3), label="before")
            after = data.draw(st.lists(below, max_size=2), label="after")
            drawn = data.draw(options, label="options")
            definition = Definition(number, before, after, data.draw(st.sampled_from([2, 3, 1000])), drawn)
            self.definitions.append(definition)
            self.atoms.append(self._make(definition))
        self.store = self.do(self.make_store)

    @staticmethod
    def _half(source: Any) -> Any:
        def half(get: Any) -> Any:
            value = get(source)
            return value // 2 if isinstance(value, int) else _halved(value)

        return half

    def atom_of(self, key: Any) -> Any:
        kind, number = key
        return {"s": self.sources, "d": self.halves, "a": self.atoms}[kind][number]

    def _make(self, definition: Definition) -> Any:
        number = definition.number

        async def one(get: Any, key: Any) -> int:
            value = get(self.atom_of(key))
            if not isinstance(value, AsyncValue):
                self.received[number][key] = self.versions[key]
                return value
            try:
                return await value
            finally:  # an error counts as received, too
                if get is self.current_get.get(number):
                    self.received[number][key] = self.versions[key]

        async def read(get: Any) -> int:
            self._run_starts(number)
            self.current_get[number] = get
            try:
                return await run(get)
            except asyncio.CancelledError:
                if get is self.current_get.get(number):
                    self.cancelled.add(number)
                raise

        async def run(get: Any) -> int:
            if definition.gathers:
                parts = list(await asyncio.gather(*(one(get, key) for key in definition.before)))
            else:
                parts = [await one(get, key) for key in definition.before]
            for _ in range(definition.fetches):
                answer = self.loop.create_future()
                self.pending.append(answer)
                await answer
            parts += [await one(get, key) for key in definition.after]
            return definition.made_of(parts)

        return derived(read, name=f"a{number}", cancel=definition.cancel, cancel_on_unmount=definition.unmount)

    def _run_starts(self, number: int) -> None:
        """Note a run that starts without a reason."""
        had = self.received.get(number)
        self.received[number] = {}
        if had is None or number in self.cancelled or number in self.refreshed:
            self.cancelled.discard(number)
            self.refreshed.discard(number)
            return
        if self.definitions[number].unmount == "grace":
            return  # its last run may have been cancelled when its last observer left
        if all(self.versions[key] == version for key, version in had.items()):
            self.wrong.append(f"a{number} runs again although nothing that it received has changed: {had}")

    # --- visible values

    def check(self, number: int, state: str, shown: Any, where: str) -> None:
        if (state, shown) != self.model(("a", number)):
            self.wrong.append(f"{where} of a{number} has {state} {shown!r}, not {self.model(('a', number))}")

    def _settled_callback(self, number: int) -> Any:
        def called(value: Any) -> None:
            if not value.done:
                self.wrong.append(f"a subscriber of a{number} is called with {value!r}")
                return
            self.check(number, "value", value.result(), "a subscriber")

        return called

    def _error_callback(self, number: int) -> Any:
        return lambda error: self.check(number, "error", str(error), "an error callback")

    def _loadable_callback(self, number: int) -> Any:
        last: list[Any] = []

        def called(value: Any) -> None:
            if last and last[-1] == value:
                self.wrong.append(f"a loadable of a{number} is notified of {value!r} twice")
            last[:] = [value]
            self.check_loadable(number, value)

        return called

    def check_loadable(self, number: int, value: Any) -> None:
        match value:
            case HasData(data, refreshing=False):
                self.check(number, "value", data, "a loadable")
            case HasError(error):
                self.check(number, "error", str(error), "a loadable")
            case Loading() | HasData(refreshing=True):
                if not self.is_loading_for_a_reason():
                    self.wrong.append(f"a{number} is loading and nothing is under way")

    def is_loading_for_a_reason(self) -> bool:
        return self.store._pending_runs > 0 or self.store._in_batch

    # --- rules

    numbers = st.integers(0, 3)
    places = st.integers(0, SOURCES - 1)

    def atom_number(self, number: int) -> int:
        return number % len(self.atoms)

    @rule(place=places, value=numbers)
    def set(self, place: int, value: int) -> None:
        def work() -> None:
            self.change([*self.values[:place], value, *self.values[place + 1 :]])
            self.arrives(place, later=False)
            self.store.set(self.sources[place], value)

        self.do(work)

    @rule(place=places, value=numbers)
    def set_a_future(self, place: int, value: int) -> None:
        """Set a source to an awaitable of the value. The model has the value at once: nothing is visible until then."""
        answer = self.loop.create_future()
        self.pending.append(answer)

        def ask() -> None:
            self.change([*self.values[:place], value, *self.values[place + 1 :]])
            self.arrives(place, later=True)
            self.store.set(self.sources[place], asyncio.ensure_future(_later(answer, value)))

        self.do(ask)

    @rule(first=numbers, second=numbers, read=st.none() | numbers, fails=st.booleans())
    def batch(self, first: int, second: int, read: int | None, fails: bool) -> None:
        def work() -> None:
            if fails and read is not None:  # results computed in the failed batch are dropped and computed again
                self.refreshed.update(range(len(self.atoms)))
            try:
                with self.store.batch():
                    self.store.set(self.sources[0], second)
                    self.store.set(self.sources[1], second)
                    if read is not None:
                        self.store.get(loadable(self.atoms[self.atom_number(read)]))
                    self.store.set(self.sources[0], first)
                    if fails:
                        raise KeyError  # noqa: TRY301 - the batch is to fail
                    self.change([first, second, *self.values[2:]])
                    self.arrives(0, later=False)
                    self.arrives(1, later=False)
                    if read is not None:  # a later set in the batch may have outdated the results of this read
                        self.refreshed.update(range(len(self.atoms)))
            except KeyError:
                pass

        self.do(work)

    @rule(turns=st.integers(1, 4))
    def turn(self, turns: int) -> None:
        async def go() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.loop.run_until_complete(go())

    @rule(place=st.integers(0, 20), turns=st.integers(0, 2))
    def answer(self, place: int, turns: int) -> None:
        if self.pending:
            answer = self.pending.pop(place % len(self.pending))
            self.do(lambda: answer.done() or answer.set_result(None))
            self.turn(turns)

    @rule(number=numbers, keep=st.sampled_from([None, False, True]))
    def subscribe(self, number: int, keep: bool | None) -> None:
        number = self.atom_number(number)
        one = self.atoms[number]
        target = one if keep is None else loadable(one, keep_previous=keep)
        callback = self._settled_callback(number) if keep is None else self._loadable_callback(number)
        self.do(lambda: self.subscriptions.append(self.store.subscribe(target, callback, self._error_callback(number))))

    @rule(place=st.integers(0, 20))
    def unsubscribe(self, place: int) -> None:
        if self.subscriptions:
            subscription = self.subscriptions.pop(place % len(self.subscriptions))
            self.do(subscription)

    @rule(number=numbers)
    def wait(self, number: int) -> None:
        number = self.atom_number(number)

        async def waiting(value: Any) -> None:
            try:
                self.check(number, "value", await value, "a waiter")
            except BrokenError as error:
                self.check(number, "error", str(error), "a waiter")

        def start() -> None:
            self.waiters.append(self.loop.create_task(waiting(self.store.get(self.atoms[number]))))

        self.do(start)

    @rule(place=st.integers(0, 20))
    def give_up(self, place: int) -> None:
        if self.waiters:
            waiter = self.waiters.pop(place % len(self.waiters))
            self.do(waiter.cancel)

    @rule(number=numbers)
    def refresh(self, number: int) -> None:
        number = self.atom_number(number)

        def work() -> None:
            self.refreshed.add(number)
            self.store.refresh(self.atoms[number])

        self.do(work)

    @rule(number=numbers, keep=st.booleans())
    def look(self, number: int, keep: bool) -> None:
        number = self.atom_number(number)
        state = loadable(self.atoms[number], keep_previous=keep)
        self.do(lambda: self.check_loadable(number, self.store.get(state)))

    @rule()
    def answer_everything(self) -> None:
        """Answer all fetches: every atom has its expected value, and no waiter is left."""

        async def go() -> None:
            for _ in range(2 + 2 * len(self.atoms)):  # unobserved atoms start only when they are read
                if all([self.store.get(one).done for one in self.atoms]) and not self.pending:  # noqa: C419 - each is to be read
                    break
                await ManualClock().advance(0)
                while self.pending:
                    for answer in self.pending:
                        if not answer.done():
                            answer.set_result(None)
                    self.pending.clear()
                    await ManualClock().advance(0)
            await asyncio.wait_for(self.store.settled(), 5)
            for number, one in enumerate(self.atoms):
                value = self.store.get(one)
                assert value.done, f"a{number} is not settled: {value!r}"
                self.check_loadable(number, self.store.get(loadable(one)))
                self.check(number, *_outcome(value), "the end")
            assert all(waiter.done() for waiter in self.waiters), "somebody still waits"
            await asyncio.gather(*self.waiters)
            self.waiters.clear()
            assert self.store._pending_runs == 0

        self.loop.run_until_complete(go())

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert not self.wrong, self.wrong
        assert not self.complaints, self.complaints
        assert not any(isinstance(error, RunCancelledError) for error in self.reported), self.reported
        if hasattr(self, "store"):
            assert self.store._invariant() is None

    def teardown(self) -> None:
        try:
            if hasattr(self, "store"):
                self.answer_everything()
                self.loop.run_until_complete(self.store.close())
                assert self.wrong + self.complaints == []
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.close()


async def _later(answer: asyncio.Future[None], value: int) -> int:
    await answer
    return value


async def _halved(value: Any) -> int:
    return await value // 2


def _outcome(value: Any) -> tuple[str, Any]:
    try:
        return "value", value.result()
    except BrokenError as error:
        return "error", str(error)
