"""Schedules that invoke functions, on the emulator's clock."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start
from tests.api.events.keeping import Keeper, until


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


def control(dew: Dew, path: str, body: dict[str, Any]) -> Any:
    """An answer of the control API."""
    request = urllib.request.Request(f"{dew.aws_url}/_dew/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def test_a_rule_fires_once_when_the_clock_moves(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "hourly", "events.amazonaws.com")
    events = dew.client("events")
    arn = events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")["RuleArn"]
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": kept.arn}])
    control(dew, "clock", {"advance": 3 * 3600 + 60})
    until(lambda: kept.events)
    control(dew, "clock", {"advance": 3600})
    first, second = until(lambda: len(kept.events) > 1 and kept.events)
    assert first.keys() == {
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    }  # fmt: skip
    assert (first["detail-type"], first["source"], first["detail"]) == ("Scheduled Event", "aws.events", {})
    assert first["resources"] == [arn]
    assert first["id"] != second["id"]


def test_a_disabled_rule_rests_until_it_is_enabled(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "resting", "events.amazonaws.com")
    events = dew.client("events")
    events.put_rule(Name="resting", ScheduleExpression="rate(1 day)", State="DISABLED")
    events.put_targets(Rule="resting", Targets=[{"Id": "1", "Arn": kept.arn, "Input": '{"a": 1}'}])
    control(dew, "clock", {"advance": 90_000})
    events.enable_rule(Name="resting")
    control(dew, "clock", {"advance": 90_000})
    assert until(lambda: kept.events) == [{"a": 1}]


def test_schedules_fire_by_hand(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "by-hand")
    arn = dew.client("scheduler").create_schedule(
        Name="by-hand",
        ScheduleExpression="cron(0 0 1 1 ? 2199)",
        ScheduleExpressionTimezone="Europe/Berlin",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": kept.arn,
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "Input": '{"a":"<aws.scheduler.schedule-arn>"}',
        },
    )["ScheduleArn"]
    assert control(dew, "schedules/fire", {"name": "by-hand"}) == {"fired": "by-hand"}
    assert until(lambda: kept.events) == [{"a": arn}]


def test_schedule_at_a_moment_is_deleted_when_it_says_so(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "once")
    scheduler = dew.client("scheduler")
    moment = time.strftime(
        "%Y-%m-%dT%H:%M:%S", time.gmtime(control(dew, "clock", {"advance": 0})["time"] + 600)
    )
    scheduler.create_schedule(
        Name="once",
        ScheduleExpression=f"at({moment})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": kept.arn, "RoleArn": "arn:aws:iam::000000000000:role/r"},
    )
    assert scheduler.get_schedule(Name="once")["ScheduleExpression"] == f"at({moment})"
    control(dew, "clock", {"advance": 700})
    (event,) = until(lambda: kept.events)
    assert (event["source"], event["detail-type"], event["time"]) == (
        "aws.scheduler",
        "Scheduled Event",
        f"{moment}Z",
    )
    until(lambda: not scheduler.list_schedules(NamePrefix="once")["Schedules"])
    with pytest.raises(ClientError, match="Schedule once does not exist"):
        scheduler.get_schedule(Name="once")


def test_expressions_that_aws_refuses_are_refused(dew: Dew) -> None:
    with pytest.raises(ClientError, match=r"Parameter ScheduleExpression is not valid"):
        dew.client("events").put_rule(Name="wrong", ScheduleExpression="rate(1 minutes)")


STACK = """
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(2 hours)
      Targets: [{Id: one, Arn: %s}]
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Placed:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [shop], detail: {total: [{numeric: [">", 10]}]}}
      Targets:
        - Id: two
          Arn: %s
          InputTransformer:
            InputPathsMap: {total: $.detail.total}
            InputTemplate: '{"paid": <total>, "by": "<aws.events.rule-name>"}'
"""


def test_rules_of_stacks_fire_and_match(dew: Dew, tmp_path: Path) -> None:
    kept = Keeper(dew, tmp_path, "stacked", "events.amazonaws.com")
    formation = dew.client("cloudformation")
    template = STACK % (kept.arn, kept.arn)
    formation.create_stack(StackName="rules", TemplateBody=template)
    formation.get_waiter("stack_create_complete").wait(StackName="rules", WaiterConfig={"Delay": 1})
    entry = {"Source": "shop", "DetailType": "placed", "EventBusName": "orders"}
    answer = dew.client("events").put_events(
        Entries=[
            {**entry, "Detail": '{"total": 5}'},
            {**entry, "Detail": '{"total": 50}'},
            {**entry, "Detail": "[]"},
        ]
    )
    assert [each.get("ErrorCode") for each in answer["Entries"]] == [None, None, "MalformedDetail"]
    (event,) = until(lambda: kept.events)
    assert event["paid"] == 50
    formation.delete_stack(StackName="rules")
    formation.get_waiter("stack_delete_complete").wait(StackName="rules", WaiterConfig={"Delay": 1})
    assert [bus["Name"] for bus in dew.client("events").list_event_buses()["EventBuses"]] == ["default"]


def test_schedules_survive_a_restart(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    with start(state_dir=tmp_path / "state") as first:
        kept = Keeper(first, tmp_path / "code", "kept", "events.amazonaws.com")
        first.client("events").put_rule(Name="kept", ScheduleExpression="rate(1 hour)")
        first.client("events").put_targets(Rule="kept", Targets=[{"Id": "1", "Arn": kept.arn}])
    with start(state_dir=tmp_path / "state") as second:
        control(second, "clock", {"advance": 3700})
        (event,) = until(lambda: kept.events)
    assert event["detail-type"] == "Scheduled Event"
