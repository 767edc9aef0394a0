"""The events of a store, handed out as they happen."""

import asyncio
import gc
import weakref

import pytest

from halflife import (
    Event,
    FlushLoopError,
    Store,
    StoreClosedError,
    Subscription,
    WrongThreadError,
    atom,
    derived,
    draft_atom,
    editable,
    lens,
)
from halflife.testing import ManualClock, events


def kinds_of(seen, one):
    return [(event.kind, event.detail) for event in seen if event.atom is one]


@pytest.mark.parametrize("history", [False, True])
def test_each_event_is_told_with_and_without_a_history(history) -> None:
    count, seen, clock = atom(1), [], ManualClock()
    doubled = derived(lambda get: get(count) * 2)
    with Store(clock=clock) as store:
        if history:
            store.history()
        ending = store.on_event(seen.append)
        assert isinstance(ending, Subscription)
        with store.subscribe(doubled, lambda value: None):
            clock.advance(3)
            store.set(count, 2)
        assert [(event.kind, event.atom) for event in seen] == [
            ("run", doubled),
            ("mounted", count),
            ("mounted", doubled),
            ("set", count),
            ("run", doubled),
            ("notified", doubled),
            ("unmounted", doubled),
            ("unmounted", count),
        ]
        assert seen[3] == Event("set", count, 3.0, 2)
        if history:
            assert seen == store.history()


def test_an_ended_subscription_hears_nothing_and_a_history_goes_on() -> None:
    count, seen = atom(1), []
    with Store() as store:
        ending = store.on_event(seen.append)
        store.set(count, 2)
        log = events(store)
        assert ending.active
        ending()
        ending()
        assert not ending.active
        store.set(count, 3)
        assert kinds_of(seen, count) == [("set", 2)]
        assert log.details("set") == [3]
        with store.on_event(seen.append) as again:
            assert repr(again) == "<Subscription to events>"
        assert repr(again) == "<Subscription to events, ended>"
        store.set(count, 4)
        assert log.details("set") == [3, 4]
        assert len(seen) == 1


def test_a_subscription_that_is_dropped_goes_on() -> None:
    count, seen = atom(1), []
    with Store() as store:
        store.on_event(seen.append)
        gc.collect()
        store.set(count, 2)
        assert len(seen) == 1


def test_one_function_may_listen_twice_and_end_once() -> None:
    count, seen = atom(1), []
    with Store() as store:
        first, _ = store.on_event(seen.append), store.on_event(seen.append)
        store.set(count, 2)
        first()
        store.set(count, 3)
        assert [event.detail for event in seen] == [2, 2, 3]


def test_a_callback_may_end_any_subscription_and_begin_others() -> None:
    count, seen = atom(1), []
    with Store() as store:

        def end_all(event):
            seen.append(("first", event.detail))
            for one in endings:
                one()
            store.on_event(lambda event: seen.append(("new", event.detail)))

        endings = [store.on_event(end_all), store.on_event(lambda event: seen.append(("second", event.detail)))]
        store.set(count, 2)
        store.set(count, 3)
        assert seen == [("first", 2), ("new", 3)]


def test_a_callback_may_write_and_its_events_come_after_the_present_one() -> None:
    count, seen_count, told = atom(1), atom(0), []
    with Store() as store:

        def note(event):
            if event.atom is count:
                store.set(seen_count, store.get(seen_count) + 1)
            told.append((event.atom, event.detail))

        store.on_event(note)
        store.set(count, 2)
        with store.batch():
            store.set(count, 3)
        assert told == [(count, 2), (seen_count, 1), (count, 3), (seen_count, 2)]
        assert store.get(seen_count) == 2
        assert store._invariant() is None


def test_a_callback_may_close_the_store() -> None:
    count = atom(1)
    store = Store()
    store.on_event(lambda event: store.dispose())
    store.set(count, 2)
    assert store.closed


@pytest.mark.parametrize("of_layers", [False, True])
def test_callbacks_that_cause_events_without_end_are_stopped(of_layers) -> None:
    count, todos, reported = atom(1), draft_atom([]), []
    with Store(on_error=reported.append) as store:

        def feed(event):
            if of_layers:
                store.layers(todos).apply(list).rollback()
            else:
                store.set(count, event.detail + 1)

        store.on_event(feed)
        store.set(count, 2)
        assert [type(error) for error in reported] == [FlushLoopError]
        assert "on_event" in str(reported[0])
        store.set(count, 3)
        assert store.get(count) == 3
        assert store._invariant() is None


def test_an_error_of_a_callback_is_reported_and_disturbs_nobody() -> None:
    count, seen, reported = atom(1), [], []
    with Store(on_error=reported.append) as store:
        store.on_event(lambda event: 1 / 0)
        store.on_event(seen.append)
        store.set(count, 2)
        assert [type(error) for error in reported] == [ZeroDivisionError]
        assert kinds_of(seen, count) == [("set", 2)]


