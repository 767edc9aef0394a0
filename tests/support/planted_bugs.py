"""*Planted bugs* check a state machine by mutation: with a bug planted in its subject the machine must fail."""

import contextlib

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def objection_of(machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> str | None:
    """The message with which the machine fails, or None if it passes. The examples are the same in every run."""
    quick = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    with contextlib.redirect_stdout(None):
        try:
            run_state_machine_as_test(machine, settings=quick)
        except (AssertionError, TimeoutError) as error:
            return str(error)
    return None
