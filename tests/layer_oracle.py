"""The *naive log*: optimistic layers as their definition says, with nothing kept and everything computed each time.

It keeps the base and the log. What is visible is a copy of the base to which every part of every layer was
applied, each layer on a copy of its own that is thrown away when a part raises. Recipes get plain values. A
container that no recipe has touched is put back afterwards, so that it can be asked which objects must survive.
"""

import copy
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

Recipe = Callable[[Any], Any]
Part = Callable[[Any], tuple[Any, Any]]  # of a value that is ours: the value after it, and what the recipe returned

OPEN = ("pending", "conflicted")


class NaiveRecipeError(RuntimeError):
    """A recipe that edits and returns another value."""


def plain_copy(value: Any, origins: dict[int, tuple[Any, Any]] | None = None) -> Any:
    """A copy in which nothing is shared: an object at two places is two objects afterwards.

    `origins` is told of each container: the id of its copy, the copy itself, and what it is a copy of.
    """
    kind = type(value)
    if kind is dict:
        made: Any = {key: plain_copy(item, origins) for key, item in value.items()}
    elif kind is list:
        made = [plain_copy(item, origins) for item in value]
    elif kind is set:
        made = set(value)
    elif dataclasses.is_dataclass(value):
        made = with_fields(value, {name: plain_copy(item, origins) for name, item in vars(value).items()})
    else:
        return value
    if origins is not None:
        origins[id(made)] = (made, value)
    return made


def with_fields(record: Any, fields: dict[str, Any]) -> Any:
    made = copy.copy(record)
    for name, item in fields.items():
        object.__setattr__(made, name, item)
    return made


def sharing(value: Any, origins: dict[int, tuple[Any, Any]]) -> Any:
    """The value with each copy that nobody has changed put back to what it is a copy of."""
    kind = type(value)
    if kind is dict:
        made: Any = {key: sharing(item, origins) for key, item in value.items()}
        parts, made_parts = list(value.values()), list(made.values())
    elif kind is list:
        made = made_parts = [sharing(item, origins) for item in value]
        parts = value
    elif kind is set:
        made, parts, made_parts = value, [], []
    elif dataclasses.is_dataclass(value):
        fields = {name: sharing(item, origins) for name, item in vars(value).items()}
        made, parts, made_parts = with_fields(value, fields), list(vars(value).values()), list(fields.values())
    else:
        return value
    _, origin = origins.get(id(value), (None, None))
    if origin is not None and is_level(origin, made):
        return origin
    return value if all(map(is_identical, parts, made_parts)) else made


def shared(before: Any, now: Any) -> Any:
    """`now` with each part that equals what was in its place before exchanged for that; see `set_base`.

    A list of another length is compared from its end as well. A part that has only moved stays what it is.
    """
    old = containers(before)

    def share(before: Any, now: Any) -> Any:
        if same(before, now):
            return before
        kind = type(now)
        if kind is not type(before) or not is_container(now) or kind is set:
            return now
        if kind is list:
            made: Any = [
                share_first(before[place : place + 1] + before[len(before) - len(now) + place :][:1], item)
                if len(before) - len(now) + place >= 0
                else share_first(before[place : place + 1], item)
                for place, item in enumerate(now)
            ]
            parts, made_parts = now, made
        elif kind is dict:
            made = {key: share_first([before[key]] if key in before else [], item) for key, item in now.items()}
            parts, made_parts = list(now.values()), list(made.values())
        else:
            fields = {name: share(getattr(before, name), item) for name, item in vars(now).items()}
            made, parts, made_parts = with_fields(now, fields), list(vars(now).values()), list(fields.values())
        return now if id(now) in old or all(map(is_identical, parts, made_parts)) else made

    def share_first(candidates: list[Any], now: Any) -> Any:
        equal = [one for one in candidates if same(one, now)]
        return equal[0] if equal else share(candidates[0], now) if candidates else now

    return share(before, now)


def containers(value: Any) -> dict[int, Any]:
    """A value's containers, by id."""
    if not is_container(value):
        return {}
    return {id(value): value, **{key: one for _, part in parts_of(value) for key, one in containers(part).items()}}


def parts_of(container: Any) -> Any:
    match container:
        case dict():
            return container.items()
        case list():
            return enumerate(container)
        case set():
            return ()
    return vars(container).items()


def is_level(left: Any, right: Any) -> bool:
    """Whether two containers hold the same: containers that are one object, leaves that are equal."""
    if type(left) is set:
        return same(left, right)
    if dataclasses.is_dataclass(left):
        left, right = vars(left), vars(right)
    if type(left) is dict:
        left, right = ([part for pair in each.items() for part in pair] for each in (left, right))
    return len(left) == len(right) and all(map(is_identical, left, right))


