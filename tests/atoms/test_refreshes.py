"""Refreshable atoms: setting such an atom without a value runs its read again."""

import gc
import weakref

import pytest

from halflife import Store, atom, derived, refreshable


def test_setting_it_without_a_value_runs_it_again_and_returns_the_new_value() -> None:
    runs: list[int] = []

    @refreshable
    def counted(get):
        runs.append(1)
        return len(runs)

    with Store() as store:
        assert store.get(counted) == 1
        assert store.get(counted) == 1
        assert store.set(counted) == 2
        assert store.get(counted) == 2
    assert len(runs) == 2


def test_refreshing_it_does_what_setting_it_does() -> None:
    runs: list[int] = []

    @refreshable
    def counted(get):
        runs.append(1)
        return len(runs)

    with Store() as store:
        assert store.refresh(counted) == 1
        assert store.refresh(counted) == 2


def test_its_inputs_still_make_it_run() -> None:
    base = atom(1)
    doubled = refreshable(lambda get: get(base) * 2)
    with Store() as store:
        assert store.get(doubled) == 2
        store.set(base, 2)
        assert store.get(doubled) == 4


def test_subscribers_are_told_once_when_a_refresh_brought_another_value() -> None:
    outside = [1]
    shown = refreshable(lambda get: outside[0])
    dependent = derived(lambda get: get(shown) * 10)
    seen: list[int] = []
    with Store() as store, store.subscribe(dependent, seen.append):
        store.set(shown)
        assert seen == []
        outside[0] = 2
        store.set(shown)
    assert seen == [20]


def test_a_value_goes_to_its_write() -> None:
    base = atom(1)

    def write(get, set, value):
        set(base, value)
        return "written"

    shown = refreshable(lambda get: get(base), write)
    with Store() as store:
        assert store.set(shown, 5) == "written"
        assert store.get(shown) == 5


def test_a_value_without_a_write_is_refused_and_nothing_runs() -> None:
    runs: list[int] = []

    @refreshable
    def counted(get):
        runs.append(1)
        return 1

    with Store() as store:
        store.get(counted)
        with pytest.raises(TypeError, match="counted takes no value"):
            store.set(counted, 5)
        assert runs == [1]


def test_an_error_can_be_refreshed_away() -> None:
    broken = [True]

    @refreshable
    def fragile(get):
        if broken[0]:
            raise ValueError("down")
        return "up"

    with Store() as store:
        with pytest.raises(ValueError, match="down"):
            store.get(fragile)
        broken[0] = False
        assert store.set(fragile) == "up"


@pytest.mark.asyncio
async def test_setting_an_async_one_returns_what_can_be_awaited() -> None:
    runs: list[int] = []

    @refreshable
    async def news(get):
        runs.append(1)
        return len(runs)

    async with Store() as store:
        assert await store.get(news) == 1
        assert await store.set(news) == 2
        assert await store.get(news) == 2


@pytest.mark.asyncio
async def test_an_async_one_is_given_its_signal() -> None:
    @refreshable
    async def news(get, signal):
        return signal.aborted

    async with Store() as store:
        assert await store.get(news) is False
        assert await store.set(news) is False


def test_it_is_named_after_its_function_and_freed_without_the_collector() -> None:
    def news(get):
        return 1

    made = refreshable(news)
    assert made.name == "news"
    gc.collect()
    gc.disable()
    try:
        gone = weakref.ref(made)
        del made
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("wrong", [None, 1, atom(1)])
def test_a_read_that_is_no_function_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="refreshable: read must be callable"):
        refreshable(wrong)  # type: ignore[arg-type]


def test_a_write_that_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="refreshable: write must be callable"):
        refreshable(lambda get: 1, 5)  # type: ignore[arg-type]
