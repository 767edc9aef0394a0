"""The *naive log* implements optimistic layers as they are defined: it recomputes everything after each operation.

It stores the base and the layers. The visible value is a copy of the base to which every part of every layer was
applied. Each layer works on its own copy, which is dropped when a part raises. Recipes get plain values. Containers
that no recipe has touched are put back afterwards, so that the naive log shows which objects must survive.

The base may be absent (`ABSENT`). Then nothing is applied, and the visible value is absent, too.
"""

import dataclasses
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from halflife._support.absent import ABSENT
from layer_values import plain_copy, same, shared, sharing

Recipe = Callable[[Any], Any]
Part = Callable[[Any], tuple[Any, Any]]  # edits a private copy: the value afterwards, and the recipe's result

OPEN = ("pending", "conflicted")


class NaiveRecipeError(RuntimeError):
    """A recipe edited its draft and returned another value."""


def call(recipe: Recipe, value: Any) -> Any:
    """The recipe's result; a recipe that would have to be awaited is refused."""
    if inspect.iscoroutinefunction(recipe):
        raise TypeError("a recipe is not async")
    result = recipe(value)
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError("a recipe is not async")
    return result


def edits(recipe: Recipe) -> Part:
    """A part whose result is the context of the layer, never a new value."""

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
    """One layer: its parts and its status."""

    def __init__(self, log: "NaiveLog", number: int, parts: list[Part], status: str) -> None:
        self.log = log
        self.id = number
        self.parts = parts
        self.status = status
        self.context: Any = None
        self.failure: BaseException | None = None  # why the layer has no effect at present

    @property
    def error(self) -> BaseException | None:
        return self.failure if self.status == "conflicted" else None

    def apply_to(self, value: Any) -> Any:
        """The value with this layer applied; the argument is not changed. There is none over an absent base."""
        if value is ABSENT:
            return ABSENT
        origins: dict[int, tuple[Any, Any]] = {}
        attempt = plain_copy(value, origins)
        for part in self.parts:
            made, _ = part(attempt)
            attempt = made if made is attempt else plain_copy(made, origins)  # the result may belong to the user
        return sharing(attempt, origins)


