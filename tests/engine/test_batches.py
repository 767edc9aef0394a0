"""Batches: all or nothing, one flush at the end, no notification after a failure. Writers and actions are batches."""

import asyncio
from typing import Any

import pytest

from halflife import Store, action, atom, derived, effect
from halflife.testing import events


class FailedError(Exception):
    pass


def test_a_batch_is_one_flush_at_the_end() -> None:
    left, right = atom(1), atom(2)
    runs: list[int] = []
    total = derived(lambda get: runs.append(1) or get(left) + get(right))
    told: list[int] = []
    with Store() as store:
        store.subscribe(total, told.append)
        with store.batch():
            store.set(left, 10)
            store.set(right, 20)
            store.set(left, 100)
            assert told == []
        assert (told, len(runs)) == ([120], 2)
        assert store._invariant() is None


def test_reads_inside_of_a_batch_see_the_new_values() -> None:
    left, right = atom(1), atom(2)
    total = derived(lambda get: get(left) + get(right))
    for observed in (False, True):
        with Store() as store:
            if observed:
                store.subscribe(total, lambda value: None)
            with store.batch():
                store.set(left, 10)
                assert (store.get(left), store.get(total)) == (10, 12)
                store.set(right, 20)
                assert store.get(total) == 30
            assert store.get(total) == 30
            assert store._invariant() is None


def test_a_read_inside_of_a_batch_does_not_lose_the_notification() -> None:
    source = atom(1)
    doubled = derived(lambda get: get(source) * 2)
    told: list[int] = []
    with Store() as store:
        store.subscribe(doubled, told.append)
        with store.batch():
            store.set(source, 2)
            assert store.get(doubled) == 4
            assert told == []
        assert told == [4]


def test_a_batch_that_raises_undoes_every_set_and_tells_nobody() -> None:
    source, other = atom(1), atom("a")
    runs: list[int] = []
    doubled = derived(lambda get: runs.append(1) or get(source) * 2)
    told: list[Any] = []
    with Store() as store:
        store.subscribe(doubled, told.append)
        store.subscribe(other, told.append)
        log = events(store)
        with pytest.raises(FailedError), store.batch():
            store.set(source, 2)
            store.set(other, "b")
            raise FailedError
        assert (store.get(source), store.get(other), store.get(doubled)) == (1, "a", 2)
        assert (told, len(runs)) == ([], 1)
        assert log.of("notified") == []
        assert store._invariant() is None
        store.set(source, 3)
        assert told == [6]


def test_a_failed_batch_undoes_what_was_computed_inside_without_running_it_again() -> None:
    source = atom(1)
    runs: list[int] = []
    # Each result counts as a change, so a second run would notify.
    doubled = derived(lambda get: runs.append(get(source)) or get(source) * 2, equals=lambda before, now: False)
    told: list[int] = []
    seen: list[int] = []
    with Store() as store:
        store.subscribe(doubled, told.append)
        store.observe(effect(lambda get, set: seen.append(get(doubled))))
        with pytest.raises(FailedError), store.batch():
            store.set(source, 2)
            assert store.get(doubled) == 4
            raise FailedError
        assert runs == [1, 2]
        assert store.get(doubled) == 2
        assert (runs, told, seen) == ([1, 2], [], [2])
        assert store._invariant() is None
        store.set(source, 3)
        assert (runs, told, seen) == ([1, 2, 3], [6], [2, 6])


def test_a_failed_batch_puts_back_the_very_objects() -> None:
    value, other = ["first"], ["second"]
    source = atom(value)
    with Store() as store:
        with pytest.raises(FailedError), store.batch():
            store.set(source, other)
            store.set(source, [])
            raise FailedError
        assert store.get(source) is value


def test_a_failed_batch_puts_back_dependencies_and_mounts() -> None:
    switch = atom(True)
    mounted: list[str] = []

    def hook(name: str) -> Any:
        def on_mount(set: Any) -> Any:
            mounted.append(name)
            return lambda: mounted.remove(name)

        return on_mount

    left, right = atom(1, on_mount=hook("left")), atom(2, on_mount=hook("right"))
    chosen = derived(lambda get: get(left) if get(switch) else get(right))
    with Store() as store, store.subscribe(chosen, lambda value: None):
        with pytest.raises(FailedError), store.batch():
            store.set(switch, False)
            assert store.get(chosen) == 2
            raise FailedError
        assert mounted == ["left"]
        assert [one.name for one in store.graph()[chosen].inputs] == ["switch", "left"]
        store.set(left, 7)
        assert store.get(chosen) == 7
        assert store._invariant() is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError, SystemExit])
