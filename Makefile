# Tieout. `make` says what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINISTACK := .ministack-venv
JOBS ?= 2

WORLD ?=
OUT ?=
FAULTS ?=
ROLE ?=
SEED ?=
CONFIG ?=
KEEP ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench format lint types contracts nag clean

help: ## What there is to do
	@echo "Tieout: Mirakl orders become NetSuite sales orders, each exactly once."
	@echo
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo
	@echo "  make demo takes WORLD=folder OUT=folder FAULTS=0.10 ROLE=seller|operator SEED=number CONFIG=file KEEP=1; all may be left out."

# --- Set up: only what is missing or changed ------------------------------------------------------------------------

setup: $(VENV)/.ready $(MINISTACK)/.ready node_modules/.ready netsuite/node_modules/.ready ## Install everything into this folder (done once, checked fast)

comma := ,

# $(call timed,what it is,command): one line, with its seconds, and the command's own words only if it fails
define timed
	@printf '  … %s\n' "$(1)"; began=$$(date +%s); said=$$(mktemp); \
	if ( $(2) ) >"$$said" 2>&1; then printf '  ✓ %s (%s s)\n' "$(1)" "$$(( $$(date +%s) - began ))"; rm -f "$$said"; \
	else cat "$$said"; printf '  ✗ %s (%s s)\n' "$(1)" "$$(( $$(date +%s) - began ))"; rm -f "$$said"; exit 1; fi
endef

$(VENV)/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tieout needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Say which: make setup PYTHON=python3.12"; exit 1; }
	$(call timed,Python packages (locked by hash),$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt)
	@echo "$(CURDIR)/layers/common/python" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tieout.pth"
	@printf '#!/bin/sh\nexec "%s/python" -m tieout.cli.app "$$@"\n' "$(CURDIR)/$(BIN)" > $(BIN)/tieout && chmod +x $(BIN)/tieout
	@touch $@

$(MINISTACK)/.ready: sandbox/ministack/requirements.txt
	$(call timed,MiniStack$(comma) the local AWS,$(PYTHON) -m venv $(MINISTACK) && $(MINISTACK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r sandbox/ministack/requirements.txt)
	@touch $@

node_modules/.ready: package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "Tieout's deployment needs Node 20 or newer on the PATH; found: $$(node -v 2>/dev/null || echo none)"; exit 1; }
	$(call timed,CDK command line,npm ci --no-audit --no-fund --ignore-scripts)
	@touch $@

netsuite/node_modules/.ready: netsuite/package-lock.json node_modules/.ready
	$(call timed,SuiteScript's test packages,cd netsuite && npm ci --no-audit --no-fund --ignore-scripts)
	@touch $@

# --- See it work ----------------------------------------------------------------------------------------------------

demo: setup ## A day of orders on this machine: the stack on a local AWS, between twins of Mirakl and NetSuite
	@$(BIN)/python -m sandbox.demo $(if $(WORLD),--world "$(WORLD)") $(if $(OUT),--out "$(OUT)") $(if $(FAULTS),--faults "$(FAULTS)") $(if $(ROLE),--role "$(ROLE)") $(if $(SEED),--seed "$(SEED)") $(if $(CONFIG),--config "$(CONFIG)") $(if $(KEEP),--keep)

# --- Prove it -------------------------------------------------------------------------------------------------------

test: setup ## Every test: the NetSuite script, rules, adapters and twins, infrastructure, and the whole stack end to end
	$(call timed,NetSuite's script (Jest),cd netsuite && npm test --silent)
	@$(BIN)/python -m pytest -n $(JOBS)

check: setup ## Format, lint, types, import contracts, template tests, synth, cdk-nag
	$(call timed,format,$(BIN)/ruff format --check .)
	$(call timed,lint,$(BIN)/ruff check .)
	$(call timed,types,$(BIN)/mypy .)
	$(call timed,import contracts,PYTHONPATH=layers/common/python:. $(BIN)/lint-imports)
	$(call timed,template tests and cdk-nag,$(BIN)/python -m pytest -q tests/infra)
	$(call timed,synth,$(BIN)/python app.py)

bench: setup ## Measure: the table goes to docs/reference/benchmarks.md
	@$(BIN)/python -m benchmarks

format: setup ## Put the code in its format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean: ## Remove what was built and run (not what was installed)
	@rm -rf build cdk.out .run out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.ministack-venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +
