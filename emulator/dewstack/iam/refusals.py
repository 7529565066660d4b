"""Refusals as each AWS protocol words them: the same fault has another name and status in each."""

from collections.abc import Mapping
from functools import lru_cache

from dewstack.errors import AwsError
from dewstack.iam.faults import Expired, Fault, Incomplete, Mismatch, Missing, Unrecognized

Named = tuple[str, int]
"""An error's name and HTTP status."""

DENIED: Mapping[str, Named] = {
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "query": ("AccessDenied", 403),
    "rest-xml": ("AccessDenied", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "smithy-rpc-v2-cbor": ("AccessDenied", 403),
}
DENIED_BY_SERVICE: Mapping[str, Named] = {
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
}
"""Services that have a name of their own for it."""

FAULTS: Mapping[type[Fault], Mapping[str, Named]] = {
    Missing: {
        "json": ("MissingAuthenticationTokenException", 400),
        "rest-json": ("MissingAuthenticationTokenException", 403),
        "query": ("MissingAuthenticationToken", 403),
        "rest-xml": ("AccessDenied", 403),
    },
    Incomplete: {
        "json": ("IncompleteSignatureException", 400),
        "rest-json": ("IncompleteSignatureException", 403),
        "query": ("IncompleteSignature", 403),
        "rest-xml": ("AuthorizationHeaderMalformed", 400),
    },
    Mismatch: {
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
        "query": ("SignatureDoesNotMatch", 403),
        "rest-xml": ("SignatureDoesNotMatch", 403),
    },
    Unrecognized: {
        "json": ("UnrecognizedClientException", 400),
        "rest-json": ("UnrecognizedClientException", 403),
        "query": ("InvalidClientTokenId", 403),
        "rest-xml": ("InvalidAccessKeyId", 403),
    },
    Expired: {
        "json": ("ExpiredTokenException", 400),
        "rest-json": ("ExpiredTokenException", 403),
        "query": ("ExpiredToken", 403),
        "rest-xml": ("ExpiredToken", 400),
    },
}


def denied(service: str, protocol: str, message: str) -> AwsError:
    """What a service answers to a caller who may not."""
    name, status = DENIED_BY_SERVICE.get(service) or DENIED.get(protocol, DENIED["json"])
    return _error(name, status)(message)


def faulty(protocol: str, fault: Fault) -> AwsError:
    """What a service answers to a request that isn't signed as it must be."""
    names = FAULTS[type(fault)]
    name, status = names.get(protocol) or names["query"]
    return _error(name, status)(fault.message)


@lru_cache(maxsize=64)
def _error(name: str, status: int) -> type[AwsError]:
    return type(name, (AwsError,), {"code": name, "status": status})


def not_authorized(arn: str, action: str, resource: str, reason: str, *, service: str = "") -> str:
    """AWS's sentence. S3 puts the resource in quotation marks, and what is on no resource is told without one."""
    named = f'"{resource}"' if service == "s3" else resource
    on = "" if resource == "*" else f" on resource: {named}"
    return f"User: {arn} is not authorized to perform: {action}{on} {reason}"
