"""The laws of optimistic layers: random programs run by every kind of log and by the naive one; see `layer_machine`.

Each planted log has one bug, and the machine must find it.
"""

import random
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from conftest import FIRST_SEED, MULTIPLIER
from halflife._core import LayerLog
from inverse_patches import (
    PLANTED,
    CopiesEverything,
    EditsInPlace,
    EmptiesWhatIsConfirmed,
    LosesTheOrder,
    RestoresASnapshot,
    RollsBackByInversePatches,
    TakesLaterOnesAlong,
)
from layer_machine import SHAPE, Factory, Run, Wrong, compare_objects, play
from layer_operations import OPERATIONS, Operation, draw_operation
from layer_oracle import Recipe
from layer_recipes import draw_value
from planted_bugs import objection_of

FACTORIES: dict[str, Factory] = {"selective": LayerLog, "always": partial(LayerLog, always=True)}
STEPS = 30
PROGRAMS = max(1, round(2000 * MULTIPLIER))


SEED = st.integers(0, 2**20)
# Bugs that few steps reveal. The others need more programs than hypothesis draws in the time.
OFTEN_WRONG = [
    RollsBackByInversePatches,
    RestoresASnapshot,
    TakesLaterOnesAlong,
    LosesTheOrder,
    EditsInPlace,
    CopiesEverything,
]


def set_key(key: str, source: str | None = None) -> Recipe:
    """Set a key to 1, or to the value of another key, which must be there."""
    return lambda draft: draft.update({key: 1 if source is None else draft[source]})


# Bugs that one random program in thousands reveals, each with a program that does.
SELDOM_WRONG: dict[Any, list[Operation]] = {
    EmptiesWhatIsConfirmed: [
        ("apply", set_key("x")),
        ("apply", set_key("y")),  # stays pending, so that the next layer waits after it is confirmed
        ("apply", set_key("z", source="x")),
        ("rollback", 2),
        ("commit", 0, None, None),
        ("edit_base", set_key("x")),
    ]
}


class LayerMachine(RuleBasedStateMachine):
    """Programs drawn and shrunk by hypothesis; a seed draws the recipes."""

    factories = FACTORIES

    @initialize(seed=SEED, shape=st.sampled_from(SHAPE))
    def begin(self, seed: int, shape: str) -> None:
        self.shape = shape
        self.run = Run(draw_value(random.Random(seed).choice, shape), self.factories)

    @rule(name=st.sampled_from(OPERATIONS), seed=SEED)
    def operate(self, name: str, seed: int) -> None:
        self.run.step(draw_operation(random.Random(seed).choice, self.shape, self.run.model, name))

    @rule(seed=SEED)
    def apply(self, seed: int) -> None:
        self.operate("apply", seed)

    @rule(seed=SEED)
    def apply_and_roll_back(self, seed: int) -> None:
        """Apply a layer and roll it back: everything is as before."""
        before = [subject.log.visible for subject in self.run.subjects]
        made = len(self.run.model.layers)
        self.apply(seed)
        if len(self.run.model.layers) > made:
            self.run.step(("rollback", 0))
            for subject, visible in zip(self.run.subjects, before, strict=True):
                # A layer may rebuild the parts that it edits.
                compare_objects(subject.log.visible, visible, self.run.given, subject.name, excused=subject.excuses)

    @rule(place=st.integers(0, 9))
    def settle_twice(self, place: int) -> None:
        self.run.step(("rollback", place))
        self.run.step(("commit", place, None, None))

    def teardown(self) -> None:
        if hasattr(self, "run"):
            self.run.finish()


def test_every_log_shows_the_fold_of_its_layers() -> None:
    # The profile sets the number of examples, and HALFLIFE_TEST_MULTIPLIER multiplies it.
    run_state_machine_as_test(LayerMachine, settings=settings(stateful_step_count=STEPS))


@pytest.mark.torture
@pytest.mark.parametrize("part", range(10))
def test_thousands_of_programs_end_as_the_naive_log_ends(part: int) -> None:
    for seed in range(FIRST_SEED + part, FIRST_SEED + PROGRAMS, 10):
        try:
            play(random.Random(seed).choice, FACTORIES)
        except Wrong as error:
            pytest.fail(f"HALFLIFE_TEST_SEED={seed}: {error}")


@pytest.mark.parametrize("planted", [one for one in PLANTED if one not in SELDOM_WRONG], ids=lambda one: one.__name__)
def test_programs_find_a_log_that(planted: Factory) -> None:
    def objections() -> Iterator[str]:
        for seed in range(5000):  # most bugs are found in the first hundred
            try:
                play(random.Random(seed).choice, {"planted": planted}, small=False)
            except Wrong as error:
                yield str(error)

    assert any(re.search(PLANTED[planted], objection) for objection in objections())


@pytest.mark.parametrize("planted", SELDOM_WRONG, ids=lambda planted: planted.__name__)
def test_a_program_finds_a_log_that(planted: Factory) -> None:
    def run(factories: dict[str, Factory]) -> None:
        running = Run({}, factories)
        for operation in SELDOM_WRONG[planted]:
            running.step(operation)
        running.finish()

    run(FACTORIES)
    with pytest.raises(Wrong, match=PLANTED[planted]):
        run({"planted": planted})


@pytest.mark.parametrize("planted", OFTEN_WRONG, ids=lambda planted: planted.__name__)
def test_the_machine_finds_a_log_that(planted: Factory) -> None:
    class Planted(LayerMachine):
        factories = {"planted": planted}  # noqa: RUF012 - as in the machine

    assert objection_of(Planted, examples=500, steps=STEPS) is not None


# --- what selective replay must not do


def set_field(key: str, value: int) -> Recipe:
    return lambda draft: draft[key].update(n=value)


def test_a_layer_that_fails_calls_no_recipe_of_layers_that_touch_other_keys() -> None:
    log = LayerLog({f"k{number}": {"n": 0} for number in range(1000)})
    layers = [log.apply(set_field(f"k{number}", 1)) for number in range(1000)]
    calls = log.recipe_calls
    for number in (500, 0, 999, 1, 250):
        log.rollback(layers[number])
    assert log.recipe_calls == calls
    assert [key for key, row in log.visible.items() if row == {"n": 0}] == ["k0", "k1", "k250", "k500", "k999"]


def test_confirming_the_oldest_and_failing_the_newest_call_no_recipe() -> None:
    log = LayerLog({"n": 0})

    def count(draft: Any) -> None:
        draft["n"] += 1

    layers = [log.apply(count) for _ in range(100)]
    calls = log.recipe_calls
    for first, last in zip(layers[:50], layers[:49:-1], strict=True):
        log.commit(first)
        log.rollback(last)
    assert log.recipe_calls == calls
    assert log.visible == log.base == {"n": 50}


def test_a_layer_that_fails_calls_the_recipes_that_have_read_what_it_wrote() -> None:
    log = LayerLog({"a": {"n": 1}, "b": {"n": 1}, "c": {"n": 1}})
    first = log.apply(set_field("a", 5))
    log.apply(lambda draft: draft["b"].update(n=draft["a"]["n"]))
    log.apply(lambda draft: draft["c"].update(n=draft["b"]["n"]))  # reads "b" through another draft
    log.apply(set_field("a", 7))  # reads nothing
    calls = log.recipe_calls
    log.rollback(first)
    assert log.visible == {"a": {"n": 7}, "b": {"n": 1}, "c": {"n": 1}}
    assert 2 <= log.recipe_calls - calls <= 3
