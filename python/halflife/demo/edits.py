"""Part: optimistic edits. Ten at once; some are refused, and only those are rolled back.

The server holds its answers and lets them go in an order of our own, so that every run tells the same story.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable

from halflife import SagaHandle, pending_at
from halflife.demo import watch_list as edit
from halflife.demo.client import ApiError, Json
from halflife.demo.connection import send
from halflife.demo.stage import Stage
from halflife.demo.summary import Edits
from halflife.demo.watch_list import Rows, published, rows, watch_list

TITLE = "ten edits at once; the server refuses four, and each of those disappears alone"

LIST = "/watchlist"
TEMPORARY = "tmp-1"
NEW_AIRPORT = {
    "name": "Ocotillo Wells",
    "city": "Borrego Springs",
    "state": "CA",
    "country": "USA",
    "latitude": 33.15,
    "longitude": -116.13,
}

# The key of each request on the server. The move of JFK is not held, because it waits for the move of SFO.
HELD = {
    "add": "POST /watchlist",
    "LAX name": "PUT /airports/LAX/name",
    "LAX city": "PUT /airports/LAX/city",
    "DEN name": "PUT /airports/DEN/name",
    "SFO move": "POST /watchlist/SFO/move",
    "ORD removal": "DELETE /airports/ORD",
    "ATL removal": "DELETE /airports/ATL",
    "SEA name": "PUT /airports/SEA/name",
    "SAN name": "PUT /airports/SAN/name",
}
JFK_MOVE = "POST /watchlist/JFK/move"


class Desk:
    """The pending edits by name, and the outcomes of those that ended."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.outcomes: Counter[str] = Counter()
        self.edits: dict[str, SagaHandle[Json]] = {}

    def begin(self) -> None:
        """Makes all edits, without waiting in between."""
        store = self.stage.store
        self.edits = {
            "add": edit.add(store, TEMPORARY, NEW_AIRPORT),
            "LAX name": edit.rename(store, "LAX", "Denver Intl"),
            "LAX city": edit.relocate(store, "LAX", "Westchester"),
            "DEN name": edit.rename(store, "DEN", ""),
            "SFO move": edit.move(store, "SFO", before="ORD"),
            "ORD removal": edit.remove(store, "ORD"),
            "JFK move": edit.move(store, "JFK", before="SAN"),
            "ATL removal": edit.remove(store, "ATL"),
            "SEA name": edit.rename(store, "SEA", "Sea-Tac"),
            "SAN name": edit.rename(store, "SAN", "Lindbergh Field"),
        }

    async def answer(self, name: str) -> str:
        """Lets the server answer an edit; returns its outcome."""
        if name in HELD:
            await self.stage.control.release(HELD[name])
        try:
            await self.edits[name]
        except ApiError as error:
            if not error.refused:
                raise
            self.outcomes["refused"] += 1
            outcome = f"refused with {error.status}"
        except asyncio.CancelledError:
            if self.edits[name].status != "cancelled":  # The demo itself is cancelled.
                raise
            self.outcomes["cancelled"] += 1
            outcome = "cancelled"
        else:
            self.outcomes["kept"] += 1
            outcome = "kept"
        await self.stage.narrator.pause()
        return outcome

    async def refuse(self, text: str, name: str, status: int, gone: Iterable[str]) -> None:
        """Expects that the server refuses an edit, and that only this edit is rolled back."""
        before = self.shown()
        outcome = await self.answer(name)
        changed = _changed(before, self.shown())
        self.stage.expect(
            text,
            holds=outcome == f"refused with {status}" and changed == set(gone),
            found=f"{outcome}, changed: {sorted(changed)}",
        )

    def shown(self) -> Json:
        """The rows that the client shows."""
        return self.stage.store.layers(watch_list).visible

    @property
    def pending(self) -> int:
        """The number of pending edits."""
        return self.stage.store.layers(watch_list).pending


async def play(stage: Stage) -> None:
    """Edits, and checks the effect of each answer on the screen."""
    await stage.insist(published)
    desk = Desk(stage)
    async with _held(desk):
        with stage.store.subscribe(rows, _Screen(stage).show):
            await _edit(desk)
            await _settle_the_first(desk)
            asked = await _refetch(desk)
            await _settle_the_others(desk)
            await _compare(desk)
            await _fetch_at_last(desk, asked)


async def _edit(desk: Desk) -> None:
    stage = desk.stage
    desk.begin()
    for key in HELD.values():
        await stage.control.received(key, 1)
    await stage.narrator.pause()
    shown = desk.shown()
    stage.expect(
        "all ten are shown before the server has answered any",
        holds=desk.pending == len(desk.edits)
        and shown["order"] == ["JFK", "SAN", "LAX", "SEA", "DEN", "SFO", TEMPORARY]
        and shown["airports"]["LAX"]["name"] == "Denver Intl",
        found=f"{desk.pending} pending, {shown}",
    )
    marked = [code for code in shown["order"] if stage.store.get(pending_at(watch_list, "airports", code))]
    stage.expect(
        "the rows that were edited are marked, the others are not",
        holds=marked == ["SAN", "LAX", "SEA", "DEN", TEMPORARY],
        found=f"marked: {marked}",
    )


async def _settle_the_first(desk: Desk) -> None:
    stage = desk.stage
    outcome = await desk.answer("ORD removal")
    stage.expect("ORD was removed", holds=outcome == "kept", found=outcome)
    sent = await stage.control.received(JFK_MOVE, 0)
    stage.expect("the second move waits for the first one", holds=sent == 0, found=f"{sent} requests")
    await desk.refuse("SFO cannot move to before ORD, which is gone: that move is undone", "SFO move", 409, ["order"])
    order = desk.shown()["order"]
    expected = ["JFK", "SAN", "LAX", "SFO", "SEA", "DEN", TEMPORARY]
    stage.expect("SFO is back in its place, and ORD is not", holds=order == expected, found=f"{order}")
    outcome = await desk.answer("JFK move")
    stage.expect("then the second move is sent", holds=outcome == "kept", found=outcome)


