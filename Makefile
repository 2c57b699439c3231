# make run: sets up .venv and opens the app. make test: sets up .venv and runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.PHONY: run test bench gmm50 two-modes screenshots lint clean

$(VENV)/ready: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

run: $(VENV)/ready
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/ready
	$(BIN)/python -m pytest

bench: $(VENV)/ready
	$(BIN)/python -m tests.benchmarks.engine
	$(BIN)/python -m tests.benchmarks.stage

gmm50: $(VENV)/ready
	$(BIN)/python -m tests.benchmarks.gmm50

two-modes: $(VENV)/ready
	$(BIN)/python -m tests.benchmarks.two_modes

screenshots: $(VENV)/ready
	$(BIN)/python -m tests.browser.screenshots

lint: $(VENV)/ready
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .

clean:
	rm -rf $(VENV)
