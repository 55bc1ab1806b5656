# Two commands do everything: `make plan` and `make test`. Both build the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What the README shows; `backtest` needs the wholesaler's sales (PLANNER_DATA names their folder).
BENCHMARKS := brains optimum capacity scale lots cadence speed serial-hybrid ten-products \
	store-clearance distribution weekly-containers backtest
export OMP_NUM_THREADS ?= 1

.PHONY: plan test test-slow lint bench tables brains clean

plan: $(READY)
	$(BIN)/planner plan --products data/forecast.csv

test: $(READY)
	$(BIN)/python -m pytest -n auto -m "not slow"

test-slow: $(READY)
	$(BIN)/python -m pytest -n auto

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	for name in $(BENCHMARKS); do $(BIN)/planner bench $$name || exit 1; done
	$(MAKE) tables

tables: $(READY)
	$(BIN)/python -m benchmarks.curves
	$(BIN)/python -m benchmarks.tables

brains: $(READY)
	$(BIN)/planner train --all --family --seed 1 --plain --out brain/trained

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(READY)
