"""Overrides: in one store an atom has another value or follows another atom, and its own read never runs."""

import asyncio
import functools
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from halflife import (
    RESET,
    AsyncValue,
    CycleError,
    HasData,
    HasError,
    Store,
    action,
    all_loaded,
    atom,
    derived,
    draft_atom,
    editable,
    effect,
    family,
    from_iter,
    initial_from,
    lazy,
    lens,
    loadable,
    pending_at,
    reducer,
    refreshable,
    resettable,
    resource,
    select,
    split,
    unwrap,
    with_default,
)
from halflife.testing import assert_no_leaks


def never(*_: Any) -> Any:
    raise AssertionError("an overridden read ran")


async def never_async(get: Any) -> Any:
    raise AssertionError("an overridden read ran")


async def never_stream(get: Any) -> Any:
    raise AssertionError("an overridden read ran")
    yield 1


#: One atom of each kind, whose own value must never be computed.
KINDS: dict[str, Callable[[], Any]] = {
    "source": lambda: atom("own"),
    "hooked source": lambda: atom("own", on_mount=never),
    "lazy": lambda: lazy(never),
    "derived": lambda: derived(never),
    "async derived": lambda: derived(never_async),
    "stream": lambda: derived(never_stream),
    "refreshable": lambda: refreshable(never_async),
    "resettable": lambda: resettable("own"),
    "with_default": lambda: with_default(lambda get: never()),
    "async with_default": lambda: with_default(never_async),
    "reducer": lambda: reducer("own", lambda value, new: new),
    "draft": lambda: draft_atom("own"),
    "editable": lambda: editable(derived(never_async)),
    "resource": lambda: resource(atom(1), never),
    "from_iter": lambda: from_iter(never_stream_factory, initial="own"),
    "initial_from": lambda: initial_from(derived(never_async)),
    "select": lambda: select(derived(never), never),
    "unwrap": lambda: unwrap(derived(never_async)),
    "loadable": lambda: loadable(derived(never_async)),
}
SETTABLE = ("source", "hooked source", "lazy", "resettable", "with_default", "reducer", "draft")


async def never_stream_factory() -> Any:
    raise AssertionError("an overridden feed was started")
    yield 1


def settled(store: Store, a: Any) -> Any:
    """The value of an atom; for an async atom the result of its settled AsyncValue."""
    value = store.get(a)
    assert isinstance(value, AsyncValue) == a.is_async or isinstance(value, str)
    return value.result() if isinstance(value, AsyncValue) else value


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_an_overridden_atom_has_the_value_without_a_loop_observed_or_not(self, kind: str) -> None:
        one = KINDS[kind]()
        shown = derived(lambda get: get(loadable(one)))
        with Store(overrides={one: "given"}) as store:
            assert settled(store, one) == "given"
            assert store.get(shown) == HasData("given")
            with store.subscribe(one, lambda value: None), store.subscribe(shown, lambda value: None):
                assert settled(store, one) == "given"
                assert store.get(unwrap(one)) == "given"
            assert store._invariant() is None

    def test_an_overridden_async_atom_stays_async_and_can_be_awaited(self, kind: str) -> None:
        one = KINDS[kind]()

        async def main() -> None:
            async with Store(overrides={one: "given"}) as store:
                value = store.get(one)
                assert isinstance(value, AsyncValue) == (one.is_async and kind != "editable")
                assert await store.value(one) == "given"

                async def read(get: Any) -> Any:
                    inner = get(one)
                    return await inner if isinstance(inner, AsyncValue) else inner

                assert await store.value(derived(read)) == "given"

        asyncio.run(main())

    def test_an_atom_follows_another_atom(self, kind: str) -> None:
        one, other, told = KINDS[kind](), atom("first"), []
        with Store(overrides={one: other}) as store:
            assert settled(store, one) == "first"
            store.subscribe(one, lambda value: told.append(settled(store, one)))
            store.set(other, "second")
            assert (settled(store, one), told) == ("second", ["second"])
            store.set(one, "third")
            assert (settled(store, one), store.get(other), told) == ("third", "third", ["second", "third"])
            assert store._invariant() is None

    def test_an_override_holds_only_in_its_store(self, kind: str) -> None:
        if kind not in ("source", "resettable", "reducer", "draft"):
            return
        one = KINDS[kind]()
        with Store(overrides={one: "given"}) as store, Store() as other:
            assert (store.get(one), other.get(one), store.get(one)) == ("given", "own", "given")

    def test_refreshing_an_overridden_atom_runs_nothing(self, kind: str) -> None:
        one = KINDS[kind]()
        with Store(overrides={one: "given"}) as store:
            value = store.refresh(one)
            assert (value.result() if isinstance(value, AsyncValue) else value) == "given"


