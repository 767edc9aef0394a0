"""Tasks: each run is one task, owned by its store, with its own context."""

import asyncio
import contextvars
import gc
import weakref
from typing import Any

import pytest

from halflife import Store, action, atom, derived
from halflife.testing import ManualClock, assert_no_leaks

pytestmark = pytest.mark.asyncio

language: contextvars.ContextVar[str] = contextvars.ContextVar("language", default="none")


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class TestTheTask:
    async def test_the_first_step_of_a_run_is_in_its_task_so_that_timeout_works_in_it(self) -> None:
        @derived
        async def slow(get):
            async with asyncio.timeout(0):
                await asyncio.get_running_loop().create_future()

        async with Store() as store:
            with pytest.raises(TimeoutError):
                await store.get(slow)

    async def test_a_task_group_works_inside_a_run_and_ends_with_it(self) -> None:
        key = atom(1)
        cancelled: list[str] = []

        async def part(name: str) -> str:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                cancelled.append(name)
                raise
            return name

        @derived
        async def parts(get):
            if get(key) == 2:
                return "done"
            async with asyncio.TaskGroup() as group:
                group.create_task(part("left"))
                group.create_task(part("right"))
            return "never"

        async with Store() as store:
            with store.subscribe(parts, ignore):
                await quiet()
                store.set(key, 2)
                assert await store.get(parts) == "done"
                await quiet()
        assert sorted(cancelled) == ["left", "right"]

    async def test_each_run_is_a_task_of_its_own(self) -> None:
        tasks: list[Any] = []
        key = atom(0)

        @derived
        async def user(get):
            get(key)
            tasks.append(asyncio.current_task())

        async with Store() as store:
            for value in range(3):
                store.set(key, value)
                await store.get(user)
        assert len(set(tasks)) == 3
        assert asyncio.current_task() not in tasks

    async def test_a_run_nobody_holds_is_not_collected_while_it_is_under_way(self) -> None:
        gate = asyncio.Event()
        done: list[int] = []

        @derived
        async def user(get):
            await gate.wait()
            done.append(1)
            return 1

        async with Store() as store:
            store.get(user)
            await quiet()
            for _ in range(3):
                gc.collect()
                await asyncio.sleep(0)
            gate.set()
            await store.settled()
            assert done == [1]

    async def test_a_run_holds_its_atom_and_what_it_will_write_to(self) -> None:
        done: list[int] = []
        gate = asyncio.Event()

        def start(store: Store) -> weakref.ref[Any]:
            @derived
            async def user(get):
                await gate.wait()
                done.append(1)

            store.get(user)
            return weakref.ref(user)

        async with Store() as store:
            known = start(store)
            await quiet()
            gc.collect()
            assert known() is not None
            gate.set()
            await store.settled()
            await quiet()
            gc.collect()
            assert (done, known()) == ([1], None)

    async def test_a_task_that_ended_leaves_nothing_behind(self) -> None:
        async def use() -> None:
            key = atom(1)

            @derived
            async def user(get):
                await asyncio.sleep(0)
                if get(key) == 3:
                    raise KeyError(key)
                return get(key)

            async with Store(on_error=ignore) as store:
                with store.subscribe(user, ignore):
                    for value in (1, 2, 3, 4):
                        store.set(key, value)
                        await quiet()
                    assert await store.get(user) == 4

        await use()
        with assert_no_leaks():
            await use()
            await quiet()


class TestContexts:
    async def test_a_run_sees_the_context_in_which_the_store_was_made(self) -> None:
        seen: list[str] = []

        @derived
        async def user(get):
            seen.append(language.get())

        language.set("en")
        store = Store()
        language.set("fr")
        await store.get(user)
        await store.close()
        assert seen == ["en"]

    async def test_each_run_gets_a_copy_of_the_context_and_its_changes_stay_there(self) -> None:
        key = atom(0)
        seen: list[str] = []

        @derived
        async def user(get):
            seen.append(language.get())
            language.set(f"run {get(key)}")
            await asyncio.sleep(0)
            seen.append(language.get())

        language.set("en")
        async with Store() as store:
            for value in range(2):
                store.set(key, value)
                await store.get(user)
        assert seen == ["en", "run 0", "en", "run 1"]
        assert language.get() == "en"

    async def test_a_run_started_by_a_set_in_another_context_still_has_that_of_the_store(self) -> None:
        key = atom(0)
        seen: list[str] = []

        @derived
        async def user(get):
            seen.append(f"{language.get()} {get(key)}")

        language.set("en")
        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                elsewhere = contextvars.copy_context()
                elsewhere.run(language.set, "fr")
                elsewhere.run(store.set, key, 1)
                await quiet()
        assert seen == ["en 0", "en 1"]

    async def test_subscribers_are_called_outside_the_context_of_the_run(self) -> None:
        """A callback must not see context variables that the run has set."""
        seen: list[str] = []

        @derived
        async def user(get):
            language.set("inside")

        language.set("en")
        async with Store() as store:
            with store.subscribe(user, lambda value: seen.append(value.state)):
                await quiet()
        assert seen == ["hasData"]
        assert language.get() == "en"


class TestSettled:
    async def test_settled_waits_for_runs_that_start_others(self) -> None:
        key = atom(1)

        @derived
        async def user(get):
            await asyncio.sleep(0)
            return get(key)

        @derived
        async def posts(get):
            value = await get(user)
            await asyncio.sleep(0)
            return [value]

        async with Store() as store:
            with store.subscribe(posts, ignore):
                await store.settled()
                assert store.get(posts).result() == [1]
                store.set(key, 2)
                await store.settled()
                assert store.get(posts).result() == [2]

    async def test_settled_of_an_idle_store_returns_at_once(self) -> None:
        async with Store() as store:
            turns: list[int] = []
            asyncio.get_running_loop().call_soon(turns.append, 1)
            await store.settled()
            assert turns == []

    async def test_settled_waits_for_this_store_only(self) -> None:
        @derived
        async def never(get):
            await asyncio.get_running_loop().create_future()

        async with Store() as store, Store() as other:
            other.get(never)
            await quiet()
            async with asyncio.timeout(5):
                await store.settled()

    async def test_settled_does_not_wait_for_a_superseded_run_that_takes_its_time(self) -> None:
        key, gate = atom(1), asyncio.Event()

        @derived(cancel="signal")
        async def user(get):
            if get(key) == 1:
                await gate.wait()

        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                store.set(key, 2)
                async with asyncio.timeout(5):
                    await store.settled()
                gate.set()
                await quiet()

    async def test_settled_waits_for_actions(self) -> None:
        done: list[int] = []

        @action
        async def work(get, set):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            done.append(1)

        async with Store() as store:
            store.set(work)
            await store.settled()
            assert done == [1]

    async def test_several_may_wait_for_settled_and_one_may_give_up(self) -> None:
        gate = asyncio.Event()

        @derived
        async def user(get):
            await gate.wait()

        async with Store() as store:
            store.get(user)
            first, second = asyncio.ensure_future(store.settled()), asyncio.ensure_future(store.settled())
            await quiet()
            first.cancel()
            await quiet()
            assert not second.done()
            gate.set()
            await second
