# `make demo` and `make test` each do the whole set-up on a machine that has only Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check --quiet
TORCH := $(shell grep '^torch==' constraints.txt)
READY := $(VENV)/.ready
CLEAN := build/venv
PEERS := .venv-benchmarks

.PHONY: help demo test setup lint types unit wheel bench speed docs pitfalls models survey examples format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    train a variational autoencoder on digits from examples/vae.tex"
	@echo "make test    ruff, mypy, the wheel in an environment of its own, every test"
	@echo "make lint | types | unit | wheel    one of these"
	@echo "make bench   time training steps beside code by hand, Pyro and Pixyz, and whole scripts; write benchmarks/results"
	@echo "make speed   time the compiler; write the table and the picture of docs/performance.md"
	@echo "make docs    write docs/errors.md from its pages, and the table of docs/families.md"
	@echo "make pitfalls  write the tables of docs/pitfalls.md from the rows that are tested"
	@echo "make models  measure the table of models; write docs/models.md"
	@echo "make survey  measure how many published equations are read and train; write docs/survey.md"
	@echo "make examples  write the module beside each example"
	@echo "make format  ruff's fixes and formatting"
	@echo "make clean   remove what was built"

# torch is asked for by its exact version, and first: a plain `torch` would bring the CUDA build.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "formula2dgm needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) install -c constraints.txt "$(TORCH)"
	$(BIN)/python $(PIP) install -c constraints.txt -e ".[data,dev]"
	@touch $@

setup: $(READY)

demo: $(READY)
	$(BIN)/formula2dgm train examples/vae.tex --data digits

test: lint types wheel unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check benchmarks formula2dgm tests

types: $(READY)
	$(BIN)/mypy

# One process a core, one thread a process.
unit: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "" -q -n auto

# Built, installed in a fresh environment and run outside the checkout, so that nothing is found by accident.
wheel: $(READY)
	rm -rf build dist
	$(BIN)/python -m build --wheel --outdir dist . >/dev/null
	$(PYTHON) -m venv $(CLEAN)
	$(CLEAN)/bin/python $(PIP) install -c constraints.txt "$(TORCH)" "$$(ls dist/*.whl)[data]"
	cp examples/vae.tex build/
	cd build && venv/bin/formula2dgm check vae.tex
	cd build && venv/bin/formula2dgm explain F2D-0101
	cd build && venv/bin/formula2dgm compile vae.tex -o vae.py
	cd build && venv/bin/python vae.py --data digits --epochs 1 --out-dir run
	rm -rf build

# The other libraries live in an environment of their own.
bench:
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python $(PIP) install -c constraints.txt "$(TORCH)"
	$(PEERS)/bin/python $(PIP) install -c constraints.txt -e ".[benchmarks]"
	$(PEERS)/bin/python -m benchmarks
	$(PEERS)/bin/python -m benchmarks.examples
	$(PEERS)/bin/python -m benchmarks.scripts --compile

speed: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.compiler

docs: $(READY)
	$(BIN)/python docs/index_errors.py
	$(BIN)/python docs/index_families.py
	$(BIN)/python docs/index_divergences.py

pitfalls: $(READY)
	$(BIN)/python docs/index_pitfalls.py

models: $(READY)
	$(BIN)/python docs/index_models.py

survey: $(READY)
	$(BIN)/python tests/survey/survey.py --write

examples: $(READY)
	for model in examples/*.tex; do $(BIN)/formula2dgm compile $$model --target module -o $${model%.tex}.py; done

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format benchmarks formula2dgm tests

clean:
	rm -rf build dist *.egg-info $(VENV) $(PEERS) .mypy_cache .pytest_cache .ruff_cache
