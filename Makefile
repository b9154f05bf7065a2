# Every target does its own set-up, locked, from nothing but python3, make and a package index.
UV     := .tools/uv
PYTHON := .venv/bin/python
RUN    := $(PYTHON) -m
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_DOWNLOADS := never
export VIRTUAL_ENV :=

.PHONY: help demo test test-integration check bench bench-statistics lock clean
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

demo: .venv/ready ## a model, live traffic, an incident: the whole story in the console
	@.venv/bin/clawpipe-tui demo

test: .venv/ready ## run the tests
	@$(RUN) pytest -n 2 --dist worksteal

test-integration: .venv/ready .tools/mlflow/ready .tools/triton/ready ## hold the contract against real servers, each in an environment of its own
	@$(PYTHON) tests/integration/run.py .tools/mlflow .tools/triton

check: .venv/ready ## format, lint, types, floors
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@.venv/bin/basedpyright
	@.venv/bin/lint-imports

bench: .venv/ready $(UV) ## speed in one table, beside the machine's limit and three peers
	@for one in bench bench_terminal bench_memory; do $(PYTHON) benchmarks/$$one.py || exit 1; done

bench-statistics: .venv/ready $(UV) ## how often does each verdict cry wolf? beside other rules, a thousand days
	@$(PYTHON) benchmarks/bench_statistics.py --peers

lock: $(UV) ## renew uv.lock
	@$(UV) lock

clean: ## remove what these targets made
	@rm -rf .venv .tools .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(UV): .ci/get_uv.py
	@echo "Getting the installer ..." >&2
	@python3 .ci/get_uv.py $(UV)

.venv/ready: $(UV) uv.lock pyproject.toml
	@echo "Installing, locked ..." >&2
	@$(UV) sync --quiet --locked --python "$$(command -v python3)" --extra demo
	@$(PYTHON) -m compileall -q clawpipe_tui
	@touch .venv/ready

# The index may be away for a moment; what was fetched is kept, so another try is cheap.
define apart
	@echo "Installing $(1), apart ..." >&2
	@$(UV) venv --quiet --clear --python "$$(command -v python3)" .tools/$(1)
	@for pause in 5 20 0; do \
	  $(UV) pip install --quiet --python .tools/$(1)/bin/python $(2) && touch .tools/$(1)/ready && break; sleep $$pause; \
	done; test -e .tools/$(1)/ready || { echo "The package index did not give $(2) in three tries." >&2; exit 1; }
endef

.tools/mlflow/ready: $(UV)
	$(call apart,mlflow,mlflow==3.17.2)

.tools/triton/ready: $(UV)
	$(call apart,triton,nvidia-pytriton==0.7.0 numpy)
