"""What users write with queries must type-check, and give these types. Never run: `make lint` reads it."""

from collections.abc import AsyncIterator
from typing import assert_type

from halflife import (
    AsyncValue,
    HasData,
    HasError,
    Layer,
    Loading,
    Mutation,
    MutationContext,
    MutationHandle,
    MutationState,
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


async def create_todo(variables: str) -> dict[str, str]:
    return {"title": variables}


async def create_with_context(variables: str, ctx: MutationContext) -> dict[str, str]:
    return {"title": variables, "key": ctx.idempotency_key}


def note_result(result: dict[str, str], variables: str) -> None:
    print(result, variables)


add = client.mutation(
    create_todo,
    key=("todos",),
    update=lambda draft, title: draft.append({"title": title}),
    invalidates=[("todos",)],
    keep_on=(TimeoutError,),
    retry=Retry(max_retries=2),
    on_success=note_result,
)
assert_type(add, Mutation[str, dict[str, str]])
assert_type(client.mutation(create_with_context, scope=lambda title: title), Mutation[str, dict[str, str]])
assert_type(store.get(add.state), MutationState[dict[str, str]])
assert_type(store.get(add.state).data, dict[str, str] | None)
assert_type(store.get(client.is_mutating), int)
assert_type(client.dismiss(store.get(client.mutations)[0]), bool)


async def call() -> None:
    handle = add("milk")
    assert_type(handle, MutationHandle[dict[str, str]])
    assert_type(await handle, dict[str, str])
    assert_type(await handle.wait(), dict[str, str])
    assert_type(handle.result(), dict[str, str])
    assert_type(handle.retry(), bool)
    await client.resume_paused()
