# Every target makes the environment it needs; nothing but Python >= 3.10 and make has to be there.
#   make demo    the main job on real data: five related tables, fitted and generated
#   make test    the tests, on the newest DuckDB and on 1.5
#   make slow    the tests that take longer (also: make gpu, with a CUDA device)
#   make dbt     builds the dbt project of examples/dbt, in an environment of its own
#   make browser installs Chromium (Debian, as root) where there is none: the report's tests open pages in it
#   make servers installs PostgreSQL, MariaDB and Java for Spark (Debian, as root): the tests start servers of their own
#   make randomness runs dieharder (Debian, installed as root) on the draw for a quarter of an hour
#   make lint    ruff, mypy
#   make peers   the environment of the other generators that benchmarks compare with
#   make dist    sdist and wheel in dist/
#   make clean   removes the environments and everything built

PYTHON ?= python3
VENV ?= .venv
VENV15 ?= .venv-duckdb15
VENV_PEERS ?= .venv-peers
VENV_DBT ?= .venv-dbt
DIST ?= dist
# What the second run of the tests asks for, and the tests that would only repeat the first.
DUCKDB15 ?= duckdb>=1.5,<1.6
# All of them: make test-duckdb15 SAME_ON_ANY_DUCKDB=
SAME_ON_ANY_DUCKDB = test_packaging.py test_layers.py test_imports.py test_refdata.py test_doctests.py benchmarks \
  models/dp models/neural report/test_page.py report/test_browser.py report/test_certificate.py reference_data \
  evaluate/test_detection.py evaluate/test_utility.py cli/test_demo.py cli/test_demo_health.py cli/test_schema.py \
  cli/test_fill.py actions/delivering engines test_compile_anywhere.py domains language providers scenarios graph/test_picture.py encoders \
  test_pytest_plugin.py test_notebooks.py \
  $(patsubst %,introspect/test_from_%.py,ddl sqlalchemy url mapping manifest anything)
BROWSERS = chromium chromium-browser google-chrome chrome

PIP = -m pip install --quiet --disable-pip-version-check -c constraints.txt
READY = pyproject.toml constraints.txt

.PHONY: demo test test-newest test-duckdb15 slow slow-rest slow-schemas slow-duckdb15 gpu dbt browser servers randomness lint peers dist clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(VENV)/bin/genesis demo

test: test-newest test-duckdb15

test-newest: $(VENV)/.dev
	$(VENV)/bin/python -m pytest

test-duckdb15: $(VENV15)/.dev
	$(VENV15)/bin/python -m pytest $(SAME_ON_ANY_DUCKDB:%=--ignore=tests/%)

slow: slow-schemas slow-rest slow-duckdb15

slow-rest: $(VENV)/.dev
	$(VENV)/bin/python -m pytest -m "slow and not gpu and not dbt" --ignore=tests/schemas

slow-schemas: $(VENV)/.dev
	$(VENV)/bin/python -m pytest -m "slow and not gpu and not dbt" tests/schemas

slow-duckdb15: $(VENV15)/.dev
	$(VENV15)/bin/python -m pytest -m slow tests/models/test_sdv.py # SDV is in this one alone

gpu: $(VENV)/.dev
	$(VENV)/bin/python -m pytest -m gpu

dbt: $(VENV_DBT)/.done
	$(VENV_DBT)/bin/python -m pytest -m dbt tests/test_dbt.py

browser:
	@for b in $(BROWSERS); do command -v $$b > /dev/null && exit 0; done; apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null

servers:
	@ls /usr/lib/postgresql/*/bin/initdb /usr/bin/mariadb-install-db /usr/bin/java > /dev/null 2>&1 || { apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql mariadb-server openjdk-17-jre-headless > /dev/null; }

randomness: $(VENV)/.dev
	@command -v dieharder > /dev/null || { apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dieharder > /dev/null; }
	nice $(VENV)/bin/python -m benchmarks randomness --check

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy --strict genesis_sql udfs

peers: $(VENV_PEERS)/.done

dist: $(VENV)/.dev
	$(VENV)/bin/python -m build --outdir $(DIST)

clean:
	rm -rf $(VENV) $(VENV15) $(VENV_PEERS) $(VENV_DBT) build dist *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find genesis_sql udfs migrations reference_data tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# Environments: a stamp file says that one is complete.

%/.made:
	@$(PYTHON) -c 'import sys; sys.exit("genesis needs Python 3.10 or newer: make PYTHON=python3.12" if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv $*
	touch $@

$(VENV)/.demo: $(VENV)/.made $(READY)
	$(VENV)/bin/python $(PIP) -e ".[demo]"
	touch $@

$(VENV)/.dev: $(VENV)/.made $(READY)
	$(VENV)/bin/python $(PIP) -e ".[dev,engines,spark]"
	touch $@ $(VENV)/.demo

OLD = "$(DUCKDB15)" "pandas<3" "sqlalchemy<2.1"
$(VENV15)/.dev: $(VENV15)/.libraries $(READY)
	$(VENV15)/bin/python $(PIP) -e ".[dev,sdv]" $(OLD)
	touch $@

# What takes long to install and does not look at this checkout: .ci/run does it beside the other environment.
$(VENV15)/.libraries: $(VENV15)/.made constraints.txt
	$(VENV15)/bin/python $(PIP) torch sdv $(OLD)
	touch $@

# torch first and pinned: any other version brings gigabytes of CUDA.
$(VENV_PEERS)/.done: $(VENV_PEERS)/.made constraints.txt
	$(VENV_PEERS)/bin/python $(PIP) torch
	$(VENV_PEERS)/bin/python $(PIP) sdv sdmetrics duckdb pyarrow scipy scikit-learn
	touch $@

# Over the environment of the tests, which it sees behind its own: dbt wants an older pathspec than mypy.
SITE = -c "import sysconfig; print(sysconfig.get_path('purelib'))"
$(VENV_DBT)/.done: $(VENV_DBT)/.made $(VENV)/.dev
	$(VENV)/bin/python $(SITE) > "$$($(VENV_DBT)/bin/python $(SITE))/tests.pth"
	$(VENV_DBT)/bin/python $(PIP) --no-deps -e .
	$(VENV_DBT)/bin/python $(PIP) "dbt-core<1.12" "dbt-duckdb>=1.11,<1.12"
	touch $@

.PRECIOUS: %/.made
