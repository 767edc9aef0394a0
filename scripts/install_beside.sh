#!/usr/bin/env bash
# Build the package and install it in a virtual environment of its own, beside the one for work.
#
# usage: install_beside.sh FOLDER [pip options...]
#
# FOLDER/venv gets the installed package, FOLDER/module is where CMake works. The tools (pytest and
# so on) are not installed a second time: a .pth file leads to those of .venv. Python does not read
# the .pth files of a folder that it reached through one, so the editable halflife of .venv stays
# unseen, and what is imported is what was installed here.
set -euo pipefail

folder=$1
shift

test -x "$folder/venv/bin/python" || .venv/bin/python -m venv --without-pip "$folder/venv"
site_of='import sysconfig; print(sysconfig.get_path("purelib"))'
tools=$(.venv/bin/python -c "$site_of")
here=$("$folder/venv/bin/python" -c "$site_of")
echo "$tools" >"$here/a0_tools.pth"
cp "$tools/a1_coverage.pth" "$here" # measures the processes that tests start; read after a0_tools.pth

.venv/bin/python -m pip --quiet --python "$folder/venv/bin/python" install --force-reinstall --no-deps \
    --no-build-isolation --config-settings=build-dir="$folder/module" "$@" .
