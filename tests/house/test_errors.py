"""Every *error* of halflife is reachable and in the documented tree; its message names the atom and the remedy."""

import asyncio
import re
import threading
from pathlib import Path

import pytest

import halflife
from halflife import (
    CircuitBreaker,
    CircuitOpenError,
    CycleError,
    FlushLoopError,
    HalflifeError,
    LensError,
    MaxAttemptsExceeded,
    MissingKeyError,
    MutationCancelled,
    NoEventLoopError,
    NonRetryableError,
    NotSettledError,
    PatchError,
    QueryClient,
    RecipeError,
    RemovedItemError,
    Retry,
    RetryError,
    RevokedDraftError,
    RunCancelledError,
    Store,
    StoreClosedError,
    Superseded,
    WriteDuringReadError,
    WrongThreadError,
    _errors,
    apply_patches,
    atom,
    batched,
    derived,
    draft_atom,
    effect,
    from_json_patch,
    lens,
    split,
)
from halflife.testing import ManualClock

ERRORS = [value for value in vars(_errors).values() if isinstance(value, type) and value.__module__ == _errors.__name__]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"^( +(?:│ +)?)[├└]── (\w+) +(.*)$", _errors.__doc__, re.MULTILINE)
    assert {error.__name__ for error in ERRORS} == {*(name for _, name, _ in drawn), "HalflifeError", "Superseded"}
    above = HalflifeError
    for indent, name, told in drawn:
        error = getattr(_errors, name)
        if "│" in indent:
            assert error.__bases__ == (above,)
            continue
        above = error
        other = next((kind for kind in (LookupError, ValueError) if f"({kind.__name__})" in told), RuntimeError)
        assert error.__bases__ == (HalflifeError, other)
    assert HalflifeError.__bases__ == (Exception,)
    assert Superseded.__bases__ == (asyncio.CancelledError,)
    assert not issubclass(Superseded, Exception)


def test_every_error_is_public_and_documented() -> None:
    for error in ERRORS:
        assert getattr(halflife, error.__name__) is error
        assert error.__name__ in halflife.__all__
        assert error.__doc__


def test_every_error_is_raised_by_a_test_of_this_file() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for error in ERRORS:
        if error is not HalflifeError:
            assert f"pytest.raises({error.__name__}" in text, error


def test_a_closed_store_says_so() -> None:
    store = Store()
    store.dispose()
    with pytest.raises(StoreClosedError, match="make a new Store"):
        store.get(atom(1))


def test_a_call_from_another_thread_names_post() -> None:
    store, count, raised = Store(), atom(1), []

    def call() -> None:
        with pytest.raises(WrongThreadError, match=r"store\.post\(atom, value\)") as error:
            store.get(count)
        raised.append(error)

    store.get(count)
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert raised
    store.dispose()


def test_without_a_loop_the_atom_and_asyncio_run_are_named() -> None:
    async def read(get):
        return 1

    with Store() as store:
        with pytest.raises(NoEventLoopError, match=r"profile.*asyncio\.run"):
            store.get(derived(read, name="profile"))
        with pytest.raises(NoEventLoopError, match="loop"):
            store.post(atom(1), 2)


def test_a_cycle_is_named_by_its_path() -> None:
    one = derived(lambda get: get(two), name="one")
    two = derived(lambda get: get(three), name="two")
    three = derived(lambda get: get(one), name="three")
    with Store() as store:
        with pytest.raises(CycleError, match="one → two → three → one"):
            store.get(one)
        assert store._invariant() is None


@pytest.mark.asyncio
async def test_a_cancelled_call_of_a_mutation_names_it() -> None:
    async def create_todo(variables):
        return variables

    async with Store() as store:
        handle = QueryClient(store).mutation(create_todo)(1)
        handle.cancel()
        with pytest.raises(MutationCancelled, match="create_todo was cancelled"):
            await handle


def test_a_set_during_a_read_names_the_atom_being_read() -> None:
    count = atom(1)
    total = derived(lambda get: store.set(count, 2), name="total")
    with Store() as store:
        with pytest.raises(WriteDuringReadError, match="while total was being read"):
            store.get(total)
        assert store.get(count) == 1


def test_a_loop_that_never_settles_names_its_atoms() -> None:
    ping, pong = atom(0, name="ping"), atom(0, name="pong")
    with Store() as store:
        store.subscribe(ping, lambda value: store.set(pong, value + 1))
        store.subscribe(pong, lambda value: store.set(ping, value + 1))
        with pytest.raises(FlushLoopError, match=r"1000 rounds.*p[io]ng"):
            store.set(ping, 1)
        assert store._invariant() is None
    looping = effect(lambda get, set: set(ping, get(ping) + 1), name="looping")
    with Store() as store:
        with pytest.raises(FlushLoopError, match=r"1000 rounds.*looping"):
            store.observe(looping)
        assert store._invariant() is None


