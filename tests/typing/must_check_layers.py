"""What users write with drafts, layers and sagas must type-check. Never run: `make lint` reads it."""

from dataclasses import dataclass
from typing import Any, assert_type

from halflife import (
    AsyncValue,
    Atom,
    DraftAtom,
    Editable,
    Getter,
    Layer,
    Layers,
    Lens,
    OptimisticHandle,
    OptimisticUpdater,
    SagaHandle,
    Store,
    atom,
    derived,
    draft_atom,
    editable,
    lens,
    optimistic,
    pending_at,
    produce,
)


@dataclass(frozen=True)
class Todo:
    text: str
    done: bool


store = Store()
todos = draft_atom({"a": Todo("buy milk", done=False)}, name="todos", replay="always")
count = draft_atom(1)


# Draft atoms
assert_type(todos, DraftAtom[dict[str, Todo]])
assert_type(store.get(todos), dict[str, Todo])
store.update(todos, lambda draft: draft.update(b=Todo("call Ada", done=False)))
store.update(todos, lambda draft: draft.pop("a"))
store.update(count, lambda value: value + 1)
store.set(count, 5)
store.set(todos, {})
total = derived(lambda get: len(get(todos)))
assert_type(store.get(total), int)


def rename(draft: dict[str, Todo]) -> str:
    draft["a"] = Todo("bread", done=False)
    return "a"


store.update(todos, rename)

# Lenses
items = lens(todos, lambda value: value["a"])
assert_type(items, Lens[Todo])
text = lens(items, lambda todo: todo.text)
assert_type(store.get(text), str)
store.set(text, "bread")
store.update(text, lambda value: value.upper())

# Editables
number = atom(1)


@derived
async def user(get: Getter) -> dict[str, str]:
    return {"name": str(get(number))}


profile = editable(user)
assert_type(profile, Editable[dict[str, str]])
assert_type(store.get(profile), dict[str, str] | AsyncValue[dict[str, str]])
assert_type(store.get(user), AsyncValue[dict[str, str]])
store.update(profile, lambda draft: draft.update(name="Ada"))


async def name_of_user() -> str:
    data = await store.value(profile)
    assert_type(data, dict[str, str])
    return data["name"]


# Layers
layers = store.layers(todos)
assert_type(layers, Layers[dict[str, Todo]])
assert_type(layers.base, dict[str, Todo])
layer = layers.apply(rename)
assert_type(layer, Layer[dict[str, Todo]])
assert_type(layer.rollback(), bool)
layer.commit(server=rename, then=lambda draft: draft.clear())
layers.commit(layer.id)
layers.rollback(layer)
layers.set_base({})
own = Layers([1, 2], replay="selective", on_error=print)
own.apply(lambda draft: draft.append(3))
assert_type(own.visible, list[int])


# Sagas
async def save(next_value: dict[str, Todo], context: str) -> int:
    return len(next_value) + len(context)


async def save_text(next_value: str) -> None:
    """Tell the server."""


handle = store.saga(todos).update(rename).effect(save).post_effect(lambda draft, result: draft.clear()).run()
assert_type(handle, SagaHandle[int])
other = store.mutate(todos, rename, save, lambda draft, result: draft.clear(), scope="todo-7")
assert_type(other, SagaHandle[int])
store.mutate(text, lambda value: None, save_text)
store.mutate(todos, None, save)
assert_type(store.mutate(todos, rename), SagaHandle[None])
assert_type(store.set(text, (lambda value: value, save_text)), SagaHandle[Any])


async def wait() -> None:
    assert_type(await handle, int)


handle.cancel()

# Optimistic updates
edits = optimistic(todos, store)
assert_type(store.get(edits.pending), int)


async def server_call() -> dict[str, Todo]:
    return {}


edits.update(lambda draft: draft.clear(), server_call)
edits.update(lambda before: {**before}, server_call)
assert_type(store.get(pending_at(todos, "a", "done")), bool)
a_place: Atom[bool] = pending_at(text)
updater = OptimisticUpdater({"likes": 7})
assert_type(updater.value, dict[str, int])
assert_type(updater.apply(lambda draft: draft.update(likes=8)), OptimisticHandle)

# Drafts
assert_type(produce([1], lambda draft: draft.append(2)), list[int])
