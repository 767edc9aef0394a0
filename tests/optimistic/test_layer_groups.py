"""Layers of several atoms are made and settled together: each atom notifies once, and a failure changes nothing."""

import asyncio
from typing import Any

import pytest

from halflife import Store, draft_atom
from halflife._optimistic.layer_group import LayerGroup
from halflife._optimistic.saga_group_plan import SagaGroupPlan


def count(draft: Any) -> None:
    draft["n"] += 1


def refuse(draft: Any) -> None:
    draft["n"] = 7
    raise ValueError("refused")


class Watched:
    """Two atoms in a store, and what their subscribers were told."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.atoms = [draft_atom({"n": 0}), draft_atom({"n": 10})]
        self.told: list[tuple[int, Any, Any]] = []
        for number, atom in enumerate(self.atoms):
            store.subscribe(atom, lambda _, number=number: self.told.append((number, *self.values())))

    def values(self) -> list[int]:
        return [self.store.get(atom)["n"] for atom in self.atoms]

    def apply(self, *recipes: Any) -> LayerGroup:
        return LayerGroup.apply(self.store, [*zip(map(self.store.layers, self.atoms), recipes, strict=True)])


def test_all_edits_are_shown_and_rolled_back_together() -> None:
    with Store() as store:
        watched = Watched(store)
        group = watched.apply(count, count)
        assert watched.told == [(0, 1, 11), (1, 1, 11)]
        group.roll_back()
        assert watched.told[2:] == [(0, 0, 10), (1, 0, 10)]
        assert group.is_rolled_back
        group.roll_back()
        assert len(watched.told) == 4


def test_an_edit_that_fails_leaves_no_layer_and_tells_nobody() -> None:
    with Store() as store:
        watched = Watched(store)
        with pytest.raises(ValueError, match="refused"):
            watched.apply(count, refuse)
        assert (watched.values(), watched.told) == ([0, 10], [])
        assert [store.layers(atom).pending for atom in watched.atoms] == [0, 0]


def test_all_are_confirmed_together_each_by_its_answer() -> None:
    with Store() as store:
        watched = Watched(store)
        group = watched.apply(count, count)
        watched.told.clear()
        group.confirm([(None, count), (lambda draft: draft.update(n=50), None)])
        assert watched.told == [(0, 2, 50), (1, 2, 50)]
        assert [layer.status for layer in group.layers] == ["folded", "folded"]


def test_a_confirmation_as_it_is_tells_nobody() -> None:
    with Store() as store:
        watched = Watched(store)
        group = watched.apply(count, count)
        watched.told.clear()
        group.confirm()
        assert (watched.told, watched.values()) == ([], [1, 11])


def test_an_answer_that_fails_confirms_nothing() -> None:
    with Store() as store:
        watched = Watched(store)
        group = watched.apply(count, count)
        watched.told.clear()
        with pytest.raises(ValueError, match="refused"):
            group.confirm([(None, count), (refuse, None)])
        assert (watched.told, watched.values()) == ([], [1, 11])
        assert [layer.status for layer in group.layers] == ["pending", "pending"]


def test_an_empty_group_is_never_rolled_back() -> None:
    with Store() as store:
        group = LayerGroup.apply(store, [])
        group.confirm()
        group.roll_back()
        assert not group.is_rolled_back


@pytest.mark.parametrize("outcome", ["confirmed", "refused", "cancelled", "answer fails"])
def test_a_saga_over_several_atoms_settles_them_together(outcome: str) -> None:
    async def main() -> None:
        with Store() as store:
            watched = Watched(store)

            async def effect() -> str:
                await asyncio.sleep(0)
                if outcome == "refused":
                    raise ValueError("refused")
                return "result"

            def confirm(group: LayerGroup, result: str) -> None:
                assert result == "result"
                group.confirm([(None, refuse if outcome == "answer fails" else count), None])

            handle = SagaGroupPlan([(atom, count) for atom in watched.atoms], effect, confirm).start(store)
            assert watched.told == [(0, 1, 11), (1, 1, 11)]
            watched.told.clear()
            if outcome == "cancelled":
                handle.cancel()
                await store.settled()
            elif outcome == "confirmed":
                assert await handle == "result"
            else:
                with pytest.raises(ValueError, match="refused"):
                    await handle
            told = {"confirmed": [(0, 2, 11)], "answer fails": []}.get(outcome, [(0, 0, 10), (1, 0, 10)])
            assert watched.told == told
            assert [store.layers(atom).pending for atom in watched.atoms] == [0, 0]

    asyncio.run(main())


def test_a_saga_with_an_edit_that_fails_changes_nothing_and_calls_no_effect() -> None:
    async def main() -> None:
        with Store() as store:
            watched = Watched(store)

            async def effect() -> None:
                raise AssertionError

            with pytest.raises(ValueError, match="refused"):
                SagaGroupPlan([*zip(watched.atoms, (count, refuse), strict=True)], effect).start(store)
            await store.settled()
            assert (watched.told, watched.values()) == ([], [0, 10])

    asyncio.run(main())
