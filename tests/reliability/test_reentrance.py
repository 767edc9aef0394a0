"""Callbacks may end, drop, close or collect anything: the store frees nothing that it still needs."""

import asyncio
import gc
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import reentrant_programs
from conftest import FIRST_SEED, MULTIPLIER
from halflife import CycleError, RunCancelledError, Store, StoreClosedError, atom, derived, effect, loadable


class Owner:
    """A member of a reference cycle that calls `end` when it is collected."""

    def __init__(self, end) -> None:
        self.me = self
        self.end = end

    def __del__(self) -> None:
        self.end()


def test_an_effect_that_is_due_is_ended_by_a_subscriber() -> None:
    session, user, seen = atom(1), atom("ada"), []
    with Store() as store:
        alive = store.observe(effect(lambda get, set: seen.append(get(session))))

        def signed_out(name) -> None:
            store.set(session, 0)  # the effect is due now ...
            alive()  # ... and is ended before it runs

        store.subscribe(user, signed_out)
        for name in ("grace", "ada"):
            store.set(user, name)
            assert store._invariant() is None
        assert seen == [1]
        assert [node.kind for node in store.graph().nodes] == ["source", "source"]


@pytest.mark.parametrize("where", ["subscriber", "effect", "on_mount", "cleanup", "read", "equals", "collector"])
def test_an_effect_is_observed_and_ended_within_any_callback(where) -> None:
    log, reported = [], []
    inner = effect(lambda get, set: log.append("ran"))
    with Store(on_error=reported.append) as store:

        def callback(*_: object) -> bool:
            try:
                with store.observe(inner):
                    log.append("observed")
            except RuntimeError as error:  # raised within a read
                reported.append(error)
            return False

        count = atom(1, equals=callback) if where == "equals" else atom(1)
        hooked = atom(0, on_mount=lambda set: callback() or callback)
        ends = [store.subscribe(derived(lambda get: (get(count), where == "read" and callback())[0]), log.append)]
        if where == "subscriber":
            ends.append(store.subscribe(count, callback))
        elif where in ("effect", "cleanup"):
            act = (lambda get, set: (get(count), callback())[1] or None) if where == "effect" else None
            ends.append(store.observe(effect(act or (lambda get, set: (get(count), callback)[1]))))
        elif where == "on_mount":
            ends.append(store.subscribe(hooked, log.append))
        elif where == "collector":
            gc.callbacks.append(callback)
        for value in (2, 3):
            store.set(count, value)
            gc.collect()
            assert store._invariant() is None
        if where == "collector":
            gc.callbacks.remove(callback)
        for end in ends:
            end()
        assert store._invariant() is None
        assert not any(node.observed for node in store.graph().nodes)
        assert log.count("observed") > 0 or where in ("read", "equals")


def test_an_atom_collected_inside_a_read_is_given_back_once() -> None:
    count, box = atom(0), []
    with Store() as store:
        other = derived(lambda get: (box.clear(), get(count))[1])
        store.subscribe(other, lambda value: None)
        dropped = derived(lambda get: get(count))
        end = store.subscribe(dropped, lambda value: None)
        box.append(dropped)
        del dropped
        with store.batch():
            store.set(count, 1)
            end()
            del end
        assert store._invariant() is None
        for value in range(100):
            one = atom(value)
            two = derived(lambda get, one=one: get(one))
            with store.subscribe(two, lambda value: None):
                store.set(one, -1)
        del one, two
        assert store._invariant() is None
        assert len(store.graph()) == 2


def test_a_subscription_is_ended_while_an_event_is_logged() -> None:
    class Clock:
        calls = 0

        def now(self) -> float:
            self.calls += 1
            gc.collect()  # simulates a collection at this point
            return 0.0

        def call_later(self, delay, callback):
            raise NotImplementedError

        async def sleep(self, delay) -> None: ...

    count, seen = atom(0), []
    with Store(clock=Clock()) as store:
        store.history(10)
        store.subscribe(count, seen.append)
        Owner(store.subscribe(count, lambda value: None))
        gc.disable()
        try:
            store.set(count, 1)
        finally:
            gc.enable()
        assert seen == [1]
        assert [event.kind for event in store.history()][:2] == ["mounted", "set"]


def test_effects_end_when_their_owners_are_collected_during_a_graph_snapshot() -> None:
    with Store() as store:
        atoms = [atom(number) for number in range(1000)]
        for one in atoms:
            store.get(one)
        threshold = gc.get_threshold()
        try:
            for look in (store.graph, store.__repr__, store._snapshot):
                gc.set_threshold(0)
                for _ in range(100):
                    Owner(store.observe(effect(lambda get, set: None)))
                gc.set_threshold(gc.get_count()[0] + 300)
                look()
        finally:
            gc.set_threshold(*threshold)
        gc.collect()
        assert len(store.graph()) == 1000


