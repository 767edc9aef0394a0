"""Every order of calls, answers, invalidations and refetches of two keys, against a naive model of what is shown."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from fetch_server import quiet
from mutation_server import World, append

pytestmark = pytest.mark.asyncio

KEYS = ("a", "b")
#: The keys that each mutation edits and invalidates.
EDITS = {"first": ("a", "b"), "second": ("a",)}
STEPS = ("first", "first ends", "second", "second ends", "invalidate", "answers")


class Model:
    """One key, as simply as it can be told."""

    def __init__(self, items: list[str]) -> None:
        self.base = list(items)
        #: The server's own list.
        self.server = list(items)
        #: The edits over the base, and whether each is confirmed.
        self.edits: dict[str, bool] = {}
        self.running = 0
        self.is_owed = False
        self.answer: list[str] | None = None
        self.fetches = 0

    @property
    def shown(self) -> list[str]:
        return [*self.base, *self.edits]

    def fetch(self) -> None:
        self.is_owed = True
        if self.running == 0:
            self.is_owed = False
            self.answer = list(self.server)
            self.fetches += 1

    def call(self, name: str) -> None:
        self.running += 1
        self.edits[name] = False

    def end(self, name: str, *, accepted: bool) -> None:
        self.running -= 1
        if accepted:
            self.server.append(name)
            self.edits[name] = True
            self.answer = None  # It may lack the edit.
        else:
            del self.edits[name]
        self.fetch()

    def arrive(self) -> None:
        if self.answer is not None:
            self.base, self.answer = self.answer, None
            self.edits = {name: False for name, is_confirmed in self.edits.items() if not is_confirmed}


def orders() -> Iterator[tuple[str, ...]]:
    """The orders in which no call ends before it begins."""
    for order in itertools.permutations(STEPS):
        if all(order.index(name) < order.index(f"{name} ends") for name in EDITS):
            yield order


class Play:
    """One order of the steps, played by a client and by the models of its keys."""

    def __init__(self, world: World, order: tuple[str, ...], accepted: dict[str, bool]) -> None:
        self.world = world
        self.order = order
        self.accepted = accepted
        self.models = {key: Model(["old"]) for key in KEYS}
        self.seen: dict[str, list[Any]] = {}
        self.handles: dict[str, Any] = {}
        self.mutations = {
            name: world.client.mutation(
                world.backend.send,
                updates=lambda v: {(key,): lambda draft: append(draft, v) for key in EDITS[v]},
                invalidates=[(key,) for key in keys],
            )
            for name, keys in EDITS.items()
        }

    async def run(self) -> None:
        self.seen = {key: await self.world.watch(key, data=["old"]) for key in KEYS}
        self.world.backend.is_slow = True
        for step in (*self.order, "answers", "answers"):
            await self.step(step)
            await quiet()
            for key, model in self.models.items():
                assert self.world.data(key) == model.shown, (self.order, step, key)
                assert self.world.backend.fetches[(key,)] == 1 + model.fetches, (self.order, step, key)
        self.check_end()

    async def step(self, step: str) -> None:
        if step in EDITS:
            self.handles[step] = self.mutations[step](step)
            for key in EDITS[step]:
                self.models[key].call(step)
        elif step == "invalidate":
            for key, model in self.models.items():  # Somebody else has changed it, too.
                self.world.backend.table[(key,)].append("other")
                model.server.append("other")
                model.fetch()
            self.world.client.invalidate()
        elif step == "answers":
            await self.world.backend.release()
            for model in self.models.values():
                model.arrive()
        else:
            await self.end(step.removesuffix(" ends"))

    async def end(self, name: str) -> None:
        accepted = self.accepted[name]
        for key in EDITS[name]:
            if accepted:
                self.world.backend.table[(key,)].append(name)
            self.models[key].end(name, accepted=accepted)
        call = next(call for call in self.world.backend.calls if call.variables == name)
        await call.answer("yes" if accepted else OSError("no"))

    def check_end(self) -> None:
        for key, model in self.models.items():
            assert self.world.data(key) == model.server == self.world.backend.table[(key,)]
        for name, keys in EDITS.items():
            for key in keys:  # An accepted edit never disappears; a refused one disappears once.
                shown = [False, *(name in data for data in self.seen[key])]
                changes = sum(one != other for one, other in itertools.pairwise(shown))
                assert changes == (1 if self.accepted[name] else 2), (self.order, key, name, self.seen[key])
            handle = self.handles[name]
            assert handle.status == ("success" if self.accepted[name] else "error")
            if not self.accepted[name]:
                with pytest.raises(OSError, match="no"):
                    handle.result()


async def play(order: tuple[str, ...], accepted: dict[str, bool]) -> None:
    async with World() as world:
        await Play(world, order, accepted).run()


@pytest.mark.parametrize("first", [True, False], ids=["first accepted", "first refused"])
@pytest.mark.parametrize("second", [True, False], ids=["second accepted", "second refused"])
async def test_in_every_order_the_data_is_as_the_naive_model_says(*, first: bool, second: bool) -> None:
    count = 0
    for order in orders():
        await play(order, {"first": first, "second": second})
        count += 1
    assert count == 180


async def test_the_model_and_the_client_differ_when_one_of_them_is_wrong(monkeypatch: Any) -> None:
    def without_owing(self: Model, name: str, *, accepted: bool) -> None:
        self.running -= 1
        self.edits[name] = accepted

    monkeypatch.setattr(Model, "end", without_owing)
    with pytest.raises(AssertionError):
        await play(STEPS, dict.fromkeys(EDITS, False))