@pytest.mark.asyncio
async def test_the_result_of_a_run_under_way_names_the_atom() -> None:
    async def read(get):
        return 1

    async with Store() as store:
        value = store.get(derived(read, name="profile"))
        with pytest.raises(NotSettledError, match="profile is not settled yet: await"):
            value.result()
        assert await value == 1
        assert value.result() == 1


def test_a_removed_item_is_not_written() -> None:
    todos = atom(["wash", "dry"], name="todos")
    items = split(todos)
    with Store() as store:
        first = store.get(items)[0]
        store.set(todos, ["dry"])
        gone = [item for item in (first, *store.get(items)) if item not in store.get(items)]
        if gone:
            with pytest.raises(RemovedItemError, match="todos"):
                store.set(gone[0], "iron")
        store.set(todos, [])
        with pytest.raises(RemovedItemError, match="todos"):
            store.set(first, "iron")
        assert store.get(todos) == []


@pytest.mark.asyncio
async def test_a_run_cancelled_from_outside_says_that_its_store_did_not_cancel_it() -> None:
    tasks, started = [], asyncio.Event()

    async def read(get):
        tasks.append(asyncio.current_task())
        started.set()
        await asyncio.Event().wait()

    async with Store() as store:
        waiter = asyncio.ensure_future(store.value(derived(read, name="profile")))
        await started.wait()
        tasks[0].cancel()
        with pytest.raises(RunCancelledError, match="run of profile was cancelled, but not by its store"):
            await waiter


@pytest.mark.asyncio
async def test_the_get_of_a_superseded_run_cancels_it() -> None:
    count, started, released, met = atom(1), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def read(get):
        if get(count) == 2:
            return 2
        started.set()
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        with pytest.raises(Superseded, match="run of profile was superseded"):
            get(count)
        met.set()
        return 1

    async with Store() as store:
        profile = derived(read, name="profile")
        store.subscribe(profile, lambda value: None)
        await started.wait()
        store.set(count, 2)
        await asyncio.sleep(0)
        released.set()
        assert await store.value(profile) == 2
        await met.wait()


def test_a_recipe_that_edits_and_returns_says_what_to_do() -> None:
    names = draft_atom(["Ada", "Grace"])
    with Store() as store:
        with pytest.raises(RecipeError, match="return"):
            store.update(names, lambda draft: draft.pop(0))
        assert store.get(names) == ["Ada", "Grace"]


def test_a_draft_kept_after_its_recipe_says_so() -> None:
    names, kept = draft_atom([["Ada"]]), []
    with Store() as store:
        store.update(names, lambda draft: kept.append(draft[0]))
        with pytest.raises(RevokedDraftError, match="draft"):
            kept[0].append("Grace")


def test_a_lens_at_nothing_names_itself_and_its_root() -> None:
    users = draft_atom({}, name="users")
    with Store() as store, pytest.raises(LensError, match="ada does not find its part of users: KeyError"):
        store.get(lens(users, lambda value: value["ada"], name="ada"))


def test_a_patch_that_fails_names_its_path() -> None:
    with pytest.raises(PatchError, match="name"):
        apply_patches({}, from_json_patch([{"op": "remove", "path": "/name"}]))


@pytest.mark.asyncio
async def test_a_call_that_is_given_up_tells_how_often_it_was_tried() -> None:
    async def fail():
        raise OSError("down")

    with pytest.raises(MaxAttemptsExceeded, match=r"gave up after 3 attempts in .* s: OSError\('down'\)") as exhausted:
        await Retry(max_retries=2, initial_delay=0.0).call(fail)
    with pytest.raises(NonRetryableError, match="retry_if refused another attempt after 1 attempt: ") as refused:
        await Retry(retry_if=lambda error, attempt: False).call(fail)
    for raised in (exhausted, refused):
        with pytest.raises(RetryError):
            raise raised.value
        assert isinstance(raised.value.__cause__, OSError)


@pytest.mark.asyncio
async def test_a_call_that_a_breaker_refuses_tells_when_to_try_again() -> None:
    breaker = CircuitBreaker(threshold=1, timeout=60.0, clock=ManualClock(40.0))
    breaker.acquire().failed(OSError())
    with pytest.raises(CircuitOpenError, match="the circuit breaker is open: try again at 100 s") as raised:
        await breaker.call(asyncio.Event().wait)
    assert raised.value.retry_at == 100.0


@pytest.mark.asyncio
async def test_a_key_that_a_batch_has_no_data_for_is_named() -> None:
    async def fetch_users(keys):
        return {}

    with pytest.raises(MissingKeyError, match="fetch_users gave no data for the key 7"):
        await batched(fetch_users)(7)


def test_messages_describe_atoms_without_a_name() -> None:
    def make():
        return [derived(lambda get: 1)]

    kept = make()
    with (
        Store() as store,
        pytest.raises(TypeError, match=r"derived atom at test_errors\.py:\d+ is derived and cannot be set"),
    ):
        store.set(kept[0], 1)
