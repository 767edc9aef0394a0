"""Resettable atoms and atoms with a default: the value that RESET restores, and when a default is followed."""

import asyncio
import gc
import json
import pickle
import weakref

import pytest

from halflife import RESET, Store, StoreClosedError, action, atom, derived, resettable, with_default


class TestResettable:
    def test_it_shows_its_initial_value_first(self) -> None:
        with Store() as store:
            assert store.get(resettable(1)) == 1

    def test_it_shows_what_was_set(self) -> None:
        page = resettable(1)
        with Store() as store:
            store.set(page, 7)
            assert store.get(page) == 7

    def test_reset_restores_the_initial_value(self) -> None:
        page = resettable(1)
        with Store() as store:
            store.set(page, 7)
            store.set(page, RESET)
            assert store.get(page) == 1

    def test_reset_of_an_atom_that_was_never_set_changes_nothing(self) -> None:
        page = resettable(1)
        seen: list[int] = []
        with Store() as store, store.subscribe(page, seen.append):
            store.set(page, RESET)
            assert store.get(page) == 1
        assert seen == []

    def test_it_can_be_set_again_after_a_reset(self) -> None:
        page = resettable(1)
        with Store() as store:
            for value in (2, RESET, 3):
                store.set(page, value)
            assert store.get(page) == 3

    def test_an_update_that_returns_reset_resets(self) -> None:
        page = resettable(1)
        with Store() as store:
            store.update(page, lambda value: value + 1)
            assert store.get(page) == 2
            store.update(page, lambda value: RESET)
            assert store.get(page) == 1

    def test_each_store_is_reset_alone(self) -> None:
        page = resettable(1)
        with Store() as one, Store() as other:
            one.set(page, 2)
            other.set(page, 3)
            one.set(page, RESET)
            assert (one.get(page), other.get(page)) == (1, 3)

    def test_dependents_and_subscribers_see_set_and_reset_once_each(self) -> None:
        page = resettable(1)
        runs: list[int] = []

        @derived
        def doubled(get):
            runs.append(get(page))
            return get(page) * 2

        seen: list[int] = []
        with Store() as store, store.subscribe(doubled, seen.append):
            store.set(page, 5)
            store.set(page, RESET)
        assert runs == [1, 5, 1]
        assert seen == [10, 2]

    def test_none_is_a_value_and_no_reset(self) -> None:
        page = resettable(1)
        with Store() as store:
            store.set(page, None)
            assert store.get(page) is None

    def test_equals_decides_what_counts_as_a_change(self) -> None:
        level = resettable(1.0, equals=lambda old, new: abs(old - new) < 0.1)
        seen: list[float] = []
        with Store() as store, store.subscribe(level, seen.append):
            store.set(level, 1.01)
            store.set(level, 2.0)
        assert seen == [2.0]

    def test_on_mount_may_set_it_and_its_cleanup_runs(self) -> None:
        log: list[str] = []

        def on_mount(set):
            log.append("mount")
            set(9)
            return lambda: log.append("unmount")

        page = resettable(1, on_mount=on_mount)
        with Store() as store:
            with store.subscribe(page, lambda value: None):
                assert store.get(page) == 9
            assert log == ["mount", "unmount"]

    def test_a_failed_batch_takes_the_set_back(self) -> None:
        page = resettable(1)

        @action
        def fail(get, set):
            set(page, RESET)
            assert get(page) == 1
            raise ZeroDivisionError

        with Store() as store:
            store.set(page, 2)
            with pytest.raises(ZeroDivisionError):
                store.set(fail)
            assert store.get(page) == 2

    def test_its_state_is_freed_with_it(self) -> None:
        class Value:
            pass

        with Store() as store:
            page = resettable(None)
            value = Value()
            store.set(page, value)
            gone = weakref.ref(value)
            del value
            assert gone() is not None
            del page
            gc.collect()
            assert gone() is None

    def test_a_wrong_equals_is_refused(self) -> None:
        with pytest.raises(TypeError, match="resettable: equals must be"):
            resettable(1, equals=3)  # type: ignore[arg-type]

    def test_a_bare_coroutine_is_refused_and_lazy_is_named(self) -> None:
        async def load():
            return 1

        coroutine = load()
        try:
            with pytest.raises(TypeError, match="lazy"):
                resettable(coroutine)
        finally:
            coroutine.close()

    def test_setting_it_in_a_closed_store_raises(self) -> None:
        page = resettable(1)
        store = Store()
        store.dispose()
        with pytest.raises(StoreClosedError):
            store.set(page, RESET)

    def test_it_is_named_after_its_variable_or_as_it_is_told(self) -> None:
        page = resettable(1)
        assert page.name == "page"
        assert resettable(1, name="sheet").name == "sheet"

    def test_a_name_that_is_no_string_is_refused(self) -> None:
        with pytest.raises(TypeError, match="name must be a str"):
            resettable(1, name=5)  # type: ignore[arg-type]

    @pytest.mark.asyncio
    async def test_it_may_begin_with_a_future_and_wait_for_it(self) -> None:
        future = asyncio.get_running_loop().create_future()
        page = resettable(future)
        async with Store() as store:
            waiting = store.get(page)
            future.set_result(7)
            assert await waiting == 7
            store.set(page, 2)
            assert await store.value(page) == 2
            store.set(page, RESET)
            assert await store.value(page) == 7


