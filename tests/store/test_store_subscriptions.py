"""Subscriptions: which subscribers are called, when and how often; and how subscriptions end."""

import gc
import weakref
from typing import Any

import pytest

from halflife import Store, atom, derived
from halflife.testing import assert_no_leaks


def test_the_callback_is_not_called_at_subscription() -> None:
    count = atom(1)
    told: list[int] = []
    with Store() as store, store.subscribe(count, told.append):
        assert told == []
        store.set(count, 2)
        assert told == [2]


def test_the_callback_is_called_after_the_store_is_consistent() -> None:
    count = atom(1)
    doubled = derived(lambda get: get(count) * 2)
    seen: list[tuple[int, int]] = []
    with Store() as store:
        store.subscribe(count, lambda value: seen.append((value, store.get(doubled))))
        store.subscribe(doubled, lambda value: seen.append((store.get(count), value)))
        store.set(count, 2)
        assert seen == [(2, 4), (2, 4)]


def test_a_subscription_is_callable_and_idempotent() -> None:
    count = atom(1)
    told: list[int] = []
    with Store() as store:
        subscription = store.subscribe(count, told.append)
        assert subscription.active
        for _ in range(3):
            subscription()
            subscription.unsubscribe()
            assert not subscription.active
        store.set(count, 2)
        assert told == []
        assert "count" in repr(subscription)


def test_a_subscription_is_a_context_manager() -> None:
    count = atom(1)
    told: list[int] = []
    with Store() as store:
        with store.subscribe(count, told.append) as subscription:
            store.set(count, 2)
        with pytest.raises(LookupError), store.subscribe(count, told.append):
            raise LookupError
        store.set(count, 3)
        assert (told, subscription.active) == ([2], False)
        assert not store.graph()[count].observed


def test_subscribing_one_callback_twice_makes_two_subscriptions() -> None:
    count = atom(1)
    told: list[int] = []
    with Store() as store:
        first = store.subscribe(count, told.append)
        second = store.subscribe(count, told.append)
        store.set(count, 2)
        assert told == [2, 2]
        first()
        store.set(count, 3)
        assert told == [2, 2, 3]
        second()
        store.set(count, 4)
        assert told == [2, 2, 3]


@pytest.mark.parametrize("same_atom", [True, False])
def test_a_subscriber_unsubscribed_during_a_flush_is_not_called_any_more(same_atom: bool) -> None:
    count = atom(1)
    other = derived(lambda get: get(count) * 2)
    told: list[str] = []
    with Store() as store:
        store.subscribe(count, lambda value: (told.append("first"), later()))
        later = store.subscribe(count if same_atom else other, lambda value: told.append("later"))
        store.subscribe(count, lambda value: told.append("last"))
        store.set(count, 2)
        assert told == ["first", "last"]
        assert store._invariant() is None


def test_a_subscriber_that_unsubscribes_itself_is_called_once() -> None:
    count = atom(1)
    told: list[int] = []
    with Store() as store:
        once = store.subscribe(count, lambda value: (told.append(value), once()))
        store.subscribe(count, told.append)
        store.set(count, 2)
        store.set(count, 3)
        assert told == [2, 2, 3]
        assert store._invariant() is None


def test_a_subscriber_added_during_a_flush_hears_of_the_next_change_only() -> None:
    count = atom(1)
    told: list[Any] = []
    with Store() as store:

        def subscribe_once(value: int) -> None:
            if not told:
                told.append("subscribed")
                store.subscribe(count, told.append)

        store.subscribe(count, subscribe_once)
        store.set(count, 2)
        assert told == ["subscribed"]
        store.set(count, 3)
        assert told == ["subscribed", 3]


def test_subscribers_come_and_go_in_the_middle_of_flushes() -> None:
    count = atom(0)
    held: list[Any] = []
    calls: list[int] = []

    def churn(value: int) -> None:
        calls.append(value)
        while len(held) > 2:
            held.pop(0)()
        held.append(store.subscribe(count, churn))

    with Store() as store:
        held.append(store.subscribe(count, churn))
        for value in range(1, 50):
            store.set(count, value)
            assert store._invariant() is None
            assert len(held) == store.graph()[count].subscribers
        assert calls[0] == 1


def test_a_subscriber_of_a_derived_atom_keeps_it_current() -> None:
    count = atom(1)
    runs: list[int] = []
    doubled = derived(lambda get: runs.append(1) or get(count) * 2)
    with Store() as store:
        with store.subscribe(doubled, lambda value: None):
            store.set(count, 2)
            assert len(runs) == 2
            store.get(doubled)
            assert len(runs) == 2
        store.set(count, 3)
        assert len(runs) == 2


def test_an_unchanged_value_after_recomputation_notifies_nobody() -> None:
    count = atom(1)
    positive = derived(lambda get: get(count) > 0)
    told: list[bool] = []
    with Store() as store, store.subscribe(positive, told.append):
        for value in (2, 3, -1, -2, 5):
            store.set(count, value)
        assert told == [False, True]


def test_dropping_the_handle_does_not_unsubscribe() -> None:
    count = atom(1)
    told: list[int] = []
    with Store() as store:
        store.subscribe(count, told.append)
        gc.collect()
        store.set(count, 2)
        assert told == [2]


@pytest.mark.parametrize("wrong", [None, 1, "print", []])
def test_a_callback_that_is_no_function_is_refused(wrong: Any) -> None:
    count = atom(1)
    with Store() as store:
        with pytest.raises(TypeError, match="callback"):
            store.subscribe(count, wrong)
        if wrong is not None:
            with pytest.raises(TypeError, match="on_error"):
                store.subscribe(count, print, wrong)
        assert not store.graph().nodes or not store.graph()[count].observed


def test_ending_a_subscription_after_the_store_was_closed_never_raises() -> None:
    count = atom(1)
    store = Store()
    subscription = store.subscribe(count, lambda value: None)
    store.dispose()
    subscription()
    assert not subscription.active
    assert "count" in repr(subscription)


def test_a_callback_that_refers_to_its_store_is_collectable() -> None:
    def use() -> weakref.ref[Any]:
        count = atom(1)
        store = Store()
        doubled = derived(lambda get: get(count) * 2)
        subscription = store.subscribe(doubled, lambda value: (store.get(doubled), subscription))
        store.set(count, 2)
        return weakref.ref(store)

    with assert_no_leaks():
        reference = use()
        gc.collect()
        assert reference() is None


def test_an_unsubscribed_callback_is_released_at_once() -> None:
    class Listener:
        def __call__(self, value: int) -> None:
            """Do nothing."""

    count = atom(1)
    with Store() as store:
        listener = Listener()
        subscription = store.subscribe(count, listener)
        reference = weakref.ref(listener)
        del listener
        assert reference() is not None
        subscription()
        assert reference() is None


def test_the_subscription_holds_its_atom() -> None:
    with Store() as store:
        subscription = store.subscribe(atom([1], name="held"), lambda value: None)
        gc.collect()
        assert [node.name for node in store.graph().nodes] == ["held"]
        subscription()
        del subscription
        gc.collect()
        assert store.graph().nodes == ()
        assert store._invariant() is None
