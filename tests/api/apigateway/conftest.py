"""What the tests of API Gateway share."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.api.apigateway.http_api_client import Gateway
from tests.api.apigateway.rest_api_client import RestGateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway without any API yet."""
    with asyncio.Runner() as runner:
        gateway = Gateway(runner)
        yield gateway
        gateway.store.close()


@pytest.fixture
def rest() -> Iterator[RestGateway]:
    """A gateway without any API yet, for REST APIs."""
    with asyncio.Runner() as runner:
        gateway = RestGateway(runner)
        yield gateway
        gateway.store.close()
