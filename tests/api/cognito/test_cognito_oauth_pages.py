"""The hosted UI's pages: signing in with whatever the pool wants to see, signing up, confirming, recovering."""

import base64
import html
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from dewstack.cognito.signin import totp
from tests.api.cognito.conftest import World
from tests.api.cognito.oauth_world import CALLBACK, Answer, Browser, Site, make_site

ADA = "ada@example.com"
NEW = "Another-Horse-2"


@pytest.fixture
def site(world: World) -> Site:
    return make_site(world)


@pytest.fixture
def ada(world: World, site: Site) -> str:
    world.confirmed("ada", ADA)
    return "ada"


def login_page(site: Site, **changes: str) -> Answer:
    return site.browser.go(site.authorize(**changes).location)


def link(page: Answer, words: str) -> str:
    """Where the link with these words leads."""
    for href, text in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', page.text):
        if text == words:
            return html.unescape(href)
    raise AssertionError(f"no link {words!r}: {page.words}")


def is_back(answer: Answer) -> bool:
    return answer.status == 302 and answer.location.startswith(f"{CALLBACK}?code=")


# what every page is


def test_pages_run_no_scripts_and_stand_in_no_frame(site: Site) -> None:
    page = login_page(site)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script" not in policy
    style = re.search(r"(?s)<style>(.*?)</style>", page.text)
    assert style and "'sha256-" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in page.text and " style=" not in page.text


def test_what_comes_from_outside_is_escaped(site: Site) -> None:
    evil = '"><script>alert(1)</script>'
    page = login_page(site, login_hint=evil, state=evil)
    failed = site.browser.submit(page, username=evil, password="x")
    for shown in (page, failed):
        assert "<script" not in shown.text and "&lt;script&gt;" in shown.text


def test_every_field_has_a_label(site: Site) -> None:
    page = login_page(site)
    for answer in (page, site.browser.go(link(page, "Create an account"))):
        ids = re.findall(r'<input class="[^"]*" id="([^"]+)"', answer.text)
        assert ids and all(f'for="{each}"' in answer.text for each in ids)


@pytest.mark.parametrize(
    "path", ["/login", "/signup", "/forgotPassword", "/confirm", "/confirmforgotPassword"]
)
def test_a_form_that_the_browser_was_not_given_is_refused(site: Site, ada: str, path: str) -> None:
    page = login_page(site)
    fields = {"username": ada, "password": site.world.password}
    stranger = Browser(site.world)
    query = urlsplit(site.authorize().location).query
    for browser, form, headers in (
        (stranger, {**page.hidden, **fields}, {}),
        (site.browser, fields, {}),
        (site.browser, {"_csrf": "0" * 64, **fields}, {}),
        (site.browser, {**page.hidden, **fields}, {"sec_fetch_site": "cross-site"}),
    ):
        refused = browser("POST", path, query, form, **headers)
        assert refused.status == 403 and "location" not in refused.headers
    assert is_back(site.browser.submit(page, **fields))


# signing in


def test_a_wrong_password_is_told_beside_the_form(site: Site, ada: str) -> None:
    failed = site.log_in(ada, "Wrong-Horse-1")
    assert failed.status == 200 and "Incorrect username or password." in failed.words
    assert 'role="alert"' in failed.text and f'value="{ada}"' in failed.text
    assert "Wrong-Horse" not in failed.text
    assert is_back(site.browser.submit(failed, username=ada, password=site.world.password))


@pytest.mark.parametrize(
    ("hides", "words"),
    [("ENABLED", "Incorrect username or password."), ("LEGACY", "User does not exist.")],
)
def test_who_exists_is_told_as_the_client_wants(world: World, hides: str, words: str) -> None:
    site = make_site(world, PreventUserExistenceErrors=hides)
    assert words in site.log_in("nobody").words


def test_guessing_locks_the_user_out_here_too(site: Site, ada: str) -> None:
    for _ in range(5):
        assert "Incorrect" in site.log_in(ada, "Wrong-Horse-1").words
    assert "Password attempts exceeded" in site.log_in(ada).words
    assert site.world.sign_in_refused(ada)[1] == "Password attempts exceeded"


def test_the_login_hint_and_the_browsers_user_are_offered(site: Site, ada: str) -> None:
    assert 'value="grace"' in login_page(site, login_hint="grace").text
    site.log_in(ada)
    page = site.browser("GET", "/login", site.request())
    assert f"Continue as {ADA}" in page.words
    assert is_back(site.browser.submit(page, resume="1"))
    assert "Continue as" not in site.browser("GET", "/login", site.request(prompt="login")).words


