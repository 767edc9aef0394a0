"""Every kind of atom, every way to end, every way to read it: one round makes, reads and drops an atom.

`play(store, kind, ending, look, way)` is such a round. Nothing refers to its atoms afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from halflife import (
    Store,
    all_loaded,
    atom,
    debounced,
    derived,
    draft_atom,
    editable,
    family,
    from_iter,
    initial_from,
    lazy,
    lens,
    loadable,
    reducer,
    refreshable,
    resettable,
    resource,
    select,
    split,
    throttled,
    unwrap,
    with_default,
)


class CancelledHereError(asyncio.CancelledError):
    """Cancels a run; distinct from the cancellation that ends a test at its timeout."""


class Course:
    """The source of one round's value, and the ending of its runs."""

    def __init__(self, ending: str) -> None:
        self.ending = ending
        self.source = atom(0)

    def end(self, value: object) -> list[Any]:
        """End a run: return its value or raise its error."""
        if self.ending == "failed":
            held = self  # noqa: F841 - a local variable in a frame of the traceback
            raise LookupError("failed")
        if self.ending == "cancelled":
            raise CancelledHereError("cancelled")
        return [{"value": value}]


def of_source(course):
    return atom([{"value": 1}])


def of_lazy(course):
    return lazy(lambda: course.end(1))


def of_resettable(course):
    return resettable([{"value": 1}])


def of_with_default(course):
    return with_default(lambda get: course.end(get(course.source)))


def of_reducer(course):
    return reducer([{"value": 1}], lambda value, action: value)


def of_draft_atom(course):
    return draft_atom([{"value": 1}])


def of_derived(course):
    return derived(lambda get: course.end(get(course.source)))


def of_refreshable(course):
    return refreshable(lambda get: course.end(get(course.source)))


def of_member(course):
    return family(lambda key: derived(lambda get: course.end(get(course.source))))(1)


def of_async(course):
    @derived
    async def user(get, signal):
        value = get(course.source)
        await asyncio.sleep(0)
        return course.end(value)

    return user


def of_async_at_once(course):
    @derived
    async def user(get):
        return course.end(get(course.source))

    return user


def of_async_chain(course):
    below = of_async(course)

    @derived
    async def above(get):
        return await get(below)

    return above


def of_plain_read(course):
    async def fetch(value):
        await asyncio.sleep(0)
        return course.end(value)

    return derived(lambda get: fetch(get(course.source)))


def of_stream(course):
    @derived
    async def ticks(get):
        yield [{"value": 0}]
        value = get(course.source)
        await asyncio.sleep(0)
        yield course.end(value)

    return ticks


def of_future(course):
    async def fetch():
        await asyncio.sleep(0)
        return course.end(1)

    return atom(asyncio.ensure_future(fetch()))


def of_resource(course):
    async def fetch(value, info):
        await asyncio.sleep(0)
        return course.end(value)

    return resource(lambda get: get(course.source) + 1, fetch)


def of_thread(course):
    return resource(lambda get: get(course.source) + 1, lambda value, info: course.end(value), thread=True)


def of_editable(course):
    return editable(of_async(course))


def of_from_iter(course):
    async def ticks():
        yield [{"value": 1}]
        await asyncio.sleep(0)
        yield course.end(2)

    return from_iter(ticks, initial=[{"value": 0}])


PLAIN = [of_source, of_lazy, of_resettable, of_with_default, of_reducer, of_draft_atom, of_derived, of_refreshable]
PLAIN += [of_member]
ASYNC = [of_async, of_async_at_once, of_async_chain, of_plain_read, of_stream, of_future, of_resource, of_thread]
ASYNC += [of_editable, of_from_iter]
KINDS = {made.__name__.removeprefix("of_"): made for made in PLAIN + ASYNC}


def item_of(made):
    """A derived atom that reads the item atoms of a split list."""
    items = split(made)
    return derived(lambda get: [get(item) for item in get(items)])


def below_it(made):
    @derived
    async def below(get):
        value = get(made)
        return value if isinstance(value, list) else await value

    return below


