"""The OAuth endpoints and /logout, as apps and token clients use them."""

import asyncio
import base64
import hashlib
import json
from urllib.parse import urlencode

import pytest

from dewstack.http import Request
from tests.api.cognito.conftest import World
from tests.api.cognito.oauth_world import (
    CALLBACK,
    HOME,
    OAUTH,
    SCOPES,
    VERIFIER,
    Browser,
    Site,
    make_site,
)

ADA = "ada@example.com"


@pytest.fixture
def site(world: World) -> Site:
    site = make_site(world)
    world.confirmed("ada", ADA, given_name="Ada")
    return site


def test_a_code_gives_tokens_of_the_scopes_that_were_asked_for(site: Site, world: World) -> None:
    answer = site.log_in("ada")
    assert answer.location.startswith(f"{CALLBACK}?code=")
    assert answer.told["state"] == "s & 1"
    given = site.exchange(answer.told["code"])
    assert given.headers["cache-control"] == "no-store"
    assert given.headers["access-control-allow-origin"] == "*"
    assert set(given.json) == {"id_token", "access_token", "refresh_token", "expires_in", "token_type"}
    assert (given.json["expires_in"], given.json["token_type"]) == (3600, "Bearer")
    access, identity = world.claims(given.json["access_token"]), world.claims(given.json["id_token"])
    assert (access["scope"], access["version"], access["client_id"]) == ("openid email", 2, site.client)
    assert (identity["nonce"], identity["email"], identity["email_verified"]) == ("n-1", ADA, True)
    half = hashlib.sha256(given.json["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("openid", {"email", "email_verified", "given_name"}),
        ("openid profile", {"email", "email_verified", "given_name"}),
        ("openid email", {"email", "email_verified"}),
        ("openid phone", set()),
        ("openid email phone", {"email", "email_verified"}),
        ("openid aws.cognito.signin.user.admin", {"email", "email_verified", "given_name"}),
    ],
)
def test_scopes_decide_what_is_shown_of_a_user(site: Site, world: World, scope: str, shown: set[str]) -> None:
    tokens = site.tokens("ada", scope=scope)
    attributes = {"email", "email_verified", "given_name", "phone_number"}
    assert set(world.claims(tokens["id_token"])) & attributes == shown
    told = site.user_info(tokens["access_token"]).json
    assert set(told) - {"sub", "username"} == shown
    assert told["username"] == "ada"


def test_without_openid_there_is_no_identity_token_nor_user_info(site: Site) -> None:
    tokens = site.tokens("ada", scope="aws.cognito.signin.user.admin")
    assert "id_token" not in tokens
    refused = site.user_info(tokens["access_token"])
    assert refused.status == 403 and "insufficient_scope" in refused.headers["www-authenticate"]


def test_the_users_own_operations_want_their_scope(site: Site, world: World) -> None:
    without = site.tokens("ada", scope="openid")["access_token"]
    code, message = world.refused("get_user", AccessToken=without)
    assert (code, message) == ("NotAuthorizedException", "Access Token does not have required scopes")
    granted = site.tokens("ada", scope="openid aws.cognito.signin.user.admin")["access_token"]
    assert world.api.get_user(AccessToken=granted)["Username"] == "ada"


def test_no_scope_is_all_of_the_clients(site: Site, world: World) -> None:
    tokens = site.tokens("ada", scope="")
    assert world.claims(tokens["access_token"])["scope"].split() == SCOPES


def test_user_info_speaks_of_verified_addresses_in_strings(site: Site) -> None:
    told = site.user_info(site.tokens("ada")["access_token"])
    assert told.json["email_verified"] == "true"
    assert told.headers["cache-control"] == "no-store"


