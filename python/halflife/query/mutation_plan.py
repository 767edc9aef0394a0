"""The *plan* of a mutation is what `QueryClient.mutation` was given: checked once, and asked for each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, final

from halflife._core import is_function
from halflife._optimistic.layer_target import Recipe, check_recipe
from halflife._support.checks import called_name, check_callable, check_seconds
from halflife._support.reprs import abbreviated
from halflife.query.breakers import CircuitBreaker
from halflife.query.filters import Filter
from halflife.query.keys import QueryKey, query_key
from halflife.query.mutation_filters import make_filters
from halflife.query.options import QueryOptions, check_options
from halflife.query.retries import Retry

#: The errors that are no refusal: classes, or a function of the error.
KeepOn: TypeAlias = type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], object]

#: How the edit of one key is confirmed: the recipes `server` and `then` of `Layers.commit`.
Settlement: TypeAlias = tuple[Recipe[Any] | None, Recipe[Any] | None]

_AS_IT_IS: Settlement = (None, None)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MutationPlan:
    """The arguments of `QueryClient.mutation`, checked."""

    fn: Callable[..., Any]
    key: Any
    update: Callable[..., Any] | None
    updates: Callable[..., Any] | None
    post_effect: Callable[..., Any] | None
    server: Callable[..., Any] | None
    included: Callable[..., Any] | None
    #: Filters, or a function of the result and the variables.
    invalidates: tuple[Filter, ...] | Callable[..., Any]
    scope: str | Callable[..., Any] | None
    retry: Retry
    keep_on: tuple[type[Exception], ...] | Callable[..., Any]
    on_mutate: Callable[..., Any] | None
    on_success: Callable[..., Any] | None
    on_error: Callable[..., Any] | None
    on_settled: Callable[..., Any] | None
    #: Seconds within which calls of one scope become one request.
    debounce: float | None
    merge: Callable[..., Any] | None
    network_mode: Literal["online", "always", "offline_first"]
    breaker: CircuitBreaker | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> MutationPlan:
        """The plan of the arguments that the user gave.

        Raises:
            TypeError, ValueError: One is of the wrong type or not an allowed value.
        """
        checked = dict(given)
        checked.update(check_options("mutation", {name: given[name] for name in ("retry", "network_mode", "breaker")}))
        check_callable(given["fn"], "mutation", "fn", "the variables, the context", least=1, may_be="async")
        checked["key"] = _checked_key(given["key"])
        _check_edits(given)
        for name, parameters in _FUNCTIONS.items():
            if given[name] is not None:
                may_be: Literal["async", "plain"] = "async" if name.startswith("on_") else "plain"
                check_callable(given[name], "mutation", name, parameters, may_be=may_be)
        scope = given["scope"]
        if is_function(scope):
            check_callable(scope, "mutation", "scope", "the variables")
        elif scope is not None:
            _checked_scope(scope)
        if given["debounce"] is not None:
            checked["debounce"] = check_seconds(given["debounce"], "mutation", "debounce")
        elif given["merge"] is not None:
            raise TypeError("mutation: merge puts calls together that debounce= holds back; give debounce, in seconds")
        checked["keep_on"] = _checked_errors(given["keep_on"])
        invalidates = given["invalidates"]
        if is_function(invalidates):
            check_callable(invalidates, "mutation", "invalidates", "the result, the variables")
        else:
            checked["invalidates"] = make_filters(invalidates, "mutation", "invalidates")
        return cls(**{one.name: checked[one.name] for one in fields(cls)})

    @property
    def name(self) -> str:
        """The name of the mutation, for messages."""
        return called_name(self.fn, "mutation")

    # --- asked for one call

    def edits(self, variables: Any, get: Callable[..., Any]) -> dict[QueryKey, Recipe[Any]]:
        """The recipes of the layers that a call applies, by key.

        Raises:
            TypeError: The user's functions returned something that is no key or no recipe.
            Exception: Their own errors.
        """
        if self.updates is not None:
            return _by_key(self.updates(variables), "updates", get)
        if self.key is None or (self.update is None and self.post_effect is None and self.server is None):
            return {}
        key = self.key(variables) if is_function(self.key) else self.key
        if key is None or key is False:  # As for queries, there is nothing then.
            return {}
        return {_plain_key(key, get): self._with_variables(self.update, variables)}

    @staticmethod
    def _with_variables(update: Callable[..., Any] | None, variables: Any) -> Recipe[Any]:
        if update is None:
            return _nothing

        def recipe(draft: Any) -> Any:
            return update(draft, variables)

        recipe.__name__ = called_name(update, "update")
        return recipe

    def scope_of(self, variables: Any) -> str | None:
        """The scope of a call.

        Raises:
            TypeError: The function of the variables returned no str.
        """
        scope: Any = self.scope
        if is_function(scope):
            scope = scope(variables)
        return None if scope is None else _checked_scope(scope)

    def settlements(
        self, result: Any, variables: Any, keys: Mapping[QueryKey, Any], get: Callable[..., Any]
    ) -> dict[QueryKey, Settlement]:
        """How the edits of a call are confirmed that the server has accepted.

        Raises:
            KeyError: `post_effect` or `server` names a key that was not edited.
            Exception: Their own errors.
        """
        if self.updates is None:
            server, then = self._after(self.server, result, variables), self._after(self.post_effect, result, variables)
            return dict.fromkeys(keys, (server, then))
        found = dict.fromkeys(keys, _AS_IT_IS)
        for name in ("server", "post_effect"):
            function = getattr(self, name)
            recipes = _by_key(function(result, variables), name, get) if function is not None else {}
            for key, recipe in recipes.items():
                if key not in found:
                    raise KeyError(f"{name} of the mutation {self.name} has a recipe for {key!r}, which was not edited")
                server, then = found[key]
                found[key] = (recipe, then) if name == "server" else (server, recipe)
        return found

    @staticmethod
    def _after(function: Callable[..., Any] | None, result: Any, variables: Any) -> Recipe[Any] | None:
        if function is None:
            return None

        def recipe(draft: Any) -> None:
            function(draft, result, variables)

        recipe.__name__ = called_name(function, "post_effect")
        return recipe

    def filters(self, result: Any, variables: Any) -> tuple[Filter, ...]:
        """The keys that a call invalidates; `result` is None if it failed.

        Raises:
            TypeError: The function of the result returned something that is no filter.
        """
        if isinstance(self.invalidates, tuple):
            return self.invalidates
        return make_filters(self.invalidates(result, variables), "mutation", "what invalidates returned")

    @property
    def known_filters(self) -> tuple[Filter, ...]:
        """The keys that a call is known to invalidate before it has ended."""
        return self.invalidates if isinstance(self.invalidates, tuple) else ()

    def is_kept(self, error: Exception) -> bool:
        """Whether an error is no refusal, so that the edit stays."""
        if isinstance(self.keep_on, tuple):
            return isinstance(error, self.keep_on)
        return bool(self.keep_on(error))

    def merged(self, variables: list[Any]) -> Any:
        """The variables of one request for several calls."""
        merged = variables[0]
        for later in variables[1:]:
            merged = self.merge(merged, later) if self.merge is not None else later
        return merged


_FUNCTIONS = {
    "on_mutate": "the variables",
    "on_success": "the result, the variables",
    "on_error": "the error, the variables",
    "on_settled": "the result, the error, the variables",
    "merge": "the earlier variables, the later variables",
}


def _nothing(draft: Any) -> None:
    """The recipe of a call that edits only when the server has answered."""


def _check_edits(given: Mapping[str, Any]) -> None:
    key, update, updates = given["key"], given["update"], given["updates"]
    after = [name for name in ("post_effect", "server", "included") if given[name] is not None]
    if updates is not None:
        if update is not None or key is not None:
            raise TypeError("mutation: updates names the keys and their edits, so give neither key nor update with it")
        check_callable(updates, "mutation", "updates", "the variables")
    elif key is None and (update is not None or after):
        raise TypeError(f"mutation: {'update' if update is not None else after[0]} edits the data at key=; give a key")
    if update is not None:
        check_recipe(update, "mutation", "update", "the draft, the variables")
    for name in after:
        if name == "included":
            parameters = "the data, the variables" + (", the key" if updates is not None else "")
        else:
            parameters = ("" if updates is not None else "the draft, ") + "the result, the variables"
        check_callable(given[name], "mutation", name, parameters)


def _checked_key(key: Any) -> Any:
    if key is None or isinstance(key, QueryOptions):
        return key
    if is_function(key):
        check_callable(key, "mutation", "key", "the variables")
        return key
    return query_key(key, "mutation")


def _plain_key(key: Any, get: Callable[..., Any]) -> QueryKey:
    """The key in what the user gave or returned."""
    if isinstance(key, QueryOptions):
        key = key.key(get) if is_function(key.key) else key.key
    return query_key(key, "mutation")


def _by_key(given: Any, argument: str, get: Callable[..., Any]) -> dict[QueryKey, Recipe[Any]]:
    """The recipes that `updates`, `server` or `post_effect` returned."""
    if not isinstance(given, Mapping):
        raise TypeError(
            f"mutation: {argument} must return a dict of recipes by key, {{key: lambda draft: …}}, got"
            f" {abbreviated(given, 60)}"
        )
    found: dict[QueryKey, Recipe[Any]] = {}
    for one, recipe in given.items():
        key = _plain_key(one, get)
        if key in found:
            raise ValueError(f"mutation: {argument} returned two recipes for the key {key!r}; make them one")
        check_recipe(recipe, "mutation", f"the recipe for {key!r} that {argument} returned")
        found[key] = recipe
    return found


def _checked_scope(scope: Any) -> str:
    if not isinstance(scope, str):
        raise TypeError(f"mutation: scope must be a str or a function of the variables, got {abbreviated(scope, 60)}")
    return scope


def _checked_errors(given: Any) -> tuple[type[Exception], ...] | Callable[..., Any]:
    if isinstance(given, type) and issubclass(given, BaseException):
        given = (given,)
    if isinstance(given, (tuple, list, set, frozenset)):
        for kind in given:
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                raise TypeError(
                    "mutation: keep_on must be classes of errors that derive from Exception, or a function of the"
                    f" error; got {abbreviated(kind, 60)}"
                )
        return tuple(given)
    check_callable(given, "mutation", "keep_on", "the error")
    checked: Callable[..., Any] = given
    return checked
