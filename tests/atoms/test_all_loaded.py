"""One loadable for several atoms."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from halflife import HasData, HasError, Loading, Store, all_loaded, atom, derived
from halflife.testing import ManualClock

pytestmark = pytest.mark.asyncio


class Gate:
    """An async atom that the test settles with a value or an error."""

    def __init__(self) -> None:
        self.version = atom(0)
        self.open = asyncio.Event()
        self.runs = 0
        self.result: Any = None

        @derived
        async def gated(get):
            get(self.version)
            self.runs += 1
            await self.open.wait()
            if isinstance(self.result, Exception):
                raise self.result
            return self.result

        self.atom = gated

    async def let(self, result: Any) -> None:
        self.result = result
        self.open.set()
        await ManualClock().advance(0)
        self.open.clear()


async def test_sync_atoms_are_all_loaded_at_once() -> None:
    with Store() as store:
        assert store.get(all_loaded(atom(1), atom("a"))) == HasData((1, "a"))


async def test_no_atoms_are_all_loaded() -> None:
    with Store() as store:
        assert store.get(all_loaded()) == HasData(())


async def test_it_is_loading_until_the_last_one_has_data() -> None:
    one, other = Gate(), Gate()
    both = all_loaded(one.atom, other.atom)
    seen: list[object] = []
    async with Store() as store:
        with store.subscribe(both, seen.append):
            assert store.get(both) is Loading()
            await one.let(1)
            assert store.get(both) is Loading()
            await other.let(2)
            assert store.get(both) == HasData((1, 2))
    assert seen == [HasData((1, 2))]


async def test_all_of_them_load_in_parallel() -> None:
    gates = [Gate() for _ in range(3)]
    async with Store() as store:
        with store.subscribe(all_loaded(*(gate.atom for gate in gates)), lambda value: None):
            await ManualClock().advance(0)
            assert [gate.runs for gate in gates] == [1, 1, 1]


async def test_an_error_is_shown_at_once_though_others_are_loading() -> None:
    one, other = Gate(), Gate()
    both = all_loaded(one.atom, other.atom)
    error = OSError("down")
    async with Store(on_error=lambda *error: None) as store:
        with store.subscribe(both, lambda value: None):
            await ManualClock().advance(0)
            await other.let(error)
            state = store.get(both)
            assert isinstance(state, HasError)
            assert state.error is error
            assert state.has_previous is False


async def test_while_one_loads_again_the_last_data_of_all_is_its_previous() -> None:
    one, other = Gate(), Gate()
    both = all_loaded(one.atom, other.atom)
    async with Store() as store:
        with store.subscribe(both, lambda value: None):
            await one.let(1)
            await other.let(2)
            store.set(one.version, 1)
            await ManualClock().advance(0)
            state = store.get(both)
            assert isinstance(state, Loading)
            assert state.previous == (1, 2)
            await one.let(10)
            assert store.get(both) == HasData((10, 2))


async def test_equal_states_notify_nobody() -> None:
    number = atom(1)
    halves = derived(lambda get: get(number) // 2)
    both = all_loaded(halves, atom("a"))
    seen: list[object] = []
    async with Store() as store:
        with store.subscribe(both, seen.append):
            store.set(number, 0)
            store.set(number, 2)
    assert seen == [HasData((1, "a"))]


async def test_an_error_that_stays_the_same_is_notified_once_though_others_load() -> None:
    one, other = Gate(), Gate()
    both = all_loaded(one.atom, other.atom)
    seen: list[object] = []
    async with Store(on_error=lambda *error: None) as store:
        with store.subscribe(both, seen.append):
            await ManualClock().advance(0)
            error = OSError("down")
            await one.let(error)
            await other.let(2)
            assert seen == [HasError(error)]


async def test_the_last_data_of_all_is_the_previous_of_an_error() -> None:
    one, other = Gate(), Gate()
    both = all_loaded(one.atom, other.atom)
    async with Store(on_error=lambda *error: None) as store:
        with store.subscribe(both, lambda value: None):
            await one.let(1)
            await other.let(2)
            store.set(one.version, 1)
            error = OSError("down")
            await one.let(error)
            assert store.get(both) == HasError(error, (1, 2))


async def test_while_several_load_again_there_is_one_notification_of_loading() -> None:
    one, other = Gate(), Gate()
    both = all_loaded(one.atom, other.atom)
    seen: list[object] = []
    async with Store() as store:
        with store.subscribe(both, seen.append):
            await one.let(1)
            await other.let(2)
            store.set(one.version, 1)
            await ManualClock().advance(0)
            store.set(other.version, 1)
            await ManualClock().advance(0)
    assert seen == [HasData((1, 2)), Loading((1, 2))]


async def test_the_same_atoms_give_the_same_atom() -> None:
    one, other = atom(1), atom(2)
    assert all_loaded(one, other) is all_loaded(one, other)
    assert all_loaded(one, other) is not all_loaded(other, one)
    assert all_loaded(one) is not all_loaded(one, other)


async def test_it_dies_with_its_atoms() -> None:
    one, other = atom(1), atom(2)
    gone = weakref.ref(all_loaded(one, other))
    assert gone() is not None
    del one, other
    gc.collect()
    assert gone() is None


async def test_its_name_lists_its_atoms() -> None:
    assert all_loaded(atom(1, name="user"), atom(2, name="posts")).name == "all_loaded(user, posts)"


@pytest.mark.parametrize("wrong", [None, 1, [atom(1)]])
async def test_an_argument_that_is_no_atom_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="all_loaded: argument 2 must be an atom"):
        all_loaded(atom(1), wrong)