def test_a_given_password_is_changed_on_the_way(site: Site, world: World) -> None:
    world.api.admin_create_user(
        UserPoolId=world.pool, Username="grace", TemporaryPassword="Given-Horse-1", MessageAction="SUPPRESS"
    )
    page = site.log_in("grace", "Given-Horse-1")
    assert "Change password" in page.words
    weak = site.browser.submit(page, NEW_PASSWORD="weak")
    assert 'aria-invalid="true"' in weak.text and "Password did not conform with policy" in weak.words
    assert is_back(site.browser.submit(weak, NEW_PASSWORD=NEW))
    assert world.status("grace") == "CONFIRMED"


def set_mfa(world: World, **settings: Any) -> None:
    world.api.set_user_pool_mfa_config(UserPoolId=world.pool, **settings)


def test_an_authenticator_app_is_set_up_and_asked_for(site: Site, ada: str, world: World) -> None:
    set_mfa(world, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    page = site.log_in(ada)
    assert "<svg" in page.text and "otpauth://totp/" in page.text
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page.text)
    assert secret
    wrong = site.browser.submit(page, UserCode="000000")
    assert "Code mismatch" in wrong.words and secret[0] in wrong.text
    now = world.clock.time()
    assert is_back(site.browser.submit(wrong, UserCode=totp.code(secret[1], totp.step_at(now))))
    world.clock.advance(30)
    page = site.log_in(ada, prompt="login")
    assert "Open your authenticator app" in page.words
    wrong = site.browser.submit(page, SOFTWARE_TOKEN_MFA_CODE="000000")
    assert "Invalid code received for user" in wrong.words and 'aria-invalid="true"' in wrong.text
    code = totp.code(secret[1], totp.step_at(world.clock.time()))
    assert is_back(site.browser.submit(wrong, SOFTWARE_TOKEN_MFA_CODE=code))


def test_a_code_by_text_message_is_asked_for(site: Site, world: World) -> None:
    sms = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}
    set_mfa(world, MfaConfiguration="OPTIONAL", SmsMfaConfiguration=sms)
    world.confirmed("grace", "grace@example.com", phone_number="+14155550123")
    world.api.admin_update_user_attributes(
        UserPoolId=world.pool,
        Username="grace",
        UserAttributes=[{"Name": "phone_number_verified", "Value": "true"}],
    )
    world.api.admin_set_user_mfa_preference(
        UserPoolId=world.pool, Username="grace", SMSMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    page = site.log_in("grace")
    assert "text message to +*******0123" in page.words
    assert is_back(site.browser.submit(page, SMS_MFA_CODE=world.mail("+14155550123").code))


def test_a_challenge_is_sealed_and_single_use(site: Site, world: World) -> None:
    world.api.admin_create_user(
        UserPoolId=world.pool, Username="grace", TemporaryPassword="Given-Horse-1", MessageAction="SUPPRESS"
    )
    page = site.log_in("grace", "Given-Horse-1")
    broken = site.browser.submit(page, challenge=page.hidden["challenge"][:-4] + "AAAA", NEW_PASSWORD=NEW)
    assert "This page is too old" in broken.words
    assert is_back(site.browser.submit(page, NEW_PASSWORD=NEW))
    again = site.browser.submit(page, NEW_PASSWORD="Third-Horse-3")
    assert "can only be used once" in again.words
    world.clock.advance(200)
    assert not is_back(site.browser.submit(page, NEW_PASSWORD="Third-Horse-3"))


# signing up


def test_sign_up_leads_through_the_code_to_the_app(site: Site, world: World) -> None:
    page = site.browser.go(link(login_page(site), "Create an account"))
    assert "Username" in page.words and "E-mail address" in page.words
    filled = {"username": "lin", "attribute.email": "lin@example.com", "password_again": NEW}
    different = site.browser.submit(page, password=world.password, **filled)
    assert "not the same" in different.words and 'value="lin@example.com"' in different.text
    asked = site.browser.submit(different, **{**filled, "password": NEW})
    assert "l***@e***" in asked.words
    wrong = site.browser.submit(asked, code="000000" if world.mail().code != "000000" else "111111")
    assert 'aria-invalid="true"' in wrong.text
    back = site.browser.submit(wrong, code=world.mail("lin@example.com").code)
    assert is_back(back)
    assert site.exchange(back.told["code"]).json["id_token"]
    assert world.status("lin") == "CONFIRMED" and world.attributes("lin")["email_verified"] == "true"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"username": "ada"}, "User already exists"),
        ({"password": "weak", "password_again": "weak"}, "Password did not conform with policy"),
        ({"attribute.email": "nonsense"}, "Invalid email address format."),
    ],
)
def test_sign_up_tells_what_is_wrong(site: Site, ada: str, fields: dict[str, str], words: str) -> None:
    page = site.browser("GET", "/signup", site.request())
    given = {"username": "new", "attribute.email": "new@example.com", "password": NEW, "password_again": NEW}
    assert words in site.browser.submit(page, **{**given, **fields}).words


