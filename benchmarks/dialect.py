"""Dialect: how one library says the words of a shape.

A dialect is a handful of source templates. `build` rewrites the syntax trees of `shapes.py` and
`operations.py` with them and runs the result in a fresh namespace (a fresh store, a fresh program). The `counted`
form of the same text counts every run of a user function; it is never timed.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from words import Bench

SHAPES = [Path(__file__).with_name(name) for name in ("shapes.py", "operations.py")]
WORDS = {
    "source": ("value",),
    "derived": ("function",),
    "read": ("node",),
    "outside": ("node",),
    "write": ("node", "value"),
    "observe": ("node",),
    "observe_bare": ("node",),
    "batch": (),
}
"""The words, and what a template calls their arguments."""


@dataclass(frozen=True)
class Dialect:
    """One library: its set-up code and a template per word."""

    name: str
    setup: str
    source: str
    derived: str
    read: str
    outside: str
    write: str
    observe: str
    observe_bare: str
    batch: str
    parameters: tuple[str, ...] = ()
    """The parameters of a derived atom's function."""
    recursion_limit: int | None = None
    """For a peer that recurses once per atom in a chain: without it the chain cannot be measured."""

    @contextmanager
    def room(self) -> Iterator[None]:
        """The recursion limit this library needs; for the others it stays as it is."""
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(self.recursion_limit or before)
        try:
            yield
        finally:
            sys.setrecursionlimit(before)

    def build(self, shape: str, size: int, *, counted: bool = False) -> tuple[Bench, Callable[[], int]]:
        """Builds one shape; also returns a function that tells how many user functions ran."""
        tally = Tally()
        sink: Callable[[object], None] = tally.sink if counted else deque(maxlen=1).append
        namespace: dict[str, Any] = {"Bench": Bench, "sink": sink, "tally": tally, "kept": []}
        exec(self.setup, namespace)
        # compile() takes over this file's `annotations` future: theirs are never evaluated.
        for path in SHAPES:
            tree = Rewrite(self, counted).visit(ast.parse(path.read_text(encoding="utf-8")))
            tree = ast.fix_missing_locations(tree)
            exec(compile(tree, f"{path.name} in {self.name}", "exec"), namespace)
        return namespace[shape](size), lambda: tally.count


class Tally:
    """Counts the runs of user functions, in the counted form of a shape."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1

    def sink(self, value: object) -> None:
        self.count += 1


class Rewrite(ast.NodeTransformer):
    """Puts a dialect's templates in the place of the words."""

    def __init__(self, dialect: Dialect, counted: bool) -> None:
        self.dialect = dialect
        self.counted = counted

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """The words are replaced, and what the files of shapes share is in one namespace."""
        return None if node.module in ("words", "shapes") else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if any(isinstance(mark, ast.Name) and mark.id == "reading" for mark in node.decorator_list):
            node.decorator_list = []
            node.args = self.parameters()
            if self.counted:
                node.body.insert(0, ast.parse("tally()").body[0])
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """A word that is a statement may become one that is no expression (`x.value = 1`)."""
        call = node.value
        if isinstance(call, ast.Call) and (word := word_of(call)) is not None:
            return self.replace(call, word)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        word = word_of(node)
        if word is None:
            return self.generic_visit(node)
        statement = self.replace(node, word)
        if not isinstance(statement, ast.Expr):
            raise SyntaxError(  # noqa: TRY004 - what is wrong is the text of the shape
                f"{word} has to be a statement of its own in a shape"
            )
        return statement.value

    def replace(self, call: ast.Call, word: str) -> ast.stmt:
        if word == "derived":
            parts = {"function": self.function(call.args[0])}
        else:
            parts = dict(zip(WORDS[word], [ast.unparse(self.visit(each)) for each in call.args], strict=True))
        template: str = getattr(self.dialect, word)
        return ast.parse(template.format(**parts)).body[0]

    def function(self, written: ast.expr) -> str:
        if not isinstance(written, ast.Lambda):
            return ast.unparse(written)
        body = self.visit(written.body)
        if self.counted:
            body = ast.parse(f"(tally(), {ast.unparse(body)})[1]", mode="eval").body
        return ast.unparse(ast.fix_missing_locations(ast.Lambda(self.parameters(), body)))

    def parameters(self) -> ast.arguments:
        names = [ast.arg(name) for name in self.dialect.parameters]
        return ast.arguments(posonlyargs=[], args=names, kwonlyargs=[], kw_defaults=[], defaults=[])


def word_of(call: ast.Call) -> str | None:
    """The word a call is written with, if it is one."""
    if isinstance(call.func, ast.Name) and call.func.id in WORDS:
        return call.func.id
    return None
