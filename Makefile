# ValuePulse. `make` lists the recipes. Each does only what is not done yet; what was fetched once is used again, also offline.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Tried by running them: a version manager puts commands on the PATH that only say "not installed".
PYTHONS := python3.13 python3.12 python3.11 python3
PYTHON ?= $(shell for p in $(PYTHONS); do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
WARM ?= $(BIN)/valuepulse doctor --warm
PYTEST_OPTIONS ?=
# Three processes, each with a Kafka and a Valkey of its own; a file's tests stay together, in the order of their names.
# Tests of real servers wait for much of their time: on 2 cores, two processes took 937 s and three take 750 to 778 s, with the set-up.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
CHECKED := scoring streams tests $(wildcard benchmarks)

# A change of any source makes a new kernel (streams/kernel_cache.py), which is compiled before it is needed.
SOURCES := $(shell find -L scoring streams -name '*.py' 2>/dev/null | LC_ALL=C sort)
SOURCES_HASH := $(shell cat $(SOURCES) /dev/null | sha256sum | cut -c1-16)

KAFKA := .cache/kafka-4.1.0
INSTALLED := .venv/.installed
WARMED := .cache/warm/$(SOURCES_HASH)
JARS := $(KAFKA)/.complete

.PHONY: help setup demo test test-long chaos bench lint types imports pytest indicators screenshots kafka-jars browser lock dist clean

help: ## list the recipes
	@echo 'ValuePulse: real-time customer value scoring. Recipes:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) $(WARMED) ## make .venv, install everything pinned by hash, compile the kernel

demo: setup ## a synthetic shop of 20,000 customers, scored live: opens the dashboard (Ctrl-C ends it)
	@$(BIN)/valuepulse demo $(DEMO_OPTIONS)

test: setup kafka-jars browser lint types imports pytest ## what CI checks, with a real Kafka, a real Valkey and a real browser

test-long: setup kafka-jars ## the tests that `make test` leaves out for the time they take
	@$(BIN)/python -m pytest -m long

chaos: setup kafka-jars ## faults on a real Kafka and Valkey, the table of docs/reliability.md (half an hour)
	@$(BIN)/python -m tests.chaos $(CHAOS_OPTIONS)

bench: setup kafka-jars ## job P1 on a real Kafka and a real Valkey, with machine and commit
	@$(BIN)/python -m benchmarks $(BENCH_OPTIONS)

lint: $(INSTALLED) ## ruff: layout and rules
	@echo '== ruff'
	@$(BIN)/ruff format --check $(CHECKED)
	@$(BIN)/ruff check $(CHECKED)

types: $(INSTALLED) ## mypy, strict
	@echo '== mypy'
	@$(BIN)/mypy

imports: $(INSTALLED) ## import-linter: scoring is pure, imports point one way
	@echo '== import-linter'
	@$(BIN)/lint-imports --no-cache --no-logo

pytest: setup kafka-jars browser ## the tests alone; PYTEST_OPTIONS='-m "not slow" -k tiers' narrows them
	@echo '== pytest'
	@$(PYTEST) --durations=25 $(PYTEST_OPTIONS)

indicators: $(INSTALLED) ## docs/indicators.md, from the code and config/scoring.yaml
	@$(BIN)/python -m streams.cli.reference --model config/scoring.yaml --out docs/indicators.md

screenshots: setup browser ## docs/images/dashboard-*.png, from the demo
	@$(BIN)/python -m tests.browser.screenshots

browser: ## the tests' chromium and Chinese characters: apt-get installs what is missing, as root
	@$(NEEDS_BROWSER)

kafka-jars: $(JARS) ## the Kafka of tests and benchmarks, by Maven (needs a JDK 17 or newer)

lock: $(INSTALLED) ## renew requirements*.lock from pyproject.toml: newest versions that its ranges allow
	@$(LOCK) --extra demo -o requirements.lock pyproject.toml
	@$(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@echo 'hatchling>=1.27' | $(LOCK) -c requirements-dev.lock -o requirements-build.lock -
	@! grep -nE '://' requirements*.lock || { echo 'a lock file names an address' >&2; exit 1; }

dist: $(INSTALLED) ## the wheel, in dist/
	@$(BIN)/hatchling build -t wheel

clean: ## remove what make made: .venv, .cache, build, dist
	rm -rf .venv .cache build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

.venv/bin/python:
	@if [ -z '$(PYTHON)' ]; then echo 'No Python 3.11 or newer among: $(PYTHONS). Install one, or say make setup PYTHON=….' >&2; exit 1; fi
	@echo "== .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'No virtual environment could be made; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }

$(INSTALLED): requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo '== packages of requirements-dev.lock (half a minute)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(WARMED): $(INSTALLED)
	@echo '== kernel'
	@$(WARM)
	@rm -rf $(@D) && mkdir -p $(@D) && touch $@

ifdef VALUEPULSE_TEST_BROKER
.PHONY: $(JARS)
$(JARS):
	@echo "== Kafka: the running broker $(VALUEPULSE_TEST_BROKER) (VALUEPULSE_TEST_BROKER)"
else
$(JARS): tests/kafka-jars/pom.xml
	@$(NEEDS_MAVEN)
	@echo '== Kafka 4.1.0'
	@rm -rf $(KAFKA) && mkdir -p $(KAFKA)
	@mvn --quiet --batch-mode --strict-checksums -f $< dependency:copy-dependencies -DincludeScope=runtime \
	  -Dkafka.build='$(CURDIR)/$(KAFKA)/build' -DoutputDirectory='$(CURDIR)/$(KAFKA)/libs' >$(KAFKA)/maven.log 2>&1 \
	  || { cat $(KAFKA)/maven.log >&2; exit 1; }
	@touch $@
endif

define NEEDS_MAVEN
explain() { echo "$$1: the tests run a real Kafka. Install a JDK 17 or newer and Maven (Debian, Ubuntu: apt-get install openjdk-17-jdk-headless maven), or name a running broker: VALUEPULSE_TEST_BROKER=host:port" >&2; exit 1; }; \
command -v java >/dev/null || explain 'No java on the PATH'; \
command -v mvn >/dev/null || explain 'No mvn (Maven) on the PATH'; \
version=$$(java -version 2>&1 | sed -nE 's/.* version "([0-9]+).*/\1/p' | head -n 1); \
[ "$${version:-0}" -ge 17 ] || explain "java is version $${version:-unknown}"
endef

define NEEDS_BROWSER
missing=; \
[ -x "$${VALUEPULSE_TEST_CHROMIUM:-}" ] || command -v chromium >/dev/null || missing=chromium; \
[ -n "$$(fc-list :lang=zh 2>/dev/null | head -n 1)" ] || missing="$${missing:+$$missing }fontconfig fonts-noto-cjk"; \
[ -n "$$missing" ] || exit 0; \
command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || { echo "Missing: $$missing: the tests look at the dashboard in a real browser. Debian, Ubuntu: apt-get install $$missing; elsewhere name a chromium: VALUEPULSE_TEST_CHROMIUM=/path/to/it, and install a font with Chinese characters" >&2; exit 1; }; \
echo "== apt-get install $$missing"; \
export DEBIAN_FRONTEND=noninteractive; \
{ apt-get -qq update && apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends $$missing; } >.browser.log 2>&1 || { cat .browser.log >&2; exit 1; }; \
rm -f .browser.log
endef
