"""The laws of optimistic layers: random programs, run by every kind of log and by the naive one; see `layer_machine`.

Each planted log is wrong in one way. The machine must find it.
"""

import os
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from conftest import MULTIPLIER
from inverse_patches import PLANTED
from layer_machine import SHAPE, Factory, Run, Wrong, draw_layer, draw_operation, draw_working, play
from layer_oracle import NaiveLog
from layer_recipes import draw_recipe, draw_value

try:
    from halflife._core import LayerLog
except ImportError:
    FACTORIES: dict[str, Factory] = {"again": NaiveLog}
else:
    FACTORIES = {"selective": LayerLog, "always": partial(LayerLog, always=True)}

STEPS = 30
# As in the profile: CI and the suite try the same programs every time, campaigns try others.
FIRST_SEED = 0 if MULTIPLIER == 1 else random.SystemRandom().randrange(2**32)
PROGRAMS = max(1, round(2000 * MULTIPLIER))


class LayerMachine(RuleBasedStateMachine):
    """The same as a seeded program, but drawn by hypothesis, which looks for small ones and for rare ones."""

    factories = FACTORIES

    @initialize(data=st.data(), shape=st.sampled_from(SHAPE))
    def begin(self, data: st.DataObject, shape: str) -> None:
        self.shape = shape
        self.run = Run(draw_value(self.chooser(data), shape), self.factories)

    def chooser(self, data: st.DataObject) -> Callable[[Any], Any]:
        return lambda options: data.draw(st.sampled_from(options))

    @rule(data=st.data())
    def operate(self, data: st.DataObject) -> None:
        self.run.step(draw_operation(self.chooser(data), self.shape, self.run.model))

    @rule(data=st.data())
    def apply(self, data: st.DataObject) -> None:
        recipe = draw_working(self.chooser(data), self.shape, self.run.model.log.visible, draw_recipe)
        self.run.step(("apply", recipe))

    @rule(data=st.data())
    def apply_and_roll_back(self, data: st.DataObject) -> None:
        """As if it had never been made."""
        before = [subject.log.visible for subject in self.run.subjects]
        made = len(self.run.model.layers)
        self.apply(data)
        if len(self.run.model.layers) > made:
            self.run.step(("rollback", 0))
            for subject, visible in zip(self.run.subjects, before, strict=True):
                self.run.compare_objects(subject.log.visible, visible, subject.name)

    @rule(data=st.data())
    def settle_twice(self, data: st.DataObject) -> None:
        number = draw_layer(self.chooser(data), self.run.model)
        self.run.step(("rollback", number))
        self.run.step(("commit", number, None, None))

    @invariant()
    def what_was_handed_out_is_what_it_was(self) -> None:
        if hasattr(self, "run"):
            self.run.finish()


def test_every_log_shows_the_fold_of_its_layers() -> None:
    # The number of examples is that of the profile, and HALFLIFE_TEST_MULTIPLIER multiplies it.
    run_state_machine_as_test(LayerMachine, settings=settings(stateful_step_count=STEPS))


@pytest.mark.parametrize("part", range(10))
def test_thousands_of_programs_end_as_the_naive_log_ends(part: int) -> None:
    for seed in range(FIRST_SEED + part, FIRST_SEED + PROGRAMS, 10):
        try:
            play(random.Random(seed).choice, FACTORIES)
        except Wrong as error:
            pytest.fail(f"seed {seed}: {error}")


def test_a_seed_is_replayed() -> None:
    """`HALFLIFE_TEST_SEED=4711 pytest -k seed_is_replayed` runs the program that a failure has named."""
    play(random.Random(int(os.environ.get("HALFLIFE_TEST_SEED", "0"))).choice, FACTORIES)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_programs_find_a_log_that(planted: Factory) -> None:
    with pytest.raises(Wrong, match=PLANTED[planted]):
        for seed in range(1000):
            play(random.Random(seed).choice, {"planted": planted})


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_the_machine_finds_a_log_that(planted: Factory) -> None:
    class Planted(LayerMachine):
        factories = {"planted": planted}  # noqa: RUF012 - as in the machine

    quick = settings(
        max_examples=500,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(Wrong):
        run_state_machine_as_test(Planted, settings=quick)
