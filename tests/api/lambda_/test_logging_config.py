"""A function's LoggingConfig: JSON instead of text, levels, a log group of its own."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dewstack.testing import start

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
LOGS = """
import logging
log = logging.getLogger("shop")
def handler(event, context):
    log.debug("quiet")
    log.info("sold %s", 3, extra={"order": 7})
    try:
        raise ValueError("gone")
    except ValueError:
        log.exception("trouble")
    if event.get("fail"):
        raise KeyError("fails")
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """boto3's client of Lambda."""
    with start() as dew:
        yield dew.client("lambda")


def create(client: Any, directory: Path, name: str, **config: str) -> dict[str, Any]:
    (directory / "f.py").write_text(LOGS)
    made: dict[str, Any] = client.create_function(
        FunctionName=name,
        Handler="f.handler",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/test",
        Code={"S3Bucket": "hot-reload", "S3Key": str(directory)},
        LoggingConfig=config,
    )
    return made


def lines(client: Any, name: str, event: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The log of one invocation."""
    answer = client.invoke(FunctionName=name, LogType="Tail", Payload=json.dumps(event or {}))
    return [json.loads(line) for line in base64.b64decode(answer["LogResult"]).decode().splitlines()]


def test_json_logs_tell_what_the_function_and_lambda_have_to_say(client: Any, tmp_path: Path) -> None:
    made = create(client, tmp_path, "json", LogFormat="JSON", LogGroup="/shop")
    assert made["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
        "LogGroup": "/shop",
    }
    began, sold, trouble, report = lines(client, "json")
    request_id = began["record"]["requestId"]
    assert (began["type"], began["record"]["version"]) == ("platform.start", "$LATEST")
    assert {key: sold[key] for key in sold if key != "timestamp"} == {
        "level": "INFO",
        "message": "sold 3",
        "logger": "shop",
        "requestId": request_id,
        "order": 7,
    }
    assert (trouble["errorType"], trouble["errorMessage"]) == ("ValueError", "gone")
    assert "f.py" in trouble["stackTrace"][0] and trouble["location"].endswith(":handler:10")
    assert (report["type"], report["record"]["status"]) == ("platform.report", "success")
    assert report["record"]["metrics"]["memorySizeMB"] == 128
    assert report["record"]["metrics"]["initDurationMs"] > 0


def test_levels_filter_what_is_written(client: Any, tmp_path: Path) -> None:
    levels = {"ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"}
    create(client, tmp_path, "quiet", LogFormat="JSON", **levels)
    (trouble,) = lines(client, "quiet")
    assert trouble["message"] == "trouble"
    client.update_function_configuration(FunctionName="quiet", LoggingConfig={"ApplicationLogLevel": "DEBUG"})
    assert lines(client, "quiet")[0]["message"] == "quiet"


def test_an_error_that_nobody_caught_is_json_too(client: Any, tmp_path: Path) -> None:
    create(client, tmp_path, "fails", LogFormat="JSON", SystemLogLevel="WARN")
    error = lines(client, "fails", {"fail": True})[-1]
    assert (error["log_level"], error["errorType"], error["errorMessage"]) == ("ERROR", "KeyError", "'fails'")


def test_text_has_no_levels(client: Any, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        create(client, tmp_path, "text", LogFormat="Text", ApplicationLogLevel="WARN")
    assert create(client, tmp_path, "text")["LoggingConfig"] == {
        "LogFormat": "Text",
        "LogGroup": "/aws/lambda/text",
    }


def test_an_init_phase_that_fails_is_json_too(client: Any, tmp_path: Path) -> None:
    create(client, tmp_path, "broken", LogFormat="JSON", LogGroup="/broken")
    (tmp_path / "f.py").write_text("raise ValueError('never')")
    assert "FunctionError" in client.invoke(FunctionName="broken")
    events = _log(client, "/broken")
    reports = [each["record"] for each in events if each.get("type") == "platform.initReport"]
    assert [report["phase"] for report in reports] == ["init", "invoke"]
    assert {(report["status"], report["errorType"]) for report in reports} == {("error", "ValueError")}


def _log(client: Any, group: str) -> list[dict[str, Any]]:
    logs = boto3.client("logs", client.meta.region_name, endpoint_url=client.meta.endpoint_url, **KEYS)
    return [json.loads(each["message"]) for each in logs.filter_log_events(logGroupName=group)["events"]]
