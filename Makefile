# Two targets are for everybody: `make run` opens the prompt on this machine, `make test` runs the checks.
# Both set up what they need in .venv; `make test` also installs the programs that scenarios drive, from Debian's packages.

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
JOBS ?= 4

.PHONY: run test quick soak lint types tests bench clean system

# The status of the last line at the prompt is no failure of make's; 255 is one of rsh's.
run: $(VENV)/.run
	@$(BIN)/rsh connect || test $$? -ne 255

test: system $(VENV)/.test lint types tests

# Debian's python3 comes without venv; its package is installed if it is missing.
$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh tests/system.sh python3-venv
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.run

# What scenarios need beside Python. Installed only when something is missing.
system:
	@sh tests/system.sh

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

# A wait that ends by its limit is a defect, and is seen among what takes long.
tests: $(VENV)/.test
	$(BIN)/pytest -n $(JOBS) --dist loadfile --durations 20 --durations-min 5

quick: $(VENV)/.test
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m 'not slow' --ignore tests/scenarios

# The scenarios that have a long form, in that form: gigabytes, hundreds of cuts, thousands of sessions. Takes hours.
soak: system $(VENV)/.test
	RSH_SOAK=1 $(BIN)/pytest -m soak -n 2 --dist loadfile --timeout 7200

bench: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