def test_an_access_token_is_bound_to_a_resource(site: Site, world: World) -> None:
    resource = "https://api.example.com/mcp"
    tokens = site.tokens("ada", resource=resource)
    renewed = site.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json
    for token in (tokens["access_token"], renewed["access_token"]):
        assert world.claims(token)["aud"] == resource
    assert world.claims(tokens["id_token"])["aud"] == site.client
    told = site.authorize(resource="javascript:alert(1)").told
    assert told["error_description"] == "resource must be a URL"


# authorization requests that are refused


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example.com/"}, "redirect_mismatch"),
        ({"redirect_uri": f"{CALLBACK}/"}, "redirect_mismatch"),
        ({"redirect_uri": f"{CALLBACK}?next=1"}, "redirect_mismatch"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_mismatch"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"client_id": "0123456789abcdefghijklmnop"}, "invalid_request"),
        ({"client_id": ""}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login", "/signup", "/forgotPassword", "/confirm"])
def test_nobody_is_sent_to_an_address_that_no_client_has(
    site: Site, path: str, changes: dict[str, str], error: str
) -> None:
    answer = site.browser("GET", path, site.request(**changes))
    assert answer.location.startswith(f"/error?error={error}")
    page = site.browser.go(answer.location)
    assert page.status == 400 and error in page.words
    assert "evil" not in page.text and "<script" not in page.text


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"response_type": ""}, "invalid_request", "response_type must be code or token"),
        ({"response_type": "id_token"}, "invalid_request", "response_type must be code or token"),
        ({"scope": "openid offline_access"}, "invalid_request", "invalid_scope"),
        ({"scope": "email"}, "invalid_request", "invalid_scope"),
        ({"code_challenge_method": ""}, "invalid_request", "code_challenge_method is missing"),
        ({"code_challenge_method": "plain"}, "invalid_request", "code_challenge_method must be S256"),
        ({"code_challenge": ""}, "invalid_request", "code_challenge is missing"),
        ({"code_challenge": "short"}, "invalid_request", "code_challenge is no SHA-256 in base64url"),
        ({"prompt": "none"}, "login_required", None),
    ],
)
def test_other_errors_go_back_to_the_client(
    site: Site, changes: dict[str, str], error: str, description: str | None
) -> None:
    answer = site.authorize(**changes)
    assert answer.location.startswith(f"{CALLBACK}?")
    assert answer.told == {
        "error": error,
        "state": "s & 1",
        **({"error_description": description} if description else {}),
    }


def test_parameters_of_an_error_stand_in_awss_order(site: Site) -> None:
    answer = site.authorize(scope="openid none", state="x")
    assert answer.location == f"{CALLBACK}?error_description=invalid_scope&state=x&error=invalid_request"


def test_a_flow_that_the_client_may_not_use_is_refused(world: World) -> None:
    site = make_site(world, AllowedOAuthFlows=["code"])
    assert (
        site.authorize(response_type="token").location
        == f"{CALLBACK}#state=s+%26+1&error=unauthorized_client"
    )


def test_a_parameter_that_is_there_twice_is_refused(site: Site) -> None:
    answer = site.browser("GET", "/oauth2/authorize", f"client_id={site.client}&client_id=another")
    assert answer.location == "/error?error=invalid_request&reason=unreadable"


def test_a_pool_without_a_domain_has_no_hosted_ui_and_the_page_says_how_to_add_one(world: World) -> None:
    world.make_pool()
    site = make_site(world)
    page = site.browser.go(site.authorize().location)
    assert page.status == 400
    assert "create-user-pool-domain --user-pool-id " + world.pool in page.words
    assert site.token(grant_type="authorization_code", code="x").json == {"error": "invalid_client"}


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"AllowedOAuthFlowsUserPoolClient": False}, "AllowedOAuthFlowsUserPoolClient"),
        ({"SupportedIdentityProviders": []}, "SupportedIdentityProviders"),
    ],
)
def test_a_client_that_is_not_made_for_it_is_told_what_it_lacks(
    world: World, settings: dict[str, object], hint: str
) -> None:
    site = make_site(world, **settings)
    assert hint in site.browser.go(site.authorize().location).words


