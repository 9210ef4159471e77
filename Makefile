# Every target brings what it needs; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DATA ?=

.PHONY: help install system demo test check bench lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

install: $(STAMP) ## Set up .venv with everything the project needs

# uv installs in seconds what pip installs in minutes; it ignores pip's own settings, so a mirror is handed on.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) was found. Try: make PYTHON=python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@if $(BIN)/python -m pip install --quiet uv; then \
	  mirror=$$($(PYTHON) -m pip config get global.index-url 2>/dev/null || true); \
	  if test -n "$$mirror"; then export UV_DEFAULT_INDEX="$$mirror"; fi; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r constraints.txt; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	  $(BIN)/python -m pip install --quiet --require-hashes -r constraints.txt; \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

# LibreOffice gives the contents their exact page numbers and lets the tests look at the pages; without it
# an estimator does, and the tests that need it say that they were left out (never in CI).
system: ## Install LibreOffice and Chinese fonts where apt-get is allowed
	@.ci/system

demo: $(STAMP) system ## Make issue 535 from the demo web, from HTTP to the released DOCX
	@$(BIN)/bulletin demo

test: $(STAMP) system check ## Run every check and every test (about five minutes on two cores)
	@$(BIN)/pytest

check: $(STAMP) ## Lint, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(STAMP) ## Measure speed and quality; DATA=folder of labelled data for the quality tables
	@$(BIN)/python -m benchmarks.stages
	@test -n "$(DATA)" || echo "No DATA=folder given: the quality tables, which need labelled data, are left out."
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.extraction "$(DATA)/extraction"
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.events "$(DATA)"
	@test -z "$(DATA)" || $(BIN)/python -m benchmarks.scope "$(DATA)/scope"

lock: $(STAMP) ## Make constraints.txt anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --upgrade \
	  --no-emit-index-url --generate-hashes --no-header --no-annotate pyproject.toml -o constraints.txt

clean: ## Remove the environment and everything that was made
	@rm -rf .venv demo-out .pytest_cache .mypy_cache .ruff_cache
