"""An emulator without a map, user pools in it, and the client libraries that are pointed at it."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from dewstack.testing import Dew, start
from tests.e2e.clients.peer import Peer, install_modules
from tests.e2e.clients.people import Pool


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator for each module, without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def make_pool(dew: Dew) -> Callable[..., Pool]:
    """Makes user pools; settings are those of CreateUserPool."""
    numbers = itertools.count(1)

    return partial(Pool.made, dew, numbers)


@pytest.fixture(scope="module")
def pool(make_pool: Callable[..., Pool]) -> Pool:
    """A user pool with nothing special: a password, an e-mail address that is verified by a code."""
    return make_pool()


@pytest.fixture
def amplify_of(make_peer: Callable[..., Peer]) -> Callable[..., Peer]:
    """Amplify, configured for a pool (and a client of it), each in a place of its own."""

    def configured(pool: Pool, client_id: str = "") -> Peer:
        amplify = make_peer("amplify")
        amplify(
            "configure",
            {
                "userPoolId": pool.id,
                "userPoolClientId": client_id or pool.client().id,
                "userPoolEndpoint": pool.dew.aws_url,
            },
        )
        return amplify

    return configured


@pytest.fixture
def identity_of(make_peer: Callable[..., Peer]) -> Callable[..., Peer]:
    """amazon-cognito-identity-js, configured for a pool (and a client of it)."""

    def configured(pool: Pool, client_id: str = "") -> Peer:
        peer = make_peer("identity")
        peer("configure", pool.id, client_id or pool.client().id, pool.dew.aws_url)
        return peer

    return configured


@pytest.fixture
def make_peer() -> Iterator[Callable[..., Peer]]:
    """Starts the client libraries from npm, each in a process of its own."""
    install_modules()
    peers: list[Peer] = []

    def make(program: str, **environment: str) -> Peer:
        peers.append(Peer(program, **environment))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()
