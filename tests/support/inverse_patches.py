"""*Planted logs*: implementations of optimistic layers with one bug each. The layer machine must object to all.

Two of them are common advice: an update is rolled back by its inverse patches, or by the snapshot taken before it.
"""

from typing import Any

from halflife._support.absent import ABSENT
from layer_oracle import NaiveLayer, NaiveLog, Part, puts
from layer_values import is_container, plain_copy, same, sharing

Patch = tuple[str, tuple[Any, ...], Any]  # "put" or "take", the path, the value


def patches_between(before: Any, after: Any, path: tuple[Any, ...] = ()) -> list[Patch]:
    """The patches from one value to the other, with lists compared by position, as is usual."""
    if type(before) is type(after) is list:
        found = []
        for place in range(max(len(before), len(after))):
            found += patches_of_entry(dict(enumerate(before)), dict(enumerate(after)), place, path)
        return found
    if type(before) is type(after) is dict:
        return [patch for key in before | after for patch in patches_of_entry(before, after, key, path)]
    return [] if same(before, after) else [("put", path, after)]


def patches_of_entry(before: Any, after: Any, key: Any, path: tuple[Any, ...]) -> list[Patch]:
    if key not in after:
        return [("take", (*path, key), None)]
    if key not in before:
        return [("put", (*path, key), after[key])]
    return patches_between(before[key], after[key], (*path, key))


def patched(value: Any, patches: list[Patch]) -> Any:
    root = [plain_copy(value)]
    for name, path, new in reversed(patches):
        *way, key = (0, *path)
        at: Any = root
        for each in way:
            at = at[each]
        if name == "take":
            del at[key]
        elif type(at) is list and key == len(at):
            at.append(plain_copy(new))
        else:
            at[key] = plain_copy(new)
    return root[0]


class RollsBackByInversePatches(NaiveLog):
    """A failed update is rolled back by its inverse patches, applied to the present value."""

    def __init__(self, base: Any, **options: Any) -> None:
        super().__init__(base, **options)
        self.undo: dict[NaiveLayer, Any] = {}

    def add(self, part: Part, status: str) -> NaiveLayer:
        before = self.visible
        layer = super().add(part, status)
        self.undo[layer] = self.way_back(before)
        return layer

    def way_back(self, before: Any) -> Any:
        return patches_between(self.visible, before)

    def rollback(self, layer: NaiveLayer) -> bool:
        shown = self.visible
        if not super().rollback(layer):
            return False
        try:
            self.visible = self.go_back(shown, self.undo[layer])
        except (LookupError, TypeError):
            self.visible = shown  # the path no longer resolves, so the failed update stays
        return True

    def go_back(self, shown: Any, undo: Any) -> Any:
        return patched(shown, undo)


class RestoresASnapshot(RollsBackByInversePatches):
    """A failed update also rolls back all later changes."""

    def way_back(self, before: Any) -> Any:
        return before

    def go_back(self, shown: Any, undo: Any) -> Any:
        return undo


class FoldsAtOnce(NaiveLog):
    """A confirmed layer folds into the base although older layers are pending."""

    def commit(self, layer: NaiveLayer, *recipes: Any) -> bool:
        if not super().commit(layer, *recipes):
            return False
        if layer in self.layers:
            self.base, _ = self.attempt(layer, self.base)
            self.layers.remove(layer)
            layer.status = "folded"
            self.settle()
        return True


class AppliesHalf(NaiveLog):
    """The edits of a layer before its error stay."""

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        origins: dict[int, tuple[Any, Any]] = {}
        attempt, failure = plain_copy(value, origins), None
        try:
            for part in layer.parts:
                made, _ = part(attempt)
                attempt = made if made is attempt else plain_copy(made, origins)
        except Exception as error:
            failure = error
        return sharing(attempt, origins), failure


class DropsPendingWithTheBase(NaiveLog):
    """Fetched data replaces everything."""

    def set_base(self, value: Any, shares: bool = True) -> None:
        self.rollback_all()
        super().set_base(value, shares)


class KeepsConfirmedOverTheBase(NaiveLog):
    """A confirmed layer is applied again over newly fetched data."""

    def set_base(self, value: Any, shares: bool = True) -> None:
        confirmed = [layer for layer in self.layers if layer.status == "confirmed"]
        super().set_base(value, shares)
        for layer in confirmed:
            layer.status = "confirmed"
        self.layers = sorted([*self.layers, *confirmed], key=lambda layer: layer.id)
        self.settle()


class AppendsTheAnswer(NaiveLog):
    """The server's answer is applied after all newer layers."""

    def commit(self, layer: NaiveLayer, *recipes: Any) -> bool:
        done = super().commit(layer, *recipes)
        if done and layer in self.layers and recipes[0] is not None:
            self.layers.remove(layer)
            self.layers.append(layer)
            self.settle()
        return done


class ForgetsThen(NaiveLog):
    """`then` edits the visible value only, and is lost at the next rebase."""

    def commit(self, layer: NaiveLayer, *recipes: Any) -> bool:
        done = super().commit(layer, *recipes)
        if done and recipes[1] is not None:
            layer.parts = layer.parts[:-1]
        return done


class GivesUpOnConflicts(NaiveLog):
    """A layer in conflict is never retried."""

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        return super().attempt(layer, value) if layer.failure is None else (value, layer.failure)


class EmptiesWhatIsConfirmed(NaiveLog):
    """A layer that is confirmed while in conflict loses its recipe, so the order of settling matters."""

    def commit(self, layer: NaiveLayer, *recipes: Any) -> bool:
        failed = layer.failure is not None
        done = super().commit(layer, *recipes)
        if done and failed and recipes[0] is None:
            layer.parts = []
        return done


