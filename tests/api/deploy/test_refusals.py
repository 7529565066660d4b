"""What can't work is refused in one sentence with the next step, before anything is made."""

import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dewstack.deploy.release.checks import find_circle

from .conftest import MAP, Dew

NOBODY = "http://127.0.0.1:9"


class LocalStack(http.server.BaseHTTPRequestHandler):
    """Answers its health page, and nothing else as AWS would."""

    def do_GET(self) -> None:
        """The services of the community edition."""
        body = json.dumps(
            {"services": {"lambda": "available", "s3": "available", "iam": "disabled"}}
        ).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Who one is, as STS says it; a page like anybody's below /page."""
        body = (
            b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
            b"<Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Hello" if self.path.startswith("/page") else body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def localstack() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LocalStack)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_no_credentials(dew: Dew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = dew("deploy", "--target", "aws", "--json").error
    assert "there are no AWS credentials" in error and "--profile" in error


def test_half_the_credentials(dew: Dew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "the AWS credentials are incomplete" in dew("deploy", "--target", "aws", "--json").error


def test_a_profile_that_is_not_there(dew: Dew) -> None:
    error = dew("deploy", "--target", "aws", "--profile", "work", "--json").error
    assert "there is no such AWS profile" in error and "aws configure list-profiles" in error


@pytest.mark.parametrize("command", ["deploy", "diff", "remove", "outputs"])
def test_an_endpoint_that_does_not_answer(dew: Dew, command: str) -> None:
    error = dew(command, "--target", "localstack", "--endpoint", NOBODY, "--json").error
    assert f"{NOBODY}: nothing answers" in error
    assert "dew localstack up" in error and "--endpoint" in error


def test_an_endpoint_that_is_no_aws(dew: Dew, localstack: str) -> None:
    error = dew("outputs", "--target", "localstack", "--endpoint", f"{localstack}/page", "--json").error
    assert f"{localstack}/page: it answers, but not as AWS does" in error


def test_an_endpoint_that_is_no_address(dew: Dew) -> None:
    assert "such as http://" in dew("deploy", "--endpoint", "localhost:4566", "--json").error


def test_no_emulator(dew: Dew) -> None:
    error = dew("deploy", "--json").error
    assert "No emulator runs for" in error and "dew up" in error


def test_a_target_that_lacks_a_service(dew: Dew, localstack: str) -> None:
    error = dew("deploy", "--target", "localstack", "--endpoint", localstack, "--json").error
    assert f"localstack ({localstack}) lacks " in error
    assert "apigatewayv2 (for HttpApi, " in error and "iam (for IamRoleLambdaExecution)" in error
    assert "plugins" in error


def test_plugins_that_are_not_run(dew: Dew, project: Path, endpoint: str) -> None:
    target = ("--target", "localstack", "--endpoint", endpoint, "--stage", "plugins", "--json")
    plugins = "plugins: [serverless-offline, my-plugin, serverless-step-functions]\n"
    (project / "serverless.yml").write_text(plugins + MAP)
    error = dew("deploy", *target).error
    assert "'my-plugin'" in error and "'serverless-step-functions'" in error and "--ignore-plugins" in error
    assert "serverless-offline'" not in error
    assert dew("deploy", *target, "--ignore-plugins").code == 0


def test_plugins_that_matter_on_aws_alone(dew: Dew, project: Path, moto: str) -> None:
    (project / "serverless.yml").write_text("plugins: [serverless-domain-manager]\n" + MAP)
    error = dew("deploy", "--target", "aws", "--endpoint", moto, "--json").error
    assert "the plugin 'serverless-domain-manager' isn't run" in error


def test_events_and_images_that_no_template_has(dew: Dew, project: Path, moto: str) -> None:
    more = "    events: [{alexaSkill: amzn1.ask.skill.x}]\n  boxed: {image: {name: box}}\n"
    (project / "serverless.yml").write_text(
        MAP.replace(
            "  runtime: python3.11\n", "  runtime: python3.11\n  ecr: {images: {box: {path: ./box}}}\n"
        )
        + more
    )
    error = dew("deploy", "--target", "aws", "--endpoint", moto, "--yes", "--json").error
    assert "the event 'alexaSkill' of function 'other' isn't compiled" in error
    assert "functions.boxed.image: 'box' would have to be built" in error


def test_unknown_keys(dew: Dew, project: Path, endpoint: str) -> None:
    target = ("--target", "localstack", "--endpoint", endpoint, "--stage", "keys", "--json")
    wrong = MAP.replace("    handler: other.handler", "    handler: other.handler\n    memorysize: 1024")
    (project / "serverless.yml").write_text(wrong)
    assert (
        "functions.other.memorysize: unknown key, did you mean 'memorySize'?" in dew("deploy", *target).error
    )
    (project / "serverless.yml").write_text("configValidationMode: warn\n" + wrong)
    assert dew("deploy", *target).code == 0


def test_a_circle(dew: Dew, project: Path, endpoint: str) -> None:
    circle = """
resources:
  Resources:
    A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${B.QueueName}x'}}
    B: {Type: AWS::SQS::Queue, DependsOn: A}
"""
    (project / "serverless.yml").write_text(MAP + circle)
    error = dew("deploy", "--target", "localstack", "--endpoint", endpoint, "--json").error
    assert "circular dependency: A → B → A" in error and "go without the other" in error


def test_a_circle_is_found_behind_what_is_none() -> None:
    def needs(*names: str) -> dict[str, object]:
        return {"Type": "T", "DependsOn": list(names)}

    assert find_circle({"A": needs("B", "C"), "B": needs("C"), "C": needs()}) == []
    assert find_circle({"A": needs("B"), "B": needs("C"), "C": needs("B", "A")}) == ["B", "C", "B"]
    assert find_circle({"A": needs("A")}) == ["A", "A"]


def test_a_package_over_the_limit(dew: Dew, project: Path, moto: str) -> None:
    with zipfile.ZipFile(project / "big.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(5):
            archive.writestr(f"part{part}", bytes(60_000_000), compresslevel=1)
    map_ = MAP.replace("    package: {patterns: ['!**', other.py]}", "    package: {artifact: big.zip}")
    (project / "serverless.yml").write_text(map_)
    error = dew("deploy", "--target", "aws", "--endpoint", moto, "--yes", "--json").error
    assert "functions.other: 300,000,000 bytes unzipped, Lambda takes 262,144,000" in error


def test_a_template_over_the_limit(dew: Dew, project: Path, moto: str) -> None:
    many = "".join(
        f"  f{i}: {{handler: hello.handler, package: {{patterns: ['!**', hello.py]}}}}\n" for i in range(170)
    )
    (project / "serverless.yml").write_text(MAP.replace("individually: true", "patterns: []") + many)
    error = dew("deploy", "--target", "aws", "--endpoint", moto, "--yes", "--json").error
    assert "CloudFormation takes 500" in error and "make two services of it" in error


def test_an_unknown_target_is_misuse(dew: Dew) -> None:
    assert dew("deploy", "--target", "azure").code == 2


def test_what_is_not_aws_is_named(
    dew: Dew, project: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    ran = dew("deploy", "--target", "aws", "--dry-run")
    assert ran.code == 0 and f"shop-dev → aws ({endpoint}), " in ran.errors, ran
    assert dew("diff", "--target", "aws", "--json").told["endpoint"] == endpoint
