"""Environment: the one interpreter everything is measured on, with all the libraries installed.

It is a virtual environment of its own under `build/bench`, on CPython 3.13 where one can be
found (the fastest peer needs 3.12 or newer), else on the interpreter that runs this. halflife
and the floor are built into it from the sources; what has not changed is not built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent
BUILD = PROJECT / "build" / "bench"
VENV = BUILD / "venv"
STAMPS = VENV / "built.json"
WANTED = (3, 13)


def output(*command: str) -> str:
    """What a command prints; empty if it cannot run or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def version_of(python: str) -> tuple[int, ...]:
    """The version of an interpreter; empty for one that does not run (such as a pyenv shim)."""
    text = output(python, "-c", "import sys; print(*sys.version_info[:3])")
    return tuple(int(part) for part in text.split())


def find_python() -> str:
    """CPython 3.13 if it can be found on PATH or through pyenv, else this interpreter."""
    name = ".".join(map(str, WANTED))
    candidates = [sys.executable, f"python{name}"]
    if shutil.which("pyenv"):
        installed = [version for version in output("pyenv", "versions", "--bare").split() if version.startswith(name)]
        candidates += [str(Path(output("pyenv", "prefix", version)) / "bin" / "python") for version in installed]
    for candidate in candidates:
        if version_of(candidate)[:2] == WANTED:
            return candidate
    print(f"CPython {name} was not found: everything is measured on {sys.version.split()[0]}", file=sys.stderr)
    return sys.executable


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def prepare(*, with_halflife: bool = True) -> Path:
    """Makes the environment, or brings it up to date; returns its interpreter."""
    base = find_python()
    python = venv_python()
    if not python.exists() or version_of(str(python)) != version_of(base):
        print(f"making {VENV.relative_to(PROJECT)}", file=sys.stderr)
        subprocess.run([base, "-m", "venv", "--clear", str(VENV)], check=True)
    peers = HERE / "peers" / "requirements.txt"
    install("peers", [peers], ["-r", str(peers)])
    # A copy is built: setuptools leaves its traces beside the sources.
    floor = Path(shutil.copytree(HERE / "floor", BUILD / "floor", dirs_exist_ok=True))
    install("floor", files(HERE / "floor", ("*",)), [str(floor), "--force-reinstall"])
    if with_halflife:
        needed = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
        install("build tools", [], needed, mark=" ".join(needed))
        # An incremental build: one CMake tree, kept, against the build tools of this environment.
        options = ["--no-build-isolation", "-C", f"build-dir={BUILD / 'module'}", "--no-deps", "--force-reinstall"]
        install("halflife", sources(), [*options, str(PROJECT)])
    return python


def sources() -> list[Path]:
    """Every file that halflife is built from."""
    found = [PROJECT / "pyproject.toml", PROJECT / "CMakeLists.txt"]
    for folder, patterns in (("cpp", ("*.cpp", "*.hpp", "*.h", "CMakeLists.txt")), ("python", ("*.py", "*.pyi"))):
        found += files(PROJECT / folder, patterns)
    return found + files(PROJECT / "cmake", ("*",))


def files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted(path for pattern in patterns for path in folder.rglob(pattern) if path.is_file())


def install(name: str, depends: Iterable[Path], arguments: list[str], mark: str = "") -> None:
    """`pip install`, unless it was done before with the same files."""
    with install_once(name, depends, mark) as needed:
        if needed:
            print(f"installing {name}", file=sys.stderr)
            pip = [str(venv_python()), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, "--disable-pip-version-check", *arguments], check=True)


@contextmanager
def install_once(name: str, depends: Iterable[Path], mark: str = "") -> Iterator[bool]:
    """Gives whether something has to be installed; notes it as done unless the block raises."""
    digest = hashlib.sha256(mark.encode())
    for path in depends:
        digest.update(str(path.relative_to(PROJECT)).encode() + path.read_bytes())
    built = json.loads(STAMPS.read_text(encoding="utf-8")) if STAMPS.exists() else {}
    yield built.get(name) != digest.hexdigest()
    STAMPS.write_text(json.dumps({**built, name: digest.hexdigest()}, indent=1), encoding="utf-8")


def describe() -> dict[str, str]:
    """What the figures were measured on, without anything that names this machine."""
    return {
        "python": sys.version.split()[0],
        "compiler": sys.version.split("[")[-1].rstrip("]"),
        "processor": processor(),
        "cores": str(os.cpu_count()),
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        import platform

        return platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
