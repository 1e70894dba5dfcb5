# syntax=docker/dockerfile:1
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
RUN python3 -m venv /opt/bridge
COPY requirements.lock ./
RUN /opt/bridge/bin/pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app ./app
RUN /opt/bridge/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM ${BASE}
LABEL org.opencontainers.image.title="Altcraft scenario bridge" \
      org.opencontainers.image.description="Turns webhooks into the start of Altcraft scenarios" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 bridge \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home bridge \
    && install -d -o bridge -g bridge -m 0750 /data
COPY --from=build /opt/bridge /opt/bridge
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
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import os,urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['BRIDGE_PORT'] + '/readyz', timeout=2)"]
ENTRYPOINT ["bridge"]
CMD ["serve"]
