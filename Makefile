# Every target does its own set-up in .venv; all that it needs is make and Python 3.11 or later.
#
#   make demo         the sample district, from raw files to reports/sample/index.html
#   make test         the tests, without the long ones       make test-long    the long ones
#   make check        linters, types, layers, SQL, notebooks, then the tests
#   make lab          JupyterLab on this folder              make wheelhouse   all packages, for a machine without network
#   make lock         choose versions anew                   make environment  environment.yml from pyproject.toml
#   make clean        remove .venv and caches; data and reports stay

BIN := .venv/bin
PYTHON ?= python3 python3.13 python3.12 python3.11
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
WHEELS := $(if $(wildcard wheelhouse),--no-index --find-links wheelhouse)

# With it set, every kernel would compile all of its modules again at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-long check lint lint-ruff lint-format lint-types lint-layers lint-sql lint-notebooks
.PHONY: lab wheelhouse lock environment clean

setup: .venv/.ready

demo: .venv/.ready
	@$(BIN)/lookthrough demo

test: .venv/.ready
	@$(PYTEST) -m "not long"

test-long: .venv/.ready
	@LOOKTHROUGH_TRIALS=full $(PYTEST) -m "long or hypothesis"

# `make test check` runs the tests once, first.
check: lint test

lint: lint-ruff lint-format lint-types lint-layers lint-sql lint-notebooks

lint-ruff: .venv/.ready
	@echo "== ruff check"; $(BIN)/ruff check

lint-format: .venv/.ready
	@echo "== ruff format"; $(BIN)/ruff format --check

lint-types: .venv/.ready
	@echo "== mypy --strict"; $(BIN)/mypy

lint-layers: .venv/.ready
	@echo "== import-linter"; $(BIN)/lint-imports --no-cache

lint-sql: .venv/.ready
	@echo "== sqlfluff"; $(BIN)/sqlfluff lint --nocolor lib/sql lib/rules

lint-notebooks: .venv/.ready
	@echo "== nbstripout --verify"; find notebooks -name '*.ipynb' -not -path '*/.*' | sort | xargs $(BIN)/nbstripout --verify

lab: .venv/.ready
	@$(BIN)/lookthrough lab

wheelhouse: .venv/.ready
	@$(BIN)/python -m pip download --quiet --require-hashes --only-binary :all: --requirement requirements.lock --dest wheelhouse
	@echo "wheelhouse/: $$(ls wheelhouse | wc -l) packages. Take it along beside the Makefile: set-up then asks no network."

lock: .venv/.ready
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --extra dev --output-file requirements.lock pyproject.toml

environment: .venv/.ready
	@$(BIN)/python tools/environment.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find lib tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# uv is fast, but only pip knows this machine's mirrors and certificates: uv is told pip's index, and pip has the second try.
.venv/.ready: requirements.lock pyproject.toml
	@for python in $(PYTHON); do \
	    if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "需要 Python 3.11 或更高版本 (含 venv; Debian/Ubuntu: apt-get install python3-venv)。" \
	        "Python 3.11 or later with venv is needed; name another one with: make PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	set -e; echo "set-up: $$($$found --version) → .venv"; \
	$$found -m venv .venv; \
	sed -n '/^uv==/,/^    # via/p' requirements.lock > .venv/uv.txt; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(WHEELS) --require-hashes --requirement .venv/uv.txt; \
	index=$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true); \
	export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$index}}"; [ -n "$$UV_DEFAULT_INDEX" ] || unset UV_DEFAULT_INDEX; \
	export VIRTUAL_ENV="$(CURDIR)/.venv"; unset CONDA_PREFIX; \
	$(BIN)/uv pip sync --quiet $(WHEELS) --require-hashes requirements.lock \
	    || $(BIN)/python -m pip install --quiet $(WHEELS) --require-hashes --requirement requirements.lock; \
	$(BIN)/uv pip install --quiet --offline --no-build-isolation --no-deps --editable .; \
	touch $@