# the browser's session


def test_a_browser_that_has_signed_in_is_sent_back_at_once_for_an_hour(site: Site, world: World) -> None:
    site.log_in("ada")
    again = site.authorize(prompt="none", state="2")
    assert site.exchange(again.told["code"]).status == 200
    assert site.authorize(prompt="login").location.startswith("/login?")
    world.clock.advance(3601)
    assert site.authorize(prompt="none").told["error"] == "login_required"


def test_the_session_cookie_is_out_of_the_reach_of_scripts_and_other_sites(site: Site, world: World) -> None:
    cookie = site.log_in("ada").headers["set-cookie"]
    assert cookie.startswith(f"cognito-{world.pool}=")
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=3600", "Path=/"} <= set(cookie.split("; "))
    value = cookie.partition("=")[2].partition(";")[0]
    kept = world.store.read("SELECT key || value FROM items", ())
    assert not any(value in str(row[0]) for row in kept)


def test_a_session_is_over_when_the_user_is_disabled_or_gone(site: Site, world: World) -> None:
    site.log_in("ada")
    world.api.admin_disable_user(UserPoolId=world.pool, Username="ada")
    assert site.authorize(prompt="none").told["error"] == "login_required"


def test_one_jar_holds_sessions_of_two_pools(world: World) -> None:
    first = make_site(world)
    world.confirmed("ada", ADA)
    first.log_in("ada")
    world.make_pool()
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="others")
    second = make_site(world)
    second.browser = first.browser
    assert second.authorize(prompt="none").told["error"] == "login_required"
    assert "code" in first.authorize(prompt="none").told


def test_signing_out_forgets_the_browser(site: Site) -> None:
    site.log_in("ada")
    stolen = dict(site.browser.cookies)
    answer = site.browser("GET", "/logout", {"client_id": site.client, "logout_uri": HOME})
    assert answer.location == HOME
    assert site.authorize(prompt="none").told["error"] == "login_required"
    site.browser.cookies = stolen
    assert site.authorize(prompt="none").told["error"] == "login_required"


def test_signing_out_may_lead_to_signing_in_again(site: Site) -> None:
    site.log_in("ada")
    answer = site.browser("GET", "/logout", site.request())
    assert answer.location.startswith("/login?response_type=code&")
    assert site.browser.go(answer.location).status == 200


@pytest.mark.parametrize("query", [{"logout_uri": "https://evil.example.com/"}, {"logout_uri": CALLBACK}, {}])
def test_signing_out_leads_nowhere_else(site: Site, query: dict[str, str]) -> None:
    answer = site.browser("GET", "/logout", {"client_id": site.client, **query})
    assert answer.location.startswith("/error?")


# codes


def test_a_code_works_once_and_a_second_use_ends_its_tokens(site: Site) -> None:
    code = site.code("ada")
    tokens = site.exchange(code).json
    assert site.user_info(tokens["access_token"]).status == 200
    again = site.exchange(code)
    assert (again.status, again.json) == (400, {"error": "invalid_grant"})
    assert site.user_info(tokens["access_token"]).status == 401
    refreshed = site.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (refreshed.status, refreshed.json["error"]) == (400, "invalid_grant")


def test_a_code_lives_five_minutes(site: Site, world: World) -> None:
    code, other = site.code("ada"), site.code("ada")
    world.clock.advance(299)
    assert site.exchange(code).json["expires_in"] == 3301
    world.clock.advance(1)
    assert site.exchange(other).json == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "myapp://callback"}, "invalid_grant"),
        ({"redirect_uri": f"{CALLBACK}/"}, "unauthorized_client"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code": "00000000-0000-4000-8000-000000000000"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
    ],
)
def test_a_code_is_bound_to_what_it_was_asked_with(site: Site, changes: dict[str, str], error: str) -> None:
    code = site.code("ada")
    refused = site.exchange(**{"code": code, **changes})
    assert (refused.status, refused.json["error"]) == (400, error)
    assert site.exchange(code).status == 200


