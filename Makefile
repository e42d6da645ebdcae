# Everything one can do here. `make` alone says what.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
ROOMS := app registry identity notifications

# The one that runs the portal: `make run PORT=9000 TIWIZI_DATA_DIR=/srv/tiwizi`, or the same from the environment.
export TIWIZI_DATA_DIR ?= var
export PORT ?= 8000

.PHONY: help
help: ## Say what one can do (this text)
	@printf 'Tiwizi. First: make run\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nFrom the environment: PORT (8000), TIWIZI_DATA_DIR (var), TIWIZI_DATABASE_URL (SQLite in the data\n'
	@printf 'directory), PYTHON (the first Python from 3.11 on). The others are in README.md.\n'

.PHONY: run
run: setup ## Serve the demonstration world on http://127.0.0.1:8000
	@scripts/run

.PHONY: reset
reset: ## Forget the demonstration's data, to start afresh
	@scripts/reset

.PHONY: setup
setup: $(VENV)/.runtime ## Install what the portal needs, into .venv

.PHONY: setup-dev
setup-dev: $(VENV)/.development ## Install what the tests and checks need as well, a browser and an OpenID provider included
	@scripts/setup-browser
	@scripts/setup-openid-provider

.PHONY: test
test: setup-dev ## Run every test, on SQLite, on PostgreSQL and in a browser
	@$(BIN)/pytest -q --numprocesses=logical --maxprocesses=4 --dist=loadscope --no-loadscope-reorder $(ARGS)

.PHONY: check
check: $(VENV)/.development ## Look at the code without running it: style, types, rooms, templates, catalogues
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint app/templates --lint --quiet
	$(BIN)/pytest -q tests/app/i18n

.PHONY: bench
bench: $(VENV)/.development ## Measure, beside what it is measured against
	@$(BIN)/python -m benchmarks.run $(ARGS)

.PHONY: bench-recompute
bench-recompute: $(VENV)/.development ## Measure the recomputation of a country against moving its rows
	@$(BIN)/python -m benchmarks.recompute $(ARGS)

.PHONY: bench-country
bench-country: $(VENV)/.development ## Measure a model tried on a country and a register asked about it
	@$(BIN)/python -m benchmarks.country $(ARGS)

.PHONY: migration
migration: $(VENV)/.development ## Write the migration from the database to the tables: make migration MESSAGE="…"
	@scripts/new-migration "$(MESSAGE)"

.PHONY: lock
lock: $(VENV)/.development ## Choose the versions of the dependencies again
	@scripts/lock

.PHONY: clean
clean: ## Remove what was installed and cached; the data stays
	rm -rf $(VENV) tests/openid_provider/node_modules build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.runtime: requirements.lock pyproject.toml scripts/setup
	@scripts/setup requirements.lock
	@touch $@

$(VENV)/.development: requirements-dev.lock $(VENV)/.runtime
	@scripts/setup requirements-dev.lock
	@touch $@
