"""The service that fails on purpose, whole."""

from pathlib import Path
from shutil import copytree

import pytest

SERVICE = Path(__file__).parent / "service"


@pytest.fixture(scope="package")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its directory, with what no checker of code would let pass."""
    directory = tmp_path_factory.mktemp("explained") / "service"
    copytree(SERVICE, directory)
    (directory / "broken.py").write_text(
        "import no_such_library\n\n\ndef main(event, context):\n    return None\n"
    )
    (directory / "garbled.py").write_text("def handler(event, context)\n    return None\n")
    return directory
