"""How long an authorizer relies on what it knows of an issuer's keys."""

import asyncio
from typing import Any

import pytest

from dewstack.apigateway.jwks import LOCAL_FRESH_SECONDS, KeySets
from dewstack.apigateway.jwt import InvalidToken


class Issuers:
    """The issuers of this process, and how often each was asked for."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any] | None] = {}
        self.asked: list[str] = []
        self.now = 0.0
        self.key_sets = KeySets(self._keys, lambda: self.now)

    async def _keys(self, issuer: str) -> dict[str, Any] | None:
        self.asked.append(issuer)
        return self.documents.get(issuer)


def document(kid: str) -> dict[str, Any]:
    return {"keys": [{"kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB"}]}


def test_a_local_issuer_is_asked_once_a_second() -> None:
    async def scenario() -> None:
        issuers = Issuers()
        issuers.documents["a"] = document("one")
        first = await issuers.key_sets.get("a")
        assert await issuers.key_sets.get("a") is first
        assert issuers.asked == ["a"]
        issuers.now += LOCAL_FRESH_SECONDS
        assert await issuers.key_sets.get("a") is first
        assert issuers.asked == ["a", "a"]

    asyncio.run(scenario())


def test_changed_keys_are_another_key_set() -> None:
    async def scenario() -> None:
        issuers = Issuers()
        issuers.documents["a"] = document("one")
        first = await issuers.key_sets.get("a")
        issuers.documents["a"] = document("two")
        issuers.now += LOCAL_FRESH_SECONDS
        second = await issuers.key_sets.get("a")
        assert second is not first
        assert ("one" in first, "one" in second, "two" in second) == (True, False, True)

    asyncio.run(scenario())


def test_an_unknown_key_is_asked_for_at_once() -> None:
    async def scenario() -> None:
        issuers = Issuers()
        issuers.documents["a"] = document("one")
        await issuers.key_sets.get("a")
        issuers.documents["a"] = document("two")
        assert "two" in await issuers.key_sets.get("a", "two")

    asyncio.run(scenario())


def test_a_deleted_issuer_is_one_no_more() -> None:
    async def scenario() -> None:
        issuers = Issuers()
        issuers.documents["http://127.0.0.1:1/gone"] = document("one")
        await issuers.key_sets.get("http://127.0.0.1:1/gone")
        issuers.documents.clear()
        issuers.now += LOCAL_FRESH_SECONDS
        with pytest.raises(InvalidToken, match="OIDC discovery endpoint communication error"):
            await issuers.key_sets.get("http://127.0.0.1:1/gone")

    asyncio.run(scenario())
