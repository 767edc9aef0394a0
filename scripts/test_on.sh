#!/usr/bin/env bash
# Run tests on another CPython than that of .venv.
#
# usage: test_on.sh VERSION [pytest options...]    (VERSION: 3.12, for example)
#
# Looks for that version on the PATH, then among pyenv's. Where there is none it says so and succeeds:
# a contributor need not have every version. build/python-VERSION gets an environment of its own.
set -euo pipefail

version=$1
shift

python=$(command -v "python$version" || true)
if [ -z "$python" ] || ! "$python" -c 'import sys' >/dev/null 2>&1; then
    python=$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python 2>/dev/null | sort -V | tail -n 1)
fi
if [ -z "$python" ]; then
    echo "There is no CPython $version here; nothing was tried on it."
    exit 0
fi

folder=build/python-$version
test -x "$folder/venv/bin/python" || "$python" -m venv "$folder/venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
"$folder/venv/bin/python" -m pip --quiet install --requirement requirements.lock
"$folder/venv/bin/python" -m pip --quiet install --force-reinstall --no-deps --no-build-isolation \
    --config-settings=build-dir="$folder/module" .
"$folder/venv/bin/python" -X dev -W error -m pytest "$@"
