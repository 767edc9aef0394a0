// What help() says of the functions that make atoms.
#pragma once

namespace halflife::bindings::docs {

constexpr const char* atom = R"(atom(initial, *, name=None, equals=None, on_mount=None)
--

A source atom: it is set.

Args:
    initial: Any value. A Future or Task makes the atom pending until it resolves, and any later value
        may be an awaitable too.
    name: Shown in errors and graphs, and used by dehydrate; by default what it is assigned to where it is defined.
    equals: When a new value counts as the old one: None (identity, and == of plain scalars and tuples
        of them), "deep" (the same rule through dicts, lists, tuples, sets and records, which are compared field by
        field), or a function of two values.
    on_mount: Called with `set` when the atom becomes observed in a store; may return a cleanup.

Raises:
    TypeError: `initial` is a bare coroutine (use lazy or derived), or an argument has a wrong type.

Example:
    >>> from halflife import Store, atom
    >>> count = atom(1)
    >>> with Store() as store:
    ...     store.set(count, 2)
    ...     store.get(count)
    2
)";

constexpr const char* derived =
    R"(derived(read=None, write=None, *, name=None, equals=None, on_mount=None, cancel='task', cancel_on_unmount='never')
--

A derived atom: it is computed, lazily while nobody observes it. Also a decorator, with or without arguments.

Args:
    read: read(get) or read(get, signal): a plain function, `async def`, or an async generator.
    write: write(get, set, *args), which `store.set(a, *args)` calls as one batch.
    name: Shown in errors and graphs, and used by dehydrate; by default the function's name.
    equals: When a new value counts as the old one, as for atom(); by default "deep" if the read is async
        (async def, async generator), so that a refetch of the same data keeps it and tells nobody.
    on_mount: Called with `set` when the atom becomes observed in a store; may return a cleanup.
    cancel: "task" cancels the task of a superseded run; "signal" only aborts its signal.
    cancel_on_unmount: "grace" cancels a run when the last observer has left; "never" lets it end.

Raises:
    TypeError: `read` cannot be called with (get) or (get, signal), or an argument has a wrong type.
    ValueError: `cancel` or `cancel_on_unmount` is none of their words.

Example:
    >>> from halflife import Store, atom, derived
    >>> count = atom(1)
    >>> @derived
    ... def double(get):
    ...     return get(count) * 2
    >>> with Store() as store:
    ...     store.get(double)
    2
)";

constexpr const char* action = R"(action(write=None, *, name=None)
--

An action: it only writes. `store.set(a, *args)` calls write(get, set, *args) as one batch. Also a decorator.

An async one becomes a task of the store; each stretch between two of its awaits is a batch, and what `set`
returns can be awaited.

Raises:
    TypeError: `write` cannot be called with at least (get, set).

Example:
    >>> from halflife import Store, action, atom
    >>> count = atom(1)
    >>> @action
    ... def add(get, set, amount):
    ...     set(count, get(count) + amount)
    >>> with Store() as store:
    ...     store.set(add, 2)
    ...     store.get(count)
    3
)";

constexpr const char* lazy = R"(lazy(factory, *, name=None, equals=None, on_mount=None)
--

A source atom whose initial value is made by factory() on first read, per store.

Raises:
    TypeError: `factory` is not a function, or an argument has a wrong type.

Example:
    >>> from halflife import Store, lazy
    >>> entries = lazy(list)
    >>> with Store() as store:
    ...     store.get(entries)
    []
)";

constexpr const char* effect = R"(effect(fn=None, *, name=None)
--

fn(get, set) runs after recompute and before subscribers, while `store.observe(effect)` lives, again
whenever what it read has changed. It may return a cleanup. Also a decorator.

Raises:
    TypeError: `fn` cannot be called with (get, set), or is async.

Example:
    >>> from halflife import Store, atom, effect
    >>> count = atom(1)
    >>> @effect
    ... def show(get, set):
    ...     print(get(count))
    >>> with Store() as store:
    ...     subscription = store.observe(show)
    ...     store.set(count, 2)
    1
    2
)";

constexpr const char* loadable = R"(loadable(a, *, keep_previous=False)
--

The loading state of an atom: Loading(previous), HasData(data, refreshing) or HasError(error, previous).

Args:
    a: Any atom; one that is not async is never Loading.
    keep_previous: While newer data is on its way, stay HasData(data, refreshing=True).

Raises:
    TypeError: `a` is no atom, or has no value (an action).

Example:
    >>> from halflife import Store, atom, loadable
    >>> count = atom(1)
    >>> with Store() as store:
    ...     store.get(loadable(count))
    HasData(1)
)";

constexpr const char* unwrap = R"(unwrap(a, fallback=None, *, keep_previous=False)
--

The data of an atom, or the fallback while it is pending; its error is raised.

Args:
    a: Any atom.
    fallback: Shown while there is no data.
    keep_previous: While newer data is on its way, show the last data instead of the fallback.

Raises:
    TypeError: `a` is no atom, or has no value (an action).

Example:
    >>> from halflife import Store, atom, unwrap
    >>> count = atom(1)
    >>> with Store() as store:
    ...     store.get(unwrap(count, 0))
    1
)";

}  // namespace halflife::bindings::docs
