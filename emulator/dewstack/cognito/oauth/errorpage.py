"""/error: what a browser sees where a request may not be sent back to any client, and what a developer changes."""

from collections.abc import Callable

from dewstack.cognito.directory import Directory
from dewstack.cognito.errors import ResourceNotFoundException
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.oauth.authorization import BadClient
from dewstack.cognito.oauth.exchange import Ask, redirect, with_query
from dewstack.cognito.oauth.page import Alert, Page, Pages
from dewstack.http import Response

Found = tuple[UserPool, UserPoolClient] | None
Hint = Callable[[Found], list[str]]

TITLE = "An error was encountered with the requested page."


def _listed(found: Found, member: str) -> list[str]:
    if found is None:
        return []
    values = found[1].settings.get(member) or []
    return [f"{member}: {', '.join(values) if values else 'none'}"]


def _domain(found: Found) -> list[str]:
    pool = found[0].id if found else "POOL"
    return [
        "The user pool has no domain, and without one it has no hosted UI, here as on AWS.",
        "In a template: Type: AWS::Cognito::UserPoolDomain, with UserPoolId and Domain.",
        f"By the CLI: aws cognito-idp create-user-pool-domain --user-pool-id {pool} --domain my-app",
    ]


HINTS: dict[str, Hint] = {
    "no_client_id": lambda _: ["Required String parameter 'client_id' is not present."],
    "no_redirect_uri": lambda _: ["Required String parameter 'redirect_uri' is not present."],
    "no_client": lambda _: ["No user pool has an app client of this id."],
    "other_pool": lambda _: ["The app client belongs to another user pool than this domain."],
    "no_domain": _domain,
    "no_oauth": lambda found: [
        "The app client may not use OAuth: set AllowedOAuthFlowsUserPoolClient to true.",
        *_listed(found, "AllowedOAuthFlows"),
    ],
    "no_provider": lambda _: [
        "The app client lets nobody in here: set SupportedIdentityProviders, to [COGNITO] for the pool's own users."
    ],
    "redirect_uri": lambda found: [
        "redirect_uri must be one of the app client's CallbackURLs, character by character.",
        *_listed(found, "CallbackURLs"),
    ],
    "logout_uri": lambda found: [
        "logout_uri must be one of the app client's LogoutURLs, character by character.",
        *_listed(found, "LogoutURLs"),
    ],
    "no_logout_uri": lambda _: ["/logout needs logout_uri, or redirect_uri with response_type."],
    "unknown_provider": lambda found: [
        "The app client has no identity provider of this name.",
        *_listed(found, "SupportedIdentityProviders"),
    ],
    "state": lambda _: ["The answer of the identity provider belongs to no sign-in that this browser began."],
    "unreadable": lambda _: ["The parameters of the request are not readable, or one is there twice."],
}


class ErrorPage:
    """Leads to /error, and answers it."""

    def __init__(self, directory: Directory, pages: Pages) -> None:
        self._directory = directory
        self._pages = pages

    def lead(self, error: BadClient) -> Response:
        """302 to the page, as AWS has it."""
        known = {"error": error.error, "client_id": error.client_id, "reason": error.reason}
        return redirect(with_query("/error", {name: value for name, value in known.items() if value}))

    def __call__(self, ask: Ask) -> Response:
        """The page; its texts are all ours, whatever the query says. Reads the store: call it in a thread."""
        hint = HINTS.get(ask.query.get("reason", ""))
        details = hint(self._found(ask.query.get("client_id", ""))) if hint else []
        error = ask.query.get("error", "invalid_request")
        known = error if error in ("redirect_mismatch", "unauthorized_client") else "invalid_request"
        page = Page(title=TITLE, alert=Alert(known), details=tuple(details))
        return self._pages.show(ask, page, status=400)

    def _found(self, client_id: str) -> Found:
        try:
            return self._directory.client_anywhere(client_id)
        except (ResourceNotFoundException, ValueError):
            return None
