"""Who calls which AWS service: read off the SigV4 credential scope, `X-Amz-Target`, path, host or form.

Signatures are not verified: local credentials are anybody's. Their form is.
"""

import base64
import hashlib
import re
from urllib.parse import parse_qsl

from msgspec import Struct

from dewstack.config import Caller, Config
from dewstack.http import Request

_TARGETS = {
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
    "Logs": "logs",
    "DynamoDB": "dynamodb",
    "DynamoDBStreams": "dynamodbstreams",
    "AmazonSQS": "sqs",
    "AmazonSSM": "ssm",
    "AWSEvents": "events",
    "AWSStepFunctions": "stepfunctions",
    "Kinesis": "kinesis",
    "TrentService": "kms",
    "secretsmanager": "secretsmanager",
}
SIGNING_NAMES = {
    "aoss": "opensearchserverless",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "elasticmapreduce": "emr",
    "email": "ses",
    "eventbridge": "events",
    "execute-api": "apigatewaymanagementapi",
    "iotdata": "iot-data",
    "mobiletargeting": "pinpoint",
    "monitoring": "cloudwatch",
    "s3express": "s3",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}
"""Names that requests are signed for, and the services' names in boto3, where they differ."""
_VARIANTS = (
    ("dynamodb", "x-amz-target", "DynamoDBStreams_", "dynamodbstreams"),
    ("ses", "", "/v2/", "sesv2"),
    ("s3", "", "/v20180820/", "s3control"),
)
"""Services that share a signing name: told by the beginning of a header, or of the path."""
_VERSIONS = {
    "2010-05-15": "cloudformation",
    "2011-06-15": "sts",
    "2010-05-08": "iam",
    "2010-03-31": "sns",
    "2012-11-05": "sqs",
    "2016-11-15": "ec2",
}
_PATHS = (
    (re.compile(r"/v2/(apis|domainnames|tags|vpclinks)(/|$)"), "apigatewayv2"),
    (re.compile(r"/@connections/"), "apigatewaymanagementapi"),
    (re.compile(r"/restapis(/|$)(?![^/]+/[^/]+/_user_request_)"), "apigateway"),
    (
        re.compile(r"/20\d\d-\d\d-\d\d/(functions|layers|event-source-mappings|tags|account-settings)"),
        "lambda",
    ),
)
_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)?(lambda|logs|cognito-idp|cloudformation|sts|iam|apigateway)\."
    r"(?:[a-z]{2}(?:-[a-z]+)+-\d\.)?(?:localhost|amazonaws\.com)"
)
_S3_HOST = re.compile(r"(?:[a-z0-9.-]+\.)?s3(?:[.-][a-z0-9-]+)*\.(?:localhost|amazonaws\.com)")
_FORM_KEY = re.compile(
    rb'name="(?:x-amz-credential|AWSAccessKeyId)"\r\n\r\n([^\r\n]{1,256})\r\n', re.IGNORECASE
)
_SCHEMES = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
_ACCOUNT = re.compile(r"\d{12}")


class Identity(Struct, frozen=True):
    """What a request says about itself. `service` is boto3's name, empty when nothing tells it.

    `flaw` says what is wrong with a signature that has not even the right form.
    """

    service: str
    caller: Caller
    signed: bool
    flaw: str = ""


class _Credential(Struct, frozen=True):
    access_key_id: str
    region: str
    signing_name: str


def _hashed(authorization: str) -> str:
    return base64.b64encode(hashlib.sha256(authorization.encode()).digest()).decode()


def _parse_scope(text: str) -> _Credential | str:
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or not all(parts):
        return (
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{text}'"
        )
    return _Credential(parts[0], parts[2], parts[3])


def _parse_authorization(header: str, dated: bool) -> _Credential | str:
    """The credential of an `Authorization` header, or what is wrong with it."""
    digest = f"(Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(header)}"
    scheme, _, rest = header.partition(" ")
    fields: dict[str, str] = {}
    for part in rest.split(",") if scheme in _SCHEMES else ():
        key, equals, value = part.strip().partition("=")
        if not equals:
            return (
                "Invalid key=value pair (missing equal-sign) in Authorization header "
                f"(hashed with SHA-256 and encoded with Base64): '{_hashed(part)}'."
            )
        fields[key] = value
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not fields.get(name)]
    if missing or not dated:
        sentences = [f"Authorization header requires '{name}' parameter." for name in missing]
        if not dated:
            sentences.append(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
            )
        return " ".join([*sentences, digest])
    return _parse_scope(fields["Credential"])


