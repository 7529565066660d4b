"""A function's code: a zip archive unpacked once per content, or the developer's own directory, live."""

import base64
import hashlib
import io
import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.model import Code

HOT_RELOAD_BUCKET = "hot-reload"
"""LocalStack's marker, and ours: `S3Key` names a directory, whose files are used in place; or, here, an archive."""
ARCHIVES = (".zip", ".jar", ".whl")
MAX_UNZIPPED_BYTES = 262_144_000


class CodeStorage:
    """Archives, unpacked below `directory`, one folder for each content."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._archives = directory / "archives"
        self._built = directory / "built"
        """The developer's archives, unpacked anew by each emulator, so that old ones do not pile up."""
        shutil.rmtree(self._built, ignore_errors=True)
        self._unpacked: dict[str, tuple[tuple[int, int], Code]] = {}

    def resolve(self, code: dict[str, Any]) -> Code:
        """`Code` of CreateFunction or UpdateFunctionCode to code on disk. Raises InvalidParameterValueException."""
        if code.get("ZipFile"):
            unpacked = self._unpack(code["ZipFile"], self._directory)
            self._keep(code["ZipFile"], Path(unpacked.directory).name)
            return unpacked
        if code.get("S3Bucket") == HOT_RELOAD_BUCKET:
            return live_code(str(code.get("S3Key", "")))
        if image := code.get("ImageUri"):
            digest = image.partition("@sha256:")[2] or hashlib.sha256(image.encode()).hexdigest()
            return Code("", digest, 0, image=image)
        raise InvalidParameterValueException("Please provide a source for function code.")

    def current(self, code: Code) -> Code:
        """The code with the directory in which it lies now: a developer's archive is unpacked when it is new.

        Raises OSError when the archive cannot be read, and InvalidParameterValueException when it is none.
        """
        if not code.archive:
            return code
        status = os.stat(code.archive)
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._unpacked.get(code.archive)
        if known is None or known[0] != stamp:
            known = self._unpacked[code.archive] = (
                stamp,
                self._unpack(Path(code.archive).read_bytes(), self._built),
            )
        return known[1]

    def archive_of(self, directory: str) -> str:
        """The archive that a directory was unpacked from; empty when it wasn't, or nothing was kept."""
        path = Path(directory)
        archive = self._archives / f"{path.name}.zip"
        return str(archive) if path.parent == self._directory and archive.is_file() else ""

    def _keep(self, archive: bytes, name: str) -> None:
        target = self._archives / f"{name}.zip"
        if not target.is_file():
            self._archives.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._archives, delete=False) as scratch:
                scratch.write(archive)
            os.replace(scratch.name, target)

    def _unpack(self, archive: bytes, directory: Path) -> Code:
        digest = hashlib.sha256(archive).digest()
        target = directory / digest.hex()
        if not target.is_dir():
            directory.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(dir=directory))
            try:
                _extract(archive, scratch)
                os.rename(scratch, target)
            except OSError:
                if not target.is_dir():  # another thread may have been quicker
                    raise
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        return Code(str(target), base64.b64encode(digest).decode(), len(archive))


def live_code(path: str) -> Code:
    """The developer's directory or archive as code; its hash is of its name, for its content changes under us.

    An archive need not be there yet: somebody may build it before the function is called.
    """
    real = os.path.realpath(path)
    digest = base64.b64encode(hashlib.sha256(real.encode()).digest()).decode()
    if path.endswith(ARCHIVES):
        return Code("", digest, 0, live=True, archive=real)
    if not os.path.isdir(path):
        raise InvalidParameterValueException(f"Code directory {path!r} does not exist")
    return Code(real, digest, 0, live=True)


def _extract(archive: bytes, target: Path) -> None:
    """Unpack a zip; refuse what would land outside of `target`, links, and what is larger than Lambda takes."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
            members = bundle.infolist()
            if sum(member.file_size for member in members) > MAX_UNZIPPED_BYTES:
                raise InvalidParameterValueException(
                    f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes"
                )
            root = target.resolve()
            for member in members:
                mode = member.external_attr >> 16
                inside = (root / member.filename).resolve().is_relative_to(root)
                if not inside or stat.S_ISLNK(mode):
                    raise InvalidParameterValueException(
                        "Could not unzip uploaded file. Please check your file."
                    )
                path = bundle.extract(member, root)
                if mode & 0o111 and os.path.isfile(path):
                    os.chmod(path, 0o755)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidParameterValueException(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
