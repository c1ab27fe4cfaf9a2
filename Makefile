# The verbs, the same on a laptop and in CI. `make` alone lists them.
# Python 3.11+, git and make are enough: everything else is pinned in requirements/*.txt and goes to .venv/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
BENCH_ARGS ?=
PROVE_ARGS ?=
# Hashes for every package; no byte-compiling ahead, a quarter of the time of a first `make demo`.
PIP_INSTALL := $(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check --require-hashes
# This project itself, editable: its build back end is pinned too, so nothing unpinned is fetched.
PIP_SELF := $(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check --no-build-isolation --no-deps -e .
PRISM := contract/prism/node_modules/.bin/prism

# Images of Python set it. Without bytecode each interpreter that a test starts compiles every library again, and pytest
# rewrites every test: half the time of a run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-fast check fix words prove bench bench-suite bench-scale bench-service bench-load bench-web screenshots docs contract erp-odoo erp-tryton test-erp test-charts test-addons addon-screenshots addon-screenshots-tryton bench-erp clean
.DELETE_ON_ERROR:

help:  ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

ifdef TARGET
demo: $(VENV)/dev.stamp
	@$(BIN)/kontobro demo --target $(TARGET)
	@$(BIN)/python -m tests.erp.files.judge $(TARGET) demo
else
demo: $(VENV)/app.stamp  ## export a demo company's expenses into a checked ledger, in demo/; ERP=odoo or tryton: into a real one; TARGET=csv, xlsx, datev, sie or fec: into documents
	@case "$(ERP)" in \
	  "") $(BIN)/kontobro demo ;; \
	  odoo|tryton) $(BIN)/python -m erp_lab.demo_$(ERP) ;; \
	  *) echo "make demo ERP=$(ERP): there is one for odoo and one for tryton, and without ERP for the embedded ledger." >&2; exit 2 ;; \
	esac
endif

serve: $(VENV)/service.stamp  ## run the service on this machine, at http://127.0.0.1:8765, until Ctrl-C
	@exec $(BIN)/kontobro serve

test: $(VENV)/dev.stamp  ## run all tests; PYTEST_ARGS="-m kill" and the like are passed on
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

test-fast: $(VENV)/dev.stamp  ## the quick tests of every package, in less than a minute on two cores; while you work
	@$(BIN)/python -m pytest --fast -q -n auto -p no:schemathesis $(PYTEST_ARGS)

check: $(VENV)/dev.stamp  ## lint, format, types, layers, sizes, secrets, and whether the documents repeat the code as it is
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --exclude erp_lab/templates scripts contract erp_lab proof
	@$(BIN)/mypy --config-file addons/mypy.ini addons/odoo addons/tryton
	@$(BIN)/mypy connectors/kontobro-hledger/kontobro_hledger
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/check_tree.py
	@$(BIN)/python scripts/check_sizes.py
	@$(BIN)/python -m scripts.docs_from_code --check

fix: $(VENV)/dev.stamp  ## fix what ruff can fix, renew what the documents repeat from the code and the receipts of the demo company
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/python -m scripts.docs_from_code
	@$(BIN)/python -m scripts.receipts

words: $(VENV)/dev.stamp  ## bring all translations up to date with the texts, compile them, and say what is missing
	@$(BIN)/python -m scripts.words

prove: $(VENV)/dev.stamp  ## kill real exporters everywhere, run again, compare; ERP=hledger for another system, PROVE_ARGS=--list lists them, "--seeds 1000" searches
	@$(BIN)/python -m proof $(ERP) $(PROVE_ARGS)

bench: $(VENV)/dev.stamp  ## measure, print a table, write bench/results.json
	@$(BIN)/python -m bench $(BENCH_ARGS)

bench-suite: $(VENV)/dev.stamp  ## how many planted bugs the connectors' contract suite catches; BENCH_ARGS="payment" for some
	@$(BIN)/python -m bench.suite $(BENCH_ARGS)

bench-scale: $(VENV)/dev.stamp  ## how CPU and memory grow as jobs, history and ledgers grow; BENCH_ARGS="history" for one of them
	@$(BIN)/python -m bench.scale $(BENCH_ARGS)

bench-service: $(VENV)/dev.stamp  ## measure the service's workers; BENCH_ARGS="--companies 16" for a small one
	@$(BIN)/python -m bench.service $(BENCH_ARGS)

