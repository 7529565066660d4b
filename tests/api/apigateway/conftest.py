"""What the tests of API Gateway share."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.api.apigateway.http_api_client import Gateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway without any API yet."""
    with asyncio.Runner() as runner:
        gateway = Gateway(runner)
        yield gateway
        gateway.store.close()
