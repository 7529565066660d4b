"""The reference service through its sockets, on every surface: every route, and every error status that it has."""

import base64
import itertools
import json
from typing import Any

import httpx
import pytest

from tests.e2e.service.conftest import PASSWORD, SURFACES, Person, Service, Surface, somebody
from tests.e2e.service.remote import world


def told(response: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, field and Cognito's code of a refusal; every one of them has a sentence."""
    answer = response.json()
    assert answer["message"]
    return response.status_code, answer.get("field"), answer.get("code")


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def test_the_whole_flow(person: Person) -> None:
    registered = person.register(name="Ada Lovelace", city="London")
    assert registered.status_code == 201, registered.text
    answer = registered.json()
    assert (answer["confirmed"], answer["delivery"]) == (
        False,
        {"medium": "EMAIL", "destination": "a***@e***"},
    )

    assert told(person.login()) == (403, "email", "UserNotConfirmedException")
    assert person.confirm().status_code == 200
    login = person.login()
    assert login.headers["cache-control"] == "no-store"
    assert set(person.tokens) == {"idToken", "accessToken", "refreshToken", "expiresIn"}

    profile = person.guarded("GET", "profile").json()
    access = claims(person.tokens["accessToken"])
    assert profile.pop("claims")["jti"] == access["jti"]
    expected = {"email": person.email, "emailVerified": True, "name": "Ada Lovelace", "city": "London"}
    assert profile == expected | {"id": answer["id"]}

    assert person.guarded("PATCH", "profile", json={"name": "Ada King", "city": ""}).status_code == 200
    profile = person.guarded("GET", "profile").json()
    assert (profile["name"], profile["city"]) == ("Ada King", "")

    refreshed = person.post("refresh", refreshToken=person.tokens["refreshToken"])
    assert refreshed.status_code == 200, refreshed.text
    assert claims(refreshed.json()["idToken"])["name"] == "Ada King"
    assert claims(refreshed.json()["accessToken"])["origin_jti"] == access["origin_jti"]
    person.tokens |= refreshed.json()

    assert (
        person.guarded("POST", "logout", json={"refreshToken": person.tokens["refreshToken"]}).status_code
        == 200
    )
    assert told(person.guarded("GET", "profile")) == (401, None, "NotAuthorizedException")
    assert told(person.post("refresh", refreshToken=person.tokens["refreshToken"]))[0] == 401

    assert person.post("forgot-password", email=person.email).status_code == 200
    reset = person.post("reset-password", email=person.email, code=person.code(), password="Difference-2")
    assert reset.status_code == 200, reset.text
    assert told(person.login()) == (401, None, "NotAuthorizedException")
    assert person.login("Difference-2").status_code == 200


def test_an_address_registers_once_however_it_is_spelled(member: Person) -> None:
    assert told(member.register()) == (409, "email", "UsernameExistsException")
    member.email = member.email.upper()
    assert told(member.register()) == (409, "email", "UsernameExistsException")
    assert member.login().status_code == 200


@pytest.mark.parametrize("password", ["short-1A", "Difference", "difference-1", "DIFFERENCE-1", "A1b"])
def test_the_pools_password_policy_holds(person: Person, password: str) -> None:
    response = person.post("register", email=person.email, password=password)
    if password == "short-1A":
        assert response.status_code == 201
    else:
        assert told(response)[:2] == (400, "password")


def test_a_confirmation_code_must_be_right_and_is_good_once(person: Person) -> None:
    person.register()
    code = person.code()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert told(person.post("confirm", email=person.email, code=wrong)) == (
        400,
        "code",
        "CodeMismatchException",
    )
    assert person.confirm().status_code == 200
    assert told(person.confirm()) == (409, "email", "NotAuthorizedException")
    assert told(person.post("resend", email=person.email)) == (409, "email", "InvalidParameterException")


def test_a_new_code_replaces_the_old_one(person: Person) -> None:
    person.register()
    old = person.code()
    assert person.post("resend", email=person.email).json()["delivery"]["destination"] == "a***@e***"
    if person.code() != old:
        assert told(person.post("confirm", email=person.email, code=old))[:2] == (400, "code")
    assert person.confirm().status_code == 200


def test_nobody_learns_whether_an_address_is_known(person: Person) -> None:
    assert told(person.login()) == (401, None, "NotAuthorizedException")
    assert person.post("forgot-password", email=person.email).status_code == 200
    assert person.post("resend", email=person.email).status_code == 200
    assert told(person.post("confirm", email=person.email, code="123456"))[:2] == (400, "code")
    assert not person.service.dew.mail(person.email)


def test_too_many_codes_are_refused(person: Person) -> None:
    person.register()
    answers = [person.post("resend", email=person.email) for _ in range(30)]
    assert told(answers[-1]) == (429, None, "LimitExceededException")


def test_too_many_wrong_passwords_lock_the_user_out(member: Person) -> None:
    # The lock is short at first, and a slow machine may sleep through it; it doubles with every failure.
    answers = (told(member.login(f"Wrong-{number}")) for number in range(16))
    refused = list(itertools.takewhile(lambda answer: answer[0] == 401, answers))
    assert 5 <= len(refused) < 16


def test_only_the_access_token_opens_the_profile(member: Person) -> None:
    assert member.guarded("GET", "profile").status_code == 200
    refused = member.guarded("GET", "profile", token="idToken")
    assert refused.status_code == member.service.surface.unscoped
    for value in ("nonsense", "Bearer", "Bearer a.b.c", ""):
        response = httpx.get(f"{member.service.url}/auth/profile", headers={"Authorization": value})
        assert (response.status_code, response.json()) == (401, {"message": "Unauthorized"})
    member.tokens["forged"] = member.tokens["accessToken"][:-8] + "AAAAAAAA"
    assert member.guarded("GET", "profile", token="forged").status_code == 401


def test_logging_out_everywhere_ends_every_session(member: Person) -> None:
    first = dict(member.tokens)
    member.login()
    assert member.guarded("POST", "logout").status_code == 200
    for tokens in (first, member.tokens):
        member.tokens = tokens
        assert told(member.guarded("GET", "profile")) == (401, None, "NotAuthorizedException")
        assert told(member.guarded("PATCH", "profile", json={"name": "Eve"}))[0] == 401
        assert told(member.post("refresh", refreshToken=tokens["refreshToken"]))[0] == 401


def test_logging_out_with_a_refresh_token_leaves_other_sessions(member: Person) -> None:
    first = dict(member.tokens)
    member.login()
    assert member.guarded("POST", "logout", json={"refreshToken": first["refreshToken"]}).status_code == 200
    assert member.guarded("GET", "profile").status_code == 200
    assert told(member.post("refresh", refreshToken=first["refreshToken"]))[0] == 401


def test_a_user_who_is_gone_has_no_profile(member: Person) -> None:
    client = member.service.dew.client("cognito-idp")
    client.admin_delete_user(UserPoolId=member.service.dew.outputs["UserPoolId"], Username=member.email)
    status, _, code = told(member.guarded("GET", "profile"))
    assert (status, code) in ((404, "UserNotFoundException"), (401, "NotAuthorizedException"))
    assert told(member.login())[0] == 401


def test_bad_requests_name_the_field(member: Person) -> None:
    assert told(member.guarded("PATCH", "profile", json={"email": "eve@example.com"}))[:2] == (400, "email")
    assert told(member.guarded("PATCH", "profile", json={"name": 7}))[:2] == (400, "name")
    assert told(member.post("login", email="ada", password=PASSWORD))[:2] == (400, "email")
    assert told(member.post("refresh"))[:2] == (400, "refreshToken")
    for content in (b"", b"{", b"\xff\xfe"):
        response = httpx.post(f"{member.service.url}/auth/login", content=content)
        assert response.status_code == 400, content


def test_a_binary_body_is_read(member: Person) -> None:
    content = json.dumps({"email": member.email, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/octet-stream"}
    assert httpx.post(f"{member.service.url}/auth/login", content=content, headers=headers).status_code == 200


def test_what_is_not_on_the_map_is_nowhere(service: Service) -> None:
    for response in (httpx.get(f"{service.url}/auth/login"), httpx.post(f"{service.url}/auth/nowhere")):
        assert (response.status_code, response.json()["message"]) == service.surface.nowhere


def test_the_pages_origin_and_no_other_may_call(service: Service) -> None:
    page = service.dew.frontend_url

    def preflight(origin: str) -> httpx.Headers:
        asked = {
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        response = httpx.options(f"{service.url}/auth/profile", headers={"Origin": origin} | asked)
        assert response.status_code == service.surface.preflight
        return response.headers

    allowed = preflight(page)
    assert allowed["access-control-allow-origin"] == page
    assert "PATCH" in allowed["access-control-allow-methods"]
    # An HTTP API names nobody to other origins, a REST API always the page: a browser lets neither of them pass.
    named = preflight("http://evil.example").get("access-control-allow-origin")
    assert named == (page if service.surface.base else None)
    refused = httpx.get(f"{service.url}/auth/profile", headers={"Origin": page})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, page)


def test_passwords_are_in_no_log(member: Person) -> None:
    member.login("Wrong-password-1")
    logs = member.service.dew.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    lines = [
        event["message"] for group in groups for event in logs.filter_log_events(logGroupName=group)["events"]
    ]
    assert any("REPORT" in line for line in lines)
    assert not any(PASSWORD in line or "Wrong-password" in line for line in lines)


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_tokens_and_codes_expire(pytestconfig: pytest.Config, surface: Surface) -> None:
    with world(pytestconfig.rootpath) as dew, surface.open(dew) as url:
        service = Service(dew, url + surface.base, surface)
        late = somebody(service)
        late.register()
        dew.clock.advance(25 * 3600)
        assert told(late.confirm()) == (400, "code", "ExpiredCodeException")

        member = somebody(service)
        member.register()
        member.confirm()
        member.login()
        dew.clock.advance(3601)
        expired = member.guarded("GET", "profile")
        assert (expired.status_code, expired.json()) == (401, {"message": surface.expired})
        refreshed = member.post("refresh", refreshToken=member.tokens["refreshToken"])
        member.tokens |= refreshed.json()
        assert member.guarded("GET", "profile").status_code == 200
        dew.clock.advance(30 * 86_400)
        assert told(member.post("refresh", refreshToken=member.tokens["refreshToken"]))[0] == 401
