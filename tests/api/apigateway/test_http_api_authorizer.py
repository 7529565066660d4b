"""The JWT authorizer of HTTP APIs: whose tokens pass, what the others are told, what the function learns."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dewstack.http import Response
from tests.api.apigateway.http_api_client import Gateway, echo, header
from tests.api.apigateway.tokens import jwks, key, segment, sign

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abcdefghi"
CLIENT = "1example23456789"


class Pool:
    """A gateway whose `GET /me` is behind an authorizer, and the claims of a token that passes it."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        gateway.jwks[ISSUER] = jwks("one", "two")
        cors = {
            "AllowOrigins": ["http://127.0.0.1:8000"],
            "AllowMethods": ["GET"],
            "AllowHeaders": ["authorization"],
        }
        gateway.create("GET /open", CorsConfiguration=cors)
        self.authorizer = self.authorize(ISSUER)
        self.protect("GET /me")

    def authorize(self, issuer: str, source: str = "$request.header.Authorization") -> str:
        created = self.gateway.call(
            "CreateAuthorizer",
            Name="pool",
            AuthorizerType="JWT",
            IdentitySource=[source],
            JwtConfiguration={"Issuer": issuer, "Audience": [CLIENT, "another"]},
        )
        return str(created["AuthorizerId"])

    def protect(self, route_key: str, *scopes: str, authorizer: str = "") -> None:
        self.gateway.call(
            "CreateRoute",
            RouteKey=route_key,
            Target=self.gateway.integration(),
            AuthorizationType="JWT",
            AuthorizerId=authorizer or self.authorizer,
            AuthorizationScopes=list(scopes),
        )

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.gateway.clock.time())
        claims = {"iss": ISSUER, "client_id": CLIENT, "exp": now + 3600, "iat": now, "sub": "me"} | changes
        return {name: value for name, value in claims.items() if value is not ...}

    def get(self, token: str | None, path: str = "/me") -> Response:
        return self.gateway.get(path, Authorization=token) if token is not None else self.gateway.get(path)

    def authorizer_of(self, token: str, path: str = "/me") -> dict[str, Any]:
        response = self.get(token, path)
        assert response.status == 200, response
        context: dict[str, Any] = json.loads(response.body)["requestContext"]["authorizer"]
        return context


@pytest.fixture
def pool(gateway: Gateway) -> Pool:
    return Pool(gateway)


def refused(response: Response, description: str | None = None) -> None:
    assert (response.status, response.body) == (401, b'{"message":"Unauthorized"}')
    (challenge,) = header(response, "www-authenticate")
    if description is None:
        assert challenge == "Bearer"
    else:
        assert challenge == f'Bearer scope="" error="invalid_token" error_description="{description}"'


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
def test_a_good_token_passes_with_or_without_bearer(pool: Pool, prefix: str) -> None:
    token = sign(pool.claims())
    assert pool.authorizer_of(prefix + token)["jwt"]["claims"]["sub"] == "me"


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_rsa_algorithms_pass(pool: Pool, algorithm: str) -> None:
    for jwk in pool.gateway.jwks[ISSUER]["keys"]:
        del jwk["alg"]
    assert pool.get(sign(pool.claims(), alg=algorithm)).status == 200


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_refused_without_a_reason(pool: Pool, token: str | None) -> None:
    refused(pool.get(token))


@pytest.mark.parametrize("token", ["x", "Bearer", "Bearer ", "a.b", "a.b.c.d.e", "Basic dTpw"])
def test_what_is_no_token_has_the_wrong_number_of_segments(pool: Pool, token: str) -> None:
    refused(pool.get(token), "token contains an invalid number of segments")


@pytest.mark.parametrize("token", ["a.b.c", "..", "bnVsbA.e30.x", "\xff.\xfe.x", "W10.e30.x", "e30=.e30.e30"])
def test_garbage_in_three_segments_is_refused(pool: Pool, token: str) -> None:
    response = pool.get(token)
    assert response.status == 401


def test_an_unsigned_token_is_refused(pool: Pool) -> None:
    for algorithm in ("none", "None", "NONE"):
        token = f"{segment({'alg': algorithm, 'kid': 'one'})}.{segment(pool.claims())}."
        refused(pool.get(token), f"signing method {algorithm} is invalid")


