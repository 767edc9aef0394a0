"""*Interrupts* (KeyboardInterrupt, SystemExit, GeneratorExit) pass through, and the atom can run again.

A flush first calls all other subscribers. An interrupt never becomes a value.
"""

import asyncio
import gc
import signal
import weakref

import pytest

from halflife import Store, action, atom, derived, effect, lazy, loadable

INTERRUPTS = [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError]


@pytest.fixture(params=INTERRUPTS, ids=lambda kind: kind.__name__)
def interrupt(request):
    """A function that raises an exception of its kind while it is armed."""
    kind = request.param

    class Interrupt:
        armed = False

        def __init__(self) -> None:
            self.kind = kind

        def __call__(self, *arguments) -> None:
            if self.armed:
                raise kind("interrupted")

    return Interrupt()


@pytest.fixture
def reported():
    return []


@pytest.fixture
def store(reported):
    with Store(on_error=reported.append) as made:
        yield made
        assert made._invariant() is None
        assert reported == []


def test_in_an_unobserved_read(store, interrupt) -> None:
    count = atom(1)
    bottom = derived(lambda get: (interrupt(), get(count))[1])
    top = derived(lambda get: get(bottom) + 1)
    interrupt.armed = True
    for ask in (bottom, top, loadable(top)):
        with pytest.raises(interrupt.kind, match="interrupted"):
            store.get(ask)
    interrupt.armed = False
    assert (store.get(top), store.get(loadable(top)).data) == (2, 2)
    interrupt.armed = True
    store.set(count, 2)
    with pytest.raises(interrupt.kind):
        store.get(top)
    interrupt.armed = False
    assert store.get(top) == 3


def test_in_an_observed_read(store, interrupt) -> None:
    count, seen = atom(1), []
    bottom = derived(lambda get: (get(count), interrupt())[0])
    top = derived(lambda get: get(bottom) + 1)
    store.subscribe(top, seen.append)
    store.subscribe(count, seen.append)
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        store.set(count, 2)
    assert store._invariant() is None
    interrupt.armed = False
    assert store.get(top) == 3
    store.set(atom(1), 2)  # the next flush makes the calls that the interrupted one did not make
    assert sorted(seen) == [2, 3]


def test_in_a_read_that_catches_the_interrupt_and_goes_on(store, interrupt) -> None:
    count = atom(1)
    bottom = derived(lambda get: (get(count), interrupt())[0])

    def read(get):
        try:
            return get(bottom)
        except interrupt.kind:
            return "caught"

    top = derived(read)
    interrupt.armed = True
    assert store.get(top) == "caught"
    interrupt.armed = False
    store.set(count, 2)
    assert (store.get(bottom), store.get(top)) == (2, 2)


@pytest.mark.parametrize("where", ["before", "between", "after"])
def test_in_a_subscriber_after_all_others_were_called(store, interrupt, where) -> None:
    count, seen = atom(1), []
    order = [seen.append, seen.append]
    order.insert(["before", "between", "after"].index(where), interrupt)
    for callback in order:
        store.subscribe(count, callback)
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        store.set(count, 2)
    assert (seen, store.get(count)) == ([2, 2], 2)
    interrupt.armed = False
    store.set(count, 3)
    assert seen == [2, 2, 3, 3]


def test_two_subscribers_interrupt_at_once(interrupt) -> None:
    reported, count, seen = [], atom(1), []
    with Store(on_error=reported.append) as store:
        interrupt.armed = True
        for callback in (interrupt, interrupt, seen.append):
            store.subscribe(count, callback)
        with pytest.raises(interrupt.kind):
            store.set(count, 2)
        assert seen == [2]
        assert all(isinstance(error, interrupt.kind) for error in reported)


def test_in_a_comparison(store, interrupt) -> None:
    def equal(before, now) -> bool:
        interrupt()
        return before == now

    count, seen = atom(1, equals=equal), []
    doubled = derived(lambda get: get(count) * 2, equals=equal)
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        store.set(count, 2)
    assert store.get(doubled) == 4
    store.set(atom(1), 2)
    with pytest.raises(interrupt.kind):
        store.set(count, 3)
    with pytest.raises(interrupt.kind):
        store.get(doubled)
    interrupt.armed = False
    assert store.get(doubled) == 6
    store.subscribe(doubled, seen.append)
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        store.set(count, 4)
    interrupt.armed = False
    assert (store.get(doubled), seen) == (8, [8])