def is_identical(left: Any, right: Any) -> bool:
    return left is right or (not is_container(left) and same(left, right))


def is_container(value: Any) -> bool:
    return type(value) in {dict, list, set} or dataclasses.is_dataclass(value)


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in everything: types, the order of dicts, and all below them."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return (
            len(left) == len(right)
            and all(map(same, left, right))  # the keys, in their order
            and all(map(same, left.values(), right.values()))
        )
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if dataclasses.is_dataclass(left):
        return same(vars(left), vars(right))
    if isinstance(left, (set, frozenset)):
        left, right = ({(type(item), item) for item in each} for each in (left, right))
    elif isinstance(left, float):
        left, right = repr(left), repr(right)  # a NaN is the same as a NaN, and 0.0 is not -0.0
    return bool(left == right)


def call(recipe: Recipe, value: Any) -> Any:
    """What a recipe returns, unless it is one that would have to be awaited."""
    if inspect.iscoroutinefunction(recipe):
        raise TypeError("a recipe is not async")
    result = recipe(value)
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError("a recipe is not async")
    return result


def edits(recipe: Recipe) -> Part:
    """A part whose return value is the context and never state."""

    def part(value: Any) -> tuple[Any, Any]:
        return value, call(recipe, value)

    return part


def produces(recipe: Recipe) -> Part:
    """A part that may return the whole new value."""

    def part(value: Any) -> tuple[Any, Any]:
        before = plain_copy(value)
        result = call(recipe, value)
        if result is None or result is value:
            return value, None
        if not same(before, value):
            raise NaiveRecipeError("a recipe edits or returns a value, not both")
        return result, None

    return part


def puts(new: Any) -> Part:
    """A part that sets the whole value."""
    return lambda value: (new, None)


class NaiveLayer:
    """One layer: its parts, and what became of it."""

    def __init__(self, log: "NaiveLog", number: int, parts: list[Part], status: str) -> None:
        self.log = log
        self.id = number
        self.parts = parts
        self.status = status
        self.context: Any = None
        self.failure: BaseException | None = None  # why it contributes nothing at present

    @property
    def error(self) -> BaseException | None:
        return self.failure if self.status == "conflicted" else None

    def apply_to(self, value: Any) -> Any:
        """The value with this layer on top; the given one stays as it is."""
        origins: dict[int, tuple[Any, Any]] = {}
        attempt = plain_copy(value, origins)
        for part in self.parts:
            made, _ = part(attempt)
            attempt = made if made is attempt else plain_copy(made, origins)  # what was returned is not ours to edit
        return sharing(attempt, origins)