def test_a_code_without_a_challenge_takes_no_verifier(site: Site) -> None:
    unbound = {"code_challenge": "", "code_challenge_method": ""}
    assert site.exchange(site.code("ada", **unbound)).json == {"error": "invalid_grant"}
    assert site.exchange(site.code("ada", **unbound), code_verifier="").status == 200


def test_a_code_is_its_clients(site: Site, world: World) -> None:
    code = site.code("ada")
    other = Site(world, world.make_client(**OAUTH)["ClientId"], None, site.browser)
    assert other.exchange(code).json == {"error": "invalid_grant"}


def test_neither_codes_nor_their_tokens_are_kept_in_clear(site: Site, world: World) -> None:
    code = site.code("ada")
    kept = " ".join(
        str(row[0]) for row in world.store.read("SELECT key || CAST(value AS TEXT) FROM items", ())
    )
    assert code not in kept
    tokens = site.exchange(code).json
    assert not any(tokens[name] in kept for name in ("id_token", "access_token", "refresh_token"))


def test_tokens_that_were_signed_out_meanwhile_are_not_given(site: Site, world: World) -> None:
    code = site.code("ada")
    world.api.admin_user_global_sign_out(UserPoolId=world.pool, Username="ada")
    assert site.exchange(code).json == {"error": "invalid_grant"}


def test_implicit_tokens_come_in_the_fragment_and_without_a_refresh_token(site: Site, world: World) -> None:
    answer = site.log_in("ada", response_type="token", code_challenge="", code_challenge_method="")
    assert answer.location.startswith(f"{CALLBACK}#id_token=")
    assert set(answer.told) == {"id_token", "access_token", "expires_in", "token_type", "state"}
    assert world.claims(answer.told["id_token"])["nonce"] == "n-1"
    without = site.authorize(
        response_type="token",
        scope="aws.cognito.signin.user.admin",
        code_challenge="",
        code_challenge_method="",
    )
    assert "id_token" not in without.told and "access_token" in without.told


def test_an_apps_own_scheme_gets_its_code(site: Site) -> None:
    answer = site.log_in("ada", redirect_uri="myapp://callback")
    assert answer.location.startswith("myapp://callback?code=")


# the token endpoint


def test_a_refresh_token_renews_what_was_granted(site: Site, world: World) -> None:
    tokens = site.tokens("ada")
    world.clock.advance(100)
    renewed = site.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert set(renewed.json) == {"id_token", "access_token", "expires_in", "token_type"}
    before, after = (world.claims(each["access_token"]) for each in (tokens, renewed.json))
    for same in ("scope", "version", "origin_jti", "auth_time", "event_id"):
        assert before[same] == after[same]
    assert after["exp"] == before["exp"] + 100


