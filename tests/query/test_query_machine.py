"""Query clients against the query model; and planted bugs that the machine must find."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from query_machine import QueryMachine

STEPS = 30


def test_clients_do_what_the_model_says() -> None:
    run_state_machine_as_test(QueryMachine, settings=settings(stateful_step_count=STEPS))
