"""Usage plans of REST APIs: quotas and throttles of plans and of methods, what was used, keys out of a file."""

from datetime import datetime
from typing import Any

import pytest

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.rest_api.model import UsagePlan
from dewstack.apigateway.rest_api.usage import Quota
from dewstack.http import Response
from tests.api.apigateway.http_api_client import header
from tests.api.apigateway.rest_api_client import RestGateway, patch


class Planned:
    """An API with a route that needs a key, a plan and its keys."""

    def __init__(
        self, rest: RestGateway, keys: int = 1, methods: Any = None, named: bool = False, **plan: Any
    ) -> None:
        self.rest = rest
        rest.create_rest("GET /free")
        rest.method("GET /a", apiKeyRequired=True)
        rest.method("GET /b", apiKeyRequired=True)
        rest.deploy()
        stage = {"apiId": rest.api_id, "stage": "dev"} | ({"throttle": methods} if methods else {})
        self.plan = rest.call("CreateUsagePlan", name="plan", apiStages=[stage], **plan)
        own = {"stageKeys": [{"restApiId": rest.api_id, "stageName": "dev"}]} if named else {}
        self.keys = [rest.call("CreateApiKey", name=f"key{n}", enabled=True, **own) for n in range(keys)]
        for key in self.keys:
            rest.call("CreateUsagePlanKey", usagePlanId=self.plan["id"], keyId=key["id"], keyType="API_KEY")

    def get(self, path: str = "/a", key: int = 0) -> Response:
        return self.rest.request("GET", path, {"x-api-key": self.keys[key]["value"]})

    def statuses(self, times: int, path: str = "/a", key: int = 0) -> list[int]:
        return [self.get(path, key).status for _ in range(times)]

    def usage(self, first: str, last: str) -> dict[str, list[list[int]]]:
        given = {"usagePlanId": self.plan["id"], "startDate": first, "endDate": last}
        items: dict[str, list[list[int]]] = self.rest.call("GetUsage", **given)["items"]
        return items

    def today(self) -> str:
        return str(self.rest.clock.now().date())


def test_a_key_that_names_the_stage_itself_obeys_its_plan_there(rest: RestGateway) -> None:
    """As the keys of the Framework do, which have both."""
    planned = Planned(rest, named=True, quota={"limit": 1, "period": "DAY"})
    assert planned.statuses(2) == [200, 429]


def test_a_quota_is_each_keys_own_and_over_all_methods(rest: RestGateway) -> None:
    planned = Planned(rest, keys=2, quota={"limit": 3, "period": "DAY"})
    assert planned.statuses(2, "/a") + planned.statuses(2, "/b") == [200, 200, 200, 429]
    spent = planned.get()
    assert spent.body == b'{"message":"Limit Exceeded"}'
    assert header(spent, "x-amzn-ErrorType") == ["LimitExceededException"]
    assert planned.statuses(1, key=1) == [200]
    assert rest.request("GET", "/free").status == 200
    day = planned.today()
    assert planned.usage(day, day) == {
        planned.keys[0]["id"]: [[3, 0]],
        planned.keys[1]["id"]: [[1, 2]],
    }


def test_a_quota_begins_anew_on_the_domains_clock(rest: RestGateway) -> None:
    planned = Planned(rest, quota={"limit": 1, "period": "DAY"})
    first = planned.today()
    assert planned.statuses(2) == [200, 429]
    rest.clock.advance(86_400)
    assert planned.statuses(2) == [200, 429]
    assert planned.usage(first, planned.today()) == {planned.keys[0]["id"]: [[1, 0], [1, 0]]}


def test_what_is_used_survives_changes_and_restarts(rest: RestGateway) -> None:
    planned = Planned(rest, quota={"limit": 3, "period": "MONTH"})
    assert planned.statuses(2) == [200, 200]
    rest.deploy()
    assert planned.statuses(1) == [200]
    rest.api.close()
    rest.api.reset()
    assert planned.statuses(1) == [429]
    more = [patch("replace", "/quota/limit", "5")]
    rest.call("UpdateUsagePlan", usagePlanId=planned.plan["id"], patchOperations=more)
    assert planned.statuses(3) == [200, 200, 429]


def test_more_may_be_granted_for_the_period(rest: RestGateway) -> None:
    planned = Planned(rest, quota={"limit": 1, "period": "WEEK"})
    assert planned.statuses(2) == [200, 429]
    place = {"usagePlanId": planned.plan["id"], "keyId": planned.keys[0]["id"]}
    left = rest.call("UpdateUsage", patchOperations=[patch("replace", "/remaining", "2")], **place)
    assert left["items"] == {planned.keys[0]["id"]: [[1, 2]]}
    assert planned.statuses(3) == [200, 200, 429]
    with pytest.raises(BadRequestException):
        rest.call("UpdateUsage", patchOperations=[patch("replace", "/remaining", "x")], **place)