@pytest.mark.parametrize("kind", SETTABLE)
def test_a_source_given_a_value_can_be_set(kind: str) -> None:
    one, told = KINDS[kind](), []
    with Store(overrides={one: "given"}) as store:
        store.subscribe(one, told.append)
        store.set(one, "new")
        assert (store.get(one), told) == ("new", ["new"])


@pytest.mark.parametrize("kind", ["resettable", "with_default"])
def test_a_reset_returns_to_the_given_value(kind: str) -> None:
    one = KINDS[kind]()
    with Store(overrides={one: "given"}) as store:
        store.set(one, "new")
        store.set(one, RESET)
        assert store.get(one) == "given"
        store.update(one, lambda value: RESET)
        assert store.get(one) == "given"
    with Store(overrides={one: None}) as store:
        store.set(one, "new")
        store.set(one, RESET)
        assert store.get(one) is None


def test_none_and_false_are_values() -> None:
    one = derived(never)
    for value in (None, False, 0, ()):
        with Store(overrides={one: value}) as store:
            assert store.get(one) is value


class TestFollowing:
    def test_an_error_is_followed_too(self) -> None:
        broken = derived(lambda get: 1 // get(number))
        number = atom(0)
        for one in (derived(never), derived(never_async)):
            with Store(overrides={one: broken}) as store:
                assert isinstance(store.get(loadable(one)), HasError)
                store.set(number, 1)
                assert store.get(loadable(one)) == HasData(1)
                store.set(number, 0)
                assert isinstance(store.get(loadable(one)), HasError)

    def test_an_async_atom_may_follow_an_async_one(self) -> None:
        one, runs = derived(never_async), []
        number = atom(1)

        @derived
        async def fake(get: Any) -> int:
            runs.append(get(number))
            return get(number) * 10

        async def main() -> None:
            async with Store(overrides={one: fake}) as store:
                assert await store.get(one) == 10
                assert await store.get(fake) == 10
                store.set(number, 2)
                assert await store.get(one) == 20
                assert await store.refresh(one) == 20
                assert runs == [1, 2, 2]

        asyncio.run(main())

    def test_an_old_async_value_keeps_its_result_and_leads_to_the_newest(self) -> None:
        one, other = derived(never_async), atom("first")

        async def main() -> None:
            async with Store(overrides={one: other}) as store:
                old = store.get(one)
                store.set(other, "second")
                assert (old.result(), await old, store.get(one).result()) == ("first", "second", "second")

        asyncio.run(main())

    def test_chains_lead_to_the_end(self) -> None:
        first, second, third = atom(1), atom(2), atom(3)
        with Store(overrides={first: second, second: third}) as store:
            store.set(first, 5)
            assert [store.get(one) for one in (first, second, third)] == [5, 5, 5]
        with Store(overrides={first: second, second: 7}) as store:
            assert store.get(first) == 7
            store.set(first, 8)
            assert store.get(second) == 8

    def test_a_circle_is_refused(self) -> None:
        first, second = atom(1, name="first"), atom(2, name="second")
        for overrides in ({first: first}, {first: second, second: first}):
            with pytest.raises(ValueError, match=r"circle.*first"):
                Store(overrides=overrides)

    def test_an_atom_that_follows_its_dependent_is_a_cycle(self) -> None:
        one = atom(1, name="one")
        with Store(overrides={one: derived(lambda get: get(one) + 1, name="more")}) as store, pytest.raises(CycleError):
            store.get(one)

    def test_an_action_follows_an_action(self) -> None:
        calls: list[Any] = []
        save = action(lambda get, set, *args: calls.append("own"), name="save")
        fake = action(lambda get, set, *args: calls.append(args) or "saved")
        outer = action(lambda get, set: set(save, 1, 2))
        with Store(overrides={save: fake}) as store:
            assert store.set(save, 5) == "saved"
            store.set(outer)
            assert calls == [(5,), (1, 2)]

    def test_an_effect_follows_an_effect(self) -> None:
        seen: list[str] = []
        own, fake = effect(lambda get, set: seen.append("own")), effect(lambda get, set: seen.append("fake"))
        with Store(overrides={own: fake}) as store:
            store.observe(own)
            assert seen == ["fake"]

    def test_a_write_of_a_derived_atom_that_has_a_value_runs_as_ever(self) -> None:
        number = atom(1)
        double = derived(never, lambda get, set, value: set(number, value // 2))
        with Store(overrides={double: 100}) as store:
            store.set(double, 8)
            assert (store.get(double), store.get(number)) == (100, 4)


class TestWhatIsRefused:
    @pytest.mark.parametrize("overrides", [5, [atom(1)], {"user": 1}, {1: atom(1)}, None.__class__])
    def test_overrides_that_are_no_mapping_of_atoms(self, overrides: Any) -> None:
        with pytest.raises(TypeError, match="overrides"):
            Store(overrides=overrides)

    def test_overrides_of_the_wrong_kind(self) -> None:
        save, watch = action(lambda get, set: None, name="save"), effect(lambda get, set: None, name="watch")
        for overrides in ({save: 5}, {save: atom(1)}, {watch: 5}, {watch: save}, {atom(1): save}, {atom(1): watch}):
            with pytest.raises(TypeError, match=r"overrides.*(save|watch)"):
                Store(overrides=overrides)

    def test_none_is_no_overrides(self) -> None:
        one = atom(1)
        for overrides in (None, {}):
            with Store(overrides=overrides) as store:
                assert store.get(one) == 1


class TestViewsAndWhatIsBuiltOn:
    def test_slices_items_and_all_loaded_see_the_override(self) -> None:
        users = derived(never_async)
        with Store(overrides={users: [{"name": "Ada"}, {"name": "Bob"}]}) as store:
            assert store.get(unwrap(users))[0]["name"] == "Ada"
            assert store.get(all_loaded(users)) == HasData(([{"name": "Ada"}, {"name": "Bob"}],))
            names = select(unwrap(users), lambda value: [one["name"] for one in value])
            assert store.get(names) == ["Ada", "Bob"]
            items = store.get(split(unwrap(users)))
            assert [store.get(item)["name"] for item in items] == ["Ada", "Bob"]

    def test_items_of_an_overridden_list_can_be_written(self) -> None:
        things, other = atom(["own"]), atom(["a", "b"])
        for overrides in ({things: ["a", "b"]}, {things: other}):
            with Store(overrides=overrides) as store:
                items = split(things)
                store.set(store.get(items)[0], "x")
                store.set(items.insert, "c")
                assert store.get(things) == ["x", "b", "c"]

    def test_an_effect_and_an_action_see_the_override(self) -> None:
        number, seen = atom(1), []
        with Store(overrides={number: 5}) as store:
            store.observe(effect(lambda get, set: seen.append(get(number))))
            store.set(number, 6)
            assert store.set(action(lambda get, set: get(number))) == 6
        assert seen == [5, 6]

    def test_a_member_of_a_family(self) -> None:
        users = family(lambda number: derived(lambda get: never()))
        with Store(overrides={users(1): "Ada"}) as store:
            gc.collect()
            assert store.get(users(1)) == "Ada"
            with pytest.raises(AssertionError):
                store.get(users(2))

    def test_an_initial_value_is_taken_from_the_override(self) -> None:
        user = derived(never_async)
        name = initial_from(user)
        with Store(overrides={user: "Ada"}) as store:
            assert store.get(name) == "Ada"

    def test_edits_of_a_draft_atom_given_a_value(self) -> None:
        todos = draft_atom({"own": 1})
        with Store(overrides={todos: {"a": 1}}) as store:
            layer = store.layers(todos).apply(lambda draft: draft.update(b=2))
            assert store.get(lens(todos, lambda value: value["b"])) == 2
            assert store.get(pending_at(todos)) is True
            layer.rollback()
            assert store.get(todos) == {"a": 1}

    @pytest.mark.parametrize("make", [lambda: draft_atom({"own": {}}), lambda: editable(derived(never_async))])
    def test_edits_of_a_layered_atom_that_follows_another_go_to_the_other(self, make: Any) -> None:
        todos, other = make(), draft_atom({"a": {"done": False}})
        part = lens(todos, lambda value: value["a"])
        with Store(overrides={todos: other}) as store:
            store.update(todos, lambda draft: draft.update(b={}))
            layer = store.layers(part).apply(lambda draft: draft.update(done=True))
            assert store.get(todos) == store.get(other) == {"a": {"done": True}, "b": {}}
            assert store.get(pending_at(todos)) is True
            assert store.layers(todos).pending == store.layers(other).pending == 1
            layer.rollback()
            assert store.get(part) == {"done": False}
            store.mutate(todos, lambda draft: draft.update(c={}))
            assert "c" in store.get(other)

    def test_an_editable_given_a_value_can_be_edited(self) -> None:
        profile = editable(derived(never_async))
        with Store(overrides={profile: {"name": "Ada"}}) as store:
            store.update(profile, lambda draft: draft.update(name="Bob"))
            assert store.get(profile) == {"name": "Bob"}

    def test_layers_of_an_atom_that_follows_a_plain_atom_are_refused(self) -> None:
        todos = draft_atom({}, name="todos")
        with Store(overrides={todos: atom({})}) as store, pytest.raises(TypeError, match="layers"):
            store.layers(todos)


class TestResources:
    def test_a_resource_given_data_is_ready_and_fetches_nothing(self) -> None:
        user = resource(atom(1), never)
        with Store(overrides={user: {"name": "Ada"}}) as store:
            assert (store.get(user.state), store.get(user.latest)) == ("ready", {"name": "Ada"})
            assert store.set(user.refetch).result() == {"name": "Ada"}
            store.set(user.mutate, {"name": "Bob"})
            assert (store.get(user).result(), store.get(user.latest)) == ({"name": "Bob"}, {"name": "Bob"})
            store.set(user.mutate, lambda value: {**value, "age": 5})
            assert store.get(user).result() == {"name": "Bob", "age": 5}

    def test_a_resource_that_follows_another_shows_its_state(self) -> None:
        calls: list[int] = []

        async def fetch(value: int) -> int:
            calls.append(value)
            return value * 10

        user, fake, source = resource(atom(1), never), None, atom(2)
        fake = resource(source, fetch)

        async def main() -> None:
            async with Store(overrides={user: fake}) as store:
                assert await store.get(user) == 20
                assert (store.get(user.state), store.get(user.latest)) == ("ready", 20)
                assert await store.set(user.refetch) == 20
                store.set(user.mutate, 7)
                assert store.get(user.latest) == store.get(fake.latest) == 7
                assert calls == [2, 2]

        asyncio.run(main())

    def test_over_an_overridden_source(self) -> None:
        source, calls = atom(None), []

        async def fetch(value: int) -> int:
            calls.append(value)
            return value * 10

        async def main() -> None:
            async with Store(overrides={source: 3}) as store:
                user = resource(source, fetch)
                assert await store.get(user) == 30
                store.set(source, 4)
                assert await store.get(user) == 40

        asyncio.run(main())


def test_an_override_may_be_an_awaitable() -> None:
    async def main() -> None:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        user, number = derived(never_async), atom(0)
        async with Store(overrides={user: future, number: future}) as store:
            waiting = [asyncio.ensure_future(store.value(one)) for one in (user, number)]
            await asyncio.sleep(0)
            future.set_result("Ada")
            assert await asyncio.gather(*waiting) == ["Ada", "Ada"]

    asyncio.run(main())


def test_hydrated_data_does_not_replace_an_override() -> None:
    number = atom(1, name="number")
    with Store(overrides={number: 5}) as store:
        store.hydrate({"version": 1, "atoms": {"number": {"value": 7}}})
        assert store.get(number) == 5


def read_store(stores: list[Store], get: Any) -> int:
    return len(stores)


def test_a_store_frees_its_overrides() -> None:
    class Value:
        """A value whose living instances the test counts."""

    def use() -> None:
        value, one = Value(), derived(never_async)
        gone = weakref.ref(value)
        other = derived(functools.partial(read_store, stores := []))
        store = Store(overrides={one: value, atom(1): other})
        stores.append(store)
        store.get(one)
        store.get(other)
        del value, store, stores, one, other
        gc.collect()
        assert gone() is None

    with assert_no_leaks():
        use()
