"""Port 4566: which request goes where."""

import httpx
import pytest


def test_an_api_is_reached_by_host_and_by_each_kind_of_path(doors):
    api = doors.outputs["HttpApiId"]
    by_host = httpx.get(f"{doors.aws_url}/a", headers={"Host": f"{api}.execute-api.localhost:4566"})
    assert by_host.json()["path"] == "/a"
    for path in (
        f"/_aws/execute-api/{api}/a",
        f"/execute-api/{api}/a",
        f"/_aws/execute-api/{api}/$default/a",
        f"/_aws/execute-api/{api}/%24default/a",
        f"/restapis/{api}/$default/_user_request_/a",
    ):
        assert httpx.get(doors.aws_url + path).json()["path"] == "/a", path


def test_an_unknown_api_is_forbidden(doors):
    response = httpx.get(f"{doors.aws_url}/_aws/execute-api/nosuchapi0/a")
    assert (response.status_code, response.json()) == (403, {"message": "Forbidden"})


def test_a_pool_publishes_its_keys_and_configuration(doors):
    [pool] = doors.call("cognito-idp", "ListUserPools", {"MaxResults": 10})["UserPools"]
    base = f"{doors.aws_url}/{pool['Id']}/.well-known"
    keys = httpx.get(f"{base}/jwks.json").json()["keys"]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [("RSA", "RS256", "sig")] * 2
    assert all("d" not in key for key in keys)
    configuration = httpx.get(f"{base}/openid-configuration").json()
    assert configuration["issuer"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool['Id']}"
    assert configuration["jwks_uri"] == f"{base}/jwks.json"
    assert httpx.get(f"{doors.aws_url}/us-east-1_nosuchpool/.well-known/jwks.json").status_code == 404


def test_tools_that_wait_for_localstack_find_it_healthy(doors):
    assert httpx.get(f"{doors.aws_url}/_localstack/health").status_code == 200


def test_who_am_i(doors):
    assert doors.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_nothing_here_says_what_is(doors):
    response = httpx.get(f"{doors.aws_url}/favicon.ico")
    assert response.status_code == 404 and "AWS SDKs" in response.json()["message"]


@pytest.mark.parametrize("path", ["/%00", "/_aws/execute-api/", "/restapis/x", "/%2e%2e/%2e%2e", "/_dew/%"])
def test_odd_paths_are_no_server_error(doors, path):
    assert httpx.get(doors.aws_url + path).status_code in (403, 404, 501)


SIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2F{}%2Faws4_request"
    "&X-Amz-Signature=x"
)


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-origin", 200), ("none", 200)])
def test_a_page_of_another_site_calls_no_operation_by_a_link(doors, site, status):
    query = f"Action=ListStacks&Version=2010-05-15&{SIGNED.format('cloudformation')}"
    response = httpx.get(f"{doors.aws_url}/?{query}", headers={"Sec-Fetch-Site": site})
    assert response.status_code == status
    assert ("another site" in response.text) is (status == 403)


def test_a_page_of_this_machine_calls_operations_from_an_address_that_is_another_site_to_browsers(doors):
    query = f"Action=ListStacks&Version=2010-05-15&{SIGNED.format('cloudformation')}"
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}
    assert httpx.get(f"{doors.aws_url}/?{query}", headers=headers).status_code == 200


def test_pages_show_objects_by_their_urls(doors):
    pytest.importorskip("moto", reason="needs the extra aws")
    url = f"{doors.aws_url}/nowhere/picture?{SIGNED.format('s3')}"
    response = httpx.get(url, headers={"Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, "NoSuchBucket" in response.text) == (404, True)
