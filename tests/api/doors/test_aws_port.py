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
