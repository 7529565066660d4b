"""Functions held in Flask's process: each with what is its own, and none that can harm the others."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import pytest

from dewstack.shim import create_app
from dewstack.testing import start
from tests.api.shim.conftest import SERVICE, Answer, Mirror, send
from tests.api.shim.test_mirror import request


def test_functions_share_a_process_and_nothing_else(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTSIDE", "1")
    before = dict(os.environ), os.getcwd()
    client = create_app(mirror.directory, endpoint_url=mirror.dew.aws_url).test_client()
    for count in (1, 2):
        for who in ("one", "two"):
            answer = client.get(f"/{who}").get_json()
            assert answer == {
                "who": [who, who],
                "count": count,
                "seen": [who] * count,
                "name": [f"mirror-dev-{who}"] * 2,
                "here": True,
                "mine": True,
            }
    assert (dict(os.environ), os.getcwd()) == before


@pytest.mark.parametrize("fault", ["fail", "leave", "large"])
@pytest.mark.parametrize(("base", "status"), [("", 500), ("/dev", 502)])
def test_a_function_that_fails_fails_the_same(mirror: Mirror, fault: str, base: str, status: int) -> None:
    raw = request(f"POST {base}/faulty", "Content-Type: text/plain", body=fault.encode())
    gateway, flask = mirror.both(raw)
    assert (flask.status, flask.body) == (gateway.status, gateway.body)
    assert flask.status == status


def test_a_function_that_exits_has_a_process_of_its_own_from_then_on(tmp_path: Path, mirror: Mirror) -> None:
    client = create_app(mirror.directory, endpoint_url=mirror.dew.aws_url).test_client()
    for fault in ("leave", "kill", "fail"):
        assert client.post("/faulty", data=fault, content_type="text/plain").status_code == 500
    assert client.get("/one").status_code == 200


def test_a_function_that_is_never_held_cannot_take_flask_with_it(mirror: Mirror) -> None:
    app = create_app(mirror.directory, endpoint_url=mirror.dew.aws_url, invoke=["faulty"])
    assert app.test_client().post("/faulty", data="kill", content_type="text/plain").status_code == 500


def test_a_function_that_takes_too_long_is_given_up_and_the_next_one_served(mirror: Mirror) -> None:
    def answered(answer: Answer) -> tuple[int, bytes]:
        return answer.status, answer.body

    assert answered(send(mirror.flask, request("POST /slow"))) == (
        500,
        b'{"message":"Internal Server Error"}',
    )
    assert send(mirror.flask, request("GET /one")).status == 200
    assert send(mirror.flask, request("POST /slow")).status == 500


def test_a_saved_handler_serves_the_next_request(tmp_path: Path, mirror: Mirror) -> None:
    copytree(SERVICE, tmp_path, dirs_exist_ok=True)
    client = create_app(tmp_path, endpoint_url=mirror.dew.aws_url).test_client()
    helper = tmp_path / "functions/helper.py"
    assert client.get("/one").get_json()["seen"] == ["one"]
    for number in range(3):
        helper.write_text(f"SEEN = [{number}]\n")
        os.utime(helper, ns=(number + 1, number + 1))
        assert client.get("/one").get_json()["seen"] == [number, "one"]


def test_flasks_test_client_sees_what_a_socket_sees(mirror: Mirror) -> None:
    client = create_app(mirror.directory, endpoint_url=mirror.dew.aws_url).test_client()
    event = client.post("/echo/a%2Fb/c?x=1&x=2", json={"a": 1}, headers={"X-One": "1"}).get_json()
    assert event["pathParameters"] == {"first": "a/b", "second-one": "c"}
    assert event["queryStringParameters"] == {"x": "1,2"}
    assert json.loads(event["body"]) == {"a": 1}
    assert event["headers"]["x-one"] == "1"


def test_requests_at_once_are_each_their_own_functions(mirror: Mirror) -> None:
    def ask(number: int) -> bool:
        who = ("one", "two")[number % 2]
        answer = json.loads(send(mirror.flask, request(f"GET /{who}")).body)
        return bool(answer["who"] == [who, who] and set(answer["seen"]) == {who})

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(64)))


def test_a_module_of_the_service_does_not_hide_one_of_flasks(tmp_path: Path, mirror: Mirror) -> None:
    """A file named as a module of the standard library is nobody's but Python's."""
    copytree(SERVICE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "json.py").write_text("raise AssertionError\n")
    client = create_app(tmp_path, endpoint_url=mirror.dew.aws_url).test_client()
    assert client.get("/one").status_code == 200
    assert json.dumps([]) == "[]"


def test_an_endpoint_that_is_gone_is_the_gateways_fault(mirror: Mirror) -> None:
    with start(mirror.directory) as dew:
        app = create_app(mirror.directory, endpoint_url=dew.aws_url, invoke=["two"], clock=dew.clock)
    response = app.test_client().get("/two")
    assert (response.status_code, response.get_json()) == (503, {"message": "Service Unavailable"})
