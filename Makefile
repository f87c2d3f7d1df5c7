# Every target is complete by itself in a fresh clone: it makes .venv first, and that costs nothing when nothing changed.
PYTHON ?= python3
FILE   ?= docs/notebooks/tour.livemd
EXTRAS ?=
BENCH  ?=
FUZZ   ?= 60
SOAK   ?= 1
CORES  ?= 2
VENV   := .venv
BIN    := $(VENV)/bin
DEV    := dev,notebook,fly,kubernetes,mcp,ssh

# The tests start thousands of interpreters, each of which would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

# Most tests of processes wait for others: twice as many files at once as there are cores, the tests of a file in order.
PARALLEL := -n $(shell expr 2 '*' $(CORES)) --dist loadfile

# uv where it is there and resolves as pip does (pip has no index or constraint of its own set), else pip.
INSTALL = if command -v uv >/dev/null 2>&1 && ! $(BIN)/python -m pip config list | grep -qE 'index|find-links|constraint'; \
          then uv pip install --quiet --python $(BIN)/python -e ".[$(1)]"; \
          else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[$(1)]"; fi

# What runs with BEAMLIKE_COPY=1, too: all of beamlike but what sends no message within a node, or waits by the clock.
BESIDE := addresses admission batches blocking clear_or_tls cluster% code_% congestion connection dial_policy directory \
          doorway %_elsewhere encryption %_far finding_% forks frames global_conflicts global_histories global_nodes \
          handshake% heartbeat invitations joining% lane% link_protocol listing liveness node_joins node_listen outbox \
          packing pg_histories pg_nodes pg_state refusal_log requirements_% rpc% secret% selector_thread shared_memory \
          simulated_cluster spawn_request_histories tls_layer transport waiting_room watchdog whereabouts wire
COPIED  = $(filter-out $(BESIDE:%=tests/beamlike/test_%.py),$(wildcard tests/beamlike/test_*.py)) tests/scenarios

# What also runs on a real cluster, and is skipped where there is none.
ON_A_CLUSTER := $(addprefix tests/,nodes/test_contract_kubernetes.py nodes/test_kubernetes_probes.py integration/test_real_kubernetes.py)

.PHONY: help setup notebook test test-fly test-k8s lint bench soak fuzz dist clean
.DEFAULT_GOAL := help

help:             ## show this list
	@grep -hE '^[a-z0-9-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.dev $(if $(EXTRAS),$(VENV)/.$(EXTRAS)) ## make .venv with all that the tests need; EXTRAS=torch adds torch, EXTRAS=demos what its notebooks need, too

notebook: $(VENV)/.notebook ## open the tour (or FILE=path) in the terminal; headless where there is none
	@if [ -t 1 ]; then exec $(BIN)/beamlike notebook "$(FILE)"; else exec $(BIN)/beamlike run "$(FILE)"; fi

test: lint        ## lint, types, import contracts and every test, those of messages once more with each message copied
	@$(BIN)/python -m pytest $(PARALLEL)
	@BEAMLIKE_COPY=1 $(BIN)/python -m pytest -q $(PARALLEL) $(COPIED)

test-k8s: setup   ## Kubernetes on the cluster of KUBECONFIG; its tests are told by BEAMLIKE_K8S_IMAGE (docs/kubernetes_emulator.md)
	@test -n "$$BEAMLIKE_K8S_IMAGE" || { echo "make test-k8s: expected BEAMLIKE_K8S_IMAGE, an image with Python 3.11 and this package that the cluster can pull"; exit 2; }
	@$(BIN)/python -m pytest -q $(PARALLEL) -k real $(ON_A_CLUSTER)

test-fly: setup   ## the contract of all backends on an app of yours on Fly, within limits (docs/fly.md)
	@test -n "$$BEAMLIKE_FLY_APP" -a -n "$$FLY_API_TOKEN" || { echo "make test-fly: expected BEAMLIKE_FLY_APP and FLY_API_TOKEN (docs/fly.md)"; exit 2; }
	@$(BIN)/python -m pytest -q tests/nodes/test_fly_own_organisation.py

lint: setup       ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

bench: setup      ## benchmarks, one JSON line per figure; BENCH="kernel wire" runs only those
	@$(BIN)/python -m tests.bench $(BENCH)

soak: setup       ## the tests that repeat, at their full counts, and new examples of all properties (hours); SOAK=part: half an hour
	@BEAMLIKE_SOAK=$(SOAK) $(BIN)/python -m pytest -m "soak$(if $(filter 1,$(SOAK)), or hypothesis)"

fuzz: $(VENV)/.fuzz ## what strangers may send, against atheris (Linux), FUZZ=60 seconds for each target
	@for target in $$($(BIN)/python -m tests.fuzz); do $(BIN)/python -m tests.fuzz $$target $(FUZZ) || exit 1; done

dist: setup       ## a wheel that works outside the checkout, in dist/
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist . && ls dist

clean:            ## remove what the targets made
	@rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The environment is made anew when pyproject.toml changes; each stamp says what has been installed into it.
$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "beamlike needs Python 3.11 or newer; this is %s. Name another: make PYTHON=python3.12" % sys.version.split()[0])'
	@echo "Making $(VENV) (a minute or two, once) ..."
	@$(PYTHON) -m venv --clear $(VENV) && touch $@

$(VENV)/.notebook: $(VENV)/.base
	@$(call INSTALL,notebook) && touch $@

$(VENV)/.dev: $(VENV)/.base
	@$(call INSTALL,$(DEV)) && touch $@ $(VENV)/.notebook

$(VENV)/.torch $(VENV)/.demos $(VENV)/.fuzz: $(VENV)/.dev
	@$(call INSTALL,$(@F:.%=%)) && touch $@
