"""The control API at `/_dew/`."""

import json

import httpx
import pytest


def url(doors, path: str) -> str:
    return f"{doors.aws_url}/_dew/{path}"


def test_health_says_what_runs(doors):
    health = httpx.get(url(doors, "health")).json()
    assert health["status"] == "running" and health["service"] == "doors"
    assert health["urls"]["service"] == doors.url


def test_mail_is_json_for_programs(doors):
    client = doors.call("cognito-idp", "ListUserPoolClients", {"UserPoolId": pool(doors)})["UserPoolClients"][
        0
    ]
    email = [{"Name": "email", "Value": "mail@example.com"}]
    doors.client("cognito-idp").sign_up(
        ClientId=client["ClientId"], Username="mail", Password="Secret-Pass-1", UserAttributes=email
    )
    [message] = httpx.get(url(doors, "mail?to=mail@example.com")).json()["messages"]
    assert message["to"] == "mail@example.com" and message["medium"] == "EMAIL"
    assert message["code"] in message["body"] and message["code"].isdigit() and len(message["code"]) == 6
    assert httpx.get(url(doors, "mail?to=other@example.com")).json() == {"messages": []}


def pool(doors) -> str:
    return doors.call("cognito-idp", "ListUserPools", {"MaxResults": 10})["UserPools"][0]["Id"]


def test_the_clock_moves_forward_only(doors):
    before = httpx.get(url(doors, "clock")).json()["time"]
    after = httpx.post(url(doors, "clock"), json={"advance": 60}).json()["time"]
    assert after - before >= 60
    for wrong in ({"advance": -1}, {"advance": "x"}, {}, [1]):
        assert httpx.post(url(doors, "clock"), json=wrong).status_code == 400
    assert httpx.post(url(doors, "clock"), content=b"{").status_code == 400


def test_an_operation_is_called_and_its_error_told(doors):
    called = httpx.post(url(doors, "call/cognito-idp/DescribeUserPool"), json={"UserPoolId": pool(doors)})
    assert called.json()["UserPool"]["Name"] == "doors"
    missing = httpx.post(url(doors, "call/cognito-idp/DescribeUserPool"), json={"UserPoolId": "us-east-1_x"})
    assert missing.status_code == 400 and missing.json()["error"]["code"] == "ResourceNotFoundException"
    unknown = httpx.post(url(doors, "call/cognito-idp/NoSuchOperation"), json={})
    assert unknown.status_code == 501
    assert httpx.post(url(doors, "call/cognito-idp/DescribeUserPool"), json={}).status_code == 400


def test_routes_and_functions_are_listed(doors):
    assert httpx.get(url(doors, "routes")).json()["routes"][0]["function"] == "echo"
    assert httpx.get(url(doors, "functions")).json()["functions"][0]["name"] == "doors-dev-echo"


def test_logs_are_followed_live(doors):
    with httpx.stream("GET", url(doors, "logs?function=echo&follow=1"), timeout=20) as response:
        httpx.get(f"{doors.url}/followed")
        for line in response.iter_lines():
            event = json.loads(line)
            if event["message"] == "echo /followed":
                break
    assert event["function"] == "echo" and event["group"] == "/aws/lambda/doors-dev-echo"
    recent = [json.loads(line) for line in httpx.get(url(doors, "logs?function=echo")).text.splitlines()]
    assert any(event["message"] == "echo /followed" for event in recent)


def test_an_unknown_endpoint_names_the_known(doors):
    response = httpx.get(url(doors, "nope"))
    assert response.status_code == 404 and "GET /_dew/health" in response.json()["error"]["message"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4566", "127.0.0.1.evil.example", "", "[::1"])
def test_a_foreign_host_is_refused(doors, host):
    assert httpx.get(url(doors, "health"), headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_a_foreign_origin_is_refused(doors, origin):
    refused = httpx.post(url(doors, "clock"), json={"advance": 1}, headers={"Origin": origin})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("path", ["mail", "invocations", "stream", "console.css"])
@pytest.mark.parametrize("mode", ["no-cors", "cors"])
def test_a_foreign_page_reads_nothing(doors, path, mode):
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
    assert httpx.get(url(doors, path), headers=embedded).status_code == 403
    rebound = {"Host": "evil.example:4566"}
    assert httpx.get(url(doors, path), headers=rebound).status_code == 403


def test_a_link_from_elsewhere_leads_here(doors):
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert httpx.get(url(doors, "health"), headers=followed).status_code == 200


def test_a_page_that_posts_a_form_is_refused_even_without_origin(doors):
    form = {"Content-Type": "text/plain", "Sec-Fetch-Site": "cross-site"}
    assert httpx.post(url(doors, "clock"), content='{"advance": 1}', headers=form).status_code == 403


@pytest.mark.parametrize("amount", ["nan", "inf", 1e300, -1])
def test_the_clock_refuses_what_is_no_amount_of_time(doors, amount):
    assert httpx.post(url(doors, "clock"), json={"advance": amount}).status_code == 400
