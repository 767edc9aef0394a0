"""Atoms as definitions: kinds, names, and refused definitions."""

import copy
import weakref

import pytest

from halflife import RESET, Store, action, atom, derived, effect, lazy, resettable


def test_an_atom_holds_no_state() -> None:
    count = atom(1)
    with Store() as store:
        store.set(count, 5)
        assert count.initial == 1
    with Store() as other:
        assert other.get(count) == 1


def test_an_atom_is_hashable_by_identity() -> None:
    one, other = atom([1]), atom([1])
    assert one != other
    assert len({one, other, one}) == 2
    assert {one: "one"}[one] == "one"


def test_an_atom_cannot_be_changed() -> None:
    count = atom(1)
    for attribute in ("name", "initial", "read", "write", "anything"):
        with pytest.raises(AttributeError):
            setattr(count, attribute, 2)


def test_copying_an_atom_gives_the_atom_itself() -> None:
    count = atom(1)
    assert copy.copy(count) is count
    assert copy.deepcopy({"a": [count]})["a"][0] is count


def test_a_derived_atom_is_called_as_its_function() -> None:
    @derived
    def doubled(get):
        return 2

    @action
    def rename(get, set):
        """Nothing."""

    @effect
    def log(get, set):
        """Nothing."""

    assert [one.name for one in (doubled, rename, log)] == ["doubled", "rename", "log"]


def test_a_source_atom_is_called_as_the_variable_it_is_bound_to() -> None:
    user_id = atom(1)
    assert user_id.name == "user_id"
    assert "user_id" in repr(user_id)


def test_a_name_that_is_given_wins() -> None:
    count = atom(1, name="visits")
    doubled = derived(lambda get: get(count) * 2, name="twice")
    assert (count.name, doubled.name) == ("visits", "twice")
    assert derived(name="thrice")(lambda get: 3).name == "thrice"
    with pytest.raises(TypeError, match="name"):
        atom(1, name=3)  # type: ignore[call-overload]


def test_derived_is_a_decorator_with_and_without_arguments() -> None:
    count = atom(2)

    @derived
    def doubled(get):
        return get(count) * 2

    @derived(name="three times", equals="deep")
    def tripled(get):
        return get(count) * 3

    with Store() as store:
        assert (store.get(doubled), store.get(tripled)) == (4, 6)


def test_a_setter_makes_a_writable_copy_as_property_does() -> None:
    count = atom(2)

    @derived
    def doubled(get):
        return get(count) * 2

    read_only = doubled

    @doubled.setter
    def doubled(get, set, value):
        set(count, value // 2)

    assert doubled is not read_only
    assert doubled.name == "doubled"
    with Store() as store:
        store.set(doubled, 10)
        assert (store.get(count), store.get(doubled)) == (5, 10)
        with pytest.raises(TypeError, match="cannot be set"):
            store.set(read_only, 1)  # type: ignore[call-overload]


def test_a_derived_atom_may_have_its_write_from_the_start() -> None:
    count = atom(2)
    halved = derived(lambda get: get(count) / 2, lambda get, set, value: set(count, value * 2))
    with Store() as store:
        store.set(halved, 8)
        assert store.get(count) == 16


def test_a_coroutine_as_initial_value_is_a_type_error_that_names_lazy() -> None:
    async def fetch() -> int:
        return 1

    coroutine = fetch()
    with pytest.raises(TypeError, match="lazy"):
        atom(coroutine)
    coroutine.close()


def test_a_lazy_value_is_made_on_first_read_and_once_per_store() -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(len(made))
        return [len(made)]

    rows = lazy(make)
    with Store() as store, Store() as other:
        assert made == []
        assert store.get(rows) == [1]
        assert store.get(rows) is store.get(rows)
        assert other.get(rows) == [2]
    assert made == [0, 1]


def test_a_lazy_atom_that_is_set_first_never_makes_its_value() -> None:
    rows = lazy(lambda: pytest.fail("made"))
    with Store() as store:
        store.set(rows, 1)
        assert store.get(rows) == 1


def test_a_lazy_factory_that_fails_is_an_error_at_each_read() -> None:
    rows = lazy(lambda: 1 // 0)
    with Store() as store:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                store.get(rows)
        store.set(rows, 3)
        assert store.get(rows) == 3
        assert store._invariant() is None


def test_required_positional_parameters_count_and_defaults_do_not() -> None:
    with Store() as store:
        assert store.get(derived(lambda get, scale=3: scale)) == 3
        assert store.get(derived(lambda get, signal: signal.aborted)) is False
        with pytest.raises(TypeError):
            derived(lambda: 1)  # type: ignore[arg-type,misc]
        with pytest.raises(TypeError):
            derived(lambda get, signal, more: 1)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("wrong", [None, 1, "read", [], object()])
def test_a_read_or_write_that_is_no_function_is_refused(wrong: object) -> None:
    for make in (derived, action, effect, lazy):
        if wrong is None and make is not lazy:
            continue  # derived() without a function is the decorator
        with pytest.raises(TypeError):
            make(wrong)  # type: ignore[operator]
    if wrong is not None:
        with pytest.raises(TypeError):
            derived(lambda get: 1, wrong)  # type: ignore[call-overload]


@pytest.mark.parametrize("wrong", [1, "shallow", [], object()])
def test_an_equality_that_is_none_is_refused(wrong: object) -> None:
    for make in (lambda: atom(1, equals=wrong), lambda: derived(lambda get: 1, equals=wrong)):
        with pytest.raises(TypeError, match="equals") as caught:
            make()
        assert "deep" in str(caught.value)


def test_atoms_are_immortal_definitions_for_any_number_of_stores() -> None:
    count = resettable(1)
    stores = [Store() for _ in range(20)]
    for number, store in enumerate(stores):
        store.set(count, number)
    assert [store.get(count) for store in stores] == list(range(20))
    stores[3].set(count, RESET)
    assert [store.get(count) for store in stores[2:5]] == [2, 1, 4]
    for store in stores:
        assert store._invariant() is None
        store.dispose()


def test_asking_for_a_name_keeps_no_variable_of_its_callers_alive() -> None:
    class Value:
        """A value that supports weak references."""

    unnamed = atom(1)
    value = Value()
    reference = weakref.ref(value)
    assert unnamed.name == "unnamed"
    del value
    assert reference() is None


def test_asking_for_a_name_leaves_a_copy_of_the_locals_that_somebody_holds() -> None:
    def inner(one: object) -> dict[str, object]:
        kept = locals()
        repr(one)
        return kept

    assert "one" in inner(atom(1))


def test_every_atom_of_a_graph_has_a_name() -> None:
    atoms = [derived(lambda get: 1) for _ in range(500)]
    outer = atom(1)
    with Store() as store:
        for one in (*atoms, outer):
            store.get(one)
        named = {node.name for node in store.graph().nodes}
        assert "outer" in named
        assert all(named)
