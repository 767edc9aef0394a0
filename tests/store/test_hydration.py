"""Hydration: settled values of one store as JSON-able data, visible in another store until an input changes."""

import asyncio
import gc
import json
from typing import Any

import pytest

from halflife import HasData, Loading, Store, StoreClosedError, atom, derived, lazy, loadable
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


def ignore(value: object) -> None:
    """A subscriber that only observes."""


def carried(data: dict[str, Any]) -> dict[str, Any]:
    """The data after a round trip through JSON text."""
    return json.loads(json.dumps(data))


class Users:
    """A chain of named atoms: an id, the user fetched for it, and the user's posts."""

    def __init__(self, *, id_name: str | None = "saved id") -> None:
        gc.collect()  # frees atoms of other tests: a name shared by two living atoms is ambiguous
        self.runs: list[str] = []
        self.id = atom(1, name=id_name)
        self.user = derived(self._read_user, name="saved user")
        self.posts = derived(self._read_posts, name="saved posts")
        self.title = derived(self._read_title, name="title")

    async def _read_user(self, get: Any) -> Any:
        user_id = get(self.id)
        await asyncio.sleep(0)
        self.runs.append(f"user {user_id}")
        return {"id": user_id}

    async def _read_posts(self, get: Any) -> Any:
        user = await get(self.user)
        await asyncio.sleep(0)
        self.runs.append(f"posts of {user['id']}")
        return [user["id"] * 10]

    def _read_title(self, get: Any) -> Any:
        self.runs.append("title")
        return f"user {get(self.id)}"

    async def saved(self, *atoms: Any) -> dict[str, Any]:
        """The data that a first store, in which the id is 2, dehydrates for these atoms."""
        async with Store() as store:
            store.set(self.id, 2)
            for one in atoms:
                await store.value(one)
            data = carried(store.dehydrate(atoms))
        self.runs.clear()
        return data


