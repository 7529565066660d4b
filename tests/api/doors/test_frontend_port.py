"""The front end's port: its files, `/config.json`, and nothing else."""

import socket

import httpx
import pytest


def test_files_are_served_with_their_types(doors):
    page = httpx.get(doors.frontend_url + "/")
    assert (page.status_code, page.text) == (200, "<h1>page</h1>")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    script = httpx.get(doors.frontend_url + "/app.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert httpx.get(doors.frontend_url + "/deep/").text == "deep"


def test_the_configuration_names_what_is_deployed(doors):
    config = httpx.get(doors.frontend_url + "/config.json").json()
    assert config["apiUrl"] == doors.url and config["region"] == "us-east-1"
    assert config["userPoolId"].startswith("us-east-1_") and len(config["userPoolClientId"]) == 26
    assert config["mailboxUrl"] == f"{doors.aws_url}/_dew/mail"


@pytest.mark.parametrize(
    "path",
    [
        "/../serverless.yml",
        "/%2e%2e/%2e%2e/serverless.yml",
        "/..%2f..%2fserverless.yml",
        "/link",
        "//etc/passwd",
        "/%00",
        "/nothing",
        "/deep/../../../app.py",
        "/..\\serverless.yml",
    ],
)
def test_nothing_outside_is_served(doors, path):
    port = int(doors.frontend_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404 "), answer


def test_only_reading_is_served(doors):
    assert httpx.post(doors.frontend_url + "/").status_code == 405
    head = httpx.head(doors.frontend_url + "/")
    assert head.status_code == 200 and head.content == b"" and head.headers["content-length"] == "13"


def test_localhost_leads_to_the_one_origin_that_apis_allow(doors):
    port = doors.frontend_url.rpartition(":")[2]
    response = httpx.get(f"{doors.frontend_url}/deep/", headers={"Host": f"localhost:{port}"})
    assert response.status_code == 307 and response.headers["location"] == f"{doors.frontend_url}/deep/"
    response = httpx.get(f"{doors.frontend_url}/?code=a%20b", headers={"Host": f"localhost:{port}"})
    assert response.headers["location"] == f"{doors.frontend_url}/?code=a%20b"
