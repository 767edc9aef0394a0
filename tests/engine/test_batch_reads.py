"""A read within a batch computes the atom that it reads and this atom's inputs, and nothing else.

An observed atom that the batch does not read runs once, when the outermost batch ends, so that it never sees a
state that may be rolled back. An observed atom that the batch reads runs at once, and once more at the end if an
input has changed since.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from halflife import Store, action, atom, derived, effect, family, loadable, select, split, unwrap

Body = Callable[[Callable[[Any], Any], Callable[[Any, Any], Any]], None]


def in_a_batch(store: Store, body: Body) -> None:
    with store.batch():
        body(store.get, store.set)


def in_a_nested_batch(store: Store, body: Body) -> None:
    with store.batch():
        with store.batch():
            pass
        with store.batch():
            body(store.get, store.set)


def in_an_action(store: Store, body: Body) -> None:
    store.set(action(body))


def in_an_action_of_an_action(store: Store, body: Body) -> None:
    inner = action(body)
    store.set(action(lambda get, set: set(inner)))


def in_a_writer(store: Store, body: Body) -> None:
    store.set(derived(lambda get: None, lambda get, set, value: body(get, set)), 1)


def in_an_update_of_a_writer(store: Store, body: Body) -> None:
    store.update(derived(lambda get: 0, lambda get, set, value: body(get, set)), lambda value: value + 1)


def in_a_batch_of_a_subscriber(store: Store, body: Body) -> None:
    signal = atom(0)
    store.subscribe(signal, lambda value: in_a_batch(store, body))
    store.set(signal, 1)


def in_a_batch_of_an_effect(store: Store, body: Body) -> None:
    store.observe(effect(lambda get, set: in_a_batch(store, body)))


def in_a_batch_of_a_mount_hook(store: Store, body: Body) -> None:
    store.subscribe(atom(0, on_mount=lambda set: in_a_batch(store, body)), lambda value: None)


def in_a_stretch_of_an_async_action(store: Store, body: Body) -> None:
    async def act(get: Any, set: Any) -> None:
        await asyncio.sleep(0)
        body(get, set)
        await asyncio.sleep(0)

    async def go() -> None:
        await store.set(action(act))

    asyncio.run(go())


PLACES = [
    in_a_batch,
    in_a_nested_batch,
    in_an_action,
    in_an_action_of_an_action,
    in_a_writer,
    in_an_update_of_a_writer,
    in_a_batch_of_a_subscriber,
    in_a_batch_of_an_effect,
    in_a_batch_of_a_mount_hook,
    in_a_stretch_of_an_async_action,
]
places = pytest.mark.parametrize("place", PLACES)


class Shape:
    """Atoms over the source `rows`. `count` is the atom that batches read. Each read records its result in `seen`."""

    def __init__(self) -> None:
        self.rows = atom((), name="rows")
        self.seen: dict[str, list[int]] = {}
        self.count = derived(self.read("count", self.rows))
        self.below = derived(self.read("below", self.rows))
        self.above = derived(self.read("above", self.below))
        self.middle = derived(self.read("middle", self.count, self.below))

    def read(self, name: str, *inputs: Any) -> Any:
        self.seen[name] = []

        def read(get: Any, *_: Any) -> int:
            parts = [get(one) for one in inputs]
            value = sum(len(part) if isinstance(part, tuple) else part for part in parts)
            self.seen[name].append(value)
            return value

        return read

    def effect(self, name: str, one: Any) -> Any:
        read = self.read(name, one)

        def run(get: Any, set: Any) -> None:
            read(get)

        return effect(run)

    def note(self, name: str) -> Callable[[Any], None]:
        self.seen[name] = []
        return lambda value: self.seen[name].append(len(value) if isinstance(value, tuple) else value)


@places
def test_only_atoms_that_are_read_run(place: Any) -> None:
    shape = Shape()
    with Store() as store:
        store.subscribe(shape.above, shape.note("subscriber of above"))
        store.subscribe(shape.middle, shape.note("subscriber of middle"))
        store.subscribe(shape.rows, shape.note("subscriber of rows"))
        store.observe(shape.effect("effect", shape.rows))
        store.observe(shape.effect("effect over above", shape.above))
        store.get(shape.count)
        inside: dict[str, list[int]] = {}

        def body(get: Any, set: Any) -> None:
            for seen in shape.seen.values():
                seen.clear()
            for number in range(1, 11):
                set(shape.rows, (*get(shape.rows), number))
                assert get(shape.count) == number
            inside.update({name: list(seen) for name, seen in shape.seen.items()})

        place(store, body)
        assert inside.pop("count") == list(range(1, 11))
        assert not any(inside.values()), inside
        assert shape.seen.pop("count") == list(range(1, 11))
        assert shape.seen.pop("middle") == [20]
        assert shape.seen.pop("subscriber of middle") == [20]
        assert shape.seen == {name: [10] for name in shape.seen}
        assert store._invariant() is None


@places
def test_an_observed_atom_that_is_read_runs_at_once_and_again_at_the_end(place: Any) -> None:
    shape = Shape()
    with Store() as store:
        store.subscribe(shape.middle, shape.note("subscriber"))

        def body(get: Any, set: Any) -> None:
            for seen in shape.seen.values():
                seen.clear()
            set(shape.rows, (1,))
            assert (get(shape.middle), get(shape.middle)) == (2, 2)
            assert shape.seen == {"count": [1], "below": [1], "above": [], "middle": [2], "subscriber": []}
            set(shape.rows, (1, 2))

        place(store, body)
        assert shape.seen == {"count": [1, 2], "below": [1, 2], "above": [], "middle": [2, 4], "subscriber": [4]}
        assert store._invariant() is None


@places
def test_an_atom_read_after_the_last_set_does_not_run_again(place: Any) -> None:
    shape = Shape()
    with Store() as store:
        store.subscribe(shape.middle, shape.note("subscriber"))

        def body(get: Any, set: Any) -> None:
            for seen in shape.seen.values():
                seen.clear()
            set(shape.rows, (1,))
            assert get(shape.middle) == 2

        place(store, body)
        assert shape.seen == {"count": [1], "below": [1], "above": [], "middle": [2], "subscriber": [2]}


class UndoneError(Exception):
    pass


@pytest.mark.parametrize("observed", [False, True])
def test_no_read_or_subscriber_sees_the_sets_of_a_failed_batch(observed: bool) -> None:
    shape = Shape()
    with Store() as store:
        store.subscribe(shape.above, shape.note("subscriber of above"))
        store.observe(shape.effect("effect", shape.above))
        if observed:
            store.subscribe(shape.count, shape.note("subscriber of count"))
        store.get(shape.count)
        for seen in shape.seen.values():
            seen.clear()
        with pytest.raises(UndoneError), store.batch():
            store.set(shape.rows, (1,))
            assert store.get(shape.count) == 1
            raise UndoneError
        assert shape.seen.pop("count") == [1]
        assert not any(shape.seen.values()), shape.seen
        assert (store.get(shape.count), store.get(shape.above), shape.seen["below"]) == (0, 0, [])
        assert store._invariant() is None


def views_of(rows: Any) -> dict[str, Any]:
    """One derived atom of each kind over `rows`."""
    member = family(lambda n: derived(lambda get: len(get(rows)) + n))

    async def fetched(get: Any) -> int:
        return len(get(rows))

    fetch = derived(fetched)
    return {
        "derived": derived(lambda get: len(get(rows))),
        "select": select(rows, len),
        "item of a split": split(rows),
        "member of a family": member(1),
        "async": fetch,
        "loadable": loadable(fetch),
        "unwrap": unwrap(fetch, -1),
    }


@pytest.mark.parametrize("kind", views_of(atom(())))
def test_a_read_of_any_kind_of_atom_runs_nothing_else(kind: str) -> None:
    async def main() -> None:
        rows = atom((), name="rows")
        runs: list[Any] = []
        async with Store() as store:
            read = views_of(rows)[kind]
            store.subscribe(derived(lambda get: runs.append(get(rows))), lambda value: None)
            await store.value(read)
            runs.clear()
            with store.batch():
                for number in range(5):
                    store.set(rows, (*store.get(rows), number))
                    store.get(read)
                assert runs == []
            assert runs == [(0, 1, 2, 3, 4)]
            await store.settled()
            assert store._invariant() is None

    asyncio.run(main())


def test_a_deep_observed_chain_is_read_within_a_batch() -> None:
    first = last = atom(0)
    for _ in range(20_000):
        last = derived(lambda get, below=last: get(below) + 1)
    with Store() as store:
        told: list[int] = []
        store.subscribe(last, told.append)
        with store.batch():
            store.set(first, 1)
            assert store.get(last) == 20_001
            store.set(first, 2)
        assert told == [20_002]


def test_a_run_that_is_restarted_by_a_batch_starts_once_with_what_was_committed() -> None:
    async def main() -> None:
        rows = atom((), name="rows")
        started: list[Any] = []

        async def fetched(get: Any) -> int:
            started.append(get(rows))
            return len(get(rows))

        fetch = derived(fetched)
        async with Store() as store:
            store.subscribe(fetch, lambda value: None)
            await store.settled()
            with store.batch():
                for number in range(3):
                    store.set(rows, (*store.get(rows), number))
                    assert not store.get(fetch).done
            await store.settled()
            assert started == [(), (0, 1, 2)]

    asyncio.run(main())
