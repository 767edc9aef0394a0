"""*Recipes* for the oracles: a table of small edits of nested values, and functions that draw recipes from it.

Values have few shapes and few keys, so that edits collide: one edit writes where another has read, or misses an
item that another has removed. The same recipe edits drafts and, for the model, plain values.
"""

import dataclasses
import types
from collections.abc import Callable, MutableMapping, MutableSequence, MutableSet, Sequence
from typing import Any

from layer_values import plain_copy

Choose = Callable[[Sequence[Any]], Any]


@dataclasses.dataclass
class Person:
    name: Any
    part: Any
    parts: Any


class MissingError(Exception):
    """Raised by a recipe whose target does not exist."""


LEAVES = (int, str, float, bool, type(None), tuple)


def kind(value: Any) -> str:
    """The kind of a value; the same for a draft and for the value it drafts."""
    if isinstance(value, LEAVES):
        return "leaf"
    if isinstance(value, MutableMapping):
        return "map"
    if isinstance(value, MutableSequence):
        return "list"
    return "set" if isinstance(value, MutableSet) else "record"


def is_plain(value: Any) -> bool:
    return type(value) in {dict, list, set, Person}


def find(root: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        root = getattr(root, key) if kind(root) == "record" else root[key]
    return root


def text(value: Any) -> str:
    """The text of a value, made by reading all its parts."""
    match kind(value):
        case "map":
            return "{" + ",".join(f"{key!r}:{text(value[key])}" for key in value) + "}"
        case "list":
            return "[" + ",".join(text(item) for item in value) + "]"
        case "set":
            return "<" + ",".join(sorted(map(repr, value))) + ">"
        case "record":
            return f"({text(value.name)};{text(value.part)};{text(value.parts)})"
    return repr(value)


def rank(value: Any) -> str:
    """The sort key of rows."""
    if kind(value) == "map":
        value = value.get("id", value.get("n"))
    return repr(value) if kind(value) == "leaf" else kind(value)


@dataclasses.dataclass(frozen=True)
class Step:
    """One edit: a row of the table, with the arguments that it may need."""

    edit: Callable[[Any, Any, "Step"], Any]
    path: tuple[Any, ...]
    other: tuple[Any, ...]
    key: Any
    key2: Any
    i: int
    j: int
    value: Any
    value2: Any
    plain: bool = False

    def make(self, value: Any) -> Any:
        """A value to insert. A draft gets this object itself and must not change it."""
        return plain_copy(value) if self.plain else value

    def __repr__(self) -> str:
        return f"{self.edit.__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in USED[self.edit])})"


class Recipe:
    """Several steps in order. The result of the last one is the context."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = list(steps)

    def __call__(self, root: Any) -> Any:
        result = None
        for step in self.steps:
            result = step.edit(root, find(root, step.path), dataclasses.replace(step, plain=is_plain(root)))
        return result

    def __repr__(self) -> str:
        return f"Recipe({self.steps})"


class Silent(Recipe):
    """A recipe that returns nothing."""

    def __call__(self, root: Any) -> Any:
        super().__call__(root)


class Whole:
    """A recipe that returns a new whole value: a given one, or a part of the old one."""

    def __init__(self, value: Any, path: tuple[Any, ...] | None) -> None:
        self.value = value
        self.path = path

    def __call__(self, root: Any) -> Any:
        return self.value if self.path is None else find(root, self.path)

    def __repr__(self) -> str:
        return f"Whole({self.value!r}, {self.path!r})"


EDITS: dict[str, list[Any]] = {"map": [], "list": [], "set": [], "record": [], "any": []}
KNOTS: set[Any] = set()  # edits that put one object in two positions
MOVES: set[Any] = set()  # edits that would close a cycle after one of KNOTS
USED: dict[Any, list[str]] = {}
NAMES = ["path", "other", "key", "key2", "i", "j", "value", "value2"]


def names_in(code: types.CodeType) -> set[str]:
    """The attributes that a function uses, in its comprehensions too."""
    nested = [names_in(one) for one in code.co_consts if isinstance(one, types.CodeType)]
    return set(code.co_names).union(*nested)


def row(where: str, *groups: set[Any]) -> Callable[[Any], Any]:
    """Add an edit to the table."""

    def enter(edit: Any) -> Any:
        EDITS[where].append(edit)
        for group in groups:
            group.add(edit)
        names = {"path", *names_in(edit.__code__)}
        if "put" in names:  # the helper `put` uses attributes of the step, too
            names |= {"key", "i"}
        USED[edit] = [name for name in NAMES if name in names]
        return edit

    return enter


BASIC_KEYS = ["a", "b", "c", "n", "m", "in"]
MIXED_KEYS = [1, True, 1.0, "1", None, (1,), (True,)]  # keys of every scalar type; some are equal
KEYS = [BASIC_KEYS] * 6 + [MIXED_KEYS]
BASIC_VALUES: list[Any] = [
    *(0, 1, 2, 3, "x", "y", None, True, 1.0, (1, 2)),
    *({"n": 1}, {"n": 2, "in": {"n": 0}}, {"id": 7, "n": 0}, {"id": 1, "n": 5}, {}),
    *([1, 2], [], [{"id": 7, "n": 0}], {1, 2}, set(), Person("zoe", {"n": 1}, [])),
]


def draw_leaf(choose: Choose) -> Any:
    return choose([0, 1, 2, 3, "x", "y", None])


def draw_part(choose: Choose) -> Any:
    made = {"n": draw_leaf(choose), "m": choose([1, 2])}
    if choose([True, True, False]):
        made["in"] = {"n": draw_leaf(choose)}
    return made


def draw_rows(choose: Choose) -> Any:
    return [{"id": number, "n": choose([0, 1, 2]), "in": {"n": 0}} for number in range(choose([0, 1, 2, 3]))]


def draw_person(choose: Choose) -> Any:
    return Person(draw_leaf(choose), draw_part(choose), draw_rows(choose))


def draw_world(choose: Choose) -> Any:
    made = {
        "a": draw_part(choose),
        "b": draw_part(choose),
        "rows": draw_rows(choose),
        "list": [choose([1, 2, 3]) for _ in range(choose([0, 1, 2, 3, 4]))],
        "tags": set(choose([[], [1], [1, 2, "x"]])),
        "who": draw_person(choose),
        "n": choose([0, 1, 2]),
    }
    for key in choose([[], [], ["a"], ["b"], ["rows"], ["who"], ["a", "list"]]):
        made[key] = made.pop(key)
    for key in choose([[], [], ["a"], ["rows", "b"], ["tags", "list"], ["who"], ["a", "b", "rows"]]):
        del made[key]
    return made


# The kinds of containers at common paths of each shape.
ROWS = [((), "list"), ((0,), "map"), ((0,), "map"), ((1,), "map"), ((2,), "map"), ((-1,), "map"), ((0, "in"), "map")]
PART = [((), "map"), ((), "map"), (("in",), "map")]
PERSON = [
    *[((), "record"), ((), "record")],
    *[(("part", *path), what) for path, what in PART],
    *[(("parts", *path), what) for path, what in ROWS],
]
WORLD = [
    *[
        ((), "map"),
        ((), "map"),
        (("c",), "map"),
        (("c",), "map"),
        (("c", "in"), "map"),
        (("list",), "list"),
        (("list",), "list"),
        (("tags",), "set"),
        (("tags",), "set"),
    ],
    *[((key, *path), what) for key in ("a", "b") for path, what in PART],
    *[(("rows", *path), what) for path, what in ROWS],
    *[(("who", *path), what) for path, what in PERSON],
]
SHAPES: dict[str, tuple[Callable[[Choose], Any], list[Any]]] = {
    "world": (draw_world, WORLD),
    "part": (draw_part, PART),
    "rows": (draw_rows, ROWS),
    "person": (draw_person, PERSON),
    "tags": (lambda choose: set(choose([[], [1], [1, 2, "x"]])), [((), "set")]),
}


def draw_step(choose: Choose, shape: str, forbidden: set[Any]) -> Step:
    paths = SHAPES[shape][1]
    path, what = choose(paths)
    where = choose([what] * 8 + ["any"] * 3)
    edit = choose([edit for edit in EDITS[where] if edit not in forbidden])
    needs = USED[edit]
    draw = {
        "other": lambda: choose(paths)[0],
        "key": lambda: choose(choose(KEYS)),
        "key2": lambda: choose(choose(KEYS)),
        "i": lambda: choose([0, 0, 1, 2, -1]),
        "j": lambda: choose([0, 1, 2, 3]),
        "value": lambda: choose(BASIC_VALUES),
        "value2": lambda: choose(BASIC_VALUES),
    }
    return Step(edit, path, **{name: one() if name in needs else None for name, one in draw.items()})


def draw_recipe(choose: Choose, shape: str, before: Sequence[Step] = ()) -> Recipe:
    """A recipe whose result is only the context."""
    steps = list(before)
    forbidden = KNOTS | MOVES if any(step.edit in KNOTS for step in steps) else set()
    for _ in range(choose([1, 1, 1, 2, 2, 3])):
        steps.append(draw_step(choose, shape, forbidden))
        if steps[-1].edit in KNOTS:
            forbidden = KNOTS | MOVES
    return Recipe(steps)


def draw_value(choose: Choose, shape: str) -> Any:
    return SHAPES[shape][0](choose)


def draw_update(choose: Choose, shape: str) -> Any:
    """A recipe whose result would count as the new value."""
    match choose(["edit"] * 12 + ["whole", "part"]):
        case "whole":
            return Whole(draw_value(choose, shape), None)
        case "part":
            return Whole(None, choose(SHAPES[shape][1])[0])
    return Silent(draw_recipe(choose, shape).steps)