class DropsConflicts(NaiveLog):
    """A layer in conflict is dropped without a report."""

    def settle(self) -> None:
        super().settle()
        for layer in [layer for layer in self.layers if layer.status == "conflicted"]:
            layer.status = "rolled_back"
            self.layers.remove(layer)


class LosesTheOrder(NaiveLog):
    """Every layer sorts its dict by key."""

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        value, failure = super().attempt(layer, value)
        if type(value) is dict:
            keys = sorted(value, key=str)
            value = value if keys == list(value) else {key: value[key] for key in keys}
        return value, failure


class TakesLaterOnesAlong(NaiveLog):
    """Rolling back a layer also rolls back all newer layers."""

    def rollback(self, layer: NaiveLayer) -> bool:
        later = self.layers[self.layers.index(layer) + 1 :] if layer in self.layers else []
        if not super().rollback(layer):
            return False
        for one in later:
            super().rollback(one)
        return True


class SettlesTwice(NaiveLog):
    """A second rollback returns True."""

    def rollback(self, layer: NaiveLayer) -> bool:
        return super().rollback(layer) or layer.status == "rolled_back"


class TellsEveryTime(NaiveLog):
    """Reports a conflict at each rebase, not when it begins."""

    def settle(self) -> None:
        for layer in self.layers:
            layer.failure = None
        super().settle()


class EditsInPlace(NaiveLog):
    """A layer edits the visible value in place."""

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        after, failure = super().attempt(layer, value)
        if type(value) is type(after) is dict and failure is None:
            after = plain_copy(after)
            value.clear()
            value.update(after)
            return value, failure
        return after, failure


class CopiesEverything(NaiveLog):
    """Every edit copies all objects."""

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        value, failure = super().attempt(layer, value)
        return plain_copy(value), failure


class TakesNewObjects(NaiveLog):
    """New data replaces the old objects, also in parts that are equal."""

    def set_base(self, value: Any, shares: bool = True) -> None:
        super().set_base(value, shares)
        self.base = value
        self.settle()


class SharesAllTheSame(NaiveLog):
    """New data that is to be taken as it came is exchanged for the old objects where it is equal."""

    def set_base(self, value: Any, shares: bool = True) -> None:
        super().set_base(value)


class RunsOverAnAbsentBase(NaiveLog):
    """A layer is called although there is no data that it could edit."""

    def add(self, part: Part, status: str) -> NaiveLayer:
        if self.base is ABSENT:
            part(ABSENT)
        return super().add(part, status)


class ForgetsWaitingLayers(NaiveLog):
    """Data that goes takes the pending layers along."""

    def set_base(self, value: Any, shares: bool = True) -> None:
        if value is ABSENT:
            self.rollback_all()
        super().set_base(value, shares)


class ConfirmsForTheNextBase(NaiveLog):
    """A layer that was confirmed while there was no data edits the next data."""

    def set_base(self, value: Any, shares: bool = True) -> None:
        waiting = [layer for layer in self.layers if layer.status == "confirmed"] if self.base is ABSENT else []
        for layer in waiting:
            layer.status = "pending"
        super().set_base(value, shares)
        for layer in waiting:
            layer.status = "confirmed"
        self.settle()


class StaysConflictedWithoutData(NaiveLog):
    """A conflicted layer is still conflicted when there is nothing that it conflicts with."""

    def attempt(self, layer: NaiveLayer, value: Any) -> tuple[Any, BaseException | None]:
        return (value, layer.failure) if value is ABSENT else super().attempt(layer, value)


class WaitsForAWholeValue(NaiveLog):
    """A whole value that is set while there is none is kept until other data comes."""

    def replace(self, value: Any, pending: bool = False) -> NaiveLayer:
        return self.add(puts(value), "pending" if pending else "confirmed")


class ShowsAnotherObject(NaiveLog):
    """A confirmation replaces the visible object by an equal one."""

    def keep(self, visible: Any) -> None:
        if is_container(self.visible) and self.layers:
            self.visible = plain_copy(self.visible)


class RestoresWithoutStatus(NaiveLog):
    """A restored layer keeps its later status."""

    def restore(self, saved: Any) -> None:
        statuses = {row[0]: row[0].status for row in saved[3]}
        super().restore(saved)
        for layer, status in statuses.items():
            layer.status = status


PLANTED = {
    RollsBackByInversePatches: "visible is",
    RestoresASnapshot: "visible is",
    FoldsAtOnce: "visible is|base is",
    AppliesHalf: "visible is|base is",
    DropsPendingWithTheBase: "visible is|rolled_back",
    KeepsConfirmedOverTheBase: "visible is|superseded",
    AppendsTheAnswer: "visible is|base is|conflict",
    ForgetsThen: "visible is|base is|gives",
    GivesUpOnConflicts: "visible is|conflicted|errors",
    EmptiesWhatIsConfirmed: "visible is|base is|conflicts",
    DropsConflicts: "conflicted",
    LosesTheOrder: "visible is|base is",
    TakesLaterOnesAlong: "visible is|rolled_back",
    SettlesTwice: "gives",
    TellsEveryTime: "conflicts",
    EditsInPlace: "handed out|visible is|base is|is a copy",
    CopiesEverything: "is a copy of what nobody has touched|shows another object",
    TakesNewObjects: "is a copy of what nobody has touched|which was there before",
    SharesAllTheSame: "is a copy of what nobody has touched",
    RunsOverAnAbsentBase: "gives",
    ForgetsWaitingLayers: "visible is|rolled_back|pending",
    ConfirmsForTheNextBase: "visible is|folded|statuses",
    StaysConflictedWithoutData: "conflict|errors",
    WaitsForAWholeValue: "visible is",
    ShowsAnotherObject: "shows another object",
    RestoresWithoutStatus: "statuses|visible is|gives|length",
}
