"""Queries: their result, their three faces, when they fetch, and what they show meanwhile."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from halflife import (
    HasData,
    HasError,
    Loading,
    MaxAttemptsExceeded,
    QueryClient,
    QueryDefaults,
    QueryResult,
    Retry,
    Store,
    all_loaded,
    atom,
    derived,
    initial_from,
    lens,
    loadable,
    pending_at,
    query_options,
    select,
    split,
    unwrap,
)
from halflife.testing import ManualClock
from query_world import World

pytestmark = pytest.mark.asyncio

NO_RETRY = Retry(max_retries=0)


def shown(result: QueryResult[Any]) -> tuple[Any, ...]:
    return result.status, result.fetch_status, result.data


class TestOneQuery:
    async def test_an_observed_query_loads_and_shows_its_data(self) -> None:
        world = World()
        user = world.query()
        seen = world.watch(user)
        assert shown(world.store.get(user)) == ("loading", "fetching", None)
        await world.pass_time(1)
        assert shown(world.store.get(user)) == ("success", "idle", "data of 1")
        assert [shown(one) for one in seen][-1] == ("success", "idle", "data of 1")
        assert len(seen) <= 2
        assert world.server.asked == [("user", 1)]

    async def test_reading_a_query_that_nobody_observes_starts_the_fetch(self) -> None:
        world = World()
        user = world.query()
        assert shown(world.store.get(user)) == ("loading", "fetching", None)
        world.store.get(user)
        await world.pass_time(1)
        assert shown(world.store.get(user)) == ("success", "idle", "data of 1")
        assert len(world.server.calls) == 1

    async def test_an_observed_query_starts_one_fetch(self) -> None:
        world = World()
        world.store.history()
        world.watch(world.query())
        await world.pass_time(1)
        kinds = [event.kind for event in world.store.history() if event.atom.name == "data of ('user', 1)"]
        assert [kind for kind in kinds if kind in ("run", "superseded", "settled", "failed")] == ["run", "settled"]

    async def test_the_error_of_an_edit_names_the_key(self) -> None:
        class Unknown:
            __hash__ = None  # type: ignore[assignment]

        world = World()
        world.client.set_data(("odd", 1), Unknown())
        with pytest.raises(TypeError) as caught:
            world.client.edit(("odd", 1), lambda draft: None)
        assert "('odd', 1)" in caught.value.__notes__[0]

    async def test_making_a_query_starts_nothing(self) -> None:
        world = World()
        world.query()
        await world.pass_time(10)
        assert world.server.calls == []

    async def test_two_queries_of_one_key_share_the_fetch(self) -> None:
        world = World()
        one, other = world.query(), world.query(["user", 1])
        world.watch(one)
        world.watch(other)
        await world.pass_time(1)
        assert len(world.server.calls) == 1
        assert world.store.get(one).data is world.store.get(other).data

    async def test_keys_of_other_types_are_other_keys(self) -> None:
        world = World()
        for key in (("k", 1), ("k", True), ("k", 1.0), ("k", "1"), ("k", None)):
            world.watch(world.query(key))
        await world.pass_time(1)
        assert len(world.server.calls) == 5

    async def test_the_order_of_a_dict_does_not_matter(self) -> None:
        world = World()
        world.watch(world.query(("k", {"a": 1, "b": [1, 2]})))
        world.watch(world.query(("k", {"b": (1, 2), "a": 1})))
        await world.pass_time(1)
        assert len(world.server.calls) == 1

    async def test_the_error_of_the_fetch_is_shown(self) -> None:
        world = World()
        error = world.server.errors[("user", 1)] = ValueError("no")
        user = world.query(retry=NO_RETRY)
        world.watch(user)
        await world.pass_time(1)
        result = world.store.get(user)
        assert (result.status, result.error, result.data, result.is_error) == ("error", error, None, True)
        assert world.errors == []

    async def test_an_error_after_data_keeps_the_data(self) -> None:
        world = World()
        user = world.query(retry=NO_RETRY)
        world.watch(user)
        await world.pass_time(1)
        world.server.errors[("user", 1)] = ValueError("no")
        result = await asyncio.gather(user.refetch(), world.pass_time(1))
        assert (result[0].status, result[0].data, str(result[0].error)) == ("error", "data of 1", "no")

    async def test_while_a_fetch_follows_an_error_the_error_stays_if_there_is_data(self) -> None:
        world = World()
        user = world.query(retry=NO_RETRY)
        world.watch(user)
        await world.pass_time(1)
        error = world.server.errors[("user", 1)] = ValueError("no")
        user.refetch()
        await world.pass_time(1)
        del world.server.errors[("user", 1)]
        user.refetch()
        assert (world.store.get(user).status, world.store.get(user).error) == ("error", error)
        assert world.store.get(user).is_fetching
        await world.pass_time(1)
        assert (world.store.get(user).status, world.store.get(user).error) == ("success", None)

    async def test_while_a_fetch_follows_an_error_without_data_the_query_is_loading(self) -> None:
        world = World()
        world.server.errors[("user", 1)] = ValueError("no")
        user = world.query(retry=NO_RETRY)
        world.watch(user)
        await world.pass_time(1)
        user.refetch()
        assert (world.store.get(user).status, world.store.get(user).error) == ("loading", None)

    async def test_errors_of_unobserved_queries_are_kept_until_refetched(self) -> None:
        world = World()
        world.server.errors[("user", 1)] = ValueError("no")
        user = world.query(retry=NO_RETRY)
        world.store.get(user)
        await world.pass_time(1)
        assert world.store.get(user).is_error
        await world.pass_time(1)
        assert world.store.get(user).is_error
        assert len(world.server.calls) == 1

    async def test_failed_attempts_are_counted(self) -> None:
        world = World()
        world.server.errors[("user", 1)] = ValueError("no")
        user = world.query(retry=Retry(max_retries=2, initial_delay=10))
        world.watch(user)
        counts = []
        for seconds in (0, 1, 10, 1, 20):
            await world.pass_time(seconds)
            counts.append((world.store.get(user).failure_count, world.store.get(user).attempt))
        assert counts == [(0, 1), (1, 1), (1, 2), (2, 2), (2, 3)]
        await world.pass_time(1)
        assert isinstance(world.store.get(user).error, MaxAttemptsExceeded)
        assert world.store.get(user).failure_count == 0
        assert [call.ctx.attempt for call in world.server.calls] == [1, 2, 3]

    async def test_none_is_data(self) -> None:
        world = World()
        world.server.data[("user", 1)] = None
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        assert shown(world.store.get(user)) == ("success", "idle", None)
        assert await world.store.value(user.loaded) is None
        assert await world.client.fetch(("user", 1), world.server.fetch) is None
        assert len(world.server.calls) == 1

    async def test_a_fetcher_without_a_context(self) -> None:
        world = World()

        async def fetch(key: Any) -> Any:
            return key

        assert await world.client.fetch(("a", [1]), fetch) == ("a", (1,))
        assert await world.client.fetch("a", fetch) == ("a",)

    async def test_equal_parts_of_refetched_data_are_the_same_objects(self) -> None:
        world = World()
        world.server.data[("user", 1)] = {"a": {"x": 1}, "b": {"y": 1}}
        user = world.query()
        seen = world.watch(user.data)
        await world.pass_time(1)
        before = world.store.get(user.data)
        world.server.data[("user", 1)] = {"a": {"x": 1}, "b": {"y": 2}}
        user.refetch()
        await world.pass_time(1)
        after = world.store.get(user.data)
        assert after == {"a": {"x": 1}, "b": {"y": 2}}
        assert after["a"] is before["a"]
        world.server.data[("user", 1)] = {"a": {"x": 1}, "b": {"y": 2}}
        user.refetch()
        await world.pass_time(1)
        assert world.store.get(user.data) is after
        assert len(seen) == 2

    async def test_structural_sharing_off_gives_the_answer_as_it_came(self) -> None:
        world = World()
        answers = [{"a": [1]}, {"a": [1]}]
        user = world.client.query("k", lambda key: answers.pop(0), structural_sharing=False)
        first, second = answers
        world.watch(user)
        await world.pass_time()
        assert world.store.get(user.data) is first
        user.refetch()
        await world.pass_time()
        assert world.store.get(user.data) is second

    async def test_structural_sharing_by_a_function(self) -> None:
        world = World()
        answers = [1, 2]
        seen = []

        def keep(old: Any, new: Any) -> Any:
            seen.append((old, new))
            return old + new

        user = world.client.query("k", lambda key: answers.pop(0), structural_sharing=keep)
        world.watch(user)
        await world.pass_time()
        user.refetch()
        await world.pass_time()
        assert (seen, world.store.get(user.data)) == ([(1, 2)], 3)

    async def test_the_error_of_a_sharing_function_is_the_error_of_the_query(self) -> None:
        world = World()

        def fail(old: Any, new: Any) -> Any:
            raise KeyError("odd")

        user = world.query(structural_sharing=fail, retry=NO_RETRY)
        world.watch(user)
        await world.pass_time(1)
        user.refetch()
        await world.pass_time(1)
        assert isinstance(world.store.get(user).error, KeyError)
        assert world.store.get(user).data == "data of 1"

    async def test_the_error_of_a_tag_function_leaves_everything_as_it_was(self) -> None:
        world = World()
        user = world.query(retry=NO_RETRY, tags=(lambda data: {"data of 1": "one"}[data],))
        world.watch(user)
        await world.pass_time(1)
        updated = world.store.get(user).last_updated
        world.server.data[("user", 1)] = "unknown"
        user.refetch()
        await world.pass_time(1)
        result = world.store.get(user)
        assert (result.data, result.last_updated, result.status) == ("data of 1", updated, "error")

    @pytest.mark.parametrize("fails", [False, True])
    async def test_an_interrupt_of_a_subscriber_leaves_nobody_waiting(self, fails: bool) -> None:
        world = World()
        user = world.query()

        def interrupt(result: Any) -> None:
            if result.status in ("success", "error"):
                raise KeyboardInterrupt

        world.store.subscribe(user, interrupt)
        task = asyncio.ensure_future(world.client.fetch(("user", 1), world.server.fetch))
        entry = world.client._cache.all_entries()[0]
        (fetch,) = entry.in_flight.fetches.values()
        await asyncio.sleep(0)
        with pytest.raises(KeyboardInterrupt):
            if fails:
                entry.in_flight.fail(fetch, ValueError("no"))
            else:
                entry.in_flight.answer(fetch, "data")
        await world.pass_time()
        assert task.done()
        assert isinstance(task.exception(), ValueError) if fails else task.result() == "data"

    async def test_it_notifies_once_for_data_and_state(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        seen = world.watch(user)
        world.server.data[("user", 1)] = "new"
        user.refetch()
        await world.pass_time(1)
        assert [shown(one) for one in seen] == [("success", "fetching", "data of 1"), ("success", "idle", "new")]

    async def test_last_updated_is_wall_clock_time(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        assert world.store.get(user).last_updated is None
        await world.pass_time(1)
        assert world.store.get(user).last_updated == pytest.approx(world.clock.time())

    async def test_a_query_without_fetcher_shows_what_the_cache_holds(self) -> None:
        world = World()
        user = world.client.query(("user", 1))
        world.watch(user)
        assert shown(world.store.get(user)) == ("idle", "idle", None)
        world.client.set_data(("user", 1), "by hand")
        assert shown(world.store.get(user)) == ("success", "idle", "by hand")

    async def test_a_match_on_the_result(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        match world.store.get(user):
            case QueryResult(status="success", data=data, is_stale=stale):
                assert (data, stale) == ("data of 1", False)
            case _:
                pytest.fail("no match")


class TestFaces:
    async def test_loaded_is_awaited(self) -> None:
        world = World()
        user = world.query()

        @derived
        async def name(get):
            return f"<{await get(user.loaded)}>"

        task = asyncio.ensure_future(world.store.value(name))
        await world.pass_time(1)
        assert await task == "<data of 1>"

    async def test_loaded_raises_the_error_without_data(self) -> None:
        world = World()
        world.server.errors[("user", 1)] = ValueError("no")
        user = world.query(retry=NO_RETRY)
        task = asyncio.ensure_future(world.store.value(user.loaded))
        await world.pass_time(1)
        with pytest.raises(ValueError, match="no"):
            await task

    async def test_loaded_keeps_the_data_when_a_refetch_fails(self) -> None:
        world = World()
        user = world.query(retry=NO_RETRY)
        world.watch(user.loaded)
        await world.pass_time(1)
        world.server.errors[("user", 1)] = ValueError("no")
        user.refetch()
        await world.pass_time(1)
        assert await world.store.value(user.loaded) == "data of 1"

    async def test_loadable_unwrap_and_all_loaded(self) -> None:
        world = World()
        one, two = world.query(("user", 1)), world.query(("user", 2))
        look, flat, both = loadable(one.loaded), unwrap(one.loaded, "…"), all_loaded(one.loaded, two.loaded)
        for each in (look, flat, both):
            world.watch(each)
        await world.pass_time()
        assert isinstance(world.store.get(look), Loading)
        assert world.store.get(flat) == "…"
        await world.pass_time(1)
        assert world.store.get(look) == HasData("data of 1")
        assert world.store.get(flat) == "data of 1"
        assert world.store.get(both) == HasData(("data of 1", "data of 2"))

    async def test_settled_does_not_wait_for_a_query_that_is_off(self) -> None:
        world = World()
        user = world.query(enabled=False)
        world.watch(user.loaded)
        await world.pass_time()
        await asyncio.wait_for(world.store.settled(), 5)

    async def test_settled_waits_for_the_fetch(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        task = asyncio.ensure_future(world.store.settled())
        await world.pass_time(0.5)
        assert not task.done()
        await world.pass_time(0.5)
        assert task.done()

    async def test_select_of_the_result(self) -> None:
        world = World()
        user = world.query()
        status = select(user, lambda result: result.status)
        seen = world.watch(status)
        await world.pass_time(1)
        user.refetch()
        await world.pass_time(1)
        assert seen == ["success"]

    async def test_store_refresh_is_refetch(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        refreshed = asyncio.ensure_future(world.store.refresh(user))
        assert world.store.get(user).is_fetching
        world.store.refresh(loadable(user.loaded))
        world.store.refresh(user.data)
        await world.pass_time(1)
        assert refreshed.result().data == "data of 1"
        assert len(world.server.calls) == 2

    async def test_initial_from_a_query(self) -> None:
        world = World()
        text = initial_from(world.query(), fallback="")
        world.watch(text)
        assert world.store.get(text) == ""
        await world.pass_time(1)
        assert world.store.get(text) == "data of 1"
        world.store.set(text, "typed")
        world.client.invalidate()
        await world.pass_time(1)
        assert world.store.get(text) == "typed"

    async def test_the_data_is_edited_like_a_draft_atom(self) -> None:
        world = World()
        world.server.data[("user", 1)] = {"name": "Ada", "tags": ["a"]}
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        layer = world.store.layers(user.data).apply(lambda draft: draft["tags"].append("b"))
        assert world.store.get(user.data)["tags"] == ["a", "b"]
        assert world.store.get(user).data["tags"] == ["a", "b"]
        assert world.store.get(pending_at(user.data, "tags"))
        layer.rollback()
        assert world.store.get(user.data)["tags"] == ["a"]
        world.store.update(user.data, lambda draft: draft.update(name="Eve"))
        assert world.client.get_data(("user", 1))["name"] == "Eve"

    async def test_a_lens_and_a_split_of_the_data(self) -> None:
        world = World()
        world.server.data["rows",] = [{"id": 1, "n": 1}, {"id": 2, "n": 2}]
        rows = world.query("rows")
        world.watch(rows)
        await world.pass_time(1)
        first = lens(rows.data, lambda value: value[0])
        world.store.update(first, lambda draft: draft.update(n=10))
        items = split(rows.data, key=lambda row: row["id"])
        one, two = world.store.get(items)
        assert world.store.get(one) == {"id": 1, "n": 10}
        world.store.update(two, lambda draft: draft.update(n=20))
        assert world.store.get(rows.data) == [{"id": 1, "n": 10}, {"id": 2, "n": 20}]

    async def test_an_edit_stays_over_a_refetch(self) -> None:
        world = World()
        world.server.data[("user", 1)] = {"n": 1, "m": 1}
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        layer = world.client.edit(("user", 1), lambda draft: draft.update(n=5))
        world.server.data[("user", 1)] = {"n": 2, "m": 2}
        user.refetch()
        await world.pass_time(1)
        assert world.store.get(user.data) == {"n": 5, "m": 2}
        layer.rollback()
        assert world.store.get(user.data) == {"n": 2, "m": 2}

    async def test_an_edit_without_data_waits_for_the_data(self) -> None:
        world = World()
        user = world.query()
        layer = world.client.edit(("user", 1), lambda draft: draft.update(n=5))
        assert (layer.status, layer.context) == ("pending", None)
        assert world.client.get_data(("user", 1)) is None
        world.server.data[("user", 1)] = {"n": 2, "m": 2}
        world.watch(user)
        await world.pass_time(1)
        assert world.store.get(user.data) == {"n": 5, "m": 2}

    async def test_an_edit_through_a_query_with_a_selection_is_refused(self) -> None:
        world = World()
        user = world.query(select=len)
        world.watch(user)
        await world.pass_time(1)
        with pytest.raises(TypeError, match=r"client\.edit"):
            world.store.update(user.data, lambda draft: 1)

    async def test_a_saga_holds_the_refetch_back(self) -> None:
        world = World()
        world.server.data[("user", 1)] = {"n": 1}
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        user.refetch()

        async def save(value: Any) -> None:
            await world.clock.sleep(0.5)
            world.server.data[("user", 1)] = dict(value)

        handle = world.store.mutate(user.data, lambda draft: draft.update(n=2), save)
        await world.pass_time(0.5)
        assert handle.status == "success"
        assert world.store.get(user.data) == {"n": 2}
        assert world.server.outcomes == ["answered", "cancelled", "running"]
        await world.pass_time(1)
        assert world.store.get(user.data) == {"n": 2}
        assert world.server.outcomes == ["answered", "cancelled", "answered"]

    async def test_a_saga_holds_the_refetch_of_an_invalidation_back(self) -> None:
        world = World()
        world.client.set_data(("user", 1), {"n": 1})
        user = world.query()
        world.watch(user)
        handle = world.store.mutate(user.data, lambda draft: draft.update(n=2), lambda _: world.clock.sleep(5))
        world.client.invalidate(("user", 1))
        await world.pass_time(4)
        assert world.server.calls == []
        await world.pass_time(1)
        assert (handle.status, world.server.outcomes) == ("success", ["running"])


class TestKeysThatChange:
    async def test_the_key_may_depend_on_atoms(self) -> None:
        world = World()
        user_id = atom(1)
        user = world.query(lambda get: ("user", get(user_id)))
        world.watch(user)
        await world.pass_time(1)
        world.store.set(user_id, 2)
        assert shown(world.store.get(user)) == ("loading", "fetching", None)
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 2"
        world.store.set(user_id, 1)
        assert shown(world.store.get(user)) == ("success", "idle", "data of 1")
        assert world.server.asked == [("user", 1), ("user", 2)]

    async def test_an_answer_for_the_old_key_goes_to_the_old_key(self) -> None:
        world = World()
        user_id = atom(1)
        user = world.query(lambda get: ("user", get(user_id)))
        world.watch(user)
        await world.pass_time(0.5)
        world.store.set(user_id, 2)
        await world.pass_time(0.5)
        assert world.store.get(user).data is None
        assert world.client.get_data(("user", 1)) == "data of 1"
        await world.pass_time(0.5)
        assert world.store.get(user).data == "data of 2"

    @pytest.mark.parametrize("off", [None, False])
    async def test_none_and_false_turn_the_query_off(self, off: Any) -> None:
        world = World()
        user_id: Any = atom(off)
        user = world.query(lambda get: get(user_id) and ("user", get(user_id)))
        world.watch(user)
        await world.pass_time(1)
        assert shown(world.store.get(user)) == ("idle", "idle", None)
        assert (await user.refetch()).status == "idle"
        world.store.set(user_id, 3)
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 3"

    @pytest.mark.parametrize("kind", ["bool", "atom", "function"])
    async def test_a_disabled_query_fetches_when_it_is_enabled(self, kind: str) -> None:
        world = World()
        switch = atom(False)
        enabled = {"bool": False, "atom": switch, "function": lambda get: get(switch)}[kind]
        user = world.query(enabled=enabled)
        world.watch(user)
        await world.pass_time(1)
        assert shown(world.store.get(user)) == ("idle", "idle", None)
        world.client.invalidate()
        await world.pass_time(1)
        assert world.server.calls == []
        if kind != "bool":
            world.store.set(switch, True)
        else:
            user.refetch()
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"

    async def test_keep_previous_shows_the_old_data_while_the_key_changes(self) -> None:
        world = World()
        user_id = atom(1)
        user = world.query(lambda get: ("user", get(user_id)), keep_previous=True)
        world.watch(user)
        await world.pass_time(1)
        world.store.set(user_id, 2)
        result = world.store.get(user)
        assert (result.status, result.data, result.is_placeholder) == ("success", "data of 1", True)
        await world.pass_time(1)
        result = world.store.get(user)
        assert (result.status, result.data, result.is_placeholder) == ("success", "data of 2", False)

    async def test_a_placeholder_is_shown_and_not_cached(self) -> None:
        world = World()
        user = world.query(placeholder="soon")
        world.watch(user)
        result = world.store.get(user)
        assert (result.status, result.data, result.is_placeholder) == ("success", "soon", True)
        assert world.client.get_data(("user", 1)) is None
        task = asyncio.ensure_future(world.store.value(user.loaded))
        await world.pass_time(1)
        assert await task == "data of 1"

    async def test_a_placeholder_may_be_made_of_the_previous_data(self) -> None:
        world = World()
        user_id = atom(1)
        user = world.query(lambda get: ("user", get(user_id)), placeholder=lambda previous: f"after {previous}")
        world.watch(user)
        assert world.store.get(user).data == "after None"
        await world.pass_time(1)
        world.store.set(user_id, 2)
        assert world.store.get(user).data == "after data of 1"

    async def test_initial_fills_an_absent_entry(self) -> None:
        world = World()
        user = world.query(initial="at first", stale_time=10)
        world.watch(user)
        assert shown(world.store.get(user)) == ("success", "idle", "at first")
        assert world.client.get_data(("user", 1)) == "at first"
        await world.pass_time(10)
        assert world.store.get(user).is_stale
        assert world.server.calls == []

    async def test_old_initial_data_is_fetched_again(self) -> None:
        world = World()
        user = world.query(initial="at first", initial_updated_at=world.clock.time() - 100)
        world.watch(user)
        assert shown(world.store.get(user)) == ("success", "fetching", "at first")
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"

    async def test_select_runs_once_per_data(self) -> None:
        world = World()
        runs = []
        world.server.data[("user", 1)] = {"name": "Ada", "age": 1}

        def name_of(data: Any) -> Any:
            runs.append(data)
            return [data["name"]]

        user = world.query(select=name_of)
        seen = world.watch(user.data)
        await world.pass_time(1)
        assert world.store.get(user).data == ["Ada"]
        before = world.store.get(user).data
        world.server.data[("user", 1)] = {"name": "Ada", "age": 2}
        user.refetch()
        await world.pass_time(1)
        assert world.store.get(user).data is before
        assert len(seen) == 1
        assert len(runs) == 2

    async def test_the_error_of_a_select_is_this_readers_alone(self) -> None:
        world = World()
        bad, good = world.query(select=lambda data: 1 / 0), world.query()
        world.watch(bad)
        world.watch(good)
        await world.pass_time(1)
        assert isinstance(world.store.get(bad).error, ZeroDivisionError)
        assert world.store.get(good).status == "success"

    async def test_throw_raises_on_get(self) -> None:
        world = World()
        world.server.errors[("user", 1)] = ValueError("no")
        user = world.query(throw=True, retry=NO_RETRY)
        with world.store.subscribe(user, lambda _: None, on_error=lambda _: None):
            await world.pass_time(1)
            with pytest.raises(ValueError, match="no"):
                world.store.get(user)

    async def test_a_fallback_is_shown_in_place_of_an_error(self) -> None:
        world = World()
        error = world.server.errors[("user", 1)] = ValueError("no")
        plain = world.query(fallback="none", retry=NO_RETRY)
        made = world.query(fallback=lambda error: str(error), retry=NO_RETRY)
        world.watch(plain)
        world.watch(made)
        assert world.store.get(plain).data is None
        await world.pass_time(1)
        result = world.store.get(plain)
        assert (result.data, result.is_fallback, result.error) == ("none", True, error)
        assert world.store.get(made).data == "no"
        assert world.client.get_data(("user", 1)) is None


class TestAge:
    async def test_becoming_stale_under_observation_changes_the_flag_and_fetches_nothing(self) -> None:
        world = World()
        user = world.query(stale_time=5)
        seen = world.watch(user)
        await world.pass_time(1)
        await world.pass_time(4.9)
        assert not world.store.get(user).is_stale
        count = len(seen)
        await world.pass_time(0.1)
        assert world.store.get(user).is_stale
        assert len(seen) == count + 1
        await world.pass_time(1000)
        assert len(world.server.calls) == 1
        assert len(seen) == count + 1

    async def test_a_new_observer_of_stale_data_refetches_behind_it(self) -> None:
        world = World()
        world.watch(world.query(stale_time=5))
        await world.pass_time(10)
        user = world.query(stale_time=5)
        world.watch(user)
        assert shown(world.store.get(user)) == ("success", "fetching", "data of 1")

    async def test_each_observer_has_its_own_stale_time(self) -> None:
        world = World()
        soon, late = world.query(stale_time=5), world.query(stale_time=50)
        world.watch(soon)
        world.watch(late)
        await world.pass_time(1)
        await world.pass_time(5)
        assert (world.store.get(soon).is_stale, world.store.get(late).is_stale) == (True, False)
        await world.pass_time(45)
        assert (world.store.get(soon).is_stale, world.store.get(late).is_stale) == (True, True)

    async def test_a_reader_of_stale_data_refetches_where_nobody_observes(self) -> None:
        world = World()
        user = world.query(stale_time=5)
        world.store.get(user)
        await world.pass_time(1)
        assert not world.store.get(user).is_fetching
        await world.pass_time(5)
        assert shown(world.store.get(user)) == ("success", "fetching", "data of 1")
        await world.pass_time(1)
        assert len(world.server.calls) == 2

    async def test_unobserved_data_expires(self) -> None:
        world = World()
        user = world.query(ttl=100)
        world.store.get(user)
        await world.pass_time(1)
        assert world.client.get_data(("user", 1)) == "data of 1"
        await world.pass_time(100)
        assert world.client.get_data(("user", 1)) is None
        assert shown(world.store.get(user)) == ("loading", "fetching", None)

    async def test_observed_data_never_expires(self) -> None:
        world = World()
        user = world.query(ttl=100)
        subscription = world.store.subscribe(user, lambda _: None)
        await world.pass_time(1000)
        assert world.client.get_data(("user", 1)) == "data of 1"
        subscription()
        await world.pass_time(99)
        assert world.client.get_data(("user", 1)) == "data of 1"
        await world.pass_time(1)
        assert world.client.get_data(("user", 1)) is None

    async def test_data_set_by_hand_expires_too(self) -> None:
        world = World()
        world.client.set_data("a", 1)
        await world.pass_time(299)
        assert world.client.get_data("a") == 1
        await world.pass_time(1)
        assert world.client.get_data("a") is None

    async def test_the_longest_ttl_wins(self) -> None:
        world = World()
        world.store.get(world.query(ttl=100))
        world.store.get(world.query(ttl=500))
        await world.pass_time(1)
        await world.pass_time(400)
        assert world.client.get_data(("user", 1)) == "data of 1"

    async def test_infinite_and_static_data_is_never_stale_by_time(self) -> None:
        world = World()
        forever, fixed = world.query(("a",), stale_time=math.inf), world.query(("b",), stale_time="static")
        world.watch(forever)
        world.watch(fixed)
        await world.pass_time(1)
        await world.pass_time(1e6)
        assert not world.store.get(forever).is_stale
        world.client.invalidate()
        await world.pass_time(1)
        assert world.server.asked == [("a",), ("b",), ("a",)]
        assert not world.store.get(fixed).is_stale

    async def test_without_background_refetch_stale_data_stays(self) -> None:
        world = World()
        user = world.query(stale_time=5, background_refetch=False)
        world.watch(user)
        await world.pass_time(10)
        world.watch(world.query(stale_time=5, background_refetch=False))
        world.store.set(world.client.focused, False)
        world.store.set(world.client.focused, True)
        await world.pass_time(1)
        assert len(world.server.calls) == 1
        world.client.invalidate()
        await world.pass_time(1)
        assert len(world.server.calls) == 2

    async def test_without_cache_the_answer_is_for_those_who_await_it(self) -> None:
        world = World()
        one = world.client.fetch(("user", 1), world.server.fetch, cache_enabled=False)
        other = world.client.fetch(("user", 1), world.server.fetch, cache_enabled=False)
        both = asyncio.gather(one, other)
        await world.pass_time(1)
        assert await both == ["data of 1", "data of 1"]
        assert world.client.get_data(("user", 1)) is None
        assert len(world.server.calls) == 1

    async def test_time_that_goes_backwards_does_no_harm(self) -> None:
        class Backwards:
            """A manual clock whose time a test may move back."""

            def __init__(self) -> None:
                self.clock, self.back = ManualClock(start=1000.0), 0.0

            def now(self) -> float:
                return self.clock.now() - self.back

            def __getattr__(self, name: str) -> Any:
                return getattr(self.clock, name)

        clock = Backwards()
        async with Store(clock=clock) as store:  # type: ignore[arg-type]
            client = QueryClient(store, defaults=QueryDefaults(stale_time=10, ttl=100))
            client.set_data("a", 1)
            clock.back = 500.0
            assert client.get_data("a") == 1
            calls = []
            user = client.query("a", lambda key: calls.append(key))
            store.get(user)
            await clock.advance(11)
            store.get(user)
            await clock.advance(1)
            assert len(calls) == 1


async def test_query_options_are_one_value() -> None:
    world = World()
    options = query_options(("user", 1), world.server.fetch, stale_time=5)
    user = world.client.query(options)
    world.watch(user)
    await world.pass_time(1)
    assert await world.client.fetch(options) == "data of 1"
    assert world.client.get_data(options) == "data of 1"
    world.client.set_data(options, {"a": 1})
    world.client.edit(options, lambda draft: draft.update(b=2))
    assert world.store.get(user.data) == {"a": 1, "b": 2}
    assert len(world.server.calls) == 1


async def test_the_narrowest_option_wins() -> None:
    world = World(defaults=QueryDefaults(stale_time=5))
    world.client.set_defaults("user", world.server.fetch, stale_time=10)
    world.client.set_defaults(("user", 1), stale_time=20)
    narrow, wide, plain = world.client.query(("user", 1)), world.client.query(("user", 2)), world.query(("x", 1))
    own = world.client.query(("user", 1), stale_time=30)
    for each in (narrow, wide, plain, own):
        world.watch(each)
    await world.pass_time(1)
    fresh = []
    for _ in range(4):
        await world.pass_time(5)
        fresh.append([world.store.get(each).is_stale for each in (narrow, wide, plain, own)])
    assert fresh == [
        [False, False, True, False],
        [False, True, True, False],
        [False, True, True, False],
        [True, True, True, False],
    ]


async def test_closing_the_store_ends_the_client() -> None:
    world = World()
    user = world.query(interval=1)
    world.watch(user)
    task = asyncio.ensure_future(world.client.fetch(("user", 2), world.server.fetch))
    await world.pass_time(0.5)
    await world.store.close()
    await world.pass_time(5)
    assert world.server.outcomes == ["cancelled", "cancelled"]
    assert world.clock.pending == 0
    with pytest.raises(Exception):  # noqa: B017 - which one is the store's
        await task
    assert world.errors == []


@pytest.mark.parametrize("is_settled", [True, False])
async def test_closing_the_store_of_an_observed_query_that_was_edited_reports_nothing(is_settled: bool) -> None:
    world = World()
    user = world.query()
    world.watch(user)
    await world.pass_time(1)
    layer = world.client.edit(("user", 1), lambda data: f"{data}, edited")
    if is_settled:
        layer.rollback()
    await world.store.close()
    assert world.errors == []


async def test_loadable_of_a_failed_query() -> None:
    world = World()
    world.server.errors[("user", 1)] = ValueError("no")
    user = world.query(retry=NO_RETRY)
    look = loadable(user.loaded)
    world.watch(look)
    await world.pass_time(1)
    assert isinstance(world.store.get(look), HasError)


async def test_a_query_that_lost_its_observers_is_fetched_when_it_is_read() -> None:
    world = World()
    user = world.query()
    subscription = world.store.subscribe(world.query(), lambda _: None)
    world.store.get(user)
    await world.pass_time(0)
    world.client.cancel()
    await world.pass_time(0)
    world.store.get(user)
    subscription()
    assert world.store.get(user).is_fetching
    await world.pass_time(1)
    assert world.store.get(user).data == "data of 1"


async def test_an_interval_is_not_begun_anew_by_other_observers() -> None:
    world = World()
    world.watch(world.query(interval=10))
    await world.pass_time(1)
    for _ in range(3):
        await world.pass_time(4)
        world.store.subscribe(world.query(), lambda _: None)()
    assert len(world.server.calls) == 2


async def test_polling_goes_on_after_a_remove() -> None:
    world = World()
    world.watch(world.query(interval=10))
    world.client.remove(("user", 1))
    await world.pass_time(10)
    assert world.server.outcomes == ["running"]


async def test_a_fetch_in_the_place_of_another_is_cancelled_by_its_last_awaiter() -> None:
    world = World()
    awaiter = asyncio.ensure_future(world.client.fetch(("user", 1), world.server.fetch))
    await world.pass_time(0)
    world.client.invalidate(("user", 1))
    await world.pass_time(0)
    awaiter.cancel()
    await world.pass_time(0)
    assert world.server.outcomes == ["cancelled", "cancelled"]


async def test_the_end_of_an_edit_is_a_use_of_the_data() -> None:
    world = World()
    world.client.set_data(("user", 1), [1])
    layer = world.client.edit(("user", 1), lambda draft: draft.append(2))
    await world.pass_time(1000)
    layer.rollback()
    assert world.client.get_data(("user", 1)) == [1]