def test_the_clock_may_do_anything_when_an_atom_begins_to_linger() -> None:
    count, seen, started = atom(0), [], []

    class Timer:
        def cancel(self) -> None:
            """Never called."""

    class Clock:
        def now(self) -> float:
            return 0.0

        def call_later(self, delay, callback):
            started.append(delay)
            store.set(count, store.get(count) + 1)
            other()
            gc.collect()
            return Timer()

        async def sleep(self, delay) -> None: ...

    with Store(mount_grace=1.0, clock=Clock()) as store:
        hooked = derived(lambda get: get(count), on_mount=lambda set: lambda: seen.append("unmounted"))
        other = store.subscribe(count, seen.append)
        end = store.subscribe(hooked, lambda value: None)
        end()
        assert (seen, store._invariant()) == ([], None)
        assert 1.0 in started


def test_the_store_is_closed_in_a_mount_hook_that_returns_a_cleanup() -> None:
    log = []

    def on_mount(set):
        set.store.dispose()
        return lambda: log.append("cleaned up")

    store = Store()
    hooked = atom(1, on_mount=on_mount)
    store.subscribe(hooked, log.append)
    assert (log, store.closed) == (["cleaned up"], True)


def test_random_programs_whose_hooks_call_the_store_again() -> None:
    # In a process of its own, because a failure may be a crash.
    count = max(1, round(40 * MULTIPLIER))
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", reentrant_programs.__file__, str(FIRST_SEED), str(count)],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    started = [line for line in done.stderr.splitlines() if line.startswith("program ")]
    assert done.returncode == 0, f"{done.stdout}\n{started[-1:]}\n{done.stderr[-3000:]}"
    acted = {line.partition(":")[0] for line in done.stdout.splitlines()}
    assert acted >= {
        "__del__ of a value",
        "__del__ of an owner",
        "action",
        "cleanup of an effect",
        "cleanup of on_mount",
        "clock.call_later",
        "clock.now",
        "collector's start",
        "collector's stop",
        "effect",
        "equals",
        "on_mount",
        "read after",
        "read before",
        "read between",
        "run after",
        "run before",
        "run between",
        "select",
        "subscriber",
    }


def test_the_store_is_closed_while_a_read_starts_runs_of_its_inputs() -> None:
    """Closing empties the graph during the read; nothing is computed in a closed store."""

    class Clock:
        closing = False

        def now(self) -> float:
            if self.closing:
                store.dispose()
            return 0.0

        def call_later(self, delay, callback):
            raise NotImplementedError

        async def sleep(self, delay) -> None: ...

    go = atom(0)

    @derived
    async def cancelled(get):
        get(go)
        raise asyncio.CancelledError

    top = derived(lambda get: (get(cancelled), 1)[1])
    clock = Clock()
    store = Store(clock=clock)

    async def use() -> None:
        store.history(10)
        with pytest.raises(RunCancelledError):
            await store.value(cancelled)
        store.get(top)
        await asyncio.sleep(0)
        store.set(go, 1)
        clock.closing = True
        with pytest.raises(StoreClosedError):
            store.get(top)

    asyncio.run(use())


def test_a_store_that_is_closed_in_a_batch_keeps_no_loading_state() -> None:
    class Data:
        """A value that supports weak references."""

    async def use() -> weakref.ref[Data]:
        store, go = Store(), atom(0)

        @derived
        async def data(get):
            get(go)
            return Data()

        known = weakref.ref(await store.value(data))
        with store.batch():
            store.refresh(data)
            store.dispose()
        return known

    known = asyncio.run(use())
    gc.collect()
    assert known() is None


def test_a_read_of_itself_through_an_async_atom_is_a_cycle() -> None:
    """`low` reads `shown` without depending on it, while `shown` waits for `low`."""

    async def use() -> None:
        count, errors = atom(0), []
        with Store() as store:

            def read(get: Callable[[Any], Any]) -> int:
                if get(count) > 0:
                    try:
                        store.get(shown)
                    except CycleError as error:
                        errors.append(error)
                return get(count)

            low = derived(read)
            middle = derived(lambda get: get(low) * 2)

            @derived
            async def fetched(get):
                return get(middle) + 1

            shown = loadable(fetched)
            assert await store.value(fetched) == 1
            store.set(count, 1)
            assert await store.value(fetched) == 3
            assert [str(error).count("fetched") > 0 for error in errors] == [True]
            assert store._invariant() is None

    asyncio.run(use())
