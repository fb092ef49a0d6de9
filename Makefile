# Every target sets itself up: .venv is made and filled when it is missing or when the requirements changed.
PYTHON ?= $(shell command -v python3.12 >/dev/null 2>&1 && python3.12 -c '' >/dev/null 2>&1 && ! python3.11 -c '' >/dev/null 2>&1 && echo python3.12 || echo python3.11)
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help quickstart test test-slow test-oldest test-newest build docs bench reproduce lint format clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(READY): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) -e '.[demo,dev]'
	@touch $@

quickstart: $(READY)  ## the main job: does item text help the tail of a film set and of a supermarket?
	$(BIN)/ltgnn train sweep=quickstart
	$(BIN)/ltgnn train sweep=quickstart_shop

test: $(READY)  ## the tests, minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

test-slow: $(READY)  ## the tests that take long, too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m 'slow or not slow'

test-oldest:  ## the tests with the oldest versions that pyproject.toml allows
	$(MAKE) test VENV=.venv-oldest CONSTRAINTS=constraints-oldest.txt

test-newest:  ## the tests with the newest versions that pip finds
	$(MAKE) test VENV=.venv-newest CONSTRAINTS=

build: $(READY)  ## wheel and source distribution in dist/, their names and versions checked
	$(BIN)/python scripts/release.py build

docs: $(READY)  ## the documentation site, into site/index.html; a broken link or an undocumented public name fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(READY)  ## against torch-geometric, RecBole, implicit; scaling; time to a validation NDCG; needs LTGNN_MIRROR
	$(BIN)/python scripts/bench.py --save
	$(BIN)/python scripts/bench_scale.py --edges 1e5,1e6,3e6,1e7,2e7 --save scale
	$(BIN)/python scripts/bench_schemes.py --data ml100k --seeds 1 --save schemes

reproduce: $(READY)  ## published rows that this machine can run, with verdicts; needs LTGNN_MIRROR; SMOKE=--smoke is short
	$(BIN)/ltgnn reproduce --all $(SMOKE)

lint: $(READY)  ## ruff, mypy --strict, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## rewrite the code as ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## drop the environments; runs, data and features stay
	rm -rf $(VENV) .venv-oldest .venv-newest
