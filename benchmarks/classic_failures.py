"""Classic failures: eight short stories in which the inverse patches of an optimistic edit go wrong.

Two edits are made, mine first, and mine fails (in one story data is refetched instead while mine is
pending). `python benchmarks/classic_failures.py` lets each library take it back its own way: immer,
mutative and patchdiff by the inverse patches of the edit, jsonpatch by the difference of the states
before and after, halflife by `Layer.rollback`. What came out stands in `classic_failures.md`, to be
read, and in `classic_failures.json`, for programs.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import environment
import javascript

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Edit:
    """One edit, once as a recipe in Python and once as the body of one in JavaScript."""

    recipe: Callable[[Any], object]
    javascript: str


@dataclass(frozen=True)
class Story:
    """What happens, and what has to be shown in the end."""

    key: str
    title: str
    base: Any
    mine: Edit
    expected: Any
    other: Edit | None = None
    refetched: Any = None


def named(value: Any, name: str) -> int:
    return next(place for place, item in enumerate(value) if item["id"] == name)


def items(*names: str) -> list[dict[str, Any]]:
    return [{"id": name} for name in names]


STORIES = (
    Story(
        "push_and_insert",
        "an optimistic push, and an insert before it",
        ["a", "b"],
        Edit(lambda d: d.append("temporary"), "d.push('temporary')"),
        ["new", "a", "b"],
        Edit(lambda d: d.insert(0, "new"), "d.unshift('new')"),
    ),
    Story(
        "removal_and_edit",
        "a removal, and an edit beside it",
        [{"id": "a", "n": 1}, {"id": "b", "n": 1}, {"id": "c", "n": 1}],
        Edit(lambda d: d.pop(0), "d.shift()"),
        [{"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "c", "n": 1}],
        Edit(lambda d: d[named(d, "b")].update(n=2), "d.find((item) => item.id === 'b').n = 2"),
    ),
    Story(
        "removal_and_removal",
        "a removal, and another removal",
        items("a", "b", "c"),
        Edit(lambda d: d.pop(0), "d.shift()"),
        items("a", "c"),
        Edit(lambda d: d.pop(named(d, "b")), "d.splice(d.findIndex((item) => item.id === 'b'), 1)"),
    ),
    Story(
        "edit_and_removal",
        "an edit of an item that another edit removed",
        [{"id": "a", "n": 1}, {"id": "b", "n": 1}],
        Edit(lambda d: d[named(d, "b")].update(n=2), "d.find((item) => item.id === 'b').n = 2"),
        [{"id": "a", "n": 1}],
        Edit(lambda d: d.pop(named(d, "b")), "d.splice(d.findIndex((item) => item.id === 'b'), 1)"),
    ),
    Story(
        "set_and_set",
        "two sets of one field, the first fails",
        {"n": 1},
        Edit(lambda d: d.update(n=2), "d.n = 2"),
        {"n": 3},
        Edit(lambda d: d.update(n=3), "d.n = 3"),
    ),
    Story(
        "delete_and_replace",
        "a delete inside a parent that is replaced",
        {"draft": {"title": "old", "text": "old"}},
        Edit(lambda d: d["draft"].pop("text"), "delete d.draft.text"),
        {"draft": {"title": "new"}},
        Edit(lambda d: d.update(draft={"title": "new"}), "d.draft = { title: 'new' }"),
    ),
    Story(
        "refetch",
        "a pending edit over refetched data",
        items("a", "b", "c"),
        Edit(lambda d: d.pop(named(d, "a")), "d.splice(d.findIndex((item) => item.id === 'a'), 1)"),
        items("server", "b", "c"),
        refetched=items("server", "a", "b", "c"),
    ),
    Story(
        "push_and_push",
        "two pushes, the first fails",
        [1, 2, 3],
        Edit(lambda d: d.append(4), "d.push(4)"),
        [1, 2, 3, 5],
        Edit(lambda d: d.append(5), "d.push(5)"),
    ),
)


# --- how each library takes an edit back


def by_halflife(story: Story) -> Any:
    from halflife import Layers

    layers = Layers(story.base)
    mine = layers.apply(story.mine.recipe)
    if story.other is None:
        layers.set_base(story.refetched)
    else:
        layers.apply(story.other.recipe)
        mine.rollback()
    return layers.visible


def by_patchdiff(story: Story) -> Any:
    from patchdiff import apply, produce

    shown, forward, inverse = produce(story.base, story.mine.recipe)
    if story.other is None:
        return apply(story.refetched, forward)
    return apply(produce(shown, story.other.recipe)[0], inverse)


def by_jsonpatch(story: Story) -> Any:
    import jsonpatch

    shown = copy.deepcopy(story.base)
    story.mine.recipe(shown)
    if story.other is None:
        return jsonpatch.make_patch(story.base, shown).apply(story.refetched)
    inverse = jsonpatch.make_patch(shown, story.base)
    story.other.recipe(shown)
    return inverse.apply(shown)


PYTHON = {"halflife": by_halflife, "patchdiff": by_patchdiff, "jsonpatch": by_jsonpatch}
COLUMNS = ("halflife", "immer", "mutative", "patchdiff", "jsonpatch")
Outcome = dict[str, Any]
"""`value`, or the `error` that came instead."""


def outcomes_in_python() -> dict[str, dict[str, Outcome]]:
    found: dict[str, dict[str, Outcome]] = {}
    for name, take_back in PYTHON.items():
        found[name] = {}
        for story in STORIES:
            try:
                found[name][story.key] = {"value": take_back(story)}
            except Exception as error:  # that it raises is what is to be shown
                found[name][story.key] = {"error": f"{type(error).__name__}: {error}"}
    return found


def outcomes_in_javascript() -> dict[str, dict[str, Outcome]]:
    """The same under Node; raises where there is none."""
    stories = [
        {
            "key": story.key,
            "base": story.base,
            "mine": {"javascript": story.mine.javascript},
            **({"other": {"javascript": story.other.javascript}} if story.other else {"refetched": story.refetched}),
        }
        for story in STORIES
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stories.json"
        file.write_text(json.dumps(stories), encoding="utf-8")
        found: dict[str, dict[str, Outcome]] = json.loads(javascript.run("classic_failures.mjs", str(file)))
    return found


def is_right(story: Story, outcome: Outcome) -> bool:
    return "value" in outcome and outcome["value"] == story.expected


def shown(story: Story, outcome: Outcome) -> str:
    """A cell of the table."""
    if is_right(story, outcome):
        return "right"
    return f"`{short(outcome['value'])}`" if "value" in outcome else "raises"


def short(value: Any) -> str:
    """JSON without the noise: an item that is only a name is that name."""
    if isinstance(value, list):
        return "[" + ", ".join(short(each) for each in value) + "]"
    if isinstance(value, dict):
        if list(value) == ["id"]:
            return short(value["id"])
        name = f"{value['id']}: " if "id" in value else ""
        rest = {key: each for key, each in value.items() if key != "id"}
        if name and list(rest) == ["n"]:
            return name + short(rest["n"])
        return name + "{" + ", ".join(f"{key}: {short(each)}" for key, each in rest.items()) + "}"
    return str(value)


def page(found: dict[str, dict[str, Outcome]], versions: dict[str, str]) -> str:
    """The table, in Markdown."""
    head = [f"{name} {versions[name]}".strip() for name in COLUMNS]
    lines = [
        "# Eight classic failures of optimistic edits",
        "",
        "Two edits are made, mine first, and mine fails; in the seventh story data is refetched while mine is",
        "pending. halflife rolls the layer back. The others apply the inverse patches of the failed edit to what",
        "is there by then, which is what their manuals show (in the seventh: its patches to the new data). They are",
        "patch libraries and do what patches say; no patch can know what another edit meant.",
        "",
        "Made by `python benchmarks/classic_failures.py`; the edits themselves are there to be read.",
        "",
        "| " + " | ".join(["", "what is right", *head]) + " |",
        "| " + " | ".join(["---"] * (len(COLUMNS) + 2)) + " |",
    ]
    for number, story in enumerate(STORIES, 1):
        cells = [shown(story, found[name][story.key]) for name in COLUMNS]
        lines.append("| " + " | ".join([f"{number}. {story.title}", f"`{short(story.expected)}`", *cells]) + " |")
    right = [sum(is_right(story, found[name][story.key]) for story in STORIES) for name in COLUMNS]
    lines.append("| " + " | ".join(["**right**", "8", *(f"**{count}**" for count in right)]) + " |")
    return "\n".join([*lines, ""])


def report(*, keep: bool) -> int:
    try:
        found = {**outcomes_in_python(), **outcomes_in_javascript()}
    except javascript.NoNodeError as error:
        print(f"left out: the classic failures, {error}")
        return 0
    pinned = json.loads((HERE / "node" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    versions = {name: pinned[name] if name in pinned else version(name) for name in COLUMNS}
    versions["halflife"] = ""
    text = page(found, versions)
    print(text)
    if not keep:
        (HERE / "classic_failures.md").write_text(text, encoding="utf-8")
        stories = [
            {
                "key": story.key,
                "title": story.title,
                "base": story.base,
                "expected": story.expected,
                "outcomes": {
                    name: {**found[name][story.key], "right": is_right(story, found[name][story.key])}
                    for name in COLUMNS
                },
            }
            for story in STORIES
        ]
        written = json.dumps({"versions": versions, "stories": stories}, indent=1, ensure_ascii=False)
        (HERE / "classic_failures.json").write_text(written + "\n", encoding="utf-8")
    return int(not all(is_right(story, found["halflife"][story.key]) for story in STORIES))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--here", action="store_true", help="with this interpreter, as it is")
    parser.add_argument("--keep", action="store_true", help="write no files")
    options = parser.parse_args()
    if options.here:
        return report(keep=options.keep)
    python = environment.prepare()
    return subprocess.run([str(python), __file__, "--here", *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
