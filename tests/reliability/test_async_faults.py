"""*Faults of async code*: in a script with runs, streams, actions and waiters each callback fails in turn.

Afterwards the store settles, its invariants hold, its values equal a fresh computation, no wait lasts for ever,
asyncio reports nothing, and nothing leaks.
"""

import asyncio
import gc
import weakref

import pytest

from halflife import Atom, HasData, RunCancelledError, Store, action, atom, derived, effect, loadable, resource


class InjectedError(Exception):
    """The fault that is an error."""


class InjectedCancellation(asyncio.CancelledError):
    """The fault that looks like a cancellation from outside."""


class Faults:
    """Counts callbacks, and fails in one of them."""

    def __init__(self, at: int, kind: type[BaseException]) -> None:
        self.at, self.kind, self.count, self.armed, self.where = at, kind, 0, True, ""

    def step(self, where: str) -> None:
        if self.armed:
            self.count += 1
            if self.count == self.at:
                self.where = where
                raise self.kind(where)


class Program:
    """A store with async atoms of each kind, most of them observed."""

    def __init__(self, faults: Faults) -> None:
        step = faults.step
        self.faults = faults
        self.seen: dict[str, object] = {}

        def on_error(error) -> None:
            step("on_error")

        def equal(before, now) -> bool:
            step("equals")
            return before == now

        def hook(set):
            step("on_mount")
            return lambda: step("cleanup of on_mount")

        self.key = atom(1, name="key", equals=equal)

        async def user(get, signal):
            signal.add_callback(lambda: step("signal"))
            step("first step of a run")
            value = get(self.key)
            await asyncio.sleep(0)
            step("second step of a run")
            return value * 10

        async def posts(get):
            value = await get(self.user)
            step("after await get")
            return value + get(self.key)

        async def ticks(get):
            try:
                step("stream")
                yield get(self.key)
                await asyncio.sleep(0)
                step("stream goes on")
                yield get(self.key) + 1
            finally:
                step("stream's finally")

        async def save(get, set, value):
            step("action")
            set(self.key, value)
            await asyncio.sleep(0)
            step("action after await")
            set(self.key, await get(self.user) // 10)
            return value

        async def fetch(value, info):
            step("fetcher")
            await asyncio.sleep(0)
            return value * 100

        self.user = derived(user, name="user", equals=equal, on_mount=hook)
        self.posts = derived(posts, name="posts")
        self.ticks = derived(ticks, name="ticks")
        self.doubled = derived(lambda get: (step("sync read"), get(loadable(self.posts)))[1], name="doubled")
        self.data = resource(self.key, fetch, name="data")
        self.save = action(save)
        self.mirror = effect(lambda get, set: (get(loadable(self.user)), step("effect"))[1])
        self.store = Store(on_error=on_error)

    def observe(self, name: str) -> None:
        def callback(value) -> None:
            self.faults.step("subscriber")
            self.seen[name] = value

        self.store.subscribe(getattr(self, name), callback, on_error=lambda error: self.faults.step("on_error"))

    def script(self):
        store = self.store
        for name in ("user", "posts", "doubled", "ticks", "data"):
            yield lambda name=name: self.observe(name)
        yield lambda: store.observe(self.mirror)
        yield store.settled
        yield lambda: store.set(self.key, 2)
        yield lambda: store.set(self.key, 3)  # supersedes a run that has not started
        yield lambda: asyncio.sleep(0)
        yield lambda: store.set(self.key, 4)  # supersedes a run in its middle
        yield lambda: store.value(self.posts)
        yield lambda: store.set(self.save, 5)
        yield lambda: store.set(self.save, 5)
        yield lambda: store.refresh(self.user)
        yield lambda: asyncio.gather(*(store.value(self.posts) for _ in range(3)), return_exceptions=True)
        yield store.settled

    def expected(self) -> dict[str, object]:
        key = self.store.get(self.key)
        return {"user": key * 10, "posts": key * 11, "ticks": key + 1, "data": key * 100}


async def go_through(program: Program) -> None:
    store, faults = program.store, program.faults
    for number, operation in enumerate(program.script()):
        try:
            async with asyncio.timeout(10):  # no wait may last for ever
                result = operation()
                if hasattr(result, "__await__"):
                    await result
        except* (InjectedError, InjectedCancellation, RunCancelledError):
            pass
        assert store._invariant() is None, (number, faults.at, faults.where)
    faults.armed = False
    async with asyncio.timeout(10):
        await store.settled()
        for name in program.expected():
            store.refresh(getattr(program, name))  # an injected error is the atom's value until the next run
        await store.settled()
        store.set(program.key, 77)
        await store.settled()
        for name, value in program.expected().items():
            assert await store.value(getattr(program, name)) == value, (name, faults.at, faults.where)
        assert store.get(loadable(program.posts)) == HasData(77 * 11)
    assert store._invariant() is None
    assert store._pending_runs == 0
    await store.close()


def run(at: int, kind: type[BaseException]) -> Faults:
    faults = Faults(at, kind)
    program = Program(faults)
    parts = [weakref.ref(part) for part in vars(program).values() if isinstance(part, (Atom, Store))]
    asyncio.run(go_through(program))
    del program
    gc.collect()
    assert [part() for part in parts if part() is not None] == [], faults.where
    return faults


@pytest.fixture(autouse=True)
def _freeze():
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("kind", [InjectedError, InjectedCancellation])
def test_the_store_recovers_from_a_failure_of_any_async_callback(kind, caplog) -> None:
    callbacks = run(0, kind).count
    assert callbacks > 50
    failed = {run(at, kind).where for at in range(1, callbacks + 1)}
    assert failed >= {
        "action",
        "action after await",
        "after await get",
        "effect",
        "equals",
        "fetcher",
        "first step of a run",
        "on_mount",
        "second step of a run",
        "signal",
        "stream",
        "stream goes on",
        "stream's finally",
        "subscriber",
        "sync read",
    }
    assert not [record for record in caplog.records if record.name == "asyncio"]