@pytest.mark.parametrize(
    ("period", "offset", "day", "start"),
    [
        ("DAY", 0, "2026-11-23", "2026-11-23"),
        ("WEEK", 0, "2026-11-22", "2026-11-22"),
        ("WEEK", 0, "2026-11-28", "2026-11-22"),
        ("WEEK", 1, "2026-11-22", "2026-11-16"),
        ("WEEK", 6, "2026-11-23", "2026-11-21"),
        ("MONTH", 0, "2026-11-30", "2026-11-01"),
        ("MONTH", 14, "2026-11-14", "2026-10-15"),
        ("MONTH", 27, "2026-03-01", "2026-02-28"),
        ("MONTH", 4, "2026-01-02", "2025-12-05"),
    ],
)
def test_when_a_period_begins(period: str, offset: int, day: str, start: str) -> None:
    plan = UsagePlan("p", "a", "r", "n", quota={"limit": 1, "offset": offset, "period": period})
    quota = Quota.of(plan)
    assert quota is not None
    assert str(quota.start(datetime.fromisoformat(day).date())) == start


def test_a_plans_throttle_and_a_methods(rest: RestGateway) -> None:
    slow = {"burstLimit": 1, "rateLimit": 0.001}
    planned = Planned(rest, 2, {"/a/GET": slow}, throttle={"burstLimit": 3, "rateLimit": 0.001})
    assert planned.plan["apiStages"][0]["throttle"] == {"/a/GET": slow}
    assert planned.statuses(2, "/a") == [200, 429]
    assert planned.statuses(2, "/b") == [200, 429]
    assert planned.statuses(2, "/a", key=1) == [200, 429]
    rest.deploy()
    assert planned.statuses(1, "/b") == [429], "a deployment refills no bucket"


def test_a_methods_throttle_is_patched(rest: RestGateway) -> None:
    planned = Planned(rest)
    stage = f"/apiStages/{rest.api_id}:dev/throttle"
    place = {"usagePlanId": planned.plan["id"]}

    def update(*operations: dict[str, Any]) -> Any:
        stages = rest.call("UpdateUsagePlan", patchOperations=list(operations), **place)["apiStages"]
        return stages[0].get("throttle")

    set_both = [
        patch("replace", f"{stage}/~1a/GET/rateLimit", "0.001"),
        patch("replace", f"{stage}/~1a/GET/burstLimit", "1"),
    ]
    assert update(*set_both) == {"/a/GET": {"rateLimit": 0.001, "burstLimit": 1}}
    assert planned.statuses(2, "/a") == [200, 429]
    assert planned.statuses(2, "/b") == [200, 200]
    assert update(patch("remove", f"{stage}/~1a/GET/rateLimit")) == {"/a/GET": {"burstLimit": 1}}
    assert update(patch("remove", f"{stage}/~1a/GET")) is None
    assert planned.statuses(2, "/a") == [200, 200]
    assert update(*set_both) is not None
    assert update(patch("remove", stage)) is None
    for path in (f"{stage}/~1a", f"{stage}/~1a/GET/odd", f"/apiStages/{rest.api_id}:dev/odd"):
        with pytest.raises(BadRequestException):
            update(patch("replace", path, "1"))


@pytest.mark.parametrize(
    ("quota", "why"),
    [
        ({"limit": 1, "period": "DAY", "offset": 1}, "must be zero in the DAY period"),
        (
            {"limit": 1, "period": "WEEK", "offset": 7},
            "must be between zero and six inclusive in the WEEK period",
        ),
        ({"limit": 1, "period": "MONTH", "offset": 28}, "must be between zero and 27 inclusive in the MONTH"),
        ({"limit": 1, "period": "YEAR"}, "period must be one of DAY, WEEK, MONTH"),
    ],
)
def test_a_quota_that_cannot_be_is_refused(rest: RestGateway, quota: dict[str, Any], why: str) -> None:
    with pytest.raises(BadRequestException, match=why):
        rest.call("CreateUsagePlan", name="x", quota=quota)


def test_keys_come_out_of_a_file(rest: RestGateway) -> None:
    planned = Planned(rest)
    file = (
        "Name,key,description,Enabled,usageplanIds\r\n"
        f'first,apikey1234abcdefghij0123456789,"An imported key",TRUE,{planned.plan["id"]}\r\n'
        "second,short,,true,\r\n"
        "third,apikey1234abcdefghij0123456780,,FALSE,nowhere\r\n"
    ).encode()
    answer = rest.call("ImportApiKeys", body=file, format="csv")
    assert len(answer["ids"]) == 2
    assert len(answer["warnings"]) == 2
    keyed = rest.request("GET", "/a", {"x-api-key": "apikey1234abcdefghij0123456789"})
    assert keyed.status == 200
    assert rest.request("GET", "/a", {"x-api-key": "apikey1234abcdefghij0123456780"}).status == 403
    with pytest.raises(BadRequestException):
        rest.call("ImportApiKeys", body=b"a,b\n1,2\n", format="csv")
    with pytest.raises(BadRequestException, match="Warnings found during import"):
        rest.call("ImportApiKeys", body=b"name,key\nx,short\n", format="csv", failOnWarnings=True)


def test_dates_of_usage_are_checked(rest: RestGateway) -> None:
    planned = Planned(rest)
    for first, last in (("2026-01-02", "2026-01-01"), ("2026-01-01", "2026-12-01"), ("x", "2026-01-01")):
        with pytest.raises(BadRequestException):
            planned.usage(first, last)
