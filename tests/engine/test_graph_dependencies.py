"""Guarantee 4: the dependencies are exactly the atoms that the last run read."""

from typing import Any

from halflife import Store, action, atom, derived
from halflife.testing import events


def names(store: Store, one: Any) -> list[str]:
    return [each.name for each in store.graph()[one].inputs]


def test_dependencies_are_those_of_the_last_run() -> None:
    switch, left, right = atom(True), atom("left"), atom("right")
    runs: list[str] = []

    @derived
    def chosen(get):
        runs.append(get(left) if get(switch) else get(right))
        return runs[-1]

    told: list[str] = []
    with Store() as store, store.subscribe(chosen, told.append):
        assert names(store, chosen) == ["switch", "left"]
        store.set(right, "RIGHT")
        assert runs == ["left"]
        store.set(switch, False)
        assert names(store, chosen) == ["switch", "right"]
        store.set(left, "LEFT")
        assert runs == ["left", "RIGHT"]
        store.set(right, "right")
        assert runs == ["left", "RIGHT", "right"]
        store.set(switch, True)
        assert runs[-1] == "LEFT"
        assert told == runs[1:] == ["RIGHT", "right", "LEFT"]
        assert store._invariant() is None


def test_the_order_of_reads_may_change_without_needless_runs() -> None:
    order, left, right = atom(False), atom(1), atom(2)
    runs: list[tuple[int, ...]] = []
    stable: list[int] = []
    doubled = derived(lambda get: stable.append(get(left)) or get(left) * 2)

    @derived
    def both(get):
        inputs = [doubled, right] if get(order) else [right, doubled]
        runs.append(tuple(get(one) for one in inputs))
        return runs[-1]

    with Store() as store, store.subscribe(both, lambda value: None):
        for value in (True, False, True):
            store.set(order, value)
            assert store._invariant() is None
        assert stable == [1]
        store.set(left, 5)
        store.set(right, 6)
        assert runs == [(2, 2), (2, 2), (2, 2), (2, 2), (10, 2), (10, 6)]


def test_reading_one_input_many_times_registers_it_once() -> None:
    source, other = atom(1), atom(1)
    total = derived(lambda get: get(source) + get(other) + get(source) + get(source))
    with Store() as store, store.subscribe(total, lambda value: None):
        assert names(store, total) == ["source", "other"]
        store.set(source, 2)
        assert store.get(total) == 7
        assert names(store, total) == ["source", "other"]


def test_a_diamond_of_reads_shows_no_input_twice_in_the_graph() -> None:
    source = atom(1)
    middle = derived(lambda get: get(source))
    total = derived(lambda get: get(source) + get(middle) + get(source))
    with Store() as store:
        store.get(total)
        assert names(store, total) == ["source", "middle"]


def test_a_dropped_dependency_is_unmounted_after_the_run() -> None:
    happened: list[str] = []

    def hook(name: str) -> Any:
        def on_mount(set: Any) -> Any:
            happened.append(f"+{name}")
            return lambda: happened.append(f"-{name}")

        return on_mount

    switch = atom(True)
    left, right = atom(1, on_mount=hook("left")), atom(2, on_mount=hook("right"))

    @derived
    def chosen(get):
        happened.append("run")
        return get(left) if get(switch) else get(right)

    with Store() as store, store.subscribe(chosen, lambda value: happened.append("told")):
        happened.clear()
        store.set(switch, False)
        assert happened[0] == "run"
        assert sorted(happened[1:3]) == ["+right", "-left"]
        assert happened[3:] == ["told"]
        assert not store.graph()[left].observed


def test_a_dependency_that_is_read_again_is_not_remounted() -> None:
    happened: list[str] = []

    def on_mount(set: Any) -> Any:
        happened.append("+")
        return lambda: happened.append("-")

    switch, source = atom(0), atom(1, on_mount=on_mount)
    first = derived(lambda get: get(source))
    moved = derived(lambda get: (get(switch), get(first)) if get(switch) % 2 else (get(first), get(switch)))
    with Store() as store:
        with store.subscribe(moved, lambda value: None):
            for value in range(1, 6):
                store.set(switch, value)
            assert happened == ["+"]
        assert happened == ["+", "-"]