def test_refresh_tokens_rotate_where_the_client_wants_it(world: World) -> None:
    rotating = {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}
    site = make_site(world, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"], **rotating)
    world.confirmed("ada", ADA)
    first = site.tokens("ada")["refresh_token"]
    second = site.token(grant_type="refresh_token", refresh_token=first).json["refresh_token"]
    assert second != first
    assert site.token(grant_type="refresh_token", refresh_token=first).json["error"] == "invalid_grant"
    assert site.token(grant_type="refresh_token", refresh_token=second).status == 200


def test_of_two_who_bring_a_code_at_once_one_gets_tokens(site: Site, world: World) -> None:
    code = site.code("ada")
    form = {"grant_type": "authorization_code", "client_id": site.client, "code": code}
    body = urlencode({**form, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}).encode()
    headers = [(b"host", b"localhost:4566"), (b"content-type", b"application/x-www-form-urlencoded")]

    async def both() -> list[int]:
        asked = [world.cognito.hosted(Request("POST", "/oauth2/token", "", headers, body)) for _ in range(8)]
        return sorted(answer.status for answer in await asyncio.gather(*asked))

    assert world.door.runner.run(both()) == [200] + 7 * [400]


def test_clients_with_a_secret_prove_it_by_basic_or_form(world: World) -> None:
    site = make_site(world, GenerateSecret=True)
    world.api.admin_create_user(UserPoolId=world.pool, Username="ada", MessageAction="SUPPRESS")
    world.api.admin_set_user_password(
        UserPoolId=world.pool, Username="ada", Password=world.password, Permanent=True
    )
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    assert site.exchange(site.code("ada")).status == 200
    basic = base64.b64encode(f"{site.client}:{site.secret}".encode()).decode()
    program = Browser(world)
    by_header = program(
        "POST", "/oauth2/token", form={**form, "code": site.code("ada")}, authorization=f"Basic {basic}"
    )
    assert by_header.status == 200
    code = site.code("ada")
    wrong = base64.b64encode(f"{site.client}:wrong".encode()).decode()
    for headers, extra in (
        ({"authorization": f"Basic {wrong}"}, {}),
        ({"authorization": "Basic !!"}, {}),
        ({"authorization": f"Basic {basic}"}, {"client_id": "another"}),
        ({}, {"client_id": site.client}),
        ({}, {}),
    ):
        refused = program("POST", "/oauth2/token", form={**form, **extra, "code": code}, **headers)
        assert (refused.status, refused.json) == (400, {"error": "invalid_client"})


def test_a_public_client_has_no_secret(site: Site) -> None:
    assert site.exchange(site.code("ada"), client_secret="guess").json == {"error": "invalid_client"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
)
def test_the_token_endpoint_words_its_refusals(site: Site, form: dict[str, str], error: str) -> None:
    refused = site.token(**form)
    assert (refused.status, refused.json["error"]) == (400, error)
    assert refused.headers["cache-control"] == "no-store"


def test_the_token_endpoint_takes_forms_by_post(site: Site) -> None:
    program = Browser(site.world)
    refused = program("GET", "/oauth2/token")
    assert refused.status == 405 and refused.headers["allow"] == "POST"
    body = {"grant_type": "refresh_token", "client_id": site.client}
    as_json = program("POST", "/oauth2/token", form=body, content_type="application/json")
    assert as_json.json == {"error": "invalid_request"}


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/userInfo", "/oauth2/revoke"])
def test_pages_of_other_origins_may_call_what_programs_call(site: Site, path: str) -> None:
    answer = Browser(site.world)("OPTIONS", path, origin="http://localhost:5173")
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_a_machine_signs_in_with_the_scopes_of_resource_servers(world: World) -> None:
    world.make_pool()
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="people")
    world.api.create_resource_server(
        UserPoolId=world.pool,
        Identifier="shop",
        Name="shop",
        Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")],
    )
    machine = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["shop/read", "shop/write"]}
    site = make_site(world, GenerateSecret=True, **machine)
    given = site.token(grant_type="client_credentials", scope="shop/read")
    assert set(given.json) == {"access_token", "expires_in", "token_type"}
    claims = world.claims(given.json["access_token"])
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (site.client, site.client, "shop/read")
    assert sorted(claims) == sorted(
        ["sub", "token_use", "scope", "auth_time", "iss", "exp", "iat", "version", "jti", "client_id"]
    )
    everything = site.token(grant_type="client_credentials").json["access_token"]
    assert world.claims(everything)["scope"] == "shop/read shop/write"
    told = site.token(grant_type="client_credentials", aws_client_metadata='{"shop": "1"}')
    assert told.status == 200
    assert (
        site.token(grant_type="client_credentials", aws_client_metadata="[]").json["error"]
        == "invalid_request"
    )
    for scope in ("shop/delete", "openid"):
        assert site.token(grant_type="client_credentials", scope=scope).json == {"error": "invalid_scope"}
    world.api.delete_resource_server(UserPoolId=world.pool, Identifier="shop")
    assert site.token(grant_type="client_credentials").json == {"error": "invalid_scope"}
    code, _ = world.refused("get_user", AccessToken=everything)
    assert code == "NotAuthorizedException"


