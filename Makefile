# igfmood: `make run` and `make test` are all a fresh machine needs.
# Both build .venv from the pinned, hashed locks the first time and reuse it afterwards.

PYTHON ?= python3
CORES ?= all
# Words added to the snakemake, pytest or uv command line, e.g. make test ARGS="-k hedges".
ARGS ?=

VENV := .venv
IN_ENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
PIP := $(VENV)/bin/python -m pip -qq --disable-pip-version-check --no-input
RUN_READY := $(VENV)/.installed-run
DEV_READY := $(VENV)/.installed-dev
REPORT := results/synthetic/report.html

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test faults browser cluster-test lint bench bench-all calibrate lock clean
MAKEFLAGS += --no-print-directory

# A .venv whose Python has gone, or that was moved with the folder, is made again from nothing:
# its scripts carry the path they were installed under.
VENV_WORKS := $(shell $(VENV)/bin/python -c 'import sys' 2>/dev/null && \
	head -n 2 $(VENV)/bin/pip 2>/dev/null | grep -qF "$(CURDIR)/$(VENV)/" && echo yes)
ifneq ($(VENV_WORKS),yes)
.PHONY: $(RUN_READY)
endif

help: ## list the targets (this page)
	@echo "igfmood: is serum IGF-1 a biomarker of depression or bipolar disorder?"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | \
		while IFS='|' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done
	@echo
	@echo "  Settings: PYTHON=python3.12 (any from 3.11)  CORES=4  ARGS=\"words for the tool\""

run: $(RUN_READY) ## run the default study and write its report
	@$(IN_ENV) snakemake --cores $(CORES) --keep-going --rerun-incomplete --quiet host $(ARGS)
	@if [ -f "$(REPORT)" ]; then echo "Report: $(REPORT)"; fi

test: $(DEV_READY) ## run every test that needs no server and no browser, and breaks no run off
	@$(IN_ENV) pytest tests --ignore=tests/cluster --ignore=tests/browser \
		--ignore=tests/faults/interrupted \
		--numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder $(ARGS)

faults: $(DEV_READY) ## break runs off in every way, and show that nothing is lost
	@$(IN_ENV) pytest tests/faults/interrupted --numprocesses auto --maxprocesses 2 --dist load $(ARGS)

browser: $(DEV_READY) ## open the report of the default study in a real browser and use it
	@$(IN_ENV) pytest tests/browser --numprocesses auto --maxprocesses 2 --dist loadscope $(ARGS)

# The default study must be finished here: what a cluster makes of it is compared byte for byte.
cluster-test: $(DEV_READY) ## run the study on a private SLURM of two nodes, which it installs if need be
	@tests/cluster/packages.sh
	@$(MAKE) run ARGS=
	@$(IN_ENV) pytest tests/cluster --durations 5 --durations-min 5 -rP $(ARGS)

lint: $(DEV_READY) ## check style, types, the order of the stages and the workflow
	@echo "ruff check";       $(IN_ENV) ruff check --quiet .
	@echo "ruff format";      $(IN_ENV) ruff format --check --quiet . || \
		{ echo "Not formatted; to mend: $(VENV)/bin/ruff format ." >&2; exit 1; }
	@echo "mypy";             $(IN_ENV) mypy
	@echo "lint-imports";     $(IN_ENV) lint-imports --no-logo
	@echo "snakefmt";         $(IN_ENV) snakefmt --check --compact-diff Snakefile workflow
	@echo "snakemake --lint"; $(IN_ENV) snakemake --lint

bench: $(RUN_READY) ## measure time and memory of every rule
	@$(IN_ENV) python benchmarks/run.py $(ARGS)

bench-all: bench run ## measure the rest too: large cohorts, beside R, error rates (two hours; needs R)
	@$(IN_ENV) python benchmarks/scale.py 2000 20000 100000 200000
	@$(IN_ENV) python benchmarks/stack.py
	@$(IN_ENV) python benchmarks/mice.py
	@$(IN_ENV) python benchmarks/prediction.py
	@$(IN_ENV) python benchmarks/operating.py

calibrate: $(RUN_READY) ## simulate worlds of known truth and write bias and coverage
	@$(IN_ENV) python benchmarks/calibrate.py $(ARGS)

# Both locks are solved for every platform and every Python from 3.11 on. The second keeps to the
# first, so that tests run on the versions that users run.
LOCK_FLAGS := --quiet --universal --fork-strategy fewest --generate-hashes --python-version 3.11 \
	--no-header --no-annotate

lock: ## write both locks again from pyproject.toml (ARGS=--upgrade for newer versions)
	@command -v uv >/dev/null || \
		{ echo "make lock needs uv, and it is not on PATH; to install it: pip install uv" >&2; exit 1; }
	@uv pip compile $(LOCK_FLAGS) pyproject.toml --extra build --extra cluster $(ARGS) -o requirements.lock
	@uv pip compile $(LOCK_FLAGS) pyproject.toml --extra build --extra cluster --extra test --extra lint \
		--constraints requirements.lock $(ARGS) -o requirements-dev.lock
	@echo "Wrote requirements.lock and requirements-dev.lock; bring environment.yml in step" \
		"(make test compares them)."

clean: ## remove .venv, caches and the results of the default study (no other study's)
	@rm -rf $(VENV) results/synthetic build dist workflow/*.egg-info \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Removed .venv, caches and results/synthetic."

$(RUN_READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "igfmood needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there)." \
		"Name one that is: make $(or $(firstword $(MAKECMDGOALS)),run) PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing igfmood into $(VENV) (the first time takes a minute or two) ..."
	@[ "$(VENV_WORKS)" = yes ] || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements-dev.lock $(RUN_READY)
	@echo "Adding the test and lint tools to $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
