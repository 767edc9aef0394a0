"""Bad patches are refused and change nothing: no patch at all, no target, or a path into reserved attributes."""

from typing import Any

import pytest

from conftest import named
from halflife import Patch, PatchError, apply_patches, from_json_patch
from layer_recipes import Person
from layer_values import plain_copy, same

BASE: dict[str, Any] = {"a": {"n": 1}, "rows": [{"id": 1}, {"id": 2}], "tags": {1, 2}, "who": Person("x", {}, [])}


class Opaque:
    """A class that drafts do not know."""


BAD_PATCHES = [
    Patch("replace", ("a", "missing", "n"), 1),
    Patch("remove", ("missing",)),
    Patch("remove", ("rows", 5)),
    Patch("replace", ("rows", 7), 1),
    Patch("add", ("rows", 9), 1),
    Patch("add", ("rows", "first"), 1),
    Patch("replace", ("rows", -1, "id"), 1),
    Patch("move", ("rows", 0), from_=("rows", 5)),
    Patch("move", ("a", "b"), from_=("a",)),
    Patch("copy", ("b",), from_=("missing",)),
    Patch("test", ("a", "n"), 2),
    Patch("replace", ("a", "n", "deeper"), 1),
    Patch("replace", ("who", "missing"), 1),
    Patch("replace", ("who", "__class__"), Opaque),
    Patch("add", ("who", "__dict__"), {}),
    Patch("replace", ("who", "__dict__", "name"), "y"),
    Patch("replace", ("who", "__init__", "__globals__", "x"), "y"),
    Patch("remove", ("who", "name")),
    Patch("remove", ("tags", 9)),
]


@pytest.mark.parametrize("patch", BAD_PATCHES, ids=lambda patch: f"{patch.op} {patch.path}")
def test_a_patch_that_leads_nowhere_is_refused(patch: Patch) -> None:
    base = plain_copy(BASE)
    with pytest.raises(PatchError) as caught:
        apply_patches(base, [Patch("replace", ("a", "n"), 1), Patch("add", ("new",), {}), patch])
    assert isinstance(caught.value, ValueError)
    assert same(base, BASE)


@pytest.mark.parametrize(
    "patches", [None, 5, "text", [None], [{"op": "add"}], {"op": "add"}, [("add", (), 1)]], ids=named
)
def test_values_other_than_patches_are_refused(patches: Any) -> None:
    base = plain_copy(BASE)
    with pytest.raises((TypeError, PatchError)):
        apply_patches(base, patches)
    assert same(base, BASE)


@pytest.mark.parametrize("op", [None, 5, "", "replce", "ADD", b"add"], ids=named)
def test_an_unknown_operation_is_refused(op: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        apply_patches(plain_copy(BASE), [Patch(op, ("a",), 1)])


@pytest.mark.parametrize(
    "text",
    [
        *["", "{", "null", "5", '"add"', "[5]", "[{}]", '[{"op": "add"}]', '[{"op": "add", "path": "/a"}]'],
        *['[{"op": "jump", "path": "/a", "value": 1}]', '[{"op": "add", "path": "a", "value": 1}]'],
        *['[{"op": "add", "path": 5, "value": 1}]', '[{"op": "move", "path": "/a"}]'],
        *['[{"op": "add", "path": "/a~2", "value": 1}]', '[{"op": "add", "path": "/a~", "value": 1}]'],
        *['[{"op": "move", "path": "/a", "from": 5}]'],
    ],
)
def test_text_that_is_not_a_json_patch_is_refused(text: str) -> None:
    with pytest.raises(PatchError):
        from_json_patch(text)


def test_a_json_patch_does_not_reach_attributes_that_are_reserved() -> None:
    base = plain_copy(BASE)
    for path in ("/who/__class__", "/who/__dict__/name", "/a/__class__/x", "/who/__init__/__globals__"):
        patches = from_json_patch([{"op": "replace", "path": path, "value": 1}])
        with pytest.raises(PatchError):
            apply_patches(base, patches)
    assert same(base, BASE)
