"""An emulator on a real socket, spoken to by boto3."""

from collections.abc import Iterator

import pytest

from dewstack.testing import Dew, start

pytest.importorskip("moto", reason="needs the extra aws")


@pytest.fixture(scope="module")
def aws() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as dew:
        yield dew