def test_a_token_signed_with_the_public_key_as_hmac_secret_is_refused(pool: Pool) -> None:
    message = f"{segment({'alg': 'HS256', 'kid': 'one'})}.{segment(pool.claims())}"
    for secret in (key("one").as_pem(private=False), json.dumps(jwks("one")["keys"][0]).encode()):
        digest = hmac.new(secret, message.encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        refused(pool.get(f"{message}.{signature}"), "signing method HS256 is invalid")


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA", 'x" y="', None, 5, ["RS256"], {"a": 1}])
def test_other_algorithms_are_refused(pool: Pool, algorithm: Any) -> None:
    response = pool.get(f"{segment({'alg': algorithm, 'kid': 'one'})}.{segment(pool.claims())}.AAAA")
    assert response.status == 401
    assert header(response, "www-authenticate")[0].count('"') == 6


def test_a_foreign_key_is_refused_under_any_kid(pool: Pool) -> None:
    from joserfc.jws import serialize_compact

    payload = json.dumps(pool.claims()).encode()
    for kid, description in (
        ("one", "crypto/rsa: verification error"),
        ("foreign", "the token was not signed with a key of the issuer"),
    ):
        protected = {"alg": "RS256", "kid": kid}
        refused(pool.get(serialize_compact(protected, payload, key("foreign"))), description)


def test_a_key_that_the_token_brings_along_is_not_used(pool: Pool) -> None:
    token = sign(pool.claims(), "foreign", jwk=jwks("foreign")["keys"][0])
    assert pool.get(token).status == 401


def test_other_header_members_do_not_matter(pool: Pool) -> None:
    token = sign(pool.claims(), typ="at+jwt", x5c=["A" * 2_000], nonce="x", jku="https://evil.example/keys")
    assert pool.get(token).status == 200


def test_a_critical_extension_that_nobody_knows_is_refused(pool: Pool) -> None:
    token = sign(pool.claims(), crit=["b64", "exp"], b64=True, exp=1)
    refused(pool.get(token), "crypto/rsa: verification error")


@pytest.mark.parametrize("kid", [None, 5, ["one"]])
def test_the_token_must_name_its_key(pool: Pool, kid: Any) -> None:
    token = f"{segment({'alg': 'RS256', 'kid': kid})}.{segment(pool.claims())}.AAAA"
    refused(pool.get(token), "the token does not name its key")


def test_a_changed_payload_or_signature_is_refused(pool: Pool) -> None:
    head, body, signature = sign(pool.claims()).split(".")
    refused(
        pool.get(f"{head}.{segment(pool.claims(sub='you'))}.{signature}"), "crypto/rsa: verification error"
    )
    refused(pool.get(f"{head}.{body}.{signature[:-4]}AAAA"), "crypto/rsa: verification error")
    refused(pool.get(f"{head}.{body}."), "crypto/rsa: verification error")


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"iss": "https://evil.example"}, "issuer does not match"),
        ({"iss": ...}, "issuer does not match"),
        ({"iss": [ISSUER]}, "issuer does not match"),
        ({"client_id": "stranger"}, "the token does not have a valid audience"),
        ({"client_id": ...}, "the token does not have a valid audience"),
        ({"aud": "stranger"}, "the token does not have a valid audience"),
        ({"aud": None}, "the token does not have a valid audience"),
        ({"aud": []}, "the token does not have a valid audience"),
        ({"aud": [["another"], {}]}, "the token does not have a valid audience"),
        ({"exp": ...}, "the token has expired"),
        ({"exp": "9999999999"}, "the token has expired"),
        ({"exp": True}, "the token has expired"),
        ({"exp": 1}, "the token has expired"),
        ({"nbf": 9_999_999_999}, "the token is not valid yet"),
        ({"iat": 9_999_999_999}, "the token is not valid yet"),
        ({"iat": "yesterday"}, "the token is not valid yet"),
    ],
)
def test_claims_that_do_not_fit_are_refused(pool: Pool, changes: dict[str, Any], description: str) -> None:
    refused(pool.get(sign(pool.claims(**changes))), description)


@pytest.mark.parametrize("changes", [{"aud": "another"}, {"aud": ["x", CLIENT], "client_id": "stranger"}])
def test_an_audience_is_enough(pool: Pool, changes: dict[str, Any]) -> None:
    assert pool.get(sign(pool.claims(**changes))).status == 200


def test_a_verified_token_still_expires(pool: Pool) -> None:
    token = sign(pool.claims())
    assert pool.get(token).status == 200
    pool.gateway.clock.advance(3500)
    assert pool.get(token).status == 200
    pool.gateway.clock.advance(100)
    refused(pool.get(token), "the token has expired")