# userInfo and revocation


@pytest.mark.parametrize(
    ("authorization", "status", "error"),
    [
        ("", 400, "invalid_request"),
        ("Basic eDp5", 400, "invalid_request"),
        ("Bearer x.y.z", 401, "invalid_token"),
    ],
)
def test_user_info_challenges_who_brings_no_good_token(
    site: Site, authorization: str, status: int, error: str
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = Browser(site.world)("GET", "/oauth2/userInfo", **headers)
    assert answer.status == status
    assert f'error="{error}"' in answer.headers["www-authenticate"]


def test_user_info_refuses_expired_and_signed_out_tokens(site: Site, world: World) -> None:
    token = site.tokens("ada")["access_token"]
    posted = Browser(world)("POST", "/oauth2/userInfo", authorization=f"Bearer {token}")
    assert posted.json["email"] == ADA
    world.api.admin_user_global_sign_out(UserPoolId=world.pool, Username="ada")
    assert site.user_info(token).status == 401
    token = site.tokens("ada", prompt="login")["access_token"]
    world.clock.advance(3600)
    assert site.user_info(token).status == 401


def test_a_revoked_refresh_token_takes_its_access_tokens_along(site: Site, world: World) -> None:
    tokens = site.tokens("ada")
    program = Browser(world)
    given = {"client_id": site.client, "token": tokens["refresh_token"]}
    done = program("POST", "/oauth2/revoke", form=given)
    assert (done.status, done.text) == (200, "")
    assert site.user_info(tokens["access_token"]).status == 401
    assert program("POST", "/oauth2/revoke", form={**given, "token": "unknown"}).status == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"token": ""}, 400, "invalid_request"),
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"token": "a.b.c"}, 400, "unsupported_token_type"),
    ],
)
def test_revocation_words_its_refusals(site: Site, form: dict[str, str], status: int, error: str) -> None:
    sent = {"client_id": site.client, "token": "x", **form}
    refused = Browser(site.world)("POST", "/oauth2/revoke", form=sent)
    assert (refused.status, refused.json["error"]) == (status, error)


# where


def test_a_domain_is_a_host_of_its_own(site: Site, world: World) -> None:
    for host in ("people.auth.localhost:4566", "people.auth.us-east-1.amazoncognito.com"):
        site.browser = Browser(world, host)
        assert site.tokens("ada")["access_token"]


def test_a_domain_knows_only_its_own_pools_clients_and_tokens(site: Site, world: World) -> None:
    token = site.tokens("ada")["access_token"]
    world.make_pool()
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="others")
    other = Browser(world, "others.auth.localhost:4566")
    assert "reason=other_pool" in other("GET", "/oauth2/authorize", site.request()).location
    assert other("GET", "/oauth2/userInfo", authorization=f"Bearer {token}").status == 401
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": site.client}
    assert other("POST", "/oauth2/token", form=form).json == {"error": "invalid_client"}


def test_a_host_that_is_no_domain_says_so(site: Site, world: World) -> None:
    page = Browser(world, "nobody.auth.localhost:4566")("GET", "/login", site.request())
    assert page.status == 404 and "No user pool has the domain nobody" in page.words


def test_discovery_names_the_endpoints_of_a_pool_with_a_domain(site: Site, world: World) -> None:
    document = world.cognito.openid_configuration(world.pool, "http://localhost:4566")
    assert document is not None
    assert document["authorization_endpoint"] == "http://localhost:4566/oauth2/authorize"
    assert document["end_session_endpoint"] == "http://localhost:4566/logout"
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert json.dumps(document)
    world.make_pool()
    document = world.cognito.openid_configuration(world.pool, "http://localhost:4566")
    assert document is not None and "token_endpoint" not in document
