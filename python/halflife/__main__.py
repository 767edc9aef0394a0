"""The command line: `halflife demo` and `halflife --version`, also as `python -m halflife`.

Exit codes: 0 when all checks hold, 1 when one fails (a line on standard error names it), 2 for wrong flags or missing
packages, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from halflife import __version__

_LONGEST_LATENCY = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line with `arguments`, or with those of the process; returns the exit code.

    Wrong flags raise `SystemExit(2)` after a message on standard error.

        >>> main(["demo", "--plain", "--seed", "7"])  # doctest: +SKIP
        0
    """
    options = _parser().parse_args(arguments)
    try:
        return demo(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has closed it (`| head`). Nothing can be written any more, and the interpreter must
        # not try to when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def demo(options: argparse.Namespace) -> int:
    """Runs the demo with these options, if the packages that it needs are installed; returns the exit code."""
    live = not options.plain and not options.json and sys.stdout.isatty()
    needed = ("aiohttp", "vega_datasets", *(("rich",) if live else ()))
    missing = [package for package in needed if importlib.util.find_spec(package) is None]
    if missing:
        sys.stderr.write(f"halflife demo: needs {', '.join(missing)}: pip install 'halflife-state[demo]'\n")
        return 2

    from halflife.demo import command

    return command.run(options, live=live)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="halflife", description="State that loads, goes stale, refreshes, fails.")
    parser.add_argument("--version", action="version", version=f"halflife {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    demo_parser = commands.add_parser(
        "demo",
        help="a server of 3,376 airports and a client made of atoms, in this terminal",
        description="Starts a small HTTP server of 3,376 airports in a process of its own, plays "
        "a client made of atoms against it, and compares what both counted.",
    )
    output = demo_parser.add_mutually_exclusive_group()
    output.add_argument("--plain", action="store_true", help="stable lines (the default when piped)")
    output.add_argument("--json", action="store_true", help="one JSON object with the summary")
    demo_parser.add_argument(
        "--latency",
        type=_latency,
        default=0.15,
        metavar="SECONDS",
        help="time the server takes for each answer (default %(default)s)",
    )
    demo_parser.add_argument(
        "--failure-rate",
        type=_failure_rate,
        default=0.0,
        metavar="SHARE",
        help="share of requests that fail, from 0 to 1 (default %(default)s)",
    )
    demo_parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="which requests fail is the same for the same seed (default %(default)s)",
    )
    demo_parser.add_argument(
        "--database",
        type=Path,
        metavar="FILE",
        help="keep the server's SQLite file, with its request log, there",
    )
    return parser


def _latency(text: str) -> float:
    return _number(text, _LONGEST_LATENCY, "seconds")


def _failure_rate(text: str) -> float:
    return _number(text, 1.0, "a share")


def _number(text: str, largest: float, unit: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= largest:  # Also for NaN.
        raise argparse.ArgumentTypeError(f"{text!r} is not {unit} from 0 to {largest:g}")
    return number


if __name__ == "__main__":
    sys.exit(main())
