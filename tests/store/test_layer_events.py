"""Events of layers when subscribers fail, of layers without a handle, and of layers of several atoms."""

import asyncio

import pytest

from halflife import Store, derived, draft_atom, editable, lens
from halflife._optimistic.layer_group import LayerGroup
from halflife._optimistic.saga_group_plan import SagaGroupPlan
from halflife.testing import events

OF_LAYERS = ("applied", "confirmed", "rolled_back", "conflicted")


def layer_events(log):
    return [(event.kind, event.detail) for event in log if event.kind in OF_LAYERS]


def kinds(seen, one=None):
    return [event.kind for event in seen if event.kind in OF_LAYERS and one in (None, event.atom)]


def append(value):
    return lambda draft: draft.append(value)


def refuse(draft):
    draft.append("refused")
    raise ValueError("refused")


def fail(*_):
    raise OSError("a subscriber fails")


# --- subscribers that fail


OPERATIONS = {
    "apply": (lambda layers, layer: layers.apply(append(2)), ["applied"]),
    "commit": (lambda layers, layer: layer.commit(), ["confirmed"]),
    "commit by the server": (lambda layers, layer: layer.commit(server=append(3)), ["confirmed"]),
    "rollback": (lambda layers, layer: layer.rollback(), ["rolled_back"]),
    "rollback_all": (lambda layers, layer: layers.rollback_all(), ["rolled_back"]),
    "commit_all": (lambda layers, layer: layers.commit_all(), ["confirmed"]),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_its_event_also_if_a_subscriber_fails(name) -> None:
    operate, expected = OPERATIONS[name]
    todos, seen, told = draft_atom([]), [], []
    with Store() as store:
        layers = store.layers(todos)
        layer = layers.apply(append(1))
        store.on_event(seen.append)

        def notice(value):
            told.append(value)
            fail()

        store.subscribe(todos, notice)
        if told_of_it := name in ("commit", "commit_all"):  # the visible value stays
            operate(layers, layer)
        else:
            with pytest.raises(ExceptionGroup, match="what was set stands"):
                operate(layers, layer)
        assert bool(told) != told_of_it
        assert kinds(seen) == expected


def test_a_layer_whose_subscriber_failed_has_an_id_for_its_end() -> None:
    todos, seen = draft_atom([]), []
    with Store() as store:
        store.on_event(seen.append)
        ending = store.subscribe(todos, fail)
        with pytest.raises(ExceptionGroup):
            store.layers(todos).apply(append(1))
        ending()
        store.layers(todos).rollback_all()
        (applied, number), (rolled_back, same) = layer_events(seen)
        assert (applied, rolled_back) == ("applied", "rolled_back")
        assert number == same


def test_an_operation_that_fails_has_no_event() -> None:
    todos, seen = draft_atom([]), []
    with Store() as store:
        layer = store.layers(todos).apply(append(1))
        store.on_event(seen.append)
        for call in (lambda: store.layers(todos).apply(refuse), lambda: layer.commit(then=refuse)):
            with pytest.raises(ValueError, match="refused"):
                call()
        assert layer_events(seen) == []


# --- layers without a handle


def edits_of(fetched):
    made = editable(fetched)
    part = lens(made, lambda value: value[0])
    return made, {
        "set": lambda store: store.set(made, [[1]]),
        "update": lambda store: store.update(made, append([2])),
        "update through a lens": lambda store: store.update(part, append(3)),
        "set through a lens": lambda store: store.set(part, [4]),
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["set", "update", "update through a lens", "set through a lens"])
async def test_an_edit_of_an_editable_without_a_handle_has_events(name) -> None:
    @derived
    async def fetched(get):
        return [[0]]

    made, edits = edits_of(fetched)
    async with Store() as store:
        await store.value(made)
        log = events(store)
        edits[name](store)
        assert store.layers(made).pending == 1
        ((kind, number),) = layer_events(log)
        assert kind == "applied"
        layer = store.layers(made).apply(append([5]))
        assert layer.id > number
        store.layers(made).rollback_all()
        assert layer_events(log)[1:] == [("applied", layer.id), ("rolled_back", number), ("rolled_back", layer.id)]
        edits[name](store)
        store.layers(made).commit_all()
        assert kinds(log)[-2:] == ["applied", "confirmed"]
        assert layer_events(log)[-1][1] == layer_events(log)[-2][1]


@pytest.mark.asyncio
async def test_an_edit_without_a_handle_in_a_batch_that_fails_loses_its_id() -> None:
    @derived
    async def fetched(get):
        return [0]

    made = editable(fetched)
    async with Store() as store:
        await store.value(made)
        store.set(made, [1])
        with pytest.raises(OSError), store.batch():
            store.set(made, [2])
            fail()
        log = events(store)
        store.layers(made).rollback_all()
        assert kinds(log) == ["rolled_back"]
        assert store.get(made) == [0]


# --- layers of several atoms


@pytest.fixture
def pair():
    with Store(on_error=lambda error: None) as store:
        yield store, draft_atom([], name="a"), draft_atom([], name="b")


def applied(store, edits):
    return LayerGroup.apply(store, [(store.layers(one), recipe) for one, recipe in edits])


def test_layers_of_a_group_have_events_in_order(pair) -> None:
    store, a, b = pair
    log = events(store)
    for settle, end in ((LayerGroup.confirm, "confirmed"), (LayerGroup.roll_back, "rolled_back")):
        group = applied(store, [(a, append(1)), (b, append(1))])
        settle(group)
        settle(group)
        numbers = [layer.id for layer in group.layers]
        assert layer_events(log)[-4:] == [("applied", one) for one in numbers] + [(end, one) for one in numbers]
    assert len(layer_events(log)) == 8


def test_a_group_that_fails_has_no_events(pair) -> None:
    store, a, b = pair
    log = events(store)
    with pytest.raises(ValueError, match="refused"):
        applied(store, [(a, append(1)), (b, refuse)])
    assert layer_events(log) == []
    group = applied(store, [(a, append(1)), (b, append(1))])
    with pytest.raises(ValueError, match="refused"):
        group.confirm([None, (None, refuse)])
    assert kinds(log) == ["applied", "applied"]
    assert [layer.status for layer in group.layers] == ["pending", "pending"]
    group.confirm()
    assert kinds(log) == ["applied", "applied", "confirmed", "confirmed"]


def test_a_group_has_its_events_also_if_subscribers_fail_or_edit(pair) -> None:
    store, a, b = pair
    log, other = events(store), draft_atom([])
    store.subscribe(a, fail)
    store.subscribe(b, lambda value: store.layers(other).apply(append(value)))
    group = applied(store, [(a, append(1)), (b, append(1))])
    assert kinds(log, a) == kinds(log, b) == kinds(log, other) == ["applied"]
    group.roll_back()
    assert kinds(log, a) == kinds(log, b) == ["applied", "rolled_back"]
    assert kinds(log, other) == ["applied", "applied"]
    store.layers(other).rollback_all()
    assert kinds(log, other)[2:] == ["rolled_back", "rolled_back"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("succeeds", "confirmed"),
        ("fails", "rolled_back"),
        ("is cancelled", "rolled_back"),
        ("has a wrong answer", "confirmed"),
    ],
)
async def test_a_saga_of_several_atoms_has_the_events_of_its_layers(pair, ending, expected) -> None:
    store, a, b = pair
    log, gate = events(store), asyncio.Event()

    async def save():
        await gate.wait()
        if ending == "fails":
            raise OSError

    def answer(group, result):
        if ending == "has a wrong answer":
            group.confirm([None, (None, refuse)])
        else:
            group.confirm()

    handle = SagaGroupPlan([(a, append(1)), (b, append(2))], save, answer).start(store)
    assert kinds(log) == ["applied", "applied"]
    if ending == "is cancelled":
        handle.cancel()
    gate.set()
    try:
        await handle
    except (OSError, ValueError, asyncio.CancelledError):
        assert ending != "succeeds"
    assert kinds(log) == ["applied", "applied", expected, expected]
    assert kinds(log, a) == kinds(log, b) == ["applied", expected]
