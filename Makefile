# `make demo` and `make test` set up everything they need in this clone (.venv) and say what they install.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
CLI := $(BIN)/jupyter-julia-aot

# In a container one is root, which Jupyter refuses unless told.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: help demo test check format lab bench soak panel browser clean

help: ## show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.ready: pyproject.toml .ci/prepare
	@.ci/prepare $(VENV)
	@touch $@

$(VENV)/.chromium: $(VENV)/.ready
	@command -v chromium >/dev/null || .ci/prepare $(VENV) chromium
	@touch $@

labextension/node_modules/.ready: labextension/package-lock.json
	@cd labextension && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

# The side panel: built when its sources changed, and linked into the environment.
PANEL := $(VENV)/.panel
$(PANEL): labextension/node_modules/.ready labextension/package.json labextension/schema/plugin.json \
		$(wildcard labextension/src/*.ts*) $(wildcard labextension/style/*) \
		jupyter_julia_aot/widgets/static/views.css
	@cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build:prod
	@mkdir -p $(VENV)/share/jupyter/labextensions
	@rm -rf $(VENV)/share/jupyter/labextensions/jupyter-julia-aot
	@ln -s $(CURDIR)/jupyter_julia_aot/labextension $(VENV)/share/jupyter/labextensions/jupyter-julia-aot
	@touch $@

demo: $(VENV)/.ready ## local model → proven Julia → Python call → executable, in a notebook you can open
	@$(CLI) setup --no-image
	@$(CLI) demo

test: $(VENV)/.ready $(PANEL) check ## everything CI runs
	@$(MAKE) --no-print-directory $(VENV)/.chromium || echo "No Chromium: the browser stories will be skipped."
	@$(CLI) setup
	@cd labextension && npm test
	@$(BIN)/python -m pytest --cov --cov-report=term -m "not slow and not benchmarks"

check: $(VENV)/.ready labextension/node_modules/.ready ## lint, format and types, no tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@cd labextension && npm run --silent lint

format: $(VENV)/.ready ## apply the formatter and the safe lint fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lab: $(VENV)/.ready $(PANEL) ## JupyterLab with the extension and the notebooks
	@$(CLI) setup --no-image
	@$(BIN)/jupyter lab $(AS_ROOT) notebooks/00_tour.ipynb

panel: $(VENV)/.ready $(PANEL) ## build the side panel

browser: $(VENV)/.ready $(VENV)/.chromium $(PANEL) ## all user stories in a headless browser, with figures (minutes)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'notebook>=7.6,<8'
	@$(CLI) setup
	@cd labextension && NODE_PATH=$(CURDIR)/labextension/node_modules npm run --silent test:browser

bench: $(VENV)/.ready ## print the figures of the README, side by side with what they are compared to
	@$(CLI) setup
	@$(BIN)/python -m pytest -m benchmarks -s -q

soak: $(VENV)/.ready ## 5,000 mixed candidates through one pool, new examples for the properties (slow)
	@$(CLI) setup
	@$(BIN)/python -m pytest -m slow -s -q
	@$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=searching -q

clean: ## remove what the targets above made in this clone
	@rm -rf $(VENV) demo build dist htmlcov .coverage* .pytest_cache .mypy_cache .ruff_cache labextension/node_modules labextension/lib jupyter_julia_aot/labextension
