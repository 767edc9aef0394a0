"""*Callables* are checked when they are given, and by what they really take."""

import functools

import pytest

from halflife import atom, derived, draft_atom, lens, reducer, select, split


def passing_on(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def bound(function):
    return type("Holder", (), {"method": staticmethod(function)})().method


WRAPPERS = {"plain": lambda f: f, "partial": functools.partial, "wraps": passing_on, "static": bound}
TAKERS = {
    "select": (1, lambda f: select(atom(1), f)),
    "lens": (1, lambda f: lens(draft_atom({}), f)),
    "split": (1, lambda f: split(atom([]), f)),
    "reducer": (2, lambda f: reducer(0, f)),
}
FITTING = {
    1: [lambda one: one, lambda one, two=2: one, lambda *all: all, len, str, int],
    2: [lambda one, two: one, lambda one, two, three=3: one, lambda *all: all, max, divmod],
}
OTHERS = {
    1: [lambda: 1, lambda one, two: 1, lambda one, *, key: 1, functools.partial(lambda one: one, 1)],
    2: [lambda: 1, lambda one: 1, lambda one, two, three: 1, lambda one, two, *, key: 1],
}


async def coroutine_function(one, two=2):
    return one


async def generator_function(one, two=2):
    yield one


class AsyncObject:
    async def __call__(self, one, two=2):
        return one

    async def method(self, one, two=2):
        return one


@pytest.mark.parametrize("wrap", WRAPPERS)
@pytest.mark.parametrize("taker", TAKERS)
def test_what_can_be_called_so_is_taken_and_nothing_else(taker, wrap) -> None:
    count, take = TAKERS[taker]
    for function in FITTING[count]:
        take(WRAPPERS[wrap](function))
    for function in OTHERS[count]:
        with pytest.raises(TypeError, match=taker):
            take(WRAPPERS[wrap](function))
    for function in (coroutine_function, generator_function, AsyncObject(), AsyncObject().method):
        with pytest.raises(TypeError, match="async"):
            take(function if wrap == "wraps" and not hasattr(function, "__name__") else WRAPPERS[wrap](function))
    for thing in (atom(1), derived(lambda get: 1), 1, None if taker != "split" else 2, "text"):
        with pytest.raises(TypeError):
            take(thing)


def test_a_read_is_called_with_what_it_really_takes() -> None:
    def with_signal(get, signal):
        return get, signal

    async def stream(get):
        yield get

    async def run(get, signal):
        return get, signal

    @functools.wraps(with_signal)
    def with_its_own(get):
        return with_signal(get, None)

    class Reads:
        def method(self, get, signal):
            return get, signal

        def __call__(self, get):
            return get

    def described(read):
        made = derived(read)
        return made.is_async, made.is_stream, made.wants_signal

    assert described(with_signal) == (False, False, True)
    assert described(passing_on(with_signal)) == (False, False, True)
    assert described(passing_on(passing_on(run))) == (True, False, True)
    assert described(functools.partial(passing_on(run))) == (True, False, True)
    assert described(passing_on(stream)) == (True, True, False)
    assert described(with_its_own) == (False, False, False)
    assert described(functools.partial(lambda client, get, signal: 1, "client")) == (False, False, True)
    assert described(functools.partial(lambda get, client: 1, client="client")) == (False, False, False)
    assert described(Reads().method) == (False, False, True)
    assert described(Reads()) == (False, False, False)
    assert described(passing_on(lambda get=1: 1)) == (False, False, False)
    for wrong in (lambda: 1, lambda one, two, three: 1, lambda get, *, key: 1):
        for wrap in WRAPPERS.values():
            with pytest.raises(TypeError):
                derived(wrap(wrong))
