"""The async oracle: fetches that end when a rule says so, watched by a model; and proof that it sees what is wrong."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from async_machine import AsyncMachine

STEPS = 30


def test_everything_that_is_answered_is_what_it_must_be_and_nothing_else_was_ever_shown() -> None:
    run_state_machine_as_test(AsyncMachine, settings=settings(stateful_step_count=STEPS))