def _presigned(query: str) -> _Credential | str | None:
    if "X-Amz-" not in query and "AWSAccessKeyId=" not in query:
        return None
    fields = dict(parse_qsl(query, keep_blank_values=True))
    if fields.get("Signature") and fields.get("Expires"):
        return _Credential(fields["AWSAccessKeyId"], "", "s3")
    if "X-Amz-Algorithm" not in fields:
        return None
    missing = [name for name in ("X-Amz-Credential", "X-Amz-Signature") if not fields.get(name)]
    if missing:
        return " ".join(f"AWS query-string parameters must include '{name}'." for name in missing)
    return _parse_scope(fields["X-Amz-Credential"])


def _is_posted(request: Request) -> bool:
    """Whether a browser's form uploads to S3: the signature of its policy is among the form's fields."""
    content_type = request.header("content-type") or ""
    return (
        request.method == "POST"
        and content_type.startswith("multipart/form-data")
        and b'name="policy"' in request.body
        and _FORM_KEY.search(request.body) is not None
    )


def _posted(request: Request) -> _Credential | None:
    found = _FORM_KEY.search(request.body) if _is_posted(request) else None
    if found is None:
        return None
    scope = _parse_scope(found[1].decode("latin-1"))
    return scope if isinstance(scope, _Credential) else _Credential(found[1].decode("latin-1"), "", "s3")


def credential_of(request: Request) -> _Credential | str | None:
    """The credential that signed `request`; a text when the signature is malformed; None when unsigned."""
    header = request.header("authorization")
    if header is None:
        return _presigned(request.query) or _posted(request)
    dated = bool(request.header("x-amz-date") or request.header("date"))
    return _parse_authorization(header, dated)


def _is_form(request: Request) -> bool:
    content_type = request.header("content-type") or ""
    return request.method == "POST" and content_type.startswith("application/x-www-form-urlencoded")


def _action(request: Request) -> dict[str, str]:
    """The parameters of a query-protocol request; empty when it is none."""
    if request.raw_path.strip("/"):
        return {}
    if "Action=" in request.query:
        return dict(parse_qsl(request.query))
    if _is_form(request) and b"Action=" in request.body:
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    return {}


def _service_by_path(path: str) -> str:
    return next((service for pattern, service in _PATHS if pattern.match(path)), "")


def _service_by_target(target: str) -> str:
    prefix = target.rpartition(".")[0]
    return _TARGETS.get(prefix.partition("_")[0], prefix)


def _variant(service: str, request: Request) -> str:
    for family, header, beginning, variant in _VARIANTS:
        text = request.header(header) if header else request.raw_path
        if service == family and (text or "").startswith(beginning):
            return variant
    return service


def _service_of(request: Request, credential: _Credential | None) -> str:
    if credential is not None:
        name = credential.signing_name
        if name == "apigateway":
            return "apigatewayv2" if request.raw_path.startswith("/v2/") else "apigateway"
        return _variant(SIGNING_NAMES.get(name, name), request)
    target = request.header("x-amz-target")
    if target and "." in target:
        return _service_by_target(target)
    if by_path := _service_by_path(request.raw_path):
        return by_path
    action = _action(request)
    if by_version := _VERSIONS.get(action.get("Version", "")):
        return by_version
    name = (request.header("host") or "").lower()
    host = _HOST.match(name)
    return host[1] if host else "s3" if _S3_HOST.match(name) else ""


def identify(request: Request, config: Config) -> Identity:
    """The service and the caller of `request`.

    The account is the access key id where that is an account number (twelve digits), else the emulator's own.
    """
    found = credential_of(request)
    credential = found if isinstance(found, _Credential) else None
    flaw = found if isinstance(found, str) else ""
    service = _service_of(request, credential)
    if credential is None:
        return Identity(service, config.caller, False, flaw)
    key = credential.access_key_id
    account = key if _ACCOUNT.fullmatch(key) else config.account_id
    return Identity(service, Caller(account, credential.region or config.region, key), True)


def is_aws_request(request: Request) -> bool:
    """Whether `request` is for an AWS API (signed, or by target, path or form), cheaply.

    A request signed for `execute-api` is for a deployed API, not for AWS's own.
    """
    for name, value in request.headers:
        lowered = name.lower()
        if lowered == b"x-amz-target":
            return True
        if lowered == b"authorization" and value.startswith(b"AWS4-"):
            return b"/execute-api/" not in value
        if lowered == b"access-control-request-headers" and b"x-amz-target" in value.lower():
            return True
    if _is_posted(request) or _S3_HOST.match((request.header("host") or "").lower()):
        return True
    if "AWSAccessKeyId=" in request.query and "Signature=" in request.query:
        return True
    if "X-Amz-Algorithm=" in request.query:
        return "%2Fexecute-api%2F" not in request.query and "/execute-api/" not in request.query
    return bool(_service_by_path(request.raw_path) or _action(request))
