"""amazon-cognito-identity-js where it is at home: in a page, on an origin of its own, signing in by SRP."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from dewstack.testing import Dew, start
from tests.browser.application import served
from tests.e2e.clients.peer import HERE, install_modules
from tests.e2e.clients.people import PASSWORD, Pool

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

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
def application(tmp_path: Path) -> Iterator[str]:
    """The address of an application: a page, and the library in it."""
    install_modules()
    shutil.copy(LIBRARY, tmp_path / "library.js")
    (tmp_path / "index.html").write_text("<!doctype html><script src=library.js></script>")
    with served(tmp_path) as url:
        yield url


@pytest.fixture
def page(chromium: Browser, application: str) -> Iterator[Page]:
    """The application in a fresh profile."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(application)
    yield page
    context.close()


def test_a_page_of_another_origin_signs_in(dew: Dew, page: Page) -> None:
    pool = Pool.made(dew)
    name, client = pool.user(), pool.client()
    user = [pool.id, client.id, dew.aws_url, name]
    wrong = page.evaluate(SIGN_IN, [*user, "Wrong-Horse-1"])
    assert wrong == "NotAuthorizedException: Incorrect username or password."
    assert page.evaluate(SIGN_IN, [*user, PASSWORD]) == name
    stored = page.evaluate("Object.keys(localStorage).filter((key) => key.endsWith('refreshToken'))")
    assert stored == [f"CognitoIdentityServiceProvider.{client.id}.{name}.refreshToken"]
