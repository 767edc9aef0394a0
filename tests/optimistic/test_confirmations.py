"""Fetch against edit along a chain of async atoms: requests sent before a confirmation are sent again, once."""

import asyncio
from typing import Any

import pytest

from confirmation_machine import Machine
from conftest import FIRST_SEED, MULTIPLIER
from fetch_server import quiet
from halflife import Store, atom, derived, editable, lens, unwrap
from halflife.testing import events

pytestmark = pytest.mark.asyncio


class Chain:
    """Two async atoms: `shaped` sends the answer of `fetched` as its request. The test triggers both answers."""

    def __init__(self) -> None:
        self.city = "London"
        self.asked: list[str] = []
        self.open: dict[str, asyncio.Future[Any]] = {}

        async def fetched(get: Any) -> Any:
            return await self.request("fetched", {"city": self.city})

        self.fetched = derived(fetched)
        self.selector = atom(0)

        async def shaped(get: Any) -> Any:
            get(self.selector)
            data = await get(self.fetched)
            return await self.request("shaped", data)

        self.shaped = derived(shaped)
        self.profile = editable(self.shaped)

    async def request(self, name: str, data: Any) -> Any:
        self.asked.append(name)
        answer = self.open[name] = asyncio.get_running_loop().create_future()
        await answer
        return dict(data)

    async def answer(self, *names: str) -> None:
        for name in names:
            await quiet()
            self.open.pop(name).set_result(None)
        await quiet()

    async def load(self, store: Store) -> None:
        store.get(self.profile)
        await self.answer("fetched", "shaped")
        self.asked.clear()

    def saving(self) -> tuple[Any, asyncio.Future[None]]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def save(value: Any) -> None:
            await answer

        return save, answer


def city(name: str) -> Any:
    return lambda draft: draft.update(city=name)


@pytest.mark.parametrize("is_observed", [True, False])
async def test_an_input_that_had_answered_before_the_save_is_asked_again_with_its_dependent(
    *, is_observed: bool
) -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        shown: list[str] = []
        if is_observed:
            store.subscribe(chain.profile, lambda value: shown.append(value["city"]))
        store.refresh(chain.fetched)
        store.get(chain.profile)
        chain.city = "Bern"  # so that `shaped` runs again
        await quiet()
        chain.city = "Bern"
        await chain.answer("fetched")
        store.get(chain.profile)
        save, saved = chain.saving()
        handle = store.mutate(chain.profile, city("Turin"), save)
        await quiet()
        chain.city = "Turin"
        saved.set_result(None)
        await handle
        await chain.answer("fetched", "shaped")
        await store.settled()
        assert store.get(chain.profile) == {"city": "Turin"}
        assert store.layers(chain.profile).pending == 0
        assert shown in ([], ["Turin"])


async def test_sagas_that_end_one_after_another_restart_the_fetch_once_after_the_last() -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        log = events(store)
        sagas = [(store.mutate(chain.profile, city(name), save), saved) for name in ("Turin", "Bern", "Rome")
                 for save, saved in [chain.saving()]]  # fmt: skip
        store.refresh(chain.fetched)
        await quiet()
        assert chain.asked == ["fetched"]
        for handle, saved in sagas:
            assert chain.asked == ["fetched"]
            request = chain.open["fetched"]
            saved.set_result(None)
            await handle
            assert request.cancelled()
        await quiet()
        assert chain.asked == ["fetched"] * 2
        chain.city = "Rome"
        store.refresh(chain.fetched)
        await chain.answer("fetched", "shaped")
        assert store.get(chain.profile) == {"city": "Rome"}
        assert log.kinds(chain.shaped).count("settled") == 1


async def test_a_saga_that_is_refused_or_cancelled_lets_the_held_fetch_start_too() -> None:
    async with Store(on_error=lambda error: None) as store:
        for end in ("refuse", "cancel"):
            chain = Chain()
            await chain.load(store)
            save, saved = chain.saving()
            other = store.mutate(chain.profile, city("Bern"), save)
            await quiet()
            store.refresh(chain.fetched)
            await quiet()
            store.layers(chain.profile).apply(city("Turin")).commit()
            await quiet()
            assert chain.asked == ["fetched"]
            if end == "refuse":
                saved.set_exception(PermissionError())
            else:
                other.cancel()
            await quiet()
            assert chain.asked == ["fetched"] * 2
            chain.city = "Turin"


@pytest.mark.parametrize("in_batch", [True, False])
async def test_confirmations_by_hand_restart_the_fetch_once_in_that_pass_or_batch(*, in_batch: bool) -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        layers = [store.layers(chain.profile).apply(city(name)) for name in ("Turin", "Bern")]
        store.refresh(chain.fetched)
        await quiet()
        if in_batch:
            with store.batch():
                for layer in layers:
                    layer.commit()
        else:
            for layer in layers:
                layer.commit()
        await asyncio.sleep(0)
        assert chain.asked == ["fetched"] * 2