class TestReset:
    def test_it_has_a_plain_repr(self) -> None:
        assert repr(RESET) == "RESET"

    def test_it_stays_itself_when_pickled(self) -> None:
        assert pickle.loads(pickle.dumps(RESET)) is RESET  # noqa: S301 - made on this line


class TestWithDefault:
    def test_it_follows_its_default_until_it_is_set(self) -> None:
        price = atom(10)
        offer = with_default(lambda get: get(price) - 1)
        with Store() as store:
            assert store.get(offer) == 9
            store.set(price, 20)
            assert store.get(offer) == 19
            store.set(offer, 5)
            store.set(price, 30)
            assert store.get(offer) == 5

    def test_reset_makes_it_follow_again_also_later_changes(self) -> None:
        price = atom(10)
        offer = with_default(lambda get: get(price) - 1)
        with Store() as store:
            store.set(offer, 5)
            store.set(price, 20)
            store.set(offer, RESET)
            assert store.get(offer) == 19
            store.set(price, 30)
            assert store.get(offer) == 29

    def test_while_it_is_set_its_default_does_not_run(self) -> None:
        price = atom(10)
        runs: list[int] = []

        def read(get):
            runs.append(get(price))
            return get(price)

        offer = with_default(read)
        with Store() as store, store.subscribe(offer, lambda value: None):
            store.set(offer, 5)
            runs.clear()
            store.set(price, 20)
            store.set(price, 30)
            assert runs == []

    def test_while_it_is_set_its_default_is_not_observed(self) -> None:
        log: list[str] = []

        def on_mount(set):
            log.append("mount")
            return lambda: log.append("unmount")

        price = atom(10, on_mount=on_mount)
        offer = with_default(lambda get: get(price))
        with Store() as store, store.subscribe(offer, lambda value: None):
            store.set(offer, 5)
            assert log == ["mount", "unmount"]
            store.set(offer, RESET)
            assert log == ["mount", "unmount", "mount"]

    def test_none_can_be_set(self) -> None:
        offer = with_default(lambda get: 1)
        with Store() as store:
            store.set(offer, None)
            assert store.get(offer) is None

    def test_an_update_begins_with_the_default(self) -> None:
        offer = with_default(lambda get: 10)
        with Store() as store:
            store.update(offer, lambda value: value + 1)
            assert store.get(offer) == 11

    def test_an_error_of_the_default_is_raised_until_a_value_is_set(self) -> None:
        offer = with_default(lambda get: 1 / 0)
        with Store() as store:
            with pytest.raises(ZeroDivisionError):
                store.get(offer)
            store.set(offer, 3)
            assert store.get(offer) == 3

    def test_each_store_follows_alone(self) -> None:
        price = atom(1)
        offer = with_default(lambda get: get(price))
        with Store() as one, Store() as other:
            one.set(offer, 5)
            other.set(price, 2)
            assert (one.get(offer), other.get(offer)) == (5, 2)

    def test_it_is_named_after_its_default(self) -> None:
        def offered_price(get):
            return 1

        assert with_default(offered_price).name == "offered_price"

    @pytest.mark.asyncio
    async def test_an_async_default_is_awaited_and_a_set_value_shown_at_once(self) -> None:
        price = atom(10)

        async def read(get):
            return get(price) - 1

        offer = with_default(read)
        async with Store() as store:
            assert await store.get(offer) == 9
            store.set(offer, 5)
            assert await store.get(offer) == 5
            store.set(price, 20)
            assert await store.get(offer) == 5
            store.set(offer, RESET)
            assert await store.get(offer) == 19

    @pytest.mark.asyncio
    async def test_an_async_default_is_given_its_signal(self) -> None:
        signals: list[object] = []

        async def read(get, signal):
            signals.append(signal)
            return 1

        offer = with_default(read)
        async with Store() as store:
            assert await store.get(offer) == 1
        assert [hasattr(signal, "aborted") for signal in signals] == [True]

    def test_a_plain_default_is_given_its_signal(self) -> None:
        offer = with_default(lambda get, signal: signal.aborted)
        with Store() as store:
            assert store.get(offer) is False
            store.set(offer, 5)
            assert store.get(offer) == 5

    @pytest.mark.asyncio
    async def test_a_stream_is_followed_and_closed_when_a_value_is_set(self) -> None:
        log: list[str] = []
        never = asyncio.Event()

        async def read(get):
            try:
                yield 1
                await never.wait()
            finally:
                log.append("closed")

        offer = with_default(read)
        async with Store() as store:
            async for value in store.changes(offer):
                assert value == 1
                break
            with store.subscribe(offer, lambda value: None):
                store.set(offer, 5)
                assert await store.get(offer) == 5
        assert set(log) == {"closed"}

    @pytest.mark.parametrize("wrong", [None, 1, "read", atom(1)])
    def test_a_default_that_is_no_function_is_refused(self, wrong: object) -> None:
        with pytest.raises(TypeError, match="with_default: read must be callable"):
            with_default(wrong)  # type: ignore[arg-type]


