# The same steps as `make setup`, then the app, which starts its own worker.
#   docker build -t hallucinoscope .   &&   docker run -p 8000:8000 -v findings:/data hallucinoscope
FROM python:3.11-slim
# e.g. --build-arg PIP_ARGS="--index-url <index of CPU builds>" for an image without CUDA
ARG PIP_ARGS=""
WORKDIR /srv/hallucinoscope
RUN useradd --create-home --uid 10001 scope && mkdir /data && chown scope /data
COPY pyproject.toml constraints.txt README.md ./
RUN pip install --no-cache-dir ${PIP_ARGS} torch==2.13.0 \
 && pip install --no-cache-dir ${PIP_ARGS} -c constraints.txt torch==2.13.0 . \
 && rm -rf build *.egg-info
COPY protocol protocol
COPY model_worker model_worker
COPY app app
COPY static static
COPY templates templates
USER scope
ENV HOST=0.0.0.0 PORT=8000 DATA_DIR=/data PYTHONUNBUFFERED=1 HF_HOME=/data/huggingface
EXPOSE 8000
VOLUME /data
HEALTHCHECK CMD ["python", "-c", "import json,os,urllib.request as u; assert json.load(u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz'))['ready']"]
CMD ["python", "-m", "app"]
