"""What users write with queries must type-check, and give these types. Never run: `make lint` reads it."""

from collections.abc import AsyncIterator
from typing import assert_type

from halflife import (
    AsyncValue,
    HasData,
    HasError,
    Layer,
    Loading,
    QueryAtom,
    QueryClient,
    QueryDefaults,
    QueryOptions,
    QueryResult,
    Retry,
    Store,
    atom,
    lens,
    loadable,
    pending_at,
    query_options,
)

store = Store()
client = QueryClient(store, defaults=QueryDefaults(stale_time="static", retry=Retry(max_retries=1)), max_concurrent=4)
user_id = atom(1)


async def fetch_user(key: tuple[str, int]) -> dict[str, str]:
    return {"name": str(key)}


async def stream_words(key: tuple[str]) -> AsyncIterator[str]:
    yield str(key)


user = client.query(lambda get: ("user", get(user_id)), fetch_user, stale_time=10)
assert_type(user, QueryAtom[dict[str, str]])
assert_type(store.get(user), QueryResult[dict[str, str]])
assert_type(store.get(user).data, dict[str, str] | None)
assert_type(store.get(user.data), dict[str, str] | None)
assert_type(store.get(user.loaded), AsyncValue[dict[str, str]])
assert_type(
    store.get(loadable(user.loaded)), Loading[dict[str, str]] | HasData[dict[str, str]] | HasError[dict[str, str]]
)
assert_type(client.query("words", stream_words), QueryAtom[list[str]])
name = lens(user.data, lambda data: data["name"] if data else "")
assert_type(store.get(pending_at(user.data, "name")), bool)

options = query_options(("user", 1), fetch_user)
assert_type(options, QueryOptions[dict[str, str]])
assert_type(client.get_data(options), dict[str, str] | None)
client.set_data(options, {"name": "Ada"})


def rename(draft: dict[str, str]) -> None:
    draft.update(name="Ada")


assert_type(client.edit(options, rename), Layer[dict[str, str]])


async def main() -> None:
    assert_type(await client.fetch(("user", 1), fetch_user), dict[str, str])
    assert_type(await client.ensure(options), dict[str, str])
    assert_type(await user.refetch(), QueryResult[dict[str, str]])
    assert_type(await client.prefetch_route("/users/7"), bool)
    await client.invalidate("user", where=lambda info: info.is_stale and info.is_observed)
    store.set(client.online, False)
    assert_type(store.get(client.is_fetching), int)