async def _refetch(desk: Desk) -> int:
    """The list is fetched again while six edits are pending, and one of them is answered meanwhile."""
    stage, store, control = desk.stage, desk.stage.store, desk.stage.control
    await send(store, "PUT", "/airports/SFO/name", text="San Francisco Bay")
    before, pending = desk.shown(), desk.pending
    store.refresh(published)
    await stage.insist(published)
    changed = _changed(before, desk.shown())
    stage.expect(
        "the new list renames SFO, as somebody else did, and takes no edit away",
        holds=changed == {"SFO"} and desk.pending == pending,
        found=f"changed: {sorted(changed)}, {desk.pending} pending",
    )
    asked = await control.received(LIST, 0)
    await control.hold(LIST)
    store.refresh(published)
    asked = await control.received(LIST, asked + 1)
    outcome = await desk.answer("LAX city")
    stage.expect("LAX is in Westchester while the list is fetched again", holds=outcome == "kept", found=outcome)
    again = await control.received(LIST, 0)
    cancelled = len(stage.client.of(LIST, "cancelled"))
    stage.expect(
        "what was asked before that is dropped, and not asked again while edits are on their way",
        holds=cancelled == 1 and again == asked,
        found=f"{cancelled} cancelled, {again - asked} asked again",
    )
    await stage.narrator.pause()
    return asked


async def _fetch_at_last(desk: Desk, asked: int) -> None:
    """The last edit has been answered, so the list is fetched again."""
    stage, store, control = desk.stage, desk.stage.store, desk.stage.control
    before = desk.shown()
    again = await control.received(LIST, asked + 1) - asked
    stage.expect("with the last answer the list is fetched again, once", holds=again == 1, found=f"{again} requests")
    await control.release(LIST)
    await stage.insist(published)
    store.refresh(published)
    await stage.insist(published)
    changed = _changed(before, desk.shown())
    stage.expect("and fetching it again changes nothing", holds=not changed, found=f"changed: {sorted(changed)}")


async def _settle_the_others(desk: Desk) -> None:
    stage = desk.stage
    await desk.refuse("LAX cannot have the name of DEN: that edit is gone", "LAX name", 409, ["LAX"])
    lax = desk.shown()["airports"]["LAX"]
    stage.expect(
        "the later edit of the same row stays",
        holds=(lax["name"], lax["city"]) == ("Los Angeles International", "Westchester"),
        found=f"{lax}",
    )
    await desk.refuse("the empty name is refused", "DEN name", 422, ["DEN"])
    before = desk.shown()
    desk.edits["SEA name"].cancel()
    desk.outcomes["cancelled"] += 1
    changed = _changed(before, desk.shown())
    stage.expect("an edit that is cancelled is gone at once", holds=changed == {"SEA"}, found=f"{sorted(changed)}")
    await stage.narrator.pause()
    await desk.refuse("ATL is protected: it is back in its place", "ATL removal", 409, ["ATL", "order"])
    outcome = await desk.answer("add")
    shown = desk.shown()
    stage.expect(
        "the new airport has the server's code where it had a temporary one",
        holds=outcome == "kept" and shown["order"][-1] == "NEW-1" and TEMPORARY not in shown["airports"],
        found=f"{outcome}, {shown['order']}",
    )
    outcome = await desk.answer("SAN name")
    stage.expect("the last answer confirms the name of SAN", holds=outcome == "kept", found=outcome)


async def _compare(desk: Desk) -> None:
    """Compares the rows that are shown with the rows of the database."""
    stage = desk.stage
    shown = desk.shown()
    stored = await stage.control.watched()
    edits = Edits(dict(desk.outcomes), [shown["airports"][code] for code in shown["order"]], stored)
    stage.summary.edits = edits
    stage.expect("no edit is pending any more", holds=desk.pending == 0, found=f"{desk.pending}")
    stage.expect(
        "what is shown is what the database holds, without fetching it again",
        holds=edits.same and set(shown["airports"]) == set(shown["order"]),
        found=f"shown {edits.shown}, stored {stored}",
    )


class _Screen:
    """Tells the narrator of each row that has changed."""

    def __init__(self, stage: Stage) -> None:
        self._narrator = stage.narrator
        self._rows: Rows = {}
        self.show(stage.store.get(rows))

    def show(self, found: Rows) -> None:
        before, self._rows = self._rows, found
        for label in before:
            if label not in found:
                self._narrator.shown(label, "gone", "")
        for label, (state, text) in found.items():
            if before.get(label) != (state, text):
                self._narrator.shown(label, state, text)


@contextlib.asynccontextmanager
async def _held(desk: Desk) -> AsyncIterator[None]:
    """Lets the server hold the answers to the edits, and releases them all at the end."""
    control = desk.stage.control
    for key in HELD.values():
        await control.hold(key)
    try:
        yield
    finally:
        for handle in desk.edits.values():
            handle.cancel()
        for key in (*HELD.values(), LIST):
            await control.release(key)


def _changed(before: Json, after: Json) -> set[str]:
    """The codes of the airports that differ, and "order" if that does."""
    rows_before, rows_after = before["airports"], after["airports"]
    codes = {code for code in {**rows_before, **rows_after} if rows_before.get(code) != rows_after.get(code)}
    return codes | ({"order"} if before["order"] != after["order"] else set())
