"""Splits and lenses as writers over layered atoms: each edits its own row only, so a refusal rolls back one edit.

In the model the visible value is the base with all edits that were not refused, one after another. Each edit
applies to a row, not to a position.
"""

import random
from typing import Any

import pytest

from conftest import FIRST_SEED, MULTIPLIER
from fetch_server import quiet
from halflife import Store, derived, draft_atom, editable, lens, pending_at, split

pytestmark = pytest.mark.asyncio


def by_id(row: Any) -> Any:
    return row["id"]


def rows(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number, "text": "", "tags": []} for number in ids]


def make_root(kind: str) -> tuple[Any, Any]:
    """A layered atom, and the atom of the list in it."""
    if kind == "draft atom":
        root = draft_atom(rows(1, 2, 3))
        return root, root
    if kind == "lens":
        root = draft_atom({"a": {"rows": rows(1, 2, 3)}})
        return root, lens(root, lambda value: value["a"]["rows"])
    if kind == "lens of a lens":
        root = draft_atom({"a": {"rows": rows(1, 2, 3)}})
        return root, lens(lens(root, lambda value: value["a"]), lambda value: value["rows"])
    if kind == "item of a split":
        root = draft_atom([{"id": 9, "rows": rows(1, 2, 3)}])
        return root, None
    assert kind == "editable"

    async def fetched(get: Any) -> Any:
        return rows(1, 2, 3)

    root = editable(derived(fetched))
    return root, root


ROOTS = ["draft atom", "lens", "lens of a lens", "item of a split", "editable"]


async def opened(store: Store, kind: str) -> tuple[Any, Any]:
    root, list_atom = make_root(kind)
    await store.value(root)
    if list_atom is None:
        list_atom = lens(store.get(split(root, by_id))[0], lambda value: value["rows"])
    return root, list_atom


@pytest.mark.parametrize("kind", ROOTS)
@pytest.mark.parametrize("key", [by_id, None])
async def test_a_neighbors_refused_edit_is_taken_back_alone(kind: str, key: Any) -> None:
    async with Store() as store:
        _, list_atom = await opened(store, kind)
        items = split(list_atom, key)
        new = {"id": 4, "text": "refused", "tags": []}
        refused = store.layers(list_atom).apply(lambda draft: draft.insert(0, new))
        _, one, two, three = store.get(items)
        store.set(one, {"id": 1, "text": "edited", "tags": []})
        store.update(two, lambda draft: draft.update(text="updated"))
        store.set(items.insert, {"id": 5, "text": "", "tags": []})
        store.set(items.insert, {"id": 6, "text": "", "tags": []}, two)
        store.set(items.move, three, one)
        assert [row["id"] for row in store.get(list_atom)] == [4, 3, 1, 6, 2, 5]
        refused.rollback()
        assert [row["id"] for row in store.get(list_atom)] == [3, 1, 6, 2, 5]
        assert [row["text"] for row in store.get(list_atom)] == ["", "edited", "", "updated", ""]
        assert [store.get(item)["id"] for item in store.get(items)] == [3, 1, 6, 2, 5]
        if key is not None:
            assert store.get(items)[:2] == [three, one]


@pytest.mark.parametrize("kind", ROOTS)
async def test_items_are_layered_atoms(kind: str) -> None:
    async with Store(on_error=lambda error: None) as store:
        _, list_atom = await opened(store, kind)
        items = split(list_atom, by_id)
        one, two, _ = store.get(items)
        text = lens(two, lambda row: row["text"])

        async def refuse(value: Any) -> None:
            assert value == {"id": 2, "text": "new", "tags": []}
            raise PermissionError

        handle = store.mutate(two, lambda draft: draft.update(text="new"), refuse)
        assert store.get(pending_at(two, "text")) is True
        tags = split(lens(two, lambda row: row["tags"]))
        store.set(tags.insert, "a")
        store.set(tags.insert, "b")
        store.set(items.remove, one)
        assert store.get(text) == "new"
        with pytest.raises(PermissionError):
            await handle
        assert store.get(two) == {"id": 2, "text": "", "tags": ["a", "b"]}
        store.set(text, "by lens")
        store.set(store.get(tags)[0], "A")
        assert store.get(two) == {"id": 2, "text": "by lens", "tags": ["A", "b"]}
        assert store.layers(two).visible == store.get(two)
        store.layers(two).apply(lambda draft: draft["tags"].clear()).rollback()
        assert store.get(two) == {"id": 2, "text": "by lens", "tags": ["A", "b"]}

        async def accept(value: Any) -> str:
            return str(value["text"])

        assert await store.set(two, (lambda draft: draft.update(text="saga"), accept)) == "saga"
        assert [row["id"] for row in store.get(list_atom)] == [2, 3]


