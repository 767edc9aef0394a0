"""The demo as a whole: its parts in order, and the comparison with the server's log at the end."""

from __future__ import annotations

from types import ModuleType

from halflife import QueryClient, QueryDefaults, Store
from halflife.demo import (
    backoff,
    breaker,
    dependent_resource,
    details,
    edits,
    hover,
    paging,
    parallel,
    polling,
    recovery,
    search,
)
from halflife.demo.connection import INSIST, connection
from halflife.demo.narrator import Narrator
from halflife.demo.process import DemoServer
from halflife.demo.stage import Stage
from halflife.demo.summary import Options, Summary

PARTS: dict[str, ModuleType] = {
    "search": search,
    "details": details,
    "parallel": parallel,
    "resource": dependent_resource,
    "recovery": recovery,
    "paging": paging,
    "hover": hover,
    "polling": polling,
    "backoff": backoff,
    "breaker": breaker,
    "edits": edits,
}


async def tell(server: DemoServer, options: Options, narrator: Narrator) -> Summary:
    """Plays every part against a running server; returns the expectations and the counts."""
    summary = Summary(options)
    control = server.control()
    async with server.client() as client, Store(name="demo") as store:
        store.set(connection, client)
        queries = QueryClient(store, defaults=QueryDefaults(retry=INSIST))
        stage = Stage(store, queries, client, control, narrator, summary)
        with narrator:
            narrator.begin(server.airports, summary)
            for name, part in PARTS.items():
                await _play(stage, name, part)
                await narrator.pause()
            await store.settled()
            await _compare_counts(stage)
            narrator.end(summary)
    return summary


async def _play(stage: Stage, name: str, part: ModuleType) -> None:
    stage.part = name
    stage.narrator.part(name, part.TITLE)
    try:
        await part.play(stage)
    except Exception as error:
        # The demo goes on: a part that breaks is one broken promise, told like any other.
        stage.expect("the part plays to its end", holds=False, found=f"{type(error).__name__}: {error}")


async def _compare_counts(stage: Stage) -> None:
    stage.part = "requests"
    stage.narrator.part("requests", "what the client counted against what the server logged")
    summary = stage.summary
    summary.client, summary.client_edits = stage.client.counts(), stage.client.edits()
    try:
        log = await stage.control.log()
    except Exception as error:
        stage.expect("the server's log can be read", holds=False, found=f"{type(error).__name__}: {error}")
        return
    summary.server, summary.server_edits = log["counts"], log["edits"]
    stage.expect(
        "both counted the same",
        holds=summary.server == summary.client,
        found=f"client {summary.client}, server {summary.server}",
    )
    stage.expect(
        "both counted the same edits",
        holds=summary.server_edits == summary.client_edits,
        found=f"client {summary.client_edits}, server {summary.server_edits}",
    )
