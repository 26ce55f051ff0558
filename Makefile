# Everything a person types. `make` alone explains; each target sets up what it needs, in .venv and in the user's cache folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo demo-hardware test test-whole parts-in-turn every-test coverage lint collect parts mosquitto curl nodejs node-red systemd dbus chromium influxd-1.8 influxd-2.7 telegraf faketime chaos faults numbers promises fuzz api-fuzz real bench accuracy identity bench-pairs house boards docs-test install-test wheel clean

KILLS ?= 50
N ?= 200000
SEED ?= 1
JOBS ?= 2
# Tests wait more than they compute, for processes and their timeouts: two at a time for each core.
TESTS_AT_ONCE ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/footfall
BIN := .venv/bin
PY := $(BIN)/python

help: ## This list
	@echo 'make TARGET [NAME=value]'
	@awk -F ' ?## ' '/^[a-z0-9.-]+:.*## / {sub(/:.*/, "", $$1); printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run $(if $(INFLUX),influxd-1.8) ## A store's day from devices to a database, in about a minute, then a page of who comes in; INFLUX=1 into a real InfluxDB, STAY=0|1, PORT=8090
	@$(PY) -m simulators.demo $(if $(INFLUX),--influx) $(if $(STAY),$(if $(filter 0,$(STAY)),--no-stay,--stay)) $(if $(PORT),--port $(PORT))

demo-hardware: .venv/run dbus $(if $(INFLUX),influxd-1.8) ## One store heard by every kind of device over its real protocol; INFLUX=1 likewise
	@$(PY) -m simulators.demo_hardware $(if $(INFLUX),--influx)

test: ## All that CI runs: lint, every test, the wheel
	@$(MAKE) -s --no-print-directory -j2 .venv/dev parts-in-turn
	@$(MAKE) --no-print-directory -j3 lint every-test wheel

# One apt-get waits for no other.
parts-in-turn:
	@MAKEFLAGS= $(MAKE) --no-print-directory parts

every-test: .venv/dev collect
	@MAKEFLAGS= PYTHONDONTWRITEBYTECODE= $(PY) -m tests.support.measured_run -q -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder

test-whole: .venv/dev parts ## What `make test` does in small, in full: all seeds, longer days, all examples of properties, or TIMES=10 as many
	@FOOTFALL_WHOLE=$(or $(TIMES),1) $(BIN)/pytest -q -n $(TESTS_AT_ONCE) --dist loadfile $$(grep -rlE --include='test_*.py' 'support[.]whole|less_is_tried|@given' tests)

coverage: .venv/dev parts ## How many lines of the product its unit tests run, and the modules with the lowest share
	@$(PY) -m tests.support.unit_coverage -q -n $(JOBS) --dist loadfile

lint: .venv/dev ## ruff, mypy and the rules of who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The first process that imports a test compiles it, and the workers of pytest-xdist would all be first.
collect: .venv/dev
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q --collect-only >.venv/collect.log || { tail -n 50 .venv/collect.log; exit 1; }

wheel: .venv/dev ## Builds the wheel into dist/ and tries it in a fresh environment elsewhere
	$(PY) -m tests.check_wheel

docs-test: .venv/dev influxd-1.8 influxd-2.7 ## Runs every command and query of the documents
	$(BIN)/pytest -q tests/docs

install-test: .venv/dev mosquitto influxd-2.7 ## docs/operating.md to the letter, from the wheel to rows in InfluxDB, with what pip fetches; needs root
	@FOOTFALL_INSTALL=whole $(BIN)/pytest -q tests/integration/test_installation.py

chaos: .venv/dev mosquitto influxd-1.8 ## kill -9 of everything at random moments, nothing lost; KILLS=50 SEED=1
	@$(PY) -m simulators.chaos --kills $(KILLS) --seed $(SEED)

