# Two images from one distribution:
#
#   docker build --tag runway-gateway .               the gateway, the last stage
#   docker build --tag fake-runway --target fake .    the fake, for trying things out
#
# docs/deploy.md says how to run them.

# The minor version that the tests run on.
ARG PYTHON=3.11


FROM python:${PYTHON}-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /src

# Dependencies alone: this layer stays in the cache until these files change. All extras but those
# for development belong to it, because an image cannot be extended by its user as a venv can.
# Without binaries for this platform the build ends here: there is no compiler, on purpose.
COPY pyproject.toml constraints.txt ./
RUN python -m venv --without-pip /opt/venv \
    && python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
more = [n for e, ns in p['optional-dependencies'].items() if e not in ('test', 'dev') for n in ns]; \
print(*p['dependencies'], *more, sep='\n')" > /tmp/requirements.txt \
    && pip --python /opt/venv/bin/python install --only-binary :all: \
        -c constraints.txt -r /tmp/requirements.txt

# --no-index: everything that the wheel needs must have come with the layer above.
COPY README.md LICENSE ./
COPY contracts contracts
COPY fake_runway fake_runway
COPY gateway gateway
RUN pip wheel --no-deps --wheel-dir /tmp/wheels . \
    && pip --python /opt/venv/bin/python install --no-index /tmp/wheels/*.whl


# What both images share. Nothing runs here, so nothing can be left behind: the files belong to root,
# the user below can read them and write nothing.
FROM python:${PYTHON}-slim AS runtime

COPY --from=build /opt/venv /opt/venv

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# A number, so that Kubernetes can check `runAsNonRoot` without looking into the image.
USER 65532:65532

STOPSIGNAL SIGTERM


FROM runtime AS fake

LABEL org.opencontainers.image.title="fake-runway" \
      org.opencontainers.image.description="A stateful fake of the Runway realtime API" \
      org.opencontainers.image.licenses="Apache-2.0"

EXPOSE 4010

HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 4010, timeout=3); c.request('GET', '/health'); exit(c.getresponse().status != 200)"]

ENTRYPOINT ["fake-runway"]
CMD ["serve", "--host", "0.0.0.0"]


FROM runtime AS gateway

LABEL org.opencontainers.image.title="runway-gateway" \
      org.opencontainers.image.description="The server side of a Runway avatar call" \
      org.opencontainers.image.licenses="Apache-2.0"

# All addresses of the container: its own loopback address cannot be published.
ENV GATEWAY_HOST=0.0.0.0

EXPOSE 4011

HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
    CMD ["runway-gateway", "health"]

ENTRYPOINT ["runway-gateway"]
CMD ["serve"]
