"""Guarantee 9: on_mount runs when an atom becomes observed, inputs first; its cleanup afterwards, inputs last."""

import asyncio
from typing import Any

import pytest

from halflife import Store, atom, derived, effect
from halflife.testing import ManualClock, events


class Diary:
    """Records mounts and unmounts."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def hook(self, name: str) -> Any:
        def on_mount(set: Any) -> Any:
            self.lines.append(f"+{name}")
            return lambda: self.lines.append(f"-{name}")

        return on_mount

    def take(self) -> str:
        lines, self.lines = self.lines, []
        return " ".join(lines)


def chain(diary: Diary) -> tuple[Any, Any, Any]:
    source = atom(1, on_mount=diary.hook("source"))
    middle = derived(lambda get: get(source), on_mount=diary.hook("middle"))
    top = derived(lambda get: get(middle), on_mount=diary.hook("top"))
    return source, middle, top


def test_inputs_mount_before_dependents_and_unmount_after_them() -> None:
    diary = Diary()
    _, _, top = chain(diary)
    with Store() as store:
        with store.subscribe(top, lambda value: None):
            assert diary.take() == "+source +middle +top"
        assert diary.take() == "-top -middle -source"
        assert store._invariant() is None


def test_reading_and_setting_mount_nothing() -> None:
    diary = Diary()
    source, _, top = chain(diary)
    with Store() as store:
        store.get(top)
        store.set(source, 2)
        store.get(top)
        assert diary.take() == ""


def test_an_atom_is_mounted_once_however_many_look_on() -> None:
    diary = Diary()
    source, middle, top = chain(diary)
    with Store() as store:
        subscriptions = [store.subscribe(one, lambda value: None) for one in (middle, top, source, top)]
        assert diary.take() == "+source +middle +top"
        for subscription in subscriptions[:3]:
            subscription()
        assert diary.take() == ""
        subscriptions[3]()
        assert diary.take() == "-top -middle -source"


def test_subscriptions_that_begin_and_end_within_a_batch_mount_and_unmount_nothing() -> None:
    diary = Diary()
    _, _, top = chain(diary)
    with Store() as store:
        with store.batch():
            store.subscribe(top, lambda value: None)()
        assert diary.take() == ""
        first = store.subscribe(top, lambda value: None)
        diary.take()
        with store.batch():
            first()
            second = store.subscribe(top, lambda value: None)
        assert diary.take() == ""
        second()
        assert diary.take() == "-top -middle -source"
        assert store._invariant() is None


def test_only_atoms_without_other_observers_are_unmounted() -> None:
    diary = Diary()
    source, _, top = chain(diary)
    with Store() as store, store.subscribe(source, lambda value: None):
        diary.take()
        with store.subscribe(top, lambda value: None):
            assert diary.take() == "+middle +top"
        assert diary.take() == "-top -middle"


def test_the_value_is_kept_when_an_atom_is_unmounted() -> None:
    diary = Diary()
    source, _, top = chain(diary)
    with Store() as store:
        with store.subscribe(top, lambda value: None):
            store.set(source, 7)
        assert store.get(source) == 7
        assert store.graph()[top].runs == 2
        assert store.get(top) == 7
        assert store.graph()[top].runs == 2


def test_each_store_mounts_for_itself() -> None:
    diary = Diary()
    source, _, _ = chain(diary)
    with Store() as one, Store() as other:
        one.subscribe(source, lambda value: None)
        assert diary.take() == "+source"
        other.subscribe(source, lambda value: None)
        assert diary.take() == "+source"
    assert diary.take() == "-source -source"


def test_set_in_on_mount_sets_the_atom_and_is_told_once() -> None:
    told: list[int] = []
    source = atom(0, on_mount=lambda set: set(10))
    doubled = derived(lambda get: get(source) * 2)
    with Store() as store:
        store.subscribe(doubled, told.append)
        assert (told, store.get(doubled)) == ([20], 20)
        assert store._invariant() is None


def test_set_may_be_kept_and_used_while_mounted_and_after() -> None:
    setters: list[Any] = []
    source = atom(0, on_mount=setters.append)
    told: list[int] = []
    with Store() as store:
        with store.subscribe(source, told.append):
            setters[0](1)
            setters[0](2)
        setters[0](3)
        assert (told, store.get(source)) == ([1, 2], 3)


def test_a_set_in_a_cleanup_does_not_notify_the_subscriber_that_left() -> None:
    left: list[int] = []
    stays: list[int] = []

    def on_mount(set: Any) -> Any:
        return lambda: set(99)

    hooked = derived(lambda get: get(source), lambda get, set, value: set(source, value), on_mount=on_mount)
    source = atom(0)
    with Store() as store:
        store.subscribe(source, stays.append)
        store.subscribe(hooked, left.append)()
        assert (left, stays, store.get(source)) == ([], [99], 99)


def test_on_mount_of_a_writable_derived_atom_sets_through_its_write() -> None:
    source = atom(0)
    plus_one = derived(
        lambda get: get(source) + 1, lambda get, set, value: set(source, value - 1), on_mount=lambda set: set(10)
    )
    with Store() as store, store.subscribe(plus_one, lambda value: None):
        assert (store.get(source), store.get(plus_one)) == (9, 10)


def test_hooks_see_a_complete_graph() -> None:
    """Hooks run after everything is computed and mounted, so that each may read the store."""
    seen: list[int] = []
    source = atom(1, on_mount=lambda set: seen.append(set.store.get(top)))
    top = derived(lambda get: get(source) * 2)
    with Store() as store, store.subscribe(top, lambda value: None):
        assert seen == [2]


def test_a_hook_may_subscribe_to_another_atom() -> None:
    diary = Diary()
    other = atom(1, on_mount=diary.hook("other"))
    told: list[int] = []

    def on_mount(set: Any) -> Any:
        return set.store.subscribe(other, lambda value: set(value * 10))

    source = atom(0, on_mount=on_mount)
    with Store() as store:
        with store.subscribe(source, told.append):
            assert diary.take() == "+other"
            store.set(other, 2)
            assert told == [20]
        assert diary.take() == "-other"
        assert store._invariant() is None


def test_hooks_that_set_each_other_do_not_loop() -> None:
    one = atom(0, on_mount=lambda set: set(1))
    other = atom(0, on_mount=lambda set: set(1))
    total = derived(lambda get: get(one) + get(other))
    told: list[int] = []
    with Store() as store, store.subscribe(total, told.append):
        assert told == [2]


def test_errors_of_hooks_are_collected_and_nobody_stays_subscribed() -> None:
    diary = Diary()

    def fails(set: Any) -> None:
        raise LookupError

    first = atom(1, on_mount=fails)
    second = atom(2, on_mount=diary.hook("second"))
    both = derived(lambda get: get(first) + get(second))
    with Store() as store:
        with pytest.raises(ExceptionGroup) as caught:
            store.subscribe(both, lambda value: None)
        assert [type(error) for error in caught.value.exceptions] == [LookupError]
        assert diary.take() == "+second -second"
        assert not store.graph()[both].observed
        assert store._invariant() is None


def test_what_on_mount_returns_must_be_a_cleanup_or_nothing() -> None:
    source = atom(1, on_mount=lambda set: 5)
    with Store() as store, pytest.raises(ExceptionGroup) as caught:
        store.subscribe(source, lambda value: None)
    assert "source" in str(caught.value.exceptions[0])
    assert "cleanup" in str(caught.value.exceptions[0])


def test_an_input_found_by_the_same_flush_mounts_before_the_one_that_reads_it() -> None:
    diary = Diary()
    switch = atom(1)
    one, other = atom(1, on_mount=diary.hook("one")), atom(2, on_mount=diary.hook("other"))
    chosen = derived(lambda get: get(one) if get(switch) else get(other), on_mount=diary.hook("chosen"))

    def run(get: Any, set: Any) -> None:
        get(chosen)
        set(switch, 0)

    with Store() as store, store.observe(effect(run)):
        assert diary.take() == "+other +chosen"


def test_an_atom_resubscribed_within_a_flush_is_not_remounted() -> None:
    """An atom that is unsubscribed and subscribed again within one flush stays mounted."""
    diary = Diary()
    source = atom(1, on_mount=diary.hook("source"))
    trigger = atom(0)
    with Store() as store:
        subscriptions = [store.subscribe(source, lambda value: None)]
        diary.take()

        def swap(value: int) -> None:
            subscriptions.pop()()
            subscriptions.append(store.subscribe(source, lambda value: None))

        store.subscribe(trigger, swap)
        store.set(trigger, 1)
        assert diary.take() == ""
        assert store._invariant() is None


def test_closing_the_store_unmounts_all_atoms() -> None:
    diary = Diary()
    _, _, top = chain(diary)
    store = Store()
    store.subscribe(top, lambda value: None)
    diary.take()
    store.dispose()
    assert diary.take() == "-top -middle -source"
    store.dispose()
    assert diary.take() == ""


def test_the_log_has_mounts_in_order() -> None:
    source = atom(1)
    doubled = derived(lambda get: get(source) * 2)
    with Store() as store:
        log = events(store)
        with store.subscribe(doubled, lambda value: None):
            store.set(source, 2)
        assert [(event.kind, event.atom) for event in log] == [
            ("run", doubled),
            ("mounted", source),
            ("mounted", doubled),
            ("set", source),
            ("run", doubled),
            ("notified", doubled),
            ("unmounted", doubled),
            ("unmounted", source),
        ]


# --- the grace period


async def on_a_loop() -> None:
    """Yield to the loop once: the grace period is a timer, and a timer needs a loop."""
    await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_mount_grace_delays_unmounting() -> None:
    diary, clock = Diary(), ManualClock()
    _, _, top = chain(diary)
    async with Store(clock=clock, mount_grace=5.0) as store:
        await on_a_loop()
        store.subscribe(top, lambda value: None)()
        assert diary.take() == "+source +middle +top"
        clock.advance(4.9)
        assert diary.take() == ""
        assert store.graph()[top].observed
        clock.advance(0.2)
        assert diary.take() == "-top -middle -source"
        assert store._invariant() is None


@pytest.mark.asyncio
async def test_an_atom_observed_again_within_the_grace_period_stays_mounted() -> None:
    diary, clock = Diary(), ManualClock()
    source, _, top = chain(diary)
    async with Store(clock=clock, mount_grace=5.0) as store:
        store.subscribe(top, lambda value: None)()
        diary.take()
        clock.advance(4)
        again = store.subscribe(top, lambda value: None)
        clock.advance(100)
        assert diary.take() == ""
        again()
        clock.advance(4)
        store.set(source, 2)
        assert store.graph()[top].runs == 2
        clock.advance(2)
        assert diary.take() == "-top -middle -source"
        assert store._invariant() is None


@pytest.mark.asyncio
async def test_closing_within_the_grace_period_unmounts_at_once_and_leaves_no_timer() -> None:
    diary, clock = Diary(), ManualClock()
    _, _, top = chain(diary)
    async with Store(clock=clock, mount_grace=5.0) as store:
        store.subscribe(top, lambda value: None)()
        diary.take()
    assert diary.take() == "-top -middle -source"
    assert clock.pending == 0


def test_a_grace_period_needs_no_event_loop_with_a_manual_clock() -> None:
    diary, clock = Diary(), ManualClock()
    _, _, top = chain(diary)
    with Store(clock=clock, mount_grace=5.0) as store:
        store.subscribe(top, lambda value: None)()
        diary.take()
        clock.advance(5.1)
        assert diary.take() == "-top -middle -source"
        assert store._invariant() is None
