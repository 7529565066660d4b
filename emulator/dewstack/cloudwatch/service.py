"""CloudWatch's metrics by its own operations. Alarms and dashboards are moto's, and watch nothing here."""

from datetime import UTC, datetime
from typing import Any

from dewstack.cloudwatch.errors import InvalidParameterCombination, InvalidParameterValue, MissingParameter
from dewstack.cloudwatch.statistics import statistic
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.metrics import MINUTE, NONE, Dimensions, Metrics, Series, Summary
from dewstack.wire import Handler, operation, operations_of

Points = dict[int, float]
PAGE = 500
MOST_POINTS = 1440
MOST_VALUES = 150


class CloudWatch:
    """`operations` of the service `cloudwatch`: what `metrics` holds, and what is put there."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.operations: dict[str, Handler] = operations_of(self)

    @operation("PutMetricData")
    async def put_metric_data(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take values that somebody reports."""
        namespace = params["Namespace"]
        if namespace.startswith("AWS/"):
            raise InvalidParameterValue(f"The value {namespace} for parameter Namespace is invalid.")
        data = [_checked(datum) for datum in params.get("MetricData") or []]
        for datum in data:
            one = self._metrics.one(caller, namespace, datum["MetricName"], _dimensions(datum))
            if one is not None:
                _put(one, datum, self._metrics.clock.time())
        return {}

    @operation("ListMetrics")
    async def list_metrics(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The metrics that have been seen, page by page."""
        wanted = [(each["Name"], each.get("Value")) for each in params.get("Dimensions") or []]
        found = [
            {"Namespace": one.namespace, "MetricName": one.name, "Dimensions": _told(one.dimensions)}
            for one in self._metrics.every(caller)
            if params.get("Namespace") in (None, one.namespace)
            and params.get("MetricName") in (None, one.name)
            and _has(one.dimensions, wanted)
        ]
        start = _position(params.get("NextToken"))
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(found) else {}
        return {"Metrics": found[start : start + PAGE], **more}

    @operation("GetMetricStatistics")
    async def get_metric_statistics(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Statistics of one metric, a datapoint a period."""
        named = [*(params.get("Statistics") or ()), *(params.get("ExtendedStatistics") or ())]
        if not named:
            raise MissingParameter(
                "At least one of the parameters Statistics and ExtendedStatistics must be specified."
            )
        start, end, period = (
            _seconds(params["StartTime"]),
            _seconds(params["EndTime"]),
            _period(params["Period"]),
        )
        _check_range(start, end, period)
        one = self._metrics.find(caller, params["Namespace"], params["MetricName"], _dimensions(params))
        points = []
        for begins, summary in sorted(one.between(start, end, period).items()) if one else ():
            point: dict[str, Any] = {"Timestamp": _time(begins), "Unit": _unit(one)}
            for name in params.get("Statistics") or ():
                point[name] = statistic(name)(summary)
            extended = {name: statistic(name)(summary) for name in params.get("ExtendedStatistics") or ()}
            points.append({**point, "ExtendedStatistics": extended} if extended else point)
        return {"Label": params["MetricName"], "Datapoints": points}

    @operation("GetMetricData")
    async def get_metric_data(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Several metrics and what is calculated of them."""
        start, end = _seconds(params["StartTime"]), _seconds(params["EndTime"])
        queries = params["MetricDataQueries"]
        known: dict[str, Points] = {}
        for query in queries:
            if "MetricStat" in query:
                known[query["Id"]] = self._points(caller, query["MetricStat"], start, end)
        plain = dict(known)
        for query in queries:
            if "Expression" in query:
                known[query["Id"]] = _calculated(query["Expression"], plain, known)
            elif "MetricStat" not in query:
                raise MissingParameter("A query has either MetricStat or Expression.")
        newest_first = params.get("ScanBy", "TimestampDescending") != "TimestampAscending"
        return {
            "MetricDataResults": [
                _result(query, known[query["Id"]], newest_first)
                for query in queries
                if query.get("ReturnData", True)
            ],
            "Messages": [],
        }

    def _points(self, caller: Caller, stat: dict[str, Any], start: float, end: float) -> Points:
        metric, period, read = stat["Metric"], _period(stat["Period"]), statistic(stat["Stat"])
        _check_range(start, end, period)
        one = self._metrics.find(
            caller, metric.get("Namespace", ""), metric.get("MetricName", ""), _dimensions(metric)
        )
        found = one.between(start, end, period) if one else {}
        return {begins: read(summary) for begins, summary in found.items()}


def _calculated(expression: str, plain: dict[str, Points], known: dict[str, Points]) -> Points:
    """The points of an expression; METRICS() are those of metrics alone."""
    if expression.lstrip().upper().startswith(("SELECT", "SEARCH(")):
        raise NotEmulated("Metrics Insights and SEARCH are not emulated by dewstack: name the metrics")
    from dewstack.cloudwatch.expressions import evaluate

    return evaluate(expression, plain if "METRICS()" in expression else known)


def _result(query: dict[str, Any], points: Points, newest_first: bool) -> dict[str, Any]:
    moments = sorted(points, reverse=newest_first)
    metric = query.get("MetricStat", {}).get("Metric", {})
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or metric.get("MetricName") or query["Id"],
        "Timestamps": [_time(moment) for moment in moments],
        "Values": [points[moment] for moment in moments],
        "StatusCode": "Complete",
    }


def _checked(datum: dict[str, Any]) -> dict[str, Any]:
    """A datum that says one thing. Raises InvalidParameterCombination, MissingParameter, InvalidParameterValue."""
    kinds = [kind for kind in ("Value", "StatisticValues", "Values") if datum.get(kind) is not None]
    if not kinds:
        raise MissingParameter(
            "At least one of the parameters MetricData.member.1.Value, MetricData.member.1.Values, "
            "MetricData.member.1.StatisticValues must be specified."
        )
    if len(kinds) > 1:
        raise InvalidParameterCombination(
            f"The parameters MetricData.member.1.{kinds[0]} and MetricData.member.1.{kinds[1]} are mutually exclusive "
            "and you have specified both."
        )
    values, counts = datum.get("Values") or [], datum.get("Counts") or []
    if len(values) > MOST_VALUES or (counts and len(counts) != len(values)):
        raise InvalidParameterValue(
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size."
        )
    if any(value != value or abs(value) == float("inf") for value in (datum.get("Value") or 0.0, *values)):
        raise InvalidParameterValue("The value NaN for parameter MetricData.member.1.Value is invalid.")
    if "StatisticValues" in kinds and datum["StatisticValues"]["SampleCount"] <= 0:
        raise InvalidParameterValue(
            "The value 0 for parameter MetricData.member.1.StatisticValues.SampleCount is invalid."
        )
    return datum


def _put(one: Series, datum: dict[str, Any], now: float) -> None:
    at = _seconds(datum["Timestamp"]) if datum.get("Timestamp") is not None else now
    one.add(at, _summary(datum), datum.get("Unit") or NONE)


def _summary(datum: dict[str, Any]) -> Summary:
    if "StatisticValues" in datum:
        # The values themselves aren't known: percentiles take them for equal, as AWS has none of them.
        values = datum["StatisticValues"]
        made = Summary.of([values["Sum"] / values["SampleCount"]], [values["SampleCount"]])
        made.least, made.most = values["Minimum"], values["Maximum"]
        return made
    if datum.get("Values"):
        return Summary.of(datum["Values"], datum.get("Counts") or [1.0] * len(datum["Values"]))
    return Summary.of([datum["Value"]], [1.0])


def _dimensions(shape: dict[str, Any]) -> Dimensions:
    return tuple(sorted((each["Name"], each["Value"]) for each in shape.get("Dimensions") or []))


def _told(dimensions: Dimensions) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions]


def _has(dimensions: Dimensions, wanted: list[tuple[str, str | None]]) -> bool:
    held = dict(dimensions)
    return all(name in held and value in (None, held[name]) for name, value in wanted)


def _position(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise InvalidParameterValue("The value for parameter NextToken is invalid.")
    return int(token)


def _period(seconds: int) -> int:
    """Whole minutes: what is kept. High resolution is seen by the minute."""
    if seconds in (1, 5, 10, 20, 30):
        return MINUTE
    if seconds <= 0 or seconds % MINUTE:
        raise InvalidParameterValue(
            "The parameter Period must be a multiple of 60 or one of 1, 5, 10, 20, 30."
        )
    return int(seconds)


def _check_range(start: float, end: float, period: int) -> None:
    if start >= end:
        raise InvalidParameterCombination("The parameter StartTime must be less than the parameter EndTime.")
    if (end - start) / period > MOST_POINTS * 70:
        raise InvalidParameterCombination("You have requested more datapoints than the limit of 100,800.")


def _unit(one: Series | None) -> str:
    return next(iter(sorted(one.units)), NONE) if one else NONE


def _seconds(moment: Any) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
