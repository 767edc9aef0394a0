"""*Faults* in optimistic layers: a script runs once for each of its callbacks, and that callback fails.

Callbacks are recipes, `on_conflict`, the `==` and `hash` of keys, and the constructors of records. Each failure
either makes the operation raise without any change, or puts a layer in conflict. Once new data has arrived, the
log agrees with the naive log again, and nothing leaks.
"""

import dataclasses
import gc
import sys
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from halflife import produce
from halflife._core import LayerLog
from injected_faults import Faults, InjectedError, InjectedInterrupt
from layer_oracle import NaiveLog
from layer_values import is_container, same


class Key:
    """A key whose hash and equality are user code."""

    def __init__(self, faults: Faults, name: str) -> None:
        self.faults, self.name = faults, name

    def __hash__(self) -> int:
        self.faults.step("hash")
        return len(self.name)  # all keys collide, so that they are compared

    def __eq__(self, other: object) -> bool:
        self.faults.step("eq")
        return isinstance(other, Key) and other.name == self.name

    def __repr__(self) -> str:
        return f"Key({self.name})"


FAULTS: list[Faults] = []  # the faults of the present run, global because records cannot refer to them


@dataclasses.dataclass
class Row:
    n: int
    cells: list[Any]

    def __post_init__(self) -> None:
        if FAULTS:
            FAULTS[-1].step("constructor")


