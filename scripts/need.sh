#!/usr/bin/env bash
# Install what the build needs from the system, if it is missing and if we may.
#
# usage: need.sh PYTHON [COMMAND...]    (for a COMMAND, the package has its name; or libfuzzer)
#
# Looks for each thing by using it, not by the name of its package: a compiler or a fmt that came
# another way is as good. Installs with apt-get as root or through passwordless sudo; otherwise it
# says what to install, and fails.
set -euo pipefail

python=${1:-}
if [ -z "$python" ]; then
    echo "halflife needs Python 3.11 or newer. Install one, or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
shift

has_command() { command -v "$1" >/dev/null 2>&1; }
has_header() { echo "#include <$1>" | c++ -std=c++20 -fsyntax-only -x c++ - >/dev/null 2>&1; }
has_python_headers() {
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}
has_fuzzer() {
    echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char *, unsigned long) { return 0; }' |
        clang++ -fsanitize=fuzzer -x c++ - -o /dev/null >/dev/null 2>&1
}

missing=()
has_command c++ || missing+=(g++)
has_command cmake || missing+=(cmake)
has_command ninja || missing+=(ninja-build)
has_header fmt/format-inl.h || missing+=(libfmt-dev)
has_header gtest/gtest.h || missing+=(libgtest-dev)
"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)
has_python_headers || missing+=(python3-dev)
for name in "$@"; do
    if [ "$name" = libfuzzer ]; then
        has_fuzzer || missing+=(clang libclang-rt-dev)
    else
        has_command "$name" || missing+=("$name")
    fi
done

[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
    if ! sudo -n true >/dev/null 2>&1; then
        as_root=()
        cannot="no root rights"
    fi
fi
has_command apt-get || cannot="no apt-get"
if [ -n "${cannot:-}" ]; then
    echo "Missing (Debian names): ${missing[*]}. Please install them ($cannot here), then run make again." >&2
    exit 1
fi

echo "Installing from the system's packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
