"""The image of LocalStack with dewstack in it, built from what is installed here: package, metadata, requirements."""

import io
import re
import tarfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

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
_PACKAGE = Path(__file__).parents[1]
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})


def build_context() -> bytes:
    """A tar that `docker build` makes the image of; the same content gives the same bytes."""
    package = distribution("dewstack")
    files = {
        "Dockerfile": _DOCKERFILE.encode(),
        "requirements.txt": "\n".join(_requirements(package)).encode(),
    }
    metadata = f"site/dewstack-{package.version}.dist-info"
    files[f"{metadata}/METADATA"] = f"Name: dewstack\nVersion: {package.version}\n".encode()
    files[f"{metadata}/entry_points.txt"] = "\n".join(_entry_points(package)).encode()
    for path in _package_files():
        files[f"site/dewstack/{path.relative_to(_PACKAGE).as_posix()}"] = path.read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _package_files() -> Iterator[Path]:
    for path in _PACKAGE.rglob("*"):
        if path.is_file() and _LEFT_OUT.isdisjoint(path.relative_to(_PACKAGE).parts):
            yield path


def _requirements(package: Distribution) -> list[str]:
    """What dewstack itself needs; not its extras."""
    return [each for each in package.requires or () if not re.search(r";.*\bextra\s*==", each)]


def _entry_points(package: Distribution) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for each in package.entry_points:
        groups.setdefault(each.group, []).append(f"{each.name} = {each.value}")
    for group, lines in sorted(groups.items()):
        yield f"[{group}]"
        yield from sorted(lines)
