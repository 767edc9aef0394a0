"""A *circle* of fetches: a fetcher awaits its own key, directly or through the fetchers of other keys."""

from __future__ import annotations

from halflife._errors import CycleError
from halflife.query.entries import Entry
from halflife.query.fetches import Fetch, current_fetch


def check_no_circle(awaited: Entry) -> Fetch | None:
    """The fetch whose fetcher is about to await an entry; None if no fetcher runs here.

    Raises:
        CycleError: The fetch of `awaited` waits for the fetch that runs here.
    """
    inside = current_fetch.get()
    if inside is None or not inside.is_in_flight:
        return None
    before: dict[object, Fetch | None] = {inside: None}
    work = [inside]
    while work:
        one = work.pop()
        if one.entry is awaited:
            names: list[str] = []
            step: Fetch | None = one
            while step is not None:
                names.append(repr(step.entry.key))
                step = before[step]
            raise CycleError(
                f"the fetcher of {inside.entry.key!r} awaits {awaited.key!r}, which would wait for ever, because each"
                f" of these waits for the next: {' → '.join([repr(inside.entry.key), *names])}"
            )
        for waiting in one.awaiting_fetches():
            if waiting not in before:
                before[waiting] = one
                work.append(waiting)
    return inside
