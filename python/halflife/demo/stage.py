"""The objects of a part of the demo: its store, its client, the server's controls, the narrator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from halflife import Atom, HasData, HasError, QueryAtom, QueryClient, QueryResult, Store, Subscription, loadable
from halflife.demo.client import AirportsClient, ApiError
from halflife.demo.connection import ATTEMPTS
from halflife.demo.control import Control
from halflife.demo.narrator import Narrator
from halflife.demo.summary import Expectation, Summary


@dataclass
class Stage:
    """The objects that a part uses, and the list of its expectations."""

    store: Store
    queries: QueryClient
    client: AirportsClient
    control: Control
    narrator: Narrator
    summary: Summary
    part: str = ""

    def expect(self, text: str, *, holds: bool, found: str = "") -> None:
        """Records whether an expectation of the part holds, and what was `found`."""
        expectation = Expectation(self.part, text, holds, found)
        self.summary.expectations.append(expectation)
        self.narrator.expectation(expectation)

    def expect_served(self, text: str, path: str, times: int) -> None:
        """Expects that the client has been served `path` so many times so far."""
        served = len(self.client.of(path, "served"))
        self.expect(text, holds=served == times, found=f"{served} requests")

    async def expect_logged(self, text: str, path: str, **outcomes: int) -> None:
        """Expects that the server has logged these numbers of `served`, `cancelled` and `failed` requests for `path`.

        A number of failed requests is the least: the server may also fail by chance.
        """
        log = await self.control.log()
        logged = Counter(request["outcome"] for request in log["requests"] if request["path"] == path)
        failed = outcomes.pop("failed", 0)
        self.expect(
            text,
            holds=all(logged[outcome] == count for outcome, count in outcomes.items()) and logged["failed"] >= failed,
            found=f"{dict(logged)}",
        )

    def watch(self, label: str, source: Atom[Any], text: Callable[[Any], str], *, keep: bool = False) -> Subscription:
        """Shows the loadable of `source` now and whenever it changes, until unsubscribed.

        `text` puts its data into a few words; with `keep` the last data stay while new ones load.
        """
        shown = loadable(source, keep_previous=True) if keep else loadable(source)

        def show(state: Any) -> None:
            self.narrator.shown(label, *_in_words(state, text))

        subscription = self.store.subscribe(shown, show)
        show(self.store.get(shown))
        return subscription

    def watch_query(self, label: str, query: QueryAtom[Any], text: Callable[[Any], str]) -> Subscription:
        """Shows the result of a query now and whenever it changes, until unsubscribed."""
        last: tuple[str, str] | None = None

        def show(result: QueryResult[Any]) -> None:
            nonlocal last
            words = _result_in_words(result, text)
            if words != last:
                last = words
                self.narrator.shown(label, *words)

        subscription = self.store.subscribe(query, show)
        show(self.store.get(query))
        return subscription

    async def insist(self, source: Atom[Any]) -> Any:
        """The settled value of an async atom, refreshed after each failure of the server.

        Raises the last `ApiError` after 12 attempts.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return await self.store.get(source)
            except ApiError:
                self.store.refresh(source)
        return await self.store.get(source)


def _in_words(state: Any, text: Callable[[Any], str]) -> tuple[str, str]:
    match state:
        case HasData(data, refreshing=refreshing):
            return "refreshing" if refreshing else "data", text(data)
        case HasError(error):
            return "error", str(error)
    return "loading", ""


def _result_in_words(result: QueryResult[Any], text: Callable[[Any], str]) -> tuple[str, str]:
    match result:
        case QueryResult(status="error", error=error):
            return "error", str(error)
        case QueryResult(status="success", data=data):
            return "refreshing" if result.is_refetching else "data", text(data)
    return "loading", ""