async def test_an_edit_of_a_row_whose_insertion_is_refused_goes_with_it() -> None:
    reported: list[BaseException] = []
    async with Store(on_error=reported.append) as store:
        todos = draft_atom(rows(1))
        items = split(todos, by_id)
        refused = store.layers(todos).apply(lambda draft: draft.insert(0, rows(2)[0]))
        store.set(store.get(items)[0], {"id": 2, "text": "edited", "tags": []})
        store.set(items.insert, rows(3)[0], store.get(items)[0])
        store.set(items.remove, store.get(items)[1])
        assert [row["id"] for row in store.get(todos)] == [3, 1]
        refused.rollback()
        assert [row["id"] for row in store.get(todos)] == [3, 1]


async def test_tuples_of_layered_atoms_stay_tuples() -> None:
    async with Store() as store:
        letters = draft_atom({"l": ("a", "b")})
        items = split(lens(letters, lambda value: value["l"]))
        layer = store.layers(letters).apply(lambda draft: draft.update(l=("x", *draft["l"])))
        store.set(store.get(items)[1], "A")
        store.set(items.insert, "c")
        store.update(store.get(items)[2], str.upper)
        assert store.get(letters) == {"l": ("x", "A", "B", "c")}
        layer.rollback()
        assert store.get(letters) == {"l": ("A", "B", "c")}


async def test_a_write_that_would_duplicate_a_key_is_rolled_back() -> None:
    async with Store() as store:
        todos = draft_atom(rows(1, 2))
        items = split(todos, by_id)
        one, two = store.get(items)
        before = store.get(todos)
        for write in (
            lambda: store.set(one, rows(2)[0]),
            lambda: store.update(one, lambda draft: draft.update(id=2)),
            lambda: store.set(items.insert, rows(1)[0]),
        ):
            with pytest.raises(ValueError, match="two items of the list have the key"):
                write()
        assert store.get(todos) is before
        assert store.get(items) == [one, two]


class Model:
    """The base and the edits, each as a function of a list of rows."""

    def __init__(self, base: list[Any]) -> None:
        self.base = base
        self.edits: list[list[Any]] = []  # [function, is refused]

    def shown(self) -> list[Any]:
        shown = [dict(row, tags=list(row["tags"])) for row in self.base]
        for edit, is_refused in self.edits:
            if not is_refused:
                edit(shown)
        return shown


def find(shown: list[Any], number: int) -> int | None:
    return next((place for place, row in enumerate(shown) if row["id"] == number), None)


class Writers:
    """Edits of each kind, made in the store and in the model."""

    def __init__(self, store: Store, root: Any, list_atom: Any, choose: random.Random) -> None:
        self.store, self.list_atom, self.choose = store, list_atom, choose
        self.items = split(list_atom, by_id)
        self.model = Model(list(store.get(list_atom)))
        self.pending: list[tuple[Any, list[Any]]] = []
        self.count = 10
        self.root = root

    def tell(self, edit: Any) -> list[Any]:
        self.model.edits.append([edit, False])
        return self.model.edits[-1]

    def item(self) -> tuple[Any, int] | None:
        items = self.store.get(self.items)
        if not items:
            return None
        item = self.choose.choice(items)
        return item, self.store.get(item)["id"]

    def new(self) -> dict[str, Any]:
        self.count += 1
        return {"id": self.count, "text": "", "tags": []}

    def step(self) -> None:
        act = self.choose.choice(
            ["set", "update", "text", "tag", "insert", "append", "remove", "move", "apply", "apply", "refuse", "commit"]
        )
        if act in ("refuse", "commit"):
            if self.pending:
                layer, edit = self.pending.pop(self.choose.randrange(len(self.pending)))
                edit[1] = act == "refuse"
                assert layer.rollback() if edit[1] else layer.commit()
            return
        chosen = self.item()
        if act == "append" or chosen is None:
            row = self.new()
            self.store.set(self.items.insert, row)
            self.tell(lambda shown: shown.append(dict(row, tags=[])))
            return
        getattr(self, act)(*chosen)

    def set(self, item: Any, number: int) -> None:
        text = str(self.choose.random())
        self.store.set(item, {"id": number, "text": text, "tags": []})
        self.tell(lambda shown: _put(shown, number, {"id": number, "text": text, "tags": []}))

    def update(self, item: Any, number: int) -> None:
        text = str(self.choose.random())
        self.store.update(item, lambda draft: draft.update(text=text))
        self.tell(lambda shown: _field(shown, number, text))

    def text(self, item: Any, number: int) -> None:
        text = str(self.choose.random())
        self.store.set(lens(item, lambda row: row["text"]), text)
        self.tell(lambda shown: _field(shown, number, text))

    def tag(self, item: Any, number: int) -> None:
        tags = split(lens(item, lambda row: row["tags"]))
        self.count += 1
        tag = str(self.count)
        self.store.set(tags.insert, tag)
        self.tell(lambda shown: _tag(shown, number, tag))

    def insert(self, item: Any, number: int) -> None:
        row = self.new()
        after = [one["id"] for one in self.store.get(self.list_atom)]
        after = after[after.index(number) :]
        self.store.set(self.items.insert, row, item)
        self.tell(lambda shown: shown.insert(_gap(shown, after), dict(row, tags=[])))

    def remove(self, item: Any, number: int) -> None:
        self.store.set(self.items.remove, item)
        self.tell(lambda shown: _remove(shown, number))

    def move(self, item: Any, number: int) -> None:
        other, before = self.item() or (item, number)
        ids = [one["id"] for one in self.store.get(self.list_atom)]
        if before == number or ids.index(before) == ids.index(number) + 1:
            return
        after = ids[ids.index(before) :]
        self.store.set(self.items.move, item, other)
        self.tell(lambda shown: _move(shown, number, after))

    def apply(self, item: Any, number: int) -> None:
        kind = self.choose.choice(["insert", "text", "tag", "drop"])
        layers = self.store.layers(self.list_atom)
        if kind == "insert":
            row = self.new()
            where = self.choose.randrange(3)
            layer = layers.apply(lambda draft: draft.insert(where, row))
            edit = self.tell(lambda shown: shown.insert(where, dict(row, tags=[])))
        elif kind == "text":
            text = str(self.choose.random())
            layer = self.store.layers(item).apply(lambda draft: draft.update(text=text))
            edit = self.tell(lambda shown: _field(shown, number, text))
        elif kind == "tag":
            tag = str(self.choose.random())
            layer = self.store.layers(item).apply(lambda draft: draft["tags"].append(tag))
            edit = self.tell(lambda shown: _tag(shown, number, tag))
        else:
            layer = layers.apply(lambda draft: _remove(draft, number))
            edit = self.tell(lambda shown: _remove(shown, number))
        self.pending.append((layer, edit))

    def check(self) -> None:
        shown = self.store.get(self.list_atom)
        assert shown == self.model.shown()
        items = self.store.get(self.items)
        assert [self.store.get(item) for item in items] == shown
        assert self.store._invariant() is None


