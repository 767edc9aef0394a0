"""The *layer machine* runs one program on several logs and compares them with the naive log after each step.

A program is a base and a list of operations; an operation is plain data: (name, arguments). Operations name layers
by number, so that a program stays valid when operations are removed from it. Shrinking a failing program needs that.
"""

from collections.abc import Callable, Sequence
from typing import Any

import list_edits
import map_edits
import other_edits
from halflife._support.absent import ABSENT
from layer_operations import OPERATIONS, Operation, draw_operation
from layer_oracle import NaiveLog
from layer_recipes import Choose, Recipe, Whole, draw_value
from layer_values import containers, is_container, parts_of, plain_copy, same

TABLES = (map_edits, list_edits, other_edits)  # importing them fills the table of edits
Factory = Callable[..., Any]


class Wrong(AssertionError):  # noqa: N818 - a verdict on a log, not an error of the machine
    """A log differs from the naive log."""


class Subject:
    """A log under test, with the state that the machine records of it."""

    def __init__(self, name: str, factory: Factory, base: Any) -> None:
        self.name = name
        self.layers: list[Any] = []
        self.saved: list[Any] = []
        self.conflicts: list[tuple[int, str]] = []
        self.waited = False  # was a confirmed layer waiting before the last operation?
        self.shown: dict[Any, Any] = {}  # the parts of the visible value before the last operation, by path
        self.objects: dict[int, Any] = {}  # the containers among these parts, by id
        self.told: set[Any] = set()  # the paths whose lenses the last operation would have notified
        self.present = base  # the newest visible value that was not absent
        self.calls: int | None = None  # of recipes, before the last operation, if the base was absent
        self.log = factory(base, on_conflict=self.conflict)
        self.look()

    def conflict(self, layer: Any, error: BaseException) -> None:
        number = next((number for number, one in enumerate(self.layers) if one is layer), -1)
        self.conflicts.append((number, name_of(error)))

    def perform(self, operation: Operation) -> tuple[str, Any]:
        """Run the operation: ("value", result) or ("error", name of its type)."""
        self.conflicts.clear()
        try:
            return "value", self.result_of(*operation)
        except Exception as error:
            return "error", name_of(error)

    def result_of(self, name: str, *arguments: Any) -> Any:
        operate = getattr(self.log, name)
        match name:
            case "apply" | "update" | "replace":
                self.layers.append(operate(*arguments))
                return self.layers[-1].context
            case "rollback" | "commit":
                number, *recipes = arguments
                return operate(self.layers[-1 - number % len(self.layers)], *recipes) if self.layers else None
            case "save":
                return self.saved.append(operate())
            case "restore":
                return operate(self.saved.pop()) if self.saved else None
        return operate(*arguments)

    def look(self) -> None:
        """Record the visible value, and whether a confirmed layer waits, before the next operation."""
        self.shown, self.objects = parts_by_path(self.log.visible), containers(self.log.visible)
        self.waited = any(layer.status == "confirmed" for layer in self.layers)
        if self.log.visible is not ABSENT:
            self.present = self.log.visible
        self.calls = self.log.recipe_calls if self.log.visible is ABSENT and self.name in CALLS else None

    def has_called(self) -> bool:
        """Whether the last operation, over an absent base, has called recipes."""
        return self.calls is not None and self.log.recipe_calls > self.calls

    def excuses(self, path: tuple[Any, ...], shown: Any) -> bool:
        """Whether a copy is allowed: a part of it was shown before, or a layer may have edited it to no effect."""
        return (
            any(number in self.objects for number in containers(shown))
            or self.waited
            or any(layer.status == "confirmed" for layer in self.layers)
            or self.log.is_pending_at(path)
        )

    def tell(self, untouched: dict[Any, Any]) -> None:
        """Record the paths where the last operation replaced an object.

        Where no layer has touched the value, a replaced object must differ from its equal, unless list positions
        have moved.
        """
        now = parts_by_path(self.log.visible)
        self.told = {
            path for path, part in now.items() if path in self.shown and not is_shown_as(self.shown[path], part)
        }
        for path in self.told:
            if path in untouched and not self.moves(path, now, untouched) and same(self.shown[path], now[path]):
                raise Wrong(f"{self.name} tells of {now[path]} at {path}, which was there before")

    def moves(self, path: tuple[Any, ...], now: dict[Any, Any], untouched: dict[Any, Any]) -> bool:
        """Whether a part of it was at another path, or a list above it was touched or has another length now."""
        if self.waited or any(id(now[told]) in self.objects for told in self.told if told[: len(path)] == path):
            return True  # a confirmed layer that folded may have put an equal object there
        lists = [path[:place] for place in range(len(path)) if type(now[path[:place]]) is list]
        return any(above not in untouched or len(now[above]) != len(self.shown[above]) for above in lists)

    def describe(self) -> dict[str, Any]:
        log = self.log
        return {
            "pending": log.pending,
            "length": log.length,
            "statuses": [layer.status for layer in self.layers],
            "errors": [layer.error and name_of(layer.error) for layer in self.layers],
            "conflicts": self.conflicts,
        }


