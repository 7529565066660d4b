"""MOCK, AWS and HTTP integrations of REST APIs: what is mapped on the way in and on the way out."""

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dewstack.compile.mapping_templates import CLAIMS, default_request_templates
from dewstack.http import Request
from tests.api.apigateway.http_api_client import Result, header
from tests.api.apigateway.rest_api_client import URI, RestGateway

MOCK = {"type": "MOCK", "requestTemplates": {"application/json": "{statusCode:200}"}}
LAMBDA = {"type": "AWS", "integrationHttpMethod": "POST", "uri": URI}
ORIGINS = """#set($origin = $input.params("Origin"))
#if($origin == "") #set($origin = $input.params("origin")) #end
#if($origin.matches("http://a[.]example") || $origin.matches("http://.+[.]b[.]example"))
#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end"""


def mapped(rest: RestGateway, integration: dict[str, Any], *responses: dict[str, Any]) -> RestGateway:
    rest.create_rest().mapped("ANY /{id}", integration, *responses)
    return rest.deploy()


class TestMock:
    """MOCK."""

    def test_a_preflight_as_the_serverless_framework_compiles_it(self, rest: RestGateway) -> None:
        headers = {
            "Access-Control-Allow-Origin": "'http://a.example'",
            "Access-Control-Allow-Methods": "'OPTIONS,GET'",
        }
        response = {
            "statusCode": "200",
            "responseParameters": {
                f"method.response.header.{name}": value for name, value in headers.items()
            },
            "responseTemplates": {"application/json": ORIGINS},
        }
        mapped(rest, MOCK | {"contentHandling": "CONVERT_TO_TEXT"}, response)
        for name, origin, allowed in (
            ("Origin", "http://a.example", "http://a.example"),
            ("origin", "http://x.b.example", "http://x.b.example"),
            ("Origin", "http://aXexample", "http://a.example"),
        ):
            answer = rest.request("OPTIONS", "/1", {name: origin})
            assert (answer.status, answer.body.strip()) == (200, b"")
            assert header(answer, "Access-Control-Allow-Origin") == [allowed]
            assert header(answer, "Access-Control-Allow-Methods") == ["OPTIONS,GET"]
            assert header(answer, "X-Amzn-Trace-Id") == []
        assert rest.invoked == []

    def test_its_template_chooses_the_response(self, rest: RestGateway) -> None:
        template = "{\"statusCode\": #if($input.params('id') == 'good')200#{else}404#end}"
        mapped(
            rest,
            {"type": "MOCK", "requestTemplates": {"application/json": template}},
            {
                "statusCode": "200",
                "responseTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
            },
            {"statusCode": "404", "selectionPattern": "4\\d\\d", "responseTemplates": {"text/plain": "no"}},
        )
        good, bad = rest.request("GET", "/good"), rest.request("GET", "/bad")
        assert (good.status, good.body) == (200, b'{"id": "good"}')
        assert (bad.status, bad.body, header(bad, "Content-Type")) == (404, b"no", ["text/plain"])

    @pytest.mark.parametrize(
        "template", ["", "{}", '{"statusCode": "x"}', "no", '{"statusCode": 1000}', "$x.matches($y)"]
    )
    def test_without_a_status_it_is_an_internal_error(self, rest: RestGateway, template: str) -> None:
        response = mapped(rest, {"type": "MOCK", "requestTemplates": {"application/json": template}}).request(
            "GET", "/1"
        )
        assert (response.status, response.body) == (500, b'{"message": "Internal server error"}')

    def test_without_a_response_it_is_an_internal_error(self, rest: RestGateway) -> None:
        response = mapped(rest, MOCK, {"statusCode": "200", "selectionPattern": "404"}).request("GET", "/1")
        assert (response.status, response.body) == (500, b'{"message": "Internal server error"}')

    def test_a_template_that_cannot_be_read_is_an_internal_error(self, rest: RestGateway) -> None:
        broken = {"type": "MOCK", "requestTemplates": {"application/json": "#if(true)"}}
        rest.create_rest().mapped("GET /broken", broken)
        rest.mapped("GET /good", MOCK)
        rest.deploy()
        assert [rest.request("GET", path).status for path in ("/broken", "/good")] == [500, 200]

    def test_headers_are_mapped_from_all_over(self, rest: RestGateway) -> None:
        sources = {
            "Literal": "'one, two'",
            "Header": "method.request.header.x-given",
            "All": "method.request.multivalueheader.x-given",
            "Query": "method.request.querystring.q",
            "Queries": "method.request.multivaluequerystring.q",
            "Path": "method.request.path.id",
            "Member": "method.request.body.a.b[1]",
            "Body": "method.request.body",
            "Context": "context.identity.sourceIp",
            "Stage": "stageVariables.colour",
            "None": "method.request.header.none",
        }
        parameters = {f"method.response.header.X-{name}": text for name, text in sources.items()}
        rest.create_rest().mapped("POST /{id}", MOCK, {"statusCode": "200", "responseParameters": parameters})
        rest.deploy(variables={"colour": "blue"})
        body = b'{"a": {"b": [0, true]}}'
        response = rest.request("POST", "/7?q=1&q=2", [("X-Given", "a"), ("x-given", "b")], body)
        assert {name: header(response, f"X-{name}") for name in sources} == {
            "Literal": ["one, two"],
            "Header": ["b"],
            "All": ["a,b"],
            "Query": ["2"],
            "Queries": ["1,2"],
            "Path": ["7"],
            "Member": ["true"],
            "Body": [body.decode()],
            "Context": ["127.0.0.1"],
            "Stage": ["blue"],
            "None": [],
        }


