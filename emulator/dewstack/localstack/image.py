"""The image of LocalStack with dewstack in it, built from what is installed here: package, metadata, requirements."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from dewstack.localstack.ourselves import PACKAGE, Ourselves, ourselves
from dewstack.localstack.venv import VERSION

BASE = f"localstack/localstack:{VERSION}"
_DOCKERFILE = f"""FROM {BASE}
COPY requirements.txt /tmp/dewstack-requirements.txt
RUN python -m pip freeze --quiet > /tmp/installed.txt \\
 && python -m pip install --quiet --no-cache-dir -c /tmp/installed.txt -r /tmp/dewstack-requirements.txt \\
 && rm /tmp/installed.txt /tmp/dewstack-requirements.txt
COPY site /tmp/site
RUN cp -r /tmp/site/. "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" && rm -r /tmp/site
RUN ldconfig
"""
"""What is installed there keeps its version: LocalStack's packages are pinned to one another. Functions have a clean
environment: Python's library has to be found without LD_LIBRARY_PATH."""
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})


def build_context() -> bytes:
    """A tar that `docker build` makes the image of; the same content gives the same bytes."""
    us = ourselves()
    metadata = f"site/dewstack-{us.version}.dist-info"
    files = {
        "Dockerfile": _DOCKERFILE.encode(),
        "requirements.txt": "\n".join(us.requirements).encode(),
        f"{metadata}/METADATA": f"Name: dewstack\nVersion: {us.version}\n".encode(),
        f"{metadata}/entry_points.txt": "\n".join(_entry_points(us)).encode(),
    }
    for path in _package_files():
        files[f"site/dewstack/{path.relative_to(PACKAGE).as_posix()}"] = path.read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _package_files() -> Iterator[Path]:
    for path in PACKAGE.rglob("*"):
        if path.is_file() and _LEFT_OUT.isdisjoint(path.relative_to(PACKAGE).parts):
            yield path


def _entry_points(us: Ourselves) -> Iterator[str]:
    for group, points in sorted(us.entry_points.items()):
        yield f"[{group}]"
        yield from (f"{name} = {value}" for name, value in sorted(points.items()))
