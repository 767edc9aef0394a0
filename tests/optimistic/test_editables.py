"""Editables: local edits over fetched data, also across refetches, and fetches that race with an edit."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from fetch_server import FetchServer, quiet
from halflife import (
    AsyncValue,
    Store,
    atom,
    derived,
    editable,
    lens,
    loadable,
    optimistic,
    pending_at,
    resource,
    select,
)
from halflife.testing import events

pytestmark = pytest.mark.asyncio


class Fetches:
    """An async atom; the test answers its fetches by `answer`."""

    def __init__(self, **options: Any) -> None:
        self.answers: list[asyncio.Future[Any]] = []

        async def profile(get: Any) -> Any:
            answer = asyncio.get_running_loop().create_future()
            self.answers.append(answer)
            return await answer

        self.atom = derived(profile, **options)

    async def answer(self, data: Any) -> None:
        """Answer the newest fetch."""
        await quiet()
        if isinstance(data, BaseException):
            self.answers[-1].set_exception(data)
        else:
            self.answers[-1].set_result(data)
        await quiet()


def city(name: str) -> Any:
    return lambda draft: draft.update(city=name)


async def loaded(store: Store, data: Any, **options: Any) -> tuple[Fetches, Any]:
    fetches = Fetches(**options)
    profile = editable(fetches.atom)
    store.get(profile)
    await fetches.answer(data)
    return fetches, profile


async def test_an_editable_is_awaited_until_the_first_data_and_then_a_plain_value() -> None:
    fetches = Fetches()
    profile = editable(fetches.atom)
    seen: list[Any] = []
    async with Store() as store:
        with store.subscribe(profile, seen.append):
            first = store.get(profile)
            assert isinstance(first, AsyncValue)
            waiting = asyncio.ensure_future(store.value(profile))
            data = {"name": "Ada", "city": "London"}
            await fetches.answer(data)
            assert await waiting is data
            assert await first is data
            assert store.get(profile) is data
            assert seen == [data]
        assert len(fetches.answers) == 1


async def test_without_data_an_editable_cannot_be_edited() -> None:
    fetches = Fetches()
    profile = editable(fetches.atom)
    async with Store() as store:
        for edit in (
            lambda: store.update(profile, city("Turin")),
            lambda: store.set(profile, {}),
            lambda: store.layers(profile).apply(city("Turin")),
        ):
            with pytest.raises(TypeError, match=r"profile has no data yet: `await store\.value"):
                edit()
        store.get(profile)
        await fetches.answer({"city": "London"})
        store.update(profile, city("Turin"))
        assert store.get(profile) == {"city": "Turin"}


async def test_a_fetch_that_fails_first_is_its_error_and_later_ones_keep_the_data() -> None:
    async with Store() as store:
        fetches = Fetches()
        profile = editable(fetches.atom)
        store.get(profile)
        await fetches.answer(OSError("down"))
        with pytest.raises(OSError, match="down"):
            await store.value(profile)
        store.refresh(fetches.atom)
        await fetches.answer({"city": "London"})
        assert store.get(profile) == {"city": "London"}
        store.update(profile, city("Turin"))
        store.refresh(fetches.atom)
        await fetches.answer(OSError("down"))
        assert store.get(profile) == {"city": "Turin"}


async def test_edits_are_pending_over_refetches_until_they_are_confirmed_or_taken_back() -> None:
    async with Store() as store:
        fetches, profile = await loaded(store, {"name": "Ada", "city": "London"})
        layers = store.layers(profile)
        seen: list[Any] = []
        with store.subscribe(profile, seen.append):
            store.update(profile, city("Turin"))
            assert (layers.pending, layers.base) == (1, {"name": "Ada", "city": "London"})
            store.refresh(fetches.atom)
            await fetches.answer({"name": "Ada L.", "city": "Paris"})
            assert store.get(profile) == {"name": "Ada L.", "city": "Turin"}
            assert layers.pending == 1
            layers.rollback_all()
        assert [value["city"] for value in seen] == ["Turin", "Turin", "Paris"]
        assert store.get(profile) is layers.base


async def test_confirmed_edits_stay_until_newer_data_comes() -> None:
    async with Store() as store:
        fetches, profile = await loaded(store, {"city": "London"})
        store.update(profile, city("Turin"))
        store.layers(profile).commit_all()
        assert (store.get(profile), store.layers(profile).pending) == ({"city": "Turin"}, 0)
        assert len(fetches.answers) == 1
        store.refresh(fetches.atom)
        assert store.get(profile) == {"city": "Turin"}
        await fetches.answer({"city": "Rome"})
        assert store.get(profile) == {"city": "Rome"}


async def test_a_refetch_does_not_flicker() -> None:
    async with Store() as store:
        fetches, profile = await loaded(store, {"city": "London"})
        seen: list[Any] = []
        states: list[str] = []
        with (
            store.subscribe(profile, seen.append),
            store.subscribe(loadable(profile), lambda value: states.append(value.state)),
        ):
            for _ in range(3):
                store.refresh(fetches.atom)
                await fetches.answer({"city": "London"})
            assert (seen, states) == ([], [])


async def test_an_equal_answer_tells_nobody_and_still_supersedes_what_was_confirmed() -> None:
    async with Store() as store:
        fetches, number = await loaded(store, 5)
        seen: list[Any] = []
        with store.subscribe(number, seen.append):
            store.refresh(fetches.atom)
            await fetches.answer(5)
            assert seen == []
            store.set(number, 6)
            store.layers(number).commit_all()
            store.refresh(fetches.atom)
            await fetches.answer(5)
            assert (seen, store.get(number)) == ([6, 5], 5)


async def test_a_set_and_a_returned_value_are_pending_too() -> None:
    async with Store() as store:
        _, profile = await loaded(store, {"city": "London"})
        layers = store.layers(profile)
        store.set(profile, {"city": "Turin"})
        store.update(profile, lambda draft: {"city": draft["city"].upper()})
        assert (store.get(profile), layers.pending) == ({"city": "TURIN"}, 2)
        store.set(profile, None)
        assert (store.get(profile), layers.pending) == (None, 3)
        layers.rollback_all()
        assert store.get(profile) == {"city": "London"}


async def test_a_failed_batch_takes_edits_back() -> None:
    async with Store() as store:
        _, profile = await loaded(store, {"city": "London"})
        seen: list[Any] = []
        with store.subscribe(profile, seen.append), pytest.raises(KeyError), store.batch():
            store.update(profile, city("Turin"))
            assert store.get(profile) == {"city": "Turin"}
            raise KeyError
        assert (seen, store.get(profile), store.layers(profile).pending) == ([], {"city": "London"}, 0)


class TestFetchAgainstEdit:
    async def test_an_answer_asked_for_before_the_confirmation_is_dropped_and_fetched_again(self) -> None:
        async with Store() as store:
            fetches, profile = await loaded(store, {"city": "London", "visits": 1})
            log = events(store)
            seen: list[Any] = []
            with store.subscribe(profile, seen.append):
                store.update(profile, city("Turin"))
                store.refresh(fetches.atom)
                await quiet()
                old = fetches.answers[-1]
                store.layers(profile).commit_all()
                await quiet()
                assert old.cancelled()
                assert store.get(profile)["city"] == "Turin"
                await fetches.answer({"city": "Turin", "visits": 2})
                assert store.get(profile) == {"city": "Turin", "visits": 2}
            assert [value["city"] for value in seen] == ["Turin", "Turin"]
            assert len(fetches.answers) == 3
            kinds = [kind for kind in log.kinds(fetches.atom) if kind in ("run", "superseded", "settled")]
            assert kinds == ["run", "superseded", "run", "settled"]

    async def test_a_fetch_that_ignores_its_cancellation_is_not_heard(self) -> None:
        async with Store() as store:
            fetches, profile = await loaded(store, {"city": "London"}, cancel="signal")
            store.update(profile, city("Turin"))
            store.refresh(fetches.atom)
            await quiet()
            old = fetches.answers[-1]
            store.layers(profile).commit_all()
            await quiet()
            old.set_result({"city": "London"})
            await quiet()
            assert store.get(profile) == {"city": "Turin"}
            await fetches.answer({"city": "Turin"})
            assert store.get(profile) == {"city": "Turin"}

    async def test_confirmed_before_the_fetch_began_nothing_is_fetched_again(self) -> None:
        async with Store() as store:
            fetches, profile = await loaded(store, {"city": "London"})
            store.update(profile, city("Turin"))
            store.layers(profile).commit_all()
            store.refresh(fetches.atom)
            await fetches.answer({"city": "Rome"})
            assert (store.get(profile), len(fetches.answers)) == ({"city": "Rome"}, 2)

    async def test_an_edit_that_is_taken_back_during_a_fetch_fetches_nothing_again(self) -> None:
        async with Store() as store:
            fetches, profile = await loaded(store, {"city": "London"})
            store.update(profile, city("Turin"))
            store.refresh(fetches.atom)
            await quiet()
            store.layers(profile).rollback_all()
            await fetches.answer({"city": "Rome"})
            assert (store.get(profile), len(fetches.answers)) == ({"city": "Rome"}, 2)

    async def test_a_mutation_that_succeeds_during_a_refetch_is_not_taken_away(self) -> None:
        async with Store() as store:
            fetches, profile = await loaded(store, {"city": "London"})
            saved = asyncio.Event()

            async def save(value: Any, context: Any) -> None:
                await saved.wait()

            handle = store.mutate(profile, city("Turin"), save)
            store.refresh(fetches.atom)
            await quiet()
            saved.set()
            await handle
            await quiet()
            assert len(fetches.answers) == 3
            assert store.get(profile) == {"city": "Turin"}
            await fetches.answer({"city": "Turin"})
            assert (store.get(profile), store.layers(profile).pending) == ({"city": "Turin"}, 0)

    async def test_the_fetch_may_be_further_up(self) -> None:
        async with Store() as store:
            fetches = Fetches()
            profile = editable(select(fetches.atom, lambda data: data["profile"]))
            store.get(profile)
            await fetches.answer({"profile": {"city": "London"}})
            store.update(profile, city("Turin"))
            store.refresh(fetches.atom)
            await quiet()
            store.layers(profile).commit_all()
            await quiet()
            assert fetches.answers[1].cancelled()
            await fetches.answer({"profile": {"city": "Turin"}})
            assert (store.get(profile), len(fetches.answers)) == ({"city": "Turin"}, 3)


async def test_a_resource_can_be_edited() -> None:
    server = FetchServer()
    user_id = atom(1)
    async with Store() as store:
        profile = editable(resource(user_id, server.fetch))
        store.get(profile)
        await quiet()
        await server.answer(1, {"name": "Ada", "tags": []})
        store.update(profile, lambda draft: draft["tags"].append("x"))
        assert store.get(profile) == {"name": "Ada", "tags": ["x"]}
        store.set(user_id, 2)
        assert store.get(profile) == {"name": "Ada", "tags": ["x"]}
        await quiet()
        await server.answer(2, {"name": "Grace", "tags": []})
        assert store.get(profile) == {"name": "Grace", "tags": ["x"]}


async def test_a_layer_that_newly_fetched_data_does_not_suit_is_reported_and_may_be_taken_back_then() -> None:
    reported: list[BaseException] = []

    def on_error(error: BaseException) -> None:
        reported.append(error)
        store.layers(profile).rollback_all()

    async with Store(on_error=on_error) as store:
        fetches, profile = await loaded(store, {"tags": []})
        with store.subscribe(profile, lambda value: None):
            store.update(profile, lambda draft: draft["tags"].append("x"))
            store.refresh(fetches.atom)
            await fetches.answer({})
            assert [type(error) for error in reported] == [KeyError]
            assert (store.get(profile), store.layers(profile).pending) == ({}, 0)


async def test_lenses_pending_at_and_optimistic_updates_work_on_an_editable() -> None:
    async with Store() as store:
        fetches = Fetches()
        profile = editable(fetches.atom)
        where = lens(profile, lambda value: value["city"])
        assert isinstance(store.get(where), AsyncValue)
        await fetches.answer({"city": "London", "name": "Ada"})
        assert store.get(where) == "London"
        store.set(where, "Turin")
        assert store.get(profile) == {"city": "Turin", "name": "Ada"}
        assert store.get(pending_at(profile, "city")) is True
        assert store.get(pending_at(profile, "name")) is False
        assert store.get(optimistic(profile, store).pending) == 1
        store.layers(where).commit_all()
        assert (store.get(where), store.get(pending_at(profile))) == ("Turin", False)
        del fetches


async def test_the_tuple_form_of_a_mutation_is_understood() -> None:
    async with Store() as store:
        _, profile = await loaded(store, {"city": "London"})

        async def save(value: Any) -> Any:
            return value["city"]

        handle = store.set(profile, (city("Turin"), save))
        assert await handle == "Turin"
        assert store.layers(profile).pending == 0


async def test_the_same_atom_gives_the_same_editable() -> None:
    fetches = Fetches()
    assert editable(fetches.atom) is editable(fetches.atom)
    assert editable(fetches.atom).name == "editable(profile)"
    assert editable(fetches.atom, name="mine").name == "mine"
    with pytest.raises(TypeError, match="async_atom must be an atom"):
        editable(5)  # type: ignore[arg-type]


async def test_an_editable_is_freed_with_its_atoms() -> None:
    async with Store() as store:
        fetches, profile = await loaded(store, {"city": "London"})
        store.update(profile, city("Turin"))
        store.refresh(fetches.atom)
        await fetches.answer({"city": "Rome"})
        gone = [weakref.ref(profile), weakref.ref(fetches.atom)]
        del profile, fetches
        await quiet()
        gc.collect()
        assert [reference() for reference in gone] == [None, None]