def test_a_batch_that_is_interrupted_is_undone_too(error: type[BaseException]) -> None:
    source = atom(1)
    with Store() as store:
        with pytest.raises(error), store.batch():
            store.set(source, 2)
            raise error
        assert store.get(source) == 1


def test_a_value_set_and_set_back_notifies_nobody() -> None:
    source = atom(1)
    runs: list[int] = []
    doubled = derived(lambda get: runs.append(1) or get(source) * 2)
    told: list[int] = []
    with Store() as store:
        store.subscribe(source, told.append)
        store.subscribe(doubled, told.append)
        with store.batch():
            store.set(source, 2)
            store.set(source, 1)
        assert (told, len(runs)) == ([], 1)


def test_a_value_set_and_set_back_notifies_nobody_though_it_was_read_in_between() -> None:
    source = atom(1)
    doubled = derived(lambda get: get(source) * 2)
    below = derived(lambda get: get(doubled) + 1)
    told: list[int] = []
    ran: list[int] = []
    with Store() as store:
        for one in (source, doubled, below):
            store.subscribe(one, told.append)
        store.observe(effect(lambda get, set: ran.append(get(source))))
        with store.batch():
            store.set(source, 2)
            assert store.get(below) == 5
            store.set(source, 1)
        assert (told, ran) == ([], [1])
        store.set(source, 3)
        assert told == [3, 6, 7]
        assert store._invariant() is None


@pytest.mark.parametrize("read_inside", [False, True])
def test_a_nested_batch_that_fails_undoes_its_own_sets_only(read_inside: bool) -> None:
    left, right = atom(1), atom(1)
    total = derived(lambda get: get(left) + get(right))
    told: list[tuple[str, int]] = []
    with Store() as store:
        store.subscribe(left, lambda value: told.append(("left", value)))
        store.subscribe(right, lambda value: told.append(("right", value)))
        store.subscribe(total, lambda value: told.append(("total", value)))
        with store.batch():
            store.set(left, 2)
            with pytest.raises(FailedError), store.batch():
                store.set(left, 3)
                store.set(right, 3)
                if read_inside:
                    assert store.get(total) == 6
                raise FailedError
            assert (store.get(left), store.get(right)) == (2, 1)
            assert told == []
        assert told == [("left", 2), ("total", 3)]
        assert store._invariant() is None


def test_a_nested_batch_that_succeeds_waits_for_the_outer_one() -> None:
    source = atom(1)
    told: list[int] = []
    with Store() as store:
        store.subscribe(source, told.append)
        with store.batch():
            with store.batch():
                store.set(source, 2)
            assert told == []
        assert told == [2]
        with pytest.raises(FailedError), store.batch():
            with store.batch():
                store.set(source, 3)
            raise FailedError
        assert (store.get(source), told) == (2, [2])
        assert store._invariant() is None


def test_deeply_nested_batches_fail_and_succeed_in_any_order() -> None:
    source = atom(0)
    doubled = derived(lambda get: get(source) * 2)
    with Store() as store, store.subscribe(doubled, lambda value: None):

        def nest(depth: int) -> None:
            before = store.get(source)
            try:
                with store.batch():
                    store.set(source, depth)
                    assert store.get(doubled) == depth * 2
                    if depth:
                        nest(depth - 1)
                    if depth % 2:
                        raise FailedError  # noqa: TRY301 - the batch is to fail
            except FailedError:
                assert (store.get(source), store.get(doubled)) == (before, before * 2)

        nest(30)
        assert store._invariant() is None
        assert store.get(doubled) == store.get(source) * 2 == 60


