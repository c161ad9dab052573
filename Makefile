PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo services services-down up down test test-long bench bench-distributed check format lock

help:
	@echo "make install    .venv with everything"
	@echo "make demo       a simulated contact center, live"
	@echo "make services   PostgreSQL, Kafka and ClickHouse on loopback (services-down ends them)"
	@echo "make up         a deployment of many processes on them: 2 APIs, relay, process managers, 2 workers (down ends it)"
	@echo "make test       every check and test that runs in minutes"
	@echo "make test-long  the tests that take longer too"
	@echo "make bench      figures of speed, each beside its raw reference"
	@echo "make bench-distributed   the same of a deployment, on its servers"
	@echo "make check      ruff, mypy and import-linter alone"
	@echo "make format     let ruff lay out the code"
	@echo "make lock       pin anew what install takes (constraints.txt)"

install: $(BIN)/.installed

# Done again only when what is asked for has changed.
$(BIN)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/atende demo

# SERVICES: options, as in `make services SERVICES="--kafka-port 19092"`.
services: install
	$(BIN)/python -m services up $(SERVICES)

services-down: down
	$(BIN)/python -m services down

up: services
	$(BIN)/python -m services.deployment up

down: install
	$(BIN)/python -m services.deployment down

# Tests that need a server are skipped where it cannot be had, and fail where CI is set.
# Those of one file stay together, for they share what they have started, in the order of the tree: the files that take longest are not the last.
PYTEST := $(BIN)/python -m services run clickhouse kafka postgresql -- $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: check
	$(PYTEST)

test-long: check
	$(PYTEST) -m ''

bench: install
	@$(BIN)/python -m bench

bench-distributed: install
	@$(BIN)/python -m services up >&2
	@set -a; . .services/env; $(BIN)/python -m bench --distributed

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	$(PYTHON) -m venv .lock
	.lock/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	.lock/bin/python -m pip freeze --exclude-editable > constraints.txt
	rm -r .lock
