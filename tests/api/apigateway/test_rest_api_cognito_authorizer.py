"""User pools as authorizers of REST APIs: whose tokens pass, what the others are told, what the function learns."""

import json
from typing import Any

import pytest

from dewstack.http import Response
from tests.api.apigateway.http_api_client import header
from tests.api.apigateway.rest_api_client import RestGateway
from tests.api.apigateway.tokens import jwks, segment, sign

POOL = "us-east-1_abcdefghi"
OTHER = "us-east-1_jklmnopqr"
SCOPE = "aws.cognito.signin.user.admin"


def issuer(pool: str) -> str:
    return f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"


def arn(pool: str) -> str:
    return f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}"


class Pools:
    """An API whose `GET /me` takes ID tokens and `GET /scoped` access tokens with a scope."""

    def __init__(self, rest: RestGateway, **authorizer: Any) -> None:
        self.rest = rest.create_rest()
        rest.jwks[issuer(POOL)] = jwks("one")
        rest.jwks[issuer(OTHER)] = jwks("two")
        settings = {
            "name": "pool",
            "type": "COGNITO_USER_POOLS",
            "providerARNs": [arn(POOL)],
            "identitySource": "method.request.header.Authorization",
        }
        created = rest.call("CreateAuthorizer", **(settings | authorizer))
        guarded = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": created["id"]}
        rest.method("GET /me", **guarded)
        rest.method("GET /scoped", authorizationScopes=["other/read", SCOPE], **guarded)
        rest.deploy()

    def claims(self, use: str = "id", pool: str = POOL, **changes: Any) -> dict[str, Any]:
        now = int(self.rest.clock.time())
        common = {"iss": issuer(pool), "token_use": use, "exp": now + 3600, "iat": now, "sub": "me"}
        own = {"aud": "client"} if use == "id" else {"client_id": "client", "scope": SCOPE}
        return {name: value for name, value in (common | own | changes).items() if value is not ...}

    def get(self, token: str | None, path: str = "/me") -> Response:
        return self.rest.request("GET", path, {} if token is None else {"Authorization": token})

    def authorizer_of(self, token: str, path: str = "/me") -> dict[str, Any]:
        response = self.get(token, path)
        assert response.status == 200, response
        context: dict[str, Any] = json.loads(response.body)["requestContext"]["authorizer"]
        return context


@pytest.fixture
def pools(rest: RestGateway) -> Pools:
    return Pools(rest)


def refused(response: Response, message: str = "Unauthorized") -> None:
    assert response.status == 401
    assert json.loads(response.body) == {"message": message}
    assert header(response, "x-amzn-ErrorType") == ["UnauthorizedException"]


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
def test_an_id_token_passes_with_or_without_bearer(pools: Pools, prefix: str) -> None:
    assert pools.authorizer_of(prefix + sign(pools.claims()))["claims"]["sub"] == "me"


@pytest.mark.parametrize("token", [None, "", "Bearer ", "nonsense", "a.b.c", "a.b"])
def test_no_token_and_nonsense_are_unauthorized(pools: Pools, token: str | None) -> None:
    refused(pools.get(token))


def test_a_method_without_scopes_takes_no_access_token(pools: Pools) -> None:
    refused(pools.get(sign(pools.claims("access"))))


def test_a_method_with_scopes_takes_an_access_token_with_one_of_them(pools: Pools) -> None:
    assert pools.authorizer_of(sign(pools.claims("access")), "/scoped")["claims"]["scope"] == SCOPE
    refused(pools.get(sign(pools.claims("access", scope="email openid")), "/scoped"))
    refused(pools.get(sign(pools.claims("access", scope=...)), "/scoped"))
    refused(pools.get(sign(pools.claims("id", scope=SCOPE)), "/scoped"))


def test_an_expired_token_is_told_so_once_its_time_is_over(pools: Pools) -> None:
    token = sign(pools.claims())
    assert pools.get(token).status == 200
    pools.rest.clock.advance(3600)
    refused(pools.get(token), "The incoming token has expired")


def test_an_expired_token_of_another_hand_is_not_told_anything(pools: Pools) -> None:
    refused(pools.get(sign(pools.claims(exp=1), kid="two")))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": issuer(OTHER)},
        {"iss": "https://evil.example"},
        {"iss": ...},
        {"token_use": ...},
        {"nbf": 2**40},
    ],
)
def test_a_token_that_claims_something_else_is_unauthorized(pools: Pools, changes: dict[str, Any]) -> None:
    refused(pools.get(sign(pools.claims(**changes))))


def test_a_key_of_another_pool_signs_for_nobody(pools: Pools) -> None:
    refused(pools.get(sign(pools.claims(), kid="two")))


def test_several_pools_each_vouch_for_their_own(rest: RestGateway) -> None:
    pools = Pools(rest, providerARNs=[arn(POOL), arn(OTHER)])
    assert pools.get(sign(pools.claims())).status == 200
    assert pools.get(sign(pools.claims(pool=OTHER), kid="two")).status == 200
    refused(pools.get(sign(pools.claims(pool=OTHER), kid="one")))
    for nonsense in ("nonsense", "a.b", "a..c", "ä.ö.ü", f"a.{segment({'iss': issuer(POOL)})}.c"):
        refused(pools.get(nonsense))
    refused(pools.get(sign(pools.claims(pool="us-east-1_unknown00"), kid="one")))


def test_claims_are_text_as_java_prints_them(pools: Pools) -> None:
    claims = pools.claims(
        iat=1574915051,
        exp=4102444799,
        auth_time=1574915051,
        email_verified=True,
        identities=[{"userId": "1", "primary": "true"}],
        nothing=None,
        **{"cognito:groups": ["anotherGroup", "admin"]},
    )
    assert pools.authorizer_of(sign(claims)) == {
        "claims": {
            "iss": issuer(POOL),
            "token_use": "id",
            "exp": "Thu Dec 31 23:59:59 UTC 2099",
            "iat": "Thu Nov 28 04:24:11 UTC 2019",
            "sub": "me",
            "aud": "client",
            "auth_time": "1574915051",
            "email_verified": "true",
            "identities": '{"userId":"1","primary":"true"}',
            "cognito:groups": "anotherGroup,admin",
        }
    }


def test_the_audience_may_have_to_fit_an_expression(rest: RestGateway) -> None:
    pools = Pools(rest, identityValidationExpression="cli.+")
    assert pools.get(sign(pools.claims())).status == 200
    refused(pools.get(sign(pools.claims(aud="another"))))


def test_the_token_may_come_in_another_header(rest: RestGateway) -> None:
    pools = Pools(rest, identitySource="method.request.header.X-Token")
    token = sign(pools.claims())
    assert rest.request("GET", "/me", {"x-token": token}).status == 200
    refused(pools.get(token))


def test_a_refusal_may_carry_the_headers_of_a_gateway_response(pools: Pools) -> None:
    pools.rest.call(
        "PutGatewayResponse",
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    )
    response = pools.rest.deploy().request("GET", "/me")
    refused(response)
    assert header(response, "Access-Control-Allow-Origin") == ["*"]
