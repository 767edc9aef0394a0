"""Every order of the events of one fetch and what may overlap it, with a second key that nothing may touch."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import Any

import pytest

from halflife import QueryDefaults, Retry
from halflife._core import EntryPolicy, Verdict
from halflife.query import entries
from query_world import World

EVENTS = ("fetch", "answer", "edit", "confirm", "refuse", "invalidate", "set_data", "push")
KEYS = (("key", 0), ("key", 1))


class Race:
    """Two observed keys whose data is a list of words; what must be in the data, and what must not."""

    def __init__(self) -> None:
        self.world = World(defaults=QueryDefaults(retry=Retry(max_retries=0)))
        self.calls: dict[Any, list[asyncio.Future[Any]]] = {key: [] for key in KEYS}
        self.queries = {}
        for key in KEYS:
            self.world.client.set_data(key, ["first"])
            self.queries[key] = self.world.client.query(key, self.fetch)
            self.world.watch(self.queries[key])
        #: The edits whose layers are pending.
        self.pending: list[tuple[str, Any]] = []
        #: The words that every answer of the server holds from now on.
        self.agreed: list[str] = []
        self.number = 0
        self.is_owed = False

    async def fetch(self, key: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.calls[key].append(future)
        answer = list(self.agreed) if key == KEYS[0] else ["second"]
        await future
        return answer

    async def rest(self) -> None:
        await self.world.clock.advance(0)

    def running(self, key: Any) -> list[Any]:
        return [future for future in self.calls[key] if not future.done()]

    async def do(self, event: str) -> None:
        client, key, query = self.world.client, KEYS[0], self.queries[KEYS[0]]
        self.number += 1
        word = f"{event} {self.number}"
        match event:
            case "fetch":
                query.refetch()
            case "answer":
                for future in self.running(key)[:1]:
                    future.set_result(None)
            case "edit":
                self.pending.append((word, client.edit(key, lambda draft: draft.append(word))))
            case "confirm" if self.pending:
                confirmed, layer = self.pending.pop(0)
                self.agreed.append(confirmed)
                layer.commit()
            case "refuse" if self.pending:
                self.pending.pop()[1].rollback()
            case "invalidate":
                client.invalidate(key)
                assert self.world.store.get(query).is_stale
            case "set_data":
                self.agreed.append(word)
                client.set_data(key, list(self.agreed))
            case "push":
                self.agreed.append(word)
                self.world.store.layers(query.data).edit_base(lambda draft: draft.append(word))
        await self.rest()
        self.check(event)

    def check(self, event: str) -> None:
        """No edit is lost, and no answer is shown that lacks what the server has agreed to."""
        result = self.world.store.get(self.queries[KEYS[0]])
        expected = [*self.agreed, *(word for word, _ in self.pending)]
        assert sorted(word for word in result.data if word != "first") == sorted(expected), event
        assert len(self.running(KEYS[0])) == int(result.is_fetching)
        if event == "invalidate":
            assert result.is_fetching, "an invalidation is lost"
        if result.is_stale:
            assert result.is_fetching, "stale data that nothing fetches"
        assert self.world.store.get(self.queries[KEYS[1]]).data == ["first"]
        assert self.calls[KEYS[1]] == []
        assert self.world.errors == []


async def play(events: tuple[str, ...]) -> None:
    race = Race()
    for event in events:
        await race.do(event)
    for _ in range(len(events)):
        await race.do("answer")
    assert not race.world.store.get(race.queries[KEYS[0]]).is_fetching
    await race.world.store.close()


async def play_all(first: str) -> None:
    others = [event for event in (*EVENTS, "edit") if event != first or first == "edit"]
    for events in sorted(set(permutations(others, 3))):
        await play(("fetch", first, *events))


@pytest.mark.parametrize("first", EVENTS)
def test_every_order_of_three_events_after_a_fetch_and(first: str) -> None:
    asyncio.run(play_all(first))


class PlantedPolicy:
    """The policy of an entry; a test overrides one of its answers."""

    def __init__(self) -> None:
        self.native = EntryPolicy()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.native, name)


@pytest.mark.parametrize(
    ("first", "method", "answer"),
    [
        ("push", "edit", None),
        ("set_data", "verdict", Verdict.WRITE),
        ("confirm", "owe", None),
        ("invalidate", "invalidate", None),
    ],
)
def test_the_orders_catch_a_policy_that_ignores(
    first: str, method: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = type("Planted", (PlantedPolicy,), {method: lambda *_: answer})
    monkeypatch.setattr(entries, "EntryPolicy", planted)
    with pytest.raises(AssertionError):
        asyncio.run(play_all(first))
