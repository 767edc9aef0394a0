"""Errors of subscribers, effects and hooks: `set` raises them as one group, or `on_error` gets each."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from halflife import Store, action, atom, derived, effect

COUNT = atom(0, name="count")


class Failing:
    """A function that raises, and counts its calls."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.calls = 0

    def __call__(self, *_: object) -> None:
        self.calls += 1
        raise self.error


def fail_as_subscriber(store: Store, failing: Failing) -> None:
    store.subscribe(COUNT, failing)


def fail_as_effect(store: Store, failing: Failing) -> None:
    @effect(name="watch")
    def watch(get: Any, set: Any) -> None:
        if get(COUNT):
            failing()

    store.observe(watch)


def fail_as_cleanup_of_an_effect(store: Store, failing: Failing) -> None:
    store.observe(effect(lambda get, set: None if get(COUNT) else failing, name="watch"))


def fail_as_mount(store: Store, failing: Failing) -> None:
    hooked = atom(0, name="hooked", on_mount=failing)
    store.subscribe(derived(lambda get: get(COUNT) and get(hooked)), lambda value: None)


def fail_as_unmount(store: Store, failing: Failing) -> None:
    hooked = atom(0, name="hooked", on_mount=lambda set: failing)
    store.subscribe(derived(lambda get: get(COUNT) or get(hooked)), lambda value: None)


