"""A function's code: archives unpacked safely, directories used in place."""

import base64
import hashlib
import io
import stat
import zipfile

import pytest

from dewstack.errors import AwsError
from dewstack.lambda_.code import CodeStorage


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def test_an_archive_is_unpacked_once_and_known_by_its_hash(tmp_path):
    storage = CodeStorage(tmp_path)
    content = archive(**{"f.py": "x = 1", "pkg/__init__.py": ""})
    code = storage.resolve({"ZipFile": content})
    assert code.sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert code.size == len(content) and not code.live
    assert (tmp_path / hashlib.sha256(content).hexdigest() / "pkg/__init__.py").exists()
    assert storage.resolve({"ZipFile": content}) == code
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["archives", tmp_path.joinpath(code.directory).name]
    )


@pytest.mark.parametrize("name", ["../outside.py", "/etc/outside.py", "a/../../outside.py"])
def test_an_archive_cannot_write_outside(tmp_path, name):
    with pytest.raises(AwsError) as caught:
        CodeStorage(tmp_path / "code").resolve({"ZipFile": archive(**{name: "x"})})
    assert caught.value.code == "InvalidParameterValueException"
    assert not list(tmp_path.rglob("outside.py"))


def test_an_archive_with_a_link_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        bundle.writestr(link, "/etc/passwd")
    with pytest.raises(AwsError):
        CodeStorage(tmp_path).resolve({"ZipFile": buffer.getvalue()})


def test_an_archive_that_is_too_large_is_refused_before_it_is_unpacked(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle, bundle.open("big", "w") as file:
        for _ in range(251):
            file.write(bytes(1024 * 1024))
    with pytest.raises(AwsError, match="Unzipped size must be smaller than 262144000 bytes"):
        CodeStorage(tmp_path).resolve({"ZipFile": buffer.getvalue()})


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04 broken"])
def test_what_is_not_an_archive_is_refused(tmp_path, content):
    with pytest.raises(AwsError, match="Could not unzip uploaded file"):
        CodeStorage(tmp_path).resolve({"ZipFile": content})


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(AwsError, match="does not exist"):
        CodeStorage(tmp_path).resolve({"S3Bucket": "hot-reload", "S3Key": str(tmp_path / "none")})
