"""The *query machine*: random operations on query clients, compared with the query model after each of them.

Every fetch waits until a rule answers it, and the clock moves only in a rule. Data is a list of words: an answer or
data set by hand is a new list of one word, an edit appends a word of its own. So a lost edit and a stale answer
show in the data.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from halflife import QueryClient, QueryDefaults, Retry, RunCancelledError, Store
from halflife.testing import ManualClock
from query_model import STALE_TIME, TTL, Awaiter, ModelKey, ModelObserver, ModelWorld

KEYS = 3
DEFAULTS = QueryDefaults(stale_time=STALE_TIME, ttl=TTL, retry=Retry(max_retries=0))

numbers = st.integers(0, 20)
keys = st.integers(0, 2 * KEYS - 1)


class Call:
    """A call of the fetcher that has no answer yet."""

    def __init__(self, place: Any) -> None:
        self.place = place
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.is_late = False


class Failure(Exception):  # noqa: N818 - the name of the server's answer
    """The server's error."""


def appended(word: str) -> Any:
    """A recipe that appends a word."""
    return lambda draft: draft.append(word)


class QueryMachine(RuleBasedStateMachine):
    """See the module's docstring. A key is named by the number of its client and its own number."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.complaints: list[Any] = []
        self.loop.set_exception_handler(lambda loop, context: self.complaints.append(context))
        self.reported: list[BaseException] = []
        self.clock = ManualClock()
        self.world = ModelWorld()
        self.calls: list[Call] = []
        self.late: list[Call] = []
        self.started: list[Any] = []
        self.words = 0
        self.observers: list[Any] = []
        self.awaiters: list[Any] = []
        self.layers: list[Any] = []
        self.sagas: list[Any] = []
        self.told = 0
        self.is_over = False

    @initialize(clients=st.integers(1, 2))
    def begin(self, clients: int) -> None:
        def make() -> None:
            self.store = Store(clock=self.clock, on_error=self.reported.append)
            self.clients = [QueryClient(self.store, defaults=DEFAULTS) for _ in range(clients)]
            places = [(client, number) for client in range(clients) for number in range(KEYS)]
            self.queries = {place: self.query(place) for place in places}
            self.models = {place: ModelKey(self.world, place) for place in places}

        self.do(make)

    # --- helpers

    def query(self, place: Any, **options: Any) -> Any:
        client, number = place
        return self.clients[client].query(("key", number), self.fetcher(place), **options)

    def fetcher(self, place: Any) -> Any:
        async def fetch(key: Any) -> Any:
            call = Call(place)
            self.calls.append(call)
            self.started.append(place)
            try:
                return await call.future
            except asyncio.CancelledError:
                self.calls.remove(call)
                if self.is_over or self.words % 3:
                    raise
                call.is_late, call.future = True, asyncio.get_running_loop().create_future()
                self.late.append(call)  # It swallows its cancellation, and answers all the same.
                return await call.future

        return fetch

    def place(self, number: int) -> Any:
        """The client and the key that a number stands for."""
        return number // KEYS % len(self.clients), number % KEYS

    def word(self) -> str:
        self.words += 1
        return f"word {self.words}"

    def do(self, step: Any = None, seconds: float | None = 0.0) -> None:
        """Call `step` inside the loop, and let everything that follows from it happen; None: let nothing happen."""

        async def inside() -> None:
            if step is not None:
                step()
            if seconds is not None:
                await self.clock.advance(seconds)

        self.loop.run_until_complete(inside())

    def chosen(self, things: list[Any], number: int) -> Any:
        return things[number % len(things)] if things else None

    # --- users of the data

    @rule(number=keys, interval=st.sampled_from([None, None, 7.0, 12.0]))
    def observe(self, number: int, interval: float | None) -> None:
        place = self.place(number)
        model = ModelObserver(interval)

        def tell(_: Any) -> None:
            self.told += 1

        def work() -> None:
            subscription = self.store.subscribe(self.query(place, interval=interval), tell)
            self.observers.append((place, model, subscription))

        self.models[place].observe(model)
        self.do(work)

    @rule(number=numbers)
    def unobserve(self, number: int) -> None:
        if (chosen := self.chosen(self.observers, number)) is not None:
            self.observers.remove(chosen)
            place, model, subscription = chosen
            self.models[place].unobserve(model)
            self.do(subscription)

    @rule(number=keys)
    def read(self, number: int) -> None:
        place = self.place(number)
        self.models[place].read()
        self.do(lambda: self.store.get(self.queries[place]))

    @rule(number=keys)
    def ask(self, number: int) -> None:
        place = self.place(number)
        client = self.clients[place[0]]
        model = Awaiter()

        async def waiting() -> tuple[str, Any]:
            try:
                return "data", await client.fetch(("key", place[1]), self.fetcher(place))
            except RunCancelledError:
                return "cancelled", None
            except Failure as error:
                return "error", error

        self.models[place].ask(model)
        self.do(lambda: self.awaiters.append((place, model, self.loop.create_task(waiting()))))

    @rule(number=numbers)
    def leave(self, number: int) -> None:
        if (chosen := self.chosen(self.awaiters, number)) is not None:
            self.awaiters.remove(chosen)
            place, model, task = chosen
            self.models[place].leave(model)
            self.do(task.cancel)

    # --- answers

    @rule(number=numbers, fails=st.sampled_from([False, False, True]))
    def answer(self, number: int, fails: bool) -> None:
        """The server answers one of the calls in flight."""
        if (call := self.chosen(self.calls, number)) is None:
            return
        self.calls.remove(call)
        value, error = [self.word()], Failure() if fails else None
        model = self.models[call.place]
        model.answer(value, error)
        self.told = 0
        self.do(lambda: call.future.set_exception(error) if error is not None else call.future.set_result(value))
        most = 1 if model.fetch is None else 2  # A fetch that starts at once is told as well.
        observers = sum(place == call.place for place, _, _ in self.observers)
        assert self.told <= most * observers, f"{self.told} notifications of an answer"

    @rule(number=numbers)
    def answer_late(self, number: int) -> None:
        """A call that was cancelled answers all the same."""
        if (call := self.chosen(self.late, number)) is not None:
            self.late.remove(call)
            self.do(lambda: call.future.set_result([self.word()]))

    # --- edits

    @rule(number=keys)
    def edit(self, number: int) -> None:
        place, recipe = self.place(number), appended(self.word())
        model = self.models[place].edit(recipe)
        key = ("key", place[1])
        self.do(lambda: self.layers.append((place, model, self.clients[place[0]].edit(key, recipe))))

    @rule(number=numbers, agrees=st.booleans())
    def settle_an_edit(self, number: int, agrees: bool) -> None:
        if (chosen := self.chosen(self.layers, number)) is not None:
            self.layers.remove(chosen)
            place, model, layer = chosen
            (self.models[place].commit if agrees else self.models[place].roll_back)(model)
            self.do(layer.commit if agrees else layer.rollback)

    @rule(number=numbers)
    def update(self, number: int) -> None:
        recipe = appended(self.word())
        if (place := self.chosen([one for one, model in self.models.items() if model.has_data], number)) is not None:
            self.models[place].update(recipe)
            self.do(lambda: self.store.update(self.queries[place].data, recipe))

    @rule(number=keys)
    def begin_saga(self, number: int) -> None:
        place, recipe = self.place(number), appended(self.word())
        model = self.models[place]
        layer = model.edit(recipe)
        model.mutations += 1

        def work() -> None:
            future = self.loop.create_future()

            async def send(value: Any) -> None:
                await future

            handle = self.store.mutate(self.queries[place].data, recipe, send)
            self.sagas.append((place, layer, future, handle))

        self.do(work)

    @rule(number=numbers, succeeds=st.booleans())
    def end_saga(self, number: int, succeeds: bool) -> None:
        if (chosen := self.chosen(self.sagas, number)) is not None:
            self.sagas.remove(chosen)
            place, layer, future, _ = chosen
            self.models[place].mutation_ends(layer, succeeds=succeeds)
            self.do(lambda: future.set_result(None) if succeeds else future.set_exception(Failure()))

    @rule(number=numbers)
    def push(self, number: int) -> None:
        recipe = appended(self.word())
        if (place := self.chosen([one for one, model in self.models.items() if model.has_data], number)) is not None:
            self.models[place].push(recipe)
            self.do(lambda: self.store.layers(self.queries[place].data).edit_base(recipe))

    @rule(number=keys)
    def set_data(self, number: int) -> None:
        place, value = self.place(number), [self.word()]
        self.models[place].set_data(value)
        self.do(lambda: self.clients[place[0]].set_data(("key", place[1]), value))

    @rule(number=keys, also=st.sampled_from(["edit", "invalidate", "set_data", "remove"]))
    def fail_a_batch(self, number: int, also: str) -> None:
        """Nothing happens, since the batch fails."""
        place = self.place(number)
        client, key, model = self.clients[place[0]], ("key", place[1]), self.models[place]
        if also == "remove" and model.fetch is not None:
            return  # A batch does not undo that a fetch was cancelled.

        def work() -> None:
            try:
                with self.store.batch():
                    client.set_data(key, [self.word()])
                    match also:
                        case "edit":
                            client.edit(key, appended(self.word()))
                        case "invalidate":
                            client.invalidate(key, refetch="none")
                        case "set_data":
                            client.set_data(key, [self.word()])
                        case "remove":
                            client.remove(key)
                    raise KeyError  # noqa: TRY301 - the batch is to fail
            except KeyError:
                pass

        self.do(work)

    # --- the cache

    @rule(number=st.none() | keys, refetch=st.sampled_from(["observed", "observed", "all", "none"]))
    def invalidate(self, number: int | None, refetch: Any) -> None:
        if number is None:
            chosen, key = [place for place in self.models if place[0] == 0], None
        else:
            chosen = [self.place(number)]
            key = ("key", chosen[0][1])
        for place in chosen:
            self.models[place].invalidate(refetch)
        self.do(lambda: self.clients[chosen[0][0]].invalidate(key, refetch=refetch) and None)

    @rule(number=keys, how=st.sampled_from(["remove", "reset"]))
    def empty(self, number: int, how: str) -> None:
        place = self.place(number)
        self.models[place].empty(how)
        self.do(lambda: getattr(self.clients[place[0]], how)(("key", place[1])) and None)

    @rule(client=st.integers(0, 1))
    def clear(self, client: int) -> None:
        client %= len(self.clients)
        for place, model in self.models.items():
            if place[0] == client:
                model.empty("clear")
        self.do(self.clients[client].clear)

    @rule(number=keys)
    def cancel(self, number: int) -> None:
        place = self.place(number)
        self.models[place].cancel()
        self.do(lambda: self.clients[place[0]].cancel(("key", place[1])))

    # --- time and environment

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 10.0, 60.0, 100.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.now += seconds
        for model in self.models.values():
            model.pass_time()
        self.do(seconds=seconds)

    @rule(name=st.sampled_from(["online", "focused", "visible"]))
    def change_the_environment(self, name: str) -> None:
        value = not getattr(self.world, name)
        setattr(self.world, name, value)
        for model in self.models.values():
            if value:
                (model.becomes_visible if name == "visible" else model.look_again)()
        self.do(lambda: [self.store.set(getattr(client, name), value) for client in self.clients] and None)

    # --- the comparison

    @invariant()
    def everything_is_as_in_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        for model in self.models.values():
            model.expire()
        assert not self.complaints, self.complaints
        assert not [error for error in self.reported if not isinstance(error, Failure)], self.reported
        assert sorted(self.started) == sorted(self.world.started), f"{self.started} started, not {self.world.started}"
        self.do(self.compare, None)

    def compare(self) -> None:
        for place, model in self.models.items():
            shown = self.clients[place[0]].get_data(("key", place[1]))
            assert shown == model.data, f"{place} has {shown}, not {model.data}"
            if model.observers:
                result = self.store.get(self.queries[place])
                expected = model.shown()
                got = {name: getattr(result, name) for name in expected}
                assert got == expected, f"{place} shows {got}, not {expected}"
        for number, client in enumerate(self.clients):
            fetches = [model.fetch for place, model in self.models.items() if place[0] == number and model.fetch]
            running = sum(not fetch.is_paused for fetch in fetches)
            assert self.store.get(client.is_fetching) == running
        for place, awaiter, task in self.awaiters:
            outcome = task.result() if task.done() else None
            assert outcome == awaiter.outcome, f"an awaiter of {place} has {outcome}, not {awaiter.outcome}"
        assert self.store._invariant() is None

    def teardown(self) -> None:
        self.is_over = True
        try:
            if hasattr(self, "store"):
                self.do(lambda: [call.future.done() or call.future.cancel() for call in self.late] and None)
                self.do(lambda: [task.cancel() for _, _, task in self.awaiters] and None)
                self.loop.run_until_complete(self.store.close())
                assert self.complaints == []
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.close()
