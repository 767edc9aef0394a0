"""Batched fetchers: the calls for single keys of one loop pass are one call."""

import asyncio
import itertools

import pytest

from halflife import MissingKeyError, Retry, RunCancelledError, Store, batched, derived, family
from halflife.testing import ManualClock


class Server:
    """Answers calls for several keys, each when its gate is open, and notes the keys."""

    def __init__(self, answer=lambda keys: [f"data {key}" for key in keys]):
        self.calls, self.cancelled, self.gate = [], [], asyncio.Event()
        self.answer = answer

    async def fetch(self, keys):
        self.calls.append(keys)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(keys)
            raise
        return self.answer(keys)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer", [lambda keys: {key: key * 2 for key in keys}, lambda keys: [key * 2 for key in keys]]
)
async def test_the_calls_of_one_pass_are_one_call(answer) -> None:
    server = Server(answer)
    server.gate.set()
    load = batched(server.fetch)
    assert await asyncio.gather(load(1), load(2), load(1)) == [2, 4, 2]
    assert await load(1) == 2
    assert server.calls == [[1, 2], [1]]
    assert load.__name__ == "fetch"


@pytest.mark.asyncio
async def test_a_key_wanted_in_a_later_pass_is_asked_for_again() -> None:
    server = Server()
    load = batched(server.fetch)
    first = asyncio.ensure_future(load(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.ensure_future(load(1))
    await asyncio.sleep(0)
    server.gate.set()
    assert await asyncio.gather(first, second) == ["data 1", "data 1"]
    assert server.calls == [[1], [1]]


@pytest.mark.asyncio
async def test_more_keys_than_the_maximum_are_several_calls_and_no_key_is_in_two() -> None:
    server = Server()
    server.gate.set()
    load = batched(server.fetch, max_size=2)
    keys = [1, 2, 3, 1, 2, 3, 4, 5]
    assert await asyncio.gather(*map(load, keys)) == [f"data {key}" for key in keys]
    assert server.calls == [[1, 2], [3, 4], [5]]


@pytest.mark.asyncio
async def test_keys_are_typed_and_may_be_lists_and_dicts() -> None:
    server = Server(lambda keys: [type(key).__name__ for key in keys])
    server.gate.set()
    load = batched(server.fetch)
    keys = [1, True, 1.0, "1", ["a"], {"a": 1}]
    assert await asyncio.gather(*map(load, keys)) == ["int", "bool", "float", "str", "list", "dict"]
    assert len(server.calls) == 1


@pytest.mark.asyncio
async def test_a_missing_key_is_an_error_of_that_key_alone_and_never_retried() -> None:
    server = Server(lambda keys: {1: "one"})
    server.gate.set()
    load = batched(server.fetch)
    one, two, many = await asyncio.gather(load(1), load(2), load([1, 2]), return_exceptions=True)
    assert one == "one"
    assert isinstance(two, LookupError)
    assert str(two) == "fetch gave no data for the key 2"
    assert isinstance(many, TypeError)
    with pytest.raises(MissingKeyError):
        await Retry().call(lambda: load(2), ManualClock())
    assert len(server.calls) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda keys: [1], ValueError),
        (lambda keys: [], ValueError),
        (lambda keys: [1, 2, 3], ValueError),
        (lambda keys: None, TypeError),
        (lambda keys: "ab", TypeError),
        (lambda keys: 1 / 0, ZeroDivisionError),
    ],
)
async def test_a_wrong_answer_is_an_error_of_all(answer, error) -> None:
    server = Server(answer)
    server.gate.set()
    load = batched(server.fetch)
    outcomes = await asyncio.gather(load(1), load(2), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [error, error]


@pytest.mark.asyncio
async def test_it_is_cancelled_only_when_all_its_callers_are() -> None:
    for started, order in itertools.product([False, True], itertools.permutations(range(3))):
        for count in range(4):
            server = Server()
            load = batched(server.fetch)
            callers = [asyncio.ensure_future(load(key)) for key in (1, 2, 2)]
            await asyncio.sleep(0)
            if started:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            for index in order[:count]:
                callers[index].cancel()
            for _ in range(4):
                await asyncio.sleep(0)
            server.gate.set()
            outcomes = await asyncio.gather(*callers, return_exceptions=True)
            for index, outcome in enumerate(outcomes):
                if index in order[:count]:
                    assert isinstance(outcome, asyncio.CancelledError)
                else:
                    assert outcome == ("data 1" if index == 0 else "data 2")
            # The fetch has begun when a cancellation arrives, unless all were cancelled before its first step.
            assert server.calls == ([] if count == 3 and not started else [[1, 2]])
            assert server.cancelled == ([[1, 2]] if count == 3 and started else [])


@pytest.mark.asyncio
async def test_a_caller_that_is_closed_before_the_call_takes_its_key_out() -> None:
    server = Server()
    server.gate.set()
    load = batched(server.fetch)
    dropped = load(1)
    dropped.send(None)
    other = asyncio.ensure_future(load(2))
    dropped.close()
    assert await other == "data 2"
    assert server.calls == [[2]]


@pytest.mark.asyncio
async def test_a_cancellation_inside_is_not_one_of_the_callers() -> None:
    def cancel(keys):
        raise asyncio.CancelledError

    server = Server(cancel)
    server.gate.set()
    with pytest.raises(RunCancelledError):
        await batched(server.fetch)(1)


def test_it_works_in_several_loops_one_after_another() -> None:
    calls = []

    async def fetch(keys):
        calls.append(keys)
        return keys

    load = batched(fetch)

    async def leave_one():
        asyncio.ensure_future(load(0))  # noqa: RUF006 - is lost with the loop
        await asyncio.sleep(0)

    async def main():
        return await asyncio.gather(load(1), load(2))

    asyncio.run(leave_one())
    assert asyncio.run(main()) == [1, 2]
    assert asyncio.run(main()) == [1, 2]
    assert calls[-2:] == [[1, 2], [1, 2]]


@pytest.mark.asyncio
async def test_a_family_can_be_made_with_it() -> None:
    server = Server()
    server.gate.set()
    load = batched(server.fetch)

    @family
    def user(number):
        @derived
        async def one(get):
            return await load(number)

        return one

    async with Store() as store:
        values = await asyncio.gather(*(store.value(user(number)) for number in range(5)))
        assert values == [f"data {number}" for number in range(5)]
        assert server.calls == [[0, 1, 2, 3, 4]]


@pytest.mark.asyncio
async def test_a_key_of_another_type_is_refused_and_disturbs_nobody() -> None:
    server = Server()
    server.gate.set()
    load = batched(server.fetch)
    good, bad = await asyncio.gather(load(1), load(object()), return_exceptions=True)
    assert good == "data 1"
    assert isinstance(bad, TypeError)
    assert "fetch: key has a part of type object" in str(bad)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((None,), TypeError), ((lambda: 1,), TypeError), ((print, 0), ValueError), ((print, "1"), TypeError)],
)
def test_a_wrong_argument_is_refused(arguments, error) -> None:
    with pytest.raises(error, match=r"batched: (fetch_many|max_size)"):
        batched(*arguments)
