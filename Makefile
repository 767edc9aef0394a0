# Everything a contributor does; each target sets up what it needs. CONTRIBUTING.md tells when to use which.
#
# The virtual environment for work lives in .venv, everything else that is made lives in build/.
# Files in build/stamps say what has been done, so that a repeated call is fast.

# The first Python that is new enough; or say make PYTHON=...
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$candidate; break; }; done)
BIN := .venv/bin
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PIP := $(BIN)/python -m pip --quiet
STAMPS := build/stamps
# Two calls at once (an editor's and yours) must not work in one CMake folder.
ALONE := $(if $(shell command -v flock),flock build/stamps/lock)

export CMAKE_GENERATOR := Ninja
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(JOBS)
export CTEST_PARALLEL_LEVEL ?= $(JOBS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

NATIVE := $(shell find cpp cmake -type f) CMakeLists.txt
PACKAGE := $(shell find python -type f -not -name '*.pyc') pyproject.toml README.md LICENSE

.PHONY: build lock demo test test-native test-instrumented test-wheel test-others torture coverage lint lint-layout lint-types lint-native format bench instructions memory sanitize fuzz docs clean
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.NOTPARALLEL:

# --- what the rest stands on ---------------------------------------------------------------------

$(STAMPS)/system: scripts/need.sh
	@mkdir -p $(STAMPS)
	@scripts/need.sh "$(PYTHON)"
	@touch $@

$(STAMPS)/venv: requirements.lock $(STAMPS)/system
	test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(PIP) install --requirement requirements.lock
	@touch $@

# Newest versions that pyproject.toml allows, with hashes, for every Python and platform at once.
lock: $(STAMPS)/system
	test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(PIP) install "uv>=0.9"
	$(BIN)/uv pip compile pyproject.toml --group dev --extra demo --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-annotate --custom-compile-command "make lock" --quiet --output-file requirements.lock

# Without build isolation CMake's cache stays valid, so that a rebuild compiles only what changed.
$(STAMPS)/build: $(NATIVE) $(STAMPS)/venv
	$(ALONE) $(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

build: $(STAMPS)/build

demo: build
	$(BIN)/halflife demo

# --- tests ---------------------------------------------------------------------------------------
# What a change must pass: the C++ tests, then the Python tests against the wheel that users get, with
# Python's own development mode on. `make coverage` runs all of it once more, with gcov counters.

test: test-native test-wheel

test-native: $(STAMPS)/system
	cmake -S . -B build/coverage/native -DCMAKE_BUILD_TYPE=Debug -DHALFLIFE_COVERAGE=ON \
		-DHALFLIFE_BUILD_MODULE=OFF -DHALFLIFE_BUILD_TESTS=ON -DHALFLIFE_WARNINGS_AS_ERRORS=ON >/dev/null
	cmake --build build/coverage/native
	ctest --test-dir build/coverage/native --output-on-failure

$(STAMPS)/coverage: $(NATIVE) $(PACKAGE) $(STAMPS)/build scripts/install_beside.sh
	scripts/install_beside.sh build/coverage --config-settings=cmake.build-type=Debug \
		--config-settings=cmake.define.HALFLIFE_COVERAGE=ON
	@touch $@

test-instrumented: $(STAMPS)/coverage
	rm -rf build/coverage/python
	find build/coverage/module -name '*.gcda' -delete
	build/coverage/venv/bin/python -m coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet

$(STAMPS)/wheel: $(NATIVE) $(PACKAGE) $(STAMPS)/build scripts/install_beside.sh
	scripts/install_beside.sh build/wheel
	@touch $@

# Each worker is an interpreter with the same options. Strings hash alike in every run, so that no test
# depends on the order of a set.
IN_PARALLEL = --dist worksteal --tx '$(JOBS)*popen//python=$(CURDIR)/$(1)/venv/bin/python $(2)'
test-wheel: export PYTHONHASHSEED := 0
test-wheel: $(STAMPS)/wheel
	build/wheel/venv/bin/python -X dev -W error -m pytest $(call IN_PARALLEL,build/wheel,-X dev -W error) $(ARGS)

# The same tests on other versions of CPython that are on this machine; a sample of them with SAMPLE=1.
OTHER_PYTHONS ?= 3.12 3.13
# What depends on the version: bytecode, frames, the garbage collector, tasks.
SAMPLE_TESTS := $(addprefix tests/*/test_,async_*.py batches.py border.py depth*.py errors.py garbage.py graph_*.py \
	fetching.py infinite.py interrupts.py layers.py lifetimes.py loadables.py mutations.py names.py queries.py streams.py \
	store_*.py)

test-others: export PYTHONHASHSEED := 0
test-others: $(STAMPS)/system
	set -e; for version in $(OTHER_PYTHONS); do \
		scripts/test_on.sh $$version -n $(JOBS) --dist worksteal $(ARGS) $(if $(SAMPLE),$(wildcard $(SAMPLE_TESTS))); done

# Lines of python/, and of cpp/core by the C++ and the Python tests.
coverage: test-native test-instrumented
	$(BIN)/coverage report
	$(BIN)/gcovr --root . --filter cpp/core/ --exclude-throw-branches --merge-mode-functions=separate \
		--fail-under-line 95 build/coverage/native build/coverage/module

# libasan must come first in the process, and libstdc++ too, or the first C++ exception dies.
# PYTHONMALLOC=malloc shows Python's own allocations to AddressSanitizer. Stacks of allocations end where
# code without frame pointers begins; for whole ones, at a fifteenth of the speed:
# make sanitize ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0:malloc_context_size=30
$(STAMPS)/sanitize: $(NATIVE) $(PACKAGE) $(STAMPS)/build scripts/install_beside.sh
	scripts/install_beside.sh build/sanitize --config-settings=cmake.build-type=Debug \
		--config-settings=cmake.define.HALFLIFE_SANITIZE=ON
	@touch $@

$(STAMPS)/sanitize-native: $(NATIVE) $(STAMPS)/system
	cmake -S . -B build/sanitize/native -DCMAKE_BUILD_TYPE=Debug -DHALFLIFE_SANITIZE=ON \
		-DHALFLIFE_BUILD_MODULE=OFF -DHALFLIFE_BUILD_TESTS=ON >/dev/null
	cmake --build build/sanitize/native
	@touch $@

# What CPython, its libraries and threads that never end leave behind is no leak of ours: tests/support/leaks.py looks.
sanitize: export ASAN_OPTIONS := detect_leaks=1
sanitize: export UBSAN_OPTIONS := print_stacktrace=1:halt_on_error=1
sanitize: $(STAMPS)/sanitize $(STAMPS)/sanitize-native
	ctest --test-dir build/sanitize/native --output-on-failure
	LD_PRELOAD="$$(c++ -print-file-name=libasan.so) $$(c++ -print-file-name=libstdc++.so)" \
		PYTHONMALLOC=malloc HALFLIFE_SANITIZE=1 LSAN_OPTIONS=leak_check_at_exit=0 PYTHONPATH=tests/support \
		build/sanitize/venv/bin/python -m pytest -p leaks $(call IN_PARALLEL,build/sanitize) $(ARGS)

# The random programs of cpp/tests, steered by libFuzzer. What it finds interesting is kept in
# build/fuzz/corpus for the next run; an input that breaks something is named at the end, and
# replayed by build/fuzz/cpp/fuzz/fuzz_NOUN FILE.
FUZZERS := drafts layers patches
FUZZ_SECONDS ?= 20

$(STAMPS)/fuzz: $(NATIVE) $(STAMPS)/system
	@scripts/need.sh "$(PYTHON)" libfuzzer
	cmake -S . -B build/fuzz -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug -DHALFLIFE_SANITIZE=ON \
		-DHALFLIFE_BUILD_MODULE=OFF -DHALFLIFE_BUILD_FUZZERS=ON >/dev/null
	cmake --build build/fuzz
	@touch $@

fuzz: $(STAMPS)/fuzz
	mkdir -p $(FUZZERS:%=build/fuzz/corpus/%)
	set -e; for noun in $(FUZZERS); do \
		build/fuzz/cpp/fuzz/fuzz_$$noun -max_total_time=$(FUZZ_SECONDS) -max_len=512 -timeout=30 \
			-artifact_prefix=build/fuzz/$$noun- build/fuzz/corpus/$$noun; done

# New random examples of everything that draws some, for so many seconds; SEED=n replays a search, and
# MULTIPLIER=50 makes each round longer.
SECONDS ?= 600
MULTIPLIER ?= 2

torture: $(STAMPS)/wheel $(STAMPS)/sanitize-native $(STAMPS)/fuzz
	build/wheel/venv/bin/python scripts/torture.py $(SECONDS) --multiplier $(MULTIPLIER) $(if $(SEED),--seed $(SEED))

# --- the rest ------------------------------------------------------------------------------------

# Three parts, so that `make -k lint` shows everything at once.
lint: lint-layout lint-types lint-native

lint-layout: $(STAMPS)/venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/clang-format --dry-run -Werror $$(find cpp -name '*.?pp')

lint-types: $(STAMPS)/build
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/stubtest halflife._core --allowlist tests/typing/stubtest.txt --ignore-disjoint-bases

lint-native: $(STAMPS)/venv
	cmake -S . -B build/lint -DCMAKE_BUILD_TYPE=Debug -DHALFLIFE_BUILD_MODULE=OFF >/dev/null
	find cpp/core -name '*.cpp' -print0 | xargs -0 -n 2 -P $(CMAKE_BUILD_PARALLEL_LEVEL) $(BIN)/clang-tidy --quiet -p build/lint

format: $(STAMPS)/venv
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format
	$(BIN)/clang-format -i $$(find cpp -name '*.?pp')

bench: build
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/classic_failures.py

instructions: build
	@scripts/need.sh "$(PYTHON)" valgrind
	$(BIN)/python benchmarks/instructions.py

# What 100,000 rounds with each kind of atom leave behind: about an hour.
ROUNDS ?= 100000

memory: build
	$(BIN)/python scripts/memory.py $(ROUNDS)

docs: build
	$(BIN)/pdoc --output-directory build/docs halflife halflife.testing

clean:
	rm -rf build .venv
