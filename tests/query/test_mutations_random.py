"""Mutations when everything overlaps: random programs, which must end with the server's data and nothing left over."""

import random
from typing import Any

import pytest

from conftest import FIRST_SEED, MULTIPLIER
from fetch_server import quiet
from halflife import MutationCancelled, Retry
from mutation_server import Call, World

KEYS = ("a", "b")
PROGRAMS = max(20, round(150 * MULTIPLIER))
STEPS = 40


class Program:
    """A random program: calls of mutations of all kinds, and what happens to them."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.handles: list[Any] = []
        self.count = 0
        self.open: list[Call] = []
        backend = world.backend

        async def send(variables: dict[str, Any], context: Any) -> Any:
            call = Call(variables, context)
            self.open.append(call)
            return await call.result()

        shared: dict[str, Any] = {
            "included": lambda data, variables, key: any(item in data for item in variables["items"]),
            "updates": lambda v: {(key,): lambda draft: draft.extend(v["items"]) for key in v["keys"]},
            "invalidates": [(key,) for key in KEYS],
        }
        mutation = world.client.mutation
        self.mutations = [
            mutation(send, **shared),
            mutation(send, scope="s", keep_on=TimeoutError, **shared),
            mutation(send, scope=lambda v: v["keys"][0], retry=Retry(max_retries=1, initial_delay=1.0), **shared),
            mutation(send, scope="s", debounce=1.0, merge=merged, **shared),
            mutation(send, on_mutate=lambda v: world.clock.sleep(0.5), network_mode="offline_first", **shared),
        ]
        self.backend = backend

    async def run(self) -> None:
        for key in KEYS:
            await self.world.watch(key, data=[])
        steps = (
            [self.call] * 5 + [self.answer] * 5 + [self.refuse, self.time_out, self.cancel, self.retry, self.network]
        )
        for _ in range(STEPS):
            self.backend.is_slow = self.random.random() < 0.5
            await self.random.choice([*steps, self.fetch, self.fetch, self.invalidate, self.time])()
            await quiet()
            self.check_shown()
        await self.finish()

    # --- steps

    async def call(self) -> None:
        self.count += 1
        keys = tuple(sorted(self.random.sample(KEYS, self.random.randint(1, len(KEYS)))))
        self.handles.append(self.random.choice(self.mutations)({"keys": keys, "items": (self.count,)}))

    def drawn(self) -> Call | None:
        self.open = [call for call in self.open if not (call.is_cancelled or call._answer.done())]
        return self.random.choice(self.open) if self.open else None

    async def answer(self) -> None:
        call = self.drawn()
        if call is not None:
            for key in call.variables["keys"]:
                self.backend.table[(key,)].extend(call.variables["items"])
            await call.answer("yes")

    async def refuse(self) -> None:
        call = self.drawn()
        if call is not None:
            await call.answer(ValueError("no"))

    async def time_out(self) -> None:
        call = self.drawn()
        if call is not None:
            await call.answer(TimeoutError())

    async def cancel(self) -> None:
        if self.handles:
            self.random.choice(self.handles).cancel()

    async def retry(self) -> None:
        if self.handles:
            self.random.choice(self.handles).retry()

    async def network(self) -> None:
        client = self.world.client
        self.world.store.set(client.online, not self.world.store.get(client.online))

    async def fetch(self) -> None:
        await self.backend.release()

    async def invalidate(self) -> None:
        self.world.client.invalidate(self.random.choice(KEYS))

    async def time(self) -> None:
        await self.world.clock.advance(0.6)

    # --- what must hold

    def check_shown(self) -> None:
        """Every pending edit is shown, and once."""
        for handle in self.handles:
            for layer in handle.layers:
                if layer.status == "pending":
                    key = layer._layers.visible
                    assert all(key.count(item) == 1 for item in handle.variables["items"]), (key, handle)
        assert self.world.running() == sum(handle.status == "running" for handle in self.handles)
        assert self.world.store._invariant() is None

    async def finish(self) -> None:
        """All is answered, and all that was kept is given up: what is left is the server's data, and nothing else."""
        world, client = self.world, self.world.client
        world.store.set(client.online, True)
        self.backend.is_slow = False
        for _ in range(3 * self.count + 3):
            await world.clock.advance(2.0)
            await self.backend.release()
            await self.answer()
        for state in world.store.get(client.mutations):
            assert client.dismiss(state)
        await quiet()  # Everything was invalidated by the calls themselves.
        for key in KEYS:
            assert sorted(world.data(key)) == sorted(self.backend.table[(key,)])
            entry = client._cache.entry(world.client._requests.plain_key("test", key))
            assert (entry.policy.mutations, entry.policy.is_owed, entry.asked_of_answers) == (0, False, {})
            assert world.store.layers(entry.data).pending == 0
        mutations = client._mutations
        assert (mutations._calls, mutations.queue.requests, mutations.queue._paused) == ({}, {}, [])
        assert (mutations.queue._scopes, mutations.owed._held, mutations.owed._owed) == ({}, {}, {})
        for handle in self.handles:
            assert handle.done()
            if handle.status == "success":
                assert handle.result() == "yes"
            else:
                with pytest.raises((ValueError, TimeoutError, MutationCancelled, RuntimeError)):
                    handle.result()


def merged(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    keys = tuple(sorted({*earlier["keys"], *later["keys"]}))
    return {"keys": keys, "items": (*earlier["items"], *later["items"])}


@pytest.mark.asyncio
async def test_random_programs_end_with_the_data_of_the_server_and_nothing_left_over() -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + PROGRAMS):
        async with World() as world:
            try:
                await Program(world, seed).run()
            except BaseException as error:
                error.add_note(f"HALFLIFE_TEST_SEED={seed} runs this program first")
                raise
            assert world.reported == []
