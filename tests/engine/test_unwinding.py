"""*Unwinding*: reads that nest too deep for the stack are unwound and start again after their inputs.

The values are right even if user code catches the signal that unwinds it.
"""

import contextlib
import sys

import pytest

from halflife import Store, WriteDuringReadError, atom, derived

DEPTH = 100_000


def chain(depth, read):
    first = last = atom(0)
    for _ in range(depth):
        last = derived(lambda get, below=last: read(get, below))
    return first, last


def check(first, last, depth):
    with Store() as store:
        assert store.get(last) == depth
        store.set(first, 1)
        assert store.get(last) == depth + 1
        seen = []
        with store.subscribe(last, seen.append):
            store.set(first, 2)
        assert seen == [depth + 2]
        assert store._invariant() is None


def three_frames(get, below):
    def outer():
        def inner():
            return get(below)

        return inner()

    return outer() + 1


def swallow(get, below):
    try:
        return get(below) + 1
    except BaseException:
        return -1


def swallow_and_read_again(get, below):
    with contextlib.suppress(BaseException):
        return get(below) + 1
    return get(below) + 1


def through_a_generator(get, below):
    return next(get(each) for each in (below,)) + 1


def through_a_key_function(get, below):
    return max([0, 1], key=lambda number: get(below) * number) * 0 + get(below) + 1


def through_a_context_manager(get, below):
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.nullcontext())
        return get(below) + 1


def raise_another(get, below):
    try:
        return get(below) + 1
    except BaseException as error:
        raise ValueError("masked") from error


@pytest.mark.parametrize(
    "read",
    [
        three_frames,
        swallow,
        swallow_and_read_again,
        through_a_generator,
        through_a_key_function,
        through_a_context_manager,
        raise_another,
    ],
    ids=lambda read: read.__name__,
)
def test_a_deep_fresh_chain_is_read_right_for_every_kind_of_read(read) -> None:
    depth = 5_000
    check(*chain(depth, read), depth)


def test_a_chain_of_100_000_is_made_read_observed_set_and_dropped() -> None:
    first, last = chain(DEPTH, lambda get, below: get(below) + 1)
    check(first, last, DEPTH)


def test_three_python_frames_per_atom_fit_under_the_usual_recursion_limit() -> None:
    _, last = chain(20_000, three_frames)

    def near_the_limit(frames):
        if frames:
            return near_the_limit(frames - 1)
        with Store() as store:
            return store.get(last)

    frame, used = sys._getframe(), 0
    while frame is not None:
        frame, used = frame.f_back, used + 1
    assert near_the_limit(max(0, 700 - used)) == 20_000


def test_finally_blocks_of_unwound_reads_run() -> None:
    entered, left = [], []

    def read(get, below):
        entered.append(1)
        try:
            return get(below) + 1
        finally:
            left.append(1)

    _, last = chain(1_000, read)
    with Store() as store:
        assert store.get(last) == 1_000
        assert len(entered) == len(left) > 1_000
        runs = {row[0]: row[5] for row in store._snapshot()}
        assert runs[last] == 1  # only completed runs count
        assert set(runs.values()) == {0, 1}


def test_an_unwound_read_may_not_write() -> None:
    other, errors = atom(0), []

    def read(get, below):
        try:
            return get(below) + 1
        finally:
            try:
                store.set(other, 1)
            except WriteDuringReadError as error:
                errors.append(error)

    _, last = chain(300, read)
    with Store() as store:
        assert store.get(last) == 300
        assert store.get(other) == 0
        assert errors
        assert store._invariant() is None


def test_a_comparison_may_read_a_deep_chain() -> None:
    _, last = chain(1_000, lambda get, below: get(below) + 1)
    errors = []
    _, outer = chain(60, lambda get, below: get(below) + 1)
    with Store(on_error=errors.append) as store:
        picky = derived(lambda get: [get(outer)], equals=lambda before, now: store.get(last) == 1_000)
        _, top = chain(60, lambda get, below: get(below) + get(picky)[0] * 0 + 1)
        assert store.get(top) == 60
        store.refresh(picky)
        assert store.get(top) == 60
        assert (errors, store._invariant()) == ([], None)


def test_recursion_of_a_read_of_its_own_is_its_own_error() -> None:
    def forever(get):
        return forever(get)

    bottomless = derived(forever)
    _, top = chain(3, lambda get, below: get(below))
    over = derived(lambda get: (get(top), get(bottomless)))
    with Store() as store:
        for _ in range(2):
            with pytest.raises(RecursionError):
                store.get(over)
        assert store._invariant() is None


def test_a_deep_chain_that_fails_at_the_bottom_fails_at_the_top() -> None:
    first, last = chain(2_000, lambda get, below: get(below) + 1)
    with Store() as store:
        store.set(first, "text")
        with pytest.raises(TypeError):
            store.get(last)
        store.set(first, 1)
        assert store.get(last) == 2_001


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_at_the_bottom_of_a_deep_chain_passes_and_nothing_is_kept(interrupt) -> None:
    armed = [True]

    def bottom(get):
        if armed:
            raise interrupt
        return 0

    last = derived(bottom)
    for _ in range(500):
        last = derived(lambda get, below=last: get(below) + 1)
    with Store() as store:
        with pytest.raises(interrupt):
            store.get(last)
        assert store._invariant() is None
        armed.clear()
        assert store.get(last) == 500


def test_deep_chains_go_on_a_small_stack(apart) -> None:
    # Sanitizers make frames several times as large.
    printed = apart(
        """
        import gc, os, threading

        def use():
            store = Store()
            first = last = atom(0)
            for _ in range(100_000):
                last = derived(lambda get, below=last: get(below) + 1)
            assert store.get(last) == 100_000
            with store.subscribe(last, lambda value: None):
                store.set(first, 1)
                assert store.get(last) == 100_001
            view = last
            for _ in range(1_000):
                view = loadable(view)
            store.get(view)
            del first, last, view
            gc.collect()
            store.dispose()

        def make_and_drop():
            last = atom(0)
            for _ in range(100_000):
                last = derived(lambda get, below=last: get(below) + 1)

        scale = 8 if os.environ.get("HALFLIFE_SANITIZE") else 1
        for work, kilobytes in ((make_and_drop, 64), (use, 256)):
            threading.stack_size(kilobytes * 1024 * scale)
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            print("done")
        """
    )
    assert printed == "done\ndone\n"


def test_loadables_may_be_nested_without_end(apart) -> None:
    apart(
        """
        one, other = [1], [1]
        for _ in range(300_000):
            one, other = HasData(one), HasData(other, refreshing=False)
        try:
            hash(one)
        except (RecursionError, TypeError):
            pass
        else:
            raise SystemExit("no RecursionError")
        assert (one == other) in (True, False)
        assert len(repr(one)) < 1_000
        nested = Loading(None)
        for _ in range(300_000):
            nested = Loading(nested)
        nested = HasError(ValueError(), nested)
        del one, other, nested
        """
    )