class TestLambda:
    """AWS, with a function."""

    def test_the_event_that_the_serverless_framework_makes(self, rest: RestGateway) -> None:
        templates = {
            kind: text.replace(CLAIMS, "") for kind, text in default_request_templates().items() if text
        }
        mapped(rest, LAMBDA | {"requestTemplates": templates}).function = lambda event: event
        event = rest.event(
            "POST", "/7?q=it's&r=%22", headers={"X-A": "b\"c'"}, body=b'{"a": [1, "\xc3\xa4"]}'
        )
        assert (event["body"], event["method"], event["stage"]) == ({"a": [1, "ä"]}, "POST", "dev")
        assert (event["query"], event["path"]) == ({"q": "it's", "r": '"'}, {"id": "7"})
        assert event["headers"]["X-A"] == "b\"c'"
        assert event["identity"]["sourceIp"] == "127.0.0.1"
        assert (event["principalId"], event["cognitoPoolClaims"], event["enhancedAuthContext"]) == (
            "",
            {"sub": ""},
            {},
        )
        assert (event["requestPath"], event["stageVariables"]) == ("/{id}", {})
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        event = rest.event("POST", "/7", headers=form, body=b"a=1&b=it's+%22&c&d=")
        assert event["body"] == {"a": "1", "b": "it's \"", "c": "", "d": ""}

    def test_without_a_template_the_body_is_the_event(self, rest: RestGateway) -> None:
        mapped(rest, LAMBDA).function = lambda event: {"got": event}
        assert rest.request("POST", "/7", body=b"[1]").body == b'{"got": [1]}'
        assert rest.request("GET", "/7").body == b'{"got": {}}'
        response = rest.request("POST", "/7", body=b"no json")
        assert response.status == 400
        assert json.loads(response.body)["message"].startswith("Could not parse request body into json: ")

    @pytest.mark.parametrize(
        ("behaviour", "kind", "status"),
        [
            ("NEVER", "application/json", 200),
            ("NEVER", "text/plain", 415),
            ("WHEN_NO_TEMPLATES", "text/plain", 415),
            ("WHEN_NO_MATCH", "text/plain", 200),
        ],
    )
    def test_other_content_types(self, rest: RestGateway, behaviour: str, kind: str, status: int) -> None:
        templates = {"application/json": "$input.json('$')"}
        mapped(rest, LAMBDA | {"requestTemplates": templates, "passthroughBehavior": behaviour})
        response = rest.request("POST", "/7", {"Content-Type": kind}, b"1")
        assert response.status == status
        if status == 415:
            assert response.body == b'{"message":"Unsupported Media Type"}'

    def test_an_error_selects_a_response_by_its_message(self, rest: RestGateway) -> None:
        mapped(
            rest,
            LAMBDA,
            {"statusCode": "200"},
            {
                "statusCode": "404",
                "selectionPattern": ".*not found.*",
                "responseTemplates": {"application/json": "{\"error\": $input.json('$.errorMessage')}"},
                "responseParameters": {
                    "method.response.header.X-Type": "integration.response.body.errorType"
                },
            },
        )
        rest.function = lambda event: Result(
            b'{"errorMessage": "it is not found", "errorType": "E"}', "Unhandled"
        )
        response = rest.request("GET", "/7")
        assert (response.status, response.body) == (404, b'{"error": "it is not found"}')
        assert header(response, "X-Type") == ["E"]
        rest.function = lambda event: Result(b'{"errorMessage": "boom"}', "Unhandled")
        response = rest.request("GET", "/7")
        assert (response.status, response.body) == (200, b'{"errorMessage": "boom"}')

    def test_a_template_may_override_the_status(self, rest: RestGateway) -> None:
        override = "$context.responseOverride"
        template = f"#set({override}.status = 201)#set({override}.header['X-A'] = 'b')$input.body"
        mapped(rest, LAMBDA, {"statusCode": "200", "responseTemplates": {"application/json": template}})
        rest.function = lambda event: [1]
        response = rest.request("GET", "/7")
        assert (response.status, response.body, header(response, "X-A")) == (201, b"[1]", ["b"])

    def test_bytes_come_out_of_base64(self, rest: RestGateway) -> None:
        template = {"application/json": "$input.path('$')"}
        response = {
            "statusCode": "200",
            "contentHandling": "CONVERT_TO_BINARY",
            "responseTemplates": template,
        }
        mapped(rest, LAMBDA, response).function = lambda event: base64.b64encode(b"\x00\xff").decode()
        assert rest.request("GET", "/7").body == b"\x00\xff"
        rest.function = lambda event: "no base64!"
        assert rest.request("GET", "/7").status == 500

    def test_an_asynchronous_integration_does_not_wait(self, rest: RestGateway) -> None:
        parameters = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
        mapped(rest, LAMBDA | {"requestParameters": parameters})
        assert rest.request("POST", "/7", body=b'{"a": 1}').status == 200
        assert [event for _, event in rest.sent] == [b'{"a": 1}']
        assert rest.invoked == []


