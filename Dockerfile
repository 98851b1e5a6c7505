FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /src

# Every file has to have its hash; tests that come along with packages are left out.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
    && find "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" -type d -name tests -prune -exec rm -r {} +

# PyTorch's index of CPU builds spares several GB of CUDA libraries. Empty (pip ignores it then): torch comes from PyPI.
ARG TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
# Without what only compilers and torch's own tests use.
RUN PIP_EXTRA_INDEX_URL="$TORCH_INDEX_URL" pip install --no-cache-dir torch==2.13.0 \
    && torch="$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch" \
    && rm -r "$torch/include" "$torch/test" \
    && find "$torch/bin" -type f ! -name torch_shm_manager -delete

# Torch and streamlit ask for the name and the home of the user, who may be another one than this (`--user`), so both
# folders are open to all. /data is the only folder that persists.
RUN useradd --uid 10001 --create-home normscape \
    && install -d -o 10001 -g 10001 -m 1777 /data \
    && chmod 1777 /home/normscape

COPY pyproject.toml README.md LICENSE CITATION.cff __init__.py __main__.py app.py ./
COPY .streamlit .streamlit/
COPY specs specs/
COPY models models/
COPY landscape landscape/
COPY figures figures/
COPY exports exports/
COPY gallery gallery/
COPY jobs jobs/
COPY notebook notebook/
COPY cli cli/
COPY views views/
COPY static static/
# Built with the locked setuptools; pip compiles the modules, since the user cannot write beside them.
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

ENV HOME=/home/normscape \
    USER=normscape \
    NORMSCAPE_DATA=/data \
    NORMSCAPE_HOME=/data/store
VOLUME /data
WORKDIR /home/normscape
USER 10001:10001
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

CMD ["normscape", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
