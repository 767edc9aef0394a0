"""What the client is told of its surroundings: focus, visibility, the network; and what it does by time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from halflife import Retry
from query_world import World

pytestmark = pytest.mark.asyncio
KEY = ("user", 1)


class TestFocus:
    async def test_stale_observed_data_is_fetched_again_on_focus(self) -> None:
        world = World()
        world.watch(world.query(("user", 1), stale_time=5))
        world.watch(world.query(("user", 2), stale_time=500))
        world.watch(world.query(("user", 3), stale_time=5, refetch_on_focus=False))
        world.watch(world.query(("user", 4), stale_time=500, refetch_on_focus="always"))
        world.client.set_data(("user", 5), "unobserved")
        await world.pass_time(10)
        count = len(world.server.calls)
        world.store.set(world.client.focused, False)
        await world.pass_time(1)
        assert len(world.server.calls) == count
        world.store.set(world.client.focused, True)
        await world.pass_time(1)
        assert world.server.asked[count:] == [("user", 1), ("user", 4)]

    async def test_focus_does_not_cancel_a_running_fetch(self) -> None:
        world = World()
        world.watch(world.query())
        await world.pass_time(0.5)
        world.store.set(world.client.focused, False)
        world.store.set(world.client.focused, True)
        await world.pass_time(1)
        assert world.server.outcomes == ["answered"]


class TestNetwork:
    async def test_offline_fetches_pause_and_continue(self) -> None:
        world = World()
        world.store.set(world.client.online, False)
        user = world.query()
        world.watch(user)
        await world.pass_time(100)
        result = world.store.get(user)
        assert (result.status, result.fetch_status, result.is_paused) == ("loading", "paused", True)
        await asyncio.wait_for(world.store.settled(), 5)
        assert world.server.calls == []
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"
        assert len(world.server.calls) == 1

    async def test_awaiting_a_paused_fetch(self) -> None:
        world = World()
        world.store.set(world.client.online, False)
        task = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(10)
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert await task == "data of 1"

    async def test_cancelling_a_paused_fetch(self) -> None:
        world = World()
        world.store.set(world.client.online, False)
        task = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time()
        task.cancel()
        await world.pass_time()
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert world.server.calls == []

    async def test_a_fetch_pauses_before_a_retry(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        user = world.query(retry=Retry(initial_delay=1, factor=1))
        world.watch(user)
        await world.pass_time(1)
        world.store.set(world.client.online, False)
        await world.pass_time(100)
        assert (world.store.get(user).fetch_status, world.store.get(user).failure_count) == ("paused", 1)
        del world.server.errors[KEY]
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"
        assert [call.ctx.attempt for call in world.server.calls] == [1, 2]

    @pytest.mark.parametrize(("mode", "calls"), [("always", 4), ("offline_first", 1), ("online", 0)])
    async def test_the_modes(self, mode: Any, calls: int) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        world.store.set(world.client.online, False)
        world.watch(world.query(network_mode=mode))
        await world.pass_time(100)
        assert len(world.server.calls) == calls

    async def test_reconnecting_refetches_stale_data(self) -> None:
        world = World()
        world.watch(world.query(("user", 1), stale_time=5))
        world.watch(world.query(("user", 2), stale_time=500))
        await world.pass_time(10)
        world.store.set(world.client.online, False)
        world.store.set(world.client.online, True)
        await world.pass_time(1)
        assert world.server.asked == [("user", 1), ("user", 2), ("user", 1)]


class TestInterval:
    async def test_it_polls_after_each_answer(self) -> None:
        world = World()
        world.watch(world.query(interval=5))
        await world.pass_time(1)
        times = []
        for _ in range(18):
            before = len(world.server.calls)
            await world.pass_time(1)
            times += [world.clock.now()] * (len(world.server.calls) - before)
        assert times == [6.0, 12.0, 18.0]

    async def test_it_polls_after_errors_too_and_stops_when_unobserved(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        subscription = world.store.subscribe(world.query(interval=5, retry=0), lambda _: None)
        await world.pass_time(7)
        assert len(world.server.calls) == 2
        subscription()
        await world.pass_time(100)
        assert len(world.server.calls) == 2

    async def test_the_shortest_interval_wins(self) -> None:
        world = World()
        world.watch(world.query(interval=100))
        end = world.store.subscribe(world.query(interval=10), lambda _: None)
        await world.pass_time(12)
        assert len(world.server.calls) == 2
        end()
        await world.pass_time(50)
        assert len(world.server.calls) == 2
        await world.pass_time(60)
        assert len(world.server.calls) == 3

    async def test_a_function_is_asked_after_each_answer(self) -> None:
        world = World()
        asked = []

        def interval(result: Any) -> Any:
            asked.append(result.data)
            return 5 if len(asked) < 3 else None

        world.watch(world.query(interval=interval))
        await world.pass_time(100)
        assert asked[-1] == "data of 1"
        count = len(world.server.calls)
        assert 2 <= count <= 3
        await world.pass_time(100)
        assert len(world.server.calls) == count

    async def test_polling_pauses_while_hidden_and_fetches_at_once_on_return(self) -> None:
        world = World()
        world.watch(world.query(interval=5))
        await world.pass_time(1)
        world.store.set(world.client.visible, False)
        await world.pass_time(100)
        assert len(world.server.calls) == 1
        world.store.set(world.client.visible, True)
        await world.pass_time()
        assert len(world.server.calls) == 2

    async def test_polling_in_background(self) -> None:
        world = World()
        world.watch(world.query(interval=5, interval_in_background=True))
        await world.pass_time(1)
        world.store.set(world.client.visible, False)
        await world.pass_time(12)
        assert len(world.server.calls) == 3

    async def test_a_poll_does_not_start_a_second_fetch(self) -> None:
        world = World()
        world.server.delay = 50
        world.watch(world.query(interval=5))
        await world.pass_time(49)
        assert len(world.server.calls) == 1

    async def test_polling_does_not_wipe_an_edit(self) -> None:
        world = World()
        world.server.data[KEY] = {"n": 1}
        user = world.query(interval=5)
        world.watch(user)
        await world.pass_time(1)
        world.client.edit(KEY, lambda draft: draft.update(n=2))
        await world.pass_time(20)
        assert world.store.get(user.data) == {"n": 2}


class TestInvalidation:
    async def test_a_prefix_matches_whole_parts(self) -> None:
        world = World()
        for key in (("todos", 5), ("todos",), ("todos", 5, "x"), ("todosx", 5), ("user", 1)):
            world.watch(world.query(key))
        await world.pass_time(1)
        world.server.calls.clear()
        world.client.invalidate(("todos",))
        await world.pass_time(1)
        assert set(world.server.asked) == {("todos", 5), ("todos",), ("todos", 5, "x")}
        world.server.calls.clear()
        world.client.invalidate(("todos", 5), exact=True)
        await world.pass_time(1)
        assert world.server.asked == [("todos", 5)]

    async def test_by_tag(self) -> None:
        world = World()
        world.server.data["a", 1] = {"id": 7}
        world.watch(world.query(("a", 1), tags=("todos", lambda data: f"todo {data['id']}")))
        world.watch(world.query(("b", 1), tags="todos"))
        world.watch(world.query(("c", 1)))
        await world.pass_time(1)
        for tag, keys in (("todos", [("a", 1), ("b", 1)]), ("todo 7", [("a", 1)]), ("none", [])):
            world.server.calls.clear()
            world.client.invalidate(tag=tag)
            await world.pass_time(1)
            assert world.server.asked == keys

    async def test_by_a_function(self) -> None:
        world = World()
        world.watch(world.query(("a", 1)))
        world.watch(world.query(("b", 1)))
        await world.pass_time(1)
        infos = []

        def where(info: Any) -> bool:
            infos.append((info.key, info.status, info.is_stale, info.is_observed, info.tags))
            return info.key[0] == "b"

        world.client.invalidate(where=where)
        await world.pass_time(1)
        assert world.server.asked == [("a", 1), ("b", 1), ("b", 1)]
        assert infos[0] == (("a", 1), "success", False, True, frozenset())

    async def test_which_data_is_fetched_again(self) -> None:
        world = World()
        world.client.fetch(("user", 1), world.server.fetch)
        world.watch(world.query(("user", 2)))
        await world.pass_time(1)
        for refetch, keys in (("none", []), ("observed", [("user", 2)]), ("all", [("user", 1), ("user", 2)])):
            world.server.calls.clear()
            await asyncio.gather(world.client.invalidate(refetch=refetch), world.pass_time(1))
            assert sorted(world.server.asked) == keys
        world.server.calls.clear()
        world.client.invalidate()
        await world.pass_time(1)
        task = asyncio.ensure_future(world.client.fetch(("user", 1), world.server.fetch))
        await world.pass_time(1)
        assert task.done()
        assert sorted(world.server.asked) == [("user", 1), ("user", 2)]

    async def test_awaiting_it_ends_with_the_refetches(self) -> None:
        world = World()
        world.watch(world.query())
        await world.pass_time(1)
        world.server.errors[KEY] = ValueError("no")
        task = asyncio.ensure_future(world.client.invalidate())
        await world.pass_time(0.5)
        assert not task.done()
        await world.pass_time(20)
        assert task.result() is None

    async def test_remove_of_an_observed_query_shows_nothing(self) -> None:
        world = World()
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        world.client.remove(KEY)
        assert world.store.get(user).data is None
        await world.pass_time(5)
        assert len(world.server.calls) == 1
        user.refetch()
        await world.pass_time(1)
        assert world.store.get(user).data == "data of 1"

    async def test_layers_outlive_remove_and_reset_and_clear_drops_them(self) -> None:
        world = World()
        world.server.data[KEY] = {"n": 1}
        user = world.query()
        world.watch(user)
        await world.pass_time(1)
        layer = world.client.edit(KEY, lambda draft: draft.update(n=2))
        world.client.remove(KEY)
        assert (world.store.get(user.data), layer.status) == (None, "pending")
        world.client.reset(KEY)
        await world.pass_time(1)
        assert world.store.get(user.data) == {"n": 2}
        world.client.clear()
        assert (world.store.get(user.data), layer.status) == (None, "rolled_back")

    async def test_set_data_by_a_function(self) -> None:
        world = World()
        world.client.set_data("n", lambda old: (old or 0) + 1)
        world.client.set_data("n", lambda old: (old or 0) + 1)
        assert world.client.get_data("n") == 2
        world.client.set_data("list", [1])
        with pytest.raises(TypeError, match="in place"):
            world.client.set_data("list", lambda old: old.append(2))

    async def test_set_data_is_below_pending_edits(self) -> None:
        world = World()
        world.client.set_data("n", {"a": 1, "b": 1})
        layer = world.client.edit("n", lambda draft: draft.update(a=5))
        world.client.set_data("n", {"a": 2, "b": 2})
        assert world.client.get_data("n") == {"a": 5, "b": 2}
        layer.rollback()
        assert world.client.get_data("n") == {"a": 2, "b": 2}


class TestPrefetch:
    async def test_a_prefetch_fills_the_cache(self) -> None:
        world = World()
        await asyncio.gather(world.client.prefetch(KEY, world.server.fetch), world.pass_time(1))
        user = world.query()
        world.watch(user)
        assert world.store.get(user).data == "data of 1"
        assert not world.store.get(user).is_fetching

    async def test_its_error_is_not_raised(self) -> None:
        world = World()
        world.server.errors[KEY] = ValueError("no")
        await asyncio.gather(world.client.prefetch(KEY, world.server.fetch, retry=0), world.pass_time(1))
        assert world.errors == []

    async def test_an_unused_prefetch_is_forgotten_after_30_seconds(self) -> None:
        world = World()
        world.client.prefetch(("user", 1), world.server.fetch)
        world.client.prefetch(("user", 2), world.server.fetch)
        await world.pass_time(1)
        assert await world.client.fetch(("user", 2), world.server.fetch) == "data of 2"
        await world.pass_time(30)
        assert world.client.get_data(("user", 1)) is None
        assert world.client.get_data(("user", 2)) == "data of 2"

    async def test_use_once(self) -> None:
        world = World()
        world.client.prefetch(KEY, world.server.fetch, use_once=True, stale_time=0)
        await world.pass_time(1)
        assert await world.client.fetch(KEY, world.server.fetch, stale_time=0) == "data of 1"
        assert len(world.server.calls) == 1
        task = asyncio.ensure_future(world.client.fetch(KEY, world.server.fetch))
        await world.pass_time(1)
        assert task.done()
        assert len(world.server.calls) == 2

    async def test_hover(self) -> None:
        world = World()
        hover = world.client.hover(KEY, world.server.fetch, delay=0.2)
        hover.enter()
        await world.pass_time(0.1)
        hover.leave()
        await world.pass_time(1)
        assert world.server.calls == []
        hover.enter()
        await world.pass_time(0.2)
        assert len(world.server.calls) == 1
        hover.leave()
        await world.pass_time(1)
        assert world.server.outcomes == ["cancelled"]
        hover.enter()
        await world.pass_time(1.2)
        hover.leave()
        assert world.client.get_data(KEY) == "data of 1"
