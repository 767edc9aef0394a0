"""Resources: worker threads, memory, names, and hydration."""

import asyncio
import contextvars
import gc
import json
import threading
import weakref
from typing import Any

import pytest

from fetch_server import FetchServer, echo, quiet
from halflife import Store, atom, derived, resource
from halflife._drivers.threads import MAX_THREADS

pytestmark = pytest.mark.asyncio


class TestThread:
    async def test_a_blocking_fetcher_runs_in_a_worker_thread(self) -> None:
        def fetch(value: int, info: Any) -> tuple[int, bool]:
            return value, threading.current_thread() is threading.main_thread()

        async with Store() as store:
            assert await store.get(resource(atom(1), fetch, thread=True)) == (1, False)

    async def test_superseded_its_signal_is_set_and_its_late_result_dropped(self) -> None:
        started, release, ended = threading.Event(), threading.Event(), threading.Event()
        infos: list[Any] = []

        def fetch(value: int, info: Any) -> str:
            infos.append(info)
            if value == 1:
                started.set()
                assert release.wait(30)
                ended.set()
            return f"data of {value}"

        user_id = atom(1)
        user = resource(user_id, fetch, thread=True)
        seen: list[object] = []
        async with Store() as store:
            with store.subscribe(user, lambda value: seen.append(value.result())):
                await asyncio.to_thread(started.wait, 30)
                store.set(user_id, 2)
                assert await store.get(user) == "data of 2"
                assert infos[0].signal.aborted
                assert not infos[1].signal.aborted
                release.set()
                await asyncio.to_thread(ended.wait, 30)
                await quiet()
                assert await store.get(user) == "data of 2"
        assert seen == ["data of 2"]

    async def test_an_error_in_the_thread_is_the_resources_error(self) -> None:
        def fetch(value: int) -> int:
            raise OSError("no such file")

        async with Store() as store:
            with pytest.raises(OSError, match="no such file"):
                await store.get(resource(atom(1), fetch, thread=True))

    async def test_a_stop_iteration_in_the_thread_does_not_hang(self) -> None:
        def fetch(value: int) -> int:
            raise StopIteration

        async with Store() as store:
            with pytest.raises(RuntimeError, match="raised StopIteration"):
                await store.get(resource(atom(1), fetch, thread=True))

    async def test_context_variables_are_seen_in_the_thread(self) -> None:
        user = contextvars.ContextVar("user", default="nobody")
        user.set("Ada")
        async with Store() as store:
            assert await store.get(resource(atom(1), lambda value: user.get(), thread=True)) == "Ada"

    async def test_many_fetchers_share_a_bounded_number_of_threads(self) -> None:
        names: set[str] = set()

        def fetch(value: int) -> None:
            names.add(threading.current_thread().name)

        async with Store() as store:
            await asyncio.gather(*(store.get(resource(atom(n), fetch, thread=True)) for n in range(200)))
        assert 1 <= len(names) <= MAX_THREADS


class TestMemoryAndNames:
    async def test_a_resource_is_freed_with_its_atoms(self) -> None:
        async with Store() as store:
            user = resource(atom(1), echo)
            with store.subscribe(user.state, lambda value: None):
                await store.get(user)
                store.set(user.mutate, "mine")
                await quiet()
            gone = [weakref.ref(user), weakref.ref(user.state), weakref.ref(user.latest)]
            del user
            await quiet()
            gc.collect()
            assert [reference() for reference in gone] == [None, None, None]

    async def test_the_state_atom_alone_keeps_the_resource_working(self) -> None:
        state = resource(atom(1), echo).state
        gc.collect()
        async with Store() as store:
            with store.subscribe(state, lambda value: None):
                await store.settled()
                assert store.get(state) == "ready"

    async def test_it_is_named_after_its_fetcher(self) -> None:
        assert resource(atom(1), echo).name == "echo"
        assert resource(atom(1), echo, name="user").state.name == "user.state"


async def test_a_resource_inside_another_derived_atom_is_awaited() -> None:
    user = resource(atom(1), echo)

    @derived
    async def shouted(get):
        return (await get(user)).upper()

    async with Store() as store:
        assert await store.get(shouted) == "DATA OF 1"


async def test_a_hydrated_resource_shows_its_data_without_fetching_until_its_source_changes() -> None:
    server, user_id = FetchServer(), atom(1, name="hydrated user id")
    user = resource(user_id, server.fetch, name="hydrated user")
    async with Store() as one, Store() as other:
        one.get(user)
        await quiet()
        await server.answer(1, "one")
        other.hydrate(json.loads(json.dumps(one.dehydrate([user_id, user]))))
        with other.subscribe(user, lambda value: None):
            await quiet()
            assert await other.get(user) == "one"
            assert (other.get(user.state), other.get(user.latest)) == ("ready", "one")
            assert server.asked == [1]
            other.set(user_id, 2)
            await quiet()
            assert server.asked == [1, 2]
            other.set(user.mutate, "mine")
            assert await other.get(user) == "mine"