def fail_as_on_error(store: Store, failing: Failing) -> None:
    store.subscribe(derived(lambda get: 1 // (1 - get(COUNT)), name="broken"), lambda value: None, on_error=failing)


#: Ways to install a callback that fails when COUNT is set to 1, and the text of the note on its error.
WAYS: dict[str, tuple[Callable[[Store, Failing], None], str]] = {
    "a subscriber": (fail_as_subscriber, "count"),
    "an effect": (fail_as_effect, "watch"),
    "the cleanup of an effect": (fail_as_cleanup_of_an_effect, "watch"),
    "on_mount": (fail_as_mount, "hooked"),
    "an unmount": (fail_as_unmount, "hooked"),
    "a subscriber's on_error": (fail_as_on_error, "broken"),
}
WRITES: dict[str, Callable[[Store], Any]] = {
    "set": lambda store: store.set(COUNT, 1),
    "update": lambda store: store.update(COUNT, lambda value: value + 1),
    "an action": lambda store: store.set(action(lambda get, set: set(COUNT, 1))),
    "a batch": lambda store: set_in_batch(store),
}


def set_in_batch(store: Store) -> None:
    with store.batch():
        store.set(COUNT, 1)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("way", WAYS)
class TestEveryWay:
    def test_without_on_error_the_write_raises_them_as_one_group(self, way: str, write: str) -> None:
        fail, named = WAYS[way]
        failing, seen = Failing(KeyError("no")), []
        with Store() as store:
            fail(store, failing)
            store.subscribe(COUNT, seen.append)
            with pytest.raises(ExceptionGroup) as caught:
                WRITES[write](store)
            assert caught.value.exceptions == (failing.error,)
            assert len(failing.error.__notes__) == 1
            assert named in failing.error.__notes__[0]
            assert (seen, store.get(COUNT), failing.calls) == ([1], 1, 1)
            assert store._invariant() is None

    def test_a_store_with_on_error_gets_them_and_the_write_raises_nothing(self, way: str, write: str) -> None:
        fail, named = WAYS[way]
        failing, seen, reported = Failing(KeyError("no")), [], []
        with Store(on_error=reported.append) as store:
            fail(store, failing)
            store.subscribe(COUNT, seen.append)
            assert WRITES[write](store) is None
            assert reported == [failing.error]
            assert named in failing.error.__notes__[0]
            assert (seen, store.get(COUNT), failing.calls) == ([1], 1, 1)


def test_on_error_gets_several_errors_in_the_order_of_the_callbacks() -> None:
    reported: list[BaseException] = []
    errors = [KeyError(number) for number in range(5)]
    with Store(on_error=reported.append) as store:
        for error in errors:
            store.subscribe(COUNT, Failing(error))
        store.set(COUNT, 1)
    assert reported == errors


def test_one_error_object_raised_by_many_is_noted_once_per_atom() -> None:
    error = KeyError("no")
    with Store() as store:
        for _ in range(3):
            store.subscribe(COUNT, Failing(error))
        for value in (1, 2):
            with pytest.raises(ExceptionGroup):
                store.set(COUNT, value)
    assert error.__notes__ == ["raised by a subscriber of count"]


def test_an_error_of_on_error_itself_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[BaseException] = []

    def on_error(error: BaseException) -> None:
        calls.append(error)
        raise RuntimeError("on_error failed too")

    with caplog.at_level(logging.ERROR, logger="halflife"), Store(on_error=on_error) as store:
        for error in (KeyError(1), KeyError(2)):
            store.subscribe(COUNT, Failing(error))
        store.set(COUNT, 1)
        assert store.get(COUNT) == 1
    assert [error.args for error in calls] == [(1,), (2,)]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["on_error failed too"] * 2


def test_on_error_may_set_atoms() -> None:
    failed = atom(0)
    seen: list[int] = []
    with Store(on_error=lambda error: store.update(failed, lambda count: count + 1)) as store:
        store.subscribe(failed, seen.append)
        store.subscribe(COUNT, Failing(KeyError()))
        store.subscribe(COUNT, Failing(KeyError()))
        store.set(COUNT, 1)
        assert (store.get(failed), seen, store._invariant()) == (2, [1, 2], None)


def test_on_error_may_close_the_store() -> None:
    reported: list[BaseException] = []
    store = Store(on_error=lambda error: (reported.append(error), store.close()))
    store.subscribe(COUNT, Failing(KeyError(1)))
    store.subscribe(COUNT, Failing(KeyError(2)))
    store.set(COUNT, 1)
    assert (len(reported), store.closed) == (2, True)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("where", ["subscriber", "on_error"])
def test_an_interrupt_comes_out_after_everybody_was_served(interrupt: type[BaseException], where: str) -> None:
    reported: list[BaseException] = []

    def on_error(error: BaseException) -> None:
        reported.append(error)
        if where == "on_error":
            raise interrupt

    with Store(on_error=on_error) as store:
        store.subscribe(COUNT, Failing(KeyError(1) if where == "on_error" else interrupt()))
        store.subscribe(COUNT, Failing(KeyError(2)))
        with pytest.raises(interrupt):
            store.set(COUNT, 1)
        assert len(reported) == (2 if where == "on_error" else 1)
        assert (store.get(COUNT), store._invariant()) == (1, None)


def test_errors_of_unmounts_at_closing_go_to_on_error_too() -> None:
    reported: list[BaseException] = []
    error = KeyError("cleanup")
    store = Store(on_error=reported.append)
    store.subscribe(atom(0, name="hooked", on_mount=lambda set: Failing(error)), lambda value: None)
    store.close()
    assert reported == [error]
    assert "hooked" in error.__notes__[0]


def test_errors_of_unmounts_at_unsubscribing_go_to_on_error_too() -> None:
    reported: list[BaseException] = []
    error = KeyError("cleanup")
    with Store(on_error=reported.append) as store:
        store.subscribe(atom(0, on_mount=lambda set: Failing(error)), lambda value: None)()
        assert reported == [error]


def test_the_error_of_an_atom_goes_to_on_error_without_a_note() -> None:
    reported: list[BaseException] = []
    with Store(on_error=reported.append) as store:
        store.subscribe(derived(lambda get: 1 // (1 - get(COUNT))), lambda value: None)
        store.set(COUNT, 1)
        assert [type(error) for error in reported] == [ZeroDivisionError]


def test_an_error_whose_notes_cannot_be_written_is_raised_all_the_same() -> None:
    class OddError(Exception):
        def add_note(self, note: str) -> None:
            raise RuntimeError("no notes")

    error = OddError()
    with Store() as store:
        store.subscribe(COUNT, Failing(error))
        with pytest.raises(ExceptionGroup) as caught:
            store.set(COUNT, 1)
        assert caught.value.exceptions == (error,)
