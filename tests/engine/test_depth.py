"""Guarantee 6: depth is no limit, for any operation on a deep chain and with a small stack."""

import textwrap
from typing import Any

import pytest

from halflife import Store, atom, derived

CHAIN = """
import gc, sys, weakref
from halflife import Store, atom, derived
assert sys.getrecursionlimit() == 1000

DEPTH = {depth}
runs = 0

def read_through(get, below, frames):
    if frames:
        return read_through(get, below, frames - 1)
    return get(below) + 1

def link(below):
    def read(get):
        global runs
        runs += 1
        return read_through(get, below, {frames})
    return derived(read)

def chain(source):
    top = source
    for _ in range(DEPTH):
        top = link(top)
    return top

def use():
    global runs
    source = atom(0)
    top = chain(source)
    with Store() as store:
        # read for the first time
        assert store.get(top) == DEPTH
        assert len(store.graph()) == DEPTH + 1
        assert {{node.runs for node in store.graph().nodes if node.kind == "derived"}} == {{1}}
        assert store._invariant() is None
        # set and read again while nobody looks
        store.set(source, 1)
        runs = 0
        assert store.get(top) == DEPTH + 1
        assert runs == DEPTH
        # observed
        told = []
        subscription = store.subscribe(top, told.append)
        assert runs == DEPTH
        # set
        runs = 0
        store.set(source, 5)
        assert told == [DEPTH + 5]
        assert runs == DEPTH
        assert store._invariant() is None
        # a batch that fails
        try:
            with store.batch():
                store.set(source, 9)
                assert store.get(top) == DEPTH + 9
                raise LookupError
        except LookupError:
            pass
        assert store.get(top) == DEPTH + 5
        assert told == [DEPTH + 5]
        # unobserved
        subscription()
        assert not any(node.observed for node in store.graph().nodes)
        assert store._invariant() is None
        # collected
        reference = weakref.ref(top)
        del top, subscription
        gc.collect()
        assert reference() is None
        assert len(store.graph()) == 1
    # observed when it was never read
    top = chain(source)
    with Store() as store:
        told = []
        with store.subscribe(top, told.append):
            store.set(source, 1)
        assert told == [DEPTH + 1]
    # closed while it is observed
    store = Store()
    store.subscribe(top, told.append)
    store.dispose()
"""


def test_a_chain_of_100_000_is_made_read_observed_set_and_collected(apart: Any) -> None:
    assert apart(CHAIN.format(depth=100_000, frames=0) + "\nuse()\nprint('done')") == "done\n"


@pytest.mark.parametrize("frames", [1, 5, 50])
def test_a_chain_whose_reads_use_many_frames_works(apart: Any, frames: int) -> None:
    """Each read uses several Python frames; nested reads must not reach the recursion limit."""
    assert apart(CHAIN.format(depth=20_000, frames=frames) + "\nuse()\nprint('done')") == "done\n"


def test_a_deep_chain_works_in_a_thread_with_a_small_stack(apart: Any) -> None:
    program = """
    import os, threading
    # Sanitizers make frames several times as large.
    threading.stack_size(256 * 1024 * (8 if os.environ.get("HALFLIFE_SANITIZE") else 1))
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    print("done")
    """
    for depth, frames in ((100_000, 0), (5_000, 20)):
        assert apart(CHAIN.format(depth=depth, frames=frames) + textwrap.dedent(program)) == "done\n"


def test_a_read_near_the_recursion_limit_still_works(apart: Any) -> None:
    """The caller has used most of the frames."""
    program = """
    def descend(frames, act):
        return descend(frames - 1, act) if frames else act()

    descend(900, use)
    print("done")
    """
    assert apart(CHAIN.format(depth=5_000, frames=2) + textwrap.dedent(program)) == "done\n"


def test_an_error_at_the_bottom_of_a_deep_chain_comes_up(apart: Any) -> None:
    program = """
    import traceback
    source = atom(None)
    top = chain(source)
    with Store() as store:
        for _ in range(2):
            try:
                store.get(top)
            except TypeError as error:
                assert len(traceback.extract_tb(error.__traceback__)) < 300_000
            else:
                raise SystemExit("no error")
        store.set(source, 0)
        assert store.get(top) == DEPTH
    print("done")
    """
    assert apart(CHAIN.format(depth=10_000, frames=0) + textwrap.dedent(program)) == "done\n"


@pytest.mark.parametrize("kind", [Exception, BaseException])
def test_reads_that_catch_errors_meet_none_in_a_deep_chain(kind: type[BaseException]) -> None:
    caught: list[BaseException] = []

    def link(below: Any) -> Any:
        def read(get: Any) -> Any:
            try:
                return get(below) + 1
            except kind as error:
                caught.append(error)
                return -1

        return derived(read)

    source = top = atom(0)
    for _ in range(1_000):
        top = link(top)
    with Store() as store:
        assert store.get(top) == 1_000
        store.set(source, 1)
        assert store.get(top) == 1_001
        assert store._invariant() is None
    assert [error for error in caught if isinstance(error, Exception)] == []


def test_a_deep_chain_switched_in_by_a_set_is_read_in_the_flush(apart: Any) -> None:
    program = """
    source, switch = atom(0), atom(False)
    top = chain(source)
    shown = derived(lambda get: get(top) if get(switch) else None)
    told = []
    with Store() as store, store.subscribe(shown, told.append):
        store.set(switch, True)
        store.set(source, 1)
        store.set(switch, False)
        assert told == [DEPTH, DEPTH + 1, None]
        assert store._invariant() is None
    print("done")
    """
    assert apart(CHAIN.format(depth=100_000, frames=0) + textwrap.dedent(program)) == "done\n"


def test_a_deep_binary_tree_of_shared_parts_is_read_in_linear_time(apart: Any) -> None:
    program = """
    source = atom(1)
    below = [source, source]
    runs = 0

    def rung(one, other):
        def read(get):
            global runs
            runs += 1
            return (get(one) + get(other)) % 1_000_003
        return derived(read)

    for _ in range(5_000):
        below = [rung(*below), rung(*below[::-1])]
    with Store() as store:
        store.get(below[0])
        # reads that were nested too deep are begun again: never more than a few times each
        assert runs < 4 * 10_000, runs
        runs = 0
        store.set(source, 2)
        store.get(below[0])
        assert runs == 9_999, runs
    print("done")
    """
    assert apart(CHAIN.format(depth=1, frames=0) + textwrap.dedent(program)) == "done\n"
