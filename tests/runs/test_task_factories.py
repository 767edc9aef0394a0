"""The store's tasks work with any task factory of the loop, also the eager one of Python 3.12 and later."""

import asyncio
import sys
from typing import Any

import pytest

from counted_users import quiet
from halflife import Store, action, atom, derived, draft_atom


def plain_factory(loop: Any, body: Any, **options: Any) -> Any:
    return asyncio.Task(body, loop=loop, **options)


FACTORIES = [plain_factory]
if sys.version_info >= (3, 12):
    FACTORIES.append(asyncio.eager_task_factory)


@pytest.mark.asyncio
@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__name__)
async def test_reads_streams_actions_sagas_and_changes_work_with(factory: Any) -> None:
    asyncio.get_running_loop().set_task_factory(factory)
    number, todos = atom(1), draft_atom({})

    @derived
    async def plain(get: Any) -> int:
        return get(number) + 1

    @derived
    async def chained(get: Any) -> int:
        return await get(plain) + 1

    @derived
    async def stream(get: Any) -> Any:
        yield get(number)
        yield 7

    @action
    async def add(get: Any, set: Any) -> str:
        await asyncio.sleep(0)
        set(number, get(number) + 1)
        return "added"

    async def save(value: Any) -> str:
        return "saved"

    async with Store() as store:
        told: list[int] = []
        store.subscribe(chained, lambda value: told.append(value.result()))
        assert [await store.value(one) for one in (plain, chained, stream)] == [2, 3, 7]
        assert await store.set(add) == "added"
        await store.settled()
        assert (await store.value(chained), told) == (4, [3, 4])
        assert await store.mutate(todos, lambda draft: draft.update(a=1), save) == "saved"
        assert await store.until(chained, lambda value: value == 4) == 4
        changes = store.changes(number)
        assert await anext(changes) == 2
        store.set(number, 5)
        assert await anext(changes) == 5
        await changes.aclose()
        assert await asyncio.wrap_future(store.call(store.value, plain)) == 6
        await quiet()
        await store.settled()
        assert store._pending_runs == 0