def test_in_a_comparison_within_a_batch_undoes_the_batch(store, interrupt) -> None:
    count = atom(1, equals=lambda before, now: (interrupt(), before == now)[1])
    other = atom(1)
    interrupt.armed = True
    with pytest.raises(interrupt.kind), store.batch():
        store.set(other, 2)
        store.set(count, 2)
    interrupt.armed = False
    assert (store.get(count), store.get(other), store._in_batch) == (1, 1, False)


def test_in_an_effect_its_cleanup_and_mount_hooks(store, interrupt) -> None:
    count, seen = atom(1), []

    def run(get, set):
        value = get(count)
        interrupt()
        seen.append(value)
        return interrupt

    def hook(set):
        interrupt()
        return interrupt

    handle = store.observe(effect(run))
    store.subscribe(count, lambda value: seen.append(-value))
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        store.set(count, 2)
    assert seen == [1, -2]
    interrupt.armed = False
    store.set(count, 3)
    assert seen == [1, -2, 3, -3]
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        handle()
    assert not handle.active
    hooked = atom(1, on_mount=hook)
    with pytest.raises(interrupt.kind):
        store.subscribe(hooked, seen.append)
    assert not hooked.is_observed
    interrupt.armed = False
    handle = store.subscribe(hooked, seen.append)
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        handle()
    interrupt.armed = False


def test_in_a_writer_an_update_and_a_factory(store, interrupt) -> None:
    count, other = atom(1), atom(1)
    write = action(lambda get, set: (set(count, 2), set(other, 2), interrupt()))
    made = lazy(lambda: interrupt() or 5)
    interrupt.armed = True
    with pytest.raises(interrupt.kind):
        store.set(write)
    with pytest.raises(interrupt.kind):
        store.update(count, interrupt)
    with pytest.raises(interrupt.kind):
        store.get(made)
    assert (store.get(count), store.get(other), store._in_batch) == (1, 1, False)
    interrupt.armed = False
    store.set(write)
    assert (store.get(count), store.get(made)) == (2, 5)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer signal")
def test_a_real_interrupt_at_any_moment_leaves_a_sound_store(apart) -> None:
    # The signal arrives wherever Python checks for one: in reads, in subscribers, and in Python code of the package.
    apart(
        """
        import random, signal

        def interrupt(number, frame):
            raise KeyboardInterrupt

        signal.signal(signal.SIGALRM, interrupt)
        count = atom(0)
        layer = [derived(lambda get, n=n: get(count) + n) for n in range(20)]
        for _ in range(3):
            layer = [derived(lambda get, below=below, first=layer[0]: get(below) + get(first)) for below in layer]
        total = derived(lambda get: sum(get(each) for each in layer))
        expected = derived(lambda get: sum(8 * get(count) + n for n in range(20)))
        seen = []
        store = Store(on_error=lambda error: None)
        store.subscribe(total, seen.append)
        store.observe(effect(lambda get, set: get(total) and None))
        interrupted = 0
        for number in range(1, 400):
            try:
                signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, 0.0006))
                for step in range(10):
                    store.set(count, number * 10 + step)
                    with store.subscribe(layer[3], lambda value: None):
                        store.get(loadable(total))
            except (KeyboardInterrupt, BaseExceptionGroup):
                interrupted += 1
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            if store._in_batch:
                raise SystemExit("a batch was left open")
            store.set(count, -number)
            fault = store._invariant()
            if fault is not None or store.get(total) != store.get(expected) or seen[-1] != store.get(total):
                raise SystemExit(f"{fault}: {seen[-1]} {store.get(total)} {store.get(expected)}")
        if interrupted < 20:
            raise SystemExit(f"only {interrupted} interrupts came in time")
        """
    )


def test_an_interrupted_store_is_collected_like_any_other(interrupt) -> None:
    def use():
        store, count = Store(), atom(1)
        store.subscribe(derived(lambda get: (get(count), interrupt())), lambda value: (store, value))
        interrupt.armed = True
        with pytest.raises(interrupt.kind):
            store.set(count, 2)
        return weakref.ref(store)

    gone = use()
    gc.collect()
    assert gone() is None
