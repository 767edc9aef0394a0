"""The *layer machine*: one program, run on several logs at once, compared with the naive one after each step.

A program is a base and a list of operations that are plain data: (name, arguments). Layers are meant by number,
so that a program stays a program when operations are taken out of it: that is how a failing one is made small.
"""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import list_edits
import map_edits
import other_edits
from layer_oracle import OPEN, NaiveLog
from layer_recipes import Choose, Recipe, Whole, draw_recipe, draw_update, draw_value
from layer_values import containers, is_container, parts_of, plain_copy, same

TABLES = (map_edits, list_edits, other_edits)  # importing them fills the table of edits
Operation = tuple[Any, ...]
Factory = Callable[..., Any]


class Wrong(AssertionError):  # noqa: N818 - it is what the machine says of a log
    """What a log does and the naive one does not."""


class Subject:
    """A log under test, and what is known of it."""

    def __init__(self, name: str, factory: Factory, base: Any) -> None:
        self.name = name
        self.layers: list[Any] = []
        self.saved: list[Any] = []
        self.conflicts: list[tuple[int, str]] = []
        self.waited = False  # a confirmed layer, before the last operation
        self.shown: dict[Any, Any] = {}  # what has been shown before the last operation, by path
        self.objects: dict[int, Any] = {}  # ... the containers in it
        self.told: set[Any] = set()  # the paths at which a lens would have been told of it
        self.log = factory(base, on_conflict=self.conflict)
        self.look()

    def conflict(self, layer: Any, error: BaseException) -> None:
        number = next((number for number, one in enumerate(self.layers) if one is layer), -1)
        self.conflicts.append((number, name_of(error)))

    def perform(self, operation: Operation) -> tuple[str, Any]:
        """What the operation gives: ("value", it) or ("error", its type)."""
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
        """Note what is shown, and whether a confirmed layer waits, for the next operation."""
        self.shown, self.objects = parts_by_path(self.log.visible), containers(self.log.visible)
        self.waited = any(layer.status == "confirmed" for layer in self.layers)

    def excuses(self, path: tuple[Any, ...], shown: Any) -> bool:
        """Whether a part of it is what was shown before, or a layer has edited it to no effect."""
        return (
            any(number in self.objects for number in containers(shown))
            or self.waited
            or any(layer.status == "confirmed" for layer in self.layers)
            or self.log.is_pending_at(path)
        )

    def tell(self, untouched: dict[Any, Any]) -> None:
        """Find out where the last operation has put another object.

        None of them equals the old one where none was touched, unless positions of a list have moved there.
        """
        now = parts_by_path(self.log.visible)
        self.told = {
            path for path, part in now.items() if path in self.shown and not is_shown_as(self.shown[path], part)
        }
        for path in self.told:
            if path in untouched and not self.moves(path, now, untouched) and same(self.shown[path], now[path]):
                raise Wrong(f"{self.name} tells of {now[path]} at {path}, which was there before")

    def moves(self, path: tuple[Any, ...], now: dict[Any, Any], untouched: dict[Any, Any]) -> bool:
        """Whether something in it was elsewhere, or a list above was touched, or has another length now."""
        if self.waited or any(id(now[told]) in self.objects for told in self.told if told[: len(path)] == path):
            return True  # or a confirmed layer has folded, which may have put an equal object there
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
    """A program under way."""

    def __init__(self, base: Any, factories: dict[str, Factory]) -> None:
        self.handed: dict[int, tuple[Any, Any]] = {}  # id -> what a log has handed out, and what it was then
        self.given: dict[int, Any] = {}  # containers that are the user's own
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
            again = operation[0] == "set_base" and same(argument, self.model.log.base)  # what is there is kept
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
            # The base has them still, or, if it is a new one, what it has there instead is shown.
            still, is_new = self.untouched(), operation[0] == "set_base"
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
        """What the naive log shows of the base's own, by path."""
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
    """Containers that are given, and that no layer has touched, must be there themselves.

    `excused(path, shown)`: whether a copy may be there nevertheless, and from then on.
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
    """All that a lens can be set on."""
    found = {path: value}
    if is_container(value):
        for key, part in parts_of(value):
            found |= parts_by_path(part, (*path, key))
    return found


def is_shown_as(before: Any, now: Any) -> bool:
    """Whether an atom takes the second value for the first one."""
    return before is now or (not is_container(now) and same(before, now))


CALLS = ("selective", "always")


def confirms(operation: Operation) -> bool:
    """Whether an operation may not change anything that can be seen."""
    return operation[0] == "commit_all" or (operation[0] == "commit" and operation[2:] == (None, None))


def name_of(error: BaseException) -> str:
    """The type of an error, as the native log names it: a circle is refused, and makes a naive log recurse."""
    return "RecipeError" if isinstance(error, RecursionError) else type(error).__name__.removeprefix("Naive")


# --- drawing operations

OPERATIONS = [
    *["apply"] * 24,
    *["update"] * 3,
    *["replace", "apply update", "apply replace"],
    *["rollback"] * 8,
    *["commit"] * 5,
    *["commit server", "commit then", "commit then", "commit both", "commit whole"],
    *["set_base", "set_base", "edit_base", "edit_base"],
    *["save", "save", "restore", "restore", "rollback_all", "commit_all"],
]


def draw_operation(choose: Choose, shape: str, model: Subject, name: str) -> Operation:
    """An operation that makes sense at this moment, most of the time."""
    log = model.log
    layer = partial(draw_layer, choose, model)
    value = partial(draw_value, choose, shape)
    edit = partial(draw_working, choose, shape, log.visible, draw_recipe)
    update = partial(draw_working, choose, shape, log.visible, draw_update)
    draw: dict[str, Callable[[], Operation]] = {
        "apply": lambda: ("apply", edit()),
        "apply update": lambda: ("apply", update(), True),
        "apply replace": lambda: ("replace", value(), True),
        "update": lambda: ("update", update()),
        "replace": lambda: ("replace", value()),
        "rollback": lambda: ("rollback", layer()),
        "commit": lambda: ("commit", layer(), None, None),
        "commit server": lambda: ("commit", layer(), edit(), None),
        "commit then": lambda: ("commit", layer(), None, edit()),
        "commit both": lambda: ("commit", layer(), edit(), edit()),
        "commit whole": lambda: ("commit", layer(), Whole(value(), None), None, True),
        "set_base": lambda: ("set_base", value()),
        "edit_base": lambda: ("edit_base", draw_working(choose, shape, log.base, draw_update)),
    }
    return draw[name]() if name in draw else (name,)


def draw_working(choose: Choose, shape: str, value: Any, draw: Callable[[Choose, str], Any]) -> Any:
    """A recipe that works on the value, if one is found soon: it can fail later, when others are gone."""
    for _ in range(4):
        recipe = draw(choose, shape)
        with contextlib.suppress(Exception):
            recipe(plain_copy(value))
            break
    return recipe


def draw_layer(choose: Choose, model: Subject) -> int:
    """The number of a layer, counted from the last: mostly of one that can still be settled, best a conflicted one."""
    statuses = [layer.status for layer in reversed(model.layers)]
    places = [place for place, status in enumerate(statuses) if status in OPEN]
    conflicted = [place for place in places if statuses[place] == "conflicted"]
    if conflicted and choose([True, False]):
        return choose(conflicted)
    return choose(places if places and choose([True] * 8 + [False]) else range(9))


SHAPE = ["world"] * 6 + ["part", "rows", "rows", "person", "tags"]
LENGTH = [3, 6, 9, 12, 15, 20, 25]


def own(argument: Any) -> Any:
    if isinstance(argument, Whole):
        return Whole(plain_copy(argument.value), argument.path)
    return plain_copy(argument)


def smaller_value(value: Any) -> Any:
    """The value without one of its parts, for each part; and with one of its parts made smaller."""
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
    """A base and what is done to it."""

    def __init__(self, base: Any, operations: Sequence[Operation]) -> None:
        self.base = base
        self.operations = list(operations)

    def run(self, factories: dict[str, Factory]) -> None:
        """Run it, on values of its own: a faulty log may spoil them."""
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
        """The same fault with as little as possible."""
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
    """Draw a program and run it at once. What is wrong has the smallest program that shows it in its message."""
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
