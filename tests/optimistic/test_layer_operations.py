"""An atom is told the kind of each operation on its layers: sources of data treat confirmations and pushes apart."""

from collections.abc import Callable
from typing import Any

import pytest

from halflife import Store, draft_atom, lens
from halflife._optimistic import store_target
from halflife._optimistic.layer_operation import LayerOperation, OperationKind
from halflife._optimistic.layers import Layers


def count(draft: Any) -> None:
    draft["n"] += 1


OPERATIONS: dict[str, tuple[Callable[[Layers[Any], Any], object], OperationKind]] = {
    "apply": (lambda layers, layer: layers.apply(count), OperationKind.EDIT),
    "rollback": (lambda layers, layer: layer.rollback(), OperationKind.EDIT),
    "rollback_all": (lambda layers, layer: layers.rollback_all(), OperationKind.EDIT),
    "commit": (lambda layers, layer: layer.commit(), OperationKind.CONFIRM),
    "commit_all": (lambda layers, layer: layers.commit_all(), OperationKind.CONFIRM),
    "update": (lambda layers, layer: layers.update(count), OperationKind.CONFIRM),
    "set": (lambda layers, layer: layers.set({"n": 5}), OperationKind.CONFIRM),
    "set_base": (lambda layers, layer: layers.set_base({"n": 5}), OperationKind.SET_BASE),
    "edit_base": (lambda layers, layer: layers.edit_base(count), OperationKind.EDIT_BASE),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("through_lens", [False, True], ids=["atom", "lens"])
def test_each_operation_names_its_kind(name: str, through_lens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[OperationKind] = []

    def record(apply: Any, kind: OperationKind) -> LayerOperation[Any]:
        kinds.append(kind)
        return LayerOperation(apply, kind)

    operate, kind = OPERATIONS[name]
    root = draft_atom({"part": {"n": 0}} if through_lens else {"n": 0})
    with Store() as store:
        layers: Layers[Any] = store.layers(lens(root, lambda value: value["part"]) if through_lens else root)
        layer = layers.apply(count)
        monkeypatch.setattr(store_target, "LayerOperation", record)
        operate(layers, layer)
    # The base of a lens is a part of another base, so it is edited.
    expected = OperationKind.EDIT_BASE if through_lens and name == "set_base" else kind
    assert kinds == [expected]


@pytest.mark.parametrize("kind", OperationKind)
def test_all_operations_but_edits_change_confirmed_data(kind: OperationKind) -> None:
    assert LayerOperation(lambda _: None, kind).confirms == (kind is not OperationKind.EDIT)
