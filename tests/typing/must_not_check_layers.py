"""What must be an error of types with layers and sagas. mypy fails on an ignore that ignores nothing: each is one.

Never run: `make lint` reads it.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from halflife import Layers, OptimisticUpdater, Store, atom, draft_atom, editable, lens, optimistic, pending_at

store = Store()
plain = atom({"a": 1})
todos = draft_atom({"a": 1})


async def save(next_value: dict[str, int], context: None) -> int:
    return 1


def save_now(next_value: dict[str, int], context: None) -> int:
    return 1


store.layers(plain)  # type: ignore[arg-type]
store.saga(plain)  # type: ignore[arg-type]
store.mutate(plain, None, save)  # type: ignore[call-overload]
store.mutate(todos, None, save_now)  # type: ignore[arg-type]
store.set(todos, 5)  # type: ignore[misc]
store.update(todos, 5)  # type: ignore[call-overload]
store.layers(todos).rollback("1")  # type: ignore[arg-type]
store.layers(todos).apply(5)  # type: ignore[arg-type]
draft_atom()  # type: ignore[call-arg]
draft_atom({}, replay="never")  # type: ignore[arg-type]
lens(plain, len)  # type: ignore[arg-type]
lens(todos, "a")  # type: ignore[arg-type]
store.set(lens(todos, lambda value: value["a"]), "one")  # type: ignore[misc]
editable(plain)  # type: ignore[arg-type]
pending_at(plain, "a")  # type: ignore[arg-type]
optimistic(plain)  # type: ignore[arg-type]
optimistic(todos).update(lambda draft: None, save)  # type: ignore[arg-type]
Layers({}, replay="never")  # type: ignore[arg-type]
OptimisticUpdater()  # type: ignore[call-arg]
