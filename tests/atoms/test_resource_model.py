"""A resource against a naive model, through random sequences of operations."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halflife import Store, atom, resource
from halflife._atoms import resource as resource_module
from halflife.testing import ManualClock

UNKNOWN = object()


@dataclass
class Model:
    """The expected state of a resource: plain fields, changed by hand."""

    source: int | None = None
    latest: Any = UNKNOWN
    fetching: int | None = None
    failed: bool = False
    asked: list[tuple[int, bool]] = field(default_factory=list)
    fetched_for: int | None = None

    def fetch(self, *, again: bool) -> None:
        assert self.source is not None
        self.failed = False
        self.fetching = self.source
        self.asked.append((self.source, again or self.fetched_for == self.source))

    def set_source(self, value: int | None) -> None:
        if value == self.source:
            return
        self.source = value
        self.failed = False
        self.fetching = None
        if value is None:
            self.fetched_for = None
        else:
            self.fetch(again=False)

    def mutate(self, value: str) -> None:
        self.latest = value
        self.failed = False
        self.fetching = None
        self.fetched_for = self.source

    def refetch(self) -> None:
        if self.source is not None:
            self.fetch(again=True)

    def answer(self, data: str) -> None:
        if self.fetching is not None:
            self.latest = data
            self.fetched_for = self.fetching
            self.fetching = None

    def fail(self) -> None:
        if self.fetching is not None:
            self.failed = True
            self.fetching = None

    @property
    def state(self) -> str:
        if self.failed:
            return "errored"
        known = self.latest is not UNKNOWN
        if self.fetching is not None:
            return "refreshing" if known else "pending"
        return "ready" if known else "unresolved"


@dataclass
class Server:
    asked: list[tuple[int, bool]] = field(default_factory=list)
    waiting: asyncio.Future[str] | None = None

    async def fetch(self, value: int, info: Any) -> str:
        self.asked.append((value, info.refetching))
        self.waiting = asyncio.get_running_loop().create_future()
        return await self.waiting

    def answer(self, outcome: str | Exception) -> None:
        waiting, self.waiting = self.waiting, None
        if waiting is None or waiting.done():
            return
        if isinstance(outcome, Exception):
            waiting.set_exception(outcome)
        else:
            waiting.set_result(outcome)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("source"), st.sampled_from([None, 1, 2])),
        st.tuples(st.sampled_from(["mutate", "refetch", "answer", "fail"]), st.none()),
    ),
    max_size=25,
)


@given(steps)
def test_a_resource_agrees_with_the_naive_model(todo: list[tuple[str, int | None]]) -> None:
    asyncio.run(compare(todo))


async def compare(todo: list[tuple[str, int | None]]) -> None:
    model, server, clock = Model(), Server(), ManualClock()
    source = atom(None)
    shown = resource(source, server.fetch)
    async with Store(clock=clock, on_error=lambda error: None) as store:
        store.subscribe(shown, lambda value: None)
        store.subscribe(shown.state, lambda value: None)
        store.subscribe(shown.latest, lambda value: None)
        for number, (kind, value) in enumerate(todo):
            data = f"data {number}"
            match kind:
                case "source":
                    store.set(source, value)
                    model.set_source(value)
                case "mutate":
                    store.set(shown.mutate, data)
                    model.mutate(data)
                case "refetch":
                    store.set(shown.refetch)
                    model.refetch()
                case "answer":
                    server.answer(data)
                    model.answer(data)
                case _:
                    server.answer(OSError(data))
                    model.fail()
            await clock.advance(0)
            assert store.get(shown.state) == model.state
            assert store.get(shown.latest) == (None if model.latest is UNKNOWN else model.latest)
            assert server.asked == model.asked


def test_the_model_notices_a_planted_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource_module.Memory, "rest", lambda memory: memory.latest_or_none())
    with pytest.raises(AssertionError):
        asyncio.run(compare([("source", 1), ("answer", None), ("source", None), ("source", 1)]))