class Run:
    """A running program."""

    def __init__(self, base: Any, factories: dict[str, Factory]) -> None:
        self.handed: dict[int, tuple[Any, Any]] = {}  # by id: a container that a log returned, and a copy made then
        self.given: dict[int, Any] = {}  # containers that the user passed in, by id
        self.give(base)
        self.model = Subject("naive", NaiveLog, base)
        self.subjects = [Subject(name, factory, base) for name, factory in factories.items()]
        self.check("at the start")

    def give(self, value: Any) -> None:
        self.given.update(containers(value))
        for one in containers(value).values():
            self.hand(one)

    def hand(self, value: Any) -> None:
        if is_container(value) and id(value) not in self.handed:
            self.handed[id(value)] = (value, plain_copy(value))

    def step(self, operation: Operation) -> None:
        for argument in operation[1:]:
            # The old objects are kept, unless the new data is to be taken as it came.
            again = operation[0] == "set_base" and same(argument, self.model.log.base) and operation[2:] != (False,)
            if not isinstance(argument, Recipe) and not again:
                self.give(argument.value if isinstance(argument, Whole) else argument)
        before = [subject.log.visible for subject in self.subjects]
        untouched = self.untouched()
        expected = self.model.perform(operation)
        for subject in self.subjects:
            outcome = subject.perform(operation)
            where = f"{subject.name}: {operation}"
            self.hand(outcome[1])
            if not same(outcome, expected):
                raise Wrong(f"{where} gives {outcome}, not {expected}")
        self.check(operation)
        if not confirms(operation):
            # Still untouched: the base holds the same object there, or a new base shows its own.
            still = self.untouched()
            is_new = operation[0] == "set_base" and operation[2:] != (False,)
            untouched = {
                path: part for path, part in untouched.items() if path in still and (is_new or still[path] is part)
            }
        for subject in self.subjects:
            subject.tell(untouched)
            if subject.told != self.subjects[0].told:
                raise Wrong(f"after {operation} lenses are told at {subject.told}, not {self.subjects[0].told}")
            subject.look()
        for subject, visible in zip(self.subjects, before, strict=True):
            if confirms(operation) and subject.log.visible is not visible:
                raise Wrong(f"{subject.name} after {operation} shows another object")

    def untouched(self) -> dict[Any, Any]:
        """The containers of the base that the naive log shows, by path."""
        base, visible = (parts_by_path(value) for value in (self.model.log.base, self.model.log.visible))
        return {path: part for path, part in visible.items() if base.get(path) is part and is_container(part)}

    def check(self, operation: Any) -> None:
        model = self.model.log
        expected = self.model.describe()
        for subject in self.subjects:
            where = f"{subject.name} after {operation}"
            log = subject.log
            for what in ("visible", "base"):
                shown, right = getattr(log, what), getattr(model, what)
                if not same(shown, right):
                    raise Wrong(f"{where}: {what} is {shown}, not {right}")
                self.hand(shown)
                compare_objects(shown, right, self.given, f"{where}: in {what}", excused=subject.excuses)
            found = subject.describe()
            if found != expected:
                differing = {name: (found[name], expected[name]) for name in found if found[name] != expected[name]}
                raise Wrong(f"{where} (is, should be): {differing}")
            if log.visible is ABSENT and subject.has_called():
                raise Wrong(f"{where}: recipes were called over an absent base")
            if not log.length and log.visible is not log.base:
                raise Wrong(f"{where}: there are no layers, and what is visible is not the base")

    def finish(self) -> None:
        for value, before in self.handed.values():
            if not same(value, before):
                raise Wrong(f"{before} was handed out, and has become {value}")
        calls = {subject.name: subject.log.recipe_calls for subject in self.subjects if subject.name in CALLS}
        if len(calls) == 2 and calls["selective"] > calls["always"]:
            raise Wrong(f"recipes were called {calls}: selective replay replays more than all")


def compare_objects(shown: Any, right: Any, given: dict[int, Any], where: str, *, excused: Any = None) -> None:
    """Containers that the user passed in and no layer has touched must be the same objects.

    `excused(path, shown)`: whether a copy is allowed there, now and from then on.
    """

    def compare(shown: Any, right: Any, path: tuple[Any, ...]) -> None:
        if shown is right:
            return
        if id(right) in given:
            if excused is None or not excused(path, shown):
                raise Wrong(f"{where} {shown} is a copy of what nobody has touched")
            del given[id(right)]
        if is_container(right):
            for (_, one), (key, other) in zip(parts_of(shown), parts_of(right), strict=True):
                compare(one, other, (*path, key))

    compare(shown, right, ())


