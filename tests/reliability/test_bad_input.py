"""*Bad input*: any wrong argument raises one clear TypeError or ValueError, and nothing changes.

A table of public functions is called with a table of wrong values: of wrong types, unhashable, huge,
nested 100,000 deep, with a `repr` that raises, coroutines, NaN, a store in place of an atom and the reverse.
"""

import asyncio
import math

import pytest

from halflife import (
    HasData,
    Store,
    action,
    all_loaded,
    atom,
    debounced,
    derived,
    effect,
    family,
    from_iter,
    initial_from,
    lazy,
    loadable,
    reducer,
    refreshable,
    resource,
    select,
    split,
    throttled,
    unwrap,
    with_default,
)
from halflife.testing import ManualClock


class Hostile:
    """An object whose every method raises."""

    def __repr__(self) -> str:
        raise RuntimeError("hostile repr")

    def __str__(self) -> str:
        raise RuntimeError("hostile str")

    def __eq__(self, other) -> bool:
        raise RuntimeError("hostile ==")

    def __hash__(self) -> int:
        raise RuntimeError("hostile hash")

    def __bool__(self) -> bool:
        raise RuntimeError("hostile bool")


def nested() -> list:
    value: list = []
    for _ in range(100_000):
        value = [value]
    return value


async def answer() -> int:
    return 42


COUNT = atom(1, name="COUNT")
STORE = Store(name="STORE")
WRONG = {
    "None": None,
    "an int": 5,
    "a bool": True,
    "NaN": math.nan,
    "infinity": math.inf,
    "a negative number": -1.5,
    "a str": "text",
    "a huge str": "x" * 10_000_000,
    "lone surrogates": "\ud800",
    "bytes": b"bytes",
    "an object": object(),
    "a class": int,
    "a function": lambda get: get,
    "a list": [1],
    "a dict": {"a": 1},
    "deep nesting": nested(),
    "a hostile object": Hostile(),
    "a coroutine": answer,  # called anew for each use
    "an atom": COUNT,
    "a store": STORE,
    "a loadable": HasData(1),
    "an action": action(lambda get, set: None, name="ACTION"),
    "an effect": effect(lambda get, set: None, name="EFFECT"),
}
CLASS = {"a class"}  # the signature of int is unknown
CALLABLE = {"a function"} | CLASS
NUMBERS = {"an int"}
ATOMS = {"an atom"}
WRITABLE = {"an atom", "an action"}


async def iterate(stream) -> None:
    await anext(stream)