def test_an_interrupt_in_a_callback_is_raised() -> None:
    def interrupt(event):
        raise KeyboardInterrupt

    count = atom(1)
    with Store() as store:
        ending = store.on_event(interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.set(count, 2)
        ending()
        store.set(count, 3)
        assert store.get(count) == 3
        assert store._invariant() is None


@pytest.mark.asyncio
async def test_the_runs_of_async_atoms_are_told() -> None:
    user_id, seen, gate = atom(1), [], asyncio.Event()

    async def load(get):
        number = get(user_id)
        await gate.wait()
        if number == 3:
            raise OSError("down")
        return number

    user = derived(load)
    async with Store() as store:
        store.on_event(seen.append)
        with store.subscribe(user, lambda value: None):
            await asyncio.sleep(0)
            store.set(user_id, 2)
            gate.set()
            assert await store.value(user) == 2
            store.set(user_id, 3)
            with pytest.raises(OSError, match="down"):
                await store.value(user)
        kinds = [event.kind for event in seen if event.atom is user]
        assert [kind for kind in kinds if kind in ("run", "superseded", "settled", "failed")] == [
            "run",
            "superseded",
            "run",
            "settled",
            "run",
            "failed",
        ]


# --- layers


def layer_events(seen):
    return [
        (event.kind, event.detail)
        for event in seen
        if event.kind in ("applied", "confirmed", "rolled_back", "conflicted")
    ]


def test_the_layers_of_an_atom_have_events_with_their_ids() -> None:
    todos, seen = draft_atom({"a": 1}), []
    with Store() as store:
        store.on_event(seen.append)
        log = events(store)
        layers = store.layers(todos)
        first, second, third = (layers.apply(lambda draft, key=key: draft.update({key: 1})) for key in "bcd")
        assert first.commit()
        assert not first.commit()
        assert second.rollback()
        assert not second.rollback()
        layers.apply(lambda draft: draft.update(e=1))
        layers.rollback_all()
        assert layer_events(seen) == [
            ("applied", first.id),
            ("applied", second.id),
            ("applied", third.id),
            ("confirmed", first.id),
            ("rolled_back", second.id),
            ("applied", third.id + 1),
            ("rolled_back", third.id),
            ("rolled_back", third.id + 1),
        ]
        assert {event.atom for event in seen if event.kind in ("applied", "rolled_back")} == {todos}
        assert layer_events(log) == layer_events(seen)


def test_committing_all_confirms_each() -> None:
    todos, seen = draft_atom([]), []
    with Store() as store:
        store.on_event(seen.append)
        made = [store.layers(todos).apply(lambda draft: draft.append(1)) for _ in range(3)]
        store.layers(todos).commit_all()
        assert layer_events(seen)[3:] == [("confirmed", layer.id) for layer in made]


def test_a_layer_that_becomes_conflicted_has_an_event() -> None:
    todos, seen, reported = draft_atom({"a": {"done": False}}), [], []
    with Store(on_error=reported.append) as store:
        layer = store.layers(todos).apply(lambda draft: draft["a"].update(done=True))
        store.on_event(seen.append)
        store.layers(todos).set_base({})
        assert layer.status == "conflicted"
        assert layer_events(seen) == [("conflicted", layer.id)]
        assert [type(error) for error in reported] == [KeyError]


@pytest.mark.asyncio
async def test_a_layer_that_newly_fetched_data_makes_conflicted_has_an_event() -> None:
    answers, seen, reported = [{"a": {"done": False}}, {}], [], []

    @derived
    async def fetched(get):
        return answers.pop(0)

    todos = editable(fetched)
    async with Store(on_error=reported.append) as store:
        with store.subscribe(todos, lambda value: None):
            await store.value(todos)
            layer = store.layers(todos).apply(lambda draft: draft["a"].update(done=True))
            store.on_event(seen.append)
            await store.refresh(fetched)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert layer_events(seen) == [("conflicted", layer.id)]
            assert [type(error) for error in reported] == [KeyError]
            layer.rollback()


def test_an_edit_through_a_lens_is_an_event_of_the_atom_that_has_the_layers() -> None:
    todos, seen = draft_atom({"a": [1]}), []
    with Store() as store:
        store.on_event(seen.append)
        store.layers(lens(todos, lambda value: value["a"])).apply(lambda draft: draft.append(2)).rollback()
        assert [event.atom for event in seen if event.kind in ("applied", "rolled_back")] == [todos, todos]


@pytest.mark.asyncio
async def test_a_mutation_has_the_events_of_its_layer() -> None:
    todos, seen = draft_atom([]), []

    async def save(value):
        if 2 in value:
            raise OSError

    async with Store() as store:
        store.on_event(seen.append)
        await store.mutate(todos, lambda draft: draft.append(1), save)
        with pytest.raises(OSError):
            await store.mutate(todos, lambda draft: draft.append(2), save)
        store.mutate(todos, lambda draft: draft.append(3))
        assert [kind for kind, _ in layer_events(seen)] == [
            "applied",
            "confirmed",
            "applied",
            "rolled_back",
            "applied",
            "confirmed",
        ]


# --- garbage and bad input


def test_a_callback_that_knows_its_store_leaves_nothing() -> None:
    store = Store()
    ending = store.on_event(lambda event: store.get(atom(1)))
    alive = weakref.ref(store)
    store = None
    ending = None  # noqa: F841
    gc.collect()
    assert alive() is None


def test_the_subscription_of_a_closed_store_is_over() -> None:
    store = Store()
    ending = store.on_event(lambda event: None)
    store.dispose()
    assert not ending.active
    ending()
    with pytest.raises(StoreClosedError):
        store.on_event(lambda event: None)


@pytest.mark.parametrize("wrong", [None, 5, "print", lambda: None, lambda a, b: None])
def test_what_cannot_be_called_with_an_event_is_refused(wrong) -> None:
    with Store() as store, pytest.raises(TypeError, match="on_event: callback"):
        store.on_event(wrong)


def test_an_async_callback_is_refused() -> None:
    async def note(event):
        pass

    with Store() as store, pytest.raises(TypeError, match="on_event: callback must be a plain function"):
        store.on_event(note)


@pytest.mark.asyncio
async def test_another_thread_cannot_listen() -> None:
    async with Store() as store:
        store.set(atom(1), 2)
        with pytest.raises(WrongThreadError):
            await asyncio.to_thread(store.on_event, lambda event: None)
