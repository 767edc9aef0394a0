"""Search for what the suite's fixed examples do not show: random programs, until the time is over.

usage: torture.py SECONDS --seed SEED --multiplier TIMES

Round after round, each with a seed of its own: the Python tests that draw examples (hypothesis, and the
marker `torture`) on one core; on the other the oracles of the C++ tests under the sanitizers and, for the
same time, the fuzzers. The first failure ends the search with status 1 and says how to replay it. What was
found becomes a test with that example, so that `make test` tries it for ever.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

FUZZERS = ("drafts", "layers", "patches")
ORACLES = Path("build/sanitize/native/cpp/tests/halflife_core_tests")
FUZZ = Path("build/fuzz")


class FoundError(Exception):
    """A search that failed: its output, and the command that runs it again."""


class Search:
    """The time that is left, the seed of each round, and the number of things tried."""

    def __init__(self, seconds: float, seed: int, multiplier: float) -> None:
        self.end = time.monotonic() + seconds
        self.seed = seed
        self.multiplier = multiplier
        self.counts: Counter[str] = Counter()
        self.found = False

    @property
    def left(self) -> float:
        """Seconds until the end; none once something was found."""
        return 0.0 if self.found else self.end - time.monotonic()

    def rounds(self) -> Iterator[int]:
        """Seeds, far enough apart that the programs of two rounds differ."""
        seed = self.seed
        while self.left > 1:
            yield seed
            seed = (seed + 100_003) % 2**31

    def run(self, seed: int, command: list[str], **more: str) -> str:
        """What the command prints; cut short, if the time ends first."""
        settings = {
            "HALFLIFE_TEST_SEED": str(seed),
            "HALFLIFE_TEST_MULTIPLIER": str(self.multiplier),
            "PYTHONHASHSEED": str(seed),
            **more,
        }
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            output, _ = process.communicate(timeout=max(1.0, self.left))
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[0]
        if process.returncode != 0:
            self.found = True
            line = " ".join([*(f"{name}={value}" for name, value in settings.items()), *command])
            raise FoundError(f"{output}\nReplay: {line}")
        return output

    def python(self) -> None:
        """Every test that draws examples."""
        for seed in self.rounds():
            command = [sys.executable, "-X", "dev", "-W", "error", "-m", "pytest", "-q", "-x"]
            command += ["-m", "hypothesis or torture", f"--hypothesis-seed={seed}", "-p", "no:cacheprovider"]
            output = self.run(seed, command)
            passed = re.search(r"(\d+) passed", output)
            self.counts["Python tests"] += int(passed[1]) if passed else 0
            self.counts["rounds of the Python tests"] += 1 if passed else 0

    def native(self) -> None:
        """The C++ oracles, then each fuzzer, in turn."""
        options = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
        for seed in self.rounds():
            output = self.run(seed, [str(ORACLES), "--gtest_filter=*Oracle*", "--gtest_brief=1"], **options)
            self.counts["rounds of the C++ oracles"] += "PASSED" in output
            for noun in FUZZERS:
                if self.left <= 1:
                    return
                seconds = round(min(20.0, self.left))
                corpus = FUZZ / "corpus" / noun
                corpus.mkdir(parents=True, exist_ok=True)
                command = [str(FUZZ / "cpp" / "fuzz" / f"fuzz_{noun}"), f"-seed={seed}", f"-max_total_time={seconds}"]
                command += ["-max_len=512", "-timeout=30", f"-artifact_prefix={FUZZ}/{noun}-", str(corpus)]
                done = re.search(r"Done (\d+) runs", self.run(seed, command))
                self.counts[f"inputs of the fuzzer of {noun}"] += int(done[1]) if done else 0


def main() -> int:
    """Search in two lanes; print the counts, and the first finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--multiplier", type=float, default=2.0)
    arguments = parser.parse_args()
    seed = time.time_ns() % 2**31 if arguments.seed is None else arguments.seed
    print(
        f"Searching for {arguments.seconds:g} s from seed {seed} on: make torture SEED={seed} draws the same.",
        flush=True,
    )
    search = Search(arguments.seconds, seed, arguments.multiplier)
    with ThreadPoolExecutor(2) as lanes:
        done, _ = wait([lanes.submit(search.python), lanes.submit(search.native)], return_when=FIRST_EXCEPTION)
    for name, count in sorted(search.counts.items()):
        print(f"{count:>12,} {name}")
    findings = [error for lane in done if (error := lane.exception()) is not None]
    for finding in findings:
        print(finding)
    print(f"{'Found something' if findings else 'Nothing found'} (seed {seed}).")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
