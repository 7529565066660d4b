"""Terms documents: links to a client's terms of use and privacy policy, by language."""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.paging import page
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

_DEFAULT = "cognito:default"
_PAGE = 60


class TermsDocument(Struct, frozen=True, kw_only=True):
    """The links of one kind, `terms-of-use` or `privacy-policy`. Times are seconds since the epoch."""

    id: str
    client_id: str
    name: str
    source: str
    enforcement: str
    links: dict[str, str] = field(default_factory=dict)
    created: float
    modified: float


class Terms:
    """The operations on terms documents."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._kept = directory.of_client("terms", TermsDocument)

    @operation("CreateTerms")
    def create_terms(self, caller: Caller, params: Params) -> Params:
        """Add a client's document. Raises TermsExistsException where it has one of the name."""
        now = self._clock.time()
        _check_links(params.get("Links"))
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            client = self._directory.client(pool, params["ClientId"])
            document = TermsDocument(
                id=ids.uuid4(),
                client_id=client.id,
                name=params["TermsName"],
                source=params["TermsSource"],
                enforcement=params["Enforcement"],
                links=params.get("Links") or {},
                created=now,
                modified=now,
            )
            self._check_free(client, document.name)
            self._kept.put(document, *client.key, document.name)
        return {"Terms": _describe(pool, document)}

    @operation("DescribeTerms")
    def describe_terms(self, caller: Caller, params: Params) -> Params:
        """One document, by its id."""
        pool, document = self._identified(caller, params)
        return {"Terms": _describe(pool, document)}

    @operation("DescribeTermsByClient")
    def describe_terms_by_client(self, caller: Caller, params: Params) -> Params:
        """One document, by client and name."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        client = self._directory.client(pool, params["ClientId"])
        document = self._kept.get(*client.key, params["TermsName"])
        if document is None:
            raise errors.ResourceNotFoundException(
                f"Terms {params['TermsName']} do not exist for client {client.id}."
            )
        return {"Terms": _describe(pool, document)}

    @operation("ListTerms")
    def list_terms(self, caller: Caller, params: Params) -> Params:
        """The pool's documents, by id."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        entries = sorted((document.id, document) for document in self._kept.scan(*pool.key))
        documents, token = page(entries, params.get("MaxResults") or _PAGE, params.get("NextToken"))
        listed = [
            {
                "TermsId": document.id,
                "TermsName": document.name,
                "Enforcement": document.enforcement,
                "CreationDate": document.created,
                "LastModifiedDate": document.modified,
            }
            for document in documents
        ]
        return {"Terms": listed, **({"NextToken": token} if token else {})}

    @operation("UpdateTerms")
    def update_terms(self, caller: Caller, params: Params) -> Params:
        """Change what is given of a document."""
        _check_links(params.get("Links"))
        with self._directory.transaction():
            pool, document = self._identified(caller, params)
            name = params.get("TermsName") or document.name
            if name != document.name:
                self._check_free(self._directory.client(pool, document.client_id), name)
                self._kept.delete(*pool.key, document.client_id, document.name)
            document = replace(
                document,
                name=name,
                links=params.get("Links") or document.links,
                modified=self._clock.time(),
            )
            self._kept.put(document, *pool.key, document.client_id, name)
        return {"Terms": _describe(pool, document)}

    @operation("DeleteTerms")
    def delete_terms(self, caller: Caller, params: Params) -> Params:
        """Remove a document."""
        with self._directory.transaction():
            pool, document = self._identified(caller, params)
            self._kept.delete(*pool.key, document.client_id, document.name)
        return {}

    def _check_free(self, client: UserPoolClient, name: str) -> None:
        if self._kept.get(*client.key, name):
            raise errors.TermsExistsException(f"Terms {name} already exist for client {client.id}.")

    def _identified(self, caller: Caller, params: Params) -> tuple[UserPool, TermsDocument]:
        pool = self._directory.pool(caller, params["UserPoolId"])
        for document in self._kept.scan(*pool.key):
            if document.id == params["TermsId"]:
                return pool, document
        raise errors.ResourceNotFoundException(f"Terms {params['TermsId']} do not exist.")


def _check_links(links: dict[str, str] | None) -> None:
    if links and _DEFAULT not in links:
        raise errors.InvalidParameterException(f"Links must have an entry for {_DEFAULT}.")
    for url in (links or {}).values():
        if not url.startswith(("https://", "http://")):
            raise errors.InvalidParameterException(f"{url} is not a valid URL.")


def _describe(pool: UserPool, document: TermsDocument) -> Params:
    return {
        "TermsId": document.id,
        "UserPoolId": pool.id,
        "ClientId": document.client_id,
        "TermsName": document.name,
        "TermsSource": document.source,
        "Enforcement": document.enforcement,
        "Links": document.links,
        "CreationDate": document.created,
        "LastModifiedDate": document.modified,
    }
