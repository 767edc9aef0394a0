"""What must be an error of types. mypy fails on an ignore that ignores nothing, so each line is one.

Never run: `make lint` reads it.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from halflife import Store, atom, derived, loadable

store = Store()
count = atom(1)
doubled = derived(lambda get: 2)

store.set(count, "two")  # type: ignore[misc]
store.set(doubled, 2)  # type: ignore[call-overload]
store.get(1)  # type: ignore[call-overload]
store.get(count).upper()  # type: ignore[attr-defined]
store.update(count, lambda value: value.upper())  # type: ignore[attr-defined]
store.subscribe(count, lambda: None)  # type: ignore[arg-type,misc]
atom(1, nmae="count")  # type: ignore[call-overload]
derived(1)  # type: ignore[call-overload]
store.get(loadable(count)).previous  # type: ignore[union-attr]
