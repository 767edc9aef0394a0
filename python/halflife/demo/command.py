"""The command `halflife demo`: a server, a narrator, the story, an exit code."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import sys

from halflife.demo.narrator import Narrator, Plain
from halflife.demo.process import DemoServer, serve
from halflife.demo.story import tell
from halflife.demo.summary import Options


def run(options: argparse.Namespace, *, live: bool) -> int:
    """Runs the demo as the flags say; returns the exit code.

    `live` draws in a terminal, which needs rich; otherwise lines are printed, or one JSON object.
    """
    server = serve(
        latency=options.latency,
        failure_rate=options.failure_rate,
        seed=options.seed,
        database=options.database,
    )
    try:
        server.start()
    except RuntimeError as error:
        _complain(str(error))
        return 1
    try:
        return _tell(server, options, live=live)
    finally:
        server.stop()


def _complain(line: str) -> None:
    sys.stderr.write(f"halflife demo: {line}\n")


def _tell(server: DemoServer, options: argparse.Namespace, *, live: bool) -> int:
    behavior = Options(options.latency, options.failure_rate, options.seed)
    summary = asyncio.run(tell(server, behavior, _narrator(options, live=live)))
    if options.json:
        sys.stdout.write(json.dumps(summary.as_json(), indent=2) + "\n")
    for expectation in summary.broken:
        _complain(f"does not hold: {expectation}")
    return 0 if summary.holds else 1


def _narrator(options: argparse.Namespace, *, live: bool) -> Narrator:
    if live:
        from rich.console import Console

        from halflife.demo.view import LiveView

        return LiveView(Console())
    return Plain(io.StringIO() if options.json else sys.stdout)