faults: .venv/dev mosquitto faketime influxd-1.8 ## What once went wrong, done again to real processes, an oracle beside; SEED=1 CASE=name JOBS=2, LIST=1
	@$(PY) -m simulators.faultcases --seed $(SEED) --jobs $(JOBS) $(addprefix --case ,$(CASE)) $(if $(LIST),--list)

promises: .venv/run ## What the report of anonymity says that each remedy brings, and what it brings in simulated months; SEED=1 SEEDS=3
	@$(PY) -m simulators.identity.promises --seed $(SEED) --seeds $(or $(SEEDS),3)

numbers: .venv/dev influxd-1.8 influxd-2.7 ## A simulated chain in three databases: questions whose right answers its truth knows; SEED=1 SMALL=1
	@$(PY) -m simulators.numbers --seed $(SEED) $(if $(SMALL),--small) $(addprefix --only ,$(ONLY))

fuzz: .venv/run ## Spoilt and random bytes for every decoder: no error but the planned ones, no hang, memory flat; N=1000000 SEED=1
	@$(PY) -m simulators.fuzz --inputs $(N) --seed $(SEED)

api-fuzz: .venv/dev ## What a fuzzer makes of the API's document, with each kind of token; N=200 requests a route
	FOOTFALL_API_FUZZ=$(or $(N),200) $(BIN)/pytest -q tests/simulation/test_api_fuzz.py --timeout 7200

real: .venv/dev mosquitto influxd-1.8 influxd-2.7 ## Recordings of real stores through broker and gateway into InfluxDB 1.8 and 2.7
	@$(PY) -m simulators.real

bench: .venv/dev mosquitto dbus influxd-1.8 telegraf ## Speed and memory beside Telegraf and others, under 20 minutes; ONLY=name for one
	@$(PY) -m benchmarks $(if $(ONLY),--only $(ONLY))

accuracy: .venv/dev ## Zones, stays, visits and counts against the truth of recordings and simulated stores, under 15 minutes; ONLY=name
	@$(PY) -m benchmarks.accuracy $(if $(ONLY),--only $(ONLY))

identity: .venv/run ## A simulated brand's month, 5,000 fans in 20 stores: whom its rows name, beside the truth and a slow oracle; SEED=1
	@$(PY) -m simulators.identity --seed $(SEED) --jobs $(JOBS)

bench-pairs: .venv/run ## CPU of this tree beside BASE (a commit), old and new by turns, under 20 minutes; PAIRS=5, ONLY=name, REPORT=1 never fails
	@$(PY) -m benchmarks.pairs $(if $(BASE),--base $(BASE)) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(ONLY),--only $(ONLY)) $(if $(REPORT),--report)

house: .venv/run ## How the source is laid out, in figures; BASE=COMMIT beside another, PLACES=1 where, WRITE=1 into the document
	@$(PY) -m tools.house $(if $(BASE),--base $(BASE)) $(if $(PLACES),--places) $(if $(WRITE),--write)

boards: .venv/dev ## Writes Grafana's boards, deploy/grafana, from the table of measures
	@$(PY) -m tools.boards

api: .venv/run ## Writes the pages of public names, docs/api-*.md, from the source
	@$(PY) -m tools.api

measures: .venv/run ## Writes the tables of measures of docs/analysing.md from the table that the product reads
	@$(PY) -m tools.measures

picture: .venv/run chromium ## Takes the picture of README, docs/live-page.png, of a running demo, in two minutes; needs Chromium
	@$(PY) -m tools.picture

# What Debian has: the command that finds it, and its packages.
define from_apt
@if { $(1); } >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'installing $(2) (apt-get)'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2) >/dev/null; } \
	    || echo '$(2): not installed, what needs it is skipped'; \
	else echo '$(2): skipped, and what needs it: install it (apt-get install $(2))'; fi
endef

parts: mosquitto curl dbus faketime chromium systemd node-red influxd-1.8 influxd-2.7 ## The real broker, databases and browser that tests use; built once, minutes

mosquitto:
	$(call from_apt,PATH="$$PATH:/usr/sbin" command -v mosquitto && command -v mosquitto_pub,mosquitto mosquitto-clients)

