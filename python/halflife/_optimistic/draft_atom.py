"""A *draft atom* is a source atom that is edited by recipes, and may have optimistic layers in each store."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, final

from halflife import _core
from halflife._core import LayerLog, check_root, produce
from halflife._drivers.protocol import StoreLike
from halflife._optimistic import debugging
from halflife._optimistic.atom_layers import AtomLayers
from halflife._optimistic.layer_operation import LayerOperation
from halflife._optimistic.layer_target import Recipe, Replay, check_recipe, check_replay
from halflife._optimistic.layered_atom import LayeredAtom, check_settled
from halflife._optimistic.saga_plan import SagaPlan
from halflife._optimistic.store_target import StoreTarget
from halflife._support.checks import check_equals, check_initial
from halflife._support.internal_atoms import weak_self
from halflife._types import Equals, Getter, OnMount, Setter

T = TypeVar("T")
R = TypeVar("R")


@final
class DraftAtom(LayeredAtom[T]):
    """A source atom that is edited by recipes. Made by `draft_atom`."""

    __slots__ = ("_drafting",)

    _drafting: "_Drafting[T]"

    def _target(self, store: StoreLike) -> StoreTarget:
        return StoreTarget(store, self, self._drafting.layers)

    def _log(self, get: Getter) -> LayerLog | None:
        return self._drafting.layers.log(get)


def draft_atom(
    initial: T,
    *,
    name: str | None = None,
    replay: Replay = "selective",
    equals: Equals[T] | None = None,
    on_mount: OnMount | None = None,
) -> DraftAtom[T]:
    """A source atom that `store.update` edits by a recipe, in place, on a draft of its value.

    `store.set` sets it as any atom. `store.layers(a)` gives its optimistic layers; while there are any, an
    update or a set edits the visible value, and stays when older layers are rolled back. A tuple
    ``(update, effect)`` or ``(update, effect, post_effect)`` of functions, set as a value, is a mutation: see
    `Store.mutate`.

    Args:
        initial: the first value: plain containers and records, or immutable objects; it is never changed in place.
        name: shown in errors and graphs.
        replay: which recipes are called again when a layer below changes; see `Layers`.
        equals: when a new value counts as the old one, as for `atom`.
        on_mount: called when the atom becomes observed, as for `atom`.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or not an allowed value; the first value is an object
            of a class that drafts do not know, and could be changed in place (see `draftable`).
        RecipeError: from `store.update`, if the recipe both edits the draft and returns another value.

    Example:
        >>> todos = draft_atom({"order": ["a"], "items": {"a": {"done": False}}})
        >>> store.update(todos, lambda draft: draft["items"]["a"].update(done=True))
        >>> store.get(todos)["items"]
        {'a': {'done': True}}
    """
    check_equals(equals, "draft_atom")
    check_initial(initial, "draft_atom")
    check_root(initial)
    if debugging.ENABLED:
        debugging.hand_out(initial)
    drafting: _Drafting[T] = _Drafting(always=check_replay(replay, "draft_atom"))
    made: DraftAtom[T] = _core.make(
        DraftAtom, "source", initial, drafting.write, recipes=True, name=name, equals=equals, on_mount=on_mount
    )
    made._drafting = drafting
    drafting.itself = weak_self(made)
    return made


class _Drafting(Generic[T]):
    """The write of a draft atom."""

    itself: Callable[[], DraftAtom[T]]

    def __init__(self, *, always: bool) -> None:
        self.layers = AtomLayers(always=always)

    def write(self, get: Getter, set: Setter, value: Any, is_recipe: bool = False) -> Any:  # noqa: FBT001, FBT002 - native
        if is_recipe:
            return self.update(get, set, value)
        if type(value) is LayerOperation:
            return self.change(get, set, value.apply)
        plan = SagaPlan.of_tuple(value)
        if plan is not None:
            return plan.start(set.store, self.itself(), lambda change: self.change(get, set, change))
        return self.set_value(get, set, value)

    def set_value(self, get: Getter, set: Setter, value: T) -> None:
        if self.layers.in_store(get) is None:
            set(self.itself(), value)
        else:
            self.change(get, set, lambda log: log.replace(value))

    def update(self, get: Getter, set: Setter, recipe: Recipe[T]) -> None:
        check_recipe(recipe, "update", "recipe")
        atom = self.itself()
        if debugging.ENABLED:
            recipe = debugging.checked(recipe)
        if self.layers.in_store(get) is not None:
            self.change(get, set, lambda log: log.update(recipe))
            return
        before = check_settled(get(atom), atom)
        if debugging.ENABLED:
            debugging.check_handed_out(before, atom.name)
        after = produce(before, recipe)
        if debugging.ENABLED:
            debugging.hand_out(after)
        set(atom, after)

    def change(self, get: Getter, set: Setter, operation: Callable[[LayerLog], R]) -> R:
        """Apply an operation to the layers and update the visible value."""
        atom = self.itself()
        result, layers = self.layers.operate(get, set, atom, lambda: (check_settled(get(atom), atom), None), operation)
        set(atom, layers.log.visible)
        if layers.log.length == 0:
            self.layers.close(set, layers)
        return result
