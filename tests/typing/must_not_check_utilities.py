"""What must be an error of types with the utilities. mypy fails on an ignore that ignores nothing, so each line is one.

Never run: `make lint` reads it.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import AsyncIterator

from halflife import (
    SourceAtom,
    Store,
    all_loaded,
    atom,
    debounced,
    family,
    from_iter,
    reducer,
    refreshable,
    resettable,
    resource,
    select,
    split,
    with_default,
)
from halflife.testing import ManualClock, events

store = Store()
count = atom(1)
names = atom(["Ada"])
page = resettable(1)
offer = with_default(lambda get: get(count) - 1)
now = refreshable(lambda get: get(count))
items = split(names)


def add(value: int, step: int) -> int:
    return value + step


level = reducer(0, add)


@family
def member(number: int) -> SourceAtom[str]:
    return atom(str(number))


async def fetch(number: int) -> str:
    return str(number)


async def ticks() -> AsyncIterator[int]:
    yield 1


text = resource(count, fetch)

store.set(page, "two")  # type: ignore[call-overload]
store.set(page, None)  # type: ignore[call-overload]
resettable()  # type: ignore[call-arg]
store.set(offer, "five")  # type: ignore[call-overload]
with_default(5)  # type: ignore[call-overload]
store.set(level)  # type: ignore[call-overload]
store.set(level, "up")  # type: ignore[call-overload]
reducer(0)  # type: ignore[call-arg]
reducer("0", add)  # type: ignore[arg-type]
store.set(now, 5)  # type: ignore[call-overload]
store.set(select(names, len), 5)  # type: ignore[call-overload]
select(count, "name")  # type: ignore[call-overload]
select(count, len)  # type: ignore[arg-type]
split(count)  # type: ignore[arg-type]
store.set(items.remove)  # type: ignore[call-overload]
store.set(items.remove, count)  # type: ignore[call-overload]
store.set(items, ["Ada"])  # type: ignore[call-overload]
store.set(store.get(items)[0], 5)  # type: ignore[call-overload]
member("seven")  # type: ignore[arg-type]
store.get(member(7)).bit_length()  # type: ignore[attr-defined]
family(max_size="many")  # type: ignore[call-overload]
family(5)  # type: ignore[call-overload]
debounced(count)  # type: ignore[call-overload]
debounced(5, 1)  # type: ignore[call-overload]
debounced(count, "1")  # type: ignore[call-overload]
store.set(debounced(count, 1), 5)  # type: ignore[call-overload]
from_iter(ticks)  # type: ignore[call-arg]
from_iter(fetch, initial=0)  # type: ignore[arg-type]
resource(count)  # type: ignore[call-overload]
resource(names, fetch)  # type: ignore[arg-type,misc]
resource(count, 5)  # type: ignore[call-overload]
store.set(text.state, "ready")  # type: ignore[call-overload]
store.set(text.mutate, 5)  # type: ignore[call-overload]
all_loaded(1)  # type: ignore[call-overload]
ManualClock().advance("1")  # type: ignore[arg-type]
events(count)  # type: ignore[arg-type]
