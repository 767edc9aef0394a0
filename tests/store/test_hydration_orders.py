"""All orders of setting, reading, subscribing and dehydrating after a hydration, against their expected results."""

import asyncio
import itertools
from typing import Any

import pytest

from halflife import NoEventLoopError, Store, atom, derived, loadable, unwrap

NUMBERS = itertools.count()


class App:
    """A chain of async atoms and one of plain atoms over one id; each computed value names the atom."""

    def __init__(self) -> None:
        self.number = next(NUMBERS)  # a name shared by two living atoms is ambiguous, so each app has its own names
        self.runs: list[str] = []
        self.atoms: dict[str, Any] = {"id": atom(1, name=self.name_of("id"))}
        self._derive("user", self._user)
        self._derive("posts", self._posts)
        self._derive("title", lambda get: self._run("title") or f"title {get(self.atoms['id'])}")
        self._derive("heading", lambda get: self._run("heading") or f"heading of {get(self.atoms['title'])}")

    def _derive(self, name: str, read: Any) -> None:
        self.atoms[name] = derived(read, name=self.name_of(name))

    def name_of(self, name: str) -> str:
        return f"{name} of order {self.number}"

    def saved(self) -> dict[str, Any]:
        """The data that another store, in which the id is 2, dehydrated for these atoms."""
        values = {
            "id": {"value": 2},
            "user": {"value": "saved user 2", "inputs": ["id"]},
            "posts": {"value": "saved posts", "inputs": ["user"]},
            "title": {"value": "saved title", "inputs": ["id"]},
            "heading": {"value": "saved heading", "inputs": ["title"]},
        }
        for entry in values.values():
            if "inputs" in entry:
                entry["inputs"] = [self.name_of(name) for name in entry["inputs"]]
        return {"version": 1, "atoms": {self.name_of(name): entry for name, entry in values.items()}}

    def dehydrated(self, store: Store, *names: str) -> set[str]:
        found = store.dehydrate([self.atoms[name] for name in names or self.atoms])["atoms"]
        return {name.partition(" ")[0] for name in found}

    def _run(self, name: str) -> None:
        self.runs.append(name)

    async def _user(self, get: Any) -> str:
        number = get(self.atoms["id"])
        self._run("user")
        await asyncio.sleep(0)
        return f"user {number}"

    async def _posts(self, get: Any) -> str:
        user = await get(self.atoms["user"])
        self._run("posts")
        return f"posts of {user}"


STEPS = (
    "set 3",
    "set 2",
    "read id",
    "read user",
    "read posts",
    "read heading",
    "subscribe posts",
    "subscribe heading",
    "dehydrate",
)


@pytest.mark.asyncio
@pytest.mark.parametrize("first", STEPS)
async def test_in_any_order_only_a_changed_input_starts_a_run(first: str) -> None:
    for rest in itertools.product(STEPS, repeat=2):
        app, told = App(), []
        number, changed = 2, False
        async with Store() as store:
            store.hydrate(app.saved())
            for step in (first, *rest):
                verb, _, what = step.partition(" ")
                if verb == "set":
                    changed = changed or int(what) != number
                    number = int(what)
                    store.set(app.atoms["id"], number)
                elif verb == "read":
                    store.get(app.atoms[what])
                elif verb == "subscribe":
                    store.subscribe(app.atoms[what], told.append)
                else:
                    before = list(app.runs)
                    found = app.dehydrated(store)
                    await store.settled()
                    assert found >= {"id", "title", "heading"}, (first, *rest)
                    assert changed or {"user", "posts"} <= found, (first, *rest)
                    if changed and "posts" not in app.runs:
                        assert "posts" not in found, (first, *rest)
                    assert changed or app.runs == before == []
                await store.settled()
            shown = {name: await store.value(one) for name, one in app.atoms.items()}
            assert shown["id"] == number
            if changed:
                assert shown["user"] == f"user {number}", (first, *rest)
                assert shown["posts"] == f"posts of user {number}", (first, *rest)
                assert shown["heading"] == f"heading of title {number}", (first, *rest)
            else:
                assert shown["posts"] == "saved posts", (first, *rest)
                assert shown["heading"] == "saved heading", (first, *rest)
                assert (app.runs, told) == ([], []), (first, *rest)
            assert store._invariant() is None


@pytest.mark.asyncio
async def test_every_settled_async_atom_is_dehydrated_whatever_was_set_since() -> None:
    app = App()
    other = atom(0)
    async with Store() as store:
        await store.value(app.atoms["posts"])
        await store.value(app.atoms["user"])
        for value in range(3):
            store.set(other, value)
            assert app.dehydrated(store, "user", "posts") == {"user", "posts"}
        runs = list(app.runs)
        store.set(app.atoms["id"], 9)
        assert app.dehydrated(store, "user", "posts") == set()
        await store.settled()
        assert app.runs == runs


@pytest.mark.asyncio
@pytest.mark.parametrize("view", [lambda a: unwrap(a, 0), loadable], ids=["unwrap", "loadable"])
async def test_dehydrating_an_atom_derived_from_a_view_starts_nothing(view: Any) -> None:
    app = App()
    over = derived(lambda get: str(get(view(app.atoms["user"]))), name="over")
    async with Store() as store:
        assert store.dehydrate([over])["atoms"] == {}
        await store.settled()
        assert (app.runs, store._pending_runs) == ([], 0)
        await store.value(app.atoms["user"])
        assert list(store.dehydrate([over])["atoms"]) == ["over"]


def test_without_a_loop_too() -> None:
    app = App()
    with Store() as store:
        store.hydrate(app.saved())
        assert store.dehydrate(app.atoms.values()) == app.saved()
        store.set(app.atoms["id"], 3)
        assert app.dehydrated(store) == {"id", "title", "heading"}
        with pytest.raises(NoEventLoopError):
            store.get(app.atoms["user"])
