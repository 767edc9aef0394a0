"""What must not type-check with queries: each line with an ignore is an error. Never run: `make lint` reads it."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from typing import Any

from halflife import QueryClient, QueryDefaults, Store

store = Store()
client = QueryClient(store)


async def fetch_user(key: Any) -> dict[str, str]:
    return {"name": str(key)}


user = client.query("user", fetch_user)

store.set(user, 1)  # type: ignore[call-overload]
QueryDefaults(stale_time="fresh")  # type: ignore[arg-type]
store.set(client.online, "yes")  # type: ignore[misc]
client.invalidate(refetch="some")  # type: ignore[arg-type]
store.get(user).data.keys()  # type: ignore[union-attr]
store.get(user).dat  # type: ignore[attr-defined]


async def create_todo(variables: str) -> dict[str, str]:
    return {"title": variables}


add = client.mutation(create_todo)
add(1)  # type: ignore[arg-type]
client.mutation(create_todo, scope=1)  # type: ignore[arg-type]
client.mutation(create_todo, nonsense=1)  # type: ignore[call-arg]
client.dismiss(1)  # type: ignore[arg-type]
store.get(add.state).dat  # type: ignore[attr-defined]
