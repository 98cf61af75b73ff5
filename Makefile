# `make demo` runs the main job, `make test` the tests; both set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MUTANTS ?= *

# hundreds of processes start in the tests: none should translate the packages' sources again
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-alone order mutants bench notebooks lint format lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Make the virtual environment with the locked packages

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || \
	  { echo "Python 3.11 to 3.14 is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

demo: $(READY) ## Simulate a week of Gusu district and show what came of it
	$(BIN)/sim run gusu-week --out out/demo --overwrite

test: $(READY) ## Run the fast tests
	$(BIN)/python -m pytest -n auto

test-slow: $(READY) ## Run the slow tests
	$(BIN)/python -m pytest -n auto -m slow

test-alone: $(READY) ## Run each file of the fast tests by itself
	@failed=; for file in $$(find tests -name 'test_*.py' | sort -r); do \
	  $(BIN)/python -m pytest -q -x -p no:cacheprovider $$file; status=$$?; \
	  [ $$status = 0 ] || [ $$status = 5 ] || failed="$$failed $$file"; done; \
	  [ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

mutants: $(READY) ## Plant errors, in a copy, and list those no near test catches (MUTANTS='*[147]': a third)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[mutants]'
	rm -rf mutants
	$(BIN)/mutmut run '$(MUTANTS)'
	$(BIN)/mutmut results

bench: $(READY) ## Measure the engines beside each other
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/mmc.py

notebooks: $(READY) ## Make the notebooks from their scripts
	$(BIN)/jupytext --sync notebooks/*.py

order: $(READY) ## Report whether less staff ever looks better, on fresh seeds
	$(BIN)/python tests/order.py --seed $$(date +%Y%m%d) -n 16

lint: $(READY) ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## Lock the newest packages that fit
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.lock

clean: ## Remove what was made
	rm -rf $(VENV) out mutants build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