class TestHydration:
    def test_a_resettable_atom_comes_back_and_can_still_be_reset(self) -> None:
        page = resettable(1, name="hydrated page")
        with Store() as one, Store() as other:
            one.set(page, 7)
            other.hydrate(json.loads(json.dumps(one.dehydrate([page]))))
            assert other.get(page) == 7
            other.set(page, RESET)
            assert other.get(page) == 1

    def test_an_atom_with_a_default_comes_back_set_and_can_follow_again(self) -> None:
        price = atom(10, name="hydrated price")
        offer = with_default(lambda get: get(price) - 1, name="hydrated offer")
        with Store() as one, Store() as other:
            one.set(offer, 5)
            assert one.get(offer) == 5
            other.hydrate(json.loads(json.dumps(one.dehydrate([offer]))))
            assert other.get(offer) == 5
            other.set(offer, RESET)
            assert other.get(offer) == 9

    def test_an_atom_with_a_default_that_followed_comes_back_following(self) -> None:
        price = atom(10, name="another price")
        offer = with_default(lambda get: get(price) - 1, name="another offer")
        with Store() as one, Store() as other:
            one.set(price, 20)
            one.get(offer)
            other.hydrate(json.loads(json.dumps(one.dehydrate([price, offer]))))
            assert other.get(offer) == 19
            other.set(price, 30)
            assert other.get(offer) == 29