def test_a_verified_token_is_judged_anew_at_each_authorizer(pool: Pool) -> None:
    token = sign(pool.claims(scope="read"))
    assert pool.get(token).status == 200
    pool.protect("GET /write", "write")
    assert pool.get(token, "/write").status == 403
    pool.gateway.call(
        "UpdateAuthorizer",
        AuthorizerId=pool.authorizer,
        JwtConfiguration={"Issuer": ISSUER, "Audience": ["others"]},
    )
    refused(pool.get(token), "the token does not have a valid audience")


def test_a_verified_token_falls_with_its_key(pool: Pool) -> None:
    pool.gateway.jwks[ISSUER] = jwks("one")
    old, new = sign(pool.claims()), sign(pool.claims(), "two")
    assert pool.get(old).status == 200
    pool.gateway.jwks[ISSUER] = jwks("two")
    assert pool.get(new).status == 200
    refused(pool.get(old), "the token was not signed with a key of the issuer")


@pytest.mark.parametrize("claim", [{"scope": "read write"}, {"scp": ["write"]}, {"scp": "write"}])
def test_one_of_the_scopes_is_enough(pool: Pool, claim: dict[str, Any]) -> None:
    pool.protect("GET /write", "write", "admin")
    assert pool.get(sign(pool.claims(**claim)), "/write").status == 200


@pytest.mark.parametrize(
    "claim", [{}, {"scope": "read"}, {"scope": ""}, {"scp": [1, None]}, {"scope": "writer"}]
)
def test_without_a_scope_it_is_forbidden(pool: Pool, claim: dict[str, Any]) -> None:
    pool.protect("GET /write", "write", "admin")
    response = pool.get(sign(pool.claims(**claim)), "/write")
    assert (response.status, response.body) == (403, b'{"message":"Forbidden"}')


def test_the_function_sees_flat_claims(pool: Pool) -> None:
    claims = pool.claims(
        **{
            "cognito:groups": ["admin", "poweruser"],
            "email_verified": True,
            "exp": 9_999_999_999,
            "iat": 1_700_000_000,
            "nothing": None,
            "empty": [],
            "ratio": 1.5,
            "address": {"city": "Köln", "n": 1},
            "identities": [{"userId": "1", "primary": True, "issuer": None}],
        }
    )
    assert pool.authorizer_of(sign(claims)) == {
        "jwt": {
            "claims": {
                "iss": ISSUER,
                "client_id": CLIENT,
                "sub": "me",
                "cognito:groups": "[admin poweruser]",
                "email_verified": "true",
                "exp": "9999999999",
                "iat": "1700000000",
                "empty": "[]",
                "ratio": "1.5",
                "address": '{"city":"Köln","n":1}',
                "identities": "[map[issuer:<nil> primary:true userId:1]]",
            },
            "scopes": None,
        }
    }


def test_scopes_are_shown_where_the_route_declares_some(pool: Pool) -> None:
    pool.protect("GET /write", "write")
    token = sign(pool.claims(scope="read write"))
    assert pool.authorizer_of(token, "/write")["jwt"]["scopes"] == ["read", "write"]
    assert pool.authorizer_of(token)["jwt"]["scopes"] is None


def test_payload_1_0_has_the_claims_too(pool: Pool) -> None:
    pool.gateway.call(
        "CreateRoute",
        RouteKey="GET /v1",
        Target=pool.gateway.integration("1.0"),
        AuthorizationType="JWT",
        AuthorizerId=pool.authorizer,
    )
    authorizer = pool.authorizer_of(sign(pool.claims()), "/v1")
    assert authorizer["claims"]["sub"] == "me"
    assert authorizer["scopes"] is None


def test_a_token_in_the_query_string(pool: Pool) -> None:
    authorizer = pool.authorize(ISSUER, "$request.querystring.token")
    pool.protect("GET /download", authorizer=authorizer)
    token = sign(pool.claims())
    assert pool.gateway.get(f"/download?token={token}").status == 200
    refused(pool.get(token, "/download"))
    refused(pool.gateway.get("/download?token="))


def test_a_refused_request_invokes_nothing_and_has_cors_headers(pool: Pool) -> None:
    response = pool.gateway.get("/me", Origin="http://127.0.0.1:8000")
    refused(response)
    assert header(response, "access-control-allow-origin") == ["http://127.0.0.1:8000"]
    assert pool.gateway.invoked == []


