"""What users write must type-check, and give these types. Never run: `make lint` reads it."""

from collections.abc import AsyncIterator
from typing import Any, assert_type

from halflife import (
    AbortSignal,
    AsyncValue,
    HasData,
    HasError,
    Loading,
    Store,
    Subscription,
    action,
    atom,
    derived,
    family,
    loadable,
    select,
    unwrap,
)

store = Store()


# A source atom has the type of its initial value.
count = atom(1)
assert_type(store.get(count), int)
store.set(count, 2)
store.update(count, lambda value: value + 1)
assert_type(store.subscribe(count, lambda value: print(value + 1)), Subscription)

names = atom(["Ada"], name="names", equals=lambda one, other: one == other)
assert_type(store.get(names), list[str])


# A derived atom has the type of what its read returns.
@derived
def doubled(get: Any) -> int:
    return 2 * int(get(count))


assert_type(store.get(doubled), int)
assert_type(store.get(derived(lambda get: len(get(names)))), int)


# An async one is read as an AsyncValue, which can be awaited.
@derived
async def user(get: Any, signal: AbortSignal) -> dict[str, str]:
    signal.raise_if_aborted()
    return {"name": str(get(count))}


@derived
async def ticks(get: Any) -> AsyncIterator[int]:
    yield int(get(count))


async def reads() -> None:
    assert_type(store.get(user), AsyncValue[dict[str, str]])
    assert_type(await store.get(user), dict[str, str])
    assert_type(await store.value(doubled), int)
    assert_type(await store.value(user), dict[str, str])
    async for value in store.changes(user):
        assert_type(value, dict[str, str])


# An action hands on what it returns.
@action
def rename(get: Any, set: Any, name: str) -> int:
    set(names, [name])
    return len(name)


assert_type(store.set(rename, "Grace"), int)


# A loadable narrows by match, and the match is complete.
def show(of: Store) -> str:
    match of.get(loadable(user)):
        case Loading(previous=old):
            assert_type(old, dict[str, str] | None)
            return "loading"
        case HasData(data, refreshing=again):
            assert_type(data, dict[str, str])
            assert_type(again, bool)
            return data["name"]
        case HasError(error):
            assert_type(error, BaseException)
            return str(error)


state = store.get(loadable(user))
assert_type(state.data, dict[str, str] | None)
assert_type(state.error, BaseException | None)
assert_type(state.is_loading, bool)
assert_type(state.value_or(0), dict[str, str] | int)
assert_type(store.get(unwrap(user, 0)), dict[str, str] | int)
assert_type(store.get(select(names, len)), int)


@family
def by_number(number: int) -> Any:
    return atom(number)


with store.batch():
    store.set(count, 3)

with store.subscribe(doubled, print) as subscription:
    subscription.unsubscribe()
