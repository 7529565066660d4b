"""amazon-cognito-identity-js where it is at home: in a page, on an origin of its own, signing in by SRP."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from dewstack.testing import Dew, start
from tests.e2e.clients.peer import HERE, install_modules
from tests.e2e.clients.people import PASSWORD, Pool

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ORIGIN = "http://localhost:5173"
LIBRARY = HERE / "node_modules" / "amazon-cognito-identity-js" / "dist" / "amazon-cognito-identity.min.js"
SIGN_IN = """
([UserPoolId, ClientId, endpoint, Username, Password]) => new Promise((onSuccess, onFailure) => {
  const { AuthenticationDetails, CognitoUser, CognitoUserPool } = AmazonCognitoIdentity;
  const Pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint });
  const user = new CognitoUser({ Username, Pool });
  user.authenticateUser(new AuthenticationDetails({ Username, Password }), {
    onSuccess: (session) => onSuccess(session.getAccessToken().payload.username),
    onFailure: (error) => onSuccess(`${error.code}: ${error.message}`),
  });
})
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page of somebody's development server, with the library in it."""
    install_modules()

    def empty(route: Route) -> None:
        route.fulfill(content_type="text/html", body="<!doctype html><title>An application</title>")

    context = chromium.new_context()
    page = context.new_page()
    page.route(f"{ORIGIN}/**", empty)
    page.goto(ORIGIN)
    page.add_script_tag(path=LIBRARY)
    yield page
    context.close()


def test_a_page_signs_in_and_out_of_another_origin(dew: Dew, page: Page) -> None:
    pool = Pool.made(dew)
    name, client = pool.user(), pool.client()
    user = [pool.id, client.id, dew.aws_url, name]
    wrong = page.evaluate(SIGN_IN, [*user, "Wrong-Horse-1"])
    assert wrong == "NotAuthorizedException: Incorrect username or password."
    assert page.evaluate(SIGN_IN, [*user, PASSWORD]) == name
    stored = page.evaluate("Object.keys(localStorage).filter((key) => key.endsWith('refreshToken'))")
    assert stored == [f"CognitoIdentityServiceProvider.{client.id}.{name}.refreshToken"]
