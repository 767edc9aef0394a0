"""What users write with the utilities must type-check, and give these types. Never run: `make lint` reads it."""

from collections.abc import AsyncIterator
from typing import Any, Literal, assert_type

from halflife import (
    RESET,
    AsyncAtom,
    AsyncValue,
    Atom,
    Getter,
    HasData,
    HasError,
    Loading,
    ResourceInfo,
    Setter,
    SourceAtom,
    Store,
    WritableAtom,
    all_loaded,
    atom,
    debounced,
    derived,
    family,
    from_iter,
    initial_from,
    reducer,
    refreshable,
    resettable,
    resource,
    select,
    split,
    throttled,
    with_default,
)
from halflife._atoms.split_item import ItemAtom
from halflife.testing import EventLog, ManualClock, assert_no_leaks, events

store = Store()
count = atom(1)
names = atom(["Ada"])


@derived
async def user(get: Getter) -> dict[str, str]:
    return {"name": str(get(count))}


# Resets
page = resettable(1)
assert_type(store.get(page), int)
store.set(page, 2)
store.set(page, RESET)
store.update(page, lambda value: value + 1)
store.update(page, lambda value: RESET)

offer = with_default(lambda get: get(count) - 1)
assert_type(store.get(offer), int)
store.set(offer, 5)
store.set(offer, RESET)


@with_default
async def price(get: Getter) -> float:
    return float(get(count))


assert_type(store.get(price), AsyncValue[float])
store.set(price, RESET)


# Reducers
def step(value: int, action: Literal["up", "down"]) -> int:
    return value + 1 if action == "up" else value - 1


level = reducer(0, step)
assert_type(store.get(level), int)
store.set(level, "up")


# Refreshes
@refreshable
def now(get: Getter) -> float:
    return float(get(count))


assert_type(store.set(now), float)
assert_type(store.refresh(now), float)


@refreshable
async def news(get: Getter) -> list[str]:
    return get(names)


assert_type(store.refresh(news), AsyncValue[list[str]])

# Slices
assert_type(store.get(select(names, len)), int)
assert_type(store.get(select(user, lambda value: value["name"])), AsyncValue[str])

# Splits
items = split(names)
assert_type(store.get(items), list[ItemAtom[str]])
first = store.get(items)[0]
assert_type(store.get(first), str)
store.set(first, "Grace")
new = store.set(items.insert, "Alan")
assert_type(new, ItemAtom[str])
store.set(items.insert, "Alan", first)
store.set(items.move, first)
store.set(items.move, first, new)
store.set(items.remove, new)
split(names, key=len)


# Families
@family
def member(number: int) -> SourceAtom[str]:
    return atom(str(number))


assert_type(store.get(member(7)), str)
assert_type(list(member), list[int])
assert_type(member.remove(7), bool)


@family
def repository(owner: str, number: int) -> SourceAtom[str]:
    return atom(owner)


assert_type(repository("ada", 1), SourceAtom[str])
assert_type(next(iter(repository)), tuple[str, int])


@family(max_size=10, ttl=60.0, clock=ManualClock())
def profile(name: str) -> AsyncAtom[str]:
    @derived
    async def one(get: Getter) -> str:
        return name

    return one


assert_type(store.get(profile("Ada")), AsyncValue[str])

# Followers
assert_type(store.get(debounced(count, 0.3)), int)
assert_type(store.get(throttled(user, 1)), AsyncValue[dict[str, str]])


# Iterators
async def ticks() -> AsyncIterator[int]:
    yield 1


assert_type(store.get(from_iter(ticks, initial=0)), int)
assert_type(store.get(from_iter(ticks, initial=None)), int | None)

# First values
draft = initial_from(user)
assert_type(store.get(draft), dict[str, str] | None)
store.set(draft, {"name": "Grace"})
assert_type(store.get(initial_from(select(user, len), 0)), int)


# Resources
async def fetch(number: int, info: ResourceInfo[str]) -> str:
    if info.signal.aborted:
        return info.previous or ""
    return str(number)


async def fetch_plainly(number: int) -> str:
    return str(number)


def read_file(number: int) -> bytes:
    return bytes(number)


text = resource(count, fetch)
assert_type(store.get(text), AsyncValue[str])
assert_type(store.get(text.latest), str | None)
assert_type(store.get(text.state), Literal["unresolved", "pending", "ready", "refreshing", "errored"])
store.set(text.mutate, "mine")
store.set(text.mutate, lambda latest: (latest or "") + "!")
assert_type(store.set(text.refetch), AsyncValue[str])
store.set(text.refetch, "by hand")
assert_type(store.get(resource(lambda get: get(count) + 1, fetch_plainly)), AsyncValue[str])
assert_type(store.get(resource(count, read_file, thread=True)), AsyncValue[bytes])
chosen: SourceAtom[int | None] = atom(None)
assert_type(store.get(resource(chosen, fetch)), AsyncValue[str])


# All loaded
def show(of: Store) -> str:
    match of.get(all_loaded(count, user)):
        case HasData((number, data)):
            assert_type(number, int)
            assert_type(data, dict[str, str])
            return data["name"]
        case Loading(previous=previous):
            assert_type(previous, tuple[int, dict[str, str]] | None)
            return "loading"
        case HasError(error):
            return str(error)


# What actions, and functions of one's own, are given
def rename(get: Getter, put: Setter, name: str) -> None:
    put(count, get(count) + 1)
    put(page, RESET)
    put(level, "down")
    assert_type(get(user), AsyncValue[dict[str, str]])


# Atoms are covariant in what is read.
def total(numbers: Atom[float]) -> float:
    return store.get(numbers)


total(count)
total(page)
writable: WritableAtom[int, Any, Any] = level

# Testing
log = events(store)
assert_type(log, EventLog)
clock = ManualClock(start=10)
clock.advance(1)


async def moves() -> None:
    await clock.advance(1.5)
    await clock.advance_to_next()
    await clock.sleep(1)


with assert_no_leaks(clock=clock):
    Store(clock=clock)