class TestDehydrating:
    def test_dehydrated_data_survives_json(self) -> None:
        number, text = atom(1, name="number"), atom("a", name="text")
        doubled = derived(lambda get: get(number) * 2, name="doubled")
        with Store() as store, Store() as other:
            store.set(number, 5)
            store.get(doubled)
            other.hydrate(carried(store.dehydrate([number, text, doubled])))
            assert (other.get(number), other.get(text), other.get(doubled)) == (5, "a", 10)

    def test_two_atoms_of_one_explicit_name_raise(self) -> None:
        with Store() as store, pytest.raises(ValueError, match="user"):
            store.dehydrate([atom(1, name="user"), atom(2, name="user")])

    def test_one_atom_twice_is_no_clash(self) -> None:
        number = atom(1, name="number")
        with Store() as store:
            assert store.dehydrate([number, number]) == store.dehydrate([number])

    def test_an_atom_without_an_explicit_name_raises(self) -> None:
        number = atom(1)
        with Store() as store, pytest.raises(ValueError, match="name"):
            store.dehydrate([number])

    @pytest.mark.asyncio
    async def test_pending_and_failed_atoms_are_left_out(self) -> None:
        pending = derived(_never, name="pending")
        failed = derived(lambda get: 1 // 0, name="failed")
        number = atom(1, name="number")
        async with Store() as store:
            store.get(pending)
            with pytest.raises(ZeroDivisionError):
                store.get(failed)
            assert list(store.dehydrate([pending, failed, number])["atoms"]) == ["number"]

    @pytest.mark.asyncio
    async def test_a_refreshing_atom_is_left_out(self) -> None:
        users = Users()
        async with Store() as store:
            await store.get(users.user)
            store.set(users.id, 3)
            assert store.dehydrate([users.user])["atoms"] == {}

    @pytest.mark.asyncio
    async def test_an_async_atom_that_was_never_read_is_left_out_and_not_run(self) -> None:
        users = Users()
        async with Store() as store:
            assert store.dehydrate([users.user])["atoms"] == {}
            await quiet()
        assert users.runs == []

    def test_a_closed_store_gives_nothing(self) -> None:
        number = atom(1, name="number")
        store = Store()
        store.dispose()
        with pytest.raises(StoreClosedError):
            store.dehydrate([number])
        with pytest.raises(StoreClosedError):
            store.hydrate({"version": 1, "atoms": {}})


async def _never(get: Any) -> None:
    await asyncio.get_running_loop().create_future()


class TestHydrating:
    @pytest.mark.parametrize(
        "junk",
        [
            None,
            5,
            [],
            {},
            {"version": 99, "atoms": {}},
            {"version": 1},
            {"version": 1, "atoms": 5},
            {"version": 1, "atoms": {"number": 5}},
            {"version": 1, "atoms": {"number": {}}},
            {"version": 1, "atoms": {"number": {"value": 2}, "other": 7}},
            {"version": 1, "atoms": {"number": {"value": 2, "inputs": 5}}},
            {"version": 1, "atoms": {"number": {"value": 2, "inputs": [5]}}},
        ],
    )
    def test_junk_is_refused_and_changes_nothing(self, junk: Any) -> None:
        number = atom(1, name="number")
        with Store() as store:
            with pytest.raises((TypeError, ValueError), match="hydrate"):
                store.hydrate(junk)
            assert store.get(number) == 1

    def test_a_value_is_kept_by_name_until_its_atom_is_read_also_if_that_is_made_later(self) -> None:
        with Store() as store:
            store.hydrate({"version": 1, "atoms": {"later": {"value": 7}}})
            gc.collect()
            later = atom(1, name="later")
            assert store.get(later) == 7

    def test_names_nobody_has_do_no_harm(self) -> None:
        number = atom(1, name="number")
        with Store() as store:
            store.hydrate({"version": 1, "atoms": {"nobody": {"value": 7}}})
            assert store.get(number) == 1

    def test_later_data_take_the_place_of_earlier(self) -> None:
        number = atom(1, name="number")
        with Store() as store:
            store.hydrate({"version": 1, "atoms": {"number": {"value": 7}}})
            store.hydrate({"version": 1, "atoms": {"number": {"value": 8}}})
            assert store.get(number) == 8

    def test_hydration_does_not_notify_but_later_changes_do(self) -> None:
        number = atom(1, name="number")
        seen: list[int] = []
        with Store() as store:
            store.hydrate({"version": 1, "atoms": {"number": {"value": 7}}})
            with store.subscribe(number, seen.append):
                assert (store.get(number), seen) == (7, [])
                store.set(number, 1)
        assert seen == [1]

    def test_a_set_before_the_first_read_stands(self) -> None:
        number = atom(1, name="number")
        with Store() as store:
            store.hydrate({"version": 1, "atoms": {"number": {"value": 7}}})
            store.set(number, 5)
            assert store.get(number) == 5

    def test_a_lazy_atom_does_not_make_its_value(self) -> None:
        made: list[int] = []

        def make() -> int:
            made.append(1)
            return 1

        number = lazy(make, name="number")
        with Store() as store:
            store.hydrate({"version": 1, "atoms": {"number": {"value": 7}}})
            assert store.get(number) == 7
        assert made == []

    def test_only_the_store_that_was_given_the_data_shows_them(self) -> None:
        number = atom(1, name="number")
        with Store() as store, Store() as other:
            store.hydrate({"version": 1, "atoms": {"number": {"value": 7}}})
            assert (store.get(number), other.get(number)) == (7, 1)

    def test_a_sync_derived_atom_does_not_run_until_an_input_changes(self) -> None:
        users = Users()
        with Store() as store:
            title = {"value": "user 2", "inputs": ["saved id"]}
            store.hydrate({"version": 1, "atoms": {"saved id": {"value": 2}, "title": title}})
            assert (store.get(users.title), users.runs) == ("user 2", [])
            store.set(users.id, 3)
            assert (store.get(users.title), users.runs) == ("user 3", ["title"])


@pytest.mark.asyncio
class TestAsyncAtoms:
    @pytest.mark.parametrize("observed", [False, True])
    async def test_a_hydrated_atom_counts_as_settled_without_running_until_an_input_changes(
        self, observed: bool
    ) -> None:
        users = Users()
        data = await users.saved(users.id, users.user)
        async with Store() as store:
            store.hydrate(data)
            subscription = store.subscribe(users.user, ignore) if observed else None
            assert store.get(users.user).result() == {"id": 2}
            assert store.get(loadable(users.user)) == HasData({"id": 2})
            await quiet()
            assert users.runs == []
            store.set(users.id, 3)
            assert await store.get(users.user) == {"id": 3}
            assert users.runs == ["user 3"]
            if subscription:
                subscription()

    @pytest.mark.parametrize("first", [True, False])
    async def test_inputs_may_be_read_before_or_after_a_hydrated_atom(self, first: bool) -> None:
        users = Users()
        data = await users.saved(users.id, users.user)
        async with Store() as store:
            store.hydrate(data)
            if first:
                assert store.get(users.id) == 2
            assert store.get(users.user).result() == {"id": 2}
            assert store.get(users.id) == 2
            assert store.get(users.user).done
            await quiet()
            assert users.runs == []

    async def test_an_input_set_before_the_first_read_makes_the_atom_run(self) -> None:
        users = Users()
        data = await users.saved(users.id, users.user)
        async with Store() as store:
            store.hydrate(data)
            store.get(users.user)
            store.set(users.id, 5)
            assert await store.get(users.user) == {"id": 5}

    @pytest.mark.parametrize("observed", [False, True])
    async def test_a_chain_of_them_counts_as_settled_together(self, observed: bool) -> None:
        users = Users()
        data = await users.saved(users.id, users.user, users.posts)
        async with Store() as store:
            store.hydrate(data)
            subscription = store.subscribe(users.posts, ignore) if observed else None
            assert store.get(users.posts).result() == [20]
            store.set(atom(0), 1)
            assert store.get(users.posts).result() == [20]
            await quiet()
            assert users.runs == []
            store.set(users.id, 3)
            assert await store.get(users.posts) == [30]
            assert users.runs == ["user 3", "posts of 3"]
            if subscription:
                subscription()

    async def test_an_atom_with_an_unnamed_input_is_refreshing_and_runs(self) -> None:
        users = Users(id_name=None)
        data = await users.saved(users.user)
        async with Store() as store:
            store.hydrate(data)
            with store.subscribe(users.user, ignore):
                assert store.get(loadable(users.user)) == Loading({"id": 2})
                assert store.get(loadable(users.user, keep_previous=True)) == HasData({"id": 2}, refreshing=True)
                assert await store.get(users.user) == {"id": 1}
            assert users.runs == ["user 1"]

    async def test_reading_an_atom_with_an_unnamed_input_starts_its_run(self) -> None:
        users = Users(id_name=None)
        data = await users.saved(users.user)
        async with Store() as store:
            store.hydrate(data)
            assert store.get(loadable(users.user, keep_previous=True)) == HasData({"id": 2}, refreshing=True)
            await store.settled()
            assert store.get(users.user).result() == {"id": 1}

    async def test_no_loading_is_notified_for_an_atom_that_counts_as_settled(self) -> None:
        users = Users()
        data = await users.saved(users.id, users.user)
        shown: list[Any] = []
        async with Store() as store:
            store.hydrate(data)
            with store.subscribe(loadable(users.user), shown.append):
                await quiet()
                assert shown == []

    async def test_a_refresh_runs_it(self) -> None:
        users = Users()
        data = await users.saved(users.id, users.user)
        async with Store() as store:
            store.hydrate(data)
            assert await store.refresh(users.user) == {"id": 2}
            assert users.runs == ["user 2"]


def test_settled_values_need_no_loop() -> None:
    users = Users()
    data = asyncio.run(users.saved(users.id, users.user, users.posts))
    with Store() as store:
        store.hydrate(data)
        assert store.get(users.posts).result() == [20]
        assert store.get(loadable(users.user)) == HasData({"id": 2})
        assert carried(store.dehydrate([users.id, users.user, users.posts])) == data
    assert users.runs == []