class Backend(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        told = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
        status = int(self.headers.get("X-Status") or 200)
        text = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Backend", "here")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def backend() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class TestHttp:
    """HTTP and HTTP_PROXY."""

    def test_a_proxy_sends_everything_on_and_back(self, rest: RestGateway, backend: str) -> None:
        integration = {
            "type": "HTTP_PROXY",
            "integrationHttpMethod": "ANY",
            "uri": f"{backend}/base/{{rest}}",
            "requestParameters": {
                "integration.request.path.rest": "method.request.path.rest",
                "integration.request.header.X-Stage": "context.stage",
            },
        }
        rest.create_rest().method("ANY /{rest+}", integration)
        headers = {"X-A": "b", "X-Status": "418", "Connection": "close"}
        response = rest.deploy().request("POST", "/a%20b/c?q=1&q=2", headers, b"hello")
        told = json.loads(response.body)
        assert response.status == 418
        assert header(response, "X-Backend") == ["here"]
        assert header(response, "Content-Length") == [str(len(response.body))]
        assert (told["method"], told["path"], told["body"]) == ("POST", "/base/a%20b/c?q=1&q=2", "hello")
        assert (told["headers"]["X-A"], told["headers"]["X-Stage"]) == ("b", "dev")
        assert told["headers"]["Host"] == backend.removeprefix("http://")

    def test_a_template_overrides_what_is_mapped(self, rest: RestGateway, backend: str) -> None:
        template = """#set($context.requestOverride.header.x-mapped = "overridden")
#set($context.requestOverride.path.where = "there")
#set($context.requestOverride.querystring.q = $input.params("id"))
{"sent": true}"""
        integration = {
            "type": "HTTP",
            "integrationHttpMethod": "POST",
            "uri": f"{backend}/{{where}}",
            "requestParameters": {
                "integration.request.header.X-Mapped": "'mapped'",
                "integration.request.path.where": "'here'",
            },
            "requestTemplates": {"application/json": template},
        }
        told = json.loads(mapped(rest, integration).request("POST", "/7").body)
        assert told["path"] == "/there?q=7"
        assert {name.lower(): value for name, value in told["headers"].items()}["x-mapped"] == "overridden"

    @pytest.mark.parametrize(("skip", "status"), [(True, 200), (False, 504)])
    def test_whose_certificates_are_good(
        self, rest: RestGateway, tmp_path: Path, skip: bool, status: int
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        plain = PrivateFormat.PKCS8, NoEncryption()
        pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        (tmp_path / "both.pem").write_bytes(pem + key.private_bytes(Encoding.PEM, *plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "both.pem")
        with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            uri = f"https://127.0.0.1:{server.server_port}/"
            integration = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": uri}
            rest.create_rest().method(
                "GET /x", integration | {"tlsConfig": {"insecureSkipVerification": skip}}
            )
            assert rest.deploy().request("GET", "/x").status == status
            server.shutdown()

    def test_without_a_proxy_only_what_is_mapped_goes(self, rest: RestGateway, backend: str) -> None:
        integration = {
            "type": "HTTP",
            "integrationHttpMethod": "POST",
            "uri": f"{backend}/${{stageVariables.where}}",
            "requestParameters": {
                "integration.request.header.X-Id": "method.request.path.id",
                "integration.request.querystring.q": "'a b&c'",
            },
            "requestTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
        }
        responses: list[dict[str, Any]] = [
            {
                "statusCode": "200",
                "responseParameters": {
                    "method.response.header.X-Mapped": "integration.response.header.X-Backend"
                },
            },
            {"statusCode": "404", "selectionPattern": "4.."},
        ]
        rest.create_rest().mapped("GET /{id}", integration, *responses)
        rest.deploy(variables={"where": "there"})
        response = rest.request("GET", "/7?x=1", {"X-A": "b"})
        told = json.loads(response.body)
        assert (told["method"], told["path"], told["body"]) == ("POST", "/there?q=a+b%26c", '{"id": "7"}')
        assert told["headers"]["X-Id"] == "7"
        assert "X-A" not in told["headers"]
        assert header(response, "X-Mapped") == ["here"]
        assert header(response, "X-Backend") == []

    @pytest.mark.parametrize("header_value", ["a\r\nX-Injected: b", "a\nb"])
    def test_a_client_injects_nothing(self, rest: RestGateway, backend: str, header_value: str) -> None:
        integration = {
            "type": "HTTP_PROXY",
            "integrationHttpMethod": "GET",
            "uri": backend,
            "requestParameters": {"integration.request.header.X-A": "method.request.querystring.q"},
        }
        rest.create_rest().method("GET /", integration)
        query = header_value.replace("\r", "%0d").replace("\n", "%0a").replace(" ", "%20")
        told = json.loads(rest.deploy().request("GET", f"/?q={query}").body)
        assert "X-Injected" not in told["headers"]

    def test_an_endpoint_that_is_not_there_is_a_network_error(self, rest: RestGateway) -> None:
        integration = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://127.0.0.1:9/"}
        rest.create_rest().method("GET /", integration)
        response = rest.deploy().request("GET", "/")
        assert (response.status, response.body) == (
            504,
            b'{"message": "Network error communicating with endpoint"}',
        )


@pytest.fixture
def meeting() -> Iterator[str]:
    """A server that answers nobody before fifty are there."""
    everybody = threading.Barrier(50)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                everybody.wait(20)
            except threading.BrokenBarrierError:
                self.send_response(500)
            else:
                self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 50

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_endpoints_that_take_their_time_hold_up_nobody_else(rest: RestGateway, meeting: str) -> None:
    integration = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": meeting}
    rest.create_rest().method("GET /a", integration)
    rest.deploy()
    request = Request("GET", "/dev/a", "", [(b"Host", b"localhost")], b"")

    async def together() -> list[int]:
        answers = await asyncio.gather(*(rest.api.execute(rest.api_id, request) for _ in range(50)))
        return [answer.status for answer in answers]

    assert rest.runner.run(together()) == [200] * 50