def test_errors_of_subscribers_come_out_of_the_batch_and_undo_nothing() -> None:
    source = atom(1)
    with Store() as store:
        store.subscribe(source, lambda value: 1 // 0)
        with pytest.raises(ExceptionGroup), store.batch():
            store.set(source, 2)
        assert store.get(source) == 2
        assert store._invariant() is None


def test_a_batch_in_a_subscriber_joins_the_flush() -> None:
    source, left, right = atom(0), atom(0), atom(0)
    total = derived(lambda get: get(left) + get(right))
    told: list[int] = []

    def both(value: int) -> None:
        with store.batch():
            store.set(left, value)
            store.set(right, value)
        assert store.get(total) == value * 2

    with Store() as store:
        store.subscribe(source, both)
        store.subscribe(total, told.append)
        store.set(source, 5)
        assert told == [10]


def test_a_batch_that_fails_in_a_subscriber_is_undone() -> None:
    source, target = atom(0), atom(0)
    told: list[int] = []

    def fails(value: int) -> None:
        with pytest.raises(FailedError), store.batch():
            store.set(target, value)
            raise FailedError

    with Store() as store:
        store.subscribe(source, fails)
        store.subscribe(target, told.append)
        store.set(source, 5)
        assert (store.get(target), told, store._invariant()) == (0, [], None)


def test_a_batch_can_be_used_once_more() -> None:
    source = atom(1)
    with Store() as store:
        batch = store.batch()
        for value in (2, 3):
            with batch:
                store.set(source, value)
        assert store.get(source) == 3


def test_a_subscription_made_in_a_batch_hears_of_later_changes() -> None:
    source = atom(1)
    told: list[int] = []
    with Store() as store:
        with store.batch():
            store.set(source, 2)
            store.subscribe(source, told.append)
            store.set(source, 3)
        assert told == [3]
        assert store._invariant() is None


def test_a_lazy_value_that_was_first_read_in_a_failed_batch_stays() -> None:
    from halflife import lazy

    made: list[int] = []
    rows = lazy(lambda: made.append(1) or ["row"])
    with Store() as store:
        with pytest.raises(FailedError), store.batch():
            store.get(rows)
            store.set(rows, [])
            raise FailedError
        assert (store.get(rows), len(made)) == (["row"], 1)


def test_a_writer_is_a_batch() -> None:
    left, right = atom(1), atom(2)
    pair = derived(
        lambda get: (get(left), get(right)), lambda get, set, pair: (set(left, pair[0]), set(right, pair[1]))[0]
    )
    told: list[Any] = []
    with Store() as store:
        store.subscribe(pair, told.append)
        store.set(pair, (10, 20))
        assert told == [(10, 20)]


def test_an_action_that_fails_undoes_its_sets_and_raises() -> None:
    source = atom(1)
    told: list[int] = []

    @action
    def half_done(get, set):
        set(source, 2)
        assert get(source) == 2
        raise FailedError

    with Store() as store:
        store.subscribe(source, told.append)
        with pytest.raises(FailedError):
            store.set(half_done)
        assert (store.get(source), told, store._invariant()) == (1, [], None)


def test_an_action_calls_others_within_its_own_batch() -> None:
    source = atom(0)
    told: list[int] = []
    add = action(lambda get, set, by: set(source, get(source) + by))

    @action
    def add_twice(get, set, by):
        set(add, by)
        set(add, by)
        return get(source)

    with Store() as store:
        store.subscribe(source, told.append)
        assert store.set(add_twice, 5) == 10
        assert told == [10]


@pytest.mark.asyncio
async def test_another_task_that_enters_while_a_batch_is_open_raises() -> None:
    source = atom(1)
    caught: list[str] = []

    async def intruder(store: Store) -> None:
        for enter in (lambda: store.get(source), lambda: store.set(source, 5), lambda: store.subscribe(source, print)):
            try:
                enter()
            except RuntimeError as error:
                caught.append(str(error))

    async with Store() as store:
        with store.batch():
            store.set(source, 2)
            await asyncio.create_task(intruder(store))
            store.set(source, 3)
        assert len(caught) == 3
        assert all("await" in message for message in caught)
        assert store.get(source) == 3
        await intruder(store)
        assert (len(caught), store.get(source)) == (3, 5)
        assert store._invariant() is None
