"""Part: a circuit breaker. It opens while the server fails, so that nobody asks it, and closes when it is back."""

from __future__ import annotations

from halflife import CircuitBreaker, CircuitOpenError, QueryResult, Retry
from halflife.demo.client import Json
from halflife.demo.stage import Stage
from halflife.testing import ManualClock

TITLE = "the server's failure rate is turned up and down; the circuit opens and closes"

PATH = "/stats/NV"

THRESHOLD = 2

# So many calls while the circuit is open.
REFUSED = 5

# Seconds. The demo does not wait for them, it moves the breaker's clock.
TIMEOUT = 60.0


async def play(stage: Stage) -> None:
    """Turns the failure rate up until the circuit is open, and down again."""
    store, control = stage.store, stage.control
    clock = ManualClock()
    breaker = CircuitBreaker(THRESHOLD, TIMEOUT, clock=clock)

    async def fetch(_key: object) -> Json:
        return await stage.client.get(PATH)

    nevada = stage.queries.query(("statistics", "NV"), fetch, breaker=breaker, retry=Retry(enabled=False))

    def show(state: str) -> None:
        stage.narrator.shown("circuit", state, "")

    async def ask(times: int = 1) -> QueryResult[Json]:
        for _ in range(times):
            await nevada.refetch()
        await stage.narrator.pause()
        return store.get(nevada)

    def expect_state(text: str, state: str) -> None:
        found = store.get(breaker.state)
        stage.expect(text, holds=found == state, found=found)

    try:
        await control.set_failure_rate(0.0)
        with store.subscribe(breaker.state, show), stage.watch_query("nevada", nevada, _in_words):
            show(store.get(breaker.state))
            data = await store.get(nevada.loaded)
            await control.set_failure_rate(1.0)
            await ask(THRESHOLD)
            expect_state("the server fails twice, and the circuit opens", "open")

            asked = await control.received(PATH, 0)
            result = await ask(REFUSED)
            more = await control.received(PATH, 0) - asked
            stage.expect(
                "now calls are refused at once, and the server is not asked",
                holds=isinstance(result.error, CircuitOpenError) and more == 0,
                found=f"{result!r}, {more} requests",
            )
            stage.summary.queries.refused = REFUSED
            stage.expect("the last data is still shown", holds=result.data == data, found=f"{result!r}")

            await clock.advance(TIMEOUT)
            expect_state("after a minute a trial call may go through", "half-open")
            await ask()
            expect_state("it fails, and the circuit opens again", "open")
            await control.set_failure_rate(0.0)
            await clock.advance(TIMEOUT)
            result = await ask()
            expect_state("when the server is back, the next trial closes the circuit", "closed")
            stage.expect("and the query has recovered", holds=result.status == "success", found=f"{result!r}")
    finally:
        await control.set_failure_rate(stage.summary.options.failure_rate)
    await stage.expect_logged(
        "the server has seen the calls that were not refused", PATH, served=2, failed=THRESHOLD + 1
    )


def _in_words(found: Json) -> str:
    return f"{found['airports']} airports in {found['cities']} cities"
