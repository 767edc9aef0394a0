"""The home of a store: its thread, when it is chosen, and the event loop by which other threads reach the store."""

import asyncio
import concurrent.futures
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from halflife import NoEventLoopError, Store, WrongThreadError, atom, derived

NUMBER = atom(1, name="number")


def in_named_thread(name: str, work: Callable[[], Any]) -> Any:
    """Run `work` in another thread of that name until it ends; return its result or its error."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name=name)
    thread.start()
    thread.join()
    return outcome[0]


def belongs_here(store: Store) -> bool:
    return isinstance(in_named_thread("stranger", lambda: store.get(NUMBER)), WrongThreadError)


class TestTheThread:
    def test_a_store_that_was_made_without_a_loop_belongs_to_nobody_yet(self) -> None:
        store = Store()
        assert in_named_thread("worker", lambda: store.get(NUMBER)) == 1
        with pytest.raises(WrongThreadError):
            store.get(NUMBER)

    def test_a_store_made_while_a_loop_runs_belongs_to_its_thread(self) -> None:
        async def make() -> Store:
            return Store()

        assert belongs_here(asyncio.run(make()))

    def test_entering_is_enough(self) -> None:
        with Store() as store:
            assert belongs_here(store)

        async def enter() -> bool:
            async with store_made_before:
                return belongs_here(store_made_before)

        store_made_before = Store()
        assert asyncio.run(enter())

    def test_a_worker_thread_cannot_take_the_store_of_an_application(self) -> None:
        async def main() -> None:
            async with Store(name="app") as store:
                with pytest.raises(WrongThreadError, match="app"):
                    await asyncio.to_thread(store.get, NUMBER)
                assert store.get(NUMBER) == 1
                assert await store.value(NUMBER) == 1
                await store.settled()

        asyncio.run(main())

    @pytest.mark.parametrize(
        "use",
        [
            lambda store: store.get(NUMBER),
            lambda store: store.set(atom(1), 2),
            lambda store: store.update(atom(1), lambda value: value + 1),
            lambda store: store.refresh(derived(lambda get: 1)),
            lambda store: store.subscribe(NUMBER, print),
            lambda store: store.graph(),
            lambda store: store.history(5),
            lambda store: store.dehydrate([NUMBER]),
            lambda store: store.hydrate({"version": 1, "atoms": {}}),
            lambda store: store.batch().__enter__(),
        ],
    )
    def test_any_use_binds_the_store_to_its_thread(self, use: Callable[[Store], Any]) -> None:
        store = Store()
        use(store)
        assert belongs_here(store)

    @pytest.mark.parametrize("look", [repr, str, lambda store: store.name, lambda store: store.closed])
    def test_looking_at_the_store_does_not_bind_it(self, look: Callable[[Store], Any]) -> None:
        store = Store(name="app")
        look(store)
        with pytest.raises(NoEventLoopError):
            store.post(NUMBER, 2)
        with pytest.raises(NoEventLoopError):
            store.call(print)
        assert in_named_thread("worker", lambda: store.get(NUMBER)) == 1

    def test_the_error_names_the_store_both_threads_and_the_ways_out(self) -> None:
        store = Store(name="app")
        in_named_thread("first-worker", lambda: store.get(NUMBER))
        error = in_named_thread("second-worker", lambda: store.get(NUMBER))
        assert isinstance(error, WrongThreadError)
        for part in ("app", "first-worker", "second-worker", "store.post(", "store.call("):
            assert part in str(error)
        with pytest.raises(WrongThreadError, match=r"first-worker.*MainThread.*post.*call"):
            store.get(NUMBER)

    def test_its_repr_is_for_every_thread(self) -> None:
        store = Store(name="app")
        assert in_named_thread("worker", lambda: repr(store)) == "<Store 'app': 0 atoms, 0 observed, 0 pending>"
        store.get(NUMBER)
        assert repr(store) == "<Store 'app': 1 atom, 0 observed, 0 pending>"
        assert in_named_thread("worker", lambda: repr(store)) == "<Store 'app'>"
        assert in_named_thread("worker", store._repr_html_).startswith("<span")
        store.close()
        assert in_named_thread("worker", lambda: repr(store)) == "<Store 'app': closed>"

    def test_after_its_end_every_thread_may_close_it_and_end_subscriptions(self) -> None:
        store = Store()
        subscription = store.subscribe(NUMBER, print)
        store.close()

        def end() -> None:
            subscription()
            store.close()
            store.dispose()

        assert in_named_thread("worker", end) is None


async def read_elsewhere(store: Store) -> Any:
    """Read NUMBER by a call from another thread."""
    return await asyncio.to_thread(lambda: store.call(store.get, NUMBER).result(timeout=60))


class TestTheLoop:
    def test_it_is_known_when_the_store_is_made_in_it(self) -> None:
        async def main() -> None:
            assert await read_elsewhere(Store()) == 1

        asyncio.run(main())

    def test_it_is_known_when_the_store_is_entered_in_it(self) -> None:
        async def enter() -> None:
            async with Store() as store:
                assert await read_elsewhere(store) == 1

        async def enter_plainly(store: Store) -> None:
            with store:
                assert await read_elsewhere(store) == 1

        asyncio.run(enter())
        asyncio.run(enter_plainly(Store()))

    @pytest.mark.parametrize(
        "use",
        [
            lambda store: store.get(NUMBER),
            lambda store: store.set(NUMBER, 1),
            lambda store: store.subscribe(NUMBER, print),
            lambda store: store.graph(),
        ],
    )
    def test_it_is_known_when_the_store_is_used_in_it_also_after_other_loops(self, use: Callable[[Store], Any]) -> None:
        store = Store()
        use(store)

        async def main() -> None:
            use(store)
            assert await read_elsewhere(store) == 1

        for _ in range(3):
            use(store)
            asyncio.run(main())

    def test_the_first_run_chooses_the_loop_of_a_store_made_in_another_loop(self) -> None:
        first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
        user = derived(answer)

        async def make() -> Store:
            return Store()

        async def fetch(store: Store) -> Any:
            store.get(NUMBER)
            assert await read_elsewhere(store) == 1
            return await store.value(user)

        async def fetch_again(store: Store) -> Any:
            return await store.refresh(user)

        try:
            store = first.run_until_complete(make())
            assert second.run_until_complete(fetch(store)) == 5
            with pytest.raises(NoEventLoopError, match="another event loop"):
                first.run_until_complete(fetch_again(store))
            second.close()
            assert first.run_until_complete(fetch_again(store)) == 5
        finally:
            first.close()
            second.close()

    def test_while_no_loop_runs_nothing_can_be_posted(self) -> None:
        store = Store()

        async def main() -> None:
            store.get(NUMBER)

        for _ in range(2):
            with pytest.raises(NoEventLoopError, match="post"):
                store.post(NUMBER, 2)
            with pytest.raises(NoEventLoopError, match="call"):
                store.call(store.get, NUMBER)
            asyncio.run(main())

    def test_a_call_that_its_loop_never_began_fails_instead_of_waiting_for_ever(self) -> None:
        store = Store()
        loop = asyncio.new_event_loop()
        futures: list[concurrent.futures.Future[Any]] = []

        def post_and_stop() -> None:
            store.get(NUMBER)
            futures.extend((store.post(NUMBER, 2), store.call(store.get, NUMBER)))
            loop.stop()

        loop.call_soon(post_and_stop)
        loop.run_forever()
        loop.close()

        async def next_loop() -> None:
            store.get(NUMBER)

        asyncio.run(next_loop())
        for future in futures:
            with pytest.raises(NoEventLoopError, match="closed"):
                future.result(timeout=0)

    def test_a_store_keeps_no_loop_alive_after_its_end(self) -> None:
        store = Store()

        async def main() -> None:
            store.get(NUMBER)
            store.close()

        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
        gone = weakref.ref(loop)
        del loop
        gc.collect()
        assert gone() is None


async def answer(get: Any) -> int:
    await asyncio.sleep(0)
    return 5