curl:
	$(call from_apt,command -v curl,curl)

nodejs:
	$(call from_apt,command -v node && command -v npm,nodejs npm)

node-red: nodejs ## Node-RED, in which a test of docs/sending.md runs its flow; 120 MB, fetched once
	@if [ -f "$(CACHE)/node-red/node_modules/node-red/red.js" ]; then :; \
	elif command -v npm >/dev/null; then echo 'installing Node-RED (npm)'; \
	  npm install --silent --no-audit --no-fund --omit=dev --prefix "$(CACHE)/node-red" node-red@4 >/dev/null \
	    || echo 'Node-RED: not installed, its test is skipped'; \
	else echo 'Node-RED: skipped, its test too: npm is missing'; fi

dbus:
	$(call from_apt,command -v dbus-daemon,dbus)

systemd:
	$(call from_apt,command -v systemd-analyze,systemd)

faketime:
	$(call from_apt,[ -n "$$(find /usr/lib /usr/local/lib -name 'libfaketimeMT.so.1' 2>/dev/null | head -n 1)" ],faketime)

chromium:
	$(call from_apt,command -v chromium chromium-browser google-chrome chrome,chromium)

influxd-1.8:
	@if [ -x "$(CACHE)/$@" ]; then :; \
	elif command -v go >/dev/null; then deploy/influxdb/build.sh 1.8 "$(CACHE)" >/dev/null || echo 'InfluxDB 1.8: not built, its tests are skipped'; \
	else echo 'InfluxDB 1.8: skipped, its tests too: it is built from source, install Go 1.24 or newer'; fi

influxd-2.7:
	@if [ -x "$(CACHE)/$@" ]; then :; \
	elif command -v go >/dev/null && command -v cargo >/dev/null; then deploy/influxdb/build.sh 2.7 "$(CACHE)" >/dev/null || echo 'InfluxDB 2.7: not built, its tests are skipped'; \
	else echo 'InfluxDB 2.7: skipped, its tests too: it is built from source, install Go 1.24 and Rust 1.72 or newer'; fi

telegraf:
	@if [ -x "$(CACHE)/$@" ]; then :; \
	elif command -v go >/dev/null; then benchmarks/telegraf/build.sh "$(CACHE)" >/dev/null || echo 'Telegraf: not built, nothing is measured against it'; \
	else echo 'Telegraf: skipped, nothing is measured against it: it is built from source, install Go 1.24 or newer'; fi

clean: ## Removes what was set up here; the cache folder stays
	rm -rf .venv build dist demo *.egg-info

# --- the environment: made again when pyproject.toml changes -------------------------------------------------------------------

.venv/run: pyproject.toml | .venv/bin/python
	@$(call install,.[simulators])
	@touch $@

.venv/dev: pyproject.toml | .venv/bin/python
	@$(call install,.[dev])
	@touch $@ .venv/run

.venv/bin/python:
	@for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$python -m venv .venv || { echo 'the module venv is missing: apt-get install python3-venv'; rm -rf .venv; exit 1; }; \
	    exit 0; \
	  fi; \
	done; echo 'Python 3.11 or newer is needed: none is on PATH'; exit 1

# Quiet but for a dot every two seconds; the end of the log where it fails. pip would compile on one core, and others' tests, too; some of
# what others ship is no Python of this version, and need not be.
define install
printf 'installing into .venv, once '; \
{ $(PY) -m pip install -q --disable-pip-version-check --no-compile -e '$(1)' && \
  { $(PY) -m compileall -q -j 0 -x '/tests?/' .venv/lib >/dev/null || :; }; } >.venv/install.log 2>&1 & \
child=$$!; trap 'kill $$child; exit 130' INT TERM; while kill -0 $$child 2>/dev/null; do printf .; sleep 2; done; \
if wait $$child; then echo ' done'; else echo; tail -n 20 .venv/install.log; echo 'the installation failed, see above'; exit 1; fi
endef