class NaiveLog:
    """Base and layers; shaped like the native log."""

    def __init__(
        self, base: Any, always: bool = False, on_conflict: Callable[[NaiveLayer, BaseException], object] | None = None
    ) -> None:
        self.base = base
        self.layers: list[NaiveLayer] = []
        self.on_conflict = on_conflict
        self.always = always
        self.made: list[NaiveLayer] = []
        self.running = False
        self.visible = self.base

    # --- what is shown

    @property
    def pending(self) -> int:
        return sum(layer.status in OPEN for layer in self.layers)

    @property
    def length(self) -> int:
        return len(self.layers)

    def below(self, layer: NaiveLayer) -> Any:
        """What the layers under this one make of the base."""
        value = self.base
        for one in self.layers[: self.layers.index(layer)]:
            value, _ = self.attempt(one, value)
        return value

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        """The value after a layer; or the value itself, and why."""
        try:
            return layer.apply_to(value), None
        except Exception as error:
            return value, error

    def applies(self, layer: NaiveLayer) -> bool:
        """Whether the layer as it is can be applied to what is below it."""
        _, error = self.attempt(NaiveLayer(self, -1, layer.parts, ""), self.below(layer))
        return error is None

    def is_pending_at(self, path: tuple[Any, ...]) -> bool:
        """Whether a pending layer makes a difference to what is at the path."""
        value = self.base
        for layer in self.layers:
            after, _ = self.attempt(layer, value)
            if layer.status in OPEN and not same(at(value, path), at(after, path)):
                return True
            value = after
        return False

    # --- new layers

    def apply(self, recipe: Recipe, returns: bool = False) -> NaiveLayer:
        return self.add(produces(recipe) if returns else edits(recipe), "pending")

    def update(self, recipe: Recipe) -> NaiveLayer:
        return self.add(produces(recipe), "confirmed")

    def replace(self, value: Any, pending: bool = False) -> NaiveLayer:
        return self.add(puts(value), "pending" if pending else "confirmed")

    def add(self, part: Part, status: str) -> NaiveLayer:
        self.begin()
        try:
            _, context = part(plain_copy(self.visible))
        finally:
            self.running = False
        layer = NaiveLayer(self, len(self.made), [part], status)
        layer.context = context
        self.made.append(layer)
        self.layers.append(layer)
        self.settle()
        return layer

    # --- settling

    def rollback(self, layer: NaiveLayer) -> bool:
        self.begin()
        self.running = False
        if not self.holds(layer):
            return False
        layer.status = "rolled_back"
        self.layers.remove(layer)
        self.settle()
        return True

    def commit(
        self, layer: NaiveLayer, server: Recipe | None = None, then: Recipe | None = None, returns: bool = False
    ) -> bool:
        self.begin()
        try:
            if not self.holds(layer):
                return False
            before = self.visible
            parts = layer.parts if server is None else [produces(server) if returns else edits(server)]
            if then is not None:
                parts = [*parts, edits(then)]
            # The caller is told of an answer that cannot be applied. A conflict of the layer's own recipe was
            # told before, and does not count against what is to follow it.
            if server is not None or (then is not None and self.applies(layer)):
                NaiveLayer(self, -1, parts, "").apply_to(self.below(layer))
        finally:
            self.running = False
        layer.parts, layer.status = parts, "confirmed"
        self.settle()
        if server is None and then is None:
            self.keep(before)
        return True

    def rollback_all(self) -> None:
        self.begin()
        for layer in self.layers:
            if layer.status in OPEN:
                layer.status = "rolled_back"
        self.layers = [layer for layer in self.layers if layer.status == "confirmed"]
        self.settle()

    def commit_all(self) -> None:
        self.begin()
        for layer in self.layers:
            layer.status = "confirmed"
        before = self.visible
        self.settle()
        self.keep(before)

    def keep(self, visible: Any) -> None:
        """A confirmation changes nothing, so it leaves the very object in place."""
        if same(visible, self.visible):
            self.visible = visible
            if not self.layers:
                self.base = visible

    def holds(self, layer: NaiveLayer) -> bool:
        if layer.log is not self:
            raise ValueError("a layer of another log")
        return layer in self.layers and layer.status in OPEN

    # --- the base

    def set_base(self, value: Any) -> None:
        self.begin()
        self.base = shared(self.base, value)
        for layer in self.layers:
            if layer.status == "confirmed":
                layer.status = "superseded"
        self.layers = [layer for layer in self.layers if layer.status != "superseded"]
        self.settle()

    def edit_base(self, recipe: Recipe) -> None:
        self.begin()
        try:
            self.base = shared(self.base, NaiveLayer(self, -1, [produces(recipe)], "").apply_to(self.base))
        finally:
            self.running = False
        self.settle()

    # --- snapshots

    def save(self) -> Any:
        rows = [(layer, layer.parts, layer.status, layer.failure) for layer in self.layers]
        return self.base, self.visible, len(self.made), rows

    def restore(self, saved: Any) -> None:
        self.base, visible, made, rows = saved
        for layer in self.made[made:]:
            layer.status = "rolled_back"
        self.layers = [row[0] for row in rows]
        for layer, parts, status, failure in rows:
            layer.parts, layer.status, layer.failure = parts, status, failure
        self.settle()
        self.keep(visible)

    # --- after each operation

    def begin(self) -> None:
        if self.running:
            raise RuntimeError("the log is being changed")
        self.running = True

    def settle(self) -> None:
        """Fold what can be folded, apply the others, and tell of new conflicts."""
        self.running = True
        conflicts = []
        value, folding = self.base, True
        for layer in self.layers:
            value, failure = self.attempt(layer, value)
            if failure is not None and layer.failure is None:
                conflicts.append((layer, failure))
            layer.failure = failure
            if layer.status in OPEN:
                layer.status = "pending" if failure is None else "conflicted"
                folding = False
            if folding:
                self.base, layer.status = value, "folded"
        self.layers = [layer for layer in self.layers if layer.status != "folded"]
        self.visible = value
        self.running = False
        if self.on_conflict is not None:
            for layer, error in conflicts:
                self.on_conflict(layer, error)


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What is at a path, or `at` itself when nothing is there."""
    for key in path:
        try:
            value = getattr(value, key) if dataclasses.is_dataclass(value) else value[key]
        except (KeyError, IndexError, TypeError, AttributeError):
            return at
    return value