def parts_by_path(value: Any, path: tuple[Any, ...] = ()) -> dict[Any, Any]:
    """Every part that a lens can focus on, by path."""
    found = {path: value}
    if is_container(value):
        for key, part in parts_of(value):
            found |= parts_by_path(part, (*path, key))
    return found


def is_shown_as(before: Any, now: Any) -> bool:
    """Whether an atom treats the two values as the same."""
    return before is now or (not is_container(now) and same(before, now))


CALLS = ("selective", "always")


def confirms(operation: Operation) -> bool:
    """Whether the operation must leave the visible value as it is."""
    return operation[0] == "commit_all" or (operation[0] == "commit" and operation[2:] == (None, None))


def name_of(error: BaseException) -> str:
    """The error's type as the native log names it; where that log refuses a circular value, the naive one recurses."""
    return "RecipeError" if isinstance(error, RecursionError) else type(error).__name__.removeprefix("Naive")


SHAPE = ["world"] * 6 + ["part", "rows", "rows", "person", "tags"]
LENGTH = [3, 6, 9, 12, 15, 20, 25]


def own(argument: Any) -> Any:
    if isinstance(argument, Whole):
        return Whole(plain_copy(argument.value), argument.path)
    return plain_copy(argument)


def smaller_value(value: Any) -> Any:
    """Each value that has one part less, or one part made smaller."""
    if type(value) is Whole:
        yield from (Whole(less, value.path) for less in smaller_value(value.value))
    elif type(value) is dict:
        yield from ({other: value[other] for other in value if other != key} for key in value)
        yield from ({**value, key: less} for key in value for less in smaller_value(value[key]))
    elif type(value) is list:
        yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
        for place in range(len(value)):
            yield from ([*value[:place], less, *value[place + 1 :]] for less in smaller_value(value[place]))


class Program:
    """A base and a list of operations."""

    def __init__(self, base: Any, operations: Sequence[Operation]) -> None:
        self.base = base
        self.operations = list(operations)

    def run(self, factories: dict[str, Factory]) -> None:
        """Run the program on copies of its values, because a faulty log may change them."""
        run = Run(plain_copy(self.base), factories)
        for operation in self.operations:
            run.step(tuple(map(own, operation)))
        run.finish()

    def objection(self, factories: dict[str, Factory]) -> str | None:
        try:
            self.run(factories)
        except Wrong as error:
            return str(error)
        return None

    def made_small(self, factories: dict[str, Factory]) -> "Program":
        """The smallest program found that still fails."""
        smallest, tried = self, True
        while tried:
            tried = False
            for program in smallest.smaller():
                if program.objection(factories) is not None:
                    smallest, tried = program, True
                    break
        return smallest

    def smaller(self) -> Any:
        for place, operation in enumerate(self.operations):
            before, after = self.operations[:place], self.operations[place + 1 :]
            yield Program(self.base, before + after)
            for argument, recipe in enumerate(operation):
                if isinstance(recipe, Recipe) and len(recipe.steps) > 1:
                    for skipped in range(len(recipe.steps)):
                        less = type(recipe)(recipe.steps[:skipped] + recipe.steps[skipped + 1 :])
                        changed = (*operation[:argument], less, *operation[argument + 1 :])
                        yield Program(self.base, [*before, changed, *after])
                elif isinstance(recipe, Recipe) and argument == 3:
                    yield Program(self.base, [*before, (*operation[:3], None), *after])
                for less in smaller_value(recipe):
                    yield Program(
                        self.base, [*before, (*operation[:argument], less, *operation[argument + 1 :]), *after]
                    )
        for less in smaller_value(self.base):
            yield Program(less, self.operations)

    def __str__(self) -> str:
        return "\n".join([f"base = {self.base!r}", *map(repr, self.operations)])


def play(choose: Choose, factories: dict[str, Factory], *, small: bool = True) -> Program:
    """Draw a program and run it. The message of a failure holds the smallest program that still fails."""
    shape = choose(SHAPE)
    program = Program(draw_value(choose, shape), [])
    run = Run(plain_copy(program.base), factories)
    try:
        for _ in range(choose(LENGTH)):
            program.operations.append(draw_operation(choose, shape, run.model, choose(OPERATIONS)))
            run.step(tuple(map(own, program.operations[-1])))
        run.finish()
    except Wrong as error:
        if not small:
            raise
        smallest = program.made_small(factories)
        raise Wrong(f"{smallest.objection(factories) or error}\n\n{smallest}") from None
    return program
