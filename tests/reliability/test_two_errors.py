"""Two errors at once: that of the block or the caller is raised; the others go to `on_error`, else to the log."""

import asyncio
import contextlib

import pytest

from halflife import Store, action, atom, derived, effect


class BlockError(Exception):
    """Raised by the block of a batch."""


class HookError(Exception):
    """Raised by a hook at the same time."""


def fail(*_: object) -> None:
    raise HookError("a hook failed")


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt("a hook was interrupted")


def ends_a_hook(store, raises):
    return store.subscribe(atom(0, on_mount=lambda set: raises), lambda value: None)


def ends_an_effect(store, raises):
    return store.observe(effect(lambda get, set: raises))


def mounts(store, raises):
    return lambda: store.subscribe(atom(0, on_mount=raises), lambda value: None)


def observes(store, raises):
    return lambda: store.observe(effect(lambda get, set: raises()))


TRIGGERS = [ends_a_hook, ends_an_effect, mounts, observes]


def by_batch(store, act):
    with store.batch():
        act()
        raise BlockError("the block's own")


def by_exit_stack(store, act):
    with contextlib.ExitStack() as stack:
        stack.enter_context(store.batch())
        act()
        raise BlockError("the block's own")


def by_nested_batches(store, act):
    with store.batch(), store.batch():
        act()
        raise BlockError("the block's own")


def by_action(store, act):
    def write(get, set):
        act()
        raise BlockError("the block's own")

    store.set(action(write))


def by_setter(store, act):
    def write(get, set, value):
        act()
        raise BlockError("the block's own")

    store.set(derived(lambda get: 1, write), 2)


def by_async_action(store, act):
    async def write(get, set):
        act()
        raise BlockError("the block's own")

    async def main():
        await store.set(action(write))

    asyncio.run(main())


BLOCKS = [by_batch, by_exit_stack, by_nested_batches, by_action, by_setter, by_async_action]


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("handled", [False, True])
def test_the_blocks_own_error_is_raised(block, trigger, handled, caplog) -> None:
    reported = []
    store = Store(on_error=reported.append if handled else None)
    with pytest.raises(BlockError, match="the block's own"):
        block(store, trigger(store, fail))
    assert not store._in_batch
    assert store._invariant() is None
    if handled:
        assert [type(error) for error in reported] == [HookError]
    else:
        assert caplog.text.count("HookError") >= 1
        assert [record.levelname for record in caplog.records] == ["ERROR"]
    caplog.clear()
    count, seen = atom(0), []
    store.subscribe(count, seen.append)
    store.set(count, 1)
    assert seen == [1]


@pytest.mark.parametrize("block", [each for each in BLOCKS if each is not by_async_action])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_an_interrupt_of_a_hook_is_raised_with_the_blocks_error_as_its_context(block, trigger) -> None:
    store = Store()
    with pytest.raises(KeyboardInterrupt) as caught:
        block(store, trigger(store, interrupt))
    assert isinstance(caught.value.__context__, BlockError)
    assert not store._in_batch
    assert store._invariant() is None


@pytest.mark.parametrize("block", [by_batch, by_action])
def test_on_error_fails_as_well(block, caplog) -> None:
    store = Store(on_error=fail)
    with pytest.raises(BlockError):
        block(store, ends_a_hook(store, fail))
    assert "on_error failed" in caplog.text
    store = Store(on_error=interrupt)
    with pytest.raises(KeyboardInterrupt):
        block(store, ends_a_hook(store, fail))
    assert not store._in_batch


def test_an_error_of_a_sweep_is_not_an_error_of_the_flush_before_it(monkeypatch) -> None:
    class Value:
        def __del__(self) -> None:
            store.set(other, 1)  # starts a flush of its own

    count, other = atom(0), atom(0)
    store = Store()
    store.set(count, Value())
    store.subscribe(count, fail)
    with pytest.raises(ExceptionGroup) as caught:
        store.set(count, 1)
    assert [type(error) for error in caught.value.exceptions] == [HookError]
    assert store.get(other) == 1
