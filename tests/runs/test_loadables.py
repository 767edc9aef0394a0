"""Loadables: Loading, HasData or HasError instead of suspending."""

import asyncio
import copy
import gc
import weakref
from typing import Any

import pytest

from halflife import HasData, HasError, Loading, Store, atom, derived, loadable
from halflife.testing import ManualClock


async def quiet() -> None:
    """Let the loop tick until nothing is left to do."""
    await ManualClock().advance(0)


FAILED = ValueError("no")


class Fetch:
    """An async atom that returns its key, or raises a key that is an error, when the test opens its gate."""

    def __init__(self, key: Any = 1) -> None:
        self.key = atom(key)
        self.gate = asyncio.Event()
        self.runs = 0
        self.atom = derived(self._read, name="user")

    async def _read(self, get: Any) -> Any:
        key = get(self.key)
        self.runs += 1
        await self.gate.wait()
        if isinstance(key, Exception):
            raise key
        return key

    async def to(self, store: Store, key: Any) -> None:
        """Set the key and let the run settle."""
        store.set(self.key, key)
        self.gate.set()
        await quiet()
        self.gate.clear()


class TestTheThree:
    def test_they_are_made_for_match(self) -> None:
        def told(value: Any) -> str:
            match value:
                case Loading(previous=previous):
                    return f"loading, {previous}"
                case HasData(data, refreshing=refreshing):
                    return f"{data}, {refreshing}"
                case HasError(error, previous=previous):
                    return f"{error!r}, {previous}"
            return "nothing"

        assert told(Loading()) == "loading, None"
        assert told(Loading(1)) == "loading, 1"
        assert told(HasData(1)) == "1, False"
        assert told(HasData(1, refreshing=True)) == "1, True"
        assert told(HasError(KeyError(1), 2)) == "KeyError(1), 2"

    def test_each_says_its_state(self) -> None:
        assert [one.state for one in (Loading(), HasData(1), HasError(KeyError()))] == [
            "loading",
            "hasData",
            "hasError",
        ]

    def test_previous_is_none_when_there_is_none_and_has_previous_tells(self) -> None:
        assert (Loading().previous, Loading().has_previous) == (None, False)
        assert (Loading(None).previous, Loading(None).has_previous) == (None, True)
        assert (HasError(KeyError()).previous, HasError(KeyError()).has_previous) == (None, False)
        assert (HasError(KeyError(), None).previous, HasError(KeyError(), None).has_previous) == (None, True)

    @pytest.mark.parametrize(
        ("state", "data", "error", "is_loading", "value"),
        [
            (Loading(), None, None, True, "fallback"),
            (Loading(1), 1, None, True, 1),
            (Loading(None), None, None, True, None),
            (HasData(1), 1, None, False, 1),
            (HasData(None), None, None, False, None),
            (HasData(1, refreshing=True), 1, None, False, 1),
            (HasError(FAILED), None, FAILED, False, "fallback"),
            (HasError(FAILED, 1), 1, FAILED, False, 1),
            (HasError(FAILED, None), None, FAILED, False, None),
        ],
    )
    def test_code_without_match_asks_any_of_them(self, state, data, error, is_loading, value) -> None:
        assert (state.data, state.error, state.is_loading) == (data, error, is_loading)
        assert state.value_or("fallback") == value
        with pytest.raises(TypeError):
            state.value_or()

    def test_loading_without_previous_is_one_identical_object(self) -> None:
        assert Loading() is Loading()
        assert copy.copy(Loading()) is Loading()

    @pytest.mark.parametrize("value", [Loading(1), HasData(1), HasError(KeyError())])
    def test_they_are_frozen(self, value: Any) -> None:
        for field in ("previous", "data", "refreshing", "error", "state", "other"):
            with pytest.raises(AttributeError):
                setattr(value, field, 5)

    def test_loadables_are_equal_when_their_contents_are(self) -> None:
        error = KeyError()
        assert Loading(1) == Loading(1)
        assert Loading(None) != Loading()
        assert HasData(1) != HasData(2)
        assert HasData(1) != HasData(1, refreshing=True)
        assert HasError(error) == HasError(error)
        assert HasError(error) != HasError(error, 1)
        assert HasData(1) != Loading(1)
        assert hash(HasData(1)) == hash(HasData(1))

    def test_the_repr_shows_the_contents(self) -> None:
        assert "1" in repr(HasData(1))
        assert "Loading" in repr(Loading())
        assert "KeyError" in repr(HasError(KeyError("x")))


