# syntax=docker/dockerfile:1
# Any Debian with python3 (3.11 or later) and its venv module serves. Pin it by digest where the
# same image has to come out again: BASE=docker.io/library/python:3.11-slim-bookworm@sha256:...
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
# deploy/locks/otel.lock: with what traces need.
ARG LOCK=requirements.lock
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
# What builds stays here: the program's own environment has not even pip.
RUN python3 -m venv /opt/tools && python3 -m venv --without-pip /opt/bridge
COPY deploy/locks/image.lock ./
RUN /opt/tools/bin/pip install --require-hashes -r image.lock
COPY ${LOCK} ./runtime.lock
RUN /opt/tools/bin/pip --python /opt/bridge/bin/python install --no-compile \
    --require-hashes --only-binary :all: -r runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY app ./app
# The file system may be read-only, so all is compiled here, and by hash: no time gets in.
RUN SOURCE_DATE_EPOCH=315532800 /opt/tools/bin/pip wheel --no-deps --no-build-isolation \
        --wheel-dir wheels . \
    && /opt/tools/bin/pip --python /opt/bridge/bin/python install --no-compile --no-deps wheels/*.whl \
    && PYTHONHASHSEED=0 /opt/bridge/bin/python -m compileall -qf -j 1 \
        --invalidation-mode unchecked-hash /opt/bridge/lib \
    && install -d sbom \
    && /opt/tools/bin/cyclonedx-py environment /opt/bridge/bin/python --pyproject pyproject.toml \
        --output-reproducible --of JSON --sv 1.6 -o sbom/altcraft-bridge.cdx.json

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="Altcraft scenario bridge" \
      org.opencontainers.image.description="Turns webhooks into the start of Altcraft scenarios" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# Not by useradd: it writes the day into the shadow file.
RUN echo "bridge:x:10001:" >> /etc/group \
    && echo "bridge:x:10001:10001::/data:/usr/sbin/nologin" >> /etc/passwd \
    && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=build /opt/bridge /opt/bridge
COPY --from=build /build/sbom /usr/share/sbom
ENV PATH=/opt/bridge/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BRIDGE_HOST=0.0.0.0 \
    BRIDGE_PORT=8080 \
    BRIDGE_CONFIG=/etc/bridge/bridge.yaml \
    BRIDGE_DATABASE_URL=sqlite+aiosqlite:////data/bridge.db
USER 10001:10001
# The root file system may be read-only: all that is written is under /data.
VOLUME /data
WORKDIR /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os,urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['BRIDGE_PORT'] + '/readyz', timeout=2)"]
ENTRYPOINT ["bridge"]
CMD ["serve"]