def test_pools_of_addresses_ask_for_one(world: World) -> None:
    world.make_pool(UsernameAttributes=["email"])
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="addresses")
    site = make_site(world)
    page = site.browser("GET", "/signup", site.request())
    assert page.text.count('type="email"') == 1 and "Username" not in page.words
    asked = site.browser.submit(page, username="lin@example.com", password=NEW, password_again=NEW)
    assert is_back(site.browser.submit(asked, code=world.mail("lin@example.com").code))


def test_only_administrators_may_make_users_where_the_pool_says_so(world: World) -> None:
    world.make_pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="closed")
    site = make_site(world)
    assert "Create an account" not in login_page(site).words
    page = site.browser("GET", "/signup", site.request())
    assert page.status == 400 and "<form" not in page.text


def test_who_is_not_confirmed_gets_to_confirm_at_sign_in(site: Site, world: World) -> None:
    world.client = site.client
    world.sign_up("lin", "lin@example.com")
    page = site.log_in("lin")
    assert "Confirm your account" in page.words
    again = site.browser.submit(page, resend="1")
    assert "l***@e***" in again.words
    assert is_back(site.browser.submit(again, code=world.mail("lin@example.com").code))


def test_confirming_without_a_password_signs_nobody_in(site: Site, world: World) -> None:
    world.client = site.client
    world.sign_up("lin", "lin@example.com")
    page = site.browser("GET", "/confirm", site.request())
    done = site.browser.submit(page, username="lin", code=world.mail("lin@example.com").code)
    assert done.status == 200 and "has been confirmed" in done.words
    assert world.status("lin") == "CONFIRMED"
    assert site.authorize(prompt="none").told["error"] == "login_required"


def test_the_link_in_a_mail_confirms(world: World) -> None:
    template = {"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    world.make_pool(VerificationMessageTemplate=template)
    world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="links")
    site = make_site(world)
    world.client = site.client
    world.sign_up("lin", "lin@example.com")
    href = re.search(r'href="([^"]+)"', world.mail().body)
    assert href
    location = html.unescape(href[1])
    assert location.startswith("http://localhost:4566/confirmUser?")
    assert "Your registration has been confirmed!" in site.browser.go(location).words
    assert world.status("lin") == "CONFIRMED"
    again = site.browser.go(location)
    assert again.status == 400 and "Current status is CONFIRMED" in again.words


# recovering


def test_a_forgotten_password_is_replaced(site: Site, ada: str, world: World) -> None:
    page = site.browser.go(link(login_page(site), "Forgot your password?"))
    asked = site.browser.submit(page, username=ada)
    assert "a***@e***" in asked.words
    wrong = site.browser.submit(asked, code="x", password=NEW)
    assert "Invalid verification code" in wrong.words
    done = site.browser.submit(wrong, code=world.mail(ADA).code, password=NEW)
    assert "has been changed" in done.words
    page = site.browser.go(link(done, "Sign in"))
    assert is_back(site.browser.submit(page, username=ada, password=NEW))


def test_who_must_reset_their_password_is_led_there(site: Site, ada: str, world: World) -> None:
    world.api.admin_reset_user_password(UserPoolId=world.pool, Username=ada)
    page = site.log_in(ada)
    assert "Forgot your password?" in page.words and "Password reset required" in page.words


def test_recovery_does_not_tell_who_exists(world: World) -> None:
    site = make_site(world, PreventUserExistenceErrors="ENABLED")
    page = site.browser("GET", "/forgotPassword", site.request())
    asked = site.browser.submit(page, username="nobody")
    assert "Choose a new password" in asked.words
    assert "Invalid verification code" in site.browser.submit(asked, code="123456", password=NEW).words


# looks


def test_pages_wear_the_clients_css_and_logo(site: Site, world: World) -> None:
    image = b"\x89PNG\r\n\x1a\n" + bytes(24)
    css = ".submitButton-customizable { background-color: #aa0000; }"
    world.api.set_ui_customization(UserPoolId=world.pool, ClientId=site.client, CSS=css, ImageFile=image)
    page = login_page(site)
    assert css in page.text
    assert f"data:image/png;base64,{base64.b64encode(image).decode()}" in page.text
    assert page.headers["content-security-policy"].count("'sha256-") == 2


def test_clients_with_a_secret_prove_it_by_themselves(world: World) -> None:
    site = make_site(world, GenerateSecret=True)
    page = site.browser("GET", "/signup", site.request())
    given = {"username": "lin", "attribute.email": "lin@example.com", "password": NEW, "password_again": NEW}
    asked = site.browser.submit(page, **given)
    assert is_back(site.browser.submit(asked, code=world.mail("lin@example.com").code))


def test_heads_and_wrong_methods(site: Site) -> None:
    assert site.browser("HEAD", "/login", site.request()).status == 200
    assert site.browser("DELETE", "/login", site.request()).status == 405
    assert Browser(site.world, "people.auth.localhost:4566")("GET", "/nothing").status == 404