def _put(shown: Any, number: int, row: Any) -> None:
    place = find(shown, number)
    if place is not None:
        shown[place] = dict(row, tags=list(row["tags"]))


def _field(shown: Any, number: int, text: str) -> None:
    place = find(shown, number)
    if place is not None:
        shown[place]["text"] = text


def _tag(shown: Any, number: int, tag: str) -> None:
    place = find(shown, number)
    if place is not None:
        shown[place]["tags"].append(tag)


def _remove(shown: Any, number: int) -> None:
    place = find(shown, number)
    if place is not None:
        del shown[place]


def _gap(shown: Any, after: list[int]) -> int:
    """The position before the first remaining row of `after`, else the end of the list."""
    places = [find(shown, number) for number in after]
    return next((place for place in places if place is not None), len(shown))


def _move(shown: Any, number: int, after: list[int]) -> None:
    place = find(shown, number)
    if place is not None:
        row = shown.pop(place)
        shown.insert(_gap(shown, after), row)


@pytest.mark.parametrize("kind", [kind for kind in ROOTS if kind != "editable"])
async def test_machine(kind: str) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + max(1, round(25 * MULTIPLIER))):
        async with Store(on_error=lambda error: None) as store:
            choose = random.Random(seed)
            writers = Writers(store, *await opened(store, kind), choose)
            watch = choose.random() < 0.5
            subscription = store.subscribe(writers.items, lambda value: None) if watch else None
            try:
                for _ in range(30):
                    writers.step()
                    writers.check()
                for layer, edit in writers.pending:
                    edit[1] = True
                    layer.rollback()
                    writers.check()
            except BaseException as error:
                error.add_note(f"HALFLIFE_TEST_SEED={seed}")
                raise
            if subscription is not None:
                subscription()
    await quiet()


@pytest.mark.parametrize("replay", ["selective", "always"])
@pytest.mark.parametrize("write", ["insert", "move from before", "move from behind"])
async def test_without_keys_a_gap_before_a_row_stays_there_when_an_edit_of_the_row_is_refused(
    write: str, replay: Any
) -> None:
    root = draft_atom([{"id": number} for number in range(4)], replay=replay)
    rows = split(root)
    with Store() as store:
        layer = store.layers(root).apply(lambda draft: draft[2].update(done=True))
        items = store.get(rows)
        if write == "insert":
            store.set(rows.insert, {"id": 9}, items[2])
        else:
            store.set(rows.move, items[0 if write == "move from before" else 3], items[2])
        layer.rollback()
        expected = {"insert": [0, 1, 9, 2, 3], "move from before": [1, 0, 2, 3], "move from behind": [0, 1, 3, 2]}
        assert [row["id"] for row in store.get(root)] == expected[write]
