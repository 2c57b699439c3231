# make run: sets up .venv and opens the app. make test: sets up .venv and runs the tests.
# make check: style, types and the quick tests, for every change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

STUDIES := gmm50 mass1d toy stability mnist

.PHONY: run check test bench $(STUDIES) two-modes viewers screenshots lint clean

$(VENV)/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

run: $(VENV)/ready
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/ready
	$(BIN)/python -m pytest

check: lint
	$(BIN)/python -m pytest -m "not slow" tests/core tests/data tests/spec tests/build tests/views

bench: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --requirement tests/benchmarks/requirements.txt
	$(BIN)/python -m tests.benchmarks.engine
	$(BIN)/python -m tests.benchmarks.networks
	$(BIN)/python -m tests.benchmarks.stage

$(STUDIES): $(VENV)/ready
	$(BIN)/python -m ebm_engine reproduce $@ --out out/$@

two-modes: $(VENV)/ready
	$(BIN)/python -m tests.benchmarks.two_modes

viewers: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --requirement tests/benchmarks/requirements.txt
	$(BIN)/python -m tests.benchmarks.viewers

screenshots: $(VENV)/ready
	$(BIN)/python -m tests.browser.screenshots

lint: $(VENV)/ready
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m basedpyright --pythonpath $(BIN)/python

clean:
	rm -rf $(VENV)
