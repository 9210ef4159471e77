# Every target brings what it needs; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# one more than cores: the tests of the clock wait
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores + 1 : 4)))
DATA ?=

# Containers like to set it. Every process would compile all it imports anew: 1.3 s of the 2.1 s that the desk takes, and
# the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install system demo test check docs drill bench dist licences audit lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s%s\n", $$1, $$2}' Makefile

install: $(STAMP) ## Set up .venv with everything the project needs

# uv installs in seconds what pip installs in minutes. It ignores pip's settings, so the user's mirror is handed on;
# where uv cannot be had, or does not get through, pip does it (--no-deps: the constraints are complete, and older pips
# stumble over sqlalchemy[asyncio] beside a hash).
MIRROR = UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(PYTHON) -m pip config get global.index-url 2>/dev/null)}}"
UV = $(MIRROR) $(BIN)/uv

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON) --version' says: $$($(PYTHON) --version 2>&1 | tail -n 1)" >&2; \
	  echo "Name another one, as in: make demo PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv …"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@{ $(BIN)/python -m pip install --quiet uv \
	    && $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r constraints.txt; } || { \
	  echo "uv could not install the packages; pip does, which takes some minutes …" >&2; \
	  $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r constraints.txt; }
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# LibreOffice gives the contents their exact page numbers and lets the tests look at the pages; without it
# an estimator does. Tests start a PostgreSQL server and a Chromium of their own. Those that need what is missing say that
# they were left out (never in CI).
system: ## Install LibreOffice, Chinese fonts, PostgreSQL and Chromium where apt-get is allowed
	@.ci/system

demo: $(STAMP) system ## Make issue 535 from the demo web, from HTTP to the released DOCX
	@$(BIN)/bulletin demo

test: $(STAMP) system check ## Run every check and every test (about ten minutes on two cores)
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## Lint, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

# the notice of what comes after mkdocs 1 is left out: pyproject.toml holds to 1
docs: $(STAMP) ## Build the documentation as a site, in site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict
	@echo "site/index.html"

drill: $(STAMP) system ## Sweeps longer than the tests: kills at every point, two schedulers in a year …; MINUTES=limit
	@$(BIN)/python -m drills $(if $(MINUTES),--minutes $(MINUTES))

bench: $(STAMP) ## Measure speed and quality; DATA=folder of labelled data for the quality tables
	@$(BIN)/python -m benchmarks.stages
	@$(BIN)/python -m benchmarks.pipeline --pages 1000
	@$(BIN)/python -m benchmarks.overhead --rounds 1
	@test -n "$(DATA)" || echo "No DATA=folder given: the quality tables, which need labelled data, are left out."
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.extraction "$(DATA)/extraction"
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.repair "$(DATA)"
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.events "$(DATA)"
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.growth "$(DATA)" --up-to 10000
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.scope "$(DATA)/scope"

dist: $(STAMP) ## Build wheel and sdist in dist/, and try the wheel in a fresh environment outside the tree
	@$(MIRROR) .ci/dist

licences: $(STAMP) ## Write THIRD-PARTY.md anew, and refuse what is licensed under the GPL or AGPL alone
	@$(BIN)/python .ci/licences.py

audit: $(STAMP) ## Ask which pinned packages have known vulnerabilities
	@$(UV) tool run pip-audit --strict --disable-pip --require-hashes --requirement constraints.txt

lock: $(STAMP) ## Make constraints.txt anew from pyproject.toml
	@$(UV) pip compile --quiet --universal --python-version 3.11 --all-extras --upgrade \
	  --no-emit-index-url --generate-hashes --no-header --no-annotate pyproject.toml -o constraints.txt

clean: ## Remove the environment and everything that was made
	@rm -rf .venv demo-out dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