def test_an_input_that_changes_dependents_within_a_flush_is_not_remounted() -> None:
    happened: list[str] = []

    def on_mount(set: Any) -> Any:
        happened.append("+")
        return lambda: happened.append("-")

    switch, shared = atom(True), atom(1, on_mount=on_mount)
    one = derived(lambda get: get(shared) if get(switch) else 0)
    other = derived(lambda get: 0 if get(switch) else get(shared))
    with Store() as store, store.subscribe(one, lambda v: None), store.subscribe(other, lambda v: None):
        for value in (False, True, False):
            store.set(switch, value)
            assert store._invariant() is None
        assert happened == ["+"]


def test_a_dropped_dependency_is_computed_no_more() -> None:
    switch, source = atom(True), atom(1)
    runs: list[int] = []
    costly = derived(lambda get: runs.append(get(source)) or get(source))
    shown = derived(lambda get: get(costly) if get(switch) else 0)
    with Store() as store, store.subscribe(shown, lambda value: None):
        store.set(switch, False)
        store.set(source, 2)
        assert runs == [1]


def test_a_dependency_that_is_guarded_is_not_read_when_the_guard_falls() -> None:
    """The guard is computed first, so the guarded atom never runs in a state that the guard excludes."""
    items = atom({"a": 1})
    chosen = atom("a")
    present = derived(lambda get: get(chosen) in get(items))
    value = derived(lambda get: get(items)[get(chosen)])
    shown = derived(lambda get: get(value) if get(present) else None)
    told: list[Any] = []
    with Store() as store:
        store.subscribe(shown, told.append)
        store.set(items, {})
        assert told == [None]


def test_an_atom_made_inside_of_a_read_works_and_is_mounted_once() -> None:
    happened: list[str] = []
    source = atom(1, on_mount=lambda set: happened.append("mounted"))
    outer = derived(lambda get: get(derived(lambda get: get(source) * 2)))
    with Store() as store, store.subscribe(outer, lambda value: None):
        for value in (2, 3):
            store.set(source, value)
            assert store.get(outer) == value * 2
        assert happened == ["mounted"]
        assert store._invariant() is None


def test_get_called_after_the_run_registers_too() -> None:
    source, extra = atom(1), atom(10)
    getters: list[Any] = []

    @derived
    def outer(get):
        getters.append(get)
        return get(source)

    with Store() as store, store.subscribe(outer, lambda value: None):
        assert getters[0](extra) == 10
        store.set(extra, 11)
        assert len(getters) == 2
        store.set(extra, 12)
        assert len(getters) == 2
        assert store._invariant() is None


def test_reading_in_a_write_makes_no_dependency_and_mounts_nothing() -> None:
    mounted: list[str] = []
    source = atom(1, on_mount=lambda set: mounted.append("mounted"))
    target = atom(0)
    copy_over = action(lambda get, set: set(target, get(source)))
    with Store() as store, store.subscribe(target, lambda value: None):
        store.set(copy_over)
        assert (store.get(target), mounted) == (1, [])
        store.set(source, 2)
        assert store.get(target) == 1


def test_many_switching_dependencies_cost_what_they_touch() -> None:
    sources = [atom(number) for number in range(200)]
    place = atom(0)
    window = derived(lambda get: sum(get(sources[(get(place) + step) % 200]) for step in range(10)))
    with Store() as store:
        store.subscribe(window, lambda value: None)
        log = events(store)
        for number in range(1, 200):
            store.set(place, number)
        assert len(log.of("run", window)) == 199
        assert len(store.graph()[window].inputs) == 11
        assert sum(node.observed for node in store.graph().nodes) == 12
        assert store._invariant() is None