# name of the case: (call, allowed values, pattern of the message)
TAKES_ATOM = {
    "Store.get": (lambda store, value: store.get(value), ATOMS, "get|EFFECT|ACTION"),
    "Store.set": (lambda store, value: store.set(value, 1), WRITABLE, "set"),
    "Store.update": (lambda store, value: store.update(value, lambda old: 1), ATOMS, "update|EFFECT|ACTION"),
    "Store.refresh": (lambda store, value: store.refresh(value), set(), "refresh|EFFECT|ACTION"),
    "Store.subscribe": (lambda store, value: store.subscribe(value, print), ATOMS, "subscribe|EFFECT|ACTION"),
    "Store.observe": (lambda store, value: store.observe(value), {"an effect"}, "observe"),
    "Store.value": (lambda store, value: asyncio.run(store.value(value)), ATOMS, "get|value|EFFECT|ACTION"),
    "Store.changes": (lambda store, value: asyncio.run(iterate(store.changes(value))), ATOMS, "changes|loadable"),
    "Store.until": (
        lambda store, value: asyncio.run(store.until(value, lambda data: True)),
        ATOMS,
        "until|loadable",
    ),
    "Store.post": (lambda store, value: store.post(value, 1), WRITABLE, "post"),
    "Store.dehydrate": (lambda store, value: store.dehydrate([value]), ATOMS, "dehydrate|explicit name|EFFECT|ACTION"),
    "get of a read": (lambda store, value: store.get(derived(lambda get: get(value))), ATOMS, "get|EFFECT|ACTION"),
    "get of an action": (
        lambda store, value: store.set(action(lambda get, set: get(value))),
        ATOMS,
        "get|EFFECT|ACTION",
    ),
    "set of an action": (lambda store, value: store.set(action(lambda get, set: set(value, 1))), WRITABLE, "set"),
    "loadable": (lambda store, value: loadable(value), ATOMS, "loadable"),
    "unwrap": (lambda store, value: unwrap(value), ATOMS, "unwrap"),
    "select": (lambda store, value: select(value, int), ATOMS, "select"),
    "split": (lambda store, value: split(value), ATOMS, "split"),
    "all_loaded": (lambda store, value: all_loaded(COUNT, value), ATOMS, "all_loaded"),
    "initial_from": (lambda store, value: initial_from(value), ATOMS, "initial_from"),
    "debounced": (lambda store, value: debounced(value, 1), ATOMS, "debounced"),
    "throttled": (lambda store, value: throttled(value, 1), ATOMS, "throttled"),
    "resource": (lambda store, value: resource(value, lambda value, info: 1), ATOMS | CALLABLE, "resource"),
}
NONE = {"None"}
TAKES_FUNCTION = {
    "derived(read)": (lambda store, value: derived(value), CALLABLE, "derived|read"),
    "derived(write)": (lambda store, value: derived(lambda get: 1, value), NONE | CLASS, "write|get, set"),
    "Atom.setter": (lambda store, value: derived(lambda get: 1).setter(value), CLASS, "write|get, set"),
    "action": (lambda store, value: action(value), CLASS, "action|get, set"),
    "effect": (lambda store, value: effect(value), CLASS, "effect|get, set"),
    "lazy": (lambda store, value: lazy(value), CALLABLE, "lazy"),
    "reducer": (lambda store, value: reducer(0, value), CALLABLE, "reduce"),
    "refreshable": (lambda store, value: refreshable(value), CALLABLE, "read"),
    "with_default": (lambda store, value: with_default(value), CALLABLE, "read|with_default"),
    "select(fn)": (lambda store, value: select(COUNT, value), CALLABLE, "select"),
    "family": (lambda store, value: family(value), CALLABLE | NONE, "family|make"),
    "from_iter": (lambda store, value: from_iter(value, initial=0), CALLABLE, "from_iter|make_async_iterator"),
    "resource(fetcher)": (lambda store, value: resource(COUNT, value), CALLABLE, "fetcher|resource"),
    "split(key)": (lambda store, value: split(COUNT, key=value), CALLABLE | NONE, "key"),
    "Store.update(fn)": (lambda store, value: store.update(COUNT, value), CALLABLE, "update.*fn"),
    "Store.subscribe(callback)": (lambda store, value: store.subscribe(COUNT, value), CALLABLE, "callback"),
    "Store.subscribe(on_error)": (
        lambda store, value: store.subscribe(COUNT, print, on_error=value),
        CALLABLE | NONE,
        "on_error",
    ),
    "Store.until(predicate)": (lambda store, value: asyncio.run(store.until(COUNT, value)), CALLABLE, "predicate"),
    "Store(on_error=)": (lambda store, value: Store(on_error=value), CALLABLE | NONE, "on_error"),
    "atom(on_mount=)": (lambda store, value: atom(1, on_mount=value), CALLABLE | NONE, "on_mount"),
    "atom(equals=)": (lambda store, value: atom(1, equals=value), CALLABLE | NONE, "equals"),
    "derived(equals=)": (lambda store, value: derived(lambda get: 1, equals=value), CALLABLE | NONE, "equals"),
}
TEXTS = {"a str", "a huge str", "lone surrogates"}
TAKES_SOMETHING_ELSE = {
    "atom(name=)": (lambda store, value: atom(1, name=value), TEXTS | NONE, "name"),
    "derived(name=)": (lambda store, value: derived(lambda get: 1, name=value), TEXTS | NONE, "name"),
    "action(name=)": (lambda store, value: action(lambda get, set: 1, name=value), TEXTS | NONE, "name"),
    "effect(name=)": (lambda store, value: effect(lambda get, set: None, name=value), TEXTS | NONE, "name"),
    "Store(name=)": (lambda store, value: Store(name=value), TEXTS | NONE, "name"),
    "Store(mount_grace=)": (lambda store, value: Store(mount_grace=value), NUMBERS, "mount_grace"),
    "Store(clock=)": (lambda store, value: Store(clock=value), NONE, "clock"),
    "Store.history": (lambda store, value: store.history(value), NUMBERS | NONE, "limit"),
    "Store.hydrate": (lambda store, value: store.hydrate(value), set(), "hydrate"),
    "Store.dehydrate(atoms)": (lambda store, value: store.dehydrate(value), set(), "dehydrate|atom"),
    "derived(cancel=)": (lambda store, value: derived(answer_to, cancel=value), NONE, "cancel"),
    "derived(cancel_on_unmount=)": (
        lambda store, value: derived(answer_to, cancel_on_unmount=value),
        NONE,
        "cancel_on_unmount",
    ),
    "debounced(seconds)": (lambda store, value: debounced(COUNT, value), NUMBERS, "debounced"),
    "throttled(seconds)": (lambda store, value: throttled(COUNT, value), NUMBERS, "throttled"),
    "family(max_size=)": (lambda store, value: family(atom, max_size=value), NUMBERS | NONE, "max_size"),
    "family(ttl=)": (lambda store, value: family(atom, ttl=value), NUMBERS | NONE, "ttl"),
    "Store.until(timeout)": (
        lambda store, value: asyncio.run(store.until(COUNT, lambda data: True, timeout=value)),
        NUMBERS | NONE,
        "timeout",
    ),
    "HasData without data": (lambda store, value: HasData(refreshing=True), set(), "data"),
}


