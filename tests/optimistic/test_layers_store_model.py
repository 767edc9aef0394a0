"""Layers of an atom in a store against the naive log, with batches that fail.

The model is a naive log that is restored by hand when a batch fails. After each step both must agree on the value,
the base, the status of each layer, and the notifications of subscribers.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from halflife import Store, draft_atom, optimistic
from layer_oracle import NaiveLog
from layer_values import same

KEYS = st.sampled_from("abc")
NUMBERS = st.integers(0, 3)


def put(key: str, number: int) -> Any:
    def recipe(draft: Any) -> None:
        draft[key] = number

    return recipe


def add(key: str, number: int) -> Any:
    def recipe(draft: Any) -> None:
        draft[key] += number  # raises if the key is missing

    return recipe


def drop(key: str, number: int) -> Any:
    def recipe(draft: Any) -> None:
        del draft[key]

    return recipe


RECIPES = st.builds(lambda make, key, number: make(key, number), st.sampled_from([put, add, drop]), KEYS, NUMBERS)
VALUES = st.dictionaries(KEYS, NUMBERS, max_size=3)
WHICH = st.integers(0, 30)
STEPS = st.one_of(
    st.tuples(st.just("apply"), RECIPES),
    st.tuples(st.just("apply"), RECIPES),
    st.tuples(st.just("update"), RECIPES),
    st.tuples(st.just("replace"), VALUES),
    st.tuples(st.just("rollback"), WHICH),
    st.tuples(st.just("commit"), WHICH),
    st.tuples(st.just("server"), WHICH, RECIPES),
    st.tuples(st.just("then"), WHICH, RECIPES),
    st.tuples(st.just("set_base"), VALUES),
    st.tuples(st.just("edit_base"), RECIPES),
    st.tuples(st.just("rollback_all")),
    st.tuples(st.just("commit_all")),
    st.tuples(st.just("begin")),
    st.tuples(st.just("end")),
    st.tuples(st.just("fail")),
)


class Pair:
    """An atom's layers in a store, and their model."""

    def __init__(self, store: Store, base: dict[str, int]) -> None:
        self.store = store
        self.atom = draft_atom(base)
        self.log = NaiveLog(base)
        self.made: list[tuple[Any, Any]] = []
        self.open: list[Any] = []
        self.told: list[Any] = []
        self.counts: list[int] = []
        self.subscriptions = [
            store.subscribe(self.atom, self.told.append),
            store.subscribe(optimistic(self.atom, store).pending, self.counts.append),
        ]

    def both(self, real: Any, model: Any) -> Any:
        """The results of the same operation on both; both must raise, or neither."""
        results = []
        for act in (real, model):
            try:
                results.append(act())
            except Exception as error:
                results.append(type(error).__name__)
        return results

    def step(self, kind: str, *arguments: Any) -> None:
        layers, log = self.store.layers(self.atom), self.log
        if kind == "apply":
            real, model = self.both(lambda: layers.apply(*arguments), lambda: log.apply(*arguments))
            assert isinstance(real, str) == isinstance(model, str)
            if not isinstance(real, str):
                self.made.append((real, model))
        elif kind == "update":
            real, model = self.both(
                lambda: self.store.update(self.atom, *arguments), lambda: log.update(*arguments) and None
            )
            assert real == model
        elif kind == "replace":
            self.store.set(self.atom, *arguments)
            log.replace(*arguments)
        elif kind in ("rollback", "commit", "server", "then"):
            if self.made:
                self.settle(kind, *arguments)
        elif kind == "begin":
            batch = self.store.batch()
            batch.__enter__()
            self.open.append((log.save(), len(self.made), batch))
        elif kind in ("end", "fail"):
            if self.open:
                self.leave(failed=kind == "fail")
        else:
            real, model = self.both(lambda: getattr(layers, kind)(*arguments), lambda: getattr(log, kind)(*arguments))
            assert real == model

    def settle(self, kind: str, which: int, *recipes: Any) -> None:
        layer, state = self.made[which % len(self.made)]
        if kind == "rollback":
            results = self.both(layer.rollback, lambda: self.log.rollback(state))
        else:
            options = {kind: recipes[0]} if recipes else {}
            results = self.both(lambda: layer.commit(**options), lambda: self.log.commit(state, **options))
        assert results[0] == results[1]

    def leave(self, *, failed: bool) -> None:
        saved, made, batch = self.open.pop()
        if failed:
            self.log.restore(saved)
            for _, state in self.made[made:]:
                state.status = "rolled_back"
            batch.__exit__(ValueError, ValueError(), None)
        else:
            batch.__exit__(None, None, None)

    def check(self) -> None:
        layers = self.store.layers(self.atom)
        assert same(self.store.get(self.atom), self.log.visible)
        assert same(layers.visible, self.log.visible)
        assert same(layers.base, self.log.base)
        assert layers.pending == self.log.pending == self.store.get(optimistic(self.atom, self.store).pending)
        assert [layer.status for layer, _ in self.made] == [state.status for _, state in self.made]
        if not self.open and self.told:
            assert same(self.told[-1], self.log.visible)
        if not self.open and self.counts:
            assert self.counts[-1] == self.log.pending
        assert self.store._invariant() is None


@given(VALUES, st.lists(STEPS, max_size=25))
def test_layers_in_a_store_agree_with_the_naive_log(base: dict[str, int], steps: list[Any]) -> None:
    with Store(on_error=lambda error: None) as store:
        pair = Pair(store, base)
        for step in steps:
            shown, told = store.get(pair.atom), len(pair.told)
            pair.step(*step)
            pair.check()
            if not pair.open and step[0] not in ("end", "fail"):  # a batch notifies at most once
                changed = not same(shown, store.get(pair.atom))
                new_object = step[0] in ("replace", "set_base", "edit_base", "rollback", "rollback_all")
                assert len(pair.told) - told in ({changed, True} if new_object else {changed})
        while pair.open:
            pair.step("fail")
            pair.check()