class Script:
    """A base, and operations that reach every part of the layers, on a log and on the naive one in step."""

    def __init__(self, faults: Faults, *, always: bool) -> None:
        self.faults = faults
        self.keys = [Key(faults, name) for name in ("k", "j", "m")]
        self.conflicts: list[Any] = []
        self.recipes: list[Any] = []
        self.log = LayerLog(self.base(), always, self.on_conflict)
        self.naive = NaiveLog(self.base())
        self.layers: list[tuple[Any, Any]] = []
        self.late = False

    def base(self) -> Any:
        k, j, _ = self.keys
        return {k: {"n": 0}, j: [1, 2, 3], "row": Row(1, [{"c": 1}, {"c": 2}]), "tags": {k}, "n": 0}

    def on_conflict(self, layer: Any, error: BaseException) -> None:
        self.conflicts.append(error)
        self.faults.step("on_conflict")

    def recipe(self, edit: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def recipe(draft: Any) -> Any:
            self.faults.step("recipe begins")
            result = edit(draft)
            self.faults.step("recipe ends")
            return result

        self.recipes.append(weakref.ref(recipe))
        return recipe

    def operations(self) -> list[tuple[Any, ...]]:
        k, j, m = self.keys
        recipe = self.recipe

        def set_key(draft: Any) -> None:
            draft[m] = {"made": True}

        def count(draft: Any) -> None:
            draft[k]["n"] += 1

        def use_key(draft: Any) -> None:
            draft[m]["used"] = draft[k]["n"]

        def edit_row(draft: Any) -> None:
            draft["row"].n += 1
            draft["row"].cells[1]["c"] = 5

        def edit_list(draft: Any) -> None:
            draft[j].append(draft[j].pop(0))

        def tag(draft: Any) -> None:
            draft["tags"].add(m)
            draft["tags"].discard(k)

        def rename(draft: Any) -> None:
            draft[j], draft[m] = draft.pop(m), draft[j]

        def whole(draft: Any) -> None:
            draft["n"] = len(draft)

        base = self.base()
        base["n"] = 5
        return [
            *[("apply", recipe(one)) for one in (set_key, count, use_key, edit_row, edit_list)],
            ("update", recipe(tag)),
            ("rollback", 1),
            ("apply", recipe(count)),
            ("commit", 4, recipe(edit_list), recipe(edit_row)),
            ("apply", recipe(whole)),
            ("rollback", 0),
            ("edit_base", recipe(set_key)),
            ("apply", recipe(rename)),
            ("set_base", base),
            ("apply", recipe(edit_row)),
            ("commit", 3, None, None),
            ("replace", self.base()),
            ("apply", recipe(edit_row)),
            ("rollback", 2),
            ("edit_base", recipe(count)),
            ("apply", recipe(tag)),
            ("commit", 8, None, recipe(count)),
            ("save",),
            ("apply", recipe(set_key)),
            ("rollback_all",),
            ("restore",),
            ("commit_all",),
        ]

    def perform(self, operation: tuple[Any, ...]) -> None:
        """Perform the operation on the log, and on the naive one unless the fault prevented it.

        A layer that could not be made does not exist. Any other operation that raises is done as a whole or not.
        """
        before = self.state()
        mine = None
        fired = self.faults.where
        try:
            self.faults.armed = True
            try:
                mine = self.perform_on(self.log, 0, operation)
            finally:
                self.faults.armed = False
        except (InjectedError, InjectedInterrupt, KeyError):
            if self.is_as(before):
                return
            where = f"{operation} raised the fault {self.faults.at} in {self.faults.where}"
            assert operation[0] not in {"apply", "update", "replace"}, where
        self.late = self.faults.where != fired
        theirs = self.perform_on(self.naive, 1, operation)
        if operation[0] in {"apply", "update", "replace"}:
            self.layers.append((mine, theirs))

    def perform_on(self, log: Any, side: int, operation: tuple[Any, ...]) -> Any:
        name, *arguments = operation
        if name in {"rollback", "commit"}:
            if arguments[0] >= len(self.layers):
                return None
            arguments[0] = self.layers[arguments[0]][side]
        if name == "save":
            self.saved = [*self.saved[:side], log.save()] if side else [log.save()]
            return None
        if name == "restore":
            arguments = [self.saved[side]]
        return getattr(log, name)(*arguments)

    def state(self) -> Any:
        log = self.log
        return log.visible, log.base, log.pending, log.length, [mine.status for mine, _ in self.layers]

    def is_as(self, before: Any) -> bool:
        now = self.state()
        return same(now[0], before[0]) and same(now[1], before[1]) and now[2:] == before[2:]

    def is_troubled(self) -> bool:
        """Whether the fault keeps a layer from applying."""
        errors = self.conflicts + [mine.error for mine, _ in self.layers]
        return any(isinstance(error, (InjectedError, InjectedInterrupt)) for error in errors)

    def heal(self) -> None:
        """Set new data: it supersedes confirmed layers and retries pending ones."""
        for (mine, theirs), log in ((pair, self.naive) for pair in self.layers):
            if mine.status != theirs.status and theirs in log.layers:
                assert {mine.status, theirs.status} <= {"pending", "conflicted", "confirmed", "folded"}
        for log in (self.log, self.naive):
            log.set_base(self.base())
        self.conflicts.clear()

    def check(self, where: str) -> None:
        assert same(self.log.visible, self.naive.visible), where
        assert self.log.pending == self.naive.pending, where
        if self.late:
            return  # layers that can fold will fold at the next operation
        assert same(self.log.base, self.naive.base), where
        assert self.log.length == self.naive.length, where
        for mine, theirs in self.layers:
            assert mine.status == theirs.status, where


def run(at: int, kind: type[BaseException], *, always: bool) -> tuple[Faults, list[Any]]:
    """Run the script with one fault; return the faults and weak references that must be dead afterwards."""
    faults = Faults(at, kind, armed=False)
    FAULTS[:] = [faults]
    script = Script(faults, always=always)
    healed = False
    for number, operation in enumerate(script.operations()):
        where = f"step {number} ({operation[0]}), fault {at} in {faults.where}"
        script.perform(operation)
        if not healed and script.is_troubled():
            healed = True
            script.heal()
        script.check(where)
    FAULTS.clear()
    left = [weakref.ref(part) for pair in [*script.layers, (script.log, script.naive)] for part in pair]
    return faults, left + [weakref.ref(one) for one in (script, *script.keys)] + script.recipes


def whatever_fails(kind: type[BaseException], *, always: bool) -> set[str]:
    """Run the script once for each callback, with a fault in it; return the names of the callbacks."""
    first, left = run(0, kind, always=always)
    assert first.count > 100
    reached = set()
    for at in range(1, first.count + 1):
        faults, more = run(at, kind, always=always)
        reached.add(faults.where)
        left += more
        if at % 25 == 0 or at == first.count:
            gc.collect()
            alive = [one() for one in left if one() is not None]
            assert alive == [], (at, alive)
            left.clear()
    return reached


@pytest.fixture
def only_what_is_new() -> Any:
    gc.collect()
    gc.freeze()  # collections skip older objects
    yield
    gc.unfreeze()


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Errors that Python passes to its hook: those of `on_conflict`, since the operation is complete by then."""
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(one.exc_type))
    return told


@pytest.mark.usefixtures("only_what_is_new")
@pytest.mark.parametrize(
    ("kind", "always"), [(InjectedError, False), (InjectedError, True), (InjectedInterrupt, False)]
)
def test_the_layers_stay_right_after_a_failure_of_any_callback(
    kind: type[BaseException], unraisable: list[Any], *, always: bool
) -> None:
    reached = whatever_fails(kind, always=always)
    assert reached >= {"recipe begins", "recipe ends", "hash", "eq", "constructor", "on_conflict"}
    assert set(unraisable) <= {kind}


# --- drafts


def edit_everything(draft: Any, keys: list[Key]) -> None:
    k, j, m = keys
    draft[m] = draft[k]
    draft[m]["n"] += 1
    draft["row"].cells[0]["c"] = 7
    draft["row"].n = 4
    draft[j].insert(0, draft[j].pop())
    draft["tags"].add(m)
    del draft[k]
    draft.setdefault(k, {"new": True})


@pytest.mark.usefixtures("only_what_is_new")
@pytest.mark.parametrize("kind", [InjectedError, InjectedInterrupt])
def test_the_base_of_a_draft_is_unchanged_after_a_failure_of_any_callback(kind: type[BaseException]) -> None:
    at, count = 0, 1
    while at <= count:
        faults = Faults(at, kind, armed=False)
        FAULTS[:] = [faults]
        keys = [Key(faults, name) for name in ("k", "j", "m")]
        base = {keys[0]: {"n": 0}, keys[1]: [1, 2, 3], "row": Row(1, [{"c": 1}, {"c": 2}]), "tags": {keys[0]}}
        parts = [part for part in base.values() if is_container(part)]
        before = repr(base)
        faults.armed = True
        try:
            produce(base, partial(edit_everything, keys=keys))
        except kind:
            assert at > 0
        else:
            assert at == 0
            count = faults.count
        faults.armed = False
        assert repr(base) == before, faults.where
        assert all(one is other for one, other in zip(parts, base.values(), strict=True))
        expected = dict(produce(base, partial(edit_everything, keys=keys)))
        assert expected[keys[1]] == [3, 1, 2]
        at += 1
    FAULTS.clear()
    assert count > 20
