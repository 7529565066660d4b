"""HTTP itself: kept and pipelined connections, odd and hostile clients. Nothing hangs, nothing leaks."""

import json
import socket

import httpx
import pytest


def exchange(url: str, data: bytes, *, end: bool = False) -> bytes:
    """Everything that comes back until the server closes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=15) as client:
        client.sendall(data)
        if end:
            client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_header_names_leave_as_aws_spells_them(doors):
    answer = exchange(doors.url, b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    head = answer.partition(b"\r\n\r\n")[0]
    for name in (b"\r\nContent-Type: ", b"\r\nContent-Length: ", b"\r\nDate: ", b"\r\nApigw-Requestid: "):
        assert head.count(name) == 1, head
    assert b"\r\nConnection: close" in head and b"keep-alive" not in head


def test_a_connection_is_kept_and_pipelined_requests_are_answered_in_order(doors):
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number for number in range(5))
    answer = exchange(doors.url, requests + b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    bodies = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in answer.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert [body["path"] for body in bodies] == ["/0", "/1", "/2", "/3", "/4", "/last"]


def test_a_client_that_expects_100_is_told_to_continue(doors):
    head = b"POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    host, _, port = doors.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=15) as client:
        client.sendall(head)
        assert client.recv(1024).startswith(b"HTTP/1.1 100 Continue")
        client.sendall(b"abc")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert b'"length": 3' in answer


def test_chunked_bodies_arrive_whole(doors):
    response = httpx.post(
        f"{doors.url}/x", content=iter([b"abc"] * 1000), headers={"Content-Type": "text/plain"}
    )
    assert response.json()["length"] == 3000


@pytest.mark.parametrize(
    "data",
    [
        b"not http at all\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_malformed_http_is_a_400_and_the_end_of_the_connection(doors, data):
    answer = exchange(doors.url, data)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"Traceback" not in answer


def test_a_body_over_ten_megabytes_is_refused(doors):
    response = httpx.post(f"{doors.url}/x", content=b"x" * (10 * 1024 * 1024 + 1))
    assert response.status_code == 413
    assert httpx.get(f"{doors.url}/after").status_code == 200


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(doors):
    exchange(doors.url, b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc", end=True)
    assert httpx.get(f"{doors.url}/after").status_code == 200


def test_a_head_request_has_no_body(doors):
    answer = exchange(doors.url, b"HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\r\n\r\n")


def test_an_absolute_target_is_understood(doors):
    answer = exchange(doors.url, b"GET http://h/abs?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert b'"path": "/abs"' in answer


def test_half_a_body_reaches_no_function(doors):
    host, _, port = doors.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=15) as client:
        client.sendall(b"POST /half HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
    assert httpx.get(f"{doors.url}/whole").status_code == 200
    logs = httpx.get(f"{doors.aws_url}/_dew/logs").text
    assert "echo /whole" in logs and "echo /half" not in logs
