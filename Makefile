# Needs make, pip and Python 3.11 or later. Another Python: make run PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
PEERS ?= build/peers
IN_VENV = $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-front-end format benchmark bench bench-gpu reproduce gallery screenshots docs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /\1|/' | \
		while IFS='|' read -r target meaning; do printf '  make %-14s %s\n' "$$target" "$$meaning"; done

run: $(VENV)/.runtime-ready ## set up what is missing and open the app on http://127.0.0.1:8501 (PORT=… for another)
	@$(IN_VENV) -m normscape serve --server.address 127.0.0.1 --server.port $(PORT)

# two processes; the browser's tests are one group (tests/conftest.py), which comes first
SHARED_OUT = -n 2 --dist loadfile --no-loadscope-reorder

test: $(VENV)/.dev-ready ## lint, format, types and all tests but the slow ones
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy
	$(IN_VENV) -m pytest $(SHARED_OUT)

# pytest ends with 5 when no test was selected. Threads that wait by spinning would take the browser's core.
test-slow: $(VENV)/.dev-ready ## the slow tests
	@OMP_WAIT_POLICY=passive $(IN_VENV) -m pytest $(SHARED_OUT) -m slow || { code=$$?; [ $$code -eq 5 ] && echo "There is no slow test yet."; }

# the component's files are one module: its types are checked as the browser gets it
TSC = npx --yes --package typescript@7.0.2 -- tsc --strict --allowJs --checkJs --noEmit --target es2022 --module esnext --lib es2022,dom,dom.iterable
test-front-end: $(VENV)/.dev-ready ## types of the web component (needs npm); its behaviour is tested by `make test`
	@mkdir -p build && $(IN_VENV) -c 'from normscape.views.widgets.linked_surfaces import SOURCE; print(SOURCE)' > build/linked_surfaces.js
	cd build && $(TSC) linked_surfaces.js

format: $(VENV)/.dev-ready ## format the code and mend what ruff can
	$(IN_VENV) -m ruff check --fix .
	$(IN_VENV) -m ruff format .

benchmark: $(VENV)/.dev-ready ## measure how long a first visit and the stories take, and what workers cost and bring
	$(IN_VENV) -m benchmarks.first_visit
	$(IN_VENV) -m benchmarks.stories
	$(IN_VENV) -m benchmarks.workers
	$(IN_VENV) -m benchmarks.analysis
	$(IN_VENV) -m benchmarks.sessions
	$(IN_VENV) -m benchmarks.linked_surfaces
	$(IN_VENV) -m benchmarks.residual

bench: $(VENV)/.dev-ready $(PEERS)/.ready ## time training and evaluation against plain loops and other tools (20 minutes)
	$(IN_VENV) -m benchmarks.engine --peers $(PEERS)/bin/python --samples 200 --rounds 3
	$(IN_VENV) -m benchmarks.training

bench-gpu: $(VENV)/.dev-ready ## time evaluations on a GPU (needs one, and a torch for CUDA)
	$(IN_VENV) -m benchmarks.gpu

reproduce: $(VENV)/.dev-ready ## measure published results again and write views/analysis/published.md (13 minutes, and up to an hour for the edge of stability; needs CIFAR-10 in NORMSCAPE_DATA)
	$(IN_VENV) -m benchmarks.published --write views/analysis/published.md

gallery: $(VENV)/.dev-ready ## compute the results that ship with the product (needs Chromium; 10 minutes)
	$(IN_VENV) -m benchmarks.gallery

screenshots: $(VENV)/.dev-ready ## renew the README's pictures (needs Chromium)
	$(IN_VENV) -m benchmarks.screenshots

# -W: a warning fails the build, after all of them are shown. Notebooks whose code has not changed keep their outputs.
docs: $(VENV)/.docs-ready ## build the documentation site in build/docs
	$(IN_VENV) -m sphinx -W -n --keep-going -c docs/site -d build/docs-doctrees docs build/docs

clean: ## remove the virtual environment and the caches
	rm -rf $(VENV) .types .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# other tools need versions of their own
$(PEERS)/.ready:
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip install --disable-pip-version-check torch==2.13.0 loss-landscapes==3.0.6 landscaper==1.3.1
	@touch $@

$(IN_VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Normscape needs Python 3.11 or later; '$(PYTHON) --version' says: $$($(PYTHON) --version 2>&1 | head -n 1)"; \
		echo "Name another one with: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing or incomplete (Debian, Ubuntu: apt-get install python3-venv)."; exit 1; }

# A release of today must not change what is tested: versions are those of the lock, on the Python that it is for.
$(VENV)/constraints.txt: requirements.lock | $(IN_VENV)
	@if $(IN_VENV) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; \
		then sed -n 's/^\([^# ]*==[^ ]*\).*/\1/p' requirements.lock >$@; else : >$@; fi

# The stamps say which requirements are installed: pip runs again only after a change of these files.
PIP_INSTALL = $(IN_VENV) -m pip install --disable-pip-version-check
$(VENV)/.runtime-ready: requirements.txt pyproject.toml $(VENV)/constraints.txt | $(IN_VENV)
	$(PIP_INSTALL) -c $(VENV)/constraints.txt -r requirements.txt
	@touch $@

$(VENV)/.docs-ready: $(VENV)/.runtime-ready
	$(PIP_INSTALL) -c $(VENV)/constraints.txt -e '.[docs,exports,notebook]'
	@touch $@

$(VENV)/.dev-ready: requirements-dev.txt requirements-oracles.txt requirements.txt pyproject.toml $(VENV)/constraints.txt | $(IN_VENV)
	$(PIP_INSTALL) -c $(VENV)/constraints.txt -r requirements-dev.txt
	$(PIP_INSTALL) --no-deps -r requirements-oracles.txt
	@mkdir -p .types && ln -sfn .. .types/normscape # what mypy reads, since it does not follow an editable install
	@touch $(VENV)/.runtime-ready $@
