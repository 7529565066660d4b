"""Custom domain names of REST APIs, VPC links and client certificates."""

import json
from typing import Any

import pytest
from cryptography import x509

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.http import Request, Response
from tests.api.apigateway.rest_api_client import RestGateway, patch

NAME = "api.example.com"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/abc"


def at(rest: RestGateway, path: str, host: str = NAME) -> Response:
    """The answer to a request at a domain."""
    assert rest.api.has_domain(host)
    request = Request("GET", path, "", [(b"Host", host.encode())], b"")
    return rest.runner.run(rest.api.execute_at(host, request))


@pytest.fixture
def domain(rest: RestGateway) -> RestGateway:
    """A domain name and an API with two stages."""
    rest.create_rest("GET /pets/{id}").deploy("prod")
    rest.call(
        "CreateDomainName",
        domainName=NAME,
        regionalCertificateArn=CERTIFICATE,
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    return rest


def mapped(rest: RestGateway, **params: Any) -> dict[str, Any]:
    return rest.call("CreateBasePathMapping", domainName=NAME, **params)


def test_a_domain_name_has_what_dns_records_need(domain: RestGateway) -> None:
    found = domain.call("GetDomainName", domainName=NAME)
    assert found["regionalDomainName"].endswith(".execute-api.us-east-1.amazonaws.com")
    assert found["domainNameStatus"] == "AVAILABLE"
    edge = domain.call("CreateDomainName", domainName="edge.example.com", certificateArn=CERTIFICATE)
    assert edge["distributionDomainName"].endswith(".cloudfront.net")
    names = {one["domainName"] for one in domain.call("GetDomainNames")["items"]}
    assert names == {NAME, "edge.example.com"}
    moved = [{"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"}]
    changed = domain.call("UpdateDomainName", domainName="edge.example.com", patchOperations=moved)
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert changed["regionalDomainName"]


def test_requests_are_served_by_their_host(domain: RestGateway) -> None:
    assert at(domain, "/pets/1").status == 403
    assert mapped(domain, stage="dev")["basePath"] == "(none)"
    event = json.loads(at(domain, "/pets/1").body)
    assert (event["path"], event["resource"], event["pathParameters"]) == (
        "/pets/1",
        "/pets/{id}",
        {"id": "1"},
    )
    context = event["requestContext"]
    assert (context["path"], context["stage"], context["domainName"]) == ("/pets/1", "dev", NAME)
    assert json.loads(at(domain, "/pets/1", f"{NAME}:4566").body)["pathParameters"] == {"id": "1"}
    assert not domain.api.has_domain("other.example.com")


def test_the_longest_base_path_is_meant_and_events_show_it(domain: RestGateway) -> None:
    mapped(domain, stage="dev")
    mapped(domain, basePath="shop", stage="prod")
    event = json.loads(at(domain, "/shop/pets/1").body)
    assert (event["path"], event["requestContext"]["stage"]) == ("/shop/pets/1", "prod")
    assert event["requestContext"]["path"] == "/shop/pets/1"
    assert json.loads(at(domain, "/pets/1").body)["requestContext"]["stage"] == "dev"
    assert at(domain, "/shopping/pets/1").status == 403


def test_without_a_stage_the_path_names_it(domain: RestGateway) -> None:
    mapped(domain, basePath="v1")
    assert json.loads(at(domain, "/v1/prod/pets/1").body)["requestContext"]["stage"] == "prod"
    assert at(domain, "/v1/nowhere/pets/1").status == 403


def test_a_domain_serves_what_its_own_endpoint_does_not(domain: RestGateway) -> None:
    mapped(domain, stage="dev")
    closed = [patch("replace", "/disableExecuteApiEndpoint", "true")]
    domain.call("UpdateRestApi", patchOperations=closed)
    assert domain.request("GET", "/pets/1").status == 403
    assert at(domain, "/pets/1").status == 200


def test_mappings_change_and_go(domain: RestGateway) -> None:
    mapped(domain, basePath="a", stage="dev")
    place = {"domainName": NAME, "basePath": "a"}
    with pytest.raises(ConflictException):
        mapped(domain, basePath="a", stage="prod")
    moved = [patch("replace", "/basePath", "b"), patch("replace", "/stage", "prod")]
    domain.call("UpdateBasePathMapping", patchOperations=moved, **place)
    assert json.loads(at(domain, "/b/pets/1").body)["requestContext"]["stage"] == "prod"
    assert at(domain, "/a/pets/1").status == 403
    with pytest.raises(NotFoundException):
        domain.call("GetBasePathMapping", **place)
    assert [one["basePath"] for one in domain.call("GetBasePathMappings", domainName=NAME)["items"]] == ["b"]
    domain.call("DeleteBasePathMapping", domainName=NAME, basePath="b")
    assert at(domain, "/b/pets/1").status == 403
    mapped(domain, stage="dev")
    domain.call("DeleteDomainName", domainName=NAME)
    assert not domain.api.has_domain(NAME)


@pytest.mark.parametrize(
    "params",
    [
        {"domainName": NAME, "certificateArn": CERTIFICATE},
        {"domainName": "no_name", "certificateArn": CERTIFICATE},
        {"domainName": "fine.example.com"},
        {
            "domainName": "fine.example.com",
            "certificateArn": CERTIFICATE,
            "endpointConfiguration": {"types": ["PRIVATE"]},
        },
    ],
)
def test_what_cannot_be_a_domain_is_refused(domain: RestGateway, params: dict[str, Any]) -> None:
    with pytest.raises(BadRequestException):
        domain.call("CreateDomainName", **params)


def test_a_mapping_needs_an_api_and_its_stage(domain: RestGateway) -> None:
    for params in ({"restApiId": "nowhere"}, {"stage": "nowhere"}):
        with pytest.raises(BadRequestException):
            mapped(domain, **params)
    with pytest.raises(NotFoundException):
        domain.call("CreateBasePathMapping", domainName="other.example.com", stage="dev")


def test_a_vpc_link_is_kept_and_refused_where_it_is_used(rest: RestGateway) -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/x/y"
    link = rest.call("CreateVpcLink", name="in", targetArns=[arn])
    assert (link["status"], rest.call("GetVpcLinks")["items"]) == ("AVAILABLE", [link])
    renamed = [patch("replace", "/name", "out")]
    assert rest.call("UpdateVpcLink", vpcLinkId=link["id"], patchOperations=renamed)["name"] == "out"
    private = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://inside.example"}
    private["connectionType"] = "VPC_LINK"
    rest.create_rest()
    place = rest.method("GET /in", private | {"connectionId": link["id"]})
    with pytest.raises(BadRequestException, match="connectionId"):
        rest.call("PutIntegration", **place, **private)
    assert rest.deploy().request("GET", "/in").status == 500
    rest.call("DeleteVpcLink", vpcLinkId=link["id"])
    with pytest.raises(NotFoundException):
        rest.call("GetVpcLink", vpcLinkId=link["id"])


def test_a_client_certificate_is_real(rest: RestGateway) -> None:
    made = rest.call("GenerateClientCertificate", description="mine")
    certificate = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
    assert certificate.subject.rfc4514_string() == "CN=ApiGateway"
    assert made["expirationDate"] - made["createdDate"] == 365 * 86_400
    place = {"clientCertificateId": made["clientCertificateId"]}
    changed = [patch("replace", "/description", "yours")]
    assert rest.call("UpdateClientCertificate", patchOperations=changed, **place)["description"] == "yours"
    assert len(rest.call("GetClientCertificates")["items"]) == 1
    rest.call("DeleteClientCertificate", **place)
    with pytest.raises(NotFoundException):
        rest.call("GetClientCertificate", **place)
