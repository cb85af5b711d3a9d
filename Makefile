# One task runner. `make run` and `make test` do all their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES := $(shell nproc 2>/dev/null || echo 2)
PARALLEL := --numprocesses $(CORES) --dist loadfile

.PHONY: help setup run test check demo interop format soak bench vectors clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Hedgerow needs Python 3.11 or newer (package python3). Stopped."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Hedgerow needs Python's venv module (package python3-venv). Stopped."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: $(BIN)/python pyproject.toml constraints.txt
	@echo "Setting up Hedgerow in $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . -c constraints.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo "Setting up the development tools in $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . --group dev -c constraints.txt
	@touch $@

setup: $(VENV)/dev.stamp  ## Install everything a developer needs into .venv
	@if [ -d .git ]; then $(BIN)/pre-commit install >/dev/null || true; fi

run: $(VENV)/run.stamp  ## Start a node and serve its page
	@$(BIN)/hedgerow run

test: $(VENV)/dev.stamp  ## Run every test, reduced where `make soak` runs it in full
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(PARALLEL) -m 'not soak' tests/protocol tests/specs tests/simulation
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=95
	@$(BIN)/python -m pytest $(PARALLEL) -m 'not soak' tests/house tests/model tests/bench tests/node tests/faults tests/end_to_end tests/deploy tests/browser

check: $(VENV)/dev.stamp  ## Everything continuous integration runs; ends with `make test`
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

demo: $(VENV)/run.stamp  ## Play the whole story with three nodes in a temporary folder
	@$(BIN)/python tests/end_to_end/demo.py

INTEROP := tests/specs/test_example_python.py tests/specs/test_example_javascript.py tests/end_to_end/test_interop.py
interop: $(VENV)/dev.stamp  ## Put the small implementations to vectors, to each other and to a running node
	@CI=true $(BIN)/python -m pytest -m 'not soak' $(INTEROP)

vectors: $(VENV)/dev.stamp  ## Write the vectors of the specs again
	@$(BIN)/python tests/specs/make_vectors.py
	@$(BIN)/python tests/specs/make_handshake_vectors.py

format: $(VENV)/dev.stamp  ## Put the code into the house's format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

soak: $(VENV)/dev.stamp  ## The full-size runs, about an hour; writes tests/SOAK.md
	@$(BIN)/python -m pytest -m soak --numprocesses 4 --dist loadgroup --junitxml=.soak.xml -o junit_logging=system-out tests || true
	@$(BIN)/python tests/soak_report.py .soak.xml

JOB ?= INGEST
bench: $(VENV)/run.stamp  ## Measure one job beside its peers: make bench JOB=INGEST
	@$(BIN)/python -m bench $(JOB)

clean:  ## Remove what was built
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .coverage .coverage.* .hypothesis .bench build dist