class TestOfSyncAtoms:
    def test_a_sync_value_is_never_loading(self) -> None:
        number = atom(1)
        with Store() as store:
            assert store.get(loadable(number)) == HasData(1)
            assert store.get(loadable(derived(lambda get: get(number) * 2))) == HasData(2)

    def test_a_sync_error_is_never_loading(self) -> None:
        number = atom(0)
        broken = derived(lambda get: 1 // get(number))
        with Store() as store:
            state = store.get(loadable(broken))
            assert isinstance(state, HasError)
            assert isinstance(state.error, ZeroDivisionError)
            store.set(number, 1)
            assert store.get(loadable(broken)) == HasData(1)

    def test_it_is_memoised_per_atom(self) -> None:
        number, other = atom(1), atom(1)
        assert loadable(number) is loadable(number)
        assert loadable(number, keep_previous=True) is loadable(number, keep_previous=True)
        assert loadable(number) is not loadable(number, keep_previous=True)
        assert loadable(number) is not loadable(other)

    def test_its_memo_lives_and_dies_with_the_atom(self) -> None:
        number = atom(1)
        known = weakref.ref(loadable(number))
        gc.collect()
        assert known() is not None
        del number
        gc.collect()
        assert known() is None

    def test_it_cannot_be_set(self) -> None:
        number = atom(1)
        with Store() as store, pytest.raises(TypeError, match="cannot be set"):
            store.set(loadable(number), 1)

    @pytest.mark.parametrize("wrong", [1, None, "user", lambda get: 1])
    def test_loadable_of_other_objects_is_refused(self, wrong: object) -> None:
        with pytest.raises(TypeError, match="atom"):
            loadable(wrong)


@pytest.mark.asyncio
class TestOfAsyncAtoms:
    async def test_it_loads_and_then_has_data(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            assert store.get(loadable(fetch.atom)) is Loading()
            await fetch.to(store, 1)
            assert store.get(loadable(fetch.atom)) == HasData(1)
            assert fetch.runs == 1

    async def test_reading_it_starts_a_run_as_reading_the_atom_does(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            store.get(loadable(fetch.atom))
            await quiet()
            assert fetch.runs == 1

    async def test_while_a_newer_run_is_pending_it_is_loading_with_the_last_data(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(loadable(fetch.atom), shown.append):
                await quiet()
                await fetch.to(store, 1)
                store.set(fetch.key, 2)
                await quiet()
                await fetch.to(store, 2)
            assert shown == [HasData(1), Loading(1), HasData(2)]

    async def test_keeping_previous_it_stays_has_data_and_says_it_is_refreshing(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            shown: list[Any] = []
            with store.subscribe(loadable(fetch.atom, keep_previous=True), shown.append):
                await quiet()
                await fetch.to(store, 1)
                store.set(fetch.key, 2)
                await quiet()
                await fetch.to(store, 2)
            assert shown == [HasData(1), HasData(1, refreshing=True), HasData(2)]

    async def test_an_error_has_the_last_data_as_previous_and_the_next_load_has_it_too(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            state = loadable(fetch.atom)
            error = KeyError("gone")
            with store.subscribe(state, lambda value: None):
                await quiet()
                await fetch.to(store, 1)
                await fetch.to(store, error)
                assert store.get(state) == HasError(error, 1)
                store.set(fetch.key, 3)
                assert store.get(state) == Loading(1)
                await fetch.to(store, 3)
                assert store.get(state) == HasData(3)

    async def test_a_first_error_has_no_previous(self) -> None:
        error = KeyError("gone")
        fetch = Fetch(error)
        async with Store() as store:
            store.get(loadable(fetch.atom))
            fetch.gate.set()
            await quiet()
            assert store.get(loadable(fetch.atom)) == HasError(error)
            assert not store.get(loadable(fetch.atom)).has_previous

    async def test_data_that_is_none_counts_as_previous(self) -> None:
        fetch = Fetch(None)
        async with Store() as store:
            store.get(fetch.atom)
            fetch.gate.set()
            await quiet()
            store.set(fetch.key, 1)
            state = store.get(loadable(fetch.atom))
            assert (state.previous, state.has_previous) == (None, True)

    async def test_previous_after_several_superseded_runs_is_the_last_that_settled(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            with store.subscribe(loadable(fetch.atom), lambda value: None):
                await quiet()
                await fetch.to(store, 1)
                for key in (2, 3, 4):
                    store.set(fetch.key, key)
                    await quiet()
                assert store.get(loadable(fetch.atom)) == Loading(1)

    async def test_equal_states_do_not_notify(self) -> None:
        fetch = Fetch()
        shown: list[Any] = []
        async with Store() as store:
            with store.subscribe(loadable(fetch.atom), shown.append):
                await quiet()
                for key in (2, 3, 4):
                    store.set(fetch.key, key)
                    await quiet()
        assert shown == []

    async def test_both_kinds_of_one_atom_share_its_runs(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            plain, keeping = loadable(fetch.atom), loadable(fetch.atom, keep_previous=True)
            with store.subscribe(plain, lambda value: None), store.subscribe(keeping, lambda value: None):
                await quiet()
                await fetch.to(store, 1)
                assert fetch.runs == 1
                assert store.get(plain) == store.get(keeping) == HasData(1)

    async def test_a_subscriber_keeps_the_atom_observed(self) -> None:
        fetch = Fetch()
        async with Store() as store:
            with store.subscribe(loadable(fetch.atom), lambda value: None):
                await quiet()
                store.set(fetch.key, 2)
                await quiet()
                assert fetch.runs == 2
            store.set(fetch.key, 3)
            await quiet()
            assert fetch.runs == 2

    async def test_derived_atoms_may_read_it_and_match(self) -> None:
        fetch = Fetch()

        @derived
        def text(get):
            match get(loadable(fetch.atom)):
                case Loading():
                    return "..."
                case HasData(data):
                    return f"user {data}"
                case HasError(error):
                    return f"failed: {error}"

        async with Store() as store:
            shown: list[str] = []
            with store.subscribe(text, shown.append):
                assert store.get(text) == "..."
                await fetch.to(store, 1)
                await fetch.to(store, ValueError("no"))
            assert shown == ["user 1", "failed: no"]
