"""The graph of a store: atoms and dependencies, with values, states and counts."""

import pytest

from halflife import CycleError, Store, atom, derived, effect


def test_the_graph_of_an_empty_store_is_empty() -> None:
    with Store() as store:
        graph = store.graph()
        assert (len(graph), graph.nodes, str(graph)) == (0, (), "")


def test_a_node_has_what_is_known_of_its_atom() -> None:
    count = atom(1)
    doubled = derived(lambda get: get(count) * 2)
    with Store() as store:
        subscriptions = [store.subscribe(doubled, lambda value: None) for _ in range(2)]
        store.set(count, 5)
        node = store.graph()[doubled]
        assert (node.atom, node.name, node.kind, node.state, node.value) == (doubled, "doubled", "derived", "value", 10)
        assert (node.observed, node.runs, node.subscribers, node.inputs) == (True, 2, 2, (count,))
        source = store.graph()[count]
        assert (source.kind, source.value, source.observed, source.subscribers) == ("source", 5, True, 0)
        for subscription in subscriptions:
            subscription()
        assert not store.graph()[doubled].observed


def test_the_state_tells_unread_stale_value_and_error() -> None:
    count = atom(1)
    inverse = derived(lambda get: 1 / get(count))
    with Store() as store:
        store.get(inverse)
        assert store.graph()[inverse].state == "value"
        store.set(count, 0)
        assert store.graph()[inverse].state == "stale"
        with pytest.raises(ZeroDivisionError):
            store.get(inverse)
        assert store.graph()[inverse].state == "error"
        assert isinstance(store.graph()[inverse].value, ZeroDivisionError)


def test_a_graph_is_a_snapshot() -> None:
    count = atom(1)
    with Store() as store:
        store.get(count)
        before = store.graph()
        store.set(count, 2)
        assert (before[count].value, store.graph()[count].value) == (1, 2)


def test_an_atom_that_the_store_does_not_know_is_a_key_error() -> None:
    with Store() as store, pytest.raises(KeyError):
        store.graph()[atom(1)]


def test_looking_at_the_graph_runs_nothing() -> None:
    count = atom(1)
    runs: list[int] = []
    doubled = derived(lambda get: runs.append(1) or get(count) * 2)
    with Store() as store:
        store.get(doubled)
        store.set(count, 2)
        store.graph().mermaid()
        repr(store.graph())
        assert len(runs) == 1
        assert store._invariant() is None


def test_mermaid_and_dot_draw_every_atom_and_every_dependency() -> None:
    left, right = atom(1), atom(2)
    total = derived(lambda get: get(left) + get(right))
    with Store() as store:
        store.get(total)
        graph = store.graph()
        for text in (graph.mermaid(), graph.dot()):
            assert all(name in text for name in ("left", "right", "total"))
            assert (text.count("-->") or text.count("->")) == 2
        assert graph.mermaid().startswith("flowchart LR")
        assert graph.dot().startswith("digraph")


def test_the_mime_bundle_has_text_and_mermaid() -> None:
    count = atom(1)
    with Store() as store:
        store.get(count)
        bundle = store.graph()._repr_mimebundle_(include=None, exclude=None)
        assert bundle["text/plain"] == "count = 1"
        assert "count" in bundle["text/vnd.mermaid"]


@pytest.mark.parametrize("name", ['"quoted"', "<b>", "a\nb", "back\\slash", "x]", "`code`", "%%", "ü"])
def test_hostile_names_and_values_do_not_break_the_drawing(name: str) -> None:
    hostile = atom(name, name=name)
    with Store() as store:
        store.get(hostile)
        graph = store.graph()
        assert len(graph.mermaid().splitlines()) == 2
        assert "<b>" not in graph.mermaid()
        lines = graph.dot().splitlines()
        assert len(lines) == 4
        label = lines[2].split('label="')[1].rsplit('", style')[0]
        assert '"' not in label.replace("\\\\", "").replace('\\"', "")


def test_effects_are_in_the_graph_while_they_are_observed() -> None:
    count = atom(1)
    log = effect(lambda get, set: get(count) and None, name="log")
    with Store() as store:
        with store.observe(log):
            assert [(node.name, node.kind) for node in store.graph().nodes if node.atom is log] == [("log", "effect")]
            assert [one.name for one in store.graph()[log].inputs] == ["count"]
        assert [node.name for node in store.graph().nodes] == ["count"]


def test_a_cycle_in_the_graph_does_not_break_the_drawing() -> None:
    one = derived(lambda get: get(other), name="one")
    other = derived(lambda get: get(one), name="other")
    with Store() as store:
        with pytest.raises(CycleError):
            store.get(one)
        assert "one" in store.graph().mermaid()
        assert "CycleError" in str(store.graph())


def test_a_graph_of_many_atoms_is_drawn() -> None:
    chain = [atom(1)]
    for _ in range(2000):
        chain.append(derived(lambda get, below=chain[-1]: get(below)))
    with Store() as store:
        store.get(chain[-1])
        assert len(store.graph()) == 2001
        assert store.graph().dot().count("->") == 2000
