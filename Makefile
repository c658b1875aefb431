# Everything begins with `make setup`; what has not changed since is not done again.
PYTHON ?= python3
BIN := .venv/bin
MEMBERS := $(wildcard libs/*) $(wildcard services/*)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-unit test-cluster bench correlation-bench bench-scale chaos lint lint-python lint-web lint-deploy generate format lock clean-data clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## fetch and build all that is needed, once
	@$(PYTHON) libs/devstack/bootstrap.py

demo: setup ## start the suite, let sample customers write, print the addresses
	@./omnifil demo

test: setup ## all tests but those of the cluster; ARGS="libs/messaging -k crash" chooses
	@$(BIN)/python -m pytest -m "not cluster" $(ARGS)

test-cluster: setup ## what only a cluster survives, on three of every server; five to eight minutes
	@$(BIN)/python -m pytest -m cluster tests/chaos $(ARGS)

test-unit: setup ## the tests that need no server
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not integration and not e2e and not browser and not chaos" $(ARGS)

bench: setup ## how near the floor: figures and plots into docs/; ARGS="--only throughput --quick" chooses
	@PYTHONPATH=tests/bench $(BIN)/python -m omnifil_bench $(ARGS)

bench-scale: setup ## what a message costs among a million dossiers, and in one of ten thousand entries; ten minutes
	@PYTHONPATH=tests/bench $(BIN)/python -m omnifil_bench.scale $(ARGS)

correlation-bench: setup ## how well messages land in the right dossier, on simulated months; ARGS="--seed 1 --mistakes 10" chooses
	@PYTHONPATH=tests/correlation:tests/bench $(BIN)/python -m correlation_bench $(ARGS)

chaos: setup ## ten minutes of faults while customers write; ARGS="--shape cluster --seed 7" chooses
	@PYTHONPATH=tests/chaos $(BIN)/python -m chaos_play $(ARGS)

lint: lint-python lint-web lint-deploy ## style, types, arrows between modules, generated files

lint-python: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(addsuffix /src,$(MEMBERS))
	MYPYPATH=libs/devstack $(BIN)/mypy --strict libs/devstack/bootstrap.py libs/devstack/relock.py libs/devstack/tool_runs.py
	@for folder in $$(find $(wildcard $(addsuffix /tests,$(MEMBERS))) tests -maxdepth 1 -type d); do \
		files=$$(find $$folder -maxdepth 1 -name '*.py'); \
		[ -z "$$files" ] || { echo "mypy --strict $$folder"; $(BIN)/mypy --strict $$files || exit 1; }; done
	$(BIN)/lint-imports
	$(BIN)/python -m omnifil_contracts.generate --check
	$(BIN)/python tests/contracts/openapi.py --check

lint-web: setup
	@$(BIN)/python -m omnifil_devstack.web_parts check

lint-deploy: setup
	@if [ -x deploy/check ]; then deploy/check; fi

generate: setup ## write schemas, AsyncAPI and OpenAPI documents anew
	@$(BIN)/python -m omnifil_contracts.generate
	@$(BIN)/python tests/contracts/openapi.py

format: setup ## rewrite Python files in the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## resolve the dependencies anew and write every lock
	@$(PYTHON) libs/devstack/relock.py

clean-data: ## forget what the demo has stored
	@./omnifil clean-data

clean: ## take away all that was fetched and built
	@if [ -e .omnifil/stack.json ]; then ./omnifil down; fi
	rm -rf .venv .omnifil $(wildcard services/*/*/node_modules) $(wildcard services/*/*/dist)
