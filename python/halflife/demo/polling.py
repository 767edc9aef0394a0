"""Part: polling. A query asks again and again while somebody looks on, and not while the program is hidden."""

from __future__ import annotations

import asyncio

from halflife import QueryResult
from halflife.demo.client import Json
from halflife.demo.stage import Stage

TITLE = "a query polls; the program is hidden, and shown again"

PATH = "/stats/WA"

# Seconds between an answer and the next request.
INTERVAL = 0.03

# The program is hidden after so many answers, for so many intervals.
ANSWERS = 3
HIDDEN_INTERVALS = 3


class Answers:
    """Counts the answers of the query that polls, and hides the program at the third."""

    def __init__(self, stage: Stage) -> None:
        self.count = 0
        self._stage = stage
        self._is_asking = False
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    def note(self, result: QueryResult[Json]) -> None:
        """The query has changed: an answer is there if it has stopped asking."""
        has_ended = self._is_asking and not result.is_fetching
        self._is_asking = result.is_fetching
        if not has_ended:
            return
        self._error = result.error
        self.count += 1
        self._stage.narrator.shown("polling", "error" if result.is_error else "data", f"answer {self.count}")
        if self.count == ANSWERS:
            self.show_program(is_visible=False)
        self._changed.set()

    def show_program(self, *, is_visible: bool) -> None:
        """Tells the queries whether somebody can see the program."""
        if self._stage.store.get(self._stage.queries.visible) is not is_visible:
            self._stage.store.set(self._stage.queries.visible, is_visible)
            self._stage.narrator.shown("program", "shown" if is_visible else "hidden", "")

    async def come(self, count: int) -> None:
        """Waits until there are so many answers. Raises the error of the query."""
        while self.count < count and self._error is None:
            self._changed.clear()
            await self._changed.wait()
        if self._error is not None:
            raise self._error


async def play(stage: Stage) -> None:
    """Polls until the third answer, is hidden, and is shown again."""
    store = stage.store

    async def fetch(_key: object) -> Json:
        return await stage.client.get(PATH)

    washington = stage.queries.query(("statistics", "WA"), fetch, interval=INTERVAL)
    answers = Answers(stage)
    try:
        with store.subscribe(washington, answers.note):
            answers.note(store.get(washington))
            await answers.come(ANSWERS)
            await asyncio.sleep(HIDDEN_INTERVALS * INTERVAL)
            await stage.expect_logged("while the program is hidden, nothing is asked", PATH, served=ANSWERS)
            await stage.narrator.pause()
            answers.show_program(is_visible=True)
            result = store.get(washington)
            stage.expect("shown again, the query asks at once", holds=result.is_fetching, found=f"{result!r}")
            await answers.come(ANSWERS + 1)
    finally:
        answers.show_program(is_visible=True)
    stage.summary.queries.polls = answers.count - 1
    await store.settled()
    asked = len(stage.client.of(PATH))
    await asyncio.sleep(HIDDEN_INTERVALS * INTERVAL)
    more = await stage.control.received(PATH, 0) - asked
    stage.expect("when nobody looks on any more, it stops", holds=more == 0, found=f"{more} more requests")