bench-load: $(VENV)/dev.stamp  ## measure the service with 10,000 companies, idle and exporting, and over 15 minutes; BENCH_ARGS="idle --companies 1000" for less
	@$(BIN)/python -m bench.load $(BENCH_ARGS)

bench-web: $(VENV)/dev.stamp  ## measure the pages' server time with 100,000 bookings, on SQLite and PostgreSQL; BENCH_ARGS="--bookings 1000000 --connections 5000" for more
	@$(BIN)/python -m bench.web $(BENCH_ARGS)

screenshots: $(VENV)/dev.stamp  ## pictures of every page into screenshots/, taken in Chromium: light, dark, phone, in two languages
	@$(BIN)/python -m scripts.screenshots

docs: $(VENV)/docs.stamp  ## build the documentation into site/; a warning is an error
	@$(BIN)/zensical build --strict --clean

contract: $(VENV)/dev.stamp $(VENV)/prism.stamp  ## hold sandbox and client against Pleo's own documents
	@KONTOBRO_CONTRACT=1 $(BIN)/python -m pytest -m contract $(PYTEST_ARGS)

erp-odoo:  ## install a real Odoo 19 into .erp/ for the tests (Debian, package registries)
	@erp_lab/odoo.sh install

erp-tryton:  ## install a real Tryton 8.2 and 7.0 into .erp/ for the tests (PyPI, PostgreSQL)
	@erp_lab/tryton.sh install
	@TRYTON_SERIES=7.0 erp_lab/tryton.sh install

test-erp: $(VENV)/dev.stamp  ## the tests on real accounting systems; those that are not installed are skipped
	@$(BIN)/python -m pytest -m "odoo or tryton" $(PYTEST_ARGS)

test-charts: $(VENV)/dev.stamp  ## the Odoo connector over the charts of Germany, France, Spain, Belgium and the United Kingdom
	@erp_lab/odoo.sh charts de fr es be uk
	@KONTOBRO_CHARTS="de fr es be uk" $(BIN)/python -m pytest tests/erp_real/odoo/test_charts.py $(PYTEST_ARGS)

test-addons: $(VENV)/dev.stamp  ## the tests of our modules within real accounting systems; skipped where there is none
	@KONTOBRO_OLDEST=1 $(BIN)/python -m pytest -m addon $(PYTEST_ARGS)

addon-screenshots: $(VENV)/dev.stamp  ## pictures of the Odoo addon's screens into screenshots/odoo/
	@$(BIN)/python -m erp_lab.addon_screenshots

addon-screenshots-tryton: $(VENV)/dev.stamp  ## pictures of the Tryton module's screens, in Tryton's web client, into screenshots/tryton/
	@erp_lab/sao.sh
	@$(BIN)/python -m erp_lab.tryton_screenshots

bench-erp: $(VENV)/dev.stamp  ## measure the connectors for Odoo and Tryton against their bare APIs, and our modules inside against the connectors
	@$(BIN)/python -m bench.erp $(BENCH_ARGS)

clean:  ## remove what the other verbs made
	rm -rf $(VENV) demo site build screenshots dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf contract/prism/node_modules

# ---- set-up: a stamp per requirements file, so that a set-up run costs nothing --------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Kontobro needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/app.stamp: requirements/app.txt pyproject.toml | $(BIN)/python
	@$(PIP_INSTALL) -r $<
	@$(PIP_SELF)
	@touch $@

$(VENV)/service.stamp: requirements/service.txt pyproject.toml | $(BIN)/python
	@$(PIP_INSTALL) -r $<
	@$(PIP_SELF)
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(BIN)/python
	@$(PIP_INSTALL) -r $<
	@$(PIP_SELF)
	@touch $@

$(VENV)/docs.stamp: requirements/docs.txt | $(BIN)/python
	@$(PIP_INSTALL) -r $<
	@touch $@

# Prism comes from npm. Without npm the tests that need it skip and say so.
$(VENV)/prism.stamp: contract/prism/package.json contract/prism/package-lock.json | $(BIN)/python
	@if command -v npm >/dev/null; then \
	  echo "Fetching Prism (once) ..." && cd contract/prism && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts; \
	else \
	  echo "npm is missing: the checks through Prism are skipped. Install Node.js with npm to run them." >&2; \
	fi
	@if [ -x $(PRISM) ]; then touch $@; fi
