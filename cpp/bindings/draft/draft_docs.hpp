// The docstrings of functions on drafts, and of Patch.
#pragma once

namespace halflife::bindings::docs {

constexpr const char* produce = R"(produce(base, recipe)
--

Return the value that `recipe` makes of `base`. The recipe edits a draft, so `base` does not change.

Parts without edits are the same objects in both values. A recipe that changes nothing returns `base` itself.

Args:
    base: A dict, list, set or record (dataclass, attrs, NamedTuple, msgspec, pydantic), nested at will; or
        any other value, which the recipe replaces by returning another one.
    recipe: A plain function of the draft. Its edits count if it returns None or the draft; any other return
        value replaces `base`.

Raises:
    TypeError: `recipe` is not a function, or is async.
    RecipeError: The recipe edits its draft and returns another value, or puts a draft of another recipe into
        its own draft.

Example:
    >>> from halflife import produce
    >>> base = {"todos": [{"text": "write", "done": False}]}
    >>> new = produce(base, lambda draft: draft["todos"][0].update(done=True))
    >>> new["todos"], base["todos"]
    ([{'text': 'write', 'done': True}], [{'text': 'write', 'done': False}])
)";

constexpr const char* produce_with_patches = R"(produce_with_patches(base, recipe)
--

Like produce(), but return (new, patches, inverse).

`apply_patches(base, patches)` gives `new`, and `apply_patches(new, inverse)` gives `base`. Patches are few:
an element that was inserted into a list is one patch, and so is an element that moved.

Raises:
    TypeError: `recipe` is not a function, or is async.
    RecipeError: The recipe edits its draft and returns another value, or puts a draft of another recipe into
        its own draft.

Example:
    >>> from halflife import produce_with_patches
    >>> produce_with_patches([1, 2], lambda draft: draft.insert(0, 7))
    ([7, 1, 2], [Patch('add', (0,), 7)], [Patch('remove', (0,))])
)";

constexpr const char* apply_patches = R"(apply_patches(base, patches)
--

Return the value that patches make of `base`. Neither `base` nor the patches change.

Paths are exact: ("0",) names neither position 0 nor the key 0. Only in patches from from_json_patch(), a
text names the key or position that is written like it.

Args:
    base: Any value. If it is a draft, the patches edit it (all of them, or none), and it is returned.
    patches: Patch objects, in order.

Raises:
    PatchError: A patch does not fit the value; the message tells which patch.
    RevokedDraftError: `base` is a draft whose recipe has ended.
    TypeError: `patches` contains something other than patches.

Example:
    >>> from halflife import Patch, apply_patches
    >>> apply_patches({"a": 1}, [Patch("add", ("b",), 2), Patch("remove", ("a",))])
    {'b': 2}
)";

constexpr const char* draft = R"(draft(base, /)
--

Return a draft without a recipe, for edits over a longer time: `finish(d)` gives the new value.

The draft can be used in a `with` block, which discards the draft if an error is raised.

Raises:
    TypeError: `base` is neither a dict, list or set nor a record.

Example:
    >>> from halflife import draft, finish
    >>> with draft({"a": 1}) as d:
    ...     d["b"] = 2
    ...     finish(d)
    {'a': 1, 'b': 2}
)";

constexpr const char* finish = R"(finish(d, patches=False)
--

Return the edited value of a draft, and end the draft.

Args:
    d: The draft that draft() returned.
    patches: Return (new, patches, inverse) instead, as produce_with_patches() does.

Raises:
    TypeError: `d` is not a draft.
    RecipeError: `d` is the draft of a recipe, or a draft inside the one that draft() returned.
    RevokedDraftError: The draft was finished before, or discarded.

Example:
    >>> from halflife import draft, finish
    >>> d = draft([1, 2])
    >>> d.append(3)
    >>> finish(d, patches=True)
    ([1, 2, 3], [Patch('add', (2,), 3)], [Patch('remove', (2,))])
)";

constexpr const char* current = R"(current(d, /)
--

Return the plain value of a draft as it is now. Later edits of the draft do not change this value.

The value shares the parts without edits with the base, so do not change it.

Raises:
    TypeError: `d` is not a draft.
    RevokedDraftError: The draft's recipe has ended.

Example:
    >>> from halflife import current, produce
    >>> def recipe(draft):
    ...     draft["a"] += 1
    ...     print(current(draft))
    >>> new = produce({"a": 1}, recipe)
    {'a': 2}
)";

constexpr const char* original = R"(original(d, /)
--

Return the value that a draft was made of, without any edits.

Raises:
    TypeError: `d` is not a draft.
    RevokedDraftError: The draft's recipe has ended.

Example:
    >>> from halflife import original, produce
    >>> def recipe(draft):
    ...     draft["a"] += 1
    ...     print(original(draft))
    >>> new = produce({"a": 1}, recipe)
    {'a': 1}
)";

constexpr const char* is_draft = R"(is_draft(value, /)
--

Return True for a draft, also for one whose recipe has ended.

Example:
    >>> from halflife import draft, is_draft
    >>> is_draft(draft([])), is_draft([])
    (True, False)
)";

constexpr const char* to_json_patch = R"(to_json_patch(patches, /)
--

Return patches in the format of RFC 6902: a list of dicts, ready for json.dumps if their values are.

Keys in JSON are texts. An int in a path is written like a position.

Raises:
    PatchError: A key in a path is neither a str nor a non-negative int, or a key in a value is not a str.
    TypeError: `patches` contains something other than patches.

Example:
    >>> from halflife import Patch, to_json_patch
    >>> to_json_patch([Patch("replace", ("todos", 0, "a/b"), 1)])
    [{'op': 'replace', 'path': '/todos/0/a~1b', 'value': 1}]
)";

constexpr const char* from_json_patch = R"(from_json_patch(given, /)
--

Return the patches of a JSON patch (RFC 6902).

The parts of their paths are texts. In a list, a text names the position, and "-" the end. In a dict, it
names the key, or else the int key that is written like it.

Args:
    given: A list of dicts, or the JSON text of one.

Raises:
    PatchError: `given` is not a JSON patch, or nested too deep for the json module; the message tells which
        operation is wrong.

Example:
    >>> from halflife import apply_patches, from_json_patch
    >>> apply_patches({"todos": [1]}, from_json_patch('[{"op": "add", "path": "/todos/-", "value": 2}]'))
    {'todos': [1, 2]}
)";

constexpr const char* patch = R"(Patch(op, path, value=None, from_=None)
--

One step from a value to another one. Immutable.

Args:
    op: "add", "remove", "replace", "move", "copy" or "test", with the meaning that they have in RFC 6902.
    path: A tuple of keys, positions and field names from the root. A member of a set is the last part.
    value: The new value for "add" and "replace", and the expected value for "test".
    from_: The path that "move" and "copy" take the value from.

Raises:
    TypeError: A path is not a tuple.
    ValueError: `op` is not an allowed value, or `from_` does not belong to this `op`.

Example:
    >>> from halflife import Patch, apply_patches
    >>> apply_patches([1, 2, 3], [Patch("move", (0,), from_=(2,))])
    [3, 1, 2]
)";

}  // namespace halflife::bindings::docs
