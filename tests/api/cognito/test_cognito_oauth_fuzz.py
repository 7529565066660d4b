"""The hosted UI and the OAuth endpoints, asked by somebody who means no good: no path of theirs ends in a fault."""

from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dewstack.frontdoor import HOSTED_PATHS
from tests.api.cognito.conftest import World
from tests.api.cognito.oauth_world import CALLBACK, CHALLENGE, VERIFIER, Site, make_site

NAMES = (
    *("client_id", "client_secret", "redirect_uri", "logout_uri", "response_type", "scope", "state", "nonce"),
    *(
        "code",
        "code_challenge",
        "code_challenge_method",
        "code_verifier",
        "grant_type",
        "refresh_token",
        "token",
    ),
    *(
        "identity_provider",
        "idp_identifier",
        "prompt",
        "login_hint",
        "username",
        "password",
        "password_again",
    ),
    *("challenge", "newcomer", "forgetful", "resend", "resume", "instead", "reason", "error", "user_name"),
    *("confirmation_code", "attribute.email", "NEW_PASSWORD", "UserCode", "access_token", "_csrf"),
)
GOOD = (
    *(
        "code",
        "token",
        "openid",
        "openid email",
        "S256",
        "none",
        "login",
        "COGNITO",
        "ada",
        "Correct-Horse-1",
    ),
    *(
        "authorization_code",
        "refresh_token",
        "client_credentials",
        CALLBACK,
        CHALLENGE,
        VERIFIER,
        "redirect_uri",
    ),
)
HEADERS = ("", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Basic AA==", "Basic \xff", "Digest x", "Bearer")
values = st.one_of(st.sampled_from(GOOD), st.text(max_size=40), st.just("{client}"), st.just("\0"))
parameters = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), values, max_size=12)


@pytest.fixture
def site(world: World) -> Site:
    site = make_site(world)
    world.confirmed("ada", "ada@example.com")
    return site


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    path=st.sampled_from([*sorted(HOSTED_PATHS), "/", "/oauth2/"]),
    query=parameters,
    form=parameters,
    authorization=st.sampled_from(HEADERS),
    good=st.booleans(),
)
def test_no_request_ends_in_a_fault(
    site: Site,
    method: str,
    path: str,
    query: dict[str, str],
    form: dict[str, str],
    authorization: str,
    good: bool,
) -> None:
    asked = {"client_id": "{client}", "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    query = {
        name: value.replace("{client}", site.client)
        for name, value in ({**asked, **query} if good else query).items()
    }
    if good and method == "POST":
        page = site.browser("GET", "/login", site.request())
        form = {**form, **page.hidden}
    headers = {"authorization": authorization} if authorization else {}
    answer = site.browser(method, path, query, form if method == "POST" else None, **headers)
    refused = (501,) if path.startswith("/saml2/") else ()  # by its name
    assert answer.status in (200, 204, 302, 400, 401, 403, 404, 405, *refused)
    if answer.status == 302:
        place = urlsplit(answer.location)
        own = not place.scheme and not place.netloc and answer.location.startswith("/")
        assert own or answer.location.startswith(CALLBACK)
