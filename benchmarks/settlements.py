"""Settlements: many edits are pending on one value, and one of them fails, is confirmed, or is refetched.

By hand means what a careful program without any library does: keep the base and the functions
that edit it, and when one fails, copy the base and call all the others again. The copies are made
once per replay, not once per edit. Each timed step leaves one edit less (or none less) pending;
the edit that takes its place is applied outside the timed part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from comparison import Comparison, Stopwatch, Work
from edits import state
from growth import Growing, Grown, exponent
from rows import Row, than
from timing import Timing

LAPS = 5
PENDING = 100
FAILING = 49
"""Number 50 of the 100."""
KEYS = 10_000

Edit = Callable[[Any], None]
Step = Literal["fails", "oldest", "newest", "refetch", "refetch_all"]


# --- a hundred pending edits of one list


def independent(number: int) -> Edit:
    """An edit of one item that no other edit touches."""
    place = number * 97

    def edit(items: Any) -> None:
        items[place]["done"] = True

    return edit


def independent_by_hand(number: int) -> Edit:
    place = number * 97

    def edit(items: Any) -> None:
        items[place] = {**items[place], "done": True}

    return edit


def dependent(number: int) -> Edit:
    """An item at the end: where it stands depends on all the edits before."""

    def edit(items: Any) -> None:
        items.append({"id": f"new {number}", "text": "new", "done": False, "tags": []})

    return edit


def replayed(base: dict[str, Any], edits: Sequence[Edit]) -> dict[str, Any]:
    todos = base["todos"]
    items = todos["items"].copy()
    for edit in edits:
        edit(items)
    return {**base, "todos": {**todos, "items": items}}


def list_by_hand(make: Callable[[int], Edit]) -> Work:
    base, edits = state(), [make(number) for number in range(PENDING)]

    def sample() -> float:
        shown = replayed(base, edits)
        watch = Stopwatch()
        for _ in range(LAPS):
            with watch:
                shown = replayed(base, edits[:FAILING] + edits[FAILING + 1 :])
        del shown
        return watch.each

    return Work(sample)


def list_in_layers(make: Callable[[int], Edit], by_hand: Callable[[int], Edit]) -> Work:
    from halflife import Layers

    base = state()
    layers = Layers(base)

    def apply(number: int) -> Any:
        edit = make(number)
        return layers.apply(lambda draft: edit(draft["todos"]["items"]))

    numbers = list(range(PENDING))
    handles = [apply(number) for number in numbers]

    def fail() -> Stopwatch:
        watch = Stopwatch()
        failed = handles.pop(FAILING)
        with watch:
            failed.rollback()
        return watch

    def sample() -> float:
        spent = 0.0
        for _ in range(LAPS):
            spent += fail().each
            numbers.append(numbers.pop(FAILING))
            handles.append(apply(numbers[-1]))
        return spent / LAPS

    fail()
    expected = replayed(base, [by_hand(number) for number in numbers if number != FAILING])
    right = layers.visible == expected and base == state()
    numbers.append(numbers.pop(FAILING))
    handles.append(apply(FAILING))
    return Work(sample, "" if right else "wrong result")


def inverse_patchdiff(make: Callable[[int], Edit]) -> Work:
    """Takes the failed edit back with its inverse patches; what comes out is often wrong."""
    from patchdiff import apply, produce

    shown, inverse = state(), []
    for number in range(PENDING):
        edit = make(number)
        shown, _, back = produce(shown, lambda draft, edit=edit: edit(draft["todos"]["items"]))
        if number == FAILING:
            inverse = back

    def sample() -> float:
        watch = Stopwatch()
        for _ in range(2):
            with watch:
                apply(shown, inverse)
        return watch.each

    return Work(sample)


# --- edits of separate keys


def keyed() -> dict[str, Any]:
    return {f"key {index}": {"id": index, "likes": 0} for index in range(KEYS)}


def refetched(base: dict[str, Any], step: Step) -> dict[str, Any]:
    """The base as it comes back from a server: one entry differs, or all are new objects."""
    if step == "refetch_all":
        return {key: dict(value) for key, value in base.items()}
    last = f"key {KEYS - 1}"
    return {**base, last: {**base[last], "id": base[last]["id"] + 1}}


class ByHand:
    """Pending edits of separate keys, without any library."""

    def __init__(self, pending: int) -> None:
        self.base = keyed()
        self.edits = [self.edit(f"key {index}") for index in range(pending)]
        self.visible = self.replayed()

    def edit(self, key: str) -> Edit:
        def like(entries: dict[str, Any]) -> None:
            entry = entries[key]
            entries[key] = {**entry, "likes": entry["likes"] + 1}

        return like

    def replayed(self) -> dict[str, Any]:
        entries = self.base.copy()
        for edit in self.edits:
            edit(entries)
        return entries

    def step(self, step: Step) -> Stopwatch:
        watch = Stopwatch()
        if step.startswith("refetch"):
            base = refetched(self.base, step)
            with watch:
                self.base = base
                self.visible = self.replayed()
            return watch
        place = {"fails": len(self.edits) // 2, "oldest": 0, "newest": -1}[step]
        edit = self.edits.pop(place)
        with watch:
            if step == "oldest":
                self.base = self.base.copy()
                edit(self.base)
            else:
                self.visible = self.replayed()
        self.edits.append(edit)
        return watch


class InLayers:
    """Pending edits of separate keys, in halflife; counts how often a recipe is called."""

    def __init__(self, pending: int) -> None:
        from halflife import Layers

        self.calls = 0
        self.layers = Layers(keyed())
        self.handles = [(key, self.apply(key)) for key in (f"key {index}" for index in range(pending))]

    def apply(self, key: str) -> Any:
        def like(draft: Any) -> None:
            self.calls += 1
            draft[key]["likes"] += 1

        return self.layers.apply(like)

    def step(self, step: Step) -> Stopwatch:
        watch = Stopwatch()
        before = self.calls
        if step.startswith("refetch"):
            base = refetched(self.layers.base, step)
            with watch:
                self.layers.set_base(base)
            self.called = self.calls - before
            return watch
        key, layer = self.handles.pop({"fails": len(self.handles) // 2, "oldest": 0, "newest": -1}[step])
        settle = layer.commit if step == "oldest" else layer.rollback
        with watch:
            settle()
        self.called = self.calls - before
        self.handles.append((key, self.apply(key)))
        return watch


STEPS: dict[Step, str] = {
    "fails": "one fails",
    "oldest": "the oldest is confirmed",
    "newest": "the newest fails",
    "refetch": "a refetch changes one entry",
    "refetch_all": "a refetch brings equal data in new objects",
}


def fault(step: Step) -> str:
    """What is wrong with a step in halflife: its result, or that it calls recipes of other edits."""
    ours, theirs = InLayers(200), ByHand(200)
    ours.step(step)
    theirs.step(step)
    faults = []
    theirs.visible = theirs.replayed()  # with the edit that took the place of the settled one
    if ours.layers.visible != theirs.visible:
        faults.append("wrong result")
    if ours.called:
        faults.append(f"{ours.called} recipes called, not 0")
    return ", ".join(faults)


_made: dict[tuple[type, int], Any] = {}


def keyed_work(kind: type, pending: int, step: Step) -> Work:
    """The pending edits are made once for all the rows: ten thousand take a second or two."""
    if (kind, pending) not in _made:
        _made[kind, pending] = kind(pending)
    made = _made[kind, pending]

    def sample() -> float:
        return sum(made.step(step).each for _ in range(LAPS)) / LAPS

    return Work(sample, fault(step) if kind is InLayers else "")


def forget() -> None:
    """Drops the pending edits."""
    _made.clear()


def keyed_row(step: Step, title: str) -> Comparison:
    """What these must reach is in `grow`, and that no recipe is called; one entry by hand is one copy."""
    bar = than("by hand", 1) if step in ("fails", "newest") else None
    return Comparison(
        Row(f"pending_{step}", f"10,000 pending on separate keys, {title}", "settlement", final=bar),
        {
            "floor": lambda: keyed_work(ByHand, KEYS, step),
            "halflife": lambda: keyed_work(InLayers, KEYS, step),
        },
    )


COMPARISONS = (
    Comparison(
        Row("layers_apart", "100 pending edits of items of one list, #50 fails", "rollback", final=than("by hand", 1)),
        {
            "floor": lambda: list_by_hand(independent_by_hand),
            "halflife": lambda: list_in_layers(independent, independent_by_hand),
        },
    ),
    Comparison(
        Row("layers_chained", "100 pending appends to one list, #50 fails", "rollback", final=than("by hand", 3)),
        {
            "floor": lambda: list_by_hand(dependent),
            "halflife": lambda: list_in_layers(dependent, dependent),
        },
    ),
    Comparison(
        Row("inverse_apart", "… the edits, by inverse patches (can be wrong)", "rollback"),
        {
            "floor": lambda: list_by_hand(independent_by_hand),
            "patchdiff": lambda: inverse_patchdiff(independent),
        },
    ),
    Comparison(
        Row("inverse_chained", "… the appends, by inverse patches (can be wrong)", "rollback"),
        {
            "floor": lambda: list_by_hand(dependent),
            "patchdiff": lambda: inverse_patchdiff(dependent),
        },
    ),
    *(keyed_row(step, title) for step, title in STEPS.items()),
)

SIZES = (100, 1_000, 10_000)
FLAT = 0.1
"""The exponent of a cost that does not depend on the size."""


def grow(names: Sequence[str], repeats: int) -> list[Grown]:
    """What each step costs with 100, 1,000 and 10,000 edits pending, at one size of the container."""
    grown = []
    for step, title in STEPS.items():
        for name, kind in (("floor", ByHand), ("halflife", InLayers)):
            if name not in names:
                continue
            timings = []
            wrong = ""
            for size in SIZES:
                work = keyed_work(kind, size, step)
                timings.append(Timing([work.sample() for _ in range(repeats)]))
                wrong = wrong or work.fault
            times = tuple(each.best or math.nan for each in timings)
            growing = Growing(title, "", SIZES, limit=FLAT)
            grown.append(Grown(growing, name, times, exponent(SIZES, times), wrong))
    return grown