async def test_a_failed_batch_cancels_nothing() -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        layer = store.layers(chain.profile).apply(city("Turin"))
        chain.city = "Bern"
        store.refresh(chain.fetched)
        await quiet()
        with pytest.raises(KeyError), store.batch():
            layer.commit()
            raise KeyError
        await quiet()
        assert chain.asked == ["fetched"]
        assert not chain.open["fetched"].cancelled()
        await chain.answer("fetched")
        assert await store.get(chain.fetched) == {"city": "Bern"}
        assert store.layers(chain.profile).pending == 1


async def test_an_idle_chain_sends_requests_from_before_the_confirmation_again_at_the_next_fetch() -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        shown: list[str] = []
        with store.subscribe(chain.profile, lambda value: shown.append(value["city"])):
            store.layers(chain.profile).apply(city("Turin")).commit()
            await quiet()
            assert chain.asked == []
            chain.city = "Turin"
            store.set(chain.selector, 1)  # without a new fetch, `shaped` would use the old answer of `fetched`
            await quiet()
            assert chain.asked == ["fetched"]
            await chain.answer("fetched", "shaped")
            assert chain.asked == ["fetched", "shaped"]
            assert store.get(chain.profile) == {"city": "Turin"}
        assert set(shown) == {"Turin"}


async def test_a_confirmation_without_effect_sends_no_request_again() -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        layer = store.layers(chain.profile).apply(city("Turin"))
        layer.commit()
        store.refresh(chain.fetched)
        store.refresh(chain.shaped)
        await quiet()
        asked = list(chain.asked)
        assert layer.commit() is False
        store.layers(chain.profile).commit_all()
        store.layers(chain.profile).rollback_all()
        await quiet()
        assert chain.asked == asked


async def test_a_saga_over_other_data_holds_nothing() -> None:
    async with Store() as store:
        chain, other = Chain(), Chain()
        await chain.load(store)
        await other.load(store)
        save, saved = other.saving()
        handle = store.mutate(other.profile, city("Bern"), save)
        store.refresh(chain.fetched)
        await quiet()
        store.layers(chain.profile).apply(city("Turin")).commit()
        await quiet()
        assert chain.asked == ["fetched"] * 2
        saved.set_result(None)
        await handle


async def test_a_saga_over_another_view_of_the_same_data_holds_the_fetch() -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        raw = editable(chain.fetched)
        await store.value(raw)
        save, saved = chain.saving()
        handle = store.mutate(lens(raw, lambda value: value["city"]), lambda _: None, save)
        store.refresh(chain.fetched)
        await quiet()
        store.layers(chain.profile).apply(city("Turin")).commit()
        await quiet()
        assert chain.asked == ["fetched"]
        saved.set_result(None)
        await handle
        await quiet()
        assert chain.asked == ["fetched"] * 2


async def test_data_that_passes_through_a_plain_atom_is_checked_too() -> None:
    async with Store() as store:
        chain = Chain()
        plain = derived(lambda get: {**get(unwrap(chain.fetched, {}, keep_previous=True)), "n": get(chain.selector)})
        profile = editable(plain)
        store.get(profile)
        await chain.answer("fetched")
        shown: list[Any] = []
        with store.subscribe(profile, shown.append):
            store.update(profile, city("Turin"))
            store.layers(profile).commit_all()
            chain.city = "Turin"
            store.set(chain.selector, 1)
            assert store.get(profile)["city"] == "Turin"
            await chain.answer("fetched")
            assert store.get(profile) == {"city": "Turin", "n": 1}
        assert {value["city"] for value in shown} == {"Turin"}


async def test_settled_waits_for_a_fetch_that_is_held() -> None:
    async with Store() as store:
        chain = Chain()
        await chain.load(store)
        save, saved = chain.saving()
        handle = store.mutate(chain.profile, city("Bern"), save)
        store.refresh(chain.fetched)
        await quiet()
        store.layers(chain.profile).apply(city("Turin")).commit()
        settled = asyncio.ensure_future(store.settled())
        value = asyncio.ensure_future(store.value(chain.fetched))
        await quiet()
        assert not settled.done()
        saved.set_result(None)
        await handle
        await chain.answer("fetched")
        assert await value == {"city": "London"}
        await chain.answer("shaped")
        await settled


async def test_machine() -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + max(1, round(150 * MULTIPLIER))):
        machine = Machine(seed)
        try:
            await machine.run(40)
        except BaseException as error:
            error.add_note(f"HALFLIFE_TEST_SEED={seed}: {' '.join(machine.steps)}")
            raise
