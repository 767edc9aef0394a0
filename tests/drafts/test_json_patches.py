"""Patches as JSON: RFC 6902 with JSON pointers (RFC 6901), both ways."""

import json

import pytest

from halflife import Patch, PatchError, apply_patches, from_json_patch, produce_with_patches, to_json_patch


def applied(document, operations):
    return apply_patches(document, from_json_patch(operations))


# The examples of RFC 6902, appendix A.
EXAMPLES = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
    ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
    (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"g": {}}}], {"foo": "bar", "child": {"g": {}}}),
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}], {"foo": "bar", "baz": "qux"}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
    ({"a": 1}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": 1, "b": 1}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": [1]}], [1]),
    ({"": 1}, [{"op": "replace", "path": "/", "value": 2}], {"": 2}),
    ({"a": 1}, [{"op": "test", "path": "", "value": {"a": 1}}], {"a": 1}),
    ({"a": 1}, [{"op": "add", "path": "/a", "value": None}], {"a": None}),
]


@pytest.mark.parametrize(("document", "operations", "expected"), EXAMPLES)
def test_the_examples_of_the_standard_give_its_results(document, operations, expected):
    assert applied(document, operations) == expected
    assert applied(document, json.dumps(operations)) == expected
    assert applied(document, json.dumps(operations).encode()) == expected
    told = to_json_patch(from_json_patch(operations))
    assert told == [{name: part for name, part in operation.items() if name != "xyz"} for operation in operations]


REFUSED = [
    ({"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "bar"}]),
    ({"foo": "bar"}, [{"op": "add", "path": "/baz/bat", "value": "qux"}]),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": "10"}]),
    ({"a": [1, 2]}, [{"op": "replace", "path": "/a/-", "value": 1}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/01"}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/-1"}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/1e0"}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/ 1"}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/1 "}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/+1"}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/00"}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/1.0"}]),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/99999999999999999999999999"}]),
    ({"a": [1, 2]}, [{"op": "add", "path": "/a/3", "value": 1}]),
    ({"a": [1, 2]}, [{"op": "add", "path": "/a/", "value": 1}]),
    ({"a": {}}, [{"op": "move", "from": "/a", "path": "/a/b"}]),
]


@pytest.mark.parametrize(("document", "operations"), REFUSED)
def test_errors_of_the_standard_are_errors(document, operations):
    with pytest.raises(PatchError, match="patch 0"):
        applied(document, operations)


@pytest.mark.parametrize(
    "given",
    [
        "not json",
        b"\xff",
        "{}",
        "5",
        5,
        None,
        {},
        [1],
        [[]],
        ["add"],
        [{}],
        [{"op": "add"}],
        [{"op": "add", "path": "/a"}],
        [{"op": "replace", "path": "/a"}],
        [{"op": "test", "path": "/a"}],
        [{"op": "move", "path": "/a"}],
        [{"op": "copy", "path": "/a", "from": 5}],
        [{"path": "/a", "value": 1}],
        [{"op": "spam", "path": "/a", "value": 1}],
        [{"op": 5, "path": "/a", "value": 1}],
        [{"op": "remove", "path": "a"}],
        [{"op": "remove", "path": 5}],
        [{"op": "remove", "path": None}],
        [{"op": "remove", "path": "/~"}],
        [{"op": "remove", "path": "/~2"}],
        [{"op": "remove", "path": "/a~/b"}],
        [{"op": "remove", "path": "/a/~"}],
    ],
)
def test_values_other_than_json_patches_are_refused(given):
    with pytest.raises(PatchError, match=r"JSON patch|operation 0"):
        from_json_patch(given)


def test_the_wrong_operation_is_named():
    with pytest.raises(PatchError, match="operation 1 of the JSON patch has no value"):
        from_json_patch([{"op": "remove", "path": "/a"}, {"op": "add", "path": "/a"}])


def test_paths_are_escaped():
    patches = [Patch("add", ("a/b", "m~n", 0, "", "ä"), 1)]
    assert to_json_patch(patches) == [{"op": "add", "path": "/a~1b/m~0n/0//ä", "value": 1}]
    assert from_json_patch(to_json_patch(patches))[0].path == ("a/b", "m~n", "0", "", "ä")


def test_digits_mean_the_text_key_of_a_dict_or_the_number_if_only_the_number_is_a_key():
    assert applied({"1": "a", 1: "b"}, [{"op": "replace", "path": "/1", "value": 0}]) == {"1": 0, 1: "b"}
    assert applied({1: "b"}, [{"op": "replace", "path": "/1", "value": 0}]) == {1: 0}
    assert applied({1: {2: []}}, [{"op": "add", "path": "/1/2/0", "value": 0}]) == {1: {2: [0]}}
    assert applied({}, [{"op": "add", "path": "/1", "value": 0}]) == {"1": 0}
    assert applied({"s": {1, "2"}}, [{"op": "remove", "path": "/s/1"}]) == {"s": {"2"}}


def test_patches_of_recipes_go_to_json_and_back():
    base = {"todos": [{"text": "a"}, {"text": "b"}, {"text": "c"}], "by/name": {"~": 1}, "ids": {7: "x"}}

    def recipe(d):
        d["todos"].append(d["todos"].pop(0))
        d["todos"].insert(0, {"text": "new"})
        d["todos"][1]["done"] = True
        d["by/name"]["~"] = [1]
        d["ids"][7] = "y"
        del d["todos"][2]["text"]

    new, patches, inverse = produce_with_patches(base, recipe)
    assert applied(base, json.dumps(to_json_patch(patches))) == new
    assert applied(new, json.dumps(to_json_patch(inverse))) == base


def test_paths_that_json_cannot_express_are_refused():
    for part in ((1, 2), None, True, 1.5, b"x"):
        with pytest.raises(PatchError, match="JSON pointer"):
            to_json_patch([Patch("remove", (part,))])
    with pytest.raises(TypeError):
        to_json_patch([{"op": "remove"}])
    with pytest.raises(TypeError):
        to_json_patch(5)
