// What help() says of drafts and patches.
#pragma once

namespace halflife::bindings::docs {

constexpr const char* produce = R"(produce(base, recipe)
--

The value that `recipe` makes out of `base`, which stays as it is: the recipe edits a draft of it.

What no edit touched is the same object in both; a recipe that changes nothing gives the base itself.

Args:
    base: A dict, list, set or record (dataclass, attrs, NamedTuple, msgspec, pydantic), nested at will; or
        any other value, which the recipe replaces by returning another one.
    recipe: A plain function of the draft. Edits count if it returns None or the draft; another value
        replaces the whole.

Raises:
    TypeError: `recipe` is no function, or is async.
    RecipeError: It edits and returns another value, or puts a draft of another recipe into its own.

Example:
    >>> from halflife import produce
    >>> base = {"todos": [{"text": "write", "done": False}]}
    >>> new = produce(base, lambda draft: draft["todos"][0].update(done=True))
    >>> new["todos"], base["todos"]
    ([{'text': 'write', 'done': True}], [{'text': 'write', 'done': False}])
)";

constexpr const char* produce_with_patches = R"(produce_with_patches(base, recipe)
--

As produce(), and what was changed: (new, patches, inverse).

`apply_patches(base, patches)` gives `new`, and `apply_patches(new, inverse)` gives `base`. Patches are few:
an element that was put into a list is one, and so is one that moved.

Raises:
    TypeError: `recipe` is no function, or is async.
    RecipeError: It edits and returns another value, or puts a draft of another recipe into its own.

Example:
    >>> from halflife import produce_with_patches
    >>> produce_with_patches([1, 2], lambda draft: draft.insert(0, 7))
    ([7, 1, 2], [Patch('add', (0,), 7)], [Patch('remove', (0,))])
)";

constexpr const char* apply_patches = R"(apply_patches(base, patches)
--

The value that patches make out of `base`, which stays as it is, as the patches do.

Paths are exact: ("0",) does not name position 0, nor the key 0. Only patches of from_json_patch() look for
what has that text.

Args:
    base: Any value. If it is a draft, the patches edit it (all of them, or none), and it is returned.
    patches: Patch objects, in order.

Raises:
    PatchError: One does not fit the value that it is applied to; the message tells which.
    RevokedDraftError: `base` is a draft whose recipe has ended.
    TypeError: `patches` holds something else than patches.

Example:
    >>> from halflife import Patch, apply_patches
    >>> apply_patches({"a": 1}, [Patch("add", ("b",), 2), Patch("remove", ("a",))])
    {'b': 2}
)";

constexpr const char* draft = R"(draft(base, /)
--

A draft without a recipe, for edits that take their time: `finish(d)` gives the new value.

It may be used in a `with` block, which gives it up if there is an error.

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

The value that the edits of a draft made, and the end of that draft.

Args:
    d: What draft() gave.
    patches: Give (new, patches, inverse) instead, as produce_with_patches().

Raises:
    TypeError: `d` is no draft.
    RecipeError: `d` is the draft of a recipe, or of a part of what draft() gave.
    RevokedDraftError: It was finished before, or given up.

Example:
    >>> from halflife import draft, finish
    >>> d = draft([1, 2])
    >>> d.append(3)
    >>> finish(d, patches=True)
    ([1, 2, 3], [Patch('add', (2,), 3)], [Patch('remove', (2,))])
)";

constexpr const char* current = R"(current(d, /)
--

The plain value of a draft as it is now. Later edits of the draft do not change it.

It shares with the base what was not edited, so it is to be looked at, not to be changed.

Raises:
    TypeError: `d` is no draft.
    RevokedDraftError: Its recipe has ended.

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

The value that a draft was made of: how it was before any edit.

Raises:
    TypeError: `d` is no draft.
    RevokedDraftError: Its recipe has ended.

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

True for a draft, also one that is over.

Example:
    >>> from halflife import draft, is_draft
    >>> is_draft(draft([])), is_draft([])
    (True, False)
)";

constexpr const char* to_json_patch = R"(to_json_patch(patches, /)
--

Patches as RFC 6902 writes them: a list of dicts, ready for json.dumps if their values are.

JSON knows texts for keys only. An int in a path is taken for a position.

Raises:
    PatchError: A key in a path is neither a str nor an int that is not negative, or one in a value is no str.
    TypeError: `patches` holds something else than patches.

Example:
    >>> from halflife import Patch, to_json_patch
    >>> to_json_patch([Patch("replace", ("todos", 0, "a/b"), 1)])
    [{'op': 'replace', 'path': '/todos/0/a~1b', 'value': 1}]
)";

constexpr const char* from_json_patch = R"(from_json_patch(given, /)
--

The patches that a JSON patch (RFC 6902) means.

The parts of their paths are texts: in a list, one means the position, or with "-" the end; in a dict,
the key, or the int that it spells if only that is there.

Args:
    given: A list of dicts, or the JSON text of one.

Raises:
    PatchError: It is no JSON patch, or nested too deep for the json module; the message tells which operation
        is wrong.

Example:
    >>> from halflife import apply_patches, from_json_patch
    >>> apply_patches({"todos": [1]}, from_json_patch('[{"op": "add", "path": "/todos/-", "value": 2}]'))
    {'todos': [1, 2]}
)";

constexpr const char* patch = R"(Patch(op, path, value=None, from_=None)
--

One step that turns a value into another one. Immutable.

Args:
    op: "add", "remove", "replace", "move", "copy" or "test", with the meaning that they have in RFC 6902.
    path: A tuple of keys, positions and field names from the root. A member of a set is the last part.
    value: What "add" and "replace" put there, and what "test" compares with.
    from_: The path that "move" and "copy" take it from.

Raises:
    TypeError: A path is no tuple.
    ValueError: `op` is none of these words, or from_ does not go with it.

Example:
    >>> from halflife import Patch, apply_patches
    >>> apply_patches([1, 2, 3], [Patch("move", (0,), from_=(2,))])
    [3, 1, 2]
)";

}  // namespace halflife::bindings::docs
