PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo web screenshots services services-down up down clients test test-long bench bench-distributed bench-asterisk check format lock

help:
	@echo "make install    create .venv with all dependencies"
	@echo "make demo       a simulated contact center, live (ASTERISK=1: real calls, which you answer in the browser)"
	@echo "make web        build the console (web/), which atende serve serves at /"
	@echo "make screenshots   every page of the console in every size and theme, into web/screenshots"
	@echo "make services   PostgreSQL, Kafka, ClickHouse and Asterisk on loopback (services-down stops them)"
	@echo "make up         a deployment on them: 2 APIs, relay, process managers, 2 workers (down stops it)"
	@echo "make clients    generate and compile the clients in Python and TypeScript (clients/)"
	@echo "make test       all checks, and the tests that run in minutes"
	@echo "make test-long  all checks and tests"
	@echo "make bench      measure speed, each figure beside a raw reference"
	@echo "make bench-distributed   the same for a deployment of many processes, on its servers"
	@echo "make bench-asterisk      the same for a real Asterisk that is followed and driven"
	@echo "make check      ruff, mypy and import-linter"
	@echo "make format     format the code with ruff"
	@echo "make lock       pin the versions that install uses (constraints.txt)"

install: $(BIN)/.installed

# Runs again only after a change of the dependencies.
$(BIN)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# ASTERISK=1: on the real Asterisk, with calls that an agent answers in the browser.
demo: web
	$(BIN)/$(if $(ASTERISK),python -m services.asterisk_demo,atende demo)

web: install
	$(BIN)/python web/build.py

screenshots: web
	$(BIN)/python web/screenshots.py

# SERVICES: options, as in `make services SERVICES="--kafka-port 19092"`.
services: install
	$(BIN)/python -m services up $(SERVICES)

services-down: down
	$(BIN)/python -m services down

up: services
	$(BIN)/python -m services.deployment up

down: install
	$(BIN)/python -m services.deployment down

clients: install
	$(BIN)/python clients/generate.py

# Tests that need a server are skipped if it cannot be started, and fail if CI is set.
# The tests of one file run in one process, because they share fixtures. Files run in the order of the tree: the slowest ones are not the last.
PYTEST := $(BIN)/python -m services run clickhouse kafka postgresql asterisk -- $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: check
	$(PYTEST)

test-long: check
	$(PYTEST) -m ''

bench: install
	@$(BIN)/python -m bench

bench-distributed: install
	@$(BIN)/python -m services up >&2
	@set -a; . .services/env; $(BIN)/python -m bench --distributed

bench-asterisk: install
	@$(BIN)/python -m services run asterisk -- $(BIN)/python -m bench --asterisk

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
