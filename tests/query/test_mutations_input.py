"""Bad input: each wrong argument of a mutation is an error of the call that names it, and changes nothing."""

import re
from typing import Any

import pytest

from fetch_server import quiet
from halflife import QueryClient, Store
from mutation_server import World, append


async def send(variables: Any) -> Any:
    return variables


def generator(variables: Any) -> Any:
    yield variables


def no_arguments() -> dict[str, Any]:
    return {}


async def async_update(draft: Any, variables: Any) -> None: ...


TYPE_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"fn": None}, "fn must be callable"),
    ({"fn": lambda: None}, "fn is called with the variables, the context"),
    ({"fn": lambda a, b, c: None}, "fn is called with the variables, the context"),
    ({"fn": generator}, "fn must be a function of the variables, the context without yield"),
    ({"key": object()}, "key has a part of type object"),
    ({"key": lambda: "todos", "update": append}, "key is called with the variables"),
    ({"update": append}, "give a key"),
    ({"post_effect": lambda d, r, v: None}, "post_effect edits the data at key="),
    ({"server": lambda d, r, v: None}, "server edits the data at key="),
    ({"included": lambda d, v: True}, "included edits the data at key="),
    ({"key": "todos", "update": lambda draft: None}, "update is called with the draft, the variables"),
    ({"key": "todos", "update": async_update}, "update must be a plain function"),
    ({"key": "todos", "update": "append"}, "update must be callable"),
    ({"key": "todos", "updates": lambda v: {}}, "give neither key nor update"),
    ({"updates": no_arguments}, "updates is called with the variables"),
    ({"key": "todos", "update": append, "post_effect": lambda d, r: None}, "post_effect is called with the draft"),
    ({"key": "todos", "update": append, "server": lambda d: None}, "server is called with the draft, the result"),
    ({"key": "todos", "update": append, "included": lambda d: True}, "included is called with the data"),
    ({"updates": lambda v: {}, "post_effect": lambda d, r, v: {}}, "post_effect is called with the result"),
    (
        {"updates": lambda v: {}, "included": lambda d, v: True},
        "the data, the variables, the key, but",
    ),
    ({"invalidates": 1.5j}, "invalidates: key has a part of type complex"),
    ({"invalidates": [None]}, "invalidates has None in it"),
    ({"invalidates": [lambda info: True]}, "invalidates has a function in it"),
    ({"invalidates": lambda result: []}, "invalidates is called with the result, the variables"),
    ({"invalidates": [{"key": "a", "exact": 1}]}, "exact must be True or False"),
    ({"invalidates": [{"where": 1}]}, "where must be callable"),
    ({"scope": 1}, "scope must be a str or a function"),
    ({"scope": lambda: "s"}, "scope is called with the variables"),
    ({"retry": "3"}, "retry must be a Retry, an int or a bool"),
    ({"keep_on": "TimeoutError"}, "keep_on must be callable"),
    ({"keep_on": (BaseException,)}, "keep_on must be classes of errors"),
    ({"keep_on": [1]}, "keep_on must be classes of errors"),
    ({"keep_on": lambda: True}, "keep_on is called with the error"),
    ({"on_mutate": lambda: None}, "on_mutate is called with the variables"),
    ({"on_success": lambda r: None}, "on_success is called with the result, the variables"),
    ({"on_error": lambda e: None}, "on_error is called with the error, the variables"),
    ({"on_settled": lambda r, e: None}, "on_settled is called with the result, the error, the variables"),
    ({"on_settled": 1}, "on_settled must be callable"),
    ({"debounce": "0.5"}, "debounce must be a number of seconds"),
    ({"merge": lambda a, b: a}, "give debounce"),
    ({"debounce": 1.0, "merge": lambda a: a}, "merge is called with the earlier variables"),
    ({"network_mode": 1}, "network_mode must be one of"),
    ({"breaker": 1}, "breaker must be a CircuitBreaker"),
]
VALUE_ERRORS = [
    ({"debounce": -1.0}, "debounce must be finite and not negative"),
    ({"debounce": float("inf")}, "debounce must be finite"),
    ({"network_mode": "offline"}, "network_mode must be one of"),
]


@pytest.mark.parametrize(
    ("error", "options", "message"),
    [*((TypeError, *case) for case in TYPE_ERRORS), *((ValueError, *case) for case in VALUE_ERRORS)],
    ids=[message for _, message in (*TYPE_ERRORS, *VALUE_ERRORS)],
)
def test_a_wrong_argument_is_an_error_that_names_it(
    error: type[Exception], options: dict[str, Any], message: str
) -> None:
    with Store() as store:
        client = QueryClient(store)
        given = {"fn": send, **options}
        with pytest.raises(error, match=f"^mutation: .*{re.escape(message)}"):
            client.mutation(given.pop("fn"), **given)
        assert len(client._cache) == 0


def test_dismiss_takes_a_state() -> None:
    with Store() as store, pytest.raises(TypeError, match=r"one of client\.mutations"):
        QueryClient(store).dismiss("todos")  # type: ignore[arg-type]


CALLS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"key": lambda v: object(), "update": append}, TypeError, "key has a part of type object"),
    ({"key": lambda v: 1 / 0, "update": append}, ZeroDivisionError, "division"),
    ({"updates": lambda v: [("todos", append)]}, TypeError, "updates must return a dict of recipes by key"),
    ({"updates": lambda v: {"todos": append}}, TypeError, "the recipe for ('todos',) that updates returned"),
    ({"updates": lambda v: {"todos": None}}, TypeError, "the recipe for ('todos',) that updates returned"),
    (
        {"updates": lambda v: {"todos": lambda draft: None, ("todos",): lambda draft: None}},
        ValueError,
        "two recipes for the key ('todos',)",
    ),
    ({"scope": lambda v: 7}, TypeError, "scope must be a str"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("options", "error", "message"), CALLS, ids=[message for *_, message in CALLS])
async def test_a_function_that_returns_something_wrong_fails_the_call_and_changes_nothing(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    async with World() as world:
        await world.watch("todos", data=["milk"])
        add = world.client.mutation(world.backend.send, **options)
        with pytest.raises(error, match=re.escape(message)):
            add("tea")
        await quiet()
        assert (world.data("todos"), world.states(), world.backend.sent) == (["milk"], [], [])
        assert world.store.get(add.state).status == "idle"


@pytest.mark.asyncio
async def test_a_function_that_returns_a_generator_fails_the_call() -> None:
    async with World() as world:
        await world.watch("todos", data=["milk"])
        add = world.client.mutation(lambda v: (part for part in v), key="todos", update=append)
        with pytest.raises(TypeError, match="instead of a result"):
            await add("tea")
        assert world.data("todos") == ["milk"]
