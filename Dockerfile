# syntax=docker/dockerfile:1
FROM python:3.12-slim AS packages
COPY requirements/run.txt /requirements.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin gatehouse \
    && install -d -o gatehouse -g gatehouse -m 0700 /data /data/log
COPY --from=packages /venv /venv
WORKDIR /gatehouse
COPY manage.py ./
COPY apps apps
COPY gateway_runtime gateway_runtime
COPY portal portal
COPY static static
COPY templates templates
RUN /venv/bin/python -m compileall -q apps gateway_runtime portal
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GATEHOUSE_BIND=0.0.0.0 \
    GATEHOUSE_DATA_DIR=/data
USER gatehouse
VOLUME /data
EXPOSE 8000 8080
# Everything in one container; docker-compose.yml runs each process in its own.
CMD ["python", "-m", "portal.supervisor"]
