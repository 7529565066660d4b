# dewstack in an image: docker run -p 127.0.0.1:4566:4566 -p 127.0.0.1:3000:3000 -v $PWD:/app dewstack
FROM python:3.13-slim AS build
COPY requirements/runtime.txt /src/requirements/runtime.txt
RUN python -m venv /opt/dewstack \
 && /opt/dewstack/bin/pip install --quiet --no-cache-dir --disable-pip-version-check -r /src/requirements/runtime.txt
COPY . /src
RUN /opt/dewstack/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps /src

FROM python:3.13-slim
COPY --from=build /opt/dewstack /opt/dewstack
# State is kept outside of the project, which may be mounted read-only. Functions have a clean environment: Python's
# library has to be found without LD_LIBRARY_PATH.
RUN useradd --create-home --uid 10001 dew && mkdir /var/lib/dewstack && chown dew /var/lib/dewstack && ldconfig
ENV PATH=/opt/dewstack/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DEW_STATE_DIR=/var/lib/dewstack
USER dew
WORKDIR /app
EXPOSE 3000 4566 8000
HEALTHCHECK --interval=2s --timeout=3s --start-period=5s --retries=15 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:4566/_dew/health', timeout=2)"]
ENTRYPOINT ["dew"]
CMD ["up", "--host", "0.0.0.0"]
