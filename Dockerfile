# syntax=docker/dockerfile:1
# ValuePulse: docker build -t valuepulse . && docker run --rm valuepulse --help
# Two stages: the first installs what the lock files pin and compiles the kernel, the second carries only the result.

FROM python:3.13-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/valuepulse
ENV PATH=/opt/valuepulse/bin:$PATH
WORKDIR /src
# Its own layer: a change of the code doesn't install 60 packages again. Every one has a wheel, so no compiler is needed.
COPY requirements.lock .
RUN pip install --only-binary :all: --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY scoring scoring
COPY streams streams
# The build backend makes one wheel, in a place that this stage leaves behind: it is no part of the image.
COPY requirements-build.lock .
RUN python -m venv /tmp/build \
 && /tmp/build/bin/pip install --only-binary :all: --require-hashes --requirement requirements-build.lock \
 && /tmp/build/bin/hatchling build --target wheel --directory /tmp/wheel \
 && pip install --no-deps /tmp/wheel/*.whl
# numba compiles for the processor it finds. "generic" makes a kernel that every machine can load instead of compiling its own.
ENV NUMBA_CACHE_DIR=/var/cache/valuepulse NUMBA_CPU_NAME=generic
RUN valuepulse doctor --warm


FROM python:3.13-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
LABEL org.opencontainers.image.title="ValuePulse" \
      org.opencontainers.image.description="Real-time customer value scoring on Kafka and Redis" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 valuepulse && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin valuepulse
COPY --from=build /opt/valuepulse /opt/valuepulse
# Owned by the user: numba takes no cache that it can't write to, and then refuses to start.
COPY --from=build --chown=10001:10001 /var/cache/valuepulse /var/cache/valuepulse
ENV PATH=/opt/valuepulse/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/var/cache/valuepulse \
    NUMBA_CPU_NAME=generic
USER 10001:10001
WORKDIR /tmp
STOPSIGNAL SIGTERM
# /livez of `valuepulse worker`; a container with another command switches this off (see docker-compose.yml).
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('VALUEPULSE_HTTP_PORT', '8080') + '/livez', timeout=2)"]
ENTRYPOINT ["valuepulse"]
CMD ["worker"]
