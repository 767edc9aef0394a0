"""Superseded runs: their results are never visible, and their reads are no dependencies."""

import asyncio
from typing import Any

import pytest

from halflife import HasData, Store, Superseded, atom, derived, loadable
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


class TestLateResults:
    @pytest.mark.parametrize("late", ["value", "error", "cancelled"])
    async def test_a_superseded_run_that_ends_late_is_not_shown_whatever_it_ends_with(self, late: str) -> None:
        user_id, gates = atom(1), {1: asyncio.Event(), 2: asyncio.Event()}
        shown: list[Any] = []

        @derived
        async def user(get):
            key = get(user_id)
            try:
                await gates[key].wait()
            except asyncio.CancelledError:
                await gates[key].wait()
                if late == "cancelled":
                    raise
                if late == "error":
                    raise ValueError(key) from None
            return key

        async with Store(on_error=shown.append) as store:
            with store.subscribe(loadable(user), shown.append), store.subscribe(user, lambda value: None):
                await quiet()
                store.set(user_id, 2)
                await quiet()
                shown.clear()
                gates[1].set()
                await quiet()
                assert shown == []
                gates[2].set()
                await quiet()
                assert shown == [HasData(2)]

    async def test_a_late_result_after_the_newer_one_changes_nothing(self) -> None:
        user_id, gate = atom(1), asyncio.Event()

        @derived(cancel="signal")
        async def user(get):
            key = get(user_id)
            if key == 1:
                await gate.wait()
            return key

        async with Store() as store:
            store.get(user)
            await quiet()
            store.set(user_id, 2)
            assert await store.get(user) == 2
            gate.set()
            await quiet()
            assert await store.get(user) == 2

    async def test_a_late_get_of_a_superseded_run_raises_superseded_and_registers_nothing(self) -> None:
        user_id, other, gate = atom(1), atom(10), asyncio.Event()
        caught: list[BaseException] = []
        runs: list[int] = []

        @derived(cancel="signal")
        async def user(get):
            key = get(user_id)
            runs.append(key)
            if key == 1:
                await gate.wait()
                try:
                    get(other)
                except BaseException as error:
                    caught.append(error)
                    raise
            return key

        async with Store() as store:
            with store.subscribe(user, ignore):
                await quiet()
                store.set(user_id, 2)
                await quiet()
                gate.set()
                await quiet()
                store.set(other, 11)
                await quiet()
                assert await store.get(user) == 2
        assert [type(error) for error in caught] == [Superseded]
        assert isinstance(caught[0], asyncio.CancelledError)
        assert "user" in str(caught[0])
        assert runs == [1, 2]

    async def test_a_dependency_only_an_old_run_had_triggers_nothing(self) -> None:
        switch, left, right = atom(True), atom(1), atom(2)
        runs: list[int] = []

        @derived
        async def chosen(get):
            runs.append(1)
            return get(left) if get(switch) else get(right)

        async with Store() as store:
            with store.subscribe(chosen, ignore):
                await quiet()
                store.set(switch, False)
                await quiet()
                store.set(left, 100)
                await quiet()
                assert len(runs) == 2
                store.set(right, 200)
                await quiet()
                assert await store.get(chosen) == 200

    async def test_a_read_after_an_await_is_a_dependency_too(self) -> None:
        first, second = atom(1), atom(2)

        @derived
        async def total(get):
            value = get(first)
            await asyncio.sleep(0)
            return value + get(second)

        async with Store() as store:
            with store.subscribe(total, ignore):
                assert await store.get(total) == 3
                store.set(second, 20)
                assert await store.get(total) == 21

    async def test_an_input_that_changes_before_the_run_reads_it_does_not_restart_the_run(self) -> None:
        first, second, gate = atom(1), atom(2), asyncio.Event()
        runs: list[int] = []

        @derived
        async def total(get):
            runs.append(1)
            value = get(first)
            await gate.wait()
            return value + get(second)

        async with Store() as store:
            value = store.get(total)
            await quiet()
            store.set(second, 20)
            gate.set()
            assert await value == 21
            assert runs == [1]
