# make run    everything a fresh machine needs, then HourTab on http://localhost:8000 (PORT=… changes it)
# make test   every check and every test, on SQLite and on PostgreSQL
# make check  the quick half: format, lint, types, import direction, templates, migrations
# make bench  measurements, as JSON lines

VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench format lock clean

run: $(VENV)/run.stamp
	@$(BIN)/python -m hourtab demo --if-new
	@exec $(BIN)/python -m hourtab serve

test: check
	@$(BIN)/python -m tests.browser
	$(BIN)/python -m pytest -n 2 --dist worksteal
	HOURTAB_TEST_ON=postgres $(BIN)/python -m pytest -n 2 --dist worksteal --ignore=tests/core -m "not looks"

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint hourtab/templates --lint --quiet
	SECRET_KEY=check LINK_KEY=check HOURTAB_VAR=$$(mktemp -d) $(BIN)/python -m hourtab makemigrations --check --dry-run

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m bench

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

# Needs uv.
lock:
	uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements/run.txt
	uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/run.stamp: requirements/run.txt $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/run.stamp

# The newest suitable Python on this machine.
$(BIN)/python:
	@for name in python3.14 python3.13 python3.12 python3 python "$$HOME"/.pyenv/versions/3.1[2-4]*/bin/python3; do \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
	    "$$name" -m venv $(VENV) || { echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }; \
	    exit 0; \
	  fi; \
	done; \
	echo "HourTab needs Python 3.12 or newer, and none was found (python3 is $$(python3 --version 2>&1)). Install one, then run make again."; exit 1