def test_a_preflight_needs_no_token_unless_its_route_catches_options(pool: Pool) -> None:
    preflight = {"Origin": "http://127.0.0.1:8000", "Access-Control-Request-Method": "GET"}
    assert pool.gateway.request("OPTIONS", "/me", preflight).status == 204
    pool.protect("$default")
    assert pool.gateway.request("OPTIONS", "/anything", preflight).status == 401
    pool.gateway.call("CreateRoute", RouteKey="OPTIONS /{proxy+}", Target=pool.gateway.integration())
    assert pool.gateway.request("OPTIONS", "/anything", preflight).status == 204


class Issuer(ThreadingHTTPServer):
    """An OpenID provider of its own, outside of this process's pools."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _IssuerHandler)
        self.url = f"http://127.0.0.1:{self.server_port}/realm"
        self.jwks: Any = jwks("one")
        self.jwks_uri = f"{self.url}/keys"
        self.requests: list[str] = []


class _IssuerHandler(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        discovery = {"issuer": self.server.url, "jwks_uri": self.server.jwks_uri}
        body = json.dumps(
            discovery if self.path.endswith("/openid-configuration") else self.server.jwks
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    server = Issuer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_keys_of_another_issuer_are_fetched_once(pool: Pool, issuer: Issuer) -> None:
    pool.protect("GET /them", authorizer=pool.authorize(issuer.url))
    for subject in ("a", "b"):
        token = sign(pool.claims(iss=issuer.url, sub=subject))
        assert pool.authorizer_of(token, "/them")["jwt"]["claims"]["sub"] == subject
    assert issuer.requests == ["/realm/.well-known/openid-configuration", "/realm/keys"]


def test_many_at_once_fetch_once(pool: Pool, issuer: Issuer) -> None:
    pool.protect("GET /them", authorizer=pool.authorize(issuer.url))
    token = sign(pool.claims(iss=issuer.url))
    gateway = pool.gateway

    async def several() -> list[Response]:
        from dewstack.http import Request

        headers = [(b"host", b"x"), (b"authorization", token.encode())]
        requests = [Request("GET", "/them", "", headers, b"") for _ in range(10)]
        return await asyncio.gather(*(gateway.api.execute(gateway.api_id, request) for request in requests))

    assert {response.status for response in gateway.runner.run(several())} == {200}
    assert len(issuer.requests) == 2


def test_too_large_a_key_set_is_not_read(pool: Pool, issuer: Issuer) -> None:
    issuer.jwks = jwks("one") | {"padding": "x" * 160_000}
    pool.protect("GET /them", authorizer=pool.authorize(issuer.url))
    refused(pool.get(sign(pool.claims(iss=issuer.url)), "/them"), "JWKS communication error")
    requests = len(issuer.requests)
    refused(pool.get(sign(pool.claims(iss=issuer.url)), "/them"), "JWKS communication error")
    assert len(issuer.requests) == requests


@pytest.mark.parametrize(
    "uri", ["file:///etc/passwd", "ftp://127.0.0.1/keys", "http://127.0.0.1:1/keys", "", 5]
)
def test_keys_come_over_http_alone(pool: Pool, issuer: Issuer, uri: Any) -> None:
    issuer.jwks_uri = uri
    pool.protect("GET /them", authorizer=pool.authorize(issuer.url))
    assert pool.get(sign(pool.claims(iss=issuer.url)), "/them").status == 401


@pytest.mark.parametrize(
    "document", [[], {}, {"keys": None}, {"keys": [None, {"kid": "one"}, {"kty": "RSA", "kid": "one"}]}]
)
def test_a_broken_key_set_lets_nobody_in(pool: Pool, issuer: Issuer, document: Any) -> None:
    issuer.jwks = document
    pool.protect("GET /them", authorizer=pool.authorize(issuer.url))
    assert pool.get(sign(pool.claims(iss=issuer.url)), "/them").status == 401


def test_a_route_whose_authorizer_is_gone_lets_nobody_in(pool: Pool) -> None:
    from dewstack.apigateway.v2.model import Authorizer

    routes = pool.gateway.store.collection("apigatewayv2.authorizers", Authorizer)
    routes.clear()
    pool.gateway.api.reset()
    assert pool.get(sign(pool.claims())).status == 500
    assert pool.gateway.invoked == []


def test_an_open_route_takes_any_token(pool: Pool) -> None:
    pool.gateway.function = echo
    assert "authorizer" not in json.loads(pool.get("nonsense", "/open").body)["requestContext"]
