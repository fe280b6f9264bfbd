# Peilstok: `make warehouse` builds a release from raw/, `make test` runs the tests. Each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := .venv-bench/.installed
HOME_DIR := $(or $(PEILSTOK_HOME),warehouse)
PORT ?= 3000
# Tests run in up to four processes, a file in one of them, in the order of the folders: the long ones first.
BY_FILE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# The first interpreter that really starts and is new enough: a version manager's shim may exist and refuse.
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$candidate"; break; }; done)

.PHONY: help warehouse test thorough golden faults mutations fuzz lint coverage bench serve lock clean install

help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

warehouse: install ## deliveries in raw/ → a release in warehouse/published/current
	@$(BIN)/peilstok refresh

test: install ## every test but the thorough ones (ARGS='-k landing' for some)
	@$(BIN)/pytest -m 'not thorough' $(BY_FILE) $(ARGS)

thorough: install ## the long runs of tests that `make test` takes a slice of
	@$(BIN)/pytest -m thorough $(BY_FILE) $(ARGS)

golden: install ## the harmonised sample as tests/golden holds it, written anew (REASON='why it changes')
	@$(BIN)/python tests/golden --reason "$${REASON:-}"

faults: install ## 300 deliveries that are wrong in meaning and 200 harmless ones: what is found (a few minutes; ARGS='--show')
	@$(BIN)/python tests/faults $(ARGS)

mutations: install ## 300 random changes to crosswalk and registry: what catches them (half an hour; ARGS='--count 20 --show')
	@nice $(BIN)/python tests/mutations $(ARGS)

fuzz: install ## 20,000 mutated files through the readers, judged by PSPP and others (ARGS='5000 --run x --keep DIR')
	@nice $(BIN)/python tests/fuzz/campaign.py $(ARGS)

lint: install ## style, registry, dbt project and Dagster definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/peilstok check
	@PYTHONWARNINGS=ignore $(BIN)/dagster definitions validate -w workspace.yaml --log-level warning

coverage: install ## how often the intervals hold the truth: 10,000 samples per cell (half an hour)
	@$(BIN)/python tests/statistics/coverage_simulation.py $(ARGS)

bench: install $(BENCH_STAMP) ## our estimator beside R's survey (r-cran-survey), svy and samplics: time and memory per cell
	@BENCH_PYTHON=.venv-bench/bin/python $(BIN)/python tests/bench/bench_estimates.py

$(BENCH_STAMP): tests/bench/requirements.txt
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install -qq --disable-pip-version-check -r tests/bench/requirements.txt
	@touch $@

serve: install ## Dagster's pages on http://127.0.0.1:3000 (PORT=… for another)
	@mkdir -p "$(HOME_DIR)/dagster"
	@test -e "$(HOME_DIR)/dagster/dagster.yaml" || cp dagster.yaml "$(HOME_DIR)/dagster/dagster.yaml"
	@DAGSTER_HOME="$$(cd "$(HOME_DIR)/dagster" && pwd)" $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $(PORT)

lock: ## requirements.lock anew from pyproject.toml (needs uv)
	@{ head -n 1 requirements.lock; \
		uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra dev pyproject.toml; \
	} > requirements.lock.new && mv requirements.lock.new requirements.lock

clean: ## caches and dbt's target; never deliveries, the environment or releases
	@rm -rf .pytest_cache .ruff_cache dbt_project/target dbt_project/logs
	@find orchestration tests -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Peilstok needs Python 3.11 or newer; python3 here is: $$(python3 --version 2>&1 || echo absent)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "no virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 2; }
	@echo "installing $$(grep -c '==' requirements.lock) packages into $(VENV) (once; a few minutes) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --compile --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check --disable-pip-version-check >/dev/null
	@touch $@
