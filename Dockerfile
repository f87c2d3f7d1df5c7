# syntax=docker/dockerfile:1
# A child node, or the runtime of a notebook: see docs/images.md, also for how to name the base image by its digest.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
# Of `pyproject.toml`: `tls` is what every child needs that is on another machine than its parent.
ARG EXTRAS=tls
# What the code of the children imports besides, as pip has it: "torch==2.13.0 transformers".
ARG PACKAGES=""
WORKDIR /source
COPY pyproject.toml README.md ./
COPY docs/notebooks docs/notebooks
COPY beamlike beamlike
COPY nodes nodes
COPY flame flame
COPY notebook_tui notebook_tui
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .
RUN python -m venv /opt/beamlike \
    && wheel=$(ls /wheels/beamlike-*.whl) \
    && /opt/beamlike/bin/python -m pip install --no-cache-dir --compile "${wheel}[${EXTRAS}]" ${PACKAGES}

FROM ${PYTHON_IMAGE}
# As process 1: it hands signals on, and buries what a child's code has started and left.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 beamlike \
    && useradd --uid 10001 --gid 10001 --create-home --home-dir /home/beamlike beamlike
COPY --from=build /opt/beamlike /opt/beamlike
ENV PATH=/opt/beamlike/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/home/beamlike
USER 10001:10001
WORKDIR /home/beamlike
# Where a child listens that its parent dials; one that dials needs no port.
EXPOSE 44444
ENTRYPOINT ["tini", "-g", "--"]
CMD ["python", "-m", "nodes.child"]
