"""*Callables* are checked when they are passed in, by the parameters that they accept."""

import functools
import operator
from unittest.mock import AsyncMock

import pytest

from halflife import (
    AbortSignal,
    Layers,
    Store,
    action,
    atom,
    derived,
    draft_atom,
    effect,
    family,
    from_iter,
    lazy,
    lens,
    optimistic,
    produce,
    reducer,
    refreshable,
    resettable,
    resource,
    select,
    split,
    with_default,
)


def passing_on(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def bound(function):
    return type("Holder", (), {"method": staticmethod(function)})().method


WRAPPERS = {"plain": lambda f: f, "partial": functools.partial, "wraps": passing_on, "static": bound}
src = atom(1)
todos = draft_atom({"a": 1})


async def saved(*_):
    """An effect of a saga."""


def in_a_store(use):
    def given(function):
        with Store() as store:
            return use(store, function)

    return given


#: Each argument that takes a function: how many arguments the function gets, and a call that passes it.
TAKERS = {
    "select": (1, lambda f: select(src, f)),
    "lens": (1, lambda f: lens(todos, f)),
    "split": (1, lambda f: split(atom([]), f)),
    "reducer": (2, lambda f: reducer(0, f)),
    "atom: on_mount": (1, lambda f: atom(1, on_mount=f)),
    "derived: on_mount": (1, lambda f: derived(lambda get: 1, on_mount=f)),
    "lazy: on_mount": (1, lambda f: lazy(lambda: 1, on_mount=f)),
    "atom: equals": (2, lambda f: atom(1, equals=f)),
    "derived: equals": (2, lambda f: derived(lambda get: 1, equals=f)),
    "lazy: equals": (2, lambda f: lazy(lambda: 1, equals=f)),
    "select: equals": (2, lambda f: select(src, lambda value: value, f)),
    "reducer: equals": (2, lambda f: reducer(0, lambda value, action: value, equals=f)),
    "resettable: equals": (2, lambda f: resettable(0, equals=f)),
    "with_default: equals": (2, lambda f: with_default(lambda get: 1, equals=f)),
    "refreshable: equals": (2, lambda f: refreshable(lambda get: 1, equals=f)),
    "draft_atom: equals": (2, lambda f: draft_atom({}, equals=f)),
    "resource: equals": (2, lambda f: resource(src, lambda value: value, equals=f)),
    "effect": (2, effect),
    "subscribe: callback": (1, in_a_store(lambda store, f: store.subscribe(atom(1), f))),
    "subscribe: on_error": (1, in_a_store(lambda store, f: store.subscribe(atom(1), print, f))),
    "Store: on_error": (1, lambda f: Store(on_error=f).close()),
    "Layers: on_error": (1, lambda f: Layers({}, on_error=f)),
    "add_callback": (0, lambda f: AbortSignal().add_callback(f)),
    "update: recipe": (1, in_a_store(lambda store, f: store.saga(todos).update(f))),
    "post_effect": (2, in_a_store(lambda store, f: store.saga(todos).update(len).effect(saved).post_effect(f))),
    "produce": (1, lambda f: produce({}, f)),
    "mutate: update": (1, in_a_store(lambda store, f: store.mutate(todos, f))),
    "apply": (1, in_a_store(lambda store, f: store.layers(todos).apply(f))),
}
#: These call the function at once, so the tests pass only functions that can be called so.
CALLED = ("produce", "mutate: update", "apply")
FITTING = {
    0: [lambda: 1, lambda one=1: one, lambda *all: all, dict, [].clear],
    1: [lambda one: None, lambda one, two=2: None, lambda *all: None, len, str, [].append],
    2: [lambda one, two: one, lambda one, two, three=3: one, lambda *all: all, max, divmod, operator.is_],
}
OTHERS = {
    0: [lambda one: 1, lambda *, key: 1],
    1: [lambda: 1, lambda one, two: 1, lambda one, *, key: 1, functools.partial(lambda one: one, 1)],
    2: [lambda: 1, lambda one: 1, lambda one, two, three: 1, lambda one, two, *, key: 1],
}


async def coroutine_function(one, two=2):
    return one


async def generator_function(one, two=2):
    yield one


def plain_generator(one=1, two=2):
    yield one


class AsyncObject:
    async def __call__(self, one, two=2):
        return one

    async def method(self, one, two=2):
        return one


@pytest.mark.parametrize("wrap", WRAPPERS)
@pytest.mark.parametrize("taker", TAKERS)
def test_only_functions_with_fitting_parameters_are_accepted(taker, wrap) -> None:
    count, take = TAKERS[taker]
    call, _, argument = taker.partition(": ")
    named = f"^{call}.*{argument}"
    for function in FITTING[count][:3] if taker in CALLED else FITTING[count]:
        take(WRAPPERS[wrap](function))
    for function in OTHERS[count]:
        with pytest.raises(TypeError, match=named):
            take(WRAPPERS[wrap](function))
    for function in (coroutine_function, generator_function, AsyncObject(), AsyncObject().method, AsyncMock()):
        with pytest.raises(TypeError, match=f"{named}.*async"):
            take(function if wrap == "wraps" and not hasattr(function, "__name__") else WRAPPERS[wrap](function))
    with pytest.raises(TypeError, match=f"{named}.*a generator"):
        take(WRAPPERS[wrap](plain_generator))
    for thing in (src, derived(lambda get: 1), 1, "text"):
        with pytest.raises(TypeError, match=argument or call):
            take(thing)


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_a_function_that_may_be_async_is_checked_alike(wrap) -> None:
    async def nothing():
        """Never awaited."""

    async def one(first):
        return first

    async def two(first, second):
        return first

    async def three(first, second, third):
        return first

    async def ticks():
        yield 1

    async def ticks_of(one):
        yield one

    given = WRAPPERS[wrap]
    with Store() as store:
        saga = store.saga(todos).update(lambda draft: None)
        takers = {
            "lazy: factory": (lazy, [nothing], [one]),
            "from_iter: make": (lambda f: from_iter(f, initial=0), [ticks, lambda: ticks()], [ticks_of, nothing]),
            "resource: fetcher": (lambda f: resource(src, f), [one, two, int], [nothing, three, ticks_of]),
            "action: write": (action, [two, three], [nothing, one]),
            "derived: write": (lambda f: derived(lambda get: 1, f), [two, three], [nothing, one]),
            "derived: write by setter": (derived(lambda get: 1).setter, [two, three], [nothing, one]),
            "refreshable: write": (lambda f: refreshable(lambda get: 1, f), [two, three], [nothing, one]),
            "effect": (saga.effect, [nothing, one, two], [three, ticks_of]),
            "update: server_call": (lambda f: optimistic(todos, store).update(print, f), [], [one, ticks]),
        }
        for named, (take, fitting, others) in takers.items():
            for function in fitting:
                take(given(function))
            for function in others:
                with pytest.raises(TypeError, match=f"^{named.partition(' by')[0]}"):
                    take(given(function))
        assert store.layers(todos).pending == 0


def test_a_refused_function_changes_nothing() -> None:
    with Store() as store:
        count = atom(1, name="count")
        for wrong in (lambda: 1, lambda one, two: 1, 5):
            with pytest.raises(TypeError, match=r"^subscribe: callback"):
                store.subscribe(count, wrong, immediate=True)
            with pytest.raises(TypeError, match=r"^subscribe: on_error"):
                store.subscribe(count, print, wrong, immediate=True)
            with pytest.raises(TypeError, match=r"^update"):
                store.update(count, wrong)
        assert not count.is_observed
        assert store.get(count) == 1


def test_a_type_error_raised_inside_an_update_reaches_the_caller() -> None:
    def inner(value):
        return value + "text"

    with Store() as store:
        count = atom(1)
        for function, message in (
            (inner, "unsupported operand"),
            (lambda value: inner(), "missing 1 required"),
            (operator.itemgetter(0), "not subscriptable"),
        ):
            with pytest.raises(TypeError, match=message):
                store.update(count, function)


def test_a_family_takes_a_function_of_one_parameter_or_more() -> None:
    for function in (atom, lambda one, two: atom(one), lambda one=1: atom(one), lambda *all: atom(all)):
        family(function)
    for function in (lambda: atom(1), lambda *, one: atom(one), coroutine_function, generator_function):
        with pytest.raises(TypeError, match=r"^family: make"):
            family(function)


@pytest.mark.asyncio
async def test_a_predicate_is_a_plain_function_of_the_value() -> None:
    with Store() as store:
        for function in FITTING[1][:3]:
            with pytest.raises(TimeoutError):
                await store.until(src, function, timeout=0)
        for function in (*OTHERS[1], coroutine_function, plain_generator, src, 1, None):
            with pytest.raises(TypeError, match=r"^until: predicate"):
                await store.until(src, function, timeout=0)


def test_calls_are_checked_by_their_arguments() -> None:
    with Store() as store:
        for function, arguments in (
            (lambda: 1, (1,)),
            (lambda one: 1, ()),
            (coroutine_function, ()),
            (store.value, ()),
        ):
            with pytest.raises(TypeError, match=r"^call: fn is called with"):
                store.call(function, *arguments)


def test_a_read_is_called_with_the_parameters_that_it_accepts() -> None:
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