LOOKS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda made: made,
    "loadable": loadable,
    "unwrap": lambda made: unwrap(made, [{"value": 0}]),
    "unwrap keeping": lambda made: unwrap(made, [], keep_previous=True),
    "select": lambda made: select(made, lambda value: value[0]),
    "nested select": lambda made: select(select(made, lambda value: value[0]), lambda value: value["value"]),
    "loadable of select": lambda made: loadable(select(made, lambda value: value[0])),
    "split": item_of,
    "split of unwrap": lambda made: item_of(unwrap(made, [{"value": 0}])),
    "derived": lambda made: derived(lambda get: get(made)),
    "async derived": below_it,
    "all loaded": lambda made: all_loaded(made, atom(1)),
    "initial": lambda made: initial_from(made, [{"value": 0}]),
    "debounced": lambda made: debounced(made, 1.0),
    "throttled": lambda made: throttled(made, 1.0),
    "state": lambda made: made.state,
    "latest": lambda made: made.latest,
    "lens": lambda made: lens(made, lambda value: value[0]["value"]),
}
# Looks that exist for some kinds only, and kinds that a look refuses by a clear error.
ONLY = {"state": {"resource", "thread"}, "latest": {"resource", "thread"}, "lens": {"draft_atom", "editable"}}
NOT = {
    "split": {made.__name__.removeprefix("of_") for made in ASYNC} - {"from_iter"},
    "initial": {made.__name__.removeprefix("of_") for made in PLAIN} | {"future", "from_iter"},
}


async def fine(store: Store, course: Course, seen: Any) -> None:
    await value_of(store, seen)
    store.get(seen)


async def superseded(store: Store, course: Course, seen: Any) -> None:
    store.get(seen)
    await asyncio.sleep(0)
    store.set(course.source, 1)
    with store.batch():
        store.set(course.source, 2)
        store.get(seen)
        store.set(course.source, 3)
    await value_of(store, seen)


async def left(store: Store, course: Course, seen: Any) -> None:
    subscription = store.subscribe(seen, lambda value: None, on_error=lambda error: None)
    await asyncio.sleep(0)
    store.set(course.source, 1)
    subscription()
    store.set(course.source, 2)


async def observed(store: Store, course: Course, seen: Any) -> None:
    with store.subscribe(seen, lambda value: None, on_error=lambda error: None, immediate=True):
        await value_of(store, seen)
        store.set(course.source, 1)
        await value_of(store, seen)


async def dropped(store: Store, course: Course, seen: Any) -> None:
    store.get(seen)


async def awaited_and_cancelled(store: Store, course: Course, seen: Any) -> None:
    waiter = asyncio.ensure_future(store.value(seen))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)


async def undone(store: Store, course: Course, seen: Any) -> None:
    try:
        with store.batch():
            store.set(course.source, 1)
            store.get(seen)
            raise LookupError("undo")
    finally:
        store.get(seen)


async def refreshed(store: Store, course: Course, seen: Any) -> None:
    await value_of(store, seen)
    with suppress(TypeError):  # source atoms and views of them cannot be refreshed
        store.refresh(seen)
    await value_of(store, seen)


async def streamed(store: Store, course: Course, seen: Any) -> None:
    async for _ in store.changes(seen):
        break


async def value_of(store: Store, seen: Any) -> None:
    # The error passes through this frame, which must not stay alive either.
    try:
        await store.value(seen)
    except (LookupError, CancelledHereError):
        pass
    except Exception as error:
        if not str(error).startswith("the run of "):
            raise


COURSES: dict[str, Callable[[Store, Course, Any], Awaitable[None]]] = {
    "fine": fine,
    "superseded": superseded,
    "left": left,
    "observed": observed,
    "dropped": dropped,
    "awaited and cancelled": awaited_and_cancelled,
    "undone": undone,
    "refreshed": refreshed,
    "streamed": streamed,
}
ENDINGS = ["fine", "failed", "cancelled"]


def applies(kind: str, look: str) -> bool:
    return kind in ONLY.get(look, {kind}) and kind not in NOT.get(look, ())


async def play(store: Store, kind: str, ending: str, look: str, way: str) -> None:
    """Play one round. Errors of the atom are caught, as a program would do."""
    course = Course(ending)
    made = KINDS[kind](course)
    seen = LOOKS[look](made)
    try:
        await COURSES[way](store, course, seen)
    except (LookupError, CancelledHereError):
        pass
    except Exception as error:
        if not str(error).startswith("the run of "):
            raise
