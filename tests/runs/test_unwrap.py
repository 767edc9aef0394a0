"""Unwrapping: the data, or a fallback while it is pending."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from halflife import Store, atom, derived, unwrap
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


class Fetch:
    """An async atom that returns its key, or raises a key that is an error, when the test opens its gate."""

    def __init__(self, key: Any = 1) -> None:
        self.key = atom(key)
        self.gate = asyncio.Event()
        self.atom = derived(self._read, name="user")

    async def _read(self, get: Any) -> Any:
        key = get(self.key)
        await self.gate.wait()
        if isinstance(key, Exception):
            raise key
        return key

    async def to(self, store: Store, key: Any) -> None:
        """Set the key and let the run settle."""
        store.set(self.key, key)
        self.gate.set()
        await quiet()
        self.gate.clear()


def test_of_a_sync_atom_it_is_its_value() -> None:
    number = atom(1)
    with Store() as store:
        assert store.get(unwrap(number, "fallback")) == 1
        store.set(number, 2)
        assert store.get(unwrap(number, "fallback")) == 2


def test_of_a_sync_atom_that_fails_it_raises_the_error() -> None:
    number = atom(0)
    with Store() as store, pytest.raises(ZeroDivisionError):
        store.get(unwrap(derived(lambda get: 1 // get(number)), "fallback"))


def test_it_is_memoised_per_atom_fallback_and_kind() -> None:
    number = atom(1)
    assert unwrap(number) is unwrap(number)
    assert unwrap(number, 1) is unwrap(number, 1)
    assert unwrap(number, 1) is not unwrap(number, 2)
    assert unwrap(number, 1) is not unwrap(number, True)
    assert unwrap(number, 1) is not unwrap(number, 1.0)
    assert unwrap(number, 1) is not unwrap(number, 1, keep_previous=True)


def test_an_unhashable_fallback_is_welcome() -> None:
    number, fallback = atom(1), []
    with Store() as store:
        assert store.get(unwrap(number, fallback)) == 1


def test_its_memo_lives_and_dies_with_the_atom() -> None:
    number = atom(1)
    known = weakref.ref(unwrap(number, 0))
    gc.collect()
    assert known() is not None
    del number
    gc.collect()
    assert known() is None


def test_it_cannot_be_set() -> None:
    with Store() as store, pytest.raises(TypeError, match="cannot be set"):
        store.set(unwrap(atom(1)), 2)


@pytest.mark.asyncio
class TestOfAsyncAtoms:
    async def test_it_is_the_fallback_while_pending_and_then_the_data(self) -> None:
        fetch, fallback = Fetch(), []
        async with Store() as store:
            shown: list[Any] = []
            unwrapped = unwrap(fetch.atom, fallback)
            with store.subscribe(unwrapped, shown.append):
                assert store.get(unwrapped) is fallback
                await fetch.to(store, 1)
                assert store.get(unwrapped) == 1
                store.set(fetch.key, 2)
                assert store.get(unwrapped) is fallback
                await quiet()
                await fetch.to(store, 2)
            assert shown == [1, fallback, 2]

    async def test_the_fallback_is_none_unless_told(self) -> None:
        async with Store() as store:
            assert store.get(unwrap(Fetch().atom)) is None

    async def test_keeping_previous_it_is_the_last_data_while_pending(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            shown: list[Any] = []
            unwrapped = unwrap(fetch.atom, "init", keep_previous=True)
            with store.subscribe(unwrapped, shown.append):
                assert store.get(unwrapped) == "init"
                await fetch.to(store, 1)
                for key in (2, 3):
                    store.set(fetch.key, key)
                    await quiet()
                    assert store.get(unwrapped) == 1
                await fetch.to(store, 3)
            assert shown == [1, 3]

    async def test_it_raises_the_error_and_recovers(self) -> None:
        fetch = Fetch()
        errors: list[BaseException] = []
        async with Store() as store:
            unwrapped = unwrap(fetch.atom, "init", keep_previous=True)
            with store.subscribe(unwrapped, lambda value: None, errors.append):
                await quiet()
                await fetch.to(store, 1)
                await fetch.to(store, KeyError("gone"))
                with pytest.raises(KeyError, match="gone"):
                    store.get(unwrapped)
                assert [type(error) for error in errors] == [KeyError]
                store.set(fetch.key, 3)
                assert store.get(unwrapped) == 1
                await fetch.to(store, 3)
                assert store.get(unwrapped) == 3

    async def test_dependents_are_updated_when_the_data_land(self) -> None:
        fetch = Fetch()
        text = derived(lambda get: f"user {get(unwrap(fetch.atom, '?'))}")
        async with Store() as store:
            shown: list[str] = []
            with store.subscribe(text, shown.append):
                assert store.get(text) == "user ?"
                await fetch.to(store, 1)
            assert shown == ["user 1"]

    async def test_a_source_set_to_an_awaitable_is_unwrapped_too(self) -> None:
        source = atom(1)
        pending = asyncio.get_running_loop().create_future()
        async with Store() as store:
            fallback, keeping = unwrap(source, "?"), unwrap(source, "?", keep_previous=True)
            assert (store.get(fallback), store.get(keeping)) == (1, 1)
            store.set(source, pending)
            assert (store.get(fallback), store.get(keeping)) == ("?", 1)
            pending.set_result(2)
            await quiet()
            assert (store.get(fallback), store.get(keeping)) == (2, 2)
