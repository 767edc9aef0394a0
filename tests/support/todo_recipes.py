"""An atom of todos for tests of layers, and recipes that edit it."""

from typing import Any

from halflife import draft_atom


def todos_atom(**options: Any) -> Any:
    return draft_atom({"order": ["a"], "items": {"a": {"done": False}, "b": {"done": False}}}, name="todos", **options)


def done(key: str) -> Any:
    return lambda draft: draft["items"][key].update(done=True)


def append(key: str) -> Any:
    return lambda draft: draft["order"].append(key)


def fails(draft: Any) -> None:
    draft["order"].append("half")
    raise KeyError("no")