class NaiveLog:
    """The base and the layers, with the interface of the native log."""

    def __init__(
        self, base: Any, always: bool = False, on_conflict: Callable[[NaiveLayer, BaseException], object] | None = None
    ) -> None:
        self.base = base
        self.layers: list[NaiveLayer] = []
        self.on_conflict = on_conflict
        self.always = always
        self.made: list[NaiveLayer] = []
        self.base_edits: list[tuple[Any, Part, list[NaiveLayer]]] = []  # base before, edit, waiting layers
        self.running = False
        self.visible = self.base

    # --- the visible value

    @property
    def pending(self) -> int:
        return sum(layer.status in OPEN for layer in self.layers)

    @property
    def length(self) -> int:
        return len(self.layers)

    def below(self, layer: NaiveLayer) -> Any:
        """The base with the layers below this one applied."""
        value = self.base
        for one in self.layers[: self.layers.index(layer)]:
            value, _ = self.attempt(one, value)
        return value

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        """The value with the layer applied; or, if it fails, the value itself and the error."""
        try:
            return layer.apply_to(value), None
        except Exception as error:
            return value, error

    def applies(self, layer: NaiveLayer) -> bool:
        """Whether the layer's present parts can be applied to the layers below."""
        _, error = self.attempt(NaiveLayer(self, -1, layer.parts, ""), self.below(layer))
        return error is None

    def is_pending_at(self, path: tuple[Any, ...]) -> bool:
        """Whether a pending layer changes the value at the path, or waits for the whole value."""
        if self.base is ABSENT:
            return not path and self.pending > 0
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
        if self.base is not ABSENT or pending:
            return self.add(puts(value), "pending" if pending else "confirmed")
        layer = NaiveLayer(self, len(self.made), [], "folded")  # A whole value needs no base: it becomes the base.
        self.made.append(layer)
        self.set_base(value)
        return layer

    def add(self, part: Part, status: str) -> NaiveLayer:
        self.begin()
        context = None
        try:
            if self.base is not ABSENT:
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
            # An answer that cannot be applied raises in the caller. A conflict of the layer's own recipe was reported
            # before, and does not prevent the recipe `then`.
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
        """A confirmation does not change the value, so the visible object stays the same."""
        if same(visible, self.visible):
            self.visible = visible
            if not self.layers:
                self.base = visible

    def holds(self, layer: NaiveLayer) -> bool:
        if layer.log is not self:
            raise ValueError("a layer of another log")
        return layer in self.layers and layer.status in OPEN

    # --- the base

    def set_base(self, value: Any, shares: bool = True) -> None:
        self.begin()
        self.base = shared(self.base, value) if shares else value
        self.base_edits = []
        for layer in self.layers:
            if layer.status == "confirmed":
                layer.status = "superseded"
        self.layers = [layer for layer in self.layers if layer.status != "superseded"]
        self.settle()

    def edit_base(self, recipe: Recipe) -> None:
        if self.base is ABSENT:
            raise TypeError("there is no base to edit")
        self.begin()
        try:
            now = shared(self.base, NaiveLayer(self, -1, [produces(recipe)], "").apply_to(self.base))
        finally:
            self.running = False
        waited = [layer for layer in self.layers if layer.status == "confirmed"]
        if waited:
            self.base_edits.append((self.base, produces(recipe), waited))
        self.base = now
        self.settle()

    # --- snapshots

    def save(self) -> Any:
        rows = [(layer, layer.parts, layer.status, layer.failure) for layer in self.layers]
        return self.base, self.visible, len(self.made), rows, list(self.base_edits)

    def restore(self, saved: Any) -> None:
        self.base, visible, made, rows, edits = saved
        for layer in self.made[made:]:
            layer.status = "rolled_back"
        self.layers = [row[0] for row in rows]
        for layer, parts, status, failure in rows:
            layer.parts, layer.status, layer.failure = parts, status, failure
        self.base_edits = list(edits)
        self.settle()
        self.keep(visible)

    # --- after each operation

    def settle_base_edits(self) -> list[tuple[NaiveLayer, BaseException]]:
        """An edit of the base stands below the oldest layer that was pending when the edit was made.

        If that layer was rolled back, the confirmed layers behind it fold into the base before the edit. They were
        visible, so the base gets the objects that were visible.
        """
        conflicts: list[tuple[NaiveLayer, BaseException]] = []
        settled = [*itertools.takewhile(lambda layer: layer.status == "confirmed", self.layers)]
        while settled and self.base_edits and settled[0] not in self.base_edits[0][2]:
            del self.base_edits[0]  # the edit stays below these layers: nothing is repeated
        if not settled or not self.base_edits:
            return conflicts
        value, edits = self.base_edits[0][0], self.base_edits
        self.base_edits = []
        for layer in settled:
            while edits and layer not in edits[0][2]:
                value, _ = self.attempt(NaiveLayer(self, -1, [edits.pop(0)[1]], ""), value)
            value, failure = self.attempt(layer, value)
            if failure is not None and layer.failure is None:
                conflicts.append((layer, failure))
            layer.failure, layer.status = failure, "folded"
        self.layers = [layer for layer in self.layers if layer.status != "folded"]
        for _, part, waited in edits:
            if any(layer in self.layers for layer in waited):
                self.base_edits.append((value, part, waited))
            value, _ = self.attempt(NaiveLayer(self, -1, [part], ""), value)
        self.base = shared(self.visible, value)
        return conflicts

    def begin(self) -> None:
        if self.running:
            raise RuntimeError("the log is being changed")
        self.running = True

    def settle(self) -> None:
        """Fold the layers that can fold, apply the others, and report new conflicts."""
        self.running = True
        conflicts = self.settle_base_edits()
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
    """The value at a path; `at` itself (a sentinel) if there is none."""
    for key in path:
        try:
            value = getattr(value, key) if dataclasses.is_dataclass(value) else value[key]
        except (KeyError, IndexError, TypeError, AttributeError):
            return at
    return value