async def answer_to(get) -> int:
    return 42


def state(store):
    return [(row[0], row[2], row[3], row[4], row[6]) for row in store._snapshot()]


CASES = {**TAKES_ATOM, **TAKES_FUNCTION, **TAKES_SOMETHING_ELSE}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_argument_is_refused_clearly_and_changes_nothing(case) -> None:
    call, right, names = CASES[case]
    doubled, seen = derived(lambda get: get(COUNT) * 2), []
    with Store() as store:
        store.set(COUNT, 1)
        store.subscribe(doubled, seen.append)
        before = state(store)
        for label, value in WRONG.items():
            if label in right:
                continue
            given = value() if label == "a coroutine" else value
            with pytest.raises((TypeError, ValueError)) as raised:
                call(store, given)
            if given is not value:
                given.close()
            message = str(raised.value)
            assert 10 < len(message) < 1_000, (label, message)
            raised.match(f"(?s){names}")
            assert state(store)[: len(before)] == before, label
            assert (seen, store._invariant(), store._in_batch) == ([], None, False), label


@pytest.mark.parametrize("label", [label for label in WRONG if label != "a coroutine"])
def test_any_value_can_be_stored_read_and_shown(label) -> None:
    value = WRONG[label]
    place, watched = atom(None), atom(value, name="watched")
    same = derived(lambda get: get(place))
    with Store() as store:
        seen = []
        store.subscribe(same, seen.append)
        store.set(place, value)
        store.set(place, value)  # the same object again: no notification, and no call of its `==`
        assert store.get(same) is value
        assert len(seen) == (label != "None")
        assert store.get(loadable(same)).data is value
        shown = (repr(watched), repr(loadable(same)), repr(store), repr(HasData(value)), store.graph().mermaid())
        assert all(len(text) < 5_000 for text in shown)
        assert watched._repr_html_()
        assert store._repr_html_()
        assert store.graph()._repr_mimebundle_()
        deep = atom(value, equals="deep")
        store.set(deep, value)
        assert store.get(deep) is value


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda store: store.set(COUNT), "takes one value, got 0"),
        (lambda store: store.set(COUNT, 1, 2), "takes one value, got 2"),
        (lambda store: store.set(), "takes an atom and a value"),
        (lambda store: store.get(), "argument"),
        (lambda store: store.update(COUNT), "takes an atom and a function"),
        (lambda store: store.subscribe(COUNT), "argument"),
        (lambda store: store.subscribe(COUNT, print, print, True), "subscribe.*at most 3"),
        (lambda store: store.subscribe(COUNT, print, imediate=True), "subscribe.*imediate"),
        (lambda store: store.subscribe(COUNT, print, callback=print), "subscribe.*two values.*callback"),
        (lambda store: store.subscribe(COUNT, print, immediate="yes"), "subscribe: immediate must be True or False"),
        (lambda store: store.subscribe(COUNT, print, immediate=COUNT), "subscribe: immediate must be True or False"),
        (lambda store: store.observe(), "observe.*effect"),
        (lambda store: atom(), "initial"),
        (lambda store: atom(1, 2), "atom.* positional"),
        (lambda store: atom(1, initial=2), "two values.*initial"),
        (lambda store: atom(1, nme="x"), "no argument 'nme'"),
        (lambda store: derived(lambda get: 1, nme="x"), "no argument 'nme'"),
        (lambda store: derived(lambda: 1), "read.*0 required positional"),
        (lambda store: derived(lambda one, two, three: 1), "read.*3 required positional"),
        (lambda store: derived(lambda get, *, key: 1), "keyword argument 'key'"),
        (lambda store: action(lambda get: 1), "get and set"),
        (lambda store: effect(lambda: 1), "get and set"),
        (lambda store: effect(answer_with), "plain function"),
        (lambda store: store.set(derived(lambda get: 1, name="total"), 1), "total.*cannot be set"),
        (lambda store: store.set(loadable(COUNT), 1), "COUNT.*cannot be set"),
        (lambda store: store.set(unwrap(COUNT), 1), "COUNT.*cannot be set"),
        (lambda store: store.refresh(COUNT), "refresh.COUNT.*source"),
        (lambda store: COUNT.setter(lambda get, set: 1), "COUNT is source"),
        (lambda store: family(lambda key: atom(key))([1]), "family.*list"),
        (lambda store: family(lambda key: key)(1), "family.*atom"),
        (lambda store: COUNT._memo([], int), "unhashable"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(call, names) -> None:
    with Store() as store:
        with pytest.raises((TypeError, ValueError), match=f"(?s){names}"):
            call(store)
        assert store._invariant() is None


async def answer_with(get, set) -> None:
    return None


def test_a_coroutine_is_no_initial_value_and_the_message_names_lazy() -> None:
    coroutine = answer()
    with pytest.raises(TypeError, match="lazy"):
        atom(coroutine)
    coroutine.close()


@pytest.mark.parametrize("hook", ["effect", "on_mount"])
@pytest.mark.parametrize("label", ["an int", "a hostile object", "deep nesting", "a huge str"])
def test_a_wrong_result_instead_of_a_cleanup_is_named(hook, label) -> None:
    value = WRONG[label]
    with Store() as store, pytest.raises(ExceptionGroup) as raised:
        if hook == "effect":
            store.observe(effect(lambda get, set: value, name="careless"))
        else:
            store.subscribe(atom(1, name="careless", on_mount=lambda set: value), print)
    (error,) = raised.value.exceptions
    assert isinstance(error, TypeError)
    assert "careless" in str(error)
    assert len(str(error)) < 300


def test_a_clock_that_gives_no_handle_or_no_number_does_no_harm() -> None:
    class Odd(ManualClock):
        def now(self):
            return "noon"

    with Store(clock=Odd()) as store:
        store.history(10)
        store.set(COUNT, 5)
        assert store.get(COUNT) == 5
        assert store._invariant() is None
