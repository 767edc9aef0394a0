"""Queries of a real HTTP server, by the clients that users have: what the server does, and what a query shows of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from halflife import (
    CircuitBreaker,
    CircuitOpenError,
    MaxAttemptsExceeded,
    NonRetryableError,
    QueryClient,
    QueryDefaults,
    QueryResult,
    Retry,
    RunCancelledError,
    Store,
    StoreClosedError,
)
from halflife.testing import ManualClock
from http_users import (
    PATIENCE,
    AiohttpUser,
    HttpxUser,
    Service,
    failure,
    pieces,
    reset_connection,
    text,
    wait_for_hang_up,
)

pytestmark = pytest.mark.asyncio

NO_RETRY = Retry(max_retries=0)
AT_ONCE = Retry(max_retries=3, initial_delay=0)
ADA = {"id": 1, "name": "Ada"}
EVE = {"id": 1, "name": "Eve"}


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    with HTTPServer(port=0, threaded=True) as running:
        yield running


@pytest.fixture
def service(server: HTTPServer) -> Iterator[Service]:
    made = Service(server)
    yield made
    made.open_gates()
    server.clear()


class Program:
    """A program with an HTTP client, and a query client on a manual clock."""

    def __init__(self, http: HttpxUser | AiohttpUser) -> None:
        self.http = http
        self.clock = ManualClock()
        self.errors: list[BaseException] = []
        self.store = Store(clock=self.clock, on_error=self.errors.append)
        self.client = QueryClient(self.store, defaults=QueryDefaults(retry=NO_RETRY))

    async def fetch(self, key: Any) -> Any:
        """The fetcher: GET of the path that the key names."""
        return (await self.http.get("/" + "/".join(map(str, key)))).data()

    def query(self, *key: Any, **options: Any) -> Any:
        """An observed query."""
        made = self.client.query(key, self.fetch, **options)
        self.store.subscribe(made, lambda _: None)
        return made

    async def shows(self, query: Any, **wanted: Any) -> QueryResult[Any]:
        """Wait until the result has these fields."""

        def is_it(result: QueryResult[Any]) -> bool:
            return all(getattr(result, name) == value for name, value in wanted.items())

        async with asyncio.timeout(PATIENCE):
            result: QueryResult[Any] = await self.store.until(query, is_it)
            return result


@pytest_asyncio.fixture(params=[HttpxUser, AiohttpUser], ids=["httpx", "aiohttp"])
async def program(request: pytest.FixtureRequest, service: Service) -> AsyncIterator[Program]:
    http = request.param(service.address)
    made = Program(http)
    yield made
    made.store.close()
    await http.close()
    assert made.errors == []


class TestAnswers:
    async def test_the_data_of_the_server(self, program: Program, service: Service) -> None:
        service.on("/users/1", ADA)
        user = program.query("users", 1)
        assert (program.store.get(user).status, program.store.get(user).fetch_status) == ("loading", "fetching")
        assert await program.store.value(user.loaded) == ADA
        assert await program.client.fetch(("users", 1), program.fetch) == ADA
        assert len(service.requests) == 1

    async def test_304_keeps_the_data_and_renews_its_age(self, program: Program, service: Service) -> None:
        state = {"etag": '"1"', "body": ADA}

        def answer(request: Request) -> Response:
            if request.headers.get("If-None-Match") == state["etag"]:
                return Response(status=304)
            body = json.dumps(state["body"])
            return Response(body, content_type="application/json", headers={"ETag": str(state["etag"])})

        async def fetch(key: Any, ctx: Any) -> Any:
            headers = {"If-None-Match": ctx.memory["etag"]} if "etag" in ctx.memory else {}
            got = await program.http.get("/users/1", headers)
            if got.status == 304:
                return ctx.unchanged
            ctx.memory["etag"] = got.headers["etag"]
            return got.data()

        service.on("/users/1", answer)
        user = program.client.query(("users", 1), fetch)
        seen: list[Any] = []
        program.store.subscribe(user.data, seen.append)
        program.store.subscribe(user, lambda _: None)
        first = await program.shows(user, status="success", fetch_status="idle")
        await program.clock.advance(60)
        assert program.store.get(user).is_stale
        same = await user.refetch()
        assert (same.data, same.is_stale, same.error) == (ADA, False, None)
        assert same.data is first.data
        assert same.last_updated == first.last_updated + 60
        state.update(etag='"2"', body=EVE)
        assert (await user.refetch()).data == EVE
        assert [one.headers.get("If-None-Match") for one in service.requests] == [None, '"1"', '"1"']
        assert seen == [ADA, EVE]

    async def test_a_server_that_is_slow_to_answer(self, program: Program, service: Service) -> None:
        gate = service.gate()

        def slow(_: Request) -> Response:
            gate.hold()
            return Response(json.dumps(EVE))

        service.on("/users/1", ADA, slow)
        user = program.query("users", 1)
        await program.shows(user, status="success", fetch_status="idle")
        again = user.refetch()
        await gate.reached()
        result = program.store.get(user)
        assert (result.data, result.is_refetching) == (ADA, True)
        gate.open()
        assert (await again).data == EVE

    async def test_a_body_that_comes_slowly(self, program: Program, service: Service) -> None:
        gate = service.gate()
        service.on("/users/1", pieces('{"id": 1, ', gate, '"name": "Ada"}'))
        user = program.query("users", 1)
        await gate.reached()
        assert program.store.get(user).status == "loading"
        gate.open()
        assert (await program.shows(user, fetch_status="idle")).data == ADA

    async def test_lines_are_shown_as_they_come(self, program: Program, service: Service) -> None:
        gates = [service.gate(), service.gate()]
        service.on("/log", pieces("one\n", gates[0], "two\n", gates[1], "three\n"))

        async def lines(key: Any) -> AsyncIterator[str]:
            async for line in program.http.lines("/log"):
                yield line

        log = program.client.query("log", lines)
        program.store.subscribe(log, lambda _: None)
        assert (await program.shows(log, data=["one"])).is_fetching
        gates[0].open()
        assert (await program.shows(log, data=["one", "two"])).is_fetching
        gates[1].open()
        assert (await program.shows(log, fetch_status="idle")).data == ["one", "two", "three"]

    async def test_a_thousand_awaiters_cause_one_request(self, program: Program, service: Service) -> None:
        gate = service.gate()

        def held(_: Request) -> Response:
            gate.hold()
            return Response(json.dumps(ADA))

        service.on("/users/1", held)
        tasks = [asyncio.ensure_future(program.client.fetch(("users", 1), program.fetch)) for _ in range(1000)]
        await gate.reached()
        for task in tasks[1:500]:
            task.cancel()
        gate.open()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert answers[0] == ADA
        assert answers[500:] == [ADA] * 500
        assert all(isinstance(one, asyncio.CancelledError) for one in answers[1:500])
        assert len(service.requests) == 1

    async def test_keys_are_fetched_together(self, program: Program, service: Service) -> None:
        gates = [service.gate() for _ in range(4)]
        for number, gate in enumerate(gates):
            service.on(f"/users/{number}", lambda _, number=number, gate=gate: gate.hold() or Response(str(number)))
        task = asyncio.ensure_future(
            program.client.fetch_all([(("users", number), program.fetch) for number in range(4)])
        )
        for gate in gates:
            await gate.reached()
        for gate in reversed(gates):
            gate.open()
        assert await task == [0, 1, 2, 3]


class TestFailures:
    async def test_a_reset_connection_is_an_error_beside_the_data(self, program: Program, service: Service) -> None:
        service.on("/users/1", ADA, reset_connection)
        user = program.query("users", 1)
        await program.shows(user, status="success")
        result = await user.refetch()
        assert isinstance(result.error, program.http.broken)
        assert (result.status, result.data) == ("error", ADA)

    async def test_a_reset_connection_is_tried_again(self, program: Program, service: Service) -> None:
        service.on("/users/1", reset_connection, reset_connection, ADA)
        assert await program.client.fetch(("users", 1), program.fetch, retry=AT_ONCE) == ADA
        assert len(service.requests) == 3

    async def test_a_server_that_does_not_listen(self, program: Program) -> None:
        http = type(program.http)("http://127.0.0.1:1")  # A port below 1024 that nobody listens to.

        async def fetch(key: Any) -> Any:
            return (await http.get("/")).data()

        try:
            with pytest.raises(MaxAttemptsExceeded) as caught:
                await program.client.fetch("nobody", fetch, retry=AT_ONCE)
        finally:
            await http.close()
        assert isinstance(caught.value.__cause__, program.http.broken)
        assert caught.value.attempts == 4

    async def test_a_body_that_breaks_off(self, program: Program, service: Service) -> None:
        service.on("/users/1", pieces('{"id": 1, ', length=100), ADA)
        user = program.query("users", 1)
        result = await program.shows(user, status="error")
        assert isinstance(result.error, program.http.broken)
        assert (await user.refetch()).data == ADA

    @pytest.mark.parametrize("body", ['{"id": ', "", "<html>", "\x00"])
    async def test_wrong_json_is_an_error_and_not_cached(self, program: Program, service: Service, body: str) -> None:
        service.on("/users/1", ADA, text(body), EVE)
        user = program.query("users", 1)
        await program.shows(user, status="success")
        result = await user.refetch()
        assert isinstance(result.error, json.JSONDecodeError)
        assert (result.status, result.data) == ("error", ADA)
        assert program.client.get_data(("users", 1)) == ADA
        assert (await user.refetch()).data == EVE

    async def test_failures_of_the_server_are_tried_again_after_growing_delays(
        self, program: Program, service: Service
    ) -> None:
        service.on("/users/1", failure(500), failure(502), ADA)
        user = program.query("users", 1, retry=Retry(max_retries=3, initial_delay=1))
        await program.shows(user, failure_count=1)
        await program.clock.advance(0.9)
        assert len(service.requests) == 1
        await program.clock.advance(0.1)
        await program.shows(user, failure_count=2)
        assert program.store.get(user).attempt == 2
        await program.clock.advance(1.9)
        assert len(service.requests) == 2
        await program.clock.advance(0.1)
        result = await program.shows(user, status="success")
        assert (result.data, result.failure_count) == (ADA, 0)
        assert len(service.requests) == 3

    async def test_a_server_that_keeps_failing(self, program: Program, service: Service) -> None:
        service.on("/users/1", failure(500))
        user = program.query("users", 1, retry=AT_ONCE)
        result = await program.shows(user, status="error")
        assert isinstance(result.error, MaxAttemptsExceeded)
        assert isinstance(result.error.__cause__, program.http.refused)
        assert (result.error.attempts, len(service.requests)) == (4, 4)

    async def test_the_server_says_when_to_try_again(self, program: Program, service: Service) -> None:
        def after(error: Exception, attempt: int) -> float | bool:
            if not isinstance(error, program.http.refused):
                return False
            return float(program.http.header_of(error, "Retry-After"))

        service.on("/users/1", failure(503, Retry_After="7"), failure(429, Retry_After="120"), ADA)
        user = program.query("users", 1, retry=Retry(retry_if=after))
        await program.shows(user, failure_count=1)
        await program.clock.advance(6.9)
        assert len(service.requests) == 1
        await program.clock.advance(0.1)
        await program.shows(user, failure_count=2)
        await program.clock.advance(119.9)
        assert len(service.requests) == 2
        await program.clock.advance(0.1)
        assert (await program.shows(user, status="success")).data == ADA

    async def test_a_refusal_is_not_tried_again(self, program: Program, service: Service) -> None:
        service.on("/users/1", failure(404))
        retry = Retry(initial_delay=0, retry_if=lambda error, attempt: not isinstance(error, program.http.refused))
        with pytest.raises(NonRetryableError) as caught:
            await program.client.fetch(("users", 1), program.fetch, retry=retry)
        assert isinstance(caught.value.__cause__, program.http.refused)
        assert len(service.requests) == 1

    async def test_the_deadline_closes_the_connection(self, program: Program, service: Service) -> None:
        arrived, hung_up = service.gate(), service.gate()
        service.on("/users/1", wait_for_hang_up(arrived, hung_up))
        task = asyncio.ensure_future(
            program.client.fetch(("users", 1), program.fetch, retry=Retry(max_retries=3, deadline=5))
        )
        await arrived.reached()
        await program.clock.advance(4.9)
        assert not task.done()
        await program.clock.advance(0.1)
        with pytest.raises(MaxAttemptsExceeded):
            await task
        await hung_up.reached()
        assert len(service.requests) == 1

    async def test_a_breaker_spares_a_server_that_fails(self, program: Program, service: Service) -> None:
        breaker = CircuitBreaker(threshold=2, timeout=60)
        states: list[str] = []
        program.store.subscribe(breaker.state, states.append)
        service.on("/users/1", failure(500), failure(500), failure(500), ADA)

        async def fetched() -> Any:
            return await program.client.fetch(("users", 1), program.fetch, breaker=breaker)

        for _ in range(2):
            with pytest.raises(program.http.refused):
                await fetched()
        with pytest.raises(CircuitOpenError):
            await fetched()
        assert len(service.requests) == 2
        await program.clock.advance(60)
        with pytest.raises(program.http.refused):
            await fetched()
        with pytest.raises(CircuitOpenError):
            await fetched()
        assert len(service.requests) == 3
        await program.clock.advance(60)
        assert await fetched() == ADA
        assert states == ["open", "half-open", "open", "half-open", "closed"]


class TestCancellation:
    @pytest.mark.parametrize("how", ["awaiter", "cancel", "remove", "reset", "clear", "close"])
    async def test_the_server_sees_the_connection_close(self, program: Program, service: Service, how: str) -> None:
        arrived, hung_up = service.gate(), service.gate()
        service.on("/users/1", wait_for_hang_up(arrived, hung_up))
        task = asyncio.ensure_future(program.client.fetch(("users", 1), program.fetch))
        await arrived.reached()
        if how == "awaiter":
            task.cancel()
            error: type[BaseException] = asyncio.CancelledError
        elif how == "close":
            program.store.close()
            error = StoreClosedError
        else:
            getattr(program.client, how)()
            error = RunCancelledError
        with pytest.raises(error):
            await task
        await hung_up.reached()
        assert len(service.requests) == 1

    async def test_an_invalidation_closes_the_connection_and_asks_again(
        self, program: Program, service: Service
    ) -> None:
        arrived, hung_up = service.gate(), service.gate()
        service.on("/users/1", wait_for_hang_up(arrived, hung_up), EVE)
        user = program.query("users", 1)
        task = asyncio.ensure_future(program.client.fetch(("users", 1), program.fetch))
        await arrived.reached()
        await program.client.invalidate(("users",))
        await hung_up.reached()
        assert await task == EVE
        assert program.store.get(user).data == EVE
        assert len(service.requests) == 2

    async def test_a_cancelled_refetch_leaves_the_data(self, program: Program, service: Service) -> None:
        arrived, hung_up = service.gate(), service.gate()
        service.on("/users/1", ADA, wait_for_hang_up(arrived, hung_up))
        user = program.query("users", 1)
        await program.shows(user, status="success", fetch_status="idle")
        user.refetch()
        await arrived.reached()
        program.client.cancel(("users", 1))
        await hung_up.reached()
        result = program.store.get(user)
        assert (result.status, result.data, result.error, result.fetch_status) == ("success", ADA, None, "idle")
