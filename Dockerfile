# syntax=docker/dockerfile:1
# The app, which starts its own worker; or the worker alone, by another command: see compose.yaml.
#   docker build -t hallucinoscope .                       for CPUs
#   docker build -t hallucinoscope:cuda --target cuda .    for GPUs; then: docker run --gpus all …
#   docker run -p 127.0.0.1:8000:8000 -v findings:/data hallucinoscope

FROM python:3.11-slim AS packages
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
# pip asks for the README that pyproject.toml names; an empty one spares a new image after every edit
RUN python -m venv /opt/venv && touch README.md
COPY pyproject.toml constraints.txt ./

# torch first and alone, see Makefile. PIP_ARGS: e.g. the index of a mirror
FROM packages AS packages-cuda
ARG PIP_ARGS=""
RUN pip install ${PIP_ARGS} torch==2.13.0 \
 && pip install ${PIP_ARGS} -c constraints.txt torch==2.13.0 .

FROM packages AS packages-cpu
ARG PIP_ARGS=""
ARG TORCH_ARGS="--index-url https://download.pytorch.org/whl/cpu"
RUN pip install ${TORCH_ARGS} torch==2.13.0 \
 && pip install ${PIP_ARGS} -c constraints.txt torch==2.13.0 .

FROM python:3.11-slim AS hallucinoscope
RUN useradd --create-home --uid 10001 scope && install -d -o scope /data /data/huggingface /data/store
WORKDIR /srv/hallucinoscope
COPY LICENSE LICENSE
COPY protocol protocol
COPY model_worker model_worker
COPY app app
COPY static static
COPY templates templates
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8000 DATA_DIR=/data HF_HOME=/data/huggingface
USER scope
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=5)"]
CMD ["python", "-m", "app"]

# --link: these layers are large, and stay as they are when the code above them changes
FROM hallucinoscope AS cuda
COPY --link --from=packages-cuda /opt/venv /opt/venv

FROM hallucinoscope AS cpu
COPY --link --from=packages-cpu /opt/venv /opt/venv
